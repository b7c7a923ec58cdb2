/** A policy of the API server gives pods what injection gives them, and keeps their lines. */
import fc from 'fast-check';
import { errorsOf } from '../../src/constructs/findings/finding.js';
import { isForWindows } from '../../src/constructs/findings/windows.js';
import { uninject } from '../../src/constructs/injection/uninject.js';
import { tapPolicy } from '../../src/constructs/policy/policy.js';
import { FailurePolicy, LibraryVolume, type LogTapProps } from '../../src/constructs/props/log-tap-props.js';
import { resolve } from '../../src/constructs/props/resolve.js';
import { ImagePullPolicy } from '../../src/constructs/props/shipper-options.js';
import { ExistingPreload, TapStreams } from '../../src/constructs/props/tap-options.js';
import { Sink } from '../../src/constructs/sinks/sink.js';
import { arbitraryMarks, arbitraryPod, CONTAINERS, RUNTIME_CLASSES } from '../support/arbitrary-pods.js';
import { PATIENCE, type TestCluster } from '../support/cluster.js';
import { runPage, stepsOf } from '../support/page.js';
import { check, inject } from '../support/tap.js';
import type { AuditedTest } from './audits.js';

/** Of generated pods, for each set of properties. */
const PODS = 60;

/** An API server gives up after 34 s otherwise, which a busy machine may need for the expressions of a large pod. */
const TRY = ['create', '--dry-run=server', '--request-timeout=600s', '-f', '-'];

const search = Sink.openSearch({
  url: 'https://search.example:9200',
  index: 'orders',
  username: 'shipper',
  passwordSecret: { name: 'search', key: 'password' },
});
const cloud = Sink.cloudWatch({ logGroup: '/orders', region: 'eu-central-1' });

const PROPS: readonly LogTapProps[] = [
  { sink: search },
  {
    sink: cloud,
    keepAwsCredentials: false,
    suppressStreams: true,
    existingPreload: ExistingPreload.REPLACE,
    shipper: {
      ...{ imagePullSecrets: ['mirror', 'ours'], labels: { team: 'logs', tap: 'yes' } },
      ...{ annotations: { team: 'logs', 'sidecar.istio.io/inject': 'no' }, diskBufferMiB: 64, drainSeconds: 20 },
    },
  },
  { sink: search, library: LibraryVolume.IMAGE },
  {
    sink: Sink.all([search, cloud]),
    library: LibraryVolume.IMAGE,
    containers: [...CONTAINERS],
    perContainer: {
      web: { streams: TapStreams.STDERR, debug: true, file: '/srv/web "log".log' },
      app: { suppressStreams: true },
    },
    shipper: {
      ...{ cpuRequestMillis: 50, cpuLimitMillis: 50, memoryRequestMiB: 200, memoryLimitMiB: 200 },
      patch: JSON.stringify([{ op: 'add', path: '/shipper/securityContext/runAsUser', value: 1337 }]),
    },
  },
];

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind
type Pod = any;

/** What the API server makes of pods, by their names, without their status. */
async function admitted(k8s: TestCluster, namespace: string, pods: readonly object[]): Promise<Map<string, Pod>> {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods });
  const text = await k8s.tell(['--namespace', namespace, ...TRY, '-o', 'json'], list);
  const found: Pod[] = text.split(/^(?=\{$)/m).map((each) => JSON.parse(each));
  return new Map(found.map(({ status: _status, ...pod }) => [pod.metadata.name, pod]));
}

/** Without what differs from one request to the next. */
function comparable({ metadata, spec, ...pod }: Pod): Pod {
  const { uid: _uid, creationTimestamp: _time, namespace: _namespace, annotations = {}, ...rest } = metadata;
  const notes = { ...annotations };
  if ('logtap.dev/original' in notes) {
    notes['logtap.dev/original'] = JSON.parse(notes['logtap.dev/original']);
    // That of a policy is the same for all of its pods.
    notes['logtap.dev/config-hash'] = 'any';
  }
  const text = JSON.stringify({ ...pod, metadata: { ...rest, annotations: notes }, spec });
  return JSON.parse(text.replaceAll(/kube-api-access-\w+/g, 'kube-api-access'));
}

