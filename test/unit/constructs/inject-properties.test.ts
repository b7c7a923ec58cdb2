/** Laws of injection over generated workloads of every kind: exact inverse, upgrade, idempotence, no trace in the input. */
import fc from 'fast-check';
import { uninject } from '../../../src/constructs/injection/uninject.js';
import {
  canonical,
  type KubernetesObject,
  type PodSpec,
  podTemplate,
} from '../../../src/constructs/injection/workload.js';
import { FailurePolicy, LibraryVolume, type LogTapProps } from '../../../src/constructs/props/log-tap-props.js';
import { ExistingPreload, TapStreams } from '../../../src/constructs/props/tap-options.js';
import { RedactionKind } from '../../../src/constructs/records/redaction-options.js';
import { Sink } from '../../../src/constructs/sinks/sink.js';
import { inject } from '../../support/tap.js';
import { workloads } from '../../support/workloads.js';

/** Absent, null, empty or filled: four things that Kubernetes takes for two. */
const field = <T>(name: string, filled: fc.Arbitrary<T>, empty: unknown) =>
  fc.oneof(
    fc.constant({}),
    fc.constant({ [name]: null }),
    fc.constant({ [name]: empty }),
    filled.map((value) => ({ [name]: value })),
  );
const all = (...parts: fc.Arbitrary<object>[]) => fc.tuple(...parts).map((objects) => Object.assign({}, ...objects));

const preload = fc.constantFrom(
  { name: 'LD_PRELOAD' },
  { name: 'LD_PRELOAD', value: '' },
  { name: 'LD_PRELOAD', value: null },
  { name: 'LD_PRELOAD', value: '/opt/agent.so' },
  { name: 'LD_PRELOAD', value: '/a.so:/b.so' },
  { name: 'LD_PRELOAD', value: '$(A)' },
  { name: 'LD_PRELOAD', value: '', valueFrom: null },
  { name: 'LD_PRELOAD', valueFrom: { configMapKeyRef: { name: 'preload', key: 'list' } } },
  { name: 'LD_PRELOAD', valueFrom: { secretKeyRef: { name: 'preload', key: 'list' } } },
);
const variable = fc.oneof(preload, fc.constantFrom({ name: 'A', value: '1' }, { name: 'LLT_ON_FULL', value: 'pass' }));
const mount = fc.constantFrom({ name: 'data', mountPath: '/data' }, { name: 'data', mountPath: '/.logtap-library' });

const container = (name: string) =>
  all(
    fc.constant({ name, image: 'orders:4.2' }),
    field('env', fc.array(variable, { minLength: 1, maxLength: 4 }), []),
    field('volumeMounts', fc.array(mount, { minLength: 1, maxLength: 2 }), []),
    field('ports', fc.constant([{ containerPort: 80 }]), []),
  );

const spec = all(
  fc.tuple(container('app'), container('web')).map((containers) => ({ containers })),
  field(
    'initContainers',
    fc.tuple(container('migrate')).map((containers) => containers),
    [],
  ),
  field('volumes', fc.constant([{ name: 'data', emptyDir: {} }]), []),
  field('imagePullSecrets', fc.constantFrom([{ name: 'own' }], [{ name: 'mirror' }, { name: 'own' }]), []),
  fc.constantFrom(
    {},
    { terminationGracePeriodSeconds: null },
    { terminationGracePeriodSeconds: 0 },
    { terminationGracePeriodSeconds: 90 },
  ),
  fc.constantFrom({}, { restartPolicy: 'Always' }),
  fc.constantFrom(
    {},
    { resources: null },
    { resources: {} },
    { resources: { requests: null, limits: { memory: '1.5Gi' } } },
    { resources: { requests: { cpu: '100m', memory: '1e9' }, limits: { cpu: 1, 'hugepages-2Mi': '4Mi' }, claims: [] } },
  ),
);

const annotations = fc.constantFrom(
  { team: 'shop' },
  { 'eks.amazonaws.com/skip-containers': '' },
  { 'eks.amazonaws.com/skip-containers': ' web , other' },
  { 'logtap.dev/streams': 'stdout', 'app.logtap.dev/file': '/var/log/app.log' },
  { 'logtap.dev/inject': 'disabled' },
  { 'logtap.dev/inject': 'enabled' },
);
const metadata = all(
  field(
    'metadata',
    all(
      fc.constantFrom({}, { labels: { app: 'orders' } }, { labels: {} }, { labels: null }),
      field('annotations', annotations, {}),
    ),
    {},
  ),
);

