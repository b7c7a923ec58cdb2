/** Every finding: what it says, that errors keep the workload from being injected, and what `accept` silences. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject, App, Chart, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import type { IConstruct } from 'constructs';
import { FindingSeverity, formatFinding, RULES } from '../../../src/constructs/findings/finding.js';
import {
  ExistingPreload,
  LibraryVolume,
  LogGroupClass,
  LogTap,
  type LogTapProps,
  Sink,
  TapStreams,
} from '../../../src/constructs/index.js';
import { defaultImage } from '../../../src/constructs/injection/image.js';
import type { KubernetesObject, PodSpec } from '../../../src/constructs/injection/workload.js';
import { podTemplate } from '../../../src/constructs/injection/workload.js';
import { deployment, podSpec, workloadOf } from '../../support/workloads.js';

const sink = Sink.stdout();
/** No registry has the default. */
const shipper = { image: 'logtap:1' };
const withDisk = { ...shipper, diskBufferMiB: 64 };
const app = podSpec().containers[0]!;
const readOnly = { ...app, securityContext: { readOnlyRootFilesystem: true } };

function annotated(annotations: Record<string, unknown>): KubernetesObject {
  const object = deployment();
  podTemplate(object).metadata = { annotations: annotations as Record<string, string> };
  return object;
}
const job = (spec: Partial<PodSpec> = {}) => workloadOf('Job', podSpec(spec));
const of = (spec: Partial<PodSpec>) => deployment(podSpec(spec));

const nodeAffinity = (...nodeSelectorTerms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const rollout = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'orders' },
  spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'orders' }, template: null },
};

const guaranteed = { ...app, resources: { limits: { cpu: 1, memory: '1Gi' }, requests: { memory: '1024Mi' } } };
const patches: [string, KubernetesObject][] = [
  ['it has no containers', { ...deployment(), spec: { replicas: 3 } }],
  ['it has no containers', { ...deployment(), spec: { template: { metadata: { labels: { a: 'b' } } } } }],
  ['it has no containers', { ...deployment(), spec: { template: { spec: { priorityClassName: 'high' } } } }],
  ["container 'app' has no image", of({ containers: [{ name: 'app', env: [{ name: 'A', value: '1' }] }, app] })],
  ["it has the field '$patch'", of({ containers: [{ ...app, $patch: 'replace' }] })],
];

const inRegion = (region: string, groupClass?: LogGroupClass) =>
  Sink.cloudWatch({ logGroup: '/shop', region, ...(groupClass !== undefined && { groupClass }) });
const frankfurt = inRegion('eu-central-1');
const virginia = inRegion('us-east-1');
const tenMillion = { recordsPerDay: 10_000_000, bytesPerRecord: 174 };
const withAudit = of({ containers: ['app', 'audit'].map((name) => ({ ...app, name })) });

const inNamespace = (namespace: string, labels: Record<string, string> = {}): KubernetesObject => {
  const object = deployment();
  podTemplate(object).metadata = { labels };
  return { ...object, metadata: { ...object.metadata, namespace } };
};

