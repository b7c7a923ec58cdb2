/** Workloads whose pods are made from another object: a tap on them would have no effect. */
import type { KubernetesObject } from './workload.js';

/** The object that the pods of an Argo Rollout come from, when it has no pod template itself. */
export function referredWorkload({ spec }: KubernetesObject): string | undefined {
  const { workloadRef, template } = (spec ?? {}) as any;
  return workloadRef && !template ? `${workloadRef.kind}/${workloadRef.name}` : undefined;
}

/** Why a workload cannot be tapped, but another object has to be; nothing where it can. */
export function madeElsewhere(workload: KubernetesObject): string | undefined {
  const referred = referredWorkload(workload);
  if (referred !== undefined) return `its pods come from ${referred}`;
  const owners: any = workload.metadata?.ownerReferences;
  const owner = Array.isArray(owners) ? owners.find((reference) => reference?.controller === true) : undefined;
  return owner && `it is made by ${owner.kind}/${owner.name}, which would undo the tap`;
}
