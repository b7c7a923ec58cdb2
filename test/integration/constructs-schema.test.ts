/** Everything that is synthesised or injected, judged by Kubernetes' own schemas; and the judge, judged by bad manifests. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ensureSchemas } from '../../scripts/kubernetes-schemas.js';
import {
  type Container,
  type KubernetesObject,
  type PodSpec,
  podTemplate,
} from '../../src/constructs/injection/workload.js';
import { FailurePolicy, type LogTapProps } from '../../src/constructs/props/log-tap-props.js';
import { ImagePullPolicy } from '../../src/constructs/props/shipper-options.js';
import { ExistingPreload, TapStreams } from '../../src/constructs/props/tap-options.js';
import { EventMode } from '../../src/constructs/records/event-options.js';
import { Sink } from '../../src/constructs/sinks/sink.js';
import { NEWEST_VERSION, OLDEST_VERSION, restrictedErrors, schemaErrors } from '../support/kubernetes-schemas.js';
import { inject } from '../support/tap.js';
import { container, deployment, podSpec, variables, workloads } from '../support/workloads.js';

const root = resolve(__dirname, '../..');
const versions = [OLDEST_VERSION, NEWEST_VERSION];

const sinks = {
  cloudWatch: Sink.cloudWatch({
    logGroup: '/shop',
    region: 'eu-central-1',
    logStream: '$(POD_NAME)',
    createLogGroup: true,
  }),
  openSearch: Sink.openSearch({ url: 'https://os:9200', username: 'u', passwordSecret: { name: 'os', key: 'pw' } }),
  stdout: Sink.stdout(),
  forward: Sink.forward({ host: 'collector', port: 24224, sharedKeySecret: { name: 'fluent', key: 'key' } }),
  module: Sink.module({ configMap: 'sinks', key: 'loki.mjs', variables: { LOKI_URL: 'http://loki:3100' } }),
};

/** One set of options for each way in which a pod may look different. */
const options: Record<string, Omit<LogTapProps, 'sink'>> = {
  'by default': {},
  'with a suppressed file': { file: '/a.log', suppressFile: true, suppressStreams: true, debug: true },
  'with an init container': { containers: ['app', 'migrate'], perContainer: { app: { streams: TapStreams.STDOUT } } },
  'as a classic sidecar': { kubernetesVersion: '1.28' },
  'without waiting': { failurePolicy: FailurePolicy.FAIL_OPEN, keepAwsCredentials: false },
  'with records that are joined, hidden, labelled and limited': {
    events: { mode: EventMode.INDENT, maxLines: 10 },
    fields: { constants: { team: 'shop' }, podLabels: ['app'], podAnnotations: ['owner'] },
    redact: { patterns: { name: 'patterns', key: 'all' }, hashKeySecret: { name: 'hash', key: 'key' } },
    rules: ['drop level<info'],
    budget: { bytesPerDay: 1_000_000 },
    stage: { configMap: 'modules', key: 'stage.mjs' },
  },
  'with buffers, dead letters and an image of its own': {
    existingPreload: ExistingPreload.REPLACE,
    shipper: {
      image: 'mirror/logtap:1',
      imagePullPolicy: ImagePullPolicy.IF_NOT_PRESENT,
      imagePullSecrets: ['mirror'],
      memoryBufferMiB: 300,
      memoryRequestMiB: 128,
      cpuRequestMillis: 100,
      diskBufferMiB: 1000,
      deadLettersMiB: 10,
      settings: { LOGTAP_ON_FULL: 'drop-oldest' },
    },
  },
};

/** A pod that has something in every list that injection touches. */
const crowded = podSpec({
  containers: [
    {
      name: 'app',
      image: 'orders:4.2',
      env: [{ name: 'LD_PRELOAD', valueFrom: { configMapKeyRef: { name: 'preload', key: 'list' } } }],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    },
    {
      name: 'web',
      image: 'nginx:1.27',
      resources: { limits: { 'ephemeral-storage': '1Gi' } },
      env: [{ name: 'LD_PRELOAD', value: '/opt/agent.so' }],
    },
  ],
  initContainers: [{ name: 'migrate', image: 'orders:4.2' }],
  imagePullSecrets: [{ name: 'own' }],
  volumes: [{ name: 'data', emptyDir: {} }],
});

