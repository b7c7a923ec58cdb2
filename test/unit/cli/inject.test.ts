/** `logtap inject`: what it reads and writes, what it reports, and that nothing is written on any error. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { Testing, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { parseAllDocuments } from 'yaml';
import { helpOf } from '../../../src/cli/command-line/help.js';
import { INJECT } from '../../../src/cli/commands/manifests.js';
import { ALIASES, SINK_FLAGS, SINKS, sinkFlags, TAP_FLAGS } from '../../../src/cli/commands/property-flags.js';
import { checkCommand } from '../../../src/cli/manifests/check.js';
import { injectCommand } from '../../../src/cli/manifests/inject.js';
import { uninjectCommand } from '../../../src/cli/manifests/uninject.js';
import { CommandError, UsageError } from '../../../src/cli/usage.js';
import { ImagePullPolicy, LogTap, type LogTapProps, Sink, TapStreams } from '../../../src/constructs/index.js';
import { type KubernetesObject, podTemplate } from '../../../src/constructs/injection/workload.js';
import { runCommand } from '../../support/command.js';
import { inject } from '../../support/tap.js';
import { deployment, podSpec, workloads } from '../../support/workloads.js';

const run = (argv: string[], input?: string) => runCommand(injectCommand, argv, input);
const documents = (text: string) => parseAllDocuments(text).map((document) => document.toJS());
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'orders' }, spec: { ports: [{ port: 80 }] } };
const shipper = { image: 'logtap:1' };
const stdoutSink: LogTapProps = { sink: Sink.stdout(), shipper };
const stdoutFlags = ['--sink', 'stdout', '--image', 'logtap:1'];

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logtap-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('injects the same pod as the construct with the same properties', async () => {
  const props: LogTapProps = {
    sink: Sink.cloudWatch({ logGroup: '/shop/orders', region: 'eu-central-1' }),
    shipper,
    file: '/var/log/orders.log',
    suppressFile: true,
    containers: ['orders'],
  };
  const render = (isTapped: boolean) => {
    const chart = Testing.chart();
    const result = new kplus.Deployment(chart, 'Orders', {
      metadata: { name: 'orders' },
      containers: [
        {
          name: 'orders',
          image: 'orders:4.2',
          securityContext: { readOnlyRootFilesystem: false },
          envVariables: { LD_PRELOAD: kplus.EnvValue.fromValue('/opt/agent.so') },
        },
        { name: 'web', image: 'nginx:1.27' },
      ],
    });
    if (isTapped) LogTap.tap(result, props);
    return Yaml.stringify(...Testing.synth(chart));
  };
  const flags = ['--sink', 'cloudwatch', '--log-group', '/shop/orders', '--region', 'eu-central-1'];
  const taps = [
    '--tap-file',
    '/var/log/orders.log',
    '--suppress-file',
    '--containers',
    'orders',
    '--image',
    'logtap:1',
  ];
  const { stdout, stderr, code } = await run(['-', ...flags, ...taps], render(false));
  expect(stdout).toBe(render(true));
  expect(stderr).toBe('+ injected Deployment/orders\n');
  expect(code).toBe(0);
});

describe('flags become properties', () => {
  const openSearch = ['--sink', 'opensearch', '--url', 'https://os:9200', '--index', 'logs', '--username', 'u'];
  test.each<[string, string[], LogTapProps]>([
    ['stdout', ['--sink', 'stdout'], stdoutSink],
    ['streams', ['--sink', 'stdout', '--streams', 'stderr'], { ...stdoutSink, streams: TapStreams.STDERR }],
    [
      'both streams',
      ['--sink', 'stdout', '--streams', 'stderr,stdout', '--suppress'],
      { ...stdoutSink, suppressStreams: true },
    ],
    [
      'no stream',
      ['--sink', 'stdout', '--streams', 'none', '--tap-file', '/a.log'],
      { ...stdoutSink, streams: TapStreams.NONE, file: '/a.log' },
    ],
    [
      'image and drain',
      ['--sink', 'stdout', '--image', 'mirror/logtap:1', '--drain-seconds', '90'],
      { ...stdoutSink, shipper: { image: 'mirror/logtap:1', drainSeconds: 90 } },
    ],
    [
      'cloudwatch',
      [
        '--sink',
        'cloudwatch',
        '--log-group',
        'g',
        '--region',
        'eu-west-1',
        '--log-stream',
        's',
        '--no-create-log-group',
        '--endpoint',
        'http://e',
      ],
      {
        sink: Sink.cloudWatch({
          logGroup: 'g',
          region: 'eu-west-1',
          logStream: 's',
          createLogGroup: false,
          endpoint: 'http://e',
        }),
      },
    ],
    [
      'a sink of lines',
      ['--sink', 'tcp', '--host', 'logs', '--port', '5170', '--tls', '--ca-secret', 'ca/pem'],
      { sink: Sink.tcp({ host: 'logs', port: 5170, tls: true, caSecret: { name: 'ca', key: 'pem' } }) },
    ],
    [
      'a flag and its other name',
      ['--sink', 'stdout', '--file', '/a.log', '--tap-file', '/b.log', '--no-debug'],
      { ...stdoutSink, file: '/a.log:/b.log' },
    ],
    [
      'rules, one per flag, because they may contain commas',
      ['--sink', 'stdout', '--rules', 'keep text~/a{1,2}/', '--rules', 'drop level<info'],
      { ...stdoutSink, rules: ['keep text~/a{1,2}/', 'drop level<info'] },
    ],
    [
      'options of the shipper',
      ['--sink', 'stdout', '--memory-limit-mib', '512', '--image-pull-policy', 'Never'],
      { ...stdoutSink, shipper: { image: 'logtap:1', memoryLimitMiB: 512, imagePullPolicy: ImagePullPolicy.NEVER } },
    ],
    [
      'opensearch',
      [...openSearch, '--password-secret', 'os/pw'],
      {
        sink: Sink.openSearch({
          url: 'https://os:9200',
          index: 'logs',
          username: 'u',
          passwordSecret: { name: 'os', key: 'pw' },
        }),
      },
    ],
  ])('%s', async (_what, flags, props) => {
    const { stdout } = await run(['-', '-o', 'json', '--image', 'logtap:1', ...flags], JSON.stringify(deployment()));
    expect(JSON.parse(stdout)).toEqual(inject(deployment(), { shipper, ...props }));
  });
});

describe('the report', () => {
  const report = async (manifest: object, ...flags: string[]) =>
    (await run(['-', ...stdoutFlags, ...flags], JSON.stringify(manifest))).stderr;

  test('warnings follow the line of their object', async () => {
    const onHost = deployment(podSpec({ hostNetwork: true }));
    expect(await report(onHost)).toMatch(/^\+ injected Deployment\/orders\n! LT026 Deployment\/orders: .*9598.*\n$/);
    expect(await report(onHost, '--accept', 'LT026')).toBe('+ injected Deployment/orders\n');
  });

  test('a workload that opts out is skipped and loses its injection', async () => {
    const optedOut = (manifest: KubernetesObject) => {
      const copy: KubernetesObject = structuredClone(manifest);
      const template = podTemplate(copy);
      const annotations = { ...template.metadata?.annotations, 'logtap.dev/inject': 'disabled' };
      template.metadata = { ...template.metadata, annotations };
      return copy;
    };
    expect(await report(optedOut(deployment()))).toBe('- skipped Deployment/orders (logtap.dev/inject: disabled)\n');
    expect(await report(optedOut(inject(deployment(), stdoutSink)))).toBe('- uninjected Deployment/orders\n');
  });

  test.each([
    ['extensions/v1beta1', 'Deployment', { template: { spec: { containers: [] } } }, ': write it as apps/v1'],
    ['apps/v1beta2', 'StatefulSet', { template: { spec: { containers: [] } } }, ': write it as apps/v1'],
    [
      'batch/v1beta1',
      'CronJob',
      { jobTemplate: { spec: { template: { spec: { containers: [] } } } } },
      ': write it as batch/v1',
    ],
    ['v1', 'DeploymentConfig', { template: { spec: { containers: [] } } }, ': write it as apps.openshift.io/v1'],
    ['imagepolicy.k8s.io/v1alpha1', 'ImageReview', { a: { spec: { containers: [] } } }, ''],
    [
      'example.com/v1',
      'Fleet',
      { groups: [{ pod: { spec: { containers: [] } } }] },
      ': if its controller makes its pods of it, give --pod-template example.com/v1/Fleet=/spec/groups/*/pod',
    ],
  ])('%s %s has pods that are not tapped, and it says so', async (apiVersion, kind, spec, remedy) => {
    expect(await report({ apiVersion, kind, metadata: { name: 'a' }, spec })).toBe(
      `- skipped ${kind}/a (it has pods, but ${apiVersion} ${kind} is not a known kind${remedy})\n`,
    );
  });

  test('the copy of a static pod is skipped, as by a policy', async () => {
    const copy = {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: {
        ...{ name: 'x', annotations: { 'kubernetes.io/config.mirror': 'f00d' } },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u', controller: true }],
      },
      spec: podTemplate(deployment()).spec,
    };
    expect(await report(copy)).toBe('- skipped Pod/x (the kubelet runs it from a file on its node: tap that file)\n');
  });

  const ray = (more: object) => ({
    ...{ apiVersion: 'ray.io/v1', kind: 'RayJob', metadata: { name: 'a' } },
    spec: { rayClusterSpec: { headGroupSpec: { template: podTemplate(deployment()) } }, ...more },
  });

  test('every template of a known kind is tapped, as that of the submitter of a RayJob', async () => {
    expect(await report(ray({ submitterPodTemplate: podTemplate(deployment()) }))).toBe(
      '+ injected RayJob/a (rayClusterSpec/headGroupSpec)\n+ injected RayJob/a (submitterPodTemplate)\n',
    );
  });

  test('pods of a known kind beside those that are tapped are named', async () => {
    expect(await report(ray({ watchers: [{ pod: podTemplate(deployment()) }] }))).toBe(
      '+ injected RayJob/a\n- skipped RayJob/a at /spec/watchers/*/pod (no known template of ray.io/v1 RayJob: if its controller makes its pods of it, give --pod-template ray.io/v1/RayJob=/spec/watchers/*/pod)\n',
    );
  });

  test.each([
    ['argoproj.io/v1alpha1', 'Workflow', /its steps are containers.*: start their programs with `logtap run`/],
    ['argoproj.io/v1alpha1', 'CronWorkflow', /its steps are containers/],
    ['tekton.dev/v1', 'Task', /its steps are containers/],
    ['serving.knative.dev/v1', 'Service', /Knative accepts no grace period and no hook/],
    ['template.openshift.io/v1', 'Template', /its objects have parameters.*`oc process --local -o yaml`/],
    ['kibana.k8s.elastic.co/v1', 'Kibana', /it has no pod template at \/spec\/podTemplate: add one with the container/],
  ])('%s %s is skipped with the reason', async (apiVersion, kind, says) => {
    const manifest = { apiVersion, kind, metadata: { name: 'a' }, spec: { templates: [{ name: 'b', container: {} }] } };
    const said = await report(manifest);
    expect(said).toMatch(new RegExp(`^- skipped ${kind}/a \\(`));
    expect(said).toMatch(says);
    const checked = await runCommand(checkCommand, ['-', ...stdoutFlags], JSON.stringify(manifest));
    expect(checked.stdout).toMatch(says);
  });

  test('each pod template inside an object has its line, and a skipped one its reason', async () => {
    const spec = podSpec();
    const ray = {
      apiVersion: 'ray.io/v1',
      kind: 'RayCluster',
      metadata: { name: 'r' },
      spec: {
        headGroupSpec: { template: { spec } },
        workerGroupSpecs: [
          { groupName: 'cpu', template: { metadata: { annotations: { 'logtap.dev/inject': 'disabled' } }, spec } },
          { groupName: 'gpu', template: { spec: { nodeSelector: {} } } },
        ],
      },
    };
    const { stdout, stderr } = await run(['-', ...stdoutFlags], JSON.stringify(ray));
    expect(stderr.split('\n')).toEqual([
      '+ injected RayCluster/r (headGroupSpec)',
      '- skipped RayCluster/r (workerGroupSpecs/cpu) (logtap.dev/inject: disabled)',
      '- skipped RayCluster/r (workerGroupSpecs/gpu) (its pod template has no containers: add the container to tap, by the name that its operator gives it)',
      '',
    ]);
    expect(JSON.parse(stdout)).toEqual(inject(ray, stdoutSink));
  });

  test('--pod-template names the templates of an own kind', async () => {
    const fleet = { apiVersion: 'example.com/v1', kind: 'Fleet', metadata: { name: 'f' }, spec: { a: {}, b: {} } };
    const manifest = { ...fleet, spec: { a: { template: { spec: podSpec() } }, b: { pod: { spec: podSpec() } } } };
    const flags = ['/spec/a/template', '/spec/b/*'].flatMap((each) => [
      '--pod-template',
      `example.com/v1/Fleet=${each}`,
    ]);
    expect(await report(manifest, ...flags)).toBe('+ injected Fleet/f (a)\n+ injected Fleet/f (b/pod)\n');
    const { error } = await run(['-', ...stdoutFlags, '--pod-template', 'Fleet'], JSON.stringify(manifest));
    expect(error).toBeInstanceOf(UsageError);
    expect(error?.message).toMatch(/^--pod-template \(Fleet\) must be KIND=POINTER, such as example.com/);
  });
});

