/** Which pods get the image, in which order, and what stops an upgrade. test/cluster/upgrade.ts has it under a real kubelet. */
import type { V1Container, V1Pod } from '@kubernetes/client-node';
import type { UpgradeEntry, UpgradeRequest } from '../../../src/cli/cluster/cluster-module.js';
import { ClusterError, type ClusterObject, type PatchOperation } from '../../../src/cluster/cluster.js';
import { type UpgradedCluster, upgrade } from '../../../src/cluster/upgrade/upgrade.js';

// The package has modules only. The scripted cluster needs none of it.
jest.mock('@kubernetes/client-node', () => ({ ApiException: class {} }));

const OLD = 'registry.example/logtap:1';
const NEW = 'registry.example/logtap:2';
const RINGS = { name: 'LOGTAP_RING_DIR', value: '/.logtap/rings' };

const sidecar = (more: Partial<V1Container> = {}): V1Container => ({
  ...{ name: 'logtap', image: OLD, restartPolicy: 'Always', lifecycle: { postStart: {} } },
  ...{ env: [RINGS], volumeMounts: [{ name: 'logtap', mountPath: '/.logtap' }] },
  ...more,
});

interface Shape {
  readonly native?: Partial<V1Container>;
  readonly classic?: Partial<V1Container>;
  readonly restartPolicy?: string;
  readonly phase?: string;
  readonly owner?: string;
}

const running = { running: { startedAt: new Date(0) } };

function pod(name: string, { native, classic, restartPolicy = 'Always', phase = 'Running', owner }: Shape): V1Pod {
  const status = (of: string) => ({
    ...{ name: of, image: '', imageID: '', restartCount: 0, ready: true, started: true },
    ...{ containerID: `${name}-${of}-0`, state: running },
  });
  const controller = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    name: owner ?? '',
    uid: owner ?? '',
    controller: true,
  };
  return {
    metadata: { namespace: 'shop', name, uid: name, ...(owner !== undefined && { ownerReferences: [controller] }) },
    spec: {
      restartPolicy,
      ...(native !== undefined && { initContainers: [{ name: 'logtap-install', image: OLD }, sidecar(native)] }),
      containers: [{ name: 'app' }, ...(classic === undefined ? [] : [sidecar(classic)])],
    },
    status: {
      phase,
      initContainerStatuses: native === undefined ? [] : [status('logtap')],
      containerStatuses: [status('app'), ...(classic === undefined ? [] : [status('logtap')])],
    },
  };
}

/** A cluster whose kubelet starts an image a look after it was patched, unless `broken` has the pod. */
class ScriptedCluster implements UpgradedCluster {
  readonly patches: string[] = [];
  restartsApplication = false;
  refuses: ClusterError | undefined;
  readonly broken = new Set<string>();
  readonly #pods: readonly V1Pod[];
  readonly #due = new Map<V1Pod, number>();
  /** Looks at which a started shipper is called unready after it was called ready. */
  unready = 0;
  /** Looks until the kubelet has seen a patch. */
  delay = 2;
  /** Pods without a shipper, now and at most. */
  down = 0;
  mostDown = 0;

  constructor(pods: readonly V1Pod[]) {
    this.#pods = pods;
  }

