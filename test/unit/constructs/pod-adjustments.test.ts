/** What adjusts the injected parts to a cluster: limits, users, labels, variables, and the last patch. */
import { LogTap, type ShipperOptions, Sink } from '../../../src/constructs/index.js';
import { type KubernetesObject, type PodSpec, podTemplate } from '../../../src/constructs/injection/workload.js';
import { container, deployment, podSpec, variables } from '../../support/workloads.js';

const sink = Sink.openSearch({ url: 'https://os:9200', username: 'u', passwordSecret: { name: 'os', key: 'pw' } });

/** The injected Deployment. It can be uninjected, and injected again without a change. */
function inject(shipper: ShipperOptions, spec: Partial<PodSpec> = {}, metadata?: object): KubernetesObject {
  const before = deployment(podSpec(spec));
  if (metadata !== undefined) Object.assign(podTemplate(before), { metadata });
  const result = LogTap.inject(before, { sink, shipper });
  expect(LogTap.uninject(result)).toEqual(before);
  expect(LogTap.inject(result, { sink, shipper })).toEqual(result);
  return result;
}
const both = ['logtap', 'logtap-install'];
const resources = (manifest: KubernetesObject) => both.map((name) => container(manifest, name).resources);

test('a CPU limit applies to both injected containers', () => {
  expect(resources(inject({ cpuLimitMillis: 500 }))).toEqual([
    { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '10m', memory: '64Mi' } },
    { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '10m', memory: '64Mi' } },
  ]);
});

test('requests that equal the limits are those of the installer too, so that the pod stays Guaranteed', () => {
  const same = { limits: { cpu: '500m', memory: '300Mi' }, requests: { cpu: '500m', memory: '300Mi' } };
  const usual = { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '500m', memory: '256Mi' } };
  const options = { cpuLimitMillis: 500, cpuRequestMillis: 500, memoryLimitMiB: 300, memoryRequestMiB: 300 };
  expect(resources(inject(options))).toEqual([same, usual]);
});

test('resources of the installer', () => {
  const installer = { cpuRequestMillis: 20, cpuLimitMillis: 100, memoryRequestMiB: 80, memoryLimitMiB: 90 };
  expect(resources(inject({ installer }))[1]).toEqual({
    limits: { cpu: '100m', memory: '90Mi' },
    requests: { cpu: '20m', memory: '80Mi' },
  });
});

test('a CPU limit of the shipper raises that of the pod as a whole', () => {
  const pod = { resources: { requests: { cpu: '100m' }, limits: { cpu: '1' } } };
  expect(podTemplate(inject({ cpuLimitMillis: 500 }, pod)).spec.resources).toEqual({
    requests: { cpu: '110m' },
    limits: { cpu: '1500m' },
  });
});

test('disk is requested, and limited only where the application has a limit', () => {
  const storage = (manifest: KubernetesObject, name: string) =>
    Object.entries(container(manifest, name).resources as Record<string, Record<string, string>>).map(
      ([field, amounts]) => [field, amounts['ephemeral-storage']],
    );
  const limits = { 'ephemeral-storage': '1Gi' };
  const limited = { containers: [{ ...podSpec().containers[0]!, resources: { limits } }] };
  expect(storage(inject({ ephemeralStorageMiB: 300 }), 'logtap')).toEqual([
    ['limits', undefined],
    ['requests', '300Mi'],
  ]);
  expect(storage(inject({ ephemeralStorageMiB: 300 }, limited), 'logtap')).toEqual([
    ['limits', '300Mi'],
    ['requests', '300Mi'],
  ]);
  // A quota on limits applies to every container.
  expect(storage(inject({}, limited), 'logtap-install')[0]).toEqual(['limits', '32Mi']);
});

test('user and group are fixed, given, or left to the cluster', () => {
  const user = (options: ShipperOptions) =>
    both.map((name) => {
      const { runAsUser, runAsGroup, runAsNonRoot } = container(inject(options), name).securityContext as Record<
        string,
        unknown
      >;
      return [runAsUser, runAsGroup, runAsNonRoot];
    });
  expect(user({})).toEqual([
    [65532, 65532, true],
    [65532, 65532, true],
  ]);
  expect(user({ runAsUser: 1000, runAsGroup: 2000 })[0]).toEqual([1000, 2000, true]);
  expect(user({ fixedUser: false })).toEqual([
    [undefined, undefined, true],
    [undefined, undefined, true],
  ]);
});

test('variables of the shipper', () => {
  const manifest = inject({ env: { NODE_OPTIONS: '--dns-result-order=ipv4first' } });
  expect(variables(container(manifest, 'logtap')).NODE_OPTIONS).toBe('--dns-result-order=ipv4first');
  expect(variables(container(manifest, 'app'))).not.toHaveProperty('NODE_OPTIONS');
});

test('labels and annotations are added, and those of the application stay', () => {
  const shipper = { labels: { app: 'x', team: 'y' }, annotations: { note: 'x', 'example.com/scrape': 'true' } };
  const own = { labels: { app: 'orders' }, annotations: { note: 'own' } };
  expect(podTemplate(inject(shipper, {}, own)).metadata).toMatchObject({
    labels: { app: 'orders', team: 'y' },
    annotations: { note: 'own', 'example.com/scrape': 'true' },
  });
  // Absent, null and empty are three things once they are restored.
  for (const labels of [{}, { labels: null }, { labels: {} }]) inject(shipper, {}, { ...labels, name: 'x' });
  expect(podTemplate(inject({ labels: { team: 'y' } }, {}, {})).metadata).toMatchObject({ labels: { team: 'y' } });
});