describe('input', () => {
  test('injects documents, Lists and every kind of workload, and leaves other objects unchanged', async () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [service, ...workloads()] };
    const { stdout, stderr } = await run(['-', ...stdoutFlags], Yaml.stringify(deployment(), list));
    expect(documents(stdout)).toEqual([deployment(), list].map((manifest) => inject(manifest, stdoutSink)));
    expect(stderr.split('\n')).toEqual([
      '+ injected Deployment/orders',
      '= unchanged Service/orders',
      ...workloads().map(({ kind }) => `+ injected ${kind}/orders`),
      '',
    ]);
  });

  test('lists of one kind, as the API server returns them, and lists of other kinds remain lists', async () => {
    const withoutType = ({ apiVersion: _, kind: __, ...rest }: KubernetesObject) => rest;
    const listed = [...workloads(), deployment()].map((workload) => ({
      apiVersion: workload.apiVersion,
      kind: `${workload.kind}List`,
      items: [withoutType(workload)],
    }));
    const spec = { jobTargetRef: { template: { spec: podSpec() } } };
    listed.push({ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledJobList', items: [{ metadata: { name: 'a' }, spec }] });
    const others = [
      { apiVersion: 'v1', kind: 'ConfigMapList', items: [{ metadata: { name: 'a' } }] },
      { apiVersion: 'example.com/v1', kind: 'AllowList', metadata: { name: 'b' }, items: [1] },
      { apiVersion: 'v1', kind: 'List', items: null },
      {
        apiVersion: 'serving.knative.dev/v1',
        kind: 'ServiceList',
        items: [{ spec: { template: { spec: podSpec() } } }],
      },
    ];
    const { stdout, stderr } = await run(['-', ...stdoutFlags], Yaml.stringify(...listed, ...others));
    expect(documents(stdout)).toEqual([...listed.map((list) => inject(list, stdoutSink)), ...others]);
    expect(stderr).toContain('+ injected ScaledJob/a\n');
    expect(stderr).toContain('- skipped Service/(unnamed) (Knative accepts no grace period');
  });

  test('a list may contain lists, and each item has its line', async () => {
    const pods = (...names: string[]) => names.map((name) => ({ metadata: { name }, spec: podSpec() }));
    const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', ...pods(name)[0] });
    const inner = { apiVersion: 'v1', kind: 'List', items: [service, pod('a')] };
    const podList = { apiVersion: 'v1', kind: 'PodList', items: pods('c', 'd') };
    const list = { apiVersion: 'v1', kind: 'List', items: [inner, pod('b'), podList] };
    for (const text of [Yaml.stringify(list), JSON.stringify(list)]) {
      const { stdout, stderr } = await run(['-', ...stdoutFlags], text);
      expect(documents(stdout)).toEqual([inject(list, stdoutSink)]);
      expect(stderr.match(/^\S \S+ \S+$/gm)).toEqual([
        '= unchanged Service/orders',
        ...['a', 'b', 'c', 'd'].map((name) => `+ injected Pod/${name}`),
      ]);
    }
    const broken = { ...list, items: [{ ...inner, items: [{ kind: 'Pod' }] }] };
    const { error } = await run(['-', ...stdoutFlags], Yaml.stringify(broken));
    expect(error?.message).toMatch(/^standard input, line 7: a Kubernetes object must have/);
  });

  test('the ResourceList of a kustomize function stays one, with its items injected', async () => {
    const items = [service, deployment()];
    const functionConfig = { apiVersion: 'example.com/v1', kind: 'Inject', metadata: { name: 'logtap' } };
    const list = { apiVersion: 'config.kubernetes.io/v1', kind: 'ResourceList', functionConfig, items };
    const { stdout, stderr } = await run(['-', ...stdoutFlags], Yaml.stringify(list));
    expect(documents(stdout)).toEqual([
      {
        apiVersion: 'config.kubernetes.io/v1',
        kind: 'ResourceList',
        functionConfig,
        items: items.map((each) => inject(each, stdoutSink)),
      },
    ]);
    expect(stderr).toBe('= unchanged Service/orders\n+ injected Deployment/orders\n');
    const json = await run(['-', '-o', 'json', ...stdoutFlags], Yaml.stringify(list));
    expect(JSON.parse(json.stdout)).toEqual(documents(stdout)[0]);
  });

  test('a workload that another object makes is skipped with the reason, and the others are injected', async () => {
    const own = (kind: string, isController = true) => ({
      metadata: { name: 'x', ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'd', controller: isController }] },
    });
    const [pod, , , , replicaSet] = workloads();
    const rollout = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'r' },
      spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'orders' } },
    };
    const skipped = [rollout, { ...replicaSet, ...own('Deployment') }, { ...pod, ...own('ReplicaSet') }];
    const input = Yaml.stringify(...skipped, { ...pod, ...own('Application', false) }, deployment());
    const { stdout, stderr } = await run(['-', ...stdoutFlags], input);
    expect(documents(stdout).slice(0, 3)).toEqual(skipped);
    expect(stderr.split('\n')).toEqual([
      '- skipped Rollout/r (its pods come from Deployment/orders: tap that)',
      '- skipped ReplicaSet/x (it is managed by Deployment/d, which would undo the tap: tap that)',
      '- skipped Pod/x (it is managed by ReplicaSet/d, which would undo the tap: tap that)',
      '+ injected Pod/x',
      '+ injected Deployment/orders',
      '',
    ]);
  });

  test('a Pod with the workloadRef of gang scheduling is tapped: that of a Rollout alone has its pods elsewhere', async () => {
    const gang = { ...workloads()[0], spec: { ...podSpec(), workloadRef: { name: 'training', podGroup: 'workers' } } };
    const { stdout, stderr } = await run(['-', ...stdoutFlags], Yaml.stringify(gang));
    expect(stderr).toMatch(/^\+ injected Pod\//);
    expect(documents((await runCommand(uninjectCommand, ['-'], stdout)).stdout)).toEqual([gang]);
  });

  test('comments stay, and the report names one that only replaced text had', async () => {
    const before = Yaml.stringify(service, deployment());
    const text = `# by hand\n${before.replace('port: 80', 'port: 80 # http')}---\n# nothing more\n`;
    const { stdout, stderr } = await run(['-', ...stdoutFlags], text);
    expect(documents(stdout)).toEqual([service, inject(deployment(), stdoutSink), null]);
    for (const comment of ['# by hand', '# http', '# nothing more']) expect(stdout).toContain(comment);
    expect(stderr).not.toContain('comment');

    const commented = stdout
      .replace(/( +)- args:\n +- ship\n/, '$1# their shipper\n$&')
      .replace(/memory: 256Mi/, '$& # soon');
    const undone = await runCommand(uninjectCommand, ['-'], commented);
    expect(undone.stdout).toBe(text);
    expect(undone.stderr).toMatch(/! standard input: 2 comments, such as '# soon', are not in the output/);
  });

  test('one file of JSON stays JSON with its order and indentation, and several files become YAML', async () => {
    const { apiVersion, kind, metadata, ...rest } = deployment();
    for (const indent of [undefined, 2, '\t']) {
      const text = `${JSON.stringify({ kind, apiVersion, ...rest, metadata }, null, indent)}\n`;
      const { stdout } = await run(['-', ...stdoutFlags], text);
      expect(Object.keys(JSON.parse(stdout))).toEqual(['kind', 'apiVersion', 'spec', 'metadata']);
      expect(JSON.parse(stdout)).toEqual(inject(deployment(), stdoutSink));
      expect((await runCommand(uninjectCommand, ['-'], stdout)).stdout).toBe(text);
      expect((await run(['-', ...stdoutFlags, '-o', 'yaml'], text)).stdout).toMatch(/^kind: Deployment\n/);
    }
    writeFileSync(join(directory, 'a.json'), JSON.stringify(service));
    writeFileSync(join(directory, 'b.yaml'), `# by hand\n---\n${Yaml.stringify(deployment())}`);
    const { stdout } = await run([directory, ...stdoutFlags]);
    expect(stdout).toMatch(/^apiVersion: v1\nkind: Service\n[\s\S]*\n# by hand\n---\napiVersion/);
    expect(documents(stdout)).toEqual([service, inject(deployment(), stdoutSink)]);
  });

  test('a reader that ends early, such as head, is an error of the code EPIPE and no uncaught one', async () => {
    const closed = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const input = Readable.from([Yaml.stringify(deployment())]);
    const act = injectCommand(['-', ...stdoutFlags], { stdin: input, stdout: closed, stderr: closed });
    await expect(act).rejects.toMatchObject({ code: 'EPIPE' });
  });

  test('a full disk is an error with a remedy, and no internal one', async () => {
    const full = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })),
    });
    const input = Readable.from([Yaml.stringify(deployment())]);
    const act = injectCommand(['-', ...stdoutFlags], { stdin: input, stdout: full, stderr: full });
    await expect(act).rejects.toMatchObject({
      exitCode: 73,
      message: expect.stringMatching(/^cannot write all of the output: ENOSPC: .* run the command again$/),
    });
  });

  test('injecting its own output changes no byte', async () => {
    const first = await run(['-', ...stdoutFlags], Yaml.stringify(deployment(), service));
    const second = await run(['-', ...stdoutFlags], first.stdout);
    expect(second).toMatchObject({
      stdout: first.stdout,
      stderr: '= unchanged Deployment/orders\n= unchanged Service/orders\n',
    });
  });

  test('a directory, in the order of names', async () => {
    mkdirSync(join(directory, 'b'));
    writeFileSync(join(directory, 'b', 'pod.yml'), Yaml.stringify(workloads()[0]));
    writeFileSync(join(directory, 'a.json'), JSON.stringify(service));
    writeFileSync(join(directory, 'README.md'), 'no: manifest');
    const { stderr } = await run([directory, ...stdoutFlags]);
    expect(stderr).toBe('= unchanged Service/orders\n+ injected Pod/orders\n');
  });

  test('YAML has the same meaning as for kubectl', async () => {
    const yaml = `apiVersion: v1
kind: ConfigMap
metadata: {name: c, annotations: {day: 2024-01-31, time: 12:30, quoted: "on"}}
mode: 0644
flag: on
# a comment, and an empty document
---
`;
    const { stdout } = await run(['-', '--sink', 'stdout', '-o', 'json'], yaml);
    expect(JSON.parse(stdout)).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', annotations: { day: '2024-01-31', time: '12:30', quoted: 'on' } },
      mode: 0o644,
      flag: true,
    });
    expect((await run(['-', '--sink', 'stdout'], yaml)).stdout).toBe(yaml);
  });

  test('several objects as JSON are a List', async () => {
    const { stdout } = await run(['-', '--sink', 'stdout', '--output', 'json'], Yaml.stringify(service, service));
    expect(JSON.parse(stdout)).toEqual({ apiVersion: 'v1', kind: 'List', items: [service, service] });
  });
});