/** A namespace whose label chooses the policy of its name, once the API server applies it. */
async function tappedNamespace(k8s: TestCluster, name: string, props: LogTapProps): Promise<void> {
  const labels = { 'logtap.dev/policy': name };
  await k8s.apply(...tapPolicy(name, resolve(props)).objects, {
    ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
  });
  const probe = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe' } };
  const containers = [...CONTAINERS].map((each) => ({ name: each, image: each }));
  await k8s.until(`the policy ${name} applies`, async () => {
    const pods = await admitted(k8s, name, [{ ...probe, spec: { containers } }]);
    return pods.get('probe').spec.initContainers !== undefined;
  });
}

async function expectAsInjected(k8s: TestCluster, props: LogTapProps): Promise<void> {
  const [plain, tapped] = ['untapped', 'tapped'].map((name) => k8s.name(name)) as [string, string];
  await k8s.tell(['create', 'namespace', plain]);
  await tappedNamespace(k8s, tapped, props);
  const seed = Date.now();
  const pods: Pod[] = fc.sample(arbitraryPod, { seed, numRuns: PODS }).map((pod: Pod, index) => ({
    ...pod,
    metadata: { ...pod.metadata, name: `p${index}` },
  }));
  const [before, found] = await Promise.all([admitted(k8s, plain, pods), admitted(k8s, tapped, pods)]);
  // The API server completes a pod before it applies a policy.
  const injected = [...before.values()].map((pod) => inject(pod, props));
  // A pod that is tapped is left alone.
  const [expected, again] = await Promise.all([
    admitted(k8s, plain, injected),
    admitted(k8s, tapped, [...found.values()]),
  ]);
  for (const { metadata } of pods) {
    const { name } = metadata;
    const all = [expected, found, again].map((each) => ({ seed, ...comparable(each.get(name)) }));
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).toEqual(all[0]);
    const [untapped, restored] = [before.get(name), uninject(found.get(name))].map(comparable);
    expect({ seed, ...restored }).toEqual({ seed, ...untapped });
  }
}

const withImage = (props: LogTapProps): LogTapProps => ({
  ...props,
  shipper: { image: 'registry.example/logtap:1', imagePullPolicy: ImagePullPolicy.ALWAYS, ...props.shipper },
});

const container = (more: object = {}) => ({ name: 'app', image: 'orders:4.2', ...more });
const annotated = (annotations: object) => ({ metadata: { annotations } });
const mounted = (mountPath: string) => ({
  spec: {
    containers: [container({ volumeMounts: [{ name: 'data', mountPath }] })],
    volumes: [{ name: 'data', emptyDir: {} }],
  },
});

/** Pods that `logtap check` finds an error in. */
const REFUSED: Readonly<Record<string, object>> = {
  'reserved-container': { spec: { containers: [container({ name: 'logtap' })] } },
  'reserved-init-container': {
    spec: { containers: [container()], initContainers: [container({ name: 'logtap-install' })] },
  },
  'reserved-port': { spec: { containers: [container({ ports: [{ containerPort: 9598 }] })] } },
  'reserved-port-name': { spec: { containers: [container({ ports: [{ containerPort: 80, name: 'logtap' }] })] } },
  'reserved-volume': { spec: { containers: [container()], volumes: [{ name: 'logtap-lib', emptyDir: {} }] } },
  'reserved-variable': { spec: { containers: [container({ env: [{ name: 'LLT_TARGET', value: 'x' }] })] } },
  'reserved-path': mounted('/.logtap'),
  'reserved-path-below': mounted('//.logtap-lib/x'),
  'several-reasons': {
    ...annotated({ 'logtap.dev/streams': 'all' }),
    spec: { containers: [container({ name: 'logtap', env: [{ name: 'LLT_FORMAT', value: 'raw' }] })] },
  },
  preload: { spec: { containers: [container({ env: [{ name: 'LD_PRELOAD', value: '/a.so' }] })] } },
  label: { metadata: { labels: { 'logtap.dev/inject': 'disabled' } } },
  'unknown-annotation': annotated({ 'logtap.dev/stream': 'stdout' }),
  'unknown-annotation-of-container': annotated({ 'app.logtap.dev/containers': 'app' }),
  'wrong-inject': annotated({ 'logtap.dev/inject': 'yes' }),
  'wrong-streams': annotated({ 'app.logtap.dev/streams': 'stdin' }),
  'wrong-file': annotated({ 'logtap.dev/file': '/var/log/a.log:b.log' }),
  directory: annotated({ 'logtap.dev/file': '/var/log/' }),
  'empty-name': annotated({ 'logtap.dev/containers': 'app,' }),
  'unknown-container': annotated({ 'logtap.dev/containers': 'web' }),
  'unknown-excluded': annotated({ 'logtap.dev/exclude-containers': 'web' }),
  'untapped-container': annotated({ 'web.logtap.dev/streams': 'stdout' }),
  'nothing-left': annotated({ 'logtap.dev/exclude-containers': 'app' }),
  'no-stream': annotated({ 'logtap.dev/streams': 'none' }),
};