const cases: [string, KubernetesObject, Partial<LogTapProps>, string][] = [
  [
    'LT001',
    job(),
    { kubernetesVersion: '1.28', accept: ['LT037'] },
    "LT001 Job/orders: a classic sidecar ends when no process has written for 30 seconds; if no process ever writes, the pod never completes: use native sidecars (Kubernetes 1.29 or newer), or set 'activeDeadlineSeconds' (docs/reference/findings.md#lt001)",
  ],
  [
    'LT002',
    deployment(),
    { containers: ['app', 'db'] },
    'LT002 Deployment/orders: \'containers\' ("db") must name containers of the pod: use some of app (docs/reference/findings.md#lt002)',
  ],
  [
    'LT025',
    deployment(),
    { excludeContainers: ['db'] },
    'LT025 Deployment/orders: \'excludeContainers\' ("db") must name containers of the pod: use some of app (docs/reference/findings.md#lt025)',
  ],
  [
    'LT025',
    deployment(),
    { perContainer: { db: {} } },
    "LT025 Deployment/orders: 'perContainer' (\"db\") must name containers that are tapped: use some of app, or add it to 'containers' (docs/reference/findings.md#lt025)",
  ],
  [
    'LT002',
    annotated({ 'logtap.dev/containers': 'db' }),
    {},
    'LT002 Deployment/orders: the annotation \'logtap.dev/containers\' ("db") must name containers of the pod: use some of app (docs/reference/findings.md#lt002)',
  ],
  [
    'LT003',
    of({ containers: [{ ...app, env: [{ name: 'LD_PRELOAD', value: '/a.so' }] }] }),
    { existingPreload: ExistingPreload.ERROR },
    "LT003 Deployment/orders: container 'app' has LD_PRELOAD (\"/a.so\"): remove it, or set 'existingPreload' to chain or replace (docs/reference/findings.md#lt003)",
  ],
  [
    'LT005',
    of({ containers: [{ ...app, volumeMounts: [{ name: 'x', mountPath: '/.logtap/x' }] }] }),
    {},
    "LT005 Deployment/orders: the path /.logtap/x mounted in container 'app' is reserved for the log shipper: mount the volume elsewhere (docs/reference/findings.md#lt005)",
  ],
  [
    'LT007',
    deployment(),
    { streams: TapStreams.NONE },
    "LT007 Deployment/orders: 'streams' (none) of container 'app' leaves nothing to tap: name a 'file', or tap stdout, stderr or both (docs/reference/findings.md#lt007)",
  ],
  [
    'LT007',
    deployment(),
    { suppressFile: true },
    "LT007 Deployment/orders: 'suppressFile' of container 'app' must come with a tapped file: leave it out, or set 'file' (docs/reference/findings.md#lt007)",
  ],
  [
    'LT007',
    deployment(),
    { streams: TapStreams.NONE, file: '/a', suppressStreams: true },
    "LT007 Deployment/orders: 'suppressStreams' of container 'app' must come with a tapped stream: leave it out, or set 'streams' (docs/reference/findings.md#lt007)",
  ],
  [
    'LT007',
    deployment(),
    { excludeContainers: ['app'] },
    "LT007 Deployment/orders: no container is left to tap: name one in 'containers', or leave 'excludeContainers' out (docs/reference/findings.md#lt007)",
  ],
  [
    'LT009',
    of({ containers: [readOnly] }),
    { file: '/var/log/app.log' },
    "LT009 Deployment/orders: the root file system of container 'app' is read-only, and /var/log/app.log is not on a writable volume: mount an emptyDir at its directory (docs/reference/findings.md#lt009)",
  ],
  [
    'LT010',
    of({ volumes: [{ name: 'logtap', emptyDir: {} }] }),
    {},
    "LT010 Deployment/orders: the volume name 'logtap' is reserved for the log shipper: rename the volume (docs/reference/findings.md#lt010)",
  ],
  [
    'LT011',
    of({ nodeSelector: { 'kubernetes.io/os': 'windows' } }),
    {},
    'LT011 Deployment/orders: the pod is for Windows: leave it out of the tap (docs/reference/findings.md#lt011)',
  ],
  ...[
    { nodeSelector: { 'beta.kubernetes.io/os': 'windows' } },
    { runtimeClassName: 'windows-2019' },
    { nodeSelector: { 'node.kubernetes.io/windows-build': '10.0.20348' } },
    { os: { name: 'windows' } },
    { securityContext: { windowsOptions: { runAsUserName: 'ContainerUser' } } },
    { containers: [{ ...app, securityContext: { windowsOptions: { hostProcess: true } } }] },
    { initContainers: [{ ...app, name: 'i', securityContext: { windowsOptions: { hostProcess: true } } }] },
    ...[
      [{ key: 'kubernetes.io/os', operator: 'In', values: ['windows'] }],
      [{ key: 'kubernetes.io/os', operator: 'NotIn', values: ['linux'] }],
      [{ key: 'node.kubernetes.io/windows-build', operator: 'Exists' }],
    ].map((matchExpressions) => nodeAffinity({ matchExpressions })),
  ].map((spec): [string, KubernetesObject, Partial<LogTapProps>, string] => [
    'LT011',
    of(spec),
    {},
    'LT011 Deployment/orders: the pod is for Windows: leave it out of the tap (docs/reference/findings.md#lt011)',
  ]),
  [
    'LT028',
    {
      ...deployment(),
      metadata: { name: 'orders', ownerReferences: [{ kind: 'Kibana', name: 'k', controller: true }] },
    },
    {},
    'LT028 Deployment/orders: it is managed by Kibana/k, which would undo the tap: tap that (docs/reference/findings.md#lt028)',
  ],
  [
    'LT028',
    rollout,
    {},
    'LT028 Rollout/orders: its pods come from Deployment/orders: tap that (docs/reference/findings.md#lt028)',
  ],
  [
    'LT028',
    { ...rollout, spec: { workloadRef: { kind: 'Deployment' } } },
    {},
    'LT028 Rollout/orders: its workloadRef names no workload: give it kind and name (docs/reference/findings.md#lt028)',
  ],
  ...patches.map(([sign, patch]): [string, KubernetesObject, Partial<LogTapProps>, string] => [
    'LT028',
    patch,
    {},
    `LT028 Deployment/orders: it is a patch of a workload: ${sign}: tap the output of \`kubectl kustomize\` (docs/reference/findings.md#lt028)`,
  ]),
  [
    'LT035',
    of({ containers: [guaranteed], initContainers: [{ ...guaranteed, name: 'init' }] }),
    {},
    "LT035 Deployment/orders: the quality of service of the pod becomes Burstable, because the shipper may use more than it requests: set 'shipper.cpuLimitMillis' to 'shipper.cpuRequestMillis' and 'shipper.memoryRequestMiB' to 'shipper.memoryLimitMiB', or accept LT035 (docs/reference/findings.md#lt035)",
  ],
  [
    'LT036',
    of({
      initContainers: [
        { name: 'proxy', image: 'p', restartPolicy: 'Always' },
        { name: 'migrate', image: 'm' },
      ],
    }),
    {},
    "LT036 Deployment/orders: the native sidecar 'proxy' is an init container and not tapped, so its lines are not shipped: name every container to tap in 'containers', or name it in 'excludeContainers' (docs/reference/findings.md#lt036)",
  ],
  ...['Job', 'Pod'].map((kind): [string, KubernetesObject, Partial<LogTapProps>, string] => [
    'LT037',
    workloadOf(kind),
    {},
    `LT037 ${kind}/orders: if the ${kind} exists, \`kubectl apply\` cannot add, change or remove the tap: delete the ${kind} first, or use \`kubectl replace --force\` (docs/reference/findings.md#lt037)`,
  ]),
  [
    'LT031',
    deployment(),
    { bill: { recordsPerDay: 1 } },
    "LT031 Deployment/orders: 'bill' has no effect without a sink of CloudWatch Logs: leave it out (docs/reference/findings.md#lt031)",
  ],
  [
    'LT038',
    { ...deployment(), spec: { ...(deployment().spec as object), replicas: 3 } },
    { sink: frankfurt, bill: { recordsPerDay: 10_000_000, bytesPerRecord: 174 } },
    // 3 pods * 10^7 * (174 + 26) bytes * 365 / 12 days = 182.5 GB, at 0.63 USD.
    "LT038 Deployment/orders: 10000000 records a day in each of 3 pods, 183 GB a month, are expected to cost 114.97 USD of ingest in the class STANDARD, 57.49 USD in INFREQUENT_ACCESS, by list prices of 2026-08: correct 'bill' where it is wrong (docs/reference/findings.md#lt038)",
  ],
  [
    'LT038',
    deployment(),
    {
      sink: frankfurt,
      bill: { recordsPerDay: 1_000_000, bytesPerRecord: 974, pods: 2, usdPerGb: 0.1, usdPerMonth: 7 },
    },
    "LT038 Deployment/orders: 1000000 records a day in each of 2 pods, 61 GB a month, are expected to cost 6.08 USD of ingest in the class STANDARD, by the price of 'bill.usdPerGb': correct 'bill' where it is wrong (docs/reference/findings.md#lt038)",
  ],
  [
    'LT038',
    deployment(),
    { sink: inRegion('mx-central-1'), bill: { recordsPerDay: 1 } },
    "LT038 Deployment/orders: the price of ingest into a log group of the class STANDARD in mx-central-1 is not known: list prices are known for the classes STANDARD and INFREQUENT_ACCESS in ap-northeast-1, ap-northeast-2, eu-central-1, eu-west-1, us-east-1, us-east-2, us-west-2: set 'bill.usdPerGb' (docs/reference/findings.md#lt038)",
  ],
  [
    'LT039',
    deployment(),
    {
      sink: inRegion('eu-central-1', LogGroupClass.INFREQUENT_ACCESS),
      bill: { recordsPerDay: 10_000_000, bytesPerRecord: 174, usdPerMonth: 19 },
    },
    "LT039 Deployment/orders: 10000000 records a day in each of 1 pods, 61 GB a month, are expected to cost 19.16 USD of ingest in the class INFREQUENT_ACCESS, which is above 'bill.usdPerMonth' (19): withhold records with 'rules' or 'budget', or raise 'bill.usdPerMonth' (docs/reference/findings.md#lt039)",
  ],
  [
    'LT039',
    deployment(),
    { sink: inRegion('eu-central-1', LogGroupClass.DELIVERY), bill: { recordsPerDay: 1, usdPerMonth: 19 } },
    "LT039 Deployment/orders: the price of ingest into a log group of the class DELIVERY in eu-central-1 is not known: list prices are known for the classes STANDARD and INFREQUENT_ACCESS in ap-northeast-1, ap-northeast-2, eu-central-1, eu-west-1, us-east-1, us-east-2, us-west-2: set 'bill.usdPerGb' (docs/reference/findings.md#lt039)",
  ],
  [
    'LT031',
    withAudit,
    { sink: frankfurt, perContainer: { audit: { bill: { recordsPerDay: 1 } } } },
    "LT031 Deployment/orders: 'perContainer.audit.bill' has no effect without a log group of the container's own: add its records to 'bill' (docs/reference/findings.md#lt031)",
  ],
  [
    'LT031',
    withAudit,
    { perContainer: { audit: { sink, bill: { recordsPerDay: 1 } } } },
    "LT031 Deployment/orders: 'perContainer.audit.bill' has no effect without a log group of the container's own: leave it out (docs/reference/findings.md#lt031)",
  ],
  [
    'LT031',
    withAudit,
    { bill: { recordsPerDay: 1 }, perContainer: { audit: { sink: frankfurt } } },
    "LT031 Deployment/orders: 'bill' has no effect without a sink of CloudWatch Logs: give it to the container: 'perContainer.audit.bill' (docs/reference/findings.md#lt031)",
  ],
  [
    'LT038',
    withAudit,
    // 10 * 10^6 * (174 + 26) bytes * 365 / 12 days = 60.8 GB, at 0.5 USD.
    { perContainer: { audit: { sink: virginia, bill: { recordsPerDay: 1_000_000, bytesPerRecord: 174, pods: 10 } } } },
    "LT038 Deployment/orders: 1000000 records a day of container 'audit' in each of 10 pods, 61 GB a month, are expected to cost 30.42 USD of ingest in the class STANDARD, 15.21 USD in INFREQUENT_ACCESS, by list prices of 2026-08: correct 'perContainer.audit.bill' where it is wrong (docs/reference/findings.md#lt038)",
  ],
  [
    'LT039',
    withAudit,
    {
      ...{ sink: frankfurt, accept: ['LT038'], bill: { ...tenMillion, usdPerMonth: 100 } },
      perContainer: { audit: { sink: virginia } },
    },
    "LT039 Deployment/orders: the cost of the records of container 'audit', which go to /shop, is not known: set 'perContainer.audit.bill' (docs/reference/findings.md#lt039)",
  ],
  [
    'LT039',
    withAudit,
    {
      ...{ sink: frankfurt, accept: ['LT038'], bill: tenMillion },
      perContainer: { audit: { sink: virginia, bill: { ...tenMillion, usdPerMonth: 30 } } },
    },
    "LT039 Deployment/orders: 10000000 records a day of container 'audit' in each of 1 pods, 61 GB a month, are expected to cost 30.42 USD of ingest in the class STANDARD, which is above 'perContainer.audit.bill.usdPerMonth' (30): withhold records with 'rules' or 'budget', use 'groupClass' INFREQUENT_ACCESS, or raise 'perContainer.audit.bill.usdPerMonth' (docs/reference/findings.md#lt039)",
  ],
  [
    'LT043',
    inNamespace('n'.repeat(60)),
    { sink: Sink.firehose({ deliveryStream: 'logs-{namespace}', region: 'eu-central-1' }) },
    `LT043 Deployment/orders: the name 'logs-{namespace}' in the sink becomes 'logs-${'n'.repeat(60)}', which must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, with nothing in braces but {namespace} {label:NAME} {annotation:NAME} {field:NAME}: give the name of the stream, not its ARN, or change the values (docs/reference/findings.md#lt043)`,
  ],
  [
    'LT043',
    inNamespace('shop', { app: '' }),
    { sink: Sink.cloudWatch({ logGroup: '/{label:app}', region: 'eu-central-1' }) },
    "LT043 Deployment/orders: the name '/{label:app}' in the sink refers to an empty value: leave it out, or give it a value (docs/reference/findings.md#lt043)",
  ],
  [
    'LT043',
    deployment(),
    {
      fields: { constants: { tier: '_web' } },
      perContainer: { app: { sink: Sink.openSearch({ url: 'http://os:9200', dataStream: '{field:tier}' }) } },
    },
    "LT043 Deployment/orders: the name '{field:tier}' in the sink becomes '_web', which must be lower case, at most 255 bytes, without \\ / * ? \" < > | , # : and spaces, not start with - _ +, and have only yyyy MM dd HH and - . _, or namespace, label:NAME, annotation:NAME, field:NAME in braces: rename the index, or change the values (docs/reference/findings.md#lt043)",
  ],
  [
    'LT040',
    of({ containers: [app, { name: 'istio-proxy', image: 'p' }] }),
    { sink: Sink.openSearch({ url: 'https://os:9200' }) },
    "LT040 Deployment/orders: the proxy 'istio-proxy' is an ordinary container that ends before the shipper, whose connections to port 9200 go through it: set 'shipper.runAsUser' to 1337 to pass it by, make the proxy a native sidecar, or accept LT040 (docs/reference/findings.md#lt040)",
  ],
  [
    'LT040',
    of({ containers: [app, { name: 'linkerd-proxy', image: 'p' }] }),
    { sink: frankfurt, shipper: { ...shipper, fixedUser: false } },
    "LT040 Deployment/orders: the proxy 'linkerd-proxy' is an ordinary container that ends before the shipper, whose connections to port 443 go through it: name the port in 'config.linkerd.io/skip-outbound-ports' before the mesh changes the manifest, make the proxy a native sidecar, or accept LT040 (docs/reference/findings.md#lt040)",
  ],
  [
    'LT012',
    deployment(),
    { nativeSidecar: true, kubernetesVersion: 'v1.28.3' },
    "LT012 Deployment/orders: 'nativeSidecar' (true) needs Kubernetes 1.29 or newer, but 'kubernetesVersion' is v1.28.3: leave 'nativeSidecar' out (docs/reference/findings.md#lt012)",
  ],
  [
    'LT044',
    deployment(),
    { library: LibraryVolume.IMAGE, kubernetesVersion: 'v1.34.2' },
    "LT044 Deployment/orders: 'library' (image) needs Kubernetes 1.35 or newer, but 'kubernetesVersion' is 1.34: leave 'library' out, or accept LT044 if the feature gate ImageVolume is on (docs/reference/findings.md#lt044)",
  ],
  [
    'LT013',
    of({ containers: [{ ...app, env: [{ name: 'LLT_TAP_INTO', value: '1' }] }] }),
    {},
    "LT013 Deployment/orders: the variable LLT_TAP_INTO of container 'app' is reserved for the log shipper: remove it, and set the corresponding property (docs/reference/findings.md#lt013)",
  ],
  [
    'LT015',
    of({ containers: [{ ...app, image: 'gcr.io/distroless/static-debian12:nonroot' }] }),
    {},
    "LT015 Deployment/orders: the image 'gcr.io/distroless/static-debian12:nonroot' of container 'app' is for statically linked programs, which the library cannot tap: run `logtap doctor PROGRAM`, and accept LT015 if the program is linked dynamically (docs/reference/findings.md#lt015)",
  ],
  [
    'LT019',
    of({ containers: [app, app] }),
    {},
    "LT019 Deployment/orders: the container name 'app' occurs twice: give each container a unique name (docs/reference/findings.md#lt019)",
  ],
  [
    'LT023',
    of({ containers: [{ ...app, envFrom: [{ configMapRef: { name: 'x' } }] }] }),
    {},
    "LT023 Deployment/orders: container 'app' reads variables from the cluster (envFrom); injection replaces an LD_PRELOAD among them: if there is one, name it in `env` with valueFrom, so that it stays behind the library (docs/reference/findings.md#lt023)",
  ],
  [
    'LT024',
    annotated({ 'logtap.dev/inject': 'yes' }),
    {},
    'LT024 Deployment/orders: the annotation \'logtap.dev/inject\' ("yes") must be enabled or disabled: correct it, or leave it out (docs/reference/findings.md#lt024)',
  ],
  [
    'LT026',
    of({ hostNetwork: true }),
    {},
    "LT026 Deployment/orders: the pod uses the network of its node, where only one shipper can use port 9598: remove hostNetwork, or give the shippers of a node different ports with 'shipper.statusPort' (docs/reference/findings.md#lt026)",
  ],
  [
    'LT029',
    deployment(),
    { shipper: {} },
    `LT029 Deployment/orders: the image '${defaultImage()}' of the injected containers is in no registry: build it, push it to yours, and set 'shipper.image' (--image); accept LT029 if the nodes have it (docs/reference/findings.md#lt029)`,
  ],
  [
    'LT030',
    of({ initContainers: [{ name: 'fetch', image: 'x' }], serviceAccountName: 'reads-s3' }),
    { sink: Sink.cloudWatch({ logGroup: 'g', region: 'eu-central-1' }), keepAwsCredentials: false },
    "LT030 Deployment/orders: 'keepAwsCredentials' (false) takes the AWS credentials of the service account 'reads-s3' from 'app', 'fetch': leave it out if the application uses AWS, or accept LT030 (docs/reference/findings.md#lt030)",
  ],
  [
    'LT042',
    deployment(),
    { sink: Sink.all([Sink.s3({ bucket: 'archive', region: 'eu-central-1' }), frankfurt]), shipper: withDisk },
    'LT042 Deployment/orders: `logtap audit` proves what is in cloudwatch, and cannot read s3: trust the counts of the shipper for the others, compare the ids of lines yourself, or accept LT042 (docs/reference/findings.md#lt042)',
  ],
  [
    'LT042',
    deployment(),
    {
      sink: Sink.openSearch({ url: 'https://os:9200' }),
      perContainer: { app: { sink: Sink.firehose({ deliveryStream: 'orders', region: 'eu-central-1' }) } },
    },
    'LT042 Deployment/orders: `logtap audit` proves what is in opensearch, and cannot read firehose: trust the counts of the shipper for the others, compare the ids of lines yourself, or accept LT042 (docs/reference/findings.md#lt042)',
  ],
  [
    'LT027',
    of({ volumes: [{ name: 'log', emptyDir: {} }] }),
    { sink: Sink.file({ volume: 'logs', path: '/logs/app.ndjson' }) },
    "LT027 Deployment/orders: the sink's volume 'logs' must be one of the pod's: add the volume, or correct the name (docs/reference/findings.md#lt027)",
  ],
];