describe('unrendered templates are rejected with their place, and nothing is written', () => {
  const manifest = (name: string, image = 'x/y:1', extra = '') => `apiVersion: v1
kind: Pod
metadata: { name: a, namespace: ${name} }
${extra}spec:
  containers:
    - name: c
      image: ${image}
`;
  test.each([
    ['an expression', manifest('{{ .Values.name }}'), /line 3, column 34: a key must be a word/],
    ['one without spaces', manifest('b', '{{.Values.image}}'), /line 7, column 15: a key must be a word/],
    ['one in a list', `${manifest('b')}    - {{ .Values.sidecar }}\n`, /line 8, column 8: a key must be a word/],
    [
      'a statement',
      manifest('b', 'x', '{{- if .Values.pod }}\n'),
      /line 4, column \d+: not valid YAML: .*if it is a template/,
    ],
    [
      'statements around all of it',
      `{{- if .Values.on }}\n${manifest('b')}{{- end }}\n{{- with .Values.more }}\n{{- end }}\n`,
      /line 1, column \d+: not valid YAML: .*if it is a template/,
    ],
    ['one that ends a line', manifest('b', '{{ include "x" . | nindent 4 }}'), /line 7, .*template/],
    [
      'one in quotes',
      manifest('b', '"{{ .Values.image }}"'),
      /line 7, column 14: '\{\{ .Values.image \}\}' belongs to a template/,
    ],
    [
      'one within a name',
      manifest('"a-{{ .Release.Name }}"'),
      /line 3, column 33: 'a-\{\{ .Release.Name \}\}' belongs to a template/,
    ],
  ])('%s', async (_what, input, says) => {
    const { stdout, stderr, error } = await run(['-', '--sink', 'stdout'], input);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
    expect(error).toMatchObject({ exitCode: 65, message: expect.stringMatching(says) });
    expect(error?.message).toMatch(/render it first, for example with `helm template`.*nothing was written$/);
  });

  test('braces in data are no template', async () => {
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: { name: '{{ $labels.pod }}' },
    };
    const pod = podSpec({ containers: [{ name: 'c', image: 'x', args: ['--format={{.Name}}'] }] });
    const { stdout } = await run(['-', ...stdoutFlags], Yaml.stringify(config, deployment(pod)));
    expect(documents(stdout)).toEqual([config, inject(deployment(pod), stdoutSink)]);
  });
});