/** Pods that a policy cannot tap, but injection could. */
const NOT_BY_POLICY: Readonly<Record<string, object>> = {
  events: annotated({ 'logtap.dev/events': 'off' }),
  'redact-of-container': annotated({ 'app.logtap.dev/redact': 'email' }),
};

const WINDOWS_USER = { windowsOptions: { runAsUserName: 'ContainerUser' } };

/** Pods that stay as they are. */
const LEFT: Readonly<Record<string, object>> = {
  'opted-out': annotated({ 'logtap.dev/inject': 'disabled' }),
  'other-policy': { metadata: { labels: { 'logtap.dev/policy': 'other' } } },
  windows: { spec: { containers: [container()], os: { name: 'windows' } } },
  'windows-by-selector': { spec: { containers: [container()], nodeSelector: { 'kubernetes.io/os': 'windows' } } },
  'windows-by-options': { spec: { containers: [container({ securityContext: WINDOWS_USER })] } },
  'windows-by-init-container': {
    spec: {
      containers: [container()],
      initContainers: [container({ name: 'migrate', securityContext: WINDOWS_USER })],
    },
  },
  'windows-by-affinity': {
    spec: {
      containers: [container()],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/os', operator: 'NotIn', values: ['linux'] }] },
              { matchExpressions: [{ key: 'node.kubernetes.io/windows-build', operator: 'Exists' }] },
            ],
          },
        },
      },
    },
  },
};

const podsOf = (cases: Readonly<Record<string, Pod>>): Pod[] =>
  Object.entries(cases).map(([name, { metadata = {}, spec = { containers: [container()] } }]) => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name }, spec },
  }));

const isTapped = ({ metadata }: Pod) => 'logtap.dev/original' in (metadata.annotations ?? {});

async function expectRefusals(k8s: TestCluster): Promise<void> {
  const [closed, open] = ['closed', 'open'].map((name) => k8s.name(name)) as [string, string];
  const strict = withImage({ sink: search, existingPreload: ExistingPreload.ERROR });
  await Promise.all([
    tappedNamespace(k8s, closed, strict),
    tappedNamespace(k8s, open, { ...strict, failurePolicy: FailurePolicy.FAIL_OPEN }),
  ]);
  const pods = podsOf({ ...REFUSED, ...NOT_BY_POLICY, ...LEFT });
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods });
  const { stdout, stderr } = await k8s.kubectl(['--namespace', closed, ...TRY], list);
  // Errors name no pod, and come in the order of the pods.
  const refused = Object.keys({ ...REFUSED, ...NOT_BY_POLICY, ...LEFT }).filter(
    (name) => !stdout.includes(`pod/${name} created`),
  );
  const texts = [...stderr.matchAll(/^Error .* denied request: .* no such key: (.*)$/gm)].map(([, text = '']) => text);
  expect(texts).toHaveLength(refused.length);
  const said = new Map(refused.map((name, index) => [name, texts[index]]));
  const codesOf = (text = '') => [...new Set(text.match(/\bLT\d{3}\b/g))].sort();
  const found = (cases: object) => Object.keys(cases).map((name) => [name, codesOf(said.get(name))]);
  const errors = podsOf(REFUSED).map((pod) => [
    pod.metadata.name,
    [...new Set(errorsOf(check(pod, strict)).map(({ code }) => code))].sort(),
  ]);
  expect(found(REFUSED)).toEqual(errors);
  expect(found(NOT_BY_POLICY)).toEqual(Object.keys(NOT_BY_POLICY).map((name) => [name, ['LT024']]));
  expect(said.get('reserved-container')).toBe(
    "LT010 the container name 'logtap' is reserved for the log shipper: rename the container (docs/reference/findings.md#lt010)",
  );
  expect(found(LEFT)).toEqual(Object.keys(LEFT).map((name) => [name, []]));
  const left = await admitted(k8s, closed, podsOf(LEFT));
  const started = await admitted(k8s, open, pods);
  expect([...left.values(), ...started.values()].filter(isTapped)).toEqual([]);
}

