/** What the constructs write, the shipper reads: the two parts know nothing of each other but these names and rules. */

import { url } from '../../../src/catalog/values/setting-values.js';
import { podTemplate } from '../../../src/constructs/injection/workload.js';
import type { LogTapProps } from '../../../src/constructs/props/log-tap-props.js';
import { DEFAULT_DRAIN_SECONDS } from '../../../src/constructs/props/shipper-options.js';
import { OpenSearchSchema, OpenSearchSigning } from '../../../src/constructs/sinks/opensearch.js';
import { OtlpAwsService } from '../../../src/constructs/sinks/otlp.js';
import { Sink } from '../../../src/constructs/sinks/sink.js';
import { parseSettings } from '../../../src/shipper/settings.js';
import { inject } from '../../support/tap.js';
import { container, deployment, podSpec } from '../../support/workloads.js';

/** Settings as the injected shipper reads them; fields of the pod are their own names. */
function settings(props: LogTapProps) {
  const { env } = container(inject(deployment(), props), 'logtap');
  const values = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value ?? name]));
  const notices: string[] = [];
  const parsed = parseSettings(values, (message) => notices.push(message));
  expect(notices).toEqual([]);
  return parsed;
}

test('every record has the names of its pod and node', () => {
  expect(settings({ sink: Sink.stdout() })).toMatchObject({
    sinks: ['stdout'],
    socket: '/.logtap/run/logtap.sock',
    graceSeconds: DEFAULT_DRAIN_SECONDS,
    podName: 'POD_NAME',
    podNamespace: 'POD_NAMESPACE',
    podUid: 'POD_UID',
    nodeName: 'NODE_NAME',
  });
});

test('CloudWatch Logs', () => {
  const sink = Sink.cloudWatch({
    logGroup: '/shop',
    region: 'eu-central-1',
    logStream: 's',
    createLogGroup: false,
    retentionDays: 30,
    service: 'shop',
    environment: 'eks:prod/web',
    gzip: true,
    endpoint: 'http://127.0.0.1:5000',
  });
  expect(settings({ sink, shipper: { drainSeconds: 90 } })).toMatchObject({
    sinks: ['cloudwatch'],
    cloudwatchLogGroup: '/shop',
    cloudwatchLogStream: 's',
    cloudwatchCreateGroup: false,
    cloudwatchRetentionDays: 30,
    cloudwatchService: 'shop',
    cloudwatchEnvironment: 'eks:prod/web',
    cloudwatchGzip: true,
    awsRegion: 'eu-central-1',
    cloudwatchEndpoint: new URL('http://127.0.0.1:5000'),
    graceSeconds: 90,
  });
});

test('OpenSearch', () => {
  const passwordSecret = { name: 'os', key: 'pw' };
  const sink = Sink.openSearch({ url: 'https://os:9200', index: 'logs-{yyyy.MM.dd}', username: 'u', passwordSecret });
  expect(settings({ sink })).toMatchObject({
    sinks: ['opensearch'],
    opensearchUrls: [new URL('https://os:9200')],
    opensearchIndex: 'logs-{yyyy.MM.dd}',
    opensearchUsername: 'u',
    opensearchPasswordFile: '/etc/logtap/secrets/os/pw',
  });
});

test('OpenSearch at AWS: signed, a data stream, set up', () => {
  const sink = Sink.openSearch({
    url: 'https://os',
    dataStream: 'logs-shop',
    schema: OpenSearchSchema.ECS,
    setup: true,
    retentionDays: 14,
    signing: OpenSearchSigning.SERVERLESS,
    region: 'eu-central-1',
    caSecret: { name: 'ca', key: 'ca.crt' },
    gzip: true,
  });
  expect(settings({ sink })).toMatchObject({
    opensearchDataStream: 'logs-shop',
    opensearchSchema: 'ecs',
    opensearchSetup: true,
    opensearchRetentionDays: 14,
    opensearchSigv4: 'aoss',
    awsRegion: 'eu-central-1',
    opensearchCaFile: '/etc/logtap/secrets/ca/ca.crt',
    opensearchGzip: true,
  });
});

test.each([
  'http://os',
  'https://os:9200/path',
  'os:9200',
  'ftp://os',
  'http://u:p@os',
  'http://os/?a',
  'http://os/#a',
  '',
])('both judge the URL %j alike', (text) => {
  const isGood = (act: () => unknown) => {
    try {
      act();
      return true;
    } catch {
      return false;
    }
  };
  expect(isGood(() => Sink.openSearch({ url: text }))).toBe(isGood(() => url(text)));
});