describe('malformed manifests end with 65 and write nothing', () => {
  test.each([
    ['no YAML', 'a: b\n c: d\n', /^standard input, line 1, column 4: not valid YAML: .*correct it/],
    ['a key that occurs twice', 'apiVersion: v1\nkind: Pod\nkind: Pod\n', /line 3, column 1: .*unique/],
    [
      'a quoted text that is not indented',
      'apiVersion: v1\nkind: Pod\nspec:\n  args: ["\n  a\n  "]\n',
      /line 4, .*: close the quote, and indent its lines further than their key; nothing was written$/,
    ],
    ['an alias to nothing', 'apiVersion: v1\nkind: Pod\nspec: *x\n', /not valid YAML: .*x/],
    ['no object', '- 1\n', /line 1: a Kubernetes object must have 'apiVersion' and 'kind'/],
    [
      'a second document without kind',
      `${Yaml.stringify(service)}---\nreplicas: 2\n`,
      /line 9: .*leave the document out/,
    ],
    ['a List without items', 'apiVersion: v1\nkind: List\n', /line 1: a List must have 'items'/],
    [
      'an item that is no object',
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service}\n- 3\n',
      /line 5: .*'kind'/,
    ],
    [
      'a workload without containers',
      `${Yaml.stringify(service)}---\napiVersion: v1\nkind: Pod\nspec: {}\n`,
      /line 9: Pod\/\(unnamed\): 'spec.containers' must be a list/,
    ],
    [
      'several objects of JSON',
      '{"kind": "Pod"}\n{"kind": "Pod"}\n',
      /line 2, column 1: .*make .* one List, .*`jq -s '/,
    ],
    ['several objects of JSON in lines', '{\n}\n\n{\n}', /line 4, column 1: .*make .* one List, .*`jq -s '/],
    ['nothing', '', /^standard input: contains no manifest/],
  ])('%s', async (_what, input, says) => {
    const { stdout, stderr, error } = await run(['-', '--sink', 'stdout'], input);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
    expect(error).toBeInstanceOf(CommandError);
    expect((error as CommandError).exitCode).toBe(65);
    expect(error?.message).toMatch(says);
    expect(error?.message).toMatch(/nothing was written$/);
  });

  test('an impossible tap is reported with its code and its object', async () => {
    const { stdout, error } = await run(['-', '--sink', 'stdout', '--streams', 'none'], JSON.stringify(deployment()));
    expect(stdout).toBe('');
    expect(error).toMatchObject({
      exitCode: 65,
      message: expect.stringMatching(/LT007 Deployment\/orders: 'streams'/),
    });
  });

  test('the file is named', async () => {
    writeFileSync(join(directory, 'a.yaml'), Yaml.stringify(service));
    writeFileSync(join(directory, 'b.yaml'), '\n\nkind: Pod\n');
    const { stdout, error } = await run([directory, '--sink', 'stdout']);
    expect(stdout).toBe('');
    expect(error?.message).toContain(`${join(directory, 'b.yaml')}, line 3: `);
  });
});