/** Errors of each manifest in each version, those without left out. */
function judge(manifests: readonly KubernetesObject[]): Record<string, string[]> {
  const results = versions.flatMap((version) =>
    manifests.map((manifest) => [`${manifest.kind} in ${version}`, schemaErrors(manifest, version)] as const),
  );
  return Object.fromEntries(results.filter(([, errors]) => errors.length > 0));
}

beforeAll(async () => {
  await ensureSchemas();
});

describe('Kubernetes accepts every kind of workload', () => {
  test('before injection', () => {
    expect(judge(workloads())).toEqual({});
  });

  describe.each(Object.entries(sinks))('injected with the sink %s', (_name, sink) => {
    test.each(Object.entries(options))('%s', (_what, given) => {
      expect(judge(workloads(crowded).map((workload) => inject(workload, { sink, ...given })))).toEqual({});
    });
  });
});

describe('a pod that meets the standard "restricted" meets it with what is injected', () => {
  const securityContext = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const spec = podSpec({ containers: [{ name: 'app', image: 'orders:4.2', securityContext }] });

  test.each(Object.entries(options).filter(([, { containers }]) => containers === undefined))('%s', (_what, given) => {
    for (const sink of Object.values(sinks)) {
      for (const workload of workloads(spec)) {
        expect(restrictedErrors(podTemplate(inject(workload, { sink, ...given, perContainer: {} })).spec)).toEqual([]);
      }
    }
  });

  test('the judge refuses a pod without any of it', () => {
    expect(restrictedErrors(podSpec({ hostPID: true, volumes: [{ name: 'x', hostPath: { path: '/' } }] }))).toEqual([
      "volume 'x' is of the kind hostPath",
      'the pod has hostPID',
      "container 'app' breaks allowPrivilegeEscalation",
      "container 'app' breaks capabilities",
      "container 'app' breaks runAsNonRoot",
      "container 'app' breaks seccompProfile",
    ]);
  });
});

