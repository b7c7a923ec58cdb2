/** Takes an injection out of a workload again, so that injecting twice is injecting once, with the newer settings. */
import { removeLibraryEnv } from './env.js';
import { INSTALLER, MEMORY_VOLUME, SECRETS_VOLUME, SHIPPER } from './shipper.js';
import { canonical, type KubernetesObject, objectName, podTemplate } from './workload.js';

/** Records on the pod template what injection replaced. Its presence says that the template is injected. */
export const ORIGINAL_ANNOTATION = 'logtap.dev/original';
/** Changes with the settings, so that pods are replaced when a change shows nowhere else in the template. */
export const CONFIG_HASH_ANNOTATION = 'logtap.dev/config-hash';

/** What injection replaced in the pod template. */
export interface Original {
  /** The pod's grace period; null where it had none. */
  readonly terminationGracePeriodSeconds: number | null;
}

/** A copy of the workload without the injection, also when there was none. */
export function uninject(workload: KubernetesObject): any {
  const result = canonical(workload);
  const { metadata, spec } = podTemplate(result);
  const annotations = metadata?.annotations;
  const record = annotations?.[ORIGINAL_ANNOTATION];
  if (metadata === undefined || annotations === undefined || record === undefined) return result;

  const original = parse(record, workload);
  delete annotations[ORIGINAL_ANNOTATION];
  delete annotations[CONFIG_HASH_ANNOTATION];
  if (Object.keys(annotations).length === 0) delete metadata.annotations;
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    const mounts = container.volumeMounts ?? [];
    if (!mounts.some(({ name }) => name === MEMORY_VOLUME)) continue;
    removeLibraryEnv(container);
    keep(container, 'volumeMounts', ({ name }) => name !== MEMORY_VOLUME);
  }
  keep(spec, 'initContainers', ({ name }) => name !== INSTALLER && name !== SHIPPER);
  keep(spec, 'volumes', ({ name }) => name !== MEMORY_VOLUME && name !== SECRETS_VOLUME);
  if (original.terminationGracePeriodSeconds === null) delete spec.terminationGracePeriodSeconds;
  else spec.terminationGracePeriodSeconds = original.terminationGracePeriodSeconds;
  return result;
}

/** Filters a list of named things in place; an empty one goes, as Kubernetes takes it for absent. */
function keep(owner: any, field: string, isKept: (item: { name: string }) => boolean): void {
  const items = (owner[field] ?? []).filter(isKept);
  if (items.length > 0) owner[field] = items;
  else delete owner[field];
}

function parse(record: string, workload: KubernetesObject): Original {
  try {
    const { terminationGracePeriodSeconds: seconds } = JSON.parse(record);
    if (seconds === null || Number.isInteger(seconds)) return { terminationGracePeriodSeconds: seconds };
  } catch {
    // Falls through to the one error for everything that injection did not write.
  }
  throw new Error(
    `${objectName(workload)}: the annotation '${ORIGINAL_ANNOTATION}' (${JSON.stringify(record)}) must be as injection wrote it: ` +
      'remove it together with what injection added',
  );
}