test.each(['/does/not/exist', ''])('input that is not there ends with 66: %s', async (path) => {
  const { stdout, error } = await run([path || directory, '--sink', 'stdout']);
  expect(stdout).toBe('');
  expect(error).toMatchObject({ exitCode: 66, message: expect.stringContaining(path || directory) });
});

describe('wrong use is a usage error and writes nothing', () => {
  const cloudwatch = ['-', '--sink', 'cloudwatch', '--region', 'eu-west-1', '--log-group'];
  const input = JSON.stringify(deployment());
  test.each([
    ['no input', ['--sink', 'stdout'], /^inject takes one of FILE\|DIR\|- and --as-policy NAME, but got none/],
    ['two inputs', ['a', 'b', '--sink', 'stdout'], /inject takes FILE\|DIR\|-, but got 'b'/],
    ['no sink', ['-'], /^--sink NAME is missing: the service/],
    ['an unknown sink', ['-', '--sink', 'kafka'], /--sink \(kafka\)/],
    [
      'an unknown flag',
      ['-', '--sink', 'stdout', '--colour'],
      /^no flag named --colour\.\nExample: logtap inject .*\n`logtap inject --help` lists/,
    ],
    ['an unknown short flag', ['-', '--sink', 'stdout', '-x'], /no flag named -x/],
    ['a misspelt flag', ['-', '--sink', 'stdout', '--supress'], /no flag named --supress\. Did you mean --suppress\?$/],
    [
      'a misspelt flag with a value',
      ['-', '--region', 'eu-west-1', '--lgo-group=a'],
      /no flag named --lgo-group\. Did you mean --log-group\?$/,
    ],
    ['a misspelt stream', ['-', '--sink', 'stdout', '--streams', 'stder'], /did you mean 'stderr'\?/],
    [
      'a flag of several sinks without its sink',
      ['-', '--region', 'eu-west-1'],
      /--region belongs to --sink cloudwatch or opensearch or otlp or firehose or s3: give --sink as well/,
    ],
    [
      'a switch and its opposite',
      ['-', '--sink', 'stdout', '--suppress', '--no-suppress-streams'],
      /--suppress-streams and --no-suppress-streams exclude each other/,
    ],
    ['a flag of another sink', ['-', '--sink', 'stdout', '--url', 'https://x'], /--url belongs to --sink opensearch/],
    ['a missing flag', ['-', '--sink', 'cloudwatch', '--region', 'eu-west-1'], /^--log-group TEXT is missing: /],
    [
      'every missing flag and argument at once',
      ['--sink', 'cloudwatch', '--colour'],
      /^inject: 4 mistakes\n {2}- no flag named --colour\.\n {2}- --log-group TEXT is missing: .*\n {2}- --region TEXT is missing: .*\n {2}- inject takes one of FILE\|DIR\|- and --as-policy NAME, but got none/,
    ],
    ['a missing flag of the sink that another flag names', ['-', '--log-group', '/a'], /^--region TEXT is missing: /],
    ['a bad name', [...cloudwatch, 'my logs'], /'logGroup' \("my logs"\)/],
    ['a bad stream', ['-', '--sink', 'stdout', '--streams', 'stdin'], /--streams \(stdin\)/],
    ['none and more', ['-', '--sink', 'stdout', '--streams', 'none,stdout'], /--streams \(none,stdout\)/],
    ['a relative file', ['-', '--sink', 'stdout', '--tap-file', 'x.log'], /'file' \("x.log"\)/],
    [
      'a number that is none',
      ['-', '--sink', 'stdout', '--drain-seconds', 'soon'],
      /--drain-seconds \(soon\) must be a number/,
    ],
    [
      'a secret without key',
      ['-', '--sink', 'opensearch', '--url', 'http://x', '--password-secret', 'pw'],
      /SECRET\/KEY/,
    ],
    ['an unknown format', ['-', '--sink', 'stdout', '-o', 'toml'], /--output \(toml\) must be one of yaml, json/],
  ])('%s', async (_what, argv, says) => {
    const { stdout, stderr, error } = await run(argv, input);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
    expect(error).toBeInstanceOf(UsageError);
    expect(error?.message).toMatch(says);
  });
});