/** The labels of a namespace and of a pod in it, and the policy that taps the pod. */
const CHOICES: readonly { namespace?: string; pod?: string; by?: string }[] = [
  {},
  { namespace: 'one', by: 'one' },
  { pod: 'one', by: 'one' },
  { namespace: 'one', pod: 'one', by: 'one' },
  { namespace: 'one', pod: 'two', by: 'two' },
  { namespace: 'two', pod: 'one', by: 'one' },
  { namespace: 'one', pod: 'none' },
  { namespace: 'one', pod: '' },
  { namespace: 'none' },
  { namespace: 'none', pod: 'two', by: 'two' },
];

/** A pod with both labels meets both bindings of a policy, and is tapped once. */
async function expectChoices(k8s: TestCluster): Promise<void> {
  const [one, two] = ['one', 'two'].map((each) => k8s.name(each)) as [string, string];
  const names: Readonly<Record<string, string>> = { one, two };
  const label = (name: string | undefined) =>
    name === undefined ? {} : { labels: { 'logtap.dev/policy': names[name] ?? name } };
  const sink = (index: string) => Sink.openSearch({ url: 'https://search.example:9200', index });
  await Promise.all([one, two].map((name) => tappedNamespace(k8s, name, withImage({ sink: sink(name) }))));
  await k8s.until('the bindings by the labels of pods apply', async () => {
    const spec = { containers: [container()] };
    const labelled = [one, two].map((name) => ({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { 'logtap.dev/policy': name } }, spec },
    }));
    return [...(await admitted(k8s, 'default', labelled)).values()].every(isTapped);
  });
  const found = await Promise.all(
    CHOICES.map(async ({ namespace, pod }) => {
      const within = k8s.name('chosen');
      await k8s.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: within, ...label(namespace) } });
      const spec = { containers: [container()] };
      const all = await admitted(k8s, within, [
        { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'chosen', ...label(pod) }, spec },
      ]);
      const { initContainers = [], volumes = [] } = all.get('chosen').spec;
      const settings = initContainers.flatMap(({ env = [] }: Pod) => env);
      const index = settings.find(({ name }: Pod) => name === 'LOGTAP_OPENSEARCH_INDEX')?.value;
      const by = Object.keys(names).find((name) => names[name] === index);
      const added = volumes.filter(({ name }: Pod) => name.startsWith('logtap')).length;
      return { namespace, pod, by, containers: initContainers.map(({ name }: Pod) => name), added };
    }),
  );
  expect(found).toEqual(
    CHOICES.map(({ namespace, pod, by }) => {
      const tapped = { by, containers: ['logtap-install', 'logtap'], added: 2 };
      return { namespace, pod, ...(by === undefined ? { by, containers: [], added: 0 } : tapped) };
    }),
  );
}

/** Of many containers, whose last variables are the preloads that a policy has to find. */
function largePod(name: string, containers: number, variables: number, annotations: object): Pod {
  const env = Array.from({ length: variables }, (_, index) => ({ name: `VARIABLE_${index}`, value: `value ${index}` }));
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, annotations } },
    spec: {
      containers: Array.from({ length: containers }, (_, index) =>
        container({
          name: `app-${index}`,
          env: [...env, { name: 'LD_PRELOAD', value: '/opt/agent.so' }],
          ports: Array.from({ length: 10 }, (_each, port) => ({ containerPort: 10_000 + index * 10 + port })),
          volumeMounts: Array.from({ length: 20 }, (_each, mount) => ({ name: 'data', mountPath: `/data/${mount}` })),
        }),
      ),
      volumes: [{ name: 'data', emptyDir: {} }],
    },
  };
}