describe.each(cases)('%s', (code, manifest, given, message) => {
  const props = { sink, shipper, ...given };
  const { severity } = RULES[code as keyof typeof RULES];

  test('is the only finding', () => {
    expect(LogTap.check(manifest, props).map(formatFinding)).toEqual([message]);
    expect(LogTap.check(manifest, props)).toMatchObject([{ code, severity }]);
  });

  test(severity === FindingSeverity.ERROR ? 'keeps the workload from being injected' : 'lets it be injected', () => {
    const act = () => LogTap.inject(manifest, props);
    if (severity === FindingSeverity.ERROR) expect(act).toThrow(new Error(message));
    else expect(act).not.toThrow();
  });
});

/** 60.8 GB each: 38.33 USD in eu-central-1, and half of 30.42 USD in the other class in us-east-1. */
test.each([
  [54, 'LT038', ': correct'],
  [53, 'LT039', ", which is above 'bill.usdPerMonth' (53): withhold"],
])('a limit of %d USD is one for the sinks of all containers: %s', (usdPerMonth, code, more) => {
  const own = inRegion('us-east-1', LogGroupClass.INFREQUENT_ACCESS);
  const findings = LogTap.check(withAudit, {
    ...{ sink: Sink.all([frankfurt, Sink.stdout()]), shipper, bill: { ...tenMillion, usdPerMonth } },
    perContainer: { audit: { sink: own, bill: tenMillion } },
  });
  const texts = findings.map(formatFinding);
  expect(texts.slice(0, 2)).toMatchObject(
    [/^LT038 .* 38.33 USD/, /^LT038 .*'audit'.* 15.21 USD/].map(expect.stringMatching),
  );
  expect(texts.slice(2)).toEqual([
    expect.stringContaining(
      `the records of the pod, 'audit' together are expected to cost 53.53 USD of ingest a month${more}`,
    ),
  ]);
  expect(findings[2]?.code).toBe(code);
});