const workload: fc.Arbitrary<KubernetesObject> = fc.tuple(fc.nat(6), spec, metadata).map(([kind, podSpec, outer]) => {
  const object = workloads(podSpec as PodSpec)[kind]!;
  const template = podTemplate(object);
  if (object.kind === 'Pod') Object.assign(object.metadata!, 'metadata' in outer ? outer.metadata : {});
  else {
    delete template.metadata;
    Object.assign(template, outer);
  }
  return JSON.parse(JSON.stringify(object));
});

const sink = fc.constantFrom(
  Sink.stdout(),
  Sink.cloudWatch({ logGroup: '/shop', region: 'eu-central-1' }),
  Sink.openSearch({ url: 'https://os:9200', username: 'u', passwordSecret: { name: 'os', key: 'pw' } }),
);
const props: fc.Arbitrary<LogTapProps> = all(
  sink.map((value) => ({ sink: value })),
  fc.constantFrom({}, { file: '/a.log', suppressFile: true }, { streams: TapStreams.STDERR, debug: true }),
  fc.constantFrom({}, { containers: ['app'] }, { excludeContainers: ['web'] }),
  fc.constantFrom({}, { perContainer: { app: { file: '/b.log', suppressFile: true } } }),
  fc.constantFrom({}, { existingPreload: ExistingPreload.REPLACE }, { existingPreload: ExistingPreload.CHAIN }),
  fc.constantFrom(
    {},
    { events: { maxLines: 10 }, rules: ['drop level<info'], redact: { kinds: [RedactionKind.EMAIL] } },
    { fields: { podLabels: ['app'] }, stage: { configMap: 'modules', key: 'stage.mjs' } },
  ),
  fc.constantFrom({}, { kubernetesVersion: '1.28' }, { nativeSidecar: false }, { kubernetesVersion: '1.35' }),
  fc.constantFrom({}, { library: LibraryVolume.IMAGE, accept: ['LT044'] }, { library: LibraryVolume.INIT_CONTAINER }),
  fc.constantFrom({}, { failurePolicy: FailurePolicy.FAIL_OPEN }, { keepAwsCredentials: false }),
  fc.constantFrom(
    {},
    { shipper: { imagePullSecrets: ['mirror'] } },
    {
      shipper: {
        labels: { app: 'other', tier: 'x' },
        annotations: { team: 'other', 'example.com/a': '' },
        ...{ env: { A: '1' }, fixedUser: false, cpuLimitMillis: 500, ephemeralStorageMiB: 300 },
        patch: JSON.stringify([
          { op: 'add', path: '/shipper/volumeMounts/-', value: { name: 'data', mountPath: '/data' } },
          { op: 'replace', path: '/volumes/logtap/emptyDir/sizeLimit', value: '100Mi' },
        ]),
      },
    },
    { shipper: { diskBufferMiB: 100, deadLettersMiB: 10, memoryBufferMiB: 200, drainSeconds: 5 } },
  ),
).map((value) => value as LogTapProps);

test('uninjecting restores the workload', () => {
  fc.assert(
    fc.property(workload, props, (before, settings) => {
      expect(uninject(inject(before, settings))).toEqual(canonical(before));
    }),
    { numRuns: 500 },
  );
});

test('injecting over an injection is injecting into the workload', () => {
  fc.assert(
    fc.property(workload, props, props, (before, earlier, later) => {
      expect(inject(inject(before, earlier), later)).toEqual(inject(before, later));
    }),
    { numRuns: 300 },
  );
});

test('the input is not changed, and the text depends on its content alone', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value).reverse();
    return Object.fromEntries(entries.map(([key, item]) => [key, reversed(item)]));
  };
  fc.assert(
    fc.property(workload, props, (before, settings) => {
      const copy = structuredClone(before);
      const text = JSON.stringify(inject(before, settings));
      expect(before).toEqual(copy);
      expect(JSON.stringify(inject(reversed(before), settings))).toBe(text);
    }),
    { numRuns: 200 },
  );
});

test('every tapped container has the library once and first, and no injected name occurs twice', () => {
  fc.assert(
    fc.property(workload, props, (before, settings) => {
      const { spec: pod, metadata: meta } = podTemplate(inject(before, settings));
      if (meta?.annotations?.['logtap.dev/inject'] === 'disabled') return;
      const names = [...(pod.initContainers ?? []), ...pod.containers].map(({ name }) => name);
      expect(names.filter((name) => name === 'logtap')).toHaveLength(1);
      const app = pod.containers.find(({ name }) => name === 'app');
      const list = app?.env?.findLast(({ name }) => name === 'LD_PRELOAD')?.value?.split(':');
      expect(list?.filter((path) => path === '/.logtap-lib/liblogtap.so')).toHaveLength(1);
      expect(list?.[0]).toBe('/.logtap-lib/liblogtap.so');
    }),
    { numRuns: 200 },
  );
});
