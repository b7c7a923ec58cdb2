/** The sink `otlp`: the Collector's own receiver understands every record, and each answer is booked as the protocol means it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { freePort } from '../../scripts/free-port.js';
import { ensureGoProgram } from '../../scripts/go-program.js';
import type { Statement } from '../../src/shipper/accounting/statement.js';
import type { RecordBatch, Sink } from '../../src/shipper/parts.js';
import { Secrets } from '../../src/shipper/secrets.js';
import { type Environment, parseSettings } from '../../src/shipper/settings.js';
import { openSink } from '../../src/shipper/sinks/index.js';
import { bytesField, varintField } from '../../src/shipper/sinks/otlp/wire.js';
import { batchOf, messagesOf, stdoutOrigin } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { type Exchange, type Front, startFront } from '../support/opensearch-front.js';
import { run, start, until } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const delivered = { retry: [], rejected: [] };
const soon = () => AbortSignal.timeout(60_000);
const directory = mkdtempSync(join(tmpdir(), 'logtap-'));
const sinks: Sink[] = [];
const fronts: Front[] = [];
const notices: string[] = [];
const repeated: string[] = [];
afterEach(async () => {
  notices.length = 0;
  repeated.length = 0;
  for (const sink of sinks.splice(0)) await sink.close();
  for (const front of fronts.splice(0)) await front.stop();
});
afterAll(() => rmSync(directory, { recursive: true }));

async function open(url: string, env: Environment = {}, isContinued = false): Promise<Sink> {
  const settings = parseSettings({ LOGTAP_SINK: 'otlp', LOGTAP_OTLP_URL: url, ...env }, () => {});
  const sink = await openSink('otlp', {
    ...{ settings, isContinued, secrets: new Secrets(), onRequest: () => {} },
    onNotice: (message) => notices.push(message),
    onPossibleDuplicates: (records: RecordBatch) => repeated.push(...messagesOf(records)),
  });
  sinks.push(sink);
  return sink;
}

const fileOf = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

/** The receiver, and the records that it has handed on so far. */
async function startReceiver() {
  const address = `127.0.0.1:${await freePort()}`;
  const receiver = start(ensureGoProgram('otel-receiver'), ['otlp', address]);
  await until('it listens', () => receiver.stdout().startsWith('listening'));
  const records = () =>
    receiver
      .stdout()
      .split('\n')
      .slice(1, -1)
      .map((line) => JSON.parse(line));
  return { url: `http://${address}`, records };
}

