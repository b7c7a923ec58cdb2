/** What a pod may use in all, by what it says of itself or of its containers: it grows by what the shipper needs. */
import { must } from './must.js';
import { formatBytes, formatCpu, parseQuantity } from './quantity.js';
import { hasToken } from './token.js';
import type { Container, PodSpec } from './workload.js';

const STORAGE = 'ephemeral-storage';
type Amounts = Record<string, unknown>;
interface Resources {
  readonly requests?: Amounts | null;
  readonly limits?: Amounts | null;
}
const resourcesOf = (owner: { [field: string]: unknown }) => (owner.resources ?? {}) as Resources;

/**
 * Whether the kubelet evicts the pod when its containers and volumes use more disk than the limits of its containers add up
 * to: it does as soon as one of them has a limit.
 */
export function hasStorageLimit({ containers, initContainers }: PodSpec): boolean {
  return [...containers, ...(initContainers ?? [])].some((each) => resourcesOf(each).limits?.[STORAGE] !== undefined);
}

/**
 * The resources of the pod as a whole (Kubernetes 1.34) with those of the shipper on top; nothing where the pod has none.
 * The API server refuses containers that want more than their pod has, and what is left would be the application's loss.
 */
export function raisedPodResources(spec: PodSpec, shipper: Container): object | undefined {
  if (!spec.resources) return undefined;
  const { requests, limits } = resourcesOf(spec);
  const own = resourcesOf(shipper);
  // A pod of the class Guaranteed requests what it is limited to, and stays in its class.
  const isGuaranteed =
    requests?.memory !== undefined && parseQuantity(requests.memory) === parseQuantity(limits?.memory);
  const cpu = own.requests?.cpu;
  const added = {
    limits: { cpu, memory: own.limits?.memory },
    requests: { cpu, memory: isGuaranteed ? own.limits?.memory : own.requests?.memory },
  };
  return {
    ...(spec.resources as object),
    ...(requests && { requests: raised('requests', requests, added.requests) }),
    ...(limits && { limits: raised('limits', limits, added.limits) }),
  };
}

function raised(field: string, amounts: Amounts, added: Amounts): Amounts {
  const sum = (name: string, format: (value: number) => string) => {
    const value = amounts[name];
    if (value === undefined || value === null || hasToken(String(value))) return {};
    const before = parseQuantity(value);
    must(before !== undefined, `resources.${field}.${name}`, value, 'be a quantity: write it as 500m or 200Mi');
    return { [name]: format(before + parseQuantity(added[name])!) };
  };
  return { ...amounts, ...sum('cpu', formatCpu), ...sum('memory', formatBytes) };
}