describe('--help', () => {
  const help = (sink?: string) => helpOf(INJECT, sink);

  test('names the flags of the tap and of the shipper, each with the first sentence of the documentation', () => {
    const text = help();
    for (const flag of ['sink', 'config', 'set', 'suppress', 'output']) expect(text).toContain(`--${flag}`);
    expect(text).toMatch(/--memory-limit-mib N {2,}Limit on the shipper's memory, in MiB\. Default: 256, or more/);
    expect(text).toMatch(/--streams none\|stdout\|stderr\|both\s+Standard streams to tap\. Default: both\./);
    expect(text).toMatch(/--\[no-\]suppress-streams .*\s+.*\(also --suppress\)/);
    expect(text.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });

  test.each([...SINKS])('lists every flag of the sink %s', (name, factory) => {
    const text = help(name);
    for (const flag of sinkFlags(factory)) expect(text).toMatch(new RegExp(`--(\\[no-\\])?${flag.name}[ \n]`));
  });

  test('of an unknown sink is refused', () => {
    expect(() => help('cloudwach')).toThrow(/--sink \(cloudwach\) must be one of .*: did you mean 'cloudwatch'\?/);
  });
});

describe('the table of flags', () => {
  test('gives each name one meaning', () => {
    const names = [...TAP_FLAGS, ...SINK_FLAGS].map(({ name }) => name);
    const own = ['sink', 'config', 'set', 'help', 'output', 'format'];
    const all = [...names, ...ALIASES.keys(), ...own];
    expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
    for (const flag of [...SINKS.values()].flatMap(sinkFlags)) {
      const shared = SINK_FLAGS.find(({ name }) => name === flag.name);
      expect(shared?.type).toEqual(flag.type);
    }
  });
});
