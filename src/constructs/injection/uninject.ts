/** Removes an injection from a workload exactly. So injecting twice equals injecting once with the newer settings. */
import { CONFIG_HASH_ANNOTATION, ORIGINAL_ANNOTATION } from './annotations.js';
import { injectedTemplates, withTemplates } from './embedded/templates.js';
import { removeLibraryEnv } from './env.js';
import { hasNoTemplate } from './made-elsewhere.js';
import { isList, withItems } from './object-list.js';
import { INSTALLER, isOwnVolume, LIBRARY_VOLUME, MEMORY_VOLUME, SHIPPER } from './shipper.js';
import {
  type Container,
  canonical,
  canonicalObject,
  type EnvVar,
  isWorkload,
  type KubernetesObject,
  objectName,
  podTemplate,
} from './workload.js';

/** Names of the containers without AWS credentials. */
export const SKIP_CONTAINERS_ANNOTATION = 'eks.amazonaws.com/skip-containers';

/** The fields of the pod template that injection replaced. */
export interface Original {
  /** The pod's grace period; absent if it had none. */
  terminationGracePeriodSeconds?: number | null;
  /** Lists and maps that were empty or null. All others were absent. */
  empty: Record<string, unknown>;
  /** The variable LD_PRELOAD of each container that had one. */
  preload: Record<string, EnvVar>;
  /** Pull secrets that injection added. */
  imagePullSecrets?: string[];
  /** The resources of the pod as a whole, which injection raised. */
  resources?: unknown;
  /** Labels and annotations that injection added. */
  labels?: string[];
  annotations?: string[];
  /** The annotation `SKIP_CONTAINERS_ANNOTATION` before injection changed it; null if there was none. */
  skipContainers?: string | null;
}

/** Records an empty list or map, which later cannot be distinguished from an absent one. */
export function noteEmpty(original: Original, key: string, value: unknown): void {
  if (value === undefined || (value !== null && Object.keys(value as object).length > 0)) return;
  original.empty[key] = value;
}

/** The record of replaced fields, in its shortest form. */
export function formatOriginal(original: Original): string {
  const isThere = (value: unknown) => value === null || typeof value !== 'object' || Object.keys(value).length > 0;
  const entries = Object.entries(original).filter(([, value]) => isThere(value));
  return JSON.stringify(canonical(Object.fromEntries(entries)));
}

/** `uninject` for any manifest, with its fields in their order. A manifest that is not a workload is returned unchanged. */
export function uninjectManifest(manifest: any): any {
  if (isList(manifest?.apiVersion, manifest?.kind)) return canonicalObject(withItems(manifest, uninjectManifest));
  if (isWorkload(manifest?.apiVersion, manifest?.kind)) {
    return hasNoTemplate(manifest) ? manifest : canonicalObject(uninject(manifest));
  }
  const templates = injectedTemplates(manifest);
  if (templates.length === 0) return manifest;
  return canonicalObject(
    withTemplates(
      manifest,
      templates,
      templates.map(({ workload }) => uninject(workload)),
    ),
  );
}

