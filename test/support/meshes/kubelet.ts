/** The order in which the kubelet starts and ends the containers of a pod, and whether it gets there. */
import type { Container, PodTemplate } from '../../../src/constructs/injection/workload.js';

interface Probe {
  readonly exec?: object;
  readonly httpGet?: { readonly port: number | string };
}

const isNative = ({ restartPolicy }: Container) => restartPolicy === 'Always';

/** The ports at which a container listens. The agent of Istio's proxy has one that no manifest names. */
function portsOf({ name, ports = [] }: Container): (number | string)[] {
  const named = ports.flatMap(({ name: port, containerPort }) => [
    containerPort,
    ...(port === undefined ? [] : [port]),
  ]);
  return name === 'istio-proxy' ? [...named, 15020, 15021] : named;
}

/** Containers that were started, init containers first, and the one that no further container waits for in vain. */
export interface Start {
  readonly order: readonly string[];
  /** The container that never counts as started. */
  readonly stuck: string | undefined;
}

/** A request finds its port only if the container that listens there has been started. */
export function startOf({ spec }: PodTemplate): Start {
  const order: string[] = [];
  const ports = new Set<number | string>();
  const isReached = (probe: Probe | undefined) => probe?.httpGet === undefined || ports.has(probe.httpGet.port);
  for (const container of spec.initContainers ?? []) {
    order.push(container.name);
    if (!isNative(container)) continue;
    for (const port of portsOf(container)) ports.add(port);
    const { postStart } = (container.lifecycle ?? {}) as { postStart?: Probe };
    if (!isReached(postStart) || !isReached(container.startupProbe as Probe)) return { order, stuck: container.name };
  }
  order.push(...spec.containers.map(({ name }) => name));
  return { order, stuck: undefined };
}

/** Probes that ask a port at which, of all containers, none or only another one listens. */
export function foreignProbesOf({ spec }: PodTemplate, name: string): string[] {
  const container = [...(spec.initContainers ?? []), ...spec.containers].find((each) => each.name === name)!;
  const own = portsOf(container);
  return ['startupProbe', 'livenessProbe', 'readinessProbe'].filter((field) => {
    const { httpGet } = (container[field] ?? {}) as Probe;
    return httpGet !== undefined && !own.includes(httpGet.port);
  });
}

/** Groups of containers that get SIGTERM at the same time: the containers, then the native sidecars from the last to the first. */
export function endOf({ spec }: PodTemplate): string[][] {
  const sidecars = (spec.initContainers ?? []).filter(isNative).map(({ name }) => [name]);
  return [spec.containers.map(({ name }) => name), ...sidecars.reverse()];
}
