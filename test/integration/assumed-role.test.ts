/** A role of another account: assumed with the shipper's own credentials, renewed in time, and refused with a remedy. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CloudWatchServer, startCloudWatch } from '../../scripts/cloudwatch.js';
import { CloudWatchReader } from '../../src/audit/service/cloudwatch.js';
import { Secrets } from '../../src/shipper/secrets.js';
import { type Environment, parseSettings } from '../../src/shipper/settings.js';
import { openSink } from '../../src/shipper/sinks/index.js';
import { batchOf } from '../support/batches.js';
import { CloudWatchBench, delivered, GROUP, STREAM } from '../support/cloudwatch-sink.js';
import { temporaryDirectory } from '../support/run.js';
import { AWS_ENV, readCloudWatch } from '../support/sinks-read-back.js';
import { StsFake } from '../support/sts-fake.js';

const ROLE = 'arn:aws:iam::444455556666:role/shared/logs';
const never = new AbortController().signal;
const bench = new CloudWatchBench();
let sts: StsFake;

beforeEach(async () => {
  await bench.begin();
  sts = await StsFake.start();
  sts.trust.set(ROLE, 'tenant-7');
  process.env.AWS_ENDPOINT_URL_STS = sts.url;
  // The role alone may write.
  bench.fake.secretOf = (key) => sts.secrets.get(key) ?? 'of none';
});
afterEach(async () => {
  sts.close();
  await bench.end();
});

const open = (env: Environment = {}) =>
  bench.open({
    ...{ LOGTAP_CLOUDWATCH_ROLE_ARN: ROLE, LOGTAP_CLOUDWATCH_EXTERNAL_ID: 'tenant-7' },
    ...{ POD_NAME: `${'orders-'.repeat(10)}7d4b9c-x2x4z`, ...env },
  });
const keysUsed = () => bench.fake.calls.map(({ headers }) => /ASIAROLE\d+/.exec(headers.authorization ?? '')?.[0]);

test('requests are signed with the credentials of the role, and its session is named after the pod', async () => {
  open();
  expect(await bench.send(['a'])).toEqual(delivered);
  expect(await bench.send(['b'])).toEqual(delivered);
  expect(sts.calls).toEqual([expect.objectContaining({ RoleArn: ROLE, ExternalId: 'tenant-7' })]);
  expect(sts.calls[0]!.RoleSessionName).toMatch(/^logtap-.*7d4b9c-x2x4z$/);
  expect(keysUsed()).toEqual(['ASIAROLE1', 'ASIAROLE1']);
  expect(bench.fake.calls.map(({ headers }) => headers['x-amz-security-token'])).toEqual(['token-1', 'token-1']);
});

test('the group and the stream are made with the role, too', async () => {
  bench.fake.groups.clear();
  open();
  await bench.send(['a']);
  expect(await bench.send(['a'])).toEqual(delivered);
  expect(bench.fake.operations()).toContain('CreateLogGroup');
  expect(new Set(keysUsed())).toEqual(new Set(['ASIAROLE1']));
});

test('a role that expires within five minutes is assumed again; where that fails, it serves until it expires', async () => {
  sts.lifetimeMs = 4 * 60_000;
  open();
  expect(await bench.send(['a'])).toEqual(delivered);
  expect(await bench.send(['b'])).toEqual(delivered);
  expect(keysUsed()).toEqual(['ASIAROLE1', 'ASIAROLE2']);
  sts.faults.push('AccessDenied');
  expect(await bench.send(['c'])).toEqual(delivered);
  // And is not asked for with each request from then on.
  expect(await bench.send(['d'])).toEqual(delivered);
  expect(sts.faults).toEqual([]);
  expect(keysUsed().slice(2)).toEqual(['ASIAROLE2', 'ASIAROLE2']);
});

test('a role whose credentials the service refuses is assumed again', async () => {
  open();
  bench.fake.faults.push({ status: 400, type: 'ExpiredTokenException' });
  const { retry, failure } = await bench.send(['a']);
  expect(retry).toEqual([0]);
  expect(failure?.detail).toContain(`the role ${ROLE}, assumed with those of AWS_ACCESS_KEY_ID`);
  expect(await bench.send(['a'])).toEqual(delivered);
  expect(sts.calls.length).toBe(2);
});

test('a role that does not trust the shipper: nothing is lost, and the error names the role, the rule and the remedy', async () => {
  open({ LOGTAP_CLOUDWATCH_EXTERNAL_ID: 'tenant-8' });
  const { retry, failure, retryAfterMs } = await bench.send(['a']);
  expect([retry, failure?.code]).toEqual([[0], 'AccessDenied']);
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(failure?.detail).toMatch(
    new RegExp(
      `credentials for PutLogEvents: the role ${ROLE} is not assumed with the credentials of AWS_ACCESS_KEY_ID: AccessDenied: .*sts:AssumeRole and sts:TagSession.*external ID 'tenant-8'.*runbook\\.md#the-role-is-not-assumed`,
    ),
  );
  sts.trust.set(ROLE, 'tenant-8');
  expect(await bench.send(['a'])).toEqual(delivered);
});

test('own credentials that are refused are asked for again', async () => {
  process.env.AWS_SECRET_ACCESS_KEY = 'outdated';
  open();
  expect((await bench.send(['a'])).failure?.code).toBe('SignatureDoesNotMatch');
  process.env.AWS_SECRET_ACCESS_KEY = AWS_ENV.AWS_SECRET_ACCESS_KEY;
  expect(await bench.send(['a'])).toEqual(delivered);
});

test('a service of roles that does not answer ends the attempt', async () => {
  // The client repeats by itself.
  sts.faults.push('hang', 'hang');
  open();
  const { retry, failure } = await bench.send(['a']);
  expect([retry, failure?.code]).toEqual([[0], 'ETIMEDOUT']);
  expect(failure?.detail).toContain(`the role ${ROLE} is not assumed`);
  expect(await bench.send(['a'])).toEqual(delivered);
});

test.each([
  ['opensearch', { LOGTAP_OPENSEARCH_SIGV4: 'aoss' }, 'LOGTAP_OPENSEARCH_URL', '/aoss/'],
  ['otlp', { LOGTAP_OTLP_SIGV4: 'osis' }, 'LOGTAP_OTLP_URL', '/osis/'],
  ['firehose', { LOGTAP_FIREHOSE_STREAM: 'app' }, 'AWS_ENDPOINT_URL', '/firehose/'],
  ['s3', { LOGTAP_S3_BUCKET: 'archive', LOGTAP_SPOOL_DIR: temporaryDirectory() }, 'AWS_ENDPOINT_URL', '/s3/'],
])('requests of %s are signed with the role, too', async (sink, env, endpoint, scope) => {
  const prefix = `LOGTAP_${sink.toUpperCase()}`;
  const seen: (string | undefined)[] = [];
  const ofBulk = { errors: false, items: [{ create: { status: 201 } }] };
  const answer = { ...ofBulk, FailedPutCount: 0, RequestResponses: [{ RecordId: '1' }] };
  const service = createServer((request, response) => {
    seen.push(request.headers.authorization, request.headers['x-amz-security-token'] as string);
    response.setHeader('content-type', 'application/json');
    request.resume().on('end', () => {
      if (request.method === 'PUT') response.setHeader('etag', '"1"').end();
      else response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const settings = parseSettings(
    {
      ...{ LOGTAP_SINK: sink, [endpoint]: url, AWS_REGION: AWS_ENV.AWS_REGION },
      ...{ [`${prefix}_ROLE_ARN`]: ROLE, [`${prefix}_EXTERNAL_ID`]: 'tenant-7', ...env },
    },
    () => {},
  );
  const opened = await openSink(settings.sinks[0]!, {
    settings,
    secrets: new Secrets(),
    onRequest: () => {},
    onNotice: () => {},
  });
  try {
    expect((await opened.send(batchOf(['a']), never)).failure).toBeUndefined();
    expect(seen[0]).toContain('Credential=ASIAROLE1/');
    expect(seen[0]).toContain(scope);
    expect(seen[1]).toBe('token-1');
  } finally {
    await opened.close();
    service.closeAllConnections();
    service.close();
  }
});

/** The messages that the audit reads in the account of the role. */
async function audited(endpoint: string): Promise<string[]> {
  const reader = new CloudWatchReader({
    group: GROUP,
    env: {
      ...{ AWS_REGION: AWS_ENV.AWS_REGION, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: endpoint },
      ...{ LOGTAP_CLOUDWATCH_ROLE_ARN: ROLE, LOGTAP_CLOUDWATCH_EXTERNAL_ID: 'tenant-7' },
    },
    secrets: new Secrets(),
  });
  const all = { from: 0, to: Date.now() / 30_000 };
  const found: string[] = [];
  try {
    for await (const { events } of reader.pages(STREAM, all)) {
      found.push(...events.map(({ message }) => message.toString()));
    }
  } finally {
    reader.close();
  }
  return found;
}

test('the audit reads with the role', async () => {
  expect(await audited(bench.fake.url)).toEqual([]);
  expect(keysUsed()[0]).toBe('ASIAROLE1');
});

describe('moto', () => {
  let cloud: CloudWatchServer;
  beforeAll(async () => {
    cloud = await startCloudWatch();
  });
  afterAll(() => cloud.stop());

  test('the events are in the account of the role, and not in that of the shipper', async () => {
    process.env.AWS_ENDPOINT_URL_STS = cloud.url;
    open({ AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: cloud.url });
    expect(await bench.send(['a'])).toEqual(delivered);
    expect(await bench.sink.check?.(never)).toMatchObject({ isRight: true, text: expect.stringContaining(ROLE) });
    expect(await audited(cloud.url)).toEqual(['a']);
    await expect(readCloudWatch(cloud.url, GROUP, STREAM)).rejects.toThrow('does not exist');
  });
});
