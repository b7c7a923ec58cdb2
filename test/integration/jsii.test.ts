/** The constructs from other languages: jsii takes every public name, and a Python program gives the same manifests. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureJsii, PYTHON_PACKAGES } from '../../scripts/jsii.js';
import { ABOUT_NODE, generatePython, PYTHON_MODULE, runJsii, writeJsiiPackage } from '../../scripts/python-package.js';
import { describeWith } from '../support/capability.js';
import { runPage, stepsOf } from '../support/page.js';
import { publicNames } from '../support/public-names.js';
import { root, run, temporaryDirectory } from '../support/run.js';

jest.setTimeout(240_000);

const PROVIDER = 'arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC';

/** What is asked of both languages: each kind of property and construct, in a wrapper, in a scope and on plain data. */
const TYPESCRIPT = `
import { ApiObject, App, Chart } from 'cdk8s';
import { Job } from 'cdk8s-plus-28';
import {
  AwsIdentity, EventMode, LogTap, LogTapAws, LogTapDefaults, LogTapPolicy, OpenSearchSchema, ProofJob, RedactionKind,
  ShipperExternalSecret, Sink, TappedDeployment, TapStreams,
} from 'cdk8s-logtap';

const app = new App();
const shop = new Chart(app, 'shop');
const orders = new TappedDeployment(shop, 'Orders', {
  containers: [{ name: 'orders', image: 'orders:4.2' }],
  tap: {
    sink: Sink.cloudWatch({ logGroup: '/shop/orders', region: 'eu-central-1', retentionDays: 30 }),
    file: '/var/log/orders.log',
    suppressFile: true,
    shipper: { image: 'logtap:1' },
  },
});
orders.addContainer({ name: 'late', image: 'late:1' });
const nightly = new Chart(app, 'nightly');
LogTap.tap(nightly, {
  sink: Sink.openSearch({
    url: 'https://search:9200',
    schema: OpenSearchSchema.ECS,
    username: 'shipper',
    passwordSecret: { name: 'search', key: 'password' },
  }),
  streams: TapStreams.STDERR,
  containers: ['report'],
  accept: ['LT029'],
});
new Job(nightly, 'Report', { containers: [{ name: 'report', image: 'report:1' }, { name: 'other', image: 'other:1' }] });
const plain = LogTap.inject(
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'plain' }, spec: { containers: [{ name: 'a', image: 'a:1' }] } },
  { sink: Sink.stdout(), shipper: { drainSeconds: 5 } },
);
new ApiObject(new Chart(app, 'plain'), 'Pod', plain);
const team = new Chart(app, 'team', { namespace: 'team' });
LogTapDefaults.set(team, { shipper: { image: 'logtap:1', labels: { team: 'logs' } } });
const search = Sink.openSearch({ url: 'https://search:9200' });
const cloud = Sink.cloudWatch({ logGroup: '/team', region: 'eu-central-1' });
new TappedDeployment(team, 'Web', {
  containers: [{ name: 'web', image: 'web:1' }, { name: 'app', image: 'app:1' }],
  tap: {
    sink: Sink.all([search, Sink.tcp({ host: 'collector', port: 9000 })]),
    perContainer: {
      web: { sink: cloud, streams: TapStreams.STDERR, redact: { kinds: [RedactionKind.EMAIL] } },
      app: { events: { mode: EventMode.INDENT } },
    },
  },
});
new ProofJob(team, 'Proof', { tap: { sink: search }, lines: 50_000, podLabels: { app: 'proof' } });
new LogTapPolicy(team, 'Policy', { name: 'team', tap: { sink: search } });
new LogTapAws(team, 'Aws', { sink: cloud, identity: AwsIdentity.irsaRole('${PROVIDER}') });
new ShipperExternalSecret(team, 'External', { store: 'vault', keys: { password: { key: 'team/search', property: 'password' } } });
const [finding] = LogTap.check(LogTap.uninject(plain), { sink: Sink.stdout() });
new ApiObject(team, 'Found', { apiVersion: 'v1', kind: 'ConfigMap', data: { code: finding!.code, message: finding!.message } });
app.synth();
`;