test('an annotation that sends the records of a container to the group of the pod makes its bill one without an effect', () => {
  const workload = structuredClone(withAudit);
  podTemplate(workload).metadata = { annotations: { 'audit.logtap.dev/sink': 'cloudwatch' } };
  const perContainer = { audit: { sink: virginia, bill: tenMillion } };
  const findings = LogTap.check(workload, { sink: frankfurt, shipper, bill: tenMillion, perContainer });
  expect(findings.map(({ code }) => code).sort()).toEqual(['LT031', 'LT038']);
});

test('LT001 does not arise with a deadline, with native sidecars, or in a pod that runs until it is deleted', () => {
  const cron = workloadOf('CronJob') as KubernetesObject & { spec: { jobTemplate: { spec: object } } };
  Object.assign(cron.spec.jobTemplate.spec, { activeDeadlineSeconds: 600 });
  const accept = ['LT037'];
  const classic = { sink, shipper, nativeSidecar: false, accept };
  expect(LogTap.check(job({ activeDeadlineSeconds: 60 }), classic)).toEqual([]);
  expect(LogTap.check(cron, classic)).toEqual([]);
  expect(LogTap.check(job(), { sink, shipper, accept })).toEqual([]);
  expect(LogTap.check(deployment(), classic)).toEqual([]);
});

