/** The sink `s3` before an emulator: every record is in an object once, although answers are lost on the way. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type CloudWatchServer, startCloudWatch } from '../../scripts/cloudwatch.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { RoutedSink } from '../../src/shipper/delivery/routed-sink.js';
import type { RecordBatch, Sink } from '../../src/shipper/parts.js';
import { Secrets } from '../../src/shipper/secrets.js';
import { type Environment, parseSettings } from '../../src/shipper/settings.js';
import { openSink } from '../../src/shipper/sinks/index.js';
import { isSigned } from '../support/aws-signature.js';
import { batchOf, messagesOf, type PlainRecord, stdoutOrigin } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { type Exchange, type Front, startFront } from '../support/opensearch-front.js';
import { run, start, until } from '../support/run.js';
import { createBucket, readObjects } from '../support/s3.js';
import { AWS_ENV } from '../support/sinks-read-back.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const delivered = { retry: [], rejected: [] };
const never = new AbortController().signal;

describeWith(['cloudwatch'], 'S3', () => {
  let cloud: CloudWatchServer;
  let front: Front;
  let bucket = '';
  let directory: string;
  let number = 0;
  const sinks: Sink[] = [];
  const repeated: string[] = [];
  const unsigned: string[] = [];
  const faults: ((exchange: Exchange) => unknown)[] = [];

  beforeAll(async () => {
    cloud = await startCloudWatch();
    front = await startFront(cloud.url, async (exchange) => {
      if (!isSigned('s3', AWS_ENV.AWS_REGION, exchange)) unsigned.push(exchange.path);
      await faults.shift()?.(exchange);
    });
  });
  afterAll(async () => {
    await front.stop();
    await cloud.stop();
  });
  beforeEach(async () => {
    Object.assign(process.env, AWS_ENV);
    directory = mkdtempSync(join(tmpdir(), 'logtap-s3-'));
    number += 1;
    bucket = `archive-${number}`;
    await createBucket(cloud.url, bucket);
    front.requests.length = 0;
  });
  afterEach(async () => {
    for (const sink of sinks.splice(0)) await sink.close();
    rmSync(directory, { recursive: true });
    expect([unsigned.splice(0), faults.splice(0)]).toEqual([[], []]);
    repeated.length = 0;
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  });

  const environment = (env: Environment = {}): Record<string, string> => ({
    ...{ LOGTAP_SINK: 's3', LOGTAP_S3_BUCKET: bucket, AWS_REGION: AWS_ENV.AWS_REGION, LOGTAP_SPOOL_DIR: directory },
    ...{ AWS_ENDPOINT_URL_S3: front.url, POD_NAME: 'web-0', POD_NAMESPACE: 'shop' },
    ...(env as Record<string, string>),
  });
  async function open(env: Environment = {}): Promise<Sink> {
    const settings = parseSettings(environment(env), () => {});
    const sink = await openSink('s3', {
      ...{ settings, secrets: new Secrets(), onRequest: () => {}, onNotice: () => {} },
      onPossibleDuplicates: (records: RecordBatch) => repeated.push(...messagesOf(records)),
    });
    sinks.push(sink);
    return sink;
  }
  const linesOf = (body: Buffer): { message: string; seq: number; id: string }[] =>
    gunzipSync(body)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const stored = async () => (await readObjects(cloud.url, bucket)).flatMap(({ body }) => linesOf(body));
  const messages = async () => (await stored()).map(({ message }) => message);

  test('an object has a key by time and pod, and one line a record with its id', async () => {
    const sink = await open();
    const timeMs = Date.parse('2026-02-03T04:05:06.789Z');
    expect(await sink.send(batchOf([{ message: '{"a":1}', timeMs }, 'b']), never)).toEqual(delivered);
    const [object, ...others] = await readObjects(cloud.url, bucket);
    expect(others).toEqual([]);
    expect(object?.key).toMatch(/^2026\/02\/03\/shop\/web-0\/20260203T040506Z-[0-9a-f]{32}\.ndjson\.gz$/);
    expect(linesOf(object!.body)).toEqual([
      expect.objectContaining({ message: '{"a":1}', seq: 0, id: `${stdoutOrigin.id}-0`, pod_name: 'web-0' }),
      expect.objectContaining({ message: 'b', seq: 1 }),
    ]);
    const { headers } = front.requests[0]!;
    expect(headers).toMatchObject({ 'if-none-match': '*', 'content-type': 'application/gzip' });
    expect(headers['x-amz-checksum-sha256']).toMatch(/^[\w+/]{43}=$/);
  });

  test('storage class, key, owner, and a prefix with the container, whose characters are escaped once', async () => {
    const key = 'arn:aws:kms:eu-central-1:123456789012:key/1-2';
    const sink = await open({
      ...{ LOGTAP_S3_STORAGE_CLASS: 'STANDARD_IA', LOGTAP_S3_KMS_KEY_ARN: key, LOGTAP_S3_BUCKET_OWNER: '123456789012' },
      LOGTAP_S3_PREFIX: "team=(a)!*'/{container}/",
    });
    const other = { ...stdoutOrigin, id: 'other', container: 'side' };
    const batch = batchOf([{ message: 'a' }, { message: 'b', origin: other }, { message: 'c' }]);
    expect(await sink.send(batch, never)).toEqual(delivered);
    const objects = await readObjects(cloud.url, bucket);
    expect(objects.map(({ key, body }) => [key.split('/').slice(0, 2).join('/'), linesOf(body).length]).sort()).toEqual(
      [
        ["team=(a)!*'/side", 1],
        ["team=(a)!*'/web", 2],
      ],
    );
    expect(front.requests[0]?.headers).toMatchObject({
      ...{ 'x-amz-storage-class': 'STANDARD_IA', 'x-amz-expected-bucket-owner': '123456789012' },
      ...{ 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': key },
    });
  });

  test('an answer that is lost: the retry is answered with 412, and the object is there once', async () => {
    const sink = await open();
    faults.push(async ({ forward, cut }) => {
      await forward();
      cut();
    });
    const batch = batchOf(['a', 'b']);
    expect(await sink.send(batch, never)).toMatchObject({ retry: [0, 1], failure: { code: 'ECONNRESET' } });
    expect(await sink.send(batch, never)).toEqual(delivered);
    expect(await messages()).toEqual(['a', 'b']);
    expect(repeated).toEqual([]);
    // Other records between the same two are another object.
    expect(
      await sink.send(batchOf([{ message: 'a' }, { message: 'x', seq: 5 }, { message: 'b', seq: 1 }]), never),
    ).toEqual(delivered);
    expect((await readObjects(cloud.url, bucket)).length).toBe(2);
  });

  const xml = (code: string, more = '') =>
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message>${more}</Error>`;
  test.each<[number, string, Record<string, string>, string, RegExp]>([
    [503, xml('SlowDown'), {}, 'SlowDown', /fewer requests/],
    [500, xml('InternalError'), {}, 'InternalError', /failure of its own/],
    [409, xml('ConditionalRequestConflict'), {}, 'ConditionalRequestConflict', /409/],
    [403, xml('AccessDenied'), {}, 'AccessDenied', /allow s3:PutObject.*LOGTAP_S3_BUCKET_OWNER/],
    [404, xml('NoSuchBucket'), {}, 'NoSuchBucket', /make the bucket/],
    [400, xml('ExpiredToken'), {}, 'ExpiredToken', /temporary keys have ended/],
    [403, xml('SignatureDoesNotMatch'), {}, 'SignatureDoesNotMatch', /secret key is wrong/],
    [
      301,
      xml('PermanentRedirect'),
      { 'x-amz-bucket-region': 'eu-west-1' },
      'PermanentRedirect',
      /AWS_REGION=eu-west-1/,
    ],
    [
      400,
      xml('AuthorizationHeaderMalformed', '<Region>us-west-2</Region>'),
      {},
      'AuthorizationHeaderMalformed',
      /us-west-2/,
    ],
    [501, xml('NotImplemented'), {}, 'NotImplemented', /does not know If-None-Match/],
    [307, xml('TemporaryRedirect'), { location: 'https://x.test/a' }, 'TemporaryRedirect', /not that of S3/],
    [412, '', {}, '412', /412/],
    [412, '<html><title>Login</title>', { 'content-type': 'text/html' }, '412', /web page 'Login'/],
    [200, '<html><title>Login</title>', { 'content-type': 'text/html' }, 'bad_answer', /web page 'Login'/],
    [200, '', {}, 'bad_answer', /not that of S3/],
    [200, xml('InternalError'), { etag: '"1"' }, 'InternalError', /200 InternalError/],
    [200, '<html><title>Login</title>', { 'content-type': 'text/html', etag: '"1"' }, 'bad_answer', /web page 'Login'/],
    [200, '{"ok":true}', { 'content-type': 'application/json', etag: 'W/"b"' }, 'bad_answer', /not that of S3/],
  ])('%d %s: nothing is rejected or forgotten', async (status, body, headers, code, words) => {
    const sink = await open();
    faults.push(({ response }) => response.writeHead(status, headers).end(body));
    const { retry, rejected, failure } = await sink.send(batchOf(['a']), never);
    expect([retry, rejected, failure?.code]).toEqual([[0], [], code]);
    expect(failure?.detail).toMatch(words);
    expect(failure?.detail).toContain(`/${bucket}/`);
    expect(await sink.send(batchOf(['a']), never)).toEqual(delivered);
    expect(await messages()).toEqual(['a']);
  });

  test('of several objects those that are stored are not resent', async () => {
    const sink = await open({ LOGTAP_S3_PREFIX: '{container}/' });
    const other = { ...stdoutOrigin, id: 'other', container: 'side' };
    faults.push(
      () => {},
      ({ response }) => response.writeHead(503).end(xml('SlowDown')),
    );
    const batch = batchOf([{ message: 'a' }, { message: 'b', origin: other }]);
    expect((await sink.send(batch, never)).retry).toEqual([1]);
    expect(await messages()).toEqual(['a']);
  });

  test('a shipper after a kill takes as many records as the one before; other records are counted', async () => {
    await (await open()).send(batchOf(['a', 'b', 'c']), never);
    const again = await open();
    expect(again.limits.maxRecords).toBe(3);
    expect(await again.send(batchOf(['a', 'b', 'c']), never)).toEqual(delivered);
    expect([await messages(), repeated]).toEqual([['a', 'b', 'c'], []]);
    expect(again.limits.maxRecords).toBeGreaterThan(3);
  });

  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((message, seq) => ({ message, seq }));
  const x = { message: 'x', seq: 3, origin: { ...stdoutOrigin, id: 'other' } };
  test.each([
    ['fewer records, and the others later', [[a], [b, c, d]], ['a', 'b', 'c']],
    ['the buffer was full, and dropped the oldest one', [[b, c], [d]], ['b', 'c']],
    ['one of another process between', [[a, x, b], [c]], ['a', 'b', 'c']],
    ['all of them are past', [[d]], []],
  ])(
    'a shipper after a kill that takes others counts each record of the object once: %s',
    async (_, takes, counted) => {
      await (await open()).send(batchOf([a!, b!, c!]), never);
      const next = await open();
      for (const records of takes) {
        faults.push(({ response }) => response.writeHead(503).end());
        expect((await next.send(batchOf(records as PlainRecord[]), never)).retry.length).toBe(records.length);
        expect(await next.send(batchOf(records as PlainRecord[]), never)).toEqual(delivered);
      }
      expect(repeated).toEqual(counted);
    },
  );

  test.each<[string, Environment]>([
    ['another pod with the same disk buffer', { POD_NAME: 'web-1' }],
    ['another prefix', { LOGTAP_S3_PREFIX: 'logs/' }],
    ['objects for each container', { LOGTAP_S3_PREFIX: '{container}/' }],
    ['another bucket', { LOGTAP_S3_BUCKET: 'archive-1' }],
  ])('a shipper after a kill whose object has another key counts its records: %s', async (_, env) => {
    await (await open()).send(batchOf(['a', 'b', 'c']), never);
    const next = await open(env);
    expect(next.limits.maxRecords).toBe(3);
    expect(await next.send(batchOf(['a', 'b', 'c']), never)).toEqual(delivered);
    expect(repeated).toEqual(['a', 'b', 'c']);
    await next.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    ['..', '..', /^(x{500}\/)--\/[^/]+$/],
    ['.', '.', /^(x{500}\/)-\/[^/]+$/],
    ['256 letters', 'n'.repeat(256), /^(x{500}\/)n{253}\/[^/]+$/],
  ])(
    'a process that reports an impossible container does not make a key that S3 refuses: %s',
    async (_, container, key) => {
      const sink = await open({ LOGTAP_S3_PREFIX: `${'x'.repeat(500)}/{container}/` });
      const batch = batchOf([{ message: 'a', origin: { ...stdoutOrigin, container } }]);
      expect(await sink.send(batch, never)).toEqual(delivered);
      expect((await readObjects(cloud.url, bucket)).map((object) => object.key)).toEqual([expect.stringMatching(key)]);
    },
  );

  test('a note of many short records does not make the next shipper take as many long ones at once', async () => {
    const sink = await open();
    const { maxBytes } = sink.limits;
    await sink.send(batchOf(['a', 'b', 'c']), never);
    expect((await open()).limits).toMatchObject({ maxRecords: 3, maxBytes });
  });

  test('a shipper that has to stop while S3 does not answer leaves its note', async () => {
    const sink = await open();
    await sink.send(batchOf(['a']), never);
    let isThere = false;
    faults.push(() => {
      isThere = true;
      return new Promise(() => {});
    });
    const sending = sink.send(batchOf([b!, c!]), never);
    await until('the request is there', () => isThere);
    await sink.close();
    await sending;
    expect((await open()).limits.maxRecords).toBe(2);
  });

  test.each(['ExpiredToken', 'InvalidToken', 'TokenRefreshRequired'])(
    'keys that are over are asked for anew: %s',
    async (code) => {
      const sink = await open();
      faults.push(({ response }) => response.writeHead(400).end(xml(code)));
      await sink.send(batchOf(['a']), never);
      process.env.AWS_ACCESS_KEY_ID = 'RENEWED';
      faults.push(({ response }) => response.writeHead(503).end());
      await sink.send(batchOf(['a']), never);
      expect(front.requests.map(({ headers }) => /Credential=(\w+)/.exec(String(headers.authorization))?.[1])).toEqual([
        AWS_ENV.AWS_ACCESS_KEY_ID,
        'RENEWED',
      ]);
      unsigned.length = 0;
    },
  );

  test('a clock that is wrong: the same request is signed with the time of the service', async () => {
    const sink = await open();
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    faults.push(({ response }) => response.writeHead(403, { date }).end(xml('RequestTimeTooSkewed')));
    expect(await sink.send(batchOf(['a']), never)).toEqual(delivered);
    expect(await messages()).toEqual(['a']);
  });

  test('for some containers: as many are taken again, those of other sinks among them', async () => {
    const routed = (sink: Sink) => new RoutedSink('s3', sink, (container) => container === 'web');
    const other = { ...stdoutOrigin, id: 'other', container: 'side' };
    const batch = batchOf([{ message: 'a' }, { message: 'x', origin: other }, { message: 'b' }]);
    const first = routed(await open());
    expect(first.fillMs).toBe(60_000);
    expect((await first.send(batch, never)).elsewhere).toEqual([1]);
    const again = routed(await open());
    expect(again.limits.maxRecords).toBe(3);
    await again.send(batch, never);
    expect([await messages(), repeated]).toEqual([['a', 'b'], []]);
    expect(again.limits.maxRecords).toBeGreaterThan(3);
  });

  test('a note of an earlier shipper that cannot be read, and one of records that have moved on', async () => {
    await (await open()).send(batchOf(['z']), never);
    writeFileSync(join(directory, readdirSync(directory)[0]!), '{"count":');
    const sink = await open();
    expect(sink.limits.maxRecords).toBeGreaterThan(1000);
    await sink.send(batchOf(['a', 'b']), never);
    const next = await open();
    expect(await next.send(batchOf([{ message: 'c', seq: 2 }]), never)).toEqual(delivered);
    expect([await messages(), repeated]).toEqual([expect.arrayContaining(['a', 'b', 'c']), []]);
    await next.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  describeWith(['jq'], 'the guide', () => {
    test('its commands read an hour of a namespace', async () => {
      const guide = readFileSync(join(__dirname, '../../docs/guides/archive-in-s3.md'), 'utf8');
      const [, from, include, read] =
        /^aws s3 cp --recursive s3:\/\/shop-archive\/(\S+) \. --exclude '\*' --include '\*(\S+)\*'\n(gunzip .*)$/m.exec(
          guide,
        )!;
      const at = (time: string) => Date.parse(`2026-11-29T${time}Z`);
      const sink = await open();
      await sink.send(batchOf([{ message: 'before', timeMs: at('09:59:59') }]), never);
      await sink.send(
        batchOf([
          { message: 'one\ttwo', timeMs: at('10:00:03'), seq: 1 },
          { message: '{"a":"ä"}', timeMs: at('10:30:00'), seq: 2 },
        ]),
        never,
      );
      await sink.send(batchOf([{ message: 'last', timeMs: at('10:59:59'), seq: 3 }]), never);
      // As `aws s3 cp` does it.
      for (const { key, body } of await readObjects(cloud.url, bucket)) {
        if (!key.startsWith(from!) || !key.includes(include!)) continue;
        const file = join(directory, key.slice(from!.length));
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, body);
      }
      const { code, stdout } = await run('sh', ['-c', read!], { cwd: directory });
      expect([code, stdout.toString().trimEnd().split('\n')]).toEqual([
        0,
        [
          '2026-11-29T10:00:03.000000Z\tweb-0\tone\\ttwo',
          '2026-11-29T10:30:00.000000Z\tweb-0\t{"a":"ä"}',
          '2026-11-29T10:59:59.000000Z\tweb-0\tlast',
        ],
      ]);
    });
  });

  test('a check', async () => {
    expect(await (await open()).check!(never)).toMatchObject({ isRight: true });
    const missing = await open({ LOGTAP_S3_BUCKET: 'there-is-none' });
    expect(await missing.check!(never)).toMatchObject({ isRight: false });
    faults.push(({ response }) => response.writeHead(403).end());
    expect(await missing.check!(never)).toMatchObject({
      isRight: true,
      text: expect.stringContaining('s3:ListBucket'),
    });
  });

  test('without a disk buffer, and a compression that this Node may not have', async () => {
    await expect(open({ LOGTAP_SPOOL_DIR: '' })).rejects.toThrow('LOGTAP_SINK=s3 needs LOGTAP_SPOOL_DIR');
    const hasZstd = 'zstdCompress' in require('node:zlib');
    const opened = open({ LOGTAP_S3_COMPRESSION: 'zstd' });
    await (hasZstd ? opened : expect(opened).rejects.toThrow('needs Node 22.15 or later'));
  });

  describe('a shipper', () => {
    const [FIRST, SECOND] = [3000, 2000];
    const write = async (rings: string, from: number, to: number) => {
      const env = { ...tapEnvironment('', { suppress: true }), [LIBRARY_ENV.TARGET.name]: `ring:${rings}` };
      const script = `$| = 1; for (my $i = ${from}; $i < ${to}; $i++) { print "line $i\\n" }`;
      expect((await start('perl', ['-e', script], { env }).ended).code).toBe(0);
    };
    let rings: string;
    beforeEach(() => {
      rings = mkdtempSync('/dev/shm/logtap-s3-');
    });
    afterEach(() => rmSync(rings, { recursive: true, force: true }));
    const ship = (env: Environment = {}) =>
      startShipper({ ...AWS_ENV, ...environment(env), LOGTAP_RING_DIR: rings, LOGTAP_GRACE_SECONDS: '60' });
    const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`).sort();
    const lastLine = (stderr: string) => JSON.parse(stderr.trimEnd().split('\n').at(-1)!);

    test('waits for an object to fill, and writes the rest when it stops', async () => {
      const shipper = await ship({ LOGTAP_S3_OBJECT_SECONDS: '3600', LOGTAP_S3_OBJECT_BYTES: '300000' });
      await write(rings, 0, FIRST);
      await until('full objects are stored', async () => (await readObjects(cloud.url, bucket)).length >= 2);
      const { code, stderr } = await drain(shipper);
      expect(code).toBe(0);
      expect(lastLine(stderr)).toMatchObject({ delivered: { s3: FIRST }, held: 0, balanced: true });
      expect((await messages()).sort()).toEqual(lines(FIRST));
      // Of a size, not one for each read of the source.
      expect((await readObjects(cloud.url, bucket)).length).toBeLessThan(10);
    });

    test('writes an object that does not fill after its time', async () => {
      const shipper = await ship({ LOGTAP_S3_OBJECT_SECONDS: '1' });
      await write(rings, 0, 10);
      await until('it is stored', async () => (await messages()).length === 10);
      await drain(shipper);
    });

    test('that is killed after S3 has stored an object, before it has heard of it: each line is there once', async () => {
      let isStored = false;
      const shipper = await ship({ LOGTAP_S3_OBJECT_SECONDS: '1' });
      faults.push(async ({ forward }) => {
        await forward();
        isStored = true;
        await new Promise(() => {});
      });
      await write(rings, 0, FIRST);
      await until('the object is stored', () => isStored);
      // These would be in an object with the others, were they taken anew.
      await write(rings, FIRST, FIRST + SECOND);
      shipper.child.kill('SIGKILL');
      await shipper.ended;
      const { code, stderr } = await drain(await ship({ LOGTAP_S3_OBJECT_SECONDS: '1' }));
      expect(code).toBe(0);
      const last = lastLine(stderr);
      expect(last).toMatchObject({ held: 0, balanced: true });
      expect(last).not.toHaveProperty('possibleDuplicates');
      const all = await stored();
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      expect(
        all
          .map(({ message }) => message)
          .filter((message) => message.startsWith('line'))
          .sort(),
      ).toEqual(lines(FIRST + SECOND));
    });
  });
});