test('peers over TCP, with TLS and without', () => {
  expect(settings({ sink: Sink.tcp({ host: 'collector', port: 5170 }) })).toMatchObject({
    sinks: ['tcp'],
    tcpAddress: { host: 'collector', port: 5170, isTls: false },
  });
  const sink = Sink.tcp({ host: 'fd00::1', port: 5170, tls: true, caSecret: { name: 'tls', key: 'ca.crt' } });
  expect(settings({ sink })).toMatchObject({
    tcpAddress: { host: 'fd00::1', port: 5170, isTls: true },
    tcpCaFile: '/etc/logtap/secrets/tls/ca.crt',
  });
});

test('Forward', () => {
  const sink = Sink.forward({
    host: 'collector',
    port: 24224,
    tls: true,
    caSecret: { name: 'tls', key: 'ca.crt' },
    tag: 'shop.orders',
    ack: false,
    sharedKeySecret: { name: 'fluent', key: 'shared' },
    username: 'shipper',
    passwordSecret: { name: 'fluent', key: 'password' },
  });
  expect(settings({ sink })).toMatchObject({
    sinks: ['forward'],
    forwardAddress: { host: 'collector', port: 24224, isTls: true },
    forwardCaFile: '/etc/logtap/secrets/tls/ca.crt',
    forwardTag: 'shop.orders',
    forwardAck: false,
    forwardSharedKeyFile: '/etc/logtap/secrets/fluent/shared',
    forwardUsername: 'shipper',
    forwardPasswordFile: '/etc/logtap/secrets/fluent/password',
  });
});

test('the OpenTelemetry protocol, with the rights that AWS needs for it', () => {
  const sink = Sink.otlp({
    ...{ url: 'https://logs.eu-central-1.amazonaws.com/v1/logs', region: 'eu-central-1', gzip: true },
    headers: { 'x-aws-log-group': '/shop', 'x-aws-log-stream': 's' },
    headersSecret: { name: 'otlp', key: 'headers' },
    awsService: OtlpAwsService.CLOUDWATCH_LOGS,
    resourceArn: 'arn:aws:logs:eu-central-1:123456789012:log-group:/shop',
    caSecret: { name: 'tls', key: 'ca.crt' },
    clientCertificateSecret: { name: 'tls', key: 'tls.crt' },
    clientKeySecret: { name: 'tls', key: 'tls.key' },
  });
  expect(settings({ sink })).toMatchObject({
    ...{ sinks: ['otlp'], otlpUrl: new URL('https://logs.eu-central-1.amazonaws.com/v1/logs') },
    ...{ otlpSigv4: 'logs', awsRegion: 'eu-central-1', otlpGzip: true },
    otlpHeaders: { 'x-aws-log-group': '/shop', 'x-aws-log-stream': 's' },
    otlpHeadersFile: '/etc/logtap/secrets/otlp/headers',
    otlpCaFile: '/etc/logtap/secrets/tls/ca.crt',
    otlpCertFile: '/etc/logtap/secrets/tls/tls.crt',
    otlpKeyFile: '/etc/logtap/secrets/tls/tls.key',
  });
  expect(sink.bind().egress).toEqual([{ host: 'logs.eu-central-1.amazonaws.com', port: 443 }]);
  expect(sink.iam).toEqual([
    {
      actions: ['logs:PutLogEvents'],
      resources: ['arn:aws:logs:eu-central-1:123456789012:log-group:/shop:log-stream:*'],
    },
  ]);
  const ingestion = {
    url: 'https://p.osis.example',
    awsService: OtlpAwsService.OPENSEARCH_INGESTION,
    region: 'us-east-1',
  };
  expect(Sink.otlp(ingestion).iam).toEqual([
    { actions: ['osis:Ingest'], resources: ['arn:aws:osis:us-east-1:*:pipeline/*'] },
  ]);
  expect(Sink.otlp({ url: 'http://collector:4318' }).iam).toEqual([]);
});

test('a file on a volume of the pod', () => {
  const sink = Sink.file({ volume: 'logs', path: '/logs/app.ndjson' });
  const pod = podSpec({ volumes: [{ name: 'logs', emptyDir: {} }] });
  const { env, volumeMounts } = container(inject(deployment(pod), { sink }), 'logtap');
  expect(env).toContainEqual({ name: 'LOGTAP_FILE_PATH', value: '/logs/app.ndjson' });
  expect(volumeMounts).toContainEqual({ name: 'logs', mountPath: '/logs' });
});