describeWith(['OpenTelemetry receiver'], 'the receiver of the OpenTelemetry Collector', () => {
  test('understands every record', async () => {
    const { url, records } = await startReceiver();
    const env = {
      ...{ POD_NAME: 'web-0', POD_NAMESPACE: 'shop', POD_UID: 'u-1', NODE_NAME: 'node-1' },
      LOGTAP_STATIC_FIELDS: 'team=checkout',
    };
    const sink = await open(url, env);
    const timeMs = 1_764_000_000_123.25;
    const file = { ...stdoutOrigin, id: 'f-1', stream: 'file', path: '/var/log/a b.log', container: 'side' } as const;
    const bare = { ...stdoutOrigin, id: 'r-1', pid: 0, process: '', container: '' };
    const traced = `{"level":"warn","trace_id":"${'0af7651916cd43dd'.repeat(2)}","span_id":"b7ad6b7169203331","msg":"x"}`;
    const batch = batchOf([
      { message: 'plain', timeMs },
      { message: 'ä 日 🚀', timeMs, seq: 2 ** 40, origin: file },
      { message: '', timeMs, origin: bare },
      { message: 'x'.repeat(300_000), timeMs },
      { message: Buffer.of(0x61, 0xff), timeMs },
      { message: traced, timeMs },
      { message: 'before 1970', timeMs: -1 },
    ]);
    expect(await sink.send(batch, soon())).toEqual(delivered);
    await until('all are there', () => records().length === batch.count);
    const of = (body: string) => records().find((each) => each.body === body);
    const resource = {
      ...{ 'k8s.pod.name': 'web-0', 'k8s.namespace.name': 'shop', 'k8s.pod.uid': 'u-1', 'k8s.node.name': 'node-1' },
      team: 'checkout',
    };
    const nanoseconds = 1_764_000_000_123_250_000;
    const id = { 'process.pid': 42, 'process.name': 'app' };
    expect(of('plain')).toEqual({
      ...{ body: 'plain', scope: 'logtap', nanoseconds, observed: nanoseconds },
      ...{ severity: 0, severityText: '', traceId: '', spanId: '' },
      resource: { ...resource, 'k8s.container.name': 'web' },
      attributes: {
        ...{ ...id, 'log.iostream': 'stdout', 'log.record.seq': 0, 'log.record.uid': `${stdoutOrigin.id}-0` },
      },
    });
    expect(of('ä 日 🚀')).toMatchObject({
      resource: { 'k8s.container.name': 'side' },
      attributes: {
        'log.file.path': '/var/log/a b.log',
        'log.record.seq': 2 ** 40,
        'log.record.uid': `f-1-${2 ** 40}`,
      },
    });
    expect(of('')).toMatchObject({ resource });
    expect(of('').attributes).toEqual({ 'log.iostream': 'stdout', 'log.record.seq': 2, 'log.record.uid': 'r-1-2' });
    expect(of('x'.repeat(300_000))).toBeDefined();
    expect(of('a\ufffd')).toBeDefined();
    expect(of(traced)).toMatchObject({
      ...{ severity: 13, severityText: 'WARN', traceId: '0af7651916cd43dd'.repeat(2), spanId: 'b7ad6b7169203331' },
    });
    expect(of('before 1970')).toMatchObject({ nanoseconds: 0 });
    expect(await sink.check!(soon())).toMatchObject({ isRight: true });
    expect(records()).toHaveLength(batch.count);
  });

  test.each(['true', 'false'])(
    'takes every line of a tapped program once, with gzip %s, and a ledger that balances',
    async (gzip) => {
      const { url, records } = await startReceiver();
      const LINES = 30_000;
      const shipper = await startShipper({ LOGTAP_SINK: 'otlp', LOGTAP_OTLP_URL: url, LOGTAP_OTLP_GZIP: gzip });
      const script = `$| = 1; for (my $i = 0; $i < ${LINES}; $i++) { print "line $i\\n" }`;
      const env = tapEnvironment(shipper.socket, { suppress: true });
      expect((await run('perl', ['-e', script], { env })).code).toBe(0);
      const { code, stderr } = await drain(shipper);
      expect(code).toBe(0);
      expect(JSON.parse(stderr.trimEnd().split('\n').at(-1)!)).toMatchObject({ read: LINES, held: 0, balanced: true });
      await until('all are there', () => records().length >= LINES);
      // Several requests are in flight: the number of a record is its place.
      const inOrder = records().sort((a, b) => a.attributes['log.record.seq'] - b.attributes['log.record.seq']);
      expect(inOrder.map(({ body }) => body)).toEqual(Array.from({ length: LINES }, (_, i) => `line ${i}`));
    },
  );

  test('after lost answers every line is there, and the ledger counts no fewer possible duplicates than there are', async () => {
    const { url, records } = await startReceiver();
    const front = await startFront(url, async ({ forward, cut }, number) => {
      if (number % 3 !== 2) return;
      await forward();
      cut();
    });
    fronts.push(front);
    const port = await freePort();
    const shipper = await startShipper({
      ...{ LOGTAP_SINK: 'otlp', LOGTAP_OTLP_URL: front.url, LOGTAP_BATCH_LINGER_MS: '20' },
      ...{ LOGTAP_STATUS_HOST: '127.0.0.1', LOGTAP_STATUS_PORT: String(port) },
    });
    const LINES = 5000;
    const print = `print "line $i\\n"; select undef, undef, undef, 0.01 if $i % 100 == 0`;
    const script = `$| = 1; for (my $i = 0; $i < ${LINES}; $i++) { ${print} }`;
    const env = tapEnvironment(shipper.socket, { suppress: true });
    expect((await run('perl', ['-e', script], { env })).code).toBe(0);
    const ledger = async () =>
      ((await (await fetch(`http://127.0.0.1:${port}/ledger`)).json()) as Statement).sinks.otlp!;
    await until('all is delivered', async () => (await ledger()).delivered.records === LINES);
    const { possibleDuplicates } = await ledger();
    expect((await drain(shipper)).code).toBe(0);
    const bodies = records().map(({ body }) => body);
    expect(new Set(bodies).size).toBe(LINES);
    expect(bodies.length).toBeGreaterThan(LINES);
    expect(bodies.length - LINES).toBeLessThanOrEqual(possibleDuplicates!.records);
    // Two with one uid are one.
    expect(new Set(records().map(({ attributes }) => attributes['log.record.uid'])).size).toBe(LINES);
  });
});

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };
const partial = (rejected: number, message: string) =>
  bytesField(1, Buffer.concat([varintField(1, rejected), bytesField(2, message)]));
