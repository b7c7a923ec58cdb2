/** The Job of a proof: the shipper's own settings and files, and no right that it does not need. */
import { Chart, Testing } from 'cdk8s';
import {
  LogTap,
  LogTapDefaults,
  type LogTapProps,
  ProofJob,
  type ProofJobProps,
  Sink,
} from '../../../src/constructs/index.js';
import { NEWEST_VERSION, OLDEST_VERSION, restrictedErrors, schemaErrors } from '../../support/kubernetes-schemas.js';

const openSearch = Sink.openSearch({
  url: 'https://os.example:9200',
  username: 'logs',
  passwordSecret: { name: 'search', key: 'password' },
});
const cloudWatch = Sink.cloudWatch({ logGroup: '/shop', region: 'eu-central-1', readBack: true });
const shipper = { image: 'registry.example/logtap:1' };

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind
type Manifest = any;

function synthesise(props: ProofJobProps, more: (chart: Chart) => void = () => {}): Manifest[] {
  const chart = Testing.chart();
  new ProofJob(chart, 'Proof', props);
  more(chart);
  return Testing.synth(chart);
}

const podOf = ([job]: Manifest[]) => job.spec.template.spec;
const variablesOf = (objects: Manifest[]) =>
  Object.fromEntries(podOf(objects).containers[0].env.map(({ name, value }: Manifest) => [name, value]));

describe.each<[string, LogTapProps]>([
  [
    'OpenSearch, with a secret, buffers and labels',
    {
      sink: openSearch,
      fields: { podLabels: ['app'] },
      shipper: { ...shipper, diskBufferMiB: 100, deadLettersMiB: 10, imagePullSecrets: ['mirror'] },
    },
  ],
  ['CloudWatch Logs', { sink: cloudWatch, shipper }],
  [
    'two sinks, of which one can be read',
    { sink: Sink.all([Sink.file({ path: '/logs/all.json', volume: 'logs' }), openSearch]), shipper },
  ],
])('%s', (_, tap) => {
  const objects = synthesise({ tap });
  const [job] = objects;
  const pod = podOf(objects);

  test('one Job is all', () => {
    expect(objects.map(({ kind }) => kind)).toEqual(['Job']);
  });

  test.each([OLDEST_VERSION, NEWEST_VERSION])(
    'Kubernetes %s takes it, in the oldest and the newest version',
    (version) => {
      expect(schemaErrors(job, version)).toEqual([]);
    },
  );

  test('it has no rights: no token, no privilege, no volume of the node', () => {
    expect(restrictedErrors(pod)).toEqual([]);
    expect(pod.automountServiceAccountToken).toBe(false);
    const [container] = pod.containers;
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, runAsNonRoot: true });
    expect(container.ports).toBeUndefined();
  });

  test('every mount has its volume, and every volume a mount', () => {
    const mounts = pod.containers[0].volumeMounts.map(({ name }: Manifest) => name);
    expect([...mounts].sort()).toEqual(pod.volumes.map(({ name }: Manifest) => name).sort());
  });

  test('a proof that fails is not repeated, and ends', () => {
    expect(job.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 3600 });
    expect(pod.restartPolicy).toBe('Never');
  });

  test('its settings are those of the shipper in a tapped pod', () => {
    const tapped = LogTap.inject(
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'a' },
        spec: { containers: [{ name: 'a', image: 'a' }], volumes: [{ name: 'logs', emptyDir: {} }] },
      },
      tap,
    );
    const sidecar = tapped.spec.initContainers.find(({ name }: Manifest) => name === 'logtap');
    const ofPod = ['LOGTAP_GRACE_SECONDS', 'LOGTAP_TERMINATION_GRACE_SECONDS'];
    const settings = (env: Manifest[]) => env.filter(({ name }) => !ofPod.includes(name));
    expect(settings(pod.containers[0].env)).toEqual(settings(sidecar.env));
    expect(pod.containers[0].image).toBe(sidecar.image);
  });
});

test('a ProofJob has the options that it is given, and none of them by default', () => {
  const metadata = { name: 'proof', namespace: 'shop' };
  const given = synthesise({
    tap: {
      sink: cloudWatch,
      shipper: { ...shipper, imagePullSecrets: ['mirror'], memoryLimitMiB: 300, memoryRequestMiB: 100 },
    },
    ...{ lines: 500, serviceAccountName: 'orders', podLabels: { app: 'orders' }, metadata },
  });
  expect(given[0].metadata).toMatchObject(metadata);
  expect(given[0].spec.template.metadata.labels).toEqual({ app: 'orders' });
  expect(podOf(given)).toMatchObject({ serviceAccountName: 'orders', imagePullSecrets: [{ name: 'mirror' }] });
  expect(podOf(given).containers[0]).toMatchObject({
    args: ['prove', '--directory', '/.logtap', '--output', 'log', '--lines', '500'],
    resources: { limits: { memory: '812Mi' }, requests: { memory: '612Mi' } },
  });
  const plain = synthesise({ tap: { sink: cloudWatch, shipper } });
  expect(podOf(plain)).not.toHaveProperty('serviceAccountName');
  expect(podOf(plain)).not.toHaveProperty('imagePullSecrets');
  expect(podOf(plain).containers[0].args).not.toContain('--lines');
});

test('a secret is a file, never a value', () => {
  const objects = synthesise({ tap: { sink: openSearch, shipper } });
  expect(variablesOf(objects)).toMatchObject({
    LOGTAP_OPENSEARCH_PASSWORD_FILE: '/etc/logtap/secrets/search/password',
  });
});

test('defaults of its scope complete it, also later ones', () => {
  const objects = synthesise({ tap: { shipper } }, (chart) => LogTapDefaults.set(chart, { sink: cloudWatch }));
  expect(variablesOf(objects)).toMatchObject({ LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: '/shop' });
});

test('a tap of its chart leaves it as it is', () => {
  const alone = synthesise({ tap: { sink: openSearch, shipper } });
  const beside = synthesise({ tap: { sink: openSearch, shipper } }, (chart) => {
    LogTap.tap(chart, { sink: openSearch, shipper });
  });
  expect(beside).toEqual(alone);
});

test.each<[string, ProofJobProps, RegExp]>([
  ['no sink', {}, /'sink' \(undefined\) must be given/],
  [
    'a sink that cannot be read',
    { tap: { sink: Sink.stdout() } },
    /'tap.sink' \("stdout"\) must have one service that a proof can read/,
  ],
  ['two services', { tap: { sink: Sink.all([openSearch, cloudWatch]) } }, /'tap.sink' .* must have one service/],
  [
    'a log group that it may not read',
    { tap: { sink: Sink.cloudWatch({ logGroup: '/shop', region: 'eu-central-1' }) } },
    /set 'readBack: true'/,
  ],
])('%s fails the synthesis, with the remedy', (_, props, message) => {
  const chart = new Chart(Testing.app(), 'shop');
  const job = new ProofJob(chart, 'Proof', props);
  expect(job.node.validate().join('\n')).toMatch(message);
  expect(() => Testing.synth(chart)).toThrow(message);
});

test.each([0, -1, 1.5, 1e9, Number.NaN])('%d lines are no number of lines', (lines) => {
  expect(() => new ProofJob(Testing.chart(), 'Proof', { tap: { sink: cloudWatch }, lines })).toThrow(
    /'lines' .* must be a whole number/,
  );
});