  async pods() {
    return structuredClone([...this.#pods]);
  }

  async warnings() {
    return [];
  }

  async object({ name }: { readonly name: string }): Promise<ClusterObject | undefined> {
    const template = { spec: { initContainers: [sidecar()], containers: [] } };
    return { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name }, spec: { template } };
  }

  async patchPod({ metadata }: V1Pod, body: readonly PatchOperation[], isDryRun: boolean) {
    if (this.refuses !== undefined) throw this.refuses;
    const patched = this.#named(metadata?.name);
    for (const { op, path, value } of body) {
      const keys = path.split('/').slice(1);
      const last = keys.pop()!;
      // biome-ignore lint/suspicious/noExplicitAny: any object
      const target = keys.reduce<any>((object, key) => object[key], patched);
      if (op === 'test') expect(target[last]).toBe(value);
      else if (!isDryRun) target[last] = value;
    }
    this.patches.push(`${metadata?.name} ${body.at(-1)?.value}${isDryRun ? ' dry' : ''}`);
    if (isDryRun) return;
    this.down += 1;
    this.mostDown = Math.max(this.mostDown, this.down);
    this.#due.set(patched, this.delay);
    // Until then the status is that of the image before.
    const status = this.#status(patched);
    if (status.state?.running !== undefined) {
      status.state = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } };
      status.lastState = { terminated: { exitCode: 74, containerID: status.containerID! } };
    }
  }

  async refreshed({ metadata }: V1Pod) {
    const now = this.#named(metadata?.name);
    const due = this.#due.get(now) ?? 0;
    if (due > 0) this.#due.set(now, due - 1);
    if (due === 1) this.#start(now);
    else if (due === 0 && this.patches.length > 0) this.#status(now).ready = this.unready-- <= 0;
    return structuredClone(now);
  }

  #start(now: V1Pod) {
    const status = this.#status(now);
    const image = [...(now.spec?.initContainers ?? []), ...now.spec!.containers].find(
      (each) => each.name === 'logtap',
    )?.image;
    if (image === NEW && this.broken.has(now.metadata?.name ?? '')) {
      status.state = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } };
      status.containerID = `${now.metadata?.name}-logtap-broken`;
      status.lastState = { terminated: { exitCode: 78, containerID: status.containerID } };
      return;
    }
    this.down -= 1;
    status.restartCount += 1;
    status.containerID = `${now.metadata?.name}-logtap-${status.restartCount}`;
    status.state = running;
    if (this.restartsApplication) now.status!.containerStatuses![0]!.restartCount += 1;
  }

  #named = (name: string | undefined) => this.#pods.find(({ metadata }) => metadata?.name === name)!;
  #status({ status }: V1Pod) {
    const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    return all.find(({ name }) => name === 'logtap')!;
  }
}

async function run(cluster: ScriptedCluster, request: Partial<UpgradeRequest> = {}) {
  const lines: string[] = [];
  let ms = 0;
  const clock = {
    now: () => ms,
    sleep: async (time: number) => {
      ms += time;
    },
  };
  const pods = { allNamespaces: true, names: [] };
  const common = {
    pods,
    image: NEW,
    isDryRun: false,
    maxUnavailable: 1,
    report: ({ namespace, pod, detail }: UpgradeEntry) =>
      lines.push(pod === undefined ? detail : `${namespace}/${pod}: ${detail}`),
  };
  const result = await upgrade(cluster, { ...common, ...request }, clock);
  return { lines, result };
}

test('one pod after the other; a native sidecar and a classic one; the owner is named once', async () => {
  const cluster = new ScriptedCluster([
    pod('a', { native: {}, owner: 'nodes' }),
    pod('b', { classic: { restartPolicy: undefined! }, owner: 'nodes' }),
    pod('c', { native: { image: NEW } }),
    pod('untapped', {}),
  ]);
  const { lines, result } = await run(cluster);
  expect(result).toEqual({ replaced: 2, current: 1, refused: 0, failed: 0, left: 0 });
  expect(cluster.patches).toEqual([`a ${NEW}`, `b ${NEW}`]);
  expect(cluster.mostDown).toBe(1);
  expect(lines).toHaveLength(4);
  expect(lines.at(-1)).toContain(`DaemonSet shop/nodes: its template still has ${OLD}`);
});

test('--max-unavailable pods at the same time, and not more', async () => {
  const cluster = new ScriptedCluster(['a', 'b', 'c', 'd', 'e'].map((name) => pod(name, { native: {} })));
  expect((await run(cluster, { maxUnavailable: 2 })).result.replaced).toBe(5);
  expect(cluster.mostDown).toBe(2);
});

test('a dry run changes nothing, and has each change checked', async () => {
  const cluster = new ScriptedCluster([pod('a', { native: {} }), pod('b', { native: {} })]);
  expect((await run(cluster, { isDryRun: true })).result).toMatchObject({ replaced: 2, failed: 0 });
  expect(cluster.patches).toEqual([`a ${NEW} dry`, `b ${NEW} dry`]);
});

