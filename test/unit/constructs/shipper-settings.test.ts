/** What the constructs write, the shipper reads: the two parts know nothing of each other but these names and rules. */
import { inject } from '../../../src/constructs/inject.js';
import type { LogTapProps } from '../../../src/constructs/log-tap-props.js';
import { DEFAULT_DRAIN_SECONDS } from '../../../src/constructs/shipper-options.js';
import { Sink } from '../../../src/constructs/sink.js';
import { OpenSearchSchema, OpenSearchSigning } from '../../../src/constructs/sinks/opensearch.js';
import { url } from '../../../src/shipper/setting-parsers.js';
import { parseSettings } from '../../../src/shipper/settings.js';
import { container, deployment } from '../../support/workloads.js';

/** Settings as the injected shipper reads them; fields of the pod are their own names. */
function settings(props: LogTapProps) {
  const { env } = container(inject(deployment(), props), 'logtap');
  const values = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value ?? name]));
  const notices: string[] = [];
  const parsed = parseSettings(values, (message) => notices.push(message));
  expect(notices).toEqual([]);
  return parsed;
}

test('every pod says who and where it is', () => {
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

/** Names have one rule for both, in service-names.ts; for URLs each has its own parser. */
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
