/** Everything that is synthesised or injected, judged by Kubernetes' own schemas; and the judge, judged by bad manifests. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ensureSchemas } from '../../scripts/kubernetes-schemas.js';
import { inject } from '../../src/constructs/inject.js';
import { Sink } from '../../src/constructs/sink.js';
import { type Container, type KubernetesObject, type PodSpec, podTemplate } from '../../src/constructs/workload.js';
import { NEWEST_VERSION, OLDEST_VERSION, schemaErrors } from '../support/kubernetes-schemas.js';
import { container, deployment, variables, workloads } from '../support/workloads.js';

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
};

/** Errors of each manifest in each version, those without left out. */
function judge(manifests: readonly KubernetesObject[]): Record<string, string[]> {
  const results = versions.flatMap((version) =>
    manifests.map((manifest) => [`${manifest.kind} in ${version}`, schemaErrors(manifest, version)] as const),
  );
  return Object.fromEntries(results.filter(([, errors]) => errors.length > 0));
}

beforeAll(async () => {
  await ensureSchemas();
}, 120_000);

describe('Kubernetes accepts every kind of workload', () => {
  test('before injection', () => {
    expect(judge(workloads())).toEqual({});
  });

  test.each(Object.entries(sinks))('injected with the sink %s', (_name, sink) => {
    const props = { sink, file: '/a.log', suppressFile: true, suppressStreams: true };
    expect(judge(workloads().map((workload) => inject(workload, props)))).toEqual({});
  });
});

describe('the example app, by the cdk8s command', () => {
  const dist = join(root, 'dist');
  let before: string[];
  let manifests: KubernetesObject[];

  beforeAll(() => {
    mkdirSync(dist, { recursive: true });
    before = readdirSync(dist);
    const env = { ...process.env, CDK8S_CHECK_UPGRADE: 'false' };
    execFileSync(join(root, 'node_modules', '.bin', 'cdk8s'), ['synth'], { cwd: root, env, stdio: 'pipe' });
    manifests = ['billing', 'shop'].flatMap((chart) =>
      parseAllDocuments(readFileSync(join(dist, `${chart}.k8s.yaml`), 'utf8')).map((document) => document.toJS()),
    );
  }, 60_000);

  test('leaves the build where it is', () => {
    expect(readdirSync(dist)).toEqual(expect.arrayContaining(before));
  });

  test('is tapped: one Deployment to CloudWatch Logs, one to OpenSearch', () => {
    expect(manifests.map(({ kind }) => kind)).toEqual(['Deployment', 'Deployment']);
    expect(manifests.map((manifest) => variables(container(manifest, 'logtap')).LOGTAP_SINK)).toEqual([
      'opensearch',
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
      /container 'app' stands twice/,
    ],
    [
      'two volumes of one name',
      (spec) => spec.volumes?.push({ name: 'logtap', emptyDir: {} }),
      /volume 'logtap' stands twice/,
    ],
    [
      'a volume of two sources',
      (spec) => Object.assign(spec.volumes![0]!, { hostPath: { path: '/' } }),
      /has 2 sources/,
    ],
    [
      'two ports of one name',
      (_, app, shipper) => Object.assign(app, { ports: shipper.ports }),
      /port name 'logtap' stands twice/,
    ],
    ['a variable twice', (_, app) => app.env?.push({ name: 'LD_PRELOAD' }), /variable 'LD_PRELOAD' stands twice/],
    ['value and valueFrom', (_, app) => Object.assign(app.env![0]!, { valueFrom: {} }), /has value and valueFrom/],
    [
      'two mounts at one path',
      (_, app) => app.volumeMounts?.push(app.volumeMounts[0]!),
      /mount path '\/.logtap' stands twice/,
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
      (_, __, shipper) => Reflect.deleteProperty(shipper, 'ports'),
      /(startup|liveness)Probe asks the unknown port 'logtap'/,
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