test.each<[string, Shape, RegExp]>([
  ['a pod that has ended', { native: {}, phase: 'Pending' }, /its phase is Pending/],
  ['an init container that is no sidecar', { native: { restartPolicy: undefined! } }, /no restartPolicy Always/],
  ['a classic sidecar that may not start again', { classic: {}, restartPolicy: 'OnFailure' }, /OnFailure/],
  [
    'an end that restarts the application',
    { native: { restartPolicyRules: [{ action: 'RestartAllContainers' }] } },
    /also restarts the application/,
  ],
  ['no rings', { native: { env: [] } }, /no rings/],
  [
    'rings in the container',
    { native: { volumeMounts: [{ name: 'x', mountPath: '/.log' }] } },
    /LOGTAP_RING_DIR \(\/.logtap\/rings\) is on no volume/,
  ],
  [
    'a disk buffer in the container',
    { native: { env: [RINGS, { name: 'LOGTAP_SPOOL_DIR', value: '/tmp/spool' }] } },
    /LOGTAP_SPOOL_DIR \(\/tmp\/spool\) is on no volume/,
  ],
])('refused: %s', async (_, shape, reason) => {
  const cluster = new ScriptedCluster([pod('a', shape)]);
  const { lines, result } = await run(cluster);
  expect(result).toMatchObject({ replaced: 0, refused: 1 });
  expect(lines.join()).toMatch(reason);
  expect(cluster.patches).toEqual([]);
});

test('an image that does not start is taken back, and the pods after it are left', async () => {
  const cluster = new ScriptedCluster(['a', 'b', 'c'].map((name) => pod(name, { native: {} })));
  cluster.broken.add('b');
  const { lines, result } = await run(cluster);
  expect(result).toEqual({ replaced: 1, current: 0, refused: 0, failed: 1, left: 1 });
  expect(cluster.patches).toEqual([`a ${NEW}`, `b ${NEW}`, `b ${OLD}`]);
  expect(lines[1]).toBe(`shop/b: failed: CrashLoopBackOff: back-off, after exit code 78; it has ${OLD} again`);
});

test('a shipper that is called ready once, and then not, has not started yet', async () => {
  const cluster = new ScriptedCluster([pod('a', { native: {} })]);
  cluster.unready = 20;
  const { lines } = await run(cluster);
  const [, seconds] = /after (\d+) s/.exec(lines[0]!)!;
  expect(Number(seconds)).toBeGreaterThan(20);
});

test('the status of a broken image does not speak of the image after it', async () => {
  const broken = pod('a', { native: {} });
  broken.status!.initContainerStatuses![0]!.state = { waiting: { reason: 'ImagePullBackOff', message: OLD } };
  const repaired = new ScriptedCluster([broken]);
  repaired.delay = 8;
  expect((await run(repaired)).result).toMatchObject({ replaced: 1, failed: 0 });

  const putBack = new ScriptedCluster([pod('b', { native: {} })]);
  putBack.broken.add('b');
  putBack.delay = 30;
  expect((await run(putBack)).lines).toEqual([
    `shop/b: failed: CrashLoopBackOff: back-off, after exit code 78; it has ${OLD} again`,
  ]);
});

test('a restart of the application is a failure', async () => {
  const cluster = new ScriptedCluster([pod('a', { native: {} })]);
  cluster.restartsApplication = true;
  const { lines, result } = await run(cluster);
  expect(result.failed).toBe(1);
  expect(lines.join()).toContain('the application was restarted: app');
});

test.each([
  ['ClusterRefuses', 'denied by policy', false],
  ['ClusterForbids', 'may not patch', true],
] as const)('%s: a refused pod is reported, a missing right ends the command', async (name, message, isEnd) => {
  const error = new ClusterError(name, message);
  const cluster = new ScriptedCluster([pod('a', { native: {} })]);
  cluster.refuses = error;
  if (isEnd) await expect(run(cluster)).rejects.toThrow(error.message);
  else expect((await run(cluster)).lines).toEqual([`shop/a: failed: ${error.message}`]);
});