const status = (message: string) => Buffer.concat([varintField(1, 3), bytesField(2, message)]);

type Answer = readonly [status: number, headers: Record<string, string>, body: Buffer | string];

/** An endpoint that answers as it is told to, by the bytes of each request. */
async function endpoint(answer: (body: Buffer, number: number, exchange: Exchange) => Answer): Promise<Front> {
  const front = await startFront('http://127.0.0.1:9', (exchange, number) => {
    const body = exchange.headers['content-encoding'] === 'gzip' ? gunzipSync(exchange.body) : exchange.body;
    const [code, headers, text] = answer(body, number, exchange);
    exchange.response.writeHead(code, headers).end(text);
  });
  fronts.push(front);
  return front;
}

const three = batchOf(['a', 'b', 'c']);
const all = [0, 1, 2];

test.each<[string, Answer]>([
  ['nothing', [200, PROTOBUF, '']],
  ['nothing, with 204', [204, {}, '']],
  ['an empty object', [200, JSON_TYPE, '{}']],
  ['no rejected record, in Protocol Buffers', [200, PROTOBUF, partial(0, '')]],
  ['no rejected record, in JSON', [200, JSON_TYPE, '{"partialSuccess":{"rejectedLogRecords":"0"}}']],
])('an endpoint that answers %s has taken all', async (_, answer) => {
  const { url } = await endpoint(() => answer);
  expect(await (await open(url)).send(three, soon())).toEqual(delivered);
  expect(notices).toEqual([]);
});

test.each<[string, Answer]>([
  ['Protocol Buffers', [200, PROTOBUF, partial(2, 'too old')]],
  ['JSON', [200, JSON_TYPE, '{"partialSuccess":{"rejectedLogRecords":2,"errorMessage":"too old"}}']],
])('as many records as a partial success in %s says are permanently rejected', async (_, answer) => {
  const { url } = await endpoint(() => answer);
  const result = await (await open(url)).send(three, soon());
  const rejected = { reason: 'partial_success', code: '200', detail: 'too old' };
  expect(result).toEqual({ retry: [], rejected: [1, 2].map((index) => ({ index, ...rejected })) });
});

test('a warning of the endpoint is told once', async () => {
  const { url } = await endpoint(() => [200, PROTOBUF, partial(0, 'attributes were cut')]);
  const sink = await open(url);
  for (const _ of all) expect(await sink.send(three, soon())).toEqual(delivered);
  expect(notices).toEqual([expect.stringMatching(/the endpoint warns: attributes were cut$/)]);
});

test.each<[string, Answer, string, RegExp]>([
  [
    'a login page',
    [200, { 'content-type': 'text/html' }, '<html><title>Log in</title>'],
    'bad_answer',
    /a web page 'Log in'/,
  ],
  ['an empty page', [200, { 'content-type': 'text/html' }, ''], 'bad_answer', /with a web page/],
  [
    'another protocol',
    [200, { 'content-type': 'text/plain' }, 'OK'],
    'bad_answer',
    /not as OTLP does .*no-such-service/,
  ],
  ['no object', [200, JSON_TYPE, 'null'], 'bad_answer', /not as OTLP does/],
  ['more rejected records than it got', [200, PROTOBUF, partial(4, '')], 'bad_answer', /not as OTLP does/],
  [
    'fewer rejected records than none',
    [200, JSON_TYPE, '{"partialSuccess":{"rejectedLogRecords":-1}}'],
    'bad_answer',
    /OTLP/,
  ],
  ['cut Protocol Buffers', [200, PROTOBUF, partial(1, 'x').subarray(0, 4)], 'bad_answer', /not as OTLP does/],
  [
    'a redirect',
    [302, { location: 'https://login.example/?token=s3cret' }, ''],
    '302',
    /redirect to https:\/\/login.example\//,
  ],
  ['401', [401, PROTOBUF, status('no token')], '401', /no token .*LOGTAP_OTLP_HEADERS_FILE.*the-service-forbids-it/],
  ['404', [404, {}, 'not here'], '404', /LOGTAP_OTLP_URL.*no-such-service/],
  ['400 of a proxy', [400, {}, 'Bad Request'], '400', /every-record-is-refused/],
  ['429', [429, PROTOBUF, status('slow down')], '429', /slow down .*the-service-is-throttled/],
  ['503', [503, {}, ''], '503', /the-service-fails/],
])('an endpoint that answers %s has taken nothing: all is retried', async (_, answer, code, detail) => {
  const { url } = await endpoint(() => answer);
  const result = await (await open(url)).send(three, soon());
  expect(result).toMatchObject({ retry: all, rejected: [], failure: { code, detail: expect.stringMatching(detail) } });
  expect(result.failure!.detail).not.toContain('s3cret');
});

