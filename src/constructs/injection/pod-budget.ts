/** Resource limits of a whole pod, which injection raises by the shipper's needs. */
import { hasToken } from '../props/token.js';
import { formatCpu, formatMemory, parseQuantity } from './quantity.js';
import type { Container, PodSpec } from './workload.js';

const STORAGE = 'ephemeral-storage';
type Amounts = Record<string, unknown>;
interface Resources {
  readonly requests?: Amounts | null;
  readonly limits?: Amounts | null;
}
const resourcesOf = (owner: { [field: string]: unknown }) => (owner.resources ?? {}) as Resources;

/**
 * Whether the kubelet evicts the pod when its containers and volumes use more disk than the sum of the container limits.
 * It does as soon as one container has a limit.
 */
export function hasStorageLimit({ containers, initContainers }: PodSpec): boolean {
  return [...containers, ...(initContainers ?? [])].some(
    (each) => (resourcesOf(each).limits?.[STORAGE] ?? null) !== null,
  );
}

/** Whether all containers are of the class Guaranteed: CPU and memory have limits, and the requests equal them. */
export function isGuaranteed(containers: readonly Container[]): boolean {
  return containers.every((container) => {
    const { requests, limits } = resourcesOf(container);
    return ['cpu', 'memory'].every((name) => {
      const limit = parseQuantity(limits?.[name]);
      // An absent request equals the limit.
      return limit !== undefined && limit > 0 && limit === parseQuantity(requests?.[name] ?? limits?.[name]);
    });
  });
}

/** The limits and the requests of an added container in a pod whose requests equal its limits, and those in another pod. */
export function amountsOf(container: Container | undefined) {
  if (container === undefined) return { most: {} as Amounts, least: {} as Amounts };
  const { requests, limits } = resourcesOf(container);
  const most: Amounts = { cpu: limits?.cpu ?? requests?.cpu, memory: limits?.memory };
  return { most, least: { cpu: requests?.cpu, memory: requests?.memory } as Amounts };
}

/**
 * The pod-level resources (Kubernetes 1.34) plus those of the shipper, and no less than those of the installer, which runs before;
 * `undefined` if the pod has none. The API server rejects containers that need more than their pod has, and otherwise the shipper
 * would take from the application's share.
 */
export function raisedPodResources(
  spec: PodSpec,
  added: { readonly shipper: Container; readonly installer?: Container },
): object | undefined {
  if (!spec.resources) return undefined;
  const { limits } = resourcesOf(spec);
  const requests = requestsOf(spec);
  const [own, before] = [amountsOf(added.shipper), amountsOf(added.installer)];
  // The requests of a Guaranteed pod equal its limits, and the pod stays in its class.
  const isGuaranteed =
    requests?.memory !== undefined && parseQuantity(requests.memory) === parseQuantity(limits?.memory);
  const kind = isGuaranteed ? 'most' : 'least';
  return {
    ...(spec.resources as object),
    ...(requests && { requests: raised(requests, own[kind], before[kind]) }),
    ...(limits && { limits: raised(limits, own.most, before.most) }),
  };
}

/**
 * The requests of the pod as a whole; of a Guaranteed pod, also those that the API server takes from its limits. Left to the API server,
 * they would be the sum of what the containers request, as soon as one of them, the shipper, requests something.
 */
function requestsOf(spec: PodSpec): Amounts | undefined | null {
  const { requests, limits } = resourcesOf(spec);
  const isGuaranteed = (['cpu', 'memory'] as const).every((name) => {
    const limit = parseQuantity(limits?.[name]);
    return limit !== undefined && thousandths(limit) === thousandths(requestOf(spec, name) ?? limit);
  });
  return isGuaranteed ? { ...requests, cpu: limits!.cpu, memory: limits!.memory } : requests;
}

const thousandths = (value: number) => Math.round(value * 1000);

/**
 * The request of a pod, or else that of its containers: as much as they need at one time, while init containers run or after them.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
 */
function requestOf(spec: PodSpec, name: string): number | undefined {
  const own = resourcesOf(spec).requests?.[name];
  if (own !== undefined && own !== null) return parseQuantity(own) ?? Number.NaN;
  const of = (container: Container) => {
    const { requests, limits } = resourcesOf(container);
    return parseQuantity(requests?.[name] ?? limits?.[name]);
  };
  const init = spec.initContainers ?? [];
  if ([...init, ...spec.containers].every((each) => of(each) === undefined)) return undefined;
  let most = 0;
  let sidecars = 0;
  for (const each of init) {
    most = Math.max(most, sidecars + (of(each) ?? 0));
    if (each.restartPolicy === 'Always') sidecars += of(each) ?? 0;
  }
  return Math.max(
    most,
    spec.containers.reduce((sum, each) => sum + (of(each) ?? 0), sidecars),
  );
}

function raised(amounts: Amounts, added: Amounts, least: Amounts): Amounts {
  const sum = (name: string, format: (value: number) => string) => {
    const value = amounts[name];
    if (value === undefined || value === null || hasToken(String(value))) return {};
    const sumOfBoth = parseQuantity(value)! + (parseQuantity(added[name]) ?? 0);
    return { [name]: format(Math.max(sumOfBoth, parseQuantity(least[name]) ?? 0)) };
  };
  return { ...amounts, ...sum('cpu', formatCpu), ...sum('memory', formatMemory) };
}