const PYTHON = `
from cdk8s import ApiObject, App, Chart, JsonPatch
from cdk8s_plus_28 import ContainerProps, Job
from ${PYTHON_MODULE} import (
    AddedRedaction, AwsIdentity, ContainerOptions, EventMode, EventOptions, LogTap, LogTapAws, LogTapDefaults, LogTapPolicy, LogTapProps,
    OpenSearchSchema, ProofJob, RedactionKind, RemoteSecretKey, SecretKey, ShipperExternalSecret, ShipperOptions, Sink, TappedDeployment,
    TapStreams,
)

app = App()
shop = Chart(app, "shop")
orders = TappedDeployment(
    shop, "Orders",
    containers=[ContainerProps(name="orders", image="orders:4.2")],
    tap=LogTapProps(
        sink=Sink.cloud_watch(log_group="/shop/orders", region="eu-central-1", retention_days=30),
        file="/var/log/orders.log",
        suppress_file=True,
        shipper=ShipperOptions(image="logtap:1"),
    ),
)
orders.add_container(name="late", image="late:1")
nightly = Chart(app, "nightly")
LogTap.tap(
    nightly,
    sink=Sink.open_search(
        url="https://search:9200",
        schema=OpenSearchSchema.ECS,
        username="shipper",
        password_secret=SecretKey(name="search", key="password"),
    ),
    streams=TapStreams.STDERR,
    containers=["report"],
    accept=["LT029"],
)
Job(nightly, "Report", containers=[
    ContainerProps(name="report", image="report:1"), ContainerProps(name="other", image="other:1"),
])
plain = LogTap.inject(
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "plain"}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}},
    sink=Sink.stdout(), shipper=ShipperOptions(drain_seconds=5),
)
pod = ApiObject(Chart(app, "plain"), "Pod", api_version="v1", kind="Pod", metadata={"name": "plain"})
pod.add_json_patch(JsonPatch.replace("", plain))
team = Chart(app, "team", namespace="team")
LogTapDefaults.set(team, shipper=ShipperOptions(image="logtap:1", labels={"team": "logs"}))
search = Sink.open_search(url="https://search:9200")
cloud = Sink.cloud_watch(log_group="/team", region="eu-central-1")
TappedDeployment(
    team, "Web",
    containers=[ContainerProps(name="web", image="web:1"), ContainerProps(name="app", image="app:1")],
    tap=LogTapProps(
        sink=Sink.all([search, Sink.tcp(host="collector", port=9000)]),
        per_container={
            "web": ContainerOptions(
                sink=cloud, streams=TapStreams.STDERR, redact=AddedRedaction(kinds=[RedactionKind.EMAIL]),
            ),
            "app": ContainerOptions(events=EventOptions(mode=EventMode.INDENT)),
        },
    ),
)
ProofJob(team, "Proof", tap=LogTapProps(sink=search), lines=50_000, pod_labels={"app": "proof"})
LogTapPolicy(team, "Policy", name="team", tap=LogTapProps(sink=search))
LogTapAws(team, "Aws", sink=cloud, identity=AwsIdentity.irsa_role("${PROVIDER}"))
ShipperExternalSecret(team, "External", store="vault", keys={"password": RemoteSecretKey(key="team/search", property="password")})
finding = LogTap.check(LogTap.uninject(plain), sink=Sink.stdout())[0]
found = ApiObject(team, "Found", api_version="v1", kind="ConfigMap")
found.add_json_patch(JsonPatch.add("/data", {"code": finding.code, "message": finding.message}))
app.synth()
`;

/** The manifests that a program wrote, by the name of the file. */
function manifests(directory: string): Record<string, string> {
  const files = readdirSync(directory).filter((file) => file.endsWith('.k8s.yaml'));
  return Object.fromEntries(files.sort().map((file) => [file, readFileSync(join(directory, file), 'utf8')]));
}

describeWith(['jsii'], 'jsii', () => {
  let directory: string;
  let python: string;
  let compilation: ReturnType<typeof runJsii>;
  let generation: ReturnType<typeof generatePython>;

  beforeAll(() => {
    const installed = ensureJsii();
    directory = temporaryDirectory();
    python = installed.python;
    writeJsiiPackage(directory, installed.nodeModules);
    compilation = runJsii(directory, 'jsii');
    generation = generatePython(directory);
  });

  /** Where Python finds the package. */
  const modules = () => join(directory, 'dist', 'python', 'src');

  test('compiles the constructs, and every public name is in its assembly', () => {
    expect(compilation).toEqual({ code: 0, output: expect.stringContaining('Errors: 0 | Warnings: 0') });
    const { types } = JSON.parse(readFileSync(join(directory, '.jsii'), 'utf8'));
    expect(
      Object.values<{ name: string }>(types)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(publicNames());
  });

  test('a Python program gives the manifests of the same program in TypeScript', async () => {
    expect(generation).toMatchObject({ code: 0 });
    const programs = join(root, 'dist', 'jsii');
    rmSync(programs, { recursive: true, force: true });
    mkdirSync(programs, { recursive: true });
    writeFileSync(join(programs, 'main.py'), PYTHON);
    // Inside the package, so that its own name resolves to what was built.
    writeFileSync(join(programs, 'main.ts'), TYPESCRIPT);
    const [fromPython, fromTypeScript] = [temporaryDirectory(), temporaryDirectory()];
    const inPython = await run(python, [join(programs, 'main.py')], {
      env: { CDK8S_OUTDIR: fromPython, PYTHONPATH: modules() },
    });
    expect(inPython).toMatchObject({ code: 0 });
    const inTypeScript = await run(process.execPath, ['--import', 'tsx', join(programs, 'main.ts')], {
      cwd: programs,
      env: { CDK8S_OUTDIR: fromTypeScript },
    });
    expect(inTypeScript).toEqual(expect.objectContaining({ code: 0, stderr: '' }));
    const expected = manifests(fromTypeScript);
    expect(Object.keys(expected)).toEqual(['nightly.k8s.yaml', 'plain.k8s.yaml', 'shop.k8s.yaml', 'team.k8s.yaml']);
    expect(Object.values(expected).filter((text) => !text.includes('name: logtap-install'))).toEqual([]);
    expect(manifests(fromPython)).toEqual(expected);
  });

  test('the example in Python prints and writes what its page shows', async () => {
    const example = temporaryDirectory();
    cpSync(join(root, 'examples', 'python-cdk8s'), example, { recursive: true });
    const path = `${dirname(python)}:${process.env.PATH}`;
    const env = { ...ABOUT_NODE, PYTHONPATH: modules(), PATH: path, LC_ALL: 'C' };
    await runPage(stepsOf('examples/python-cdk8s/README.md'), { cwd: example, env });
    const packages = readFileSync(join(example, 'requirements.txt'), 'utf8').trim().split('\n');
    expect(PYTHON_PACKAGES).toEqual(expect.arrayContaining(packages));
  });
});