/** A copy of the workload without the injection, even if there was none. */
export function uninject(workload: KubernetesObject): any {
  const result = canonical(workload);
  const template: any = podTemplate(result);
  const { spec } = template;
  const record = template.metadata?.annotations?.[ORIGINAL_ANNOTATION];
  if (record === undefined) return result;
  const original = parse(record, workload);

  /** Filters a list in place. An emptied list gets its original value. */
  const keep = (owner: any, field: string, key: string, isKept: (item: any) => boolean) => {
    const items = (owner[field] ?? []).filter(isKept);
    restore(owner, field, key, items, items.length === 0);
  };
  const restore = (owner: any, field: string, key: string, value: unknown, isEmpty: boolean) => {
    if (!isEmpty) owner[field] = value;
    else if (key in original.empty) owner[field] = original.empty[key];
    else delete owner[field];
  };

  const isLibraryMount = ({ name }: { name: string }) => name === LIBRARY_VOLUME;
  // Earlier versions had the library in the shared memory, so a volume of that name belongs to the application.
  const hasLibraryVolume = [...spec.containers, ...(spec.initContainers ?? [])].some(
    ({ name, volumeMounts }: Container) =>
      (name === INSTALLER || name === SHIPPER) && volumeMounts?.some(isLibraryMount),
  );
  const isOurs = (name: string) => isOwnVolume(name) && (name !== LIBRARY_VOLUME || hasLibraryVolume);

  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    const { name } = container;
    if (!container.volumeMounts?.some((mount: { name: string }) => mount.name === MEMORY_VOLUME)) continue;
    const env = removeLibraryEnv(container.env ?? [], original.preload[name]);
    restore(container, 'env', `env/${name}`, env, env.length === 0);
    keep(container, 'volumeMounts', `volumeMounts/${name}`, ({ name: volume }) => !isOurs(volume));
  }
  const isTheirs = ({ name }: { name: string }) => name !== INSTALLER && name !== SHIPPER;
  keep(spec, 'initContainers', 'initContainers', isTheirs);
  spec.containers = spec.containers.filter(isTheirs);
  keep(spec, 'volumes', 'volumes', ({ name }) => !isOurs(name));
  const added = original.imagePullSecrets ?? [];
  if (added.length > 0) {
    keep(spec, 'imagePullSecrets', 'imagePullSecrets', ({ name }) => !added.includes(name));
  }
  if ('resources' in original) spec.resources = original.resources;
  const { terminationGracePeriodSeconds: grace } = original;
  if (grace === undefined) delete spec.terminationGracePeriodSeconds;
  else spec.terminationGracePeriodSeconds = grace;

  const { metadata } = template;
  const { annotations } = metadata;
  removeOwnAnnotations(annotations, original);
  for (const name of original.labels ?? []) delete metadata.labels?.[name];
  if (original.labels !== undefined) {
    const labels = metadata.labels ?? {};
    restore(metadata, 'labels', 'labels', labels, Object.keys(labels).length === 0);
  }
  restore(metadata, 'annotations', 'annotations', annotations, Object.keys(annotations).length === 0);
  restore(template, 'metadata', 'metadata', metadata, Object.keys(metadata).length === 0);
  return result;
}

function removeOwnAnnotations(annotations: Record<string, unknown>, { skipContainers, ...original }: Original): void {
  for (const name of original.annotations ?? []) delete annotations[name];
  delete annotations[ORIGINAL_ANNOTATION];
  delete annotations[CONFIG_HASH_ANNOTATION];
  if (skipContainers === null) delete annotations[SKIP_CONTAINERS_ANNOTATION];
  else if (skipContainers !== undefined) annotations[SKIP_CONTAINERS_ANNOTATION] = skipContainers;
}

/** Without inherited names, because a container may be named `constructor`. */
const own = <T>(map: T): T => Object.assign(Object.create(null), map);

function parse(record: unknown, workload: KubernetesObject): Original {
  try {
    const value = JSON.parse(String(record));
    const { terminationGracePeriodSeconds: grace = null, empty = {}, preload = {} } = value;
    const { imagePullSecrets = [], labels = [], annotations = [] } = value;
    const isMap = (item: unknown) => typeof item === 'object' && item !== null && !Array.isArray(item);
    const lists = [imagePullSecrets, labels, annotations];
    const isIntact = isMap(value) && isMap(empty) && isMap(preload) && lists.every(Array.isArray);
    if (isIntact && (grace === null || Number.isInteger(grace))) {
      return { ...value, empty: own(empty), preload: own(preload) };
    }
  } catch {
    // Falls through to the one error for any text that injection did not write.
  }
  throw new Error(
    `${objectName(workload)}: the annotation '${ORIGINAL_ANNOTATION}' (${JSON.stringify(record)}) must be the text that injection wrote: ` +
      'remove it together with the injected fields',
  );
}