test('the time that a throttling endpoint asks for is kept', async () => {
  const { url } = await endpoint(() => [429, { ...PROTOBUF, 'retry-after': '7' }, '']);
  expect(await (await open(url)).send(three, soon())).toMatchObject({ retry: all, retryAfterMs: 7000 });
});

test('a record that the endpoint refuses by itself is permanently rejected, and all others are taken', async () => {
  const taken: Buffer[] = [];
  const { url } = await endpoint((body) => {
    if (body.includes('poison')) return [400, PROTOBUF, status('bad record')];
    taken.push(body);
    return [200, PROTOBUF, ''];
  });
  const lines = Array.from({ length: 9 }, (_, i) => (i === 4 ? 'poison' : `line-${i}`));
  expect(await (await open(url)).send(batchOf(lines), soon())).toEqual({
    retry: [],
    rejected: [{ index: 4, reason: 'refused', code: '400', detail: 'bad record' }],
  });
  for (const line of lines.filter((each) => each !== 'poison'))
    expect(taken.filter((body) => body.includes(line))).toHaveLength(1);
});

test('no record is rejected while the endpoint takes none: it may lack a header', async () => {
  const { url, requests } = await endpoint(() => [400, PROTOBUF, status('x-aws-log-group is missing')]);
  const sink = await open(url);
  const result = await sink.send(three, soon());
  expect(result).toMatchObject({ retry: all, rejected: [], failure: { code: '400' }, retryAfterMs: 5000 });
  const many = batchOf(Array.from({ length: 4000 }, (_, i) => String(i)));
  const before = requests.length;
  expect(await sink.send(many, soon())).toMatchObject({ rejected: [], failure: { code: '400' } });
  expect(requests.length - before).toBeLessThan(40);
});

test('a record that is refused alone waits apart, until others were taken: then it is permanently rejected', async () => {
  const { url } = await endpoint((body) =>
    body.includes('poison') ? [400, PROTOBUF, status('bad')] : [200, PROTOBUF, ''],
  );
  const sink = await open(url);
  const poison = batchOf([{ message: 'poison', seq: 7 }]);
  const good = batchOf([{ message: 'good', seq: 8 }]);
  for (const _ of all) {
    const { retry, rejected, blocked } = await sink.send(poison, soon());
    expect([retry, rejected, blocked!.map(({ destination }) => destination)]).toEqual([[0], [], ['refused records']]);
  }
  expect(sink.destinations!(poison)).toEqual(['refused records']);
  expect(sink.destinations!(good)).toEqual(['all others']);
  expect(await sink.send(good, soon())).toEqual(delivered);
  expect(await sink.send(poison, soon())).toMatchObject({ retry: [], rejected: [{ index: 0, reason: 'refused' }] });
  expect(sink.destinations!(poison)).toEqual(['all others']);
});

test('many refused records in a row do not hold up the one behind them, and are permanently rejected once it is taken', async () => {
  let isTaken = false;
  const { url } = await endpoint((body) => {
    if (body.includes('poison')) return [400, PROTOBUF, status('bad')];
    isTaken ||= body.includes('good');
    return [200, PROTOBUF, ''];
  });
  const sink = await open(url);
  const poison = Array.from({ length: 400 }, (_, seq) => ({ message: 'poison', seq }));
  const waiting: Message[] = [];
  let rejected = 0;
  let left: readonly Message[] = [...poison, { message: 'good', seq: poison.length }];
  for (let sends = 0; !isTaken && sends < 10; sends++) {
    const sent = await resent(sink, left);
    if (!isTaken) expect(sent.rejected).toBe(0);
    rejected += sent.rejected;
    waiting.push(...sent.waiting);
    left = sent.left;
  }
  expect([isTaken, left]).toEqual([true, []]);
  const last = await resent(sink, waiting);
  expect([last.waiting, last.left, rejected + last.rejected]).toEqual([[], [], poison.length]);
});

