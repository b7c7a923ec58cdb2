/** The shipper of a pod, and whether its image can be replaced without a loss and without a restart of the application. */
import type { V1Container, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { SHIPPER } from '../../constructs/injection/shipper.js';

export interface PodShipper {
  readonly container: V1Container;
  /** Of the container in the pod, as a JSON pointer. */
  readonly path: string;
  /** A native sidecar is an init container. */
  readonly isNative: boolean;
}

export function shipperOf({ spec }: Pick<V1Pod, 'spec'>): PodShipper | undefined {
  const find = (containers: readonly V1Container[] = []) => containers.findIndex(({ name }) => name === SHIPPER);
  const native = find(spec?.initContainers);
  if (native >= 0) {
    return { container: spec!.initContainers![native]!, path: `/spec/initContainers/${native}`, isNative: true };
  }
  const classic = find(spec?.containers);
  if (classic < 0) return undefined;
  return { container: spec!.containers[classic]!, path: `/spec/containers/${classic}`, isNative: false };
}

export function statusOf({ status }: V1Pod, { isNative }: PodShipper): V1ContainerStatus | undefined {
  const statuses = isNative ? status?.initContainerStatuses : status?.containerStatuses;
  return statuses?.find(({ name }) => name === SHIPPER);
}

/** What a restart of the application would change: by container, its number of restarts and its start. */
export function applicationOf({ status }: V1Pod): Record<string, string> {
  const containers = (status?.containerStatuses ?? []).filter(({ name }) => name !== SHIPPER);
  return Object.fromEntries(
    containers.map(({ name, restartCount, containerID = '' }) => [name, `${restartCount} ${containerID}`]),
  );
}

/** Why the image is not to be replaced; `undefined` if it can be. */
export function refusal(pod: V1Pod, shipper: PodShipper): string | undefined {
  const { container, isNative } = shipper;
  const { phase } = pod.status ?? {};
  if (pod.metadata?.deletionTimestamp !== undefined) return 'it is being deleted';
  if (phase !== 'Running') return `its phase is ${phase ?? 'unknown'}, not Running`;
  if (isNative && container.restartPolicy !== 'Always') {
    return `the init container ${SHIPPER} has no restartPolicy Always: it is no sidecar`;
  }
  // The kubelet ends the old container before it pulls the image. If that fails, a later attempt is a restart.
  const { restartPolicy = 'Always' } = pod.spec ?? {};
  if (!isNative && restartPolicy !== 'Always') {
    return `its restartPolicy is ${restartPolicy}: a classic sidecar whose image cannot be pulled at once would not start again`;
  }
  const rule = container.restartPolicyRules?.find(({ action }) => action !== 'Restart');
  if (rule !== undefined) {
    return `restartPolicyRules of its container ${SHIPPER} have the action ${rule.action}, which also restarts the application`;
  }
  return unkept(container);
}

/** What the shipper holds must outlive its container. */
function unkept({ env = [], volumeMounts = [] }: V1Container): string | undefined {
  const value = (name: string) => env.find((variable) => variable.name === name)?.value;
  const isMounted = (path: string) =>
    volumeMounts.some(({ mountPath }) => path === mountPath || path.startsWith(`${mountPath.replace(/\/$/, '')}/`));
  const rings = value('LOGTAP_RING_DIR');
  if (rings === undefined) {
    return 'it has no rings (LOGTAP_RING_DIR): lines that are written while no shipper runs would be lost. Restart it with a new image instead';
  }
  const loose = ['LOGTAP_RING_DIR', 'LOGTAP_SPOOL_DIR'].find((name) => !isMounted(value(name) ?? rings));
  return loose === undefined
    ? undefined
    : `${loose} (${value(loose)}) is on no volume: it would be lost with the container. Restart the pod with a new image instead`;
}
