/** Workloads whose pods come from another object. A tap on such a workload would have no effect. */
import { type KubernetesObject, templateOf } from './workload.js';

/** Why another object must be tapped instead, and the remedy. */
export interface Elsewhere {
  readonly reason: string;
  readonly remedy: string;
}

/** The object that the pods of an Argo Rollout come from, when it has no pod template itself. */
export function referredWorkload({ spec }: KubernetesObject): string | undefined {
  const { workloadRef, template } = (spec ?? {}) as any;
  return workloadRef && !template ? `${workloadRef.kind}/${workloadRef.name}` : undefined;
}

/** The reason why another object must be tapped instead of a workload; `undefined` if there is none. */
export function madeElsewhere(workload: KubernetesObject): Elsewhere | undefined {
  const referred = referredWorkload(workload);
  if (referred !== undefined) return { reason: `its pods come from ${referred}`, remedy: 'tap that' };
  const owners: any = workload.metadata?.ownerReferences;
  const owner = Array.isArray(owners) ? owners.find((reference) => reference?.controller === true) : undefined;
  if (owner) {
    return { reason: `it is managed by ${owner.kind}/${owner.name}, which would undo the tap`, remedy: 'tap that' };
  }
  const sign = signOfPatch(workload);
  if (sign === undefined) return undefined;
  return { reason: `it is a patch of a workload: ${sign}`, remedy: 'tap the output of `kubectl kustomize`' };
}

/** Whether the object has no list of containers, as a patch of other fields. A Pod without them is only malformed. */
export function lacksContainers(workload: KubernetesObject): boolean {
  if (workload.kind === 'Pod') return false;
  const template = templateOf(workload);
  return isAbsent(template) || isAbsent(template.spec) || isAbsent(template.spec.containers);
}

const isAbsent = (value: unknown) => value === undefined || value === null;

/** The field by which a strategic merge patch, as kustomize reads it, differs from a workload. */
function signOfPatch(workload: KubernetesObject): string | undefined {
  if (lacksContainers(workload)) return 'it has no containers';
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