test('an endpoint that refuses everything for long gets few requests', async () => {
  const { url, requests } = await endpoint(() => [400, PROTOBUF, status('bad')]);
  const sink = await open(url);
  const all = Array.from({ length: 300 }, (_, seq) => ({ message: 'fine', seq }));
  for (let left: readonly Message[] = all, sends = 0; left.length > 0; sends++) {
    expect(sends).toBeLessThan(10);
    const sent = await resent(sink, left);
    expect(sent.rejected).toBe(0);
    left = sent.left;
  }
  const before = requests.length;
  for (let sends = 0; sends < 5; sends++) expect((await sink.send(batchOf(all), soon())).rejected).toEqual([]);
  expect(requests.length - before).toBeLessThan(200);
});

describe('a refused record that no other one follows', () => {
  const MINUTE_MS = 60_000;
  const now = performance.now.bind(performance);
  let laterMs = 0;
  const late = () => {
    laterMs += MINUTE_MS;
    jest.spyOn(performance, 'now').mockImplementation(() => now() + laterMs);
  };
  afterEach(() => jest.restoreAllMocks());
  const good = batchOf([{ message: 'good', seq: 1 }]);
  const poison = batchOf([{ message: 'poison', seq: 2 }]);

  test('is permanently rejected after a minute, if a record that was taken before is taken once more: that is counted', async () => {
    const { url, requests } = await endpoint((body) =>
      body.includes('poison') ? [400, PROTOBUF, status('bad')] : [200, PROTOBUF, ''],
    );
    const sink = await open(url);
    await sink.send(good, soon());
    for (let sends = 0; sends < 3; sends++) expect((await sink.send(poison, soon())).rejected).toEqual([]);
    expect([requests.length, repeated]).toEqual([4, []]);
    late();
    expect(await sink.send(poison, soon())).toMatchObject({ retry: [], rejected: [{ index: 0, reason: 'refused' }] });
    expect(repeated).toEqual(['good']);
  });

  test('waits while the endpoint refuses that record, too, and nothing is counted twice', async () => {
    let isOut = false;
    const { url } = await endpoint(() => (isOut ? [400, PROTOBUF, status('bad')] : [200, PROTOBUF, '']));
    const sink = await open(url);
    await sink.send(good, soon());
    isOut = true;
    await sink.send(poison, soon());
    late();
    expect(await sink.send(poison, soon())).toMatchObject({ retry: [0], rejected: [] });
    late();
    expect(await sink.send(poison, soon())).toMatchObject({ retry: [0], rejected: [] });
    expect(repeated).toEqual(['good']);
    isOut = false;
    expect(await sink.send(poison, soon())).toEqual(delivered);
  });
});

type Message = { readonly message: string; readonly seq: number };

/** Sends as the delivery does: records of a blocked place wait, and the others are resent from the first one on. */
async function resent(sink: Sink, records: readonly Message[]) {
  const batch = batchOf(records);
  const { retry, rejected, blocked = [] } = await sink.send(batch, soon());
  const places = sink.destinations!(batch);
  const waits = (i: number) => blocked.some(({ destination }) => destination === places[i]);
  return {
    rejected: rejected.length,
    waiting: retry.filter(waits).map((i) => records[i]!),
    left: retry.filter((i) => !waits(i)).map((i) => records[i]!),
  };
}

test('a record that is refused, and taken once others are, is delivered', async () => {
  let isOpen = false;
  const { url } = await endpoint((body) => {
    if (!isOpen && body.includes('early')) return [400, PROTOBUF, status('no such stream')];
    isOpen = true;
    return [200, PROTOBUF, ''];
  });
  expect(await (await open(url)).send(batchOf(['early', 'late']), soon())).toEqual(delivered);
});

test('requests that are too large are halved; a record that is too large by itself is rejected', async () => {
  const { url, requests } = await endpoint((body) => (body.length > 3000 ? [413, {}, ''] : [200, PROTOBUF, '']));
  const lines = ['x'.repeat(5000), ...Array.from({ length: 20 }, () => 'y'.repeat(500))];
  expect(await (await open(url)).send(batchOf(lines), soon())).toEqual({
    retry: [],
    rejected: [{ index: 0, reason: 'too_large', code: '413', detail: '' }],
  });
  expect(requests.length).toBeLessThan(25);
});

