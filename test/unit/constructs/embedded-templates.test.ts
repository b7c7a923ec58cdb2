/** Pod templates inside objects of other kinds: each is found, injected as a workload of its own, and restored. */
import { ApiObject, Testing } from 'cdk8s';
import { LogTap, type LogTapProps, Sink } from '../../../src/constructs/index.js';
import { KNOWN_TEMPLATES } from '../../../src/constructs/injection/embedded/kinds.js';
import { pointerParts } from '../../../src/constructs/injection/embedded/templates.js';
import { podSpec } from '../../support/workloads.js';

/** Of any shape. */
type Manifest = ReturnType<typeof LogTap.inject>;

const props: LogTapProps = { sink: Sink.stdout(), shipper: { image: 'logtap:1' } };
const template = (spec = podSpec()) => ({ metadata: { labels: { app: 'x' } }, spec });

/** An object with a template at each pointer. A `*` becomes the entries of a mapping, or of a list. */
function objectOf(name: string, pointers: readonly string[], isList: boolean): Manifest {
  const [, apiVersion, kind] = /^(.+)\/([^/]+)$/.exec(name)!;
  const make = ([part, ...rest]: readonly string[], before: Manifest): Manifest => {
    if (part === undefined) return template();
    if (part !== '*') return { ...before, [part]: make(rest, before?.[part]) };
    const entries = { First: make(rest, before?.First), Second: make(rest, before?.Second) };
    return isList ? Object.entries(entries).map(([key, value]) => ({ name: key.toLowerCase(), ...value })) : entries;
  };
  return pointers.reduce((object, pointer) => make(pointerParts(pointer), object), {
    apiVersion,
    kind,
    metadata: { name: 'orders' },
  });
}

/** The pod templates in an object. */
function templatesIn(value: Manifest): Manifest[] {
  if (value === null || typeof value !== 'object') return [];
  return Array.isArray(value.spec?.containers) ? [value] : Object.values(value).flatMap(templatesIn);
}
const names = (list: Manifest[] = []) => list.map(({ name }) => name);

describe.each(Object.entries(KNOWN_TEMPLATES))('%s', (name, pointers) => {
  test.each([false, true])('each template is injected, and restored without properties (lists: %s)', (isList) => {
    const object = objectOf(name, pointers, isList);
    const injected = LogTap.inject(object, props);
    const count = pointers.length + pointers.filter((pointer) => pointer.includes('*')).length;
    expect(templatesIn(injected).map(({ spec }) => names(spec.initContainers))).toEqual(
      new Array(count).fill(['logtap-install', 'logtap']),
    );
    expect(LogTap.inject(injected, props)).toEqual(injected);
    expect(LogTap.uninject(injected)).toEqual(object);
  });
});

const fleet = (fields: object) => ({ apiVersion: 'example.com/v1', kind: 'Fleet', metadata: { name: 'a' }, ...fields });

test('a template of an own kind is found by the given pointer', () => {
  const podTemplates = { 'example.com/v1/Fleet': ['/spec/pods~1of~0all/*/pod'] };
  const object = fleet({ spec: { 'pods/of~all': [{ pod: template() }, { other: 1 }, { pod: template() }] } });
  expect(LogTap.inject(object, props)).toBe(object);
  const injected = LogTap.inject(object, { ...props, podTemplates });
  expect(templatesIn(injected).map(({ spec }) => names(spec.initContainers))).toEqual([
    ['logtap-install', 'logtap'],
    ['logtap-install', 'logtap'],
  ]);
  expect(LogTap.uninject(injected)).toEqual(object);
});

test('annotations count on each level, from the object to the pod', () => {
  const disabled = { annotations: { 'logtap.dev/inject': 'disabled' } };
  const object = (onObject: object, onReplica: object, onPod: object) => ({
    ...fleet({}),
    apiVersion: 'jobset.x-k8s.io/v1alpha2',
    kind: 'JobSet',
    metadata: { name: 'a', ...onObject },
    spec: {
      replicatedJobs: [
        { name: 'driver', template: { metadata: onReplica, spec: { template: { ...template(), metadata: onPod } } } },
        { name: 'worker', template: { spec: { template: template() } } },
      ],
    },
  });
  const tapped = (each: object) =>
    templatesIn(LogTap.inject(each, props)).map(({ spec }) => spec.initContainers !== undefined);
  expect(tapped(object({}, {}, {}))).toEqual([true, true]);
  expect(tapped(object(disabled, {}, {}))).toEqual([false, false]);
  expect(tapped(object({}, disabled, {}))).toEqual([false, true]);
  expect(tapped(object({}, {}, disabled))).toEqual([false, true]);
});