describe('the last patch', () => {
  const patch = (...operations: object[]) => ({ patch: JSON.stringify(operations) });

  test('changes the injected containers and volumes', () => {
    const manifest = inject(
      patch(
        { op: 'add', path: '/shipper/resources/limits/example.com~1nic', value: '1' },
        { op: 'remove', path: '/installer/securityContext/seccompProfile' },
        { op: 'add', path: '/volumes/logtap-secrets/projected/defaultMode', value: 0o440 },
      ),
    );
    expect(container(manifest, 'logtap').resources).toMatchObject({ limits: { 'example.com/nic': '1' } });
    expect(container(manifest, 'logtap-install').securityContext).not.toHaveProperty('seccompProfile');
    expect(podTemplate(manifest).spec.volumes).toContainEqual(
      expect.objectContaining({ projected: expect.objectContaining({ defaultMode: 0o440 }) }),
    );
  });

  test('may remove an amount that raises the resources of the pod', () => {
    const operations = patch({ op: 'remove', path: '/shipper/resources/requests' });
    const pod = { resources: { requests: { cpu: '100m' } } };
    expect(podTemplate(inject(operations, pod)).spec.resources).toEqual({ requests: { cpu: '100m' } });
  });

  test.each<[string, object[], RegExp]>([
    ['a path that does not exist', [{ op: 'replace', path: '/shipper/x/y', value: 1 }], /replace \/shipper\/x\/y: 'x'/],
    [
      'a test that fails',
      [{ op: 'test', path: '/shipper/name', value: 'x' }],
      /test \/shipper\/name: the value differs/,
    ],
    ['another name', [{ op: 'replace', path: '/shipper/name', value: 'x' }], /names of the containers and volumes/],
    ['another volume', [{ op: 'add', path: '/volumes/x', value: { name: 'x' } }], /no volume may be added/],
    ['a volume less', [{ op: 'remove', path: '/volumes/logtap' }], /no volume may be added or removed/],
    ['a volume of another name', [{ op: 'replace', path: '/volumes/logtap/name', value: 'x' }], /names of the/],
    ['a part more', [{ op: 'add', path: '/x', value: 1 }], /names of the/],
    ['nothing left', [{ op: 'replace', path: '', value: null }], /names of the/],
  ])('does not apply: %s', (_what, operations, says) => {
    expect(() => inject(patch(...operations))).toThrow(/^Deployment\/orders: 'shipper.patch' does not apply: /);
    expect(() => inject(patch(...operations))).toThrow(says);
  });
});

test.each<[string, ShipperOptions, RegExp]>([
  [
    'a limit below the request',
    { cpuLimitMillis: 9 },
    /'shipper.cpuLimitMillis' \(9\) must be at least the request of 10/,
  ],
  ['half a thousandth', { cpuLimitMillis: 10.5 }, /'shipper.cpuLimitMillis' \(10.5\) must be a whole number/],
  ['no room on disk', { ephemeralStorageMiB: 200, diskBufferMiB: 100 }, /\(200\) must be 260 or more/],
  ['root', { runAsUser: 0 }, /'shipper.runAsUser' \(0\) must be a whole number of a user, not root/],
  ['a user that the cluster chooses', { fixedUser: false, runAsUser: 1 }, /'shipper.fixedUser' \(false\) must not/],
  ['a small installer', { installer: { memoryLimitMiB: 63 } }, /'shipper.installer.memoryLimitMiB' \(63\)/],
  ['a greedy installer', { installer: { memoryRequestMiB: 257 } }, /memoryRequestMiB' \(257\) must be at most .* 256/],
  ['an unknown amount', { installer: { memory: 1 } as object }, /'shipper.installer.memory' is not a property/],
  ['a setting as a variable', { env: { LOGTAP_SINK: 'x' } }, /shipper.env.LOGTAP_SINK' .*use 'shipper.settings'/],
  ['a secret as a variable', { env: { API_TOKEN: 'hunter2' } }, /API_TOKEN' \("\*\*\*"\) must not be in a manifest/],
  ['a password in a URL', { env: { PROXY: 'http://u:p@x' } }, /PROXY' \("\*\*\*"\) must not be in a manifest/],
  ['a label with a space', { labels: { a: 'b c' } }, /'shipper.labels.a' \("b c"\) must be a label/],
  ['a label of no name', { labels: { '-a': 'b' } }, /'shipper.labels.-a' .*have a name as Kubernetes/],
  ['an annotation of the tap', { annotations: { 'logtap.dev/inject': 'x' } }, /must be left to injection/],
  ['no JSON', { patch: '{' }, /'shipper.patch' must be a JSON Patch \(RFC 6902\) as text: /],
  ['no list', { patch: '{}' }, /write a list of operations/],
  ['an unknown operation', { patch: '[{"op":"merge","path":"/x"}]' }, /'op' of operation 0 is not one of add/],
  ['no pointer', { patch: '[{"op":"remove","path":"x"}]' }, /'path' of operation 0 is not a JSON Pointer/],
  ['no value', { patch: '[{"op":"add","path":"/x"}]' }, /operation 0 needs a 'value'/],
])('refuses %s', (_what, shipper, says) => {
  expect(() => new LogTap({ sink, shipper })).toThrow(says);
});