test('what may be there already is counted before it is resent: after a lost answer, and after an earlier shipper', async () => {
  const { url } = await endpoint((_, number, { cut }) => {
    if (number === 1) cut();
    return [200, PROTOBUF, ''];
  });
  const sink = await open(url);
  expect((await sink.send(three, soon())).retry).toEqual(all);
  expect(repeated).toEqual([]);
  expect(await sink.send(three, soon())).toEqual(delivered);
  expect(repeated).toEqual(['a', 'b', 'c']);
  expect(await sink.send(three, soon())).toEqual(delivered);
  expect(repeated).toHaveLength(3);
  const next = await open(url, {}, true);
  const timeMs = Date.now();
  expect(await next.send(batchOf(['old', { message: 'new', timeMs }]), soon())).toEqual(delivered);
  expect(repeated.slice(3)).toEqual(['old']);
});

test('headers, a path of its own, and a file of secret headers that is read again when it changes', async () => {
  const { url, requests } = await endpoint(() => [200, PROTOBUF, '']);
  const file = fileOf('headers', 'authorization=Bearer one\n\nx-tenant=a=b\n');
  const sink = await open(`${url}/otlp/logs`, {
    LOGTAP_OTLP_HEADERS: 'x-aws-log-group=/app/web, X-Aws-Log-Stream=s',
    LOGTAP_OTLP_HEADERS_FILE: file,
  });
  await sink.send(three, soon());
  fileOf('headers', 'authorization=Bearer twenty\n');
  await sink.send(three, soon());
  const [first, second] = requests;
  expect(first!.path).toBe('/otlp/logs');
  expect(first!.headers).toMatchObject({
    ...{ 'x-aws-log-group': '/app/web', 'x-aws-log-stream': 's', authorization: 'Bearer one', 'x-tenant': 'a=b' },
    'content-type': 'application/x-protobuf',
  });
  expect(second!.headers.authorization).toBe('Bearer twenty');
  const other = await open(url);
  await other.send(three, soon());
  expect(requests[2]!.path).toBe('/v1/logs');
});

test.each([
  ['LOGTAP_OTLP_HEADERS', { LOGTAP_OTLP_HEADERS: 'a=b,nonsense' }, /LOGTAP_OTLP_HEADERS='a=b,nonsense': .*number 2/],
  ['its own header', { LOGTAP_OTLP_HEADERS: 'Content-Type=x' }, /must not set content-type/],
  ['a signature without a region', { LOGTAP_OTLP_SIGV4: 'logs' }, /LOGTAP_OTLP_SIGV4 needs AWS_REGION/],
  [
    'half an identity',
    { LOGTAP_OTLP_CERT_FILE: '/x' },
    /LOGTAP_OTLP_CERT_FILE and LOGTAP_OTLP_KEY_FILE belong together/,
  ],
])('the start is refused: %s', async (_, env, message) => {
  await expect(open('http://127.0.0.1:1', env)).rejects.toThrow(message);
});

test('an error about secret headers does not show them', async () => {
  const file = fileOf('wrong', 's3cret without an equals sign');
  const refused = open('http://127.0.0.1:1', { LOGTAP_OTLP_HEADERS_FILE: file });
  await expect(refused).rejects.toThrow(/LOGTAP_OTLP_HEADERS_FILE='.*wrong': its lines must be headers/);
  await expect(refused).rejects.not.toThrow(/s3cret/);
});

test('requests to CloudWatch Logs are signed for it', async () => {
  const { url, requests } = await endpoint(() => [200, JSON_TYPE, '{}']);
  const before = { ...process.env };
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' });
  try {
    const sink = await open(url, {
      ...{ LOGTAP_OTLP_SIGV4: 'logs', AWS_REGION: 'eu-central-1' },
      LOGTAP_OTLP_HEADERS: 'x-aws-log-group=g,x-aws-log-stream=s',
    });
    expect(await sink.send(three, soon())).toEqual(delivered);
  } finally {
    process.env = before;
  }
  expect(requests[0]!.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/logs\/aws4_request, SignedHeaders=.*x-aws-log-group;x-aws-log-stream, Signature=[0-9a-f]{64}$/,
  );
});