test('LT035 does not arise for a pod of another class, with resources of the pod, or with a shipper of the same class', () => {
  const codes = (spec: Partial<PodSpec>, options = {}) =>
    LogTap.check(of(spec), { sink, shipper: { ...shipper, ...options } }).map(({ code }) => code);
  const containers = [guaranteed];
  expect(codes({ containers })).toEqual(['LT035']);
  const less = { limits: { cpu: 1, memory: '1Gi' }, requests: { cpu: '999m' } };
  expect(codes({ containers: [{ ...app, resources: less }] })).toEqual([]);
  expect(codes({ containers, initContainers: [{ name: 'i', image: 'i' }] })).toEqual([]);
  expect(codes({ containers, resources: { requests: { cpu: 1 } } })).toEqual([]);
  const same = { cpuRequestMillis: 500, cpuLimitMillis: 500, memoryRequestMiB: 256 };
  expect(codes({ containers }, same)).toEqual([]);
  expect(codes({ containers }, { ...same, installer: { memoryRequestMiB: 100 } })).toEqual(['LT035']);
});

test('LT036 does not arise if the sidecar is tapped or excluded by name', () => {
  const initContainers = [{ name: 'proxy', image: 'p', restartPolicy: 'Always' }];
  for (const names of [{ containers: ['app', 'proxy'] }, { excludeContainers: ['proxy'] }]) {
    expect(LogTap.check(of({ initContainers }), { sink, shipper, ...names })).toEqual([]);
  }
});

