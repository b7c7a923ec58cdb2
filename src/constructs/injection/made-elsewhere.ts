/** Workloads whose pods come from another object. A tap on such a workload would have no effect. */
import { EMBEDDED_VERSION, type KubernetesObject, templateOf } from './workload.js';

/** Of a pod that the kubelet runs from a file. A change of its copy in the API has no effect. */
export const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

/** Why another object must be tapped instead, and the remedy. */
export interface Elsewhere {
  readonly reason: string;
  readonly remedy: string;
}

/** The object that the pods of an Argo Rollout come from, when it has no pod template itself; empty if its reference is incomplete. */
function referredWorkload({ kind, spec }: KubernetesObject): string | undefined {
  // A Pod of Kubernetes 1.35 has a field of that name for gang scheduling.
  if (kind !== 'Rollout') return undefined;
  const { workloadRef, template } = (spec ?? {}) as any;
  if (!workloadRef || template) return undefined;
  const { kind: of, name } = workloadRef;
  return of && name ? `${of}/${name}` : '';
}

/** Whether there is no pod template that an injection could have changed. */
export function hasNoTemplate(workload: KubernetesObject): boolean {
  return referredWorkload(workload) !== undefined || isPatchOfOtherFields(workload);
}

/** The reason why another object must be tapped instead of a workload; `undefined` if there is none. */
export function madeElsewhere(workload: KubernetesObject): Elsewhere | undefined {
  const referred = referredWorkload(workload);
  if (referred === '') return { reason: 'its workloadRef names no workload', remedy: 'give it kind and name' };
  if (referred !== undefined) return { reason: `its pods come from ${referred}`, remedy: 'tap that' };
  const { annotations, ownerReferences: owners }: any = workload.metadata ?? {};
  // Before its owner, which is the node.
  if (annotations?.[MIRROR_ANNOTATION] !== undefined) {
    return { reason: 'the kubelet runs it from a file on its node', remedy: 'tap that file' };
  }
  const owner = Array.isArray(owners) ? owners.find((reference) => reference?.controller === true) : undefined;
  if (owner) {
    return { reason: `it is managed by ${owner.kind}/${owner.name}, which would undo the tap`, remedy: 'tap that' };
  }
  if (workload.apiVersion === EMBEDDED_VERSION) return withoutContainers(workload);
  const sign = signOfPatch(workload);
  if (sign === undefined) return undefined;
  return { reason: `it is a patch of a workload: ${sign}`, remedy: 'tap the output of `kubectl kustomize`' };
}

/** Operators such as that of Elasticsearch add the containers that a template does not name, and the images. */
function withoutContainers(workload: KubernetesObject): Elsewhere | undefined {
  const { containers } = templateOf(workload)?.spec ?? {};
  const hasSome = Array.isArray(containers) ? containers.length > 0 : !isAbsent(containers);
  return hasSome
    ? undefined
    : {
        reason: 'its pod template has no containers',
        remedy: 'add the container to tap, by the name that its operator gives it',
      };
}

/**
 * Whether the object has no list of containers because it is a patch of other fields. With a selector, or with an empty pod
 * spec, it is a workload that lost them, and so is a Pod.
 */
function isPatchOfOtherFields(workload: KubernetesObject): boolean {
  const { selector } = (workload.spec ?? {}) as any;
  if (workload.kind === 'Pod' || !isAbsent(selector)) return false;
  const spec = templateOf(workload)?.spec;
  const isEmpty = typeof spec === 'object' && spec !== null && Object.keys(spec).length === 0;
  return !isEmpty && isAbsent(spec?.containers);
}

const isAbsent = (value: unknown) => value === undefined || value === null;

/** The field by which a strategic merge patch, as kustomize reads it, differs from a workload. */
function signOfPatch(workload: KubernetesObject): string | undefined {
  if (isPatchOfOtherFields(workload)) return 'it has no containers';
  const { containers } = templateOf(workload)?.spec ?? {};
  if (!Array.isArray(containers)) return undefined;
  if ([workload, workload.spec, ...containers].some((each) => Object.hasOwn(Object(each), '$patch'))) {
    return "it has the field '$patch'";
  }
  // OpenShift fills in the image of a DeploymentConfig.
  if (workload.kind === 'DeploymentConfig') return undefined;
  const without = containers.find((each) => typeof each?.name === 'string' && isAbsent(each.image));
  return without && `container '${without.name}' has no image`;
}
