/** Workloads whose pods come from another object. A tap on such a workload would have no effect. */
import type { KubernetesObject } from './workload.js';

/** The object that the pods of an Argo Rollout come from, when it has no pod template itself. */
export function referredWorkload({ spec }: KubernetesObject): string | undefined {
  const { workloadRef, template } = (spec ?? {}) as any;
  return workloadRef && !template ? `${workloadRef.kind}/${workloadRef.name}` : undefined;
}

/** The reason why another object must be tapped instead of a workload; `undefined` if there is none. */
export function madeElsewhere(workload: KubernetesObject): string | undefined {
  const referred = referredWorkload(workload);
  if (referred !== undefined) return `its pods come from ${referred}`;
  const owners: any = workload.metadata?.ownerReferences;
  const owner = Array.isArray(owners) ? owners.find((reference) => reference?.controller === true) : undefined;
  return owner && `it is managed by ${owner.kind}/${owner.name}, which would undo the tap`;
}