test('LT037 does not arise for a Job whose name the API server makes, or whose CronJob makes it', () => {
  const { name: _name, ...metadata } = { ...job().metadata, generateName: 'orders-' };
  expect(LogTap.check({ ...job(), metadata }, { sink, shipper })).toEqual([]);
  expect(LogTap.check(workloadOf('CronJob'), { sink, shipper })).toEqual([]);
});

test('a workload that lost its containers is malformed, and no patch', () => {
  for (const lost of [{ template: { spec: {} } }, { selector: {}, template: { spec: { volumes: [] } } }]) {
    expect(() => LogTap.check({ ...deployment(), spec: lost }, { sink, shipper })).toThrow(
      /must be a list with at least/,
    );
  }
});

test('a patch of a workload is neither injected nor uninjected; OpenShift may fill in an image', () => {
  for (const [, patch] of patches) {
    expect(LogTap.inject(patch, { sink, shipper })).toEqual(patch);
    expect(LogTap.uninject(patch)).toEqual(patch);
  }
  const config = {
    ...of({ containers: [{ name: 'app' }] }),
    apiVersion: 'apps.openshift.io/v1',
    kind: 'DeploymentConfig',
  };
  expect(LogTap.check(config, { sink, shipper })).toEqual([]);
});

test('LT026 does not arise with another port', () => {
  const props = { sink, shipper: { ...shipper, statusPort: 9600 } };
  expect(LogTap.check(of({ hostNetwork: true }), props)).toEqual([]);
});