/** The API server ends an evaluation that costs too much, as it would of a policy with dearer expressions. */
async function expectWithinBudget(k8s: TestCluster): Promise<void> {
  const [plain, closed, open] = ['plain', 'closed', 'open'].map((name) => k8s.name(name)) as [string, string, string];
  const props = withImage({ sink: Sink.all([search, cloud]), keepAwsCredentials: false });
  await k8s.tell(['create', 'namespace', plain]);
  await Promise.all([
    tappedNamespace(k8s, closed, props),
    tappedNamespace(k8s, open, { ...props, failurePolicy: FailurePolicy.FAIL_OPEN }),
  ]);
  const pods = [
    largePod('containers', 50, 200, { note: 'x'.repeat(250_000) }),
    largePod('variables', 1, 5_000, {}),
    largePod('annotations', 1, 1, Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`a${index}`, 'x']))),
  ];
  const before = await admitted(k8s, plain, pods);
  const expected = await admitted(
    k8s,
    plain,
    [...before.values()].map((pod) => inject(pod, props)),
  );
  const found = await admitted(k8s, closed, pods);
  for (const { metadata } of pods) {
    const [tapped, injected] = [found, expected].map((each) => comparable(each.get(metadata.name)));
    expect(tapped).toEqual(injected);
  }
  const keys = Array.from({ length: 20_000 }, (_, index) => [`a${index}`, 'x']);
  const excessive = largePod('excessive', 1, 1, Object.fromEntries(keys));
  const { stderr } = await k8s.kubectl(['--namespace', closed, ...TRY], JSON.stringify(excessive));
  expect(stderr).toContain('cost limit exceeded');
  expect([...(await admitted(k8s, open, [excessive])).values()].filter(isTapped)).toEqual([]);
}

/** What schedules a pod to Windows is judged by the expressions of a policy as by injection. */
async function expectWindowsLeft(k8s: TestCluster): Promise<void> {
  const tapped = k8s.name('windows');
  const classes = RUNTIME_CLASSES.map((name) => ({
    ...{ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler: 'runc' },
  }));
  await k8s.apply(...classes);
  await tappedNamespace(k8s, tapped, withImage({ sink: search }));
  const seed = Date.now();
  const specs = fc.sample(arbitraryMarks, { seed, numRuns: 3 * PODS });
  const pods = podsOf(Object.fromEntries(specs.map((spec, index) => [`p${index}`, { spec }])));
  const found = await admitted(k8s, tapped, pods);
  const wrong = specs.filter((spec, index) => isTapped(found.get(`p${index}`)) === isForWindows(spec));
  expect({ seed, wrong }).toEqual({ seed, wrong: [] });
  // Else nothing is compared.
  for (const is of [true, false])
    expect(specs.filter((spec) => isForWindows(spec) === is).length).toBeGreaterThan(PODS / 4);
}

export function policy(test: AuditedTest): void {
  test(
    'a policy taps pods of 50 containers with 200 variables each, and of 4,000 annotations, within the budget of the API server',
    expectWithinBudget,
  );

  test('the label of a pod chooses its policy: alone, with the label of its namespace, and against it', expectChoices);

  test('a policy: the API server makes of generated pods what injection makes of them', async (k8s) => {
    await Promise.all(PROPS.map((props) => expectAsInjected(k8s, withImage(props))));
  });

  test(
    'a policy leaves generated pods alone exactly where injection takes them for pods of Windows',
    expectWindowsLeft,
  );

  test('a policy refuses what check finds an error in, or lets it start, and leaves other pods alone', expectRefusals);

  test('the page about whole namespaces: a Deployment that says nothing about logs is tapped', async (k8s) => {
    const [name, namespace, index] = ['sales', 'team', 'all'].map((each) => k8s.name(each)) as [string, string, string];
    k8s.ships(name, { index });
    await runPage(stepsOf('docs/guides/cluster-wide.md'), {
      env: { PATH: k8s.path() },
      replace: {
        'https://search.example:9200': k8s.within(k8s.search.url),
        ...{ 'index: shop': `index: ${index}`, 'shop-logs': `policy-${index}`, shop: namespace, orders: name },
      },
    });
    const within = (...args: string[]) => k8s.tell(['--namespace', namespace, ...args]);
    await k8s.until('lines are stored', async () => (await k8s.stored(index).catch(() => [])).length > 20);
    await within('scale', `deployment/${name}`, '--replicas=0');
    await within('wait', 'pods', '--all', '--for=delete', PATIENCE);
    const stored = await k8s.stored(index);
    expect(stored).toEqual(stored.map((_, i) => `order ${i}`));
  });
}