test("a module of the user's own: it is mounted where the setting says, with its variables and the files it wants", () => {
  const sink = Sink.module({
    configMap: 'sinks',
    key: 'loki.mjs',
    variables: { LOKI_URL: 'http://loki:3100' },
    secretFiles: [{ setting: 'LOKI_TOKEN_FILE', secretName: 'loki', key: 'token' }],
    egress: [{ host: 'loki', port: 3100 }],
  });
  const path = '/etc/logtap/secrets/configmaps/sinks/loki.mjs';
  expect(settings({ sink }).sinks).toEqual([`module:${path}`]);
  const injected = inject(deployment(), { sink });
  const { env, volumeMounts } = container(injected, 'logtap');
  expect(env).toContainEqual({ name: 'LOKI_URL', value: 'http://loki:3100' });
  expect(env).toContainEqual({ name: 'LOKI_TOKEN_FILE', value: '/etc/logtap/secrets/loki/token' });
  expect(volumeMounts).toContainEqual({ name: 'logtap-secrets', mountPath: '/etc/logtap/secrets', readOnly: true });
  expect(podTemplate(injected).spec.volumes).toContainEqual({
    name: 'logtap-secrets',
    projected: {
      sources: [
        { secret: { name: 'loki', items: [{ key: 'token', path: 'loki/token' }] } },
        { configMap: { name: 'sinks', items: [{ key: 'loki.mjs', path: 'configmaps/sinks/loki.mjs' }] } },
      ],
    },
  });
  expect(container(injected, 'app').volumeMounts?.map(({ name }) => name)).toEqual(['logtap', 'logtap-lib']);
});

test('all sinks at once', () => {
  const sink = Sink.all([
    Sink.tcp({ host: 'a', port: 1 }),
    Sink.forward({ host: 'b', port: 2 }),
    Sink.file({ volume: 'logs', path: '/logs/a' }),
    Sink.module({ configMap: 'c', key: 'd.mjs' }),
  ]);
  expect(sink.bind()).toMatchObject({
    egress: [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ],
    configMapFiles: [{ configMapName: 'c', key: 'd.mjs' }],
    volumeMounts: [{ volume: 'logs', mountPath: '/logs' }],
  });
  const pod = podSpec({ volumes: [{ name: 'logs', emptyDir: {} }] });
  const { env = [] } = container(inject(deployment(pod), { sink }), 'logtap');
  expect(env.find(({ name }) => name === 'LOGTAP_SINK')?.value).toBe(
    'tcp,forward,file,module:/etc/logtap/secrets/configmaps/c/d.mjs',
  );
});

test.each<[string, () => Sink]>([
  ['\'path\' ("logs/a") must be the absolute path', () => Sink.file({ volume: 'a', path: 'logs/a' })],
  [
    '\'path\' ("/a") must be the absolute path of a file in its own directory',
    () => Sink.file({ volume: 'a', path: '/a' }),
  ],
  ['\'path\' ("/logs/../etc/a") must be', () => Sink.file({ volume: 'a', path: '/logs/../etc/a' })],
  ['\'path\' ("/.logtap/a") must not be below /.logtap', () => Sink.file({ volume: 'a', path: '/.logtap/a' })],
  ['\'volume\' ("") must name a volume', () => Sink.file({ volume: '', path: '/logs/a' })],
  ['\'host\' ("tcp://a") must be a name or an address', () => Sink.tcp({ host: 'tcp://a', port: 1 })],
  ["'port' (0) must be a whole number from 1 to 65535", () => Sink.tcp({ host: 'a', port: 0 })],
  ['must be used with TLS', () => Sink.forward({ host: 'a', port: 1, caSecret: { name: 'b', key: 'c' } })],
  ['\'url\' ("collector") must be a URL', () => Sink.otlp({ url: 'collector' })],
  ['must not set host', () => Sink.otlp({ url: 'http://a', headers: { Host: 'b' } })],
  ['must be headers as name=value', () => Sink.otlp({ url: 'http://a', headers: { 'a b': 'c' } })],
  ["needs 'region'", () => Sink.otlp({ url: 'http://a', awsService: OtlpAwsService.CLOUDWATCH_LOGS })],
  ["be set together with 'awsService'", () => Sink.otlp({ url: 'http://a', resourceArn: 'arn:aws:logs:x' })],
  [
    "'username' (\"u\") and 'passwordSecret' belong together",
    () => Sink.forward({ host: 'a', port: 1, username: 'u' }),
  ],
  [
    "'username' (\"u\") has no effect without 'sharedKeySecret'",
    () => Sink.forward({ host: 'a', port: 1, username: 'u', passwordSecret: { name: 'b', key: 'c' } }),
  ],
  ['\'key\' ("a.js") must be a key of a ConfigMap with the suffix', () => Sink.module({ configMap: 'a', key: 'a.js' })],
  [
    '\'variables\' ("LOGTAP_SINK") must be letters',
    () => Sink.module({ configMap: 'a', key: 'a.mjs', variables: { LOGTAP_SINK: 'x' } }),
  ],
  [
    '\'variables\' ("AWS_REGION") must be letters',
    () =>
      Sink.module({
        configMap: 'a',
        key: 'a.mjs',
        secretFiles: [{ setting: 'AWS_REGION', secretName: 'b', key: 'c' }],
      }),
  ],
])('%s', (message, act) => {
  expect(act).toThrow(message);
});
