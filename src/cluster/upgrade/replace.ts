/** Replaces the image of one shipper and waits for the new one. One that does not start gives way to the old image. */
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { Cluster } from '../cluster.js';
import { applicationOf, type PodShipper, shipperOf, statusOf } from './shipper-of.js';

/** What a replacement needs of time. */
export interface Clock {
  /** Milliseconds that never go back. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export type PodsOfCluster = Pick<Cluster, 'patchPod' | 'refreshed' | 'warnings'>;

const LOOK_MS = 1000;
/** For the node to pull the image and start it, after the grace of the old shipper. */
const START_MS = 300_000;
/** A shipper has started when it is ready for so long: the kubelet may call a container ready before its probe has an answer. */
const STEADY_MS = 3000;
/** The same of one that nothing asks whether it has started: neither a hook nor, as in earlier injections, a startup probe. */
const STEADY_UNPROBED_MS = 10_000;
/** For so long the kubelet may still tell of the image before: its status and its events come late. */
const STALE_MS = 15_000;
const DEFAULT_GRACE_SECONDS = 30;
/** From these a container does not come back by itself. `ErrImagePull` is tried again, and then becomes `ImagePullBackOff`. */
const HOPELESS: readonly string[] = [
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ImageInspectError',
  'ImagePullBackOff',
  'InvalidImageName',
  'RunContainerError',
];

export type Replacement =
  | { readonly outcome: 'replaced'; readonly seconds: number }
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'failed'; readonly why: string };

/** @throws ClusterError for an answer that stops the upgrade */
export async function replace(
  cluster: PodsOfCluster,
  pod: V1Pod,
  shipper: PodShipper,
  image: string,
  clock: Clock,
): Promise<Replacement> {
  const before = shipper.container.image ?? '';
  const began = clock.now();
  const end = await changed({ cluster, clock }, pod, shipper, image);
  if (end === 'gone') return { outcome: 'gone' };
  if (end !== 'started') {
    const back = await putBack({ cluster, clock }, pod, image, before);
    return { outcome: 'failed', why: `${end}; ${back}` };
  }
  const now = await cluster.refreshed(pod);
  if (now === undefined) return { outcome: 'gone' };
  const restarted = restartedContainers(pod, now);
  return restarted.length > 0
    ? { outcome: 'failed', why: `meanwhile the application was restarted: ${restarted.join(', ')}` }
    : { outcome: 'replaced', seconds: Math.round((clock.now() - began) / 1000) };
}

/** Changes the image, if container and image are still those that were seen. */
export function imagePatch({ container, path }: PodShipper, before: string, image: string) {
  return [
    { op: 'test', path: `${path}/name`, value: container.name },
    { op: 'test', path: `${path}/image`, value: before },
    { op: 'replace', path: `${path}/image`, value: image },
  ] as const;
}

interface Means {
  readonly cluster: PodsOfCluster;
  readonly clock: Clock;
}

/** Changes the image and waits for its container, or says why there will be none. */
async function changed(means: Means, pod: V1Pod, shipper: PodShipper, image: string): Promise<string> {
  const { cluster } = means;
  const known = new Set((await cluster.warnings(pod, fieldPath(shipper))).map(({ id }) => id));
  await cluster.patchPod(pod, imagePatch(shipper, shipper.container.image ?? '', image), false);
  return started(means, pod, shipper, known);
}