test('findings name the template', () => {
  const host = template({ ...podSpec(), hostNetwork: true });
  const job = (replicas: object) => ({
    apiVersion: 'kubeflow.org/v1',
    kind: 'PyTorchJob',
    metadata: { name: 'train' },
    spec: { pytorchReplicaSpecs: replicas },
  });
  const found = (replicas: object) =>
    LogTap.check(job(replicas), props).map(({ code, workload }) => `${code} ${workload}`);
  expect(found({ Master: { template: template() }, Worker: { template: host } })).toEqual([
    'LT026 PyTorchJob/train (pytorchReplicaSpecs/Worker)',
  ]);
  expect(found({ Worker: { template: host } })).toEqual(['LT026 PyTorchJob/train']);
  expect(() => LogTap.inject(job({ Worker: { template: host } }), { ...props, containers: ['x'] })).toThrow(
    /^LT002 PyTorchJob\/train: /,
  );
});

test('a classic sidecar of a job ends with the job, also where the replica has the restart policy', () => {
  const job = (replica: object) =>
    LogTap.inject(
      {
        apiVersion: 'kubeflow.org/v1',
        kind: 'TFJob',
        metadata: { name: 'train' },
        spec: { tfReplicaSpecs: { Worker: { ...replica, template: template() } } },
      },
      { ...props, nativeSidecar: false, accept: ['LT001'] },
    );
  const ends = (object: Manifest) => JSON.stringify(object).includes('LOGTAP_EXIT_WITHOUT_WRITERS_SECONDS');
  expect(ends(job({}))).toBe(true);
  expect(ends(job({ restartPolicy: 'OnFailure' }))).toBe(true);
  expect(ends(job({ restartPolicy: 'Always' }))).toBe(false);
});

test('a template without containers, which its operator adds, is left as it is, with a finding', () => {
  const kibana = (podTemplate: object) => ({
    apiVersion: 'kibana.k8s.elastic.co/v1',
    kind: 'Kibana',
    metadata: { name: 'k' },
    spec: { version: '9.3.0', podTemplate },
  });
  const without = kibana({ metadata: { labels: { a: 'b' } } });
  expect(LogTap.inject(without, props)).toEqual(without);
  expect(LogTap.check(without, props)).toMatchObject([
    { code: 'LT028', message: expect.stringContaining('no containers') },
  ]);
  // The operator knows the image.
  const named = LogTap.inject(kibana({ spec: { containers: [{ name: 'kibana' }] } }), props);
  expect(named.spec.podTemplate.spec.containers[0].env[0].name).toBe('LD_PRELOAD');
});

test('constructs of such kinds are tapped in a scope', () => {
  const chart = Testing.chart();
  const { apiVersion, kind, metadata } = fleet({});
  new ApiObject(chart, 'Fleet', { apiVersion, kind, metadata, spec: { pod: template() } });
  LogTap.tap(chart, { ...props, podTemplates: { 'example.com/v1/Fleet': ['/spec/pod'] } });
  const [object] = Testing.synth(chart);
  expect(names(object.spec.pod.spec.initContainers)).toEqual(['logtap-install', 'logtap']);
});

test.each<[string, Record<string, string[]>, RegExp]>([
  ['a kind without version', { Fleet: ['/spec'] }, /'podTemplates' \("Fleet"\) must be an apiVersion and a kind/],
  ['a workload', { 'apps/v1/Deployment': ['/spec/template'] }, /must be another kind/],
  ['a path', { 'example.com/v1/Fleet': ['spec.template'] }, /'podTemplates.example.com\/v1\/Fleet' .*JSON Pointer/],
  ['an empty part', { 'example.com/v1/Fleet': ['/spec//x'] }, /JSON Pointer/],
  ['all of the object', { 'example.com/v1/Fleet': [''] }, /JSON Pointer/],
])('refuses %s', (_what, podTemplates, says) => {
  expect(() => new LogTap({ ...props, podTemplates })).toThrow(says);
});