test('LT009 does not arise if the file is on a writable volume', () => {
  const at = (mountPath: string, readOnlyMount = false) =>
    LogTap.check(
      of({ containers: [{ ...readOnly, volumeMounts: [{ name: 'x', mountPath, readOnly: readOnlyMount }] }] }),
      { sink, shipper, file: '/var/log/app/**/*.log' },
    ).map(({ code }) => code);
  expect(at('/var/log')).toEqual([]);
  expect(at('/var/log/app/')).toEqual([]);
  expect(at('/var/lo')).toEqual(['LT009']);
  expect(at('/var/log', true)).toEqual(['LT009']);
});

test('LT023 does not arise if the library replaces the preload list', () => {
  const manifest = of({ containers: [{ ...app, envFrom: [{ configMapRef: { name: 'x' } }] }] });
  expect(LogTap.check(manifest, { sink, shipper, existingPreload: ExistingPreload.REPLACE })).toEqual([]);
});

test('an object that is not a workload has no findings', () => {
  expect(LogTap.check({ apiVersion: 'v1', kind: 'Service' }, { sink, containers: ['db'] })).toEqual([]);
});

test('several errors come in one message', () => {
  const manifest = of({ volumes: [{ name: 'logtap', emptyDir: {} }] });
  expect(() => LogTap.inject(manifest, { sink, containers: ['db'] })).toThrow(/^LT002 .*\nLT010 .*$/);
});