/** @returns `started`, `gone` with its pod, or why it does not start */
async function started(
  { cluster, clock }: Means,
  pod: V1Pod,
  shipper: PodShipper,
  known: ReadonlySet<string>,
): Promise<string> {
  const old = statusOf(pod, shipper);
  const graceMs = (pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000;
  const deadline = clock.now() + graceMs + START_MS;
  const { startupProbe, lifecycle } = shipper.container;
  const isAsked = startupProbe !== undefined || lifecycle?.postStart !== undefined;
  const steadyMs = isAsked ? STEADY_MS : STEADY_UNPROBED_MS;
  let ready: { readonly id: string; readonly sinceMs: number } | undefined;
  let hopelessSinceMs: number | undefined;
  for (;;) {
    const now = await cluster.refreshed(pod);
    if (now === undefined || now.metadata?.deletionTimestamp !== undefined) return 'gone';
    const status = statusOf(now, shipper);
    const isNew = status !== undefined && status.containerID !== old?.containerID;
    const isRunning = isNew && status.state?.running !== undefined;
    const id = isRunning && status.ready ? (status.containerID ?? '') : undefined;
    if (id !== ready?.id) ready = id === undefined ? undefined : { id, sinceMs: clock.now() };
    if (ready !== undefined && clock.now() - ready.sinceMs >= steadyMs) return 'started';
    const why = isRunning ? undefined : await hopeless(cluster, now, shipper, { known, containerId: old?.containerID });
    hopelessSinceMs = why === undefined ? undefined : (hopelessSinceMs ?? clock.now());
    if (why !== undefined && clock.now() - hopelessSinceMs! >= STALE_MS) return why;
    if (clock.now() > deadline) {
      return `it did not start within ${(graceMs + START_MS) / 1000} s: ${describe(status)}`;
    }
    await clock.sleep(LOOK_MS);
  }
}

/** Of before a change: warnings by id, and the container. */
interface Before {
  readonly known: ReadonlySet<string>;
  readonly containerId: string | undefined;
}

/** A sidecar that ended with exit code 0 has no reason to wait in its status: it is in the events alone. */
async function hopeless(
  cluster: PodsOfCluster,
  pod: V1Pod,
  shipper: PodShipper,
  { known, containerId }: Before,
): Promise<string | undefined> {
  const status = statusOf(pod, shipper);
  // The old shipper ends with an exit code of its own while the application writes, and the kubelet waits before a restart.
  const isOld = status?.lastState?.terminated?.containerID === containerId;
  if (status?.state?.waiting?.reason === 'CrashLoopBackOff' && isOld) return undefined;
  if (HOPELESS.includes(status?.state?.waiting?.reason ?? '')) return describe(status);
  if (status?.state?.running !== undefined) return undefined;
  const warnings = (await cluster.warnings(pod, fieldPath(shipper))).filter(({ id }) => !known.has(id));
  return warnings.find(({ text }) => HOPELESS.some((reason) => text.includes(reason)))?.text;
}

/** As the kubelet names a container in its events. */
const fieldPath = ({ isNative, container }: PodShipper) =>
  `spec.${isNative ? 'initContainers' : 'containers'}{${container.name}}`;

function describe({ state, lastState }: Partial<V1ContainerStatus> = {}): string {
  const { waiting, terminated = lastState?.terminated } = state ?? {};
  const exit = terminated === undefined ? '' : `, after exit code ${terminated.exitCode}`;
  if (waiting !== undefined) return `${waiting.reason}${waiting.message ? `: ${waiting.message}` : ''}${exit}`;
  return state?.running === undefined ? `no container runs${exit}` : 'it runs, but is not ready';
}

/** The lines wait in the rings for a shipper: the old image is better than none. */
async function putBack(means: Means, pod: V1Pod, image: string, before: string): Promise<string> {
  const now = await means.cluster.refreshed(pod);
  const shipper = now === undefined ? undefined : shipperOf(now);
  if (now === undefined || shipper?.container.image !== image) return 'another client has changed the pod meanwhile';
  const end = await changed(means, now, shipper, before);
  return end === 'started' ? `it has ${before} again` : `it does not start with ${before} either: ${end}`;
}

function restartedContainers(before: V1Pod, now: V1Pod): string[] {
  const after = applicationOf(now);
  return Object.entries(applicationOf(before))
    .filter(([name, state]) => after[name] !== state)
    .map(([name]) => name);
}