describe('the example app, by the cdk8s command', () => {
  const dist = join(root, 'dist');
  const synth = (more: Record<string, string> = {}) => {
    const env = { ...process.env, CDK8S_CHECK_UPGRADE: 'false', ...more };
    execFileSync(join(root, 'node_modules', '.bin', 'cdk8s'), ['synth'], { cwd: root, env, stdio: 'pipe' });
  };
  let before: string[];
  let manifests: KubernetesObject[];

  beforeAll(() => {
    mkdirSync(dist, { recursive: true });
    // README.md's test makes its own directory anew there, maybe at the same time.
    before = readdirSync(dist).filter((name) => name !== 'readme');
    synth();
    manifests = ['billing', 'shop'].flatMap((chart) =>
      parseAllDocuments(readFileSync(join(dist, `${chart}.k8s.yaml`), 'utf8')).map((document) => document.toJS()),
    );
  });

  test('leaves the build where it is', () => {
    expect(readdirSync(dist)).toEqual(expect.arrayContaining(before));
  });

  test('is tapped: a Deployment and a CronJob to CloudWatch Logs, a Deployment to OpenSearch', () => {
    expect(manifests.map(({ kind }) => kind)).toEqual(['Deployment', 'Deployment', 'CronJob']);
    expect(manifests.map((manifest) => variables(container(manifest, 'logtap')).LOGTAP_SINK)).toEqual([
      'opensearch',
      'cloudwatch',
      'cloudwatch',
    ]);
    expect(variables(container(manifests[1]!, 'web'))).toMatchObject({
      LLT_SUPPRESS_TAP_FILE: 'true',
      LLT_TAP_FILE: '/opt/shop/logs/access.log',
    });
  });

  test('is accepted by Kubernetes', () => {
    expect(judge(manifests)).toEqual({});
  });

  test('has no anchors, and the same bytes in another time zone and language', () => {
    const text = () => ['billing', 'shop'].map((chart) => readFileSync(join(dist, `${chart}.k8s.yaml`), 'utf8'));
    const before = text();
    for (const file of before) expect(file).not.toMatch(/[&*]a\d/);
    synth({ TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' });
    expect(text()).toEqual(before);
  });
});

describe('the judge refuses', () => {
  const injected = () => inject(deployment(), { sink: sinks.openSearch });
  type Break = (spec: PodSpec, app: Container, shipper: Container) => void;

  test.each<[string, Break, RegExp]>([
    ['an unknown field of the pod', (spec) => Object.assign(spec, { volume: [] }), /additional properties: volume$/],
    ['an unknown field of a container', (_, app) => Object.assign(app, { envs: [] }), /containers\/0 .*: envs$/],
    ['a wrong type', (_, app) => Object.assign(app, { args: 'ship' }), /containers\/0\/args must be/],
    [
      'a number as value',
      (_, app) => app.env?.push({ name: 'A', value: 1 as unknown as string }),
      /env\/\d+\/value must be/,
    ],
    ['a missing field', (_, app) => Reflect.deleteProperty(app, 'name'), /required property 'name'/],
    ['a volume that does not exist', (spec) => spec.volumes?.shift(), /volume 'logtap' does not exist/],
    [
      'two containers of one name',
      (spec, app) => spec.containers.push(structuredClone(app)),
      /container 'app' occurs twice/,
    ],
    [
      'two volumes of one name',
      (spec) => spec.volumes?.push({ name: 'logtap', emptyDir: {} }),
      /volume 'logtap' occurs twice/,
    ],
    [
      'a volume of two sources',
      (spec) => Object.assign(spec.volumes![0]!, { hostPath: { path: '/' } }),
      /has 2 sources/,
    ],
    [
      'two ports of one name',
      (_, app, shipper) => Object.assign(app, { ports: shipper.ports }),
      /port name 'logtap' occurs twice/,
    ],
    ['a variable twice', (_, app) => app.env?.push({ name: 'LD_PRELOAD' }), /variable 'LD_PRELOAD' occurs twice/],
    ['value and valueFrom', (_, app) => Object.assign(app.env![0]!, { valueFrom: {} }), /has value and valueFrom/],
    [
      'two mounts at one path',
      (_, app) => app.volumeMounts?.push(app.volumeMounts[0]!),
      /mount path '\/.logtap' occurs twice/,
    ],
    ['a bad name', (_, app) => Object.assign(app, { name: 'My_App' }), /'My_App' is no DNS label/],
    [
      'a bad size limit',
      (spec) => Object.assign(spec.volumes![0]!, { emptyDir: { sizeLimit: '16MB' } }),
      /'16MB' .* no quantity/,
    ],
    ['a bad medium', (spec) => Object.assign(spec.volumes![0]!, { emptyDir: { medium: 'memory' } }), /medium 'memory'/],
    [
      'a bad quantity',
      (_, app) => Object.assign(app, { resources: { limits: { memory: '1 GB' } } }),
      /memory '1 GB' is no quantity/,
    ],
    [
      'a request above its limit',
      (_, app) => Object.assign(app, { resources: { requests: { memory: '1Gi' }, limits: { memory: '900Mi' } } }),
      /requests more memory than its limit: 1Gi > 900Mi/,
    ],
    [
      'a bad pull policy',
      (_, app) => Object.assign(app, { imagePullPolicy: 'Sometimes' }),
      /imagePullPolicy 'Sometimes'/,
    ],
    [
      'a native sidecar among the containers',
      (_, app) => Object.assign(app, { restartPolicy: 'Always' }),
      /container 'app': restartPolicy/,
    ],
    [
      'a probe of an init container that ends',
      (_, __, shipper) => Reflect.deleteProperty(shipper, 'restartPolicy'),
      /container 'logtap': an init container has a (startup|liveness)Probe/,
    ],
    [
      'a probe of an unknown port',
      (_, app) => Object.assign(app, { livenessProbe: { httpGet: { path: '/', port: 'http' } } }),
      /livenessProbe asks the unknown port 'http'/,
    ],
  ])('%s', (_what, breaks, says) => {
    const manifest = injected();
    const { spec } = podTemplate(manifest);
    breaks(spec, container(manifest, 'app'), container(manifest, 'logtap'));
    for (const version of versions) {
      const errors = schemaErrors(manifest, version);
      expect(errors).not.toEqual([]);
      expect(errors.filter((error) => !says.test(error))).toEqual([]);
    }
  });

  test('an unknown kind', () => {
    const manifest = { ...injected(), kind: 'Deploiment' };
    expect(schemaErrors(manifest, NEWEST_VERSION)).toEqual(['apps/v1 Deploiment is unknown in Kubernetes 1.37']);
  });

  test('what an older version does not know: native sidecars in 1.27', () => {
    expect(schemaErrors(injected(), '1.27')).toEqual([expect.stringMatching(/initContainers\/1 .*: restartPolicy$/)]);
  });
});