describe('accept', () => {
  test('suppresses a code, and with LT012 the workload is injected', () => {
    const props = { sink, shipper, nativeSidecar: true, kubernetesVersion: '1.28', accept: ['LT012'] };
    expect(LogTap.check(deployment(), props)).toEqual([]);
    expect(podTemplate(LogTap.inject(deployment(), props)).spec.initContainers).toHaveLength(2);
  });

  test.each(['LT002', 'LT999', 'lt009'])('refuses %s', (code) => {
    expect(() => LogTap.check(deployment(), { sink, accept: [code] })).toThrow(
      new RegExp(`'accept' \\("${code}"\\) must be one of LT001, LT009, LT012, .*correct their cause`),
    );
  });
});

describe('at synthesis', () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  afterEach(() => warn.mockClear());
  afterAll(() => warn.mockRestore());

  const chartWith = (props: LogTapProps) => {
    const chart = new Chart(new App(), 'shop');
    const containers = [{ name: 'app', image: 'orders:4.2' }];
    LogTap.tap(new kplus.Deployment(chart, 'w', { containers, isolate: true, metadata: { name: 'w' } }), props);
    return chart;
  };

  test('a warning appears once on standard error, with the path of its object', () => {
    const chart = chartWith({ sink, shipper, file: '/var/log/app.log' });
    Testing.synth(chart);
    Testing.synth(chart);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^\[shop\/w\/Resource\] warning LT009 Deployment\/w: /)]]);
  });

  test('an accepted warning does not appear', () => {
    Testing.synth(chartWith({ sink, shipper, file: '/var/log/app.log', accept: ['LT009'] }));
    expect(warn).not.toHaveBeenCalled();
  });

  test('errors fail the synthesis, all at once, each with its path', () => {
    expect(() => Testing.synth(chartWith({ sink, shipper, containers: ['db'], suppressFile: true }))).toThrow(
      /\[shop\/w\/Resource\] LT002 Deployment\/w: /,
    );
  });

  test('LT016: a NetworkPolicy without egress', () => {
    const remote = Sink.openSearch({ url: 'https://os:9200' });
    Testing.synth(chartWith({ shipper, sink: remote }));
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/warning LT016 Deployment\/w: NetworkPolicy\/\S+ selects its pods and allows no egress/)],
    ]);
    warn.mockClear();
    Testing.synth(chartWith({ shipper, sink: remote, accept: ['LT016'] }));
    Testing.synth(chartWith({ sink, shipper }));
    expect(warn).not.toHaveBeenCalled();
  });

  test('LT016: a policy is rendered once per validation, regardless of the number of workloads, with its state at that time', () => {
    const chart = Testing.chart();
    for (const id of ['a', 'b', 'c', 'd']) {
      new kplus.Deployment(chart, id, { containers: [{ image: 'app' }], isolate: true });
    }
    LogTap.tap(chart, { shipper, sink: Sink.openSearch({ url: 'https://os:9200' }) });
    const isPolicy = (construct: IConstruct) => ApiObject.isApiObject(construct) && construct.kind === 'NetworkPolicy';
    const policy = chart.node.findAll().find(isPolicy) as ApiObject;
    policy.addJsonPatch(JsonPatch.replace('/spec/egress', [{}]));
    const render = jest.spyOn(policy, 'toJson');
    Testing.synth(chart);
    // For the validation, and for the manifest.
    expect(render).toHaveBeenCalledTimes(2);
    expect(warn).toHaveBeenCalledTimes(3);
    policy.addJsonPatch(JsonPatch.remove('/spec/egress'));
    Testing.synth(chart);
    expect(warn).toHaveBeenCalledTimes(4);
  });
});

test('the page has every code with its severity and acceptance', () => {
  const page = readFileSync(join(__dirname, '../../../docs/reference/findings.md'), 'utf8');
  const documented = [...page.matchAll(/^### (LT\d{3})\n\n\*(error|warning|info)(, can be accepted)?\*/gm)].map(
    ([, code, severity, accept]) => [code, severity, accept !== undefined],
  );
  const known = Object.entries<{ severity: string; canAccept?: boolean }>(RULES);
  expect(documented).toEqual(known.map(([code, { severity, canAccept }]) => [code, severity, canAccept === true]));
});
