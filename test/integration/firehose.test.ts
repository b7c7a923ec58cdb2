/** The sink `firehose`: within the documented limits, with each answer booked as documented, and through an emulator into S3. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type CloudWatchServer, startCloudWatch } from '../../scripts/cloudwatch.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import type { Statement, Totals } from '../../src/shipper/accounting/statement.js';
import type { RecordBatch, Sink } from '../../src/shipper/parts.js';
import { Secrets } from '../../src/shipper/secrets.js';
import { type Environment, parseSettings } from '../../src/shipper/settings.js';
import { openSink } from '../../src/shipper/sinks/index.js';
import { batchOf, messagesOf, stdoutOrigin } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { FirehoseFake, type FirehoseFault } from '../support/firehose-fake.js';
import { run, until } from '../support/run.js';
import { createBucket, readObjects } from '../support/s3.js';
import { AWS_ENV } from '../support/sinks-read-back.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const delivered = { retry: [], rejected: [] };
const never = new AbortController().signal;
const sinks: Sink[] = [];
const repeated: string[] = [];
let fake: FirehoseFake;
beforeEach(async () => {
  fake = await FirehoseFake.start();
  Object.assign(process.env, AWS_ENV);
});
afterEach(async () => {
  repeated.length = 0;
  for (const sink of sinks.splice(0)) await sink.close();
  fake.close();
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
});

async function open(env: Environment = {}, isContinued = false): Promise<Sink> {
  const settings = parseSettings(
    {
      ...{ LOGTAP_SINK: 'firehose', LOGTAP_FIREHOSE_STREAM: 'app', AWS_REGION: AWS_ENV.AWS_REGION },
      ...{ AWS_ENDPOINT_URL_FIREHOSE: fake.url, POD_NAME: 'web-0', ...env },
    },
    () => {},
  );
  const sink = await openSink('firehose', {
    ...{ settings, isContinued, secrets: new Secrets(), onRequest: () => {}, onNotice: () => {} },
    onPossibleDuplicates: (records: RecordBatch) => repeated.push(...messagesOf(records)),
  });
  sinks.push(sink);
  return sink;
}

const JOINED = { LOGTAP_FIREHOSE_JOIN: 'true' };
const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`);

describe('limits', () => {
  afterEach(() => expect(fake.refusals).toEqual([]));

  test('a record of Firehose is a line, with the place and the id of the record', async () => {
    const sink = await open();
    const batch = batchOf([{ message: '{"a":1}', timeMs: 1_764_000_000_123, seq: 7 }, 'b\u0000"']);
    expect(await sink.send(batch, never)).toEqual(delivered);
    expect(fake.stored.map((line) => JSON.parse(line))).toEqual([
      {
        ...{ timestamp: '2025-11-24T16:00:00.123000Z', pod_name: 'web-0', namespace: '', nodename: '' },
        ...{ stream: 'stdout', source: 'web', container_name: 'web', process: 'app', pid: 42 },
        ...{ seq: 7, id: `${stdoutOrigin.id}-7`, message: '{"a":1}' },
      },
      expect.objectContaining({ seq: 1, id: `${stdoutOrigin.id}-1`, message: 'b\u0000"' }),
    ]);
    expect(fake.stored.every((line) => line.endsWith('}\n'))).toBe(true);
  });

  test('500 records a request, and where lines are joined as many as fit into 1,000 KiB', async () => {
    const one = await open();
    expect(await one.send(batchOf(lines(1001)), never)).toEqual(delivered);
    expect(fake.requests.map(({ length }) => length)).toEqual([500, 500, 1]);
    const joined = await open(JOINED);
    expect(await joined.send(batchOf(lines(10_000)), never)).toEqual(delivered);
    const [sizes = [], ...others] = fake.requests.slice(3);
    expect(others).toEqual([]);
    // Full but for the last one.
    expect(sizes.slice(0, -1).every((size) => size > 1000 * 1024 - 300)).toBe(true);
    expect(fake.lines.map(({ message }) => message)).toEqual([...lines(1001), ...lines(10_000)]);
  });

  test.each([{}, JOINED])('4 MiB a request, of long lines: %j', async (env) => {
    const sink = await open(env);
    const long = Array.from({ length: 14 }, (_, i) => String.fromCharCode(97 + i).repeat(900_000));
    expect(await sink.send(batchOf(long), never)).toEqual(delivered);
    expect(fake.lines.map(({ message }) => message)).toEqual(long);
  });

  test.each([{}, JOINED])(
    'a line of more than 1,000 KiB is rejected, and the lines around it are not: %j',
    async (env) => {
      const sink = await open(env);
      // The rest of the line is as long for each of them.
      await sink.send(batchOf(['']), never);
      const overhead = Buffer.byteLength(fake.stored[0]!);
      const [fits, long] = ['x'.repeat(1000 * 1024 - overhead), 'x'.repeat(1000 * 1024 - overhead + 1)];
      const batch = batchOf(['a', long, 'b', fits, long].map((message) => ({ message, seq: 0 })));
      const { retry, rejected } = await sink.send(batch, never);
      expect(retry).toEqual([]);
      expect(rejected.map(({ index, reason }) => [index, reason])).toEqual([
        [1, 'too_large'],
        [4, 'too_large'],
      ]);
      expect(fake.lines.slice(1).map(({ message }) => message)).toEqual(['a', 'b', fits]);
    },
  );
});

describe('answers', () => {
  test.each(['ServiceUnavailableException', 'InternalFailure'])(
    'only the records that failed are resent: %s',
    async (code) => {
      const sink = await open();
      fake.failing = (line) => (/line [13]\b/.test(line) ? code : undefined);
      const { retry, rejected, failure, retryAfterMs } = await sink.send(batchOf(lines(5)), never);
      expect([retry, rejected, failure?.code]).toEqual([[1, 3], [], code]);
      expect(failure?.detail).toContain('did not store 2 of its records');
      expect(retryAfterMs).toBeGreaterThan(0);
      fake.failing = () => undefined;
      await sink.send(batchOf(['line 1', 'line 3']), never);
      expect(fake.lines.map(({ message }) => message)).toEqual(['line 0', 'line 2', 'line 4', 'line 1', 'line 3']);
      // The service said that they are not stored.
      expect(repeated).toEqual([]);
    },
  );

  test('of joined lines all are resent whose record failed', async () => {
    const sink = await open(JOINED);
    const long = [...'abc'].map((letter) => letter.repeat(700_000));
    fake.failing = (text) => (text.includes('bbb') ? 'InternalFailure' : undefined);
    expect((await sink.send(batchOf(long), never)).retry).toEqual([1]);
  });

  test.each(['cut', 'served, cut'] as const)('an answer that is lost: resent and counted (%s)', async (fault) => {
    const sink = await open();
    fake.faults.push(fault);
    const batch = batchOf(['a', 'b']);
    const { retry, failure } = await sink.send(batch, never);
    expect([retry, failure?.code]).toEqual([[0, 1], 'ECONNRESET']);
    expect(await sink.send(batch, never)).toEqual(delivered);
    expect(repeated).toEqual(['a', 'b']);
    // Once, and no later record.
    expect(await sink.send(batchOf([{ message: 'c', seq: 9 }]), never)).toEqual(delivered);
    expect(repeated).toEqual(['a', 'b']);
  });

  test.each<[string, Exclude<FirehoseFault, string>, RegExp, boolean]>([
    ['throttled', { status: 400, type: 'ThrottlingException' }, /quota of the stream/, false],
    ['unavailable', { status: 503, type: 'ServiceUnavailableException' }, /failure of its own/, true],
    ['denied', { status: 400, type: 'AccessDeniedException' }, /allow firehose:PutRecordBatch/, false],
    ['no such stream', { status: 400, type: 'ResourceNotFoundException' }, /LOGTAP_FIREHOSE_STREAM/, false],
    ['a key that is disabled', { status: 400, type: 'InvalidKMSResourceException' }, /key of the stream/, false],
    ['keys that are over', { status: 400, type: 'ExpiredTokenException' }, /temporary keys have ended/, false],
    [
      'a web page',
      { status: 200, body: '<html><title>Sign in</title>' },
      /web page 'Sign in'.*AWS_ENDPOINT_URL_FIREHOSE/,
      true,
    ],
    [
      'a redirect',
      { status: 307, headers: { location: 'https://x.test/login?t=1' } },
      /redirect to https:..x.test.login \(/,
      false,
    ],
    ['a 403 of a proxy', { status: 403, body: 'no' }, /does a proxy or firewall forbid it/, false],
    ['an answer of something else', { status: 200, body: '{}' }, /not as Firehose does/, true],
    [
      'an answer about other records',
      { status: 200, body: '{"FailedPutCount":0,"RequestResponses":[{"RecordId":"1"}]}' },
      /not as Firehose does/,
      true,
    ],
    [
      'an answer that contradicts itself',
      { status: 200, body: '{"FailedPutCount":1,"RequestResponses":[{"RecordId":"1"},{"RecordId":"2"}]}' },
      /not as Firehose does/,
      true,
    ],
  ])('%s: nothing is rejected', async (_, fault, words, isLost) => {
    const sink = await open();
    fake.faults.push(fault);
    const batch = batchOf(['a', 'b']);
    const { retry, rejected, failure } = await sink.send(batch, never);
    expect([retry, rejected]).toEqual([[0, 1], []]);
    expect(failure?.detail).toMatch(/PutRecordBatch to app at /);
    expect(failure?.detail).toMatch(words);
    expect(await sink.send(batch, never)).toEqual(delivered);
    expect(fake.lines.map(({ message }) => message)).toEqual(['a', 'b']);
    expect(repeated).toEqual(isLost ? ['a', 'b'] : []);
  });

  test('a record that alone is refused is rejected once the stream has taken others; the others are delivered', async () => {
    const sink = await open();
    fake.poison = (line) => line.includes('line 2');
    const { retry, rejected } = await sink.send(batchOf(lines(5)), never);
    expect(retry).toEqual([]);
    expect(rejected).toEqual([{ index: 2, reason: 'refused', code: 'InvalidArgumentException', detail: 'poison' }]);
    expect(fake.lines.map(({ message }) => message).sort()).toEqual(['line 0', 'line 1', 'line 3', 'line 4']);
  });

  test('a stream that refuses every record: all wait', async () => {
    const sink = await open();
    fake.poison = () => true;
    const { retry, rejected, failure } = await sink.send(batchOf(lines(100)), never);
    expect([retry.length, rejected]).toEqual([100, []]);
    expect(failure?.detail).toContain('DirectPut');
    fake.poison = () => false;
    expect(await sink.send(batchOf(lines(100)), never)).toEqual(delivered);
  });

  test('after lost answers nothing is counted for an attempt that stores nothing for certain', async () => {
    const sink = await open();
    const batch = batchOf(['a', 'b']);
    const throttled = { status: 400, type: 'ThrottlingException' };
    fake.faults.push('served, cut', throttled, throttled);
    for (let attempt = 0; attempt < 3; attempt++) await sink.send(batch, never);
    fake.failing = (line) => (line.includes('"b"') ? 'InternalFailure' : undefined);
    expect((await sink.send(batch, never)).retry).toEqual([1]);
    fake.failing = () => undefined;
    expect(await sink.send(batchOf([{ message: 'b', seq: 1 }]), never)).toEqual(delivered);
    expect(fake.lines.map(({ message }) => message)).toEqual(['a', 'b', 'a', 'b']);
    expect(repeated).toEqual(['a', 'b']);
  });

  test('each lost answer counts once, and only for the records that were in its request', async () => {
    const sink = await open();
    fake.faults.push({ status: 400, type: 'ThrottlingException' }, 'served, cut', 'served, cut');
    const batch = batchOf(lines(501));
    for (let attempt = 0; attempt < 3; attempt++) await sink.send(batch, never);
    expect(await sink.send(batch, never)).toEqual(delivered);
    expect(repeated).toEqual([...lines(500), ...lines(500)]);
    expect(fake.lines.length - new Set(fake.lines.map(({ id }) => id)).size).toBe(repeated.length);
  });

  test('records of the time before a restart are counted once; those of a time to come, too: the clock was set back', async () => {
    const sink = await open({}, true);
    const batch = batchOf([
      { message: 'old', timeMs: Date.now() - 1000, seq: 1 },
      { message: 'new', timeMs: Date.now(), seq: 2 },
      { message: 'to come', timeMs: Date.now() + 3_600_000, seq: 3 },
      { message: 'x'.repeat(1000 * 1024), timeMs: Date.now() - 1000, seq: 4 },
    ]);
    fake.faults.push({ status: 400, type: 'ThrottlingException' });
    await sink.send(batch, never);
    expect((await sink.send(batch, never)).retry).toEqual([]);
    // The last one is too long to leave.
    expect(repeated).toEqual(['old', 'to come']);
  });

  test.each(['{}', '', '[]', 'null'])('a 200 with the body %j is a lost answer', async (body) => {
    const sink = await open();
    fake.faults.push({ status: 200, body });
    expect(await sink.send(batchOf(['a']), never)).toMatchObject({ retry: [0], failure: { code: 'bad_answer' } });
    await sink.send(batchOf(['a']), never);
    expect(repeated).toEqual(['a']);
  });

  test('keys that are over are asked for anew', async () => {
    const sink = await open();
    fake.faults.push({ status: 400, type: 'ExpiredTokenException' });
    await sink.send(batchOf(['a']), never);
    process.env.AWS_ACCESS_KEY_ID = 'RENEWED';
    await sink.send(batchOf(['a']), never);
    expect(fake.keys).toEqual([AWS_ENV.AWS_ACCESS_KEY_ID, 'RENEWED']);
  });

  test('a clock that is wrong: the same request is signed with the time of the service, and nothing is in doubt', async () => {
    const sink = await open();
    const headers = { date: new Date(Date.now() + 3_600_000).toUTCString() };
    fake.faults.push({ status: 400, type: 'InvalidSignatureException', message: 'Signature expired', headers });
    expect(await sink.send(batchOf(['a']), never)).toEqual(delivered);
    expect([fake.stored.length, repeated]).toEqual([1, []]);
  });

  test('a line that a proxy refuses with 413, beside one that is too long to leave: it is alone after a few requests', async () => {
    const sink = await open();
    const answers = Array.from({ length: 60 }, () => ({ status: 413, body: 'no' }));
    fake.faults.push(...answers);
    const long = 'x'.repeat(1000 * 1024);
    const { retry, rejected } = await sink.send(batchOf([long, 'a', long, 'b', long]), never);
    expect(retry).toEqual([1, 3]);
    expect(rejected.map(({ index, reason }) => `${index} ${reason}`)).toEqual(
      expect.arrayContaining(['0 too_large', '2 too_large', '4 too_large']),
    );
    expect(answers.length - fake.faults.length).toBeLessThan(10);
  });

  test('many records that are refused by themselves do not keep back those behind them', async () => {
    const sink = await open();
    fake.poison = (line) => line.includes('"bad');
    const bad = Array.from({ length: 60 }, (_, i) => ({ message: `bad ${i}`, seq: i }));
    const good = Array.from({ length: 4 }, (_, i) => ({ message: `good ${i}`, seq: 100 + i }));
    // As deliver() does it: those of a blocked place wait apart.
    let left = [...bad, ...good];
    for (let attempt = 0; attempt < 12 && left.some(({ message }) => message.startsWith('good')); attempt++) {
      const batch = batchOf(left);
      const { retry, blocked = [] } = await sink.send(batch, never);
      const places = sink.destinations!(batch);
      const isBlocked = (i: number) => blocked.some(({ destination }) => destination === places[i]);
      left = retry.filter((i) => !isBlocked(i)).map((i) => left[i]!);
    }
    expect(fake.lines.map(({ message }) => message)).toEqual(good.map(({ message }) => message));
  });
});

describe('a check', () => {
  test('of a stream that takes records', async () => {
    const sink = await open();
    expect(await sink.check!(never)).toMatchObject({ isRight: true });
    expect(fake.stored).toEqual([]);
  });

  test.each([
    [{ DeliveryStreamStatus: 'CREATING', DeliveryStreamType: 'DirectPut' }, 'CREATING'],
    [{ DeliveryStreamStatus: 'ACTIVE', DeliveryStreamType: 'KinesisStreamAsSource' }, 'KinesisStreamAsSource'],
  ])('of one that takes none: %j', async (stream, words) => {
    fake.stream = stream;
    const sink = await open();
    expect(await sink.check!(never)).toMatchObject({ isRight: false, text: expect.stringContaining(words) });
  });

  test('without the right to look, and of one that is missing', async () => {
    const sink = await open();
    fake.faults.push(
      { status: 400, type: 'AccessDeniedException' },
      { status: 400, type: 'ResourceNotFoundException' },
    );
    const seen = await sink.check!(never);
    expect(seen).toMatchObject({ isRight: true, text: expect.stringContaining('firehose:DescribeDeliveryStream') });
    expect(await sink.check!(never)).toMatchObject({ isRight: false });
  });
});

test('a shipper that is killed after the stream has stored records: every line is there, each copy is counted', async () => {
  const [LINES, rings] = [3000, mkdtempSync('/dev/shm/logtap-firehose-')];
  const ship = () =>
    startShipper({
      ...{ ...AWS_ENV, LOGTAP_SINK: 'firehose', LOGTAP_FIREHOSE_STREAM: 'app', AWS_ENDPOINT_URL_FIREHOSE: fake.url },
      ...{ LOGTAP_RING_DIR: rings, LOGTAP_GRACE_SECONDS: '60' },
    });
  try {
    fake.faults.push(...Array.from({ length: 20 }, () => 'served, silent' as const));
    const shipper = await ship();
    const env = { ...tapEnvironment('', { suppress: true }), [LIBRARY_ENV.TARGET.name]: `ring:${rings}` };
    const script = `$| = 1; for (my $i = 0; $i < ${LINES}; $i++) { print "line $i\\n" }`;
    expect((await run('perl', ['-e', script], { env })).code).toBe(0);
    await until('some are stored', () => fake.stored.length > 0);
    shipper.child.kill('SIGKILL');
    await shipper.ended;
    fake.faults.length = 0;
    const { code, stderr } = await drain(await ship());
    expect(code).toBe(0);
    const last: Totals = JSON.parse(stderr.trimEnd().split('\n').at(-1)!);
    expect(last).toMatchObject({ held: 0, balanced: true });
    const own = fake.lines.filter(({ message }) => message.startsWith('line '));
    const copies = own.length - new Set(own.map(({ id }) => id)).size;
    expect(new Set(own.map(({ message }) => message)).size).toBe(LINES);
    expect(copies).toBeGreaterThan(0);
    expect(last.possibleDuplicates?.firehose).toBeGreaterThanOrEqual(copies);
    expect(fake.refusals).toEqual([]);
  } finally {
    rmSync(rings, { recursive: true, force: true });
  }
});

describeWith(['cloudwatch'], 'moto', () => {
  let cloud: CloudWatchServer;
  beforeAll(async () => {
    cloud = await startCloudWatch();
  });
  afterAll(() => cloud.stop());

  const call = async (operation: string, input: object) => {
    const credential = `AKIA/20260101/${AWS_ENV.AWS_REGION}/firehose/aws4_request`;
    const response = await fetch(cloud.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `Firehose_20150804.${operation}`,
        authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`,
      },
      body: JSON.stringify(input),
    });
    expect([operation, response.status]).toEqual([operation, 200]);
  };

  test.each(['false', 'true'])(
    'every line of a tapped program is in the bucket of the stream, once (joined: %s)',
    async (join) => {
      const [LINES, name] = [2000, `app-${join}`];
      await createBucket(cloud.url, name);
      await call('CreateDeliveryStream', {
        ...{ DeliveryStreamName: name, DeliveryStreamType: 'DirectPut' },
        ExtendedS3DestinationConfiguration: {
          RoleARN: 'arn:aws:iam::123456789012:role/a',
          BucketARN: `arn:aws:s3:::${name}`,
        },
      });
      const shipper = await startShipper({
        ...{
          ...AWS_ENV,
          LOGTAP_SINK: 'firehose',
          LOGTAP_FIREHOSE_STREAM: '{field:team}',
          LOGTAP_STATIC_FIELDS: `team=${name}`,
        },
        ...{ AWS_ENDPOINT_URL_FIREHOSE: cloud.url, LOGTAP_FIREHOSE_JOIN: join },
      });
      const script = `$| = 1; for (my $i = 0; $i < ${LINES}; $i++) { print "line $i\\n" }`;
      const env = tapEnvironment(shipper.socket, { suppress: true });
      expect((await run('perl', ['-e', script], { env })).code).toBe(0);
      const { code, stderr } = await drain(shipper);
      expect(code).toBe(0);
      const statement: Statement = JSON.parse(stderr.trimEnd().split('\n').at(-1)!);
      expect(statement).toMatchObject({ read: LINES, held: 0, balanced: true });
      const stored = (await readObjects(cloud.url, name)).flatMap(({ body }) =>
        body
          .toString()
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as { seq: number; message: string }),
      );
      // Several requests are in flight: the number of a record is its place.
      const inOrder = stored.sort((a, b) => a.seq - b.seq).map(({ message }) => message);
      expect(inOrder).toEqual(lines(LINES));
    },
  );
});
