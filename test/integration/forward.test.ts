/** The sink `forward`: only what the peer has confirmed is delivered, and both sides know who the other is. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from '@msgpack/msgpack';
import { freePort } from '../../scripts/free-port.js';
import { ensureGoProgram } from '../../scripts/go-program.js';
import type { RecordBatch, Sink } from '../../src/shipper/parts.js';
import { Secrets } from '../../src/shipper/secrets.js';
import { type Environment, parseSettings } from '../../src/shipper/settings.js';
import { openSink } from '../../src/shipper/sinks/index.js';
import { sleep } from '../../src/shipper/sleep.js';
import { batchOf, messagesOf } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { confirm, type ForwardPeer, type ForwardPeerOptions, startForwardPeer } from '../support/forward-peer.js';
import { run, start, until } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const delivered = { retry: [], rejected: [] };
const soon = () => AbortSignal.timeout(10_000);

const directory = mkdtempSync(join(tmpdir(), 'logtap-'));
const sinks: Sink[] = [];
const requests: [code: string, isTimed: boolean][] = [];
/** Counted as possible duplicates. */
const repeated: string[] = [];
const peers: ForwardPeer[] = [];
afterEach(async () => {
  requests.length = 0;
  repeated.length = 0;
  for (const sink of sinks.splice(0)) await sink.close();
  for (const peer of peers.splice(0)) await peer.stop();
});
afterAll(() => rmSync(directory, { recursive: true }));

async function open(address: string, env: Environment = {}): Promise<Sink> {
  const settings = parseSettings({ LOGTAP_SINK: 'forward', LOGTAP_FORWARD_ADDRESS: address, ...env }, () => {});
  const onRequest = (code: string, seconds: number) => requests.push([code, seconds > 0 && seconds < 10]);
  const onPossibleDuplicates = (records: RecordBatch) => repeated.push(...messagesOf(records));
  const context = { settings, secrets: new Secrets(), onRequest, onPossibleDuplicates, onNotice: () => {} };
  const sink = await openSink('forward', context);
  sinks.push(sink);
  return sink;
}

async function peer(options: ForwardPeerOptions = {}): Promise<ForwardPeer> {
  const started = await startForwardPeer(options);
  peers.push(started);
  return started;
}

function fileOf(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

test('a batch is a request with the tag, its size and an id, over one connection', async () => {
  const target = await peer();
  const sink = await open(target.address, { LOGTAP_FORWARD_TAG: 'shop.orders' });
  expect(await sink.send(batchOf(['a', 'ä']), soon())).toEqual(delivered);
  expect(await sink.send(batchOf(['c']), soon())).toEqual(delivered);
  expect(target.requests).toEqual([
    { tag: 'shop.orders', messages: ['a', 'ä'], option: { size: 2, chunk: expect.stringMatching(/^[\w+/]{22}$/) } },
    { tag: 'shop.orders', messages: ['c'], option: { size: 1, chunk: expect.any(String) } },
  ]);
  expect(target.requests[0]!.option.chunk).not.toBe(target.requests[1]!.option.chunk);
  expect(target.sockets).toHaveLength(1);
});

test.each<[string, NonNullable<ForwardPeerOptions['answer']>, string, RegExp]>([
  ['confirms another request', (socket) => socket.write(encode({ ack: 'x' })), 'ack', /did not confirm the request/],
  ['says something else', (socket) => socket.write(encode(['no'])), 'ack', /LOGTAP_FORWARD_ACK=false/],
  ['ends the connection', (socket) => socket.end(), 'closed', /the peer closed the connection/],
  ['resets the connection', (socket) => socket.resetAndDestroy(), 'ECONNRESET', /connection to 127/],
  [
    'sends no MessagePack',
    (socket) => socket.write(Buffer.of(0xc1)),
    'protocol',
    /speaks another protocol than Forward/,
  ],
  [
    'sends without end',
    (socket) => socket.write(Buffer.of(0xdb, 0xff, 0xff, 0xff, 0xff)),
    'protocol',
    /speaks another protocol than Forward/,
  ],
])(
  'a peer that %s has not taken the batch; it is retried, with the same id, over a new connection',
  async (_, answer, code, detail) => {
    const target = await peer({
      answer: (socket, request, number) => (number === 0 ? answer(socket, request, number) : confirm(socket, request)),
    });
    const sink = await open(target.address);
    const batch = batchOf(['a', 'b']);
    await expect(sink.send(batch, soon())).rejects.toMatchObject({ code, detail: expect.stringMatching(detail) });
    expect(await sink.send(batch, soon())).toEqual(delivered);
    expect(target.requests[1]).toEqual(target.requests[0]);
    // The peer may have stored them twice.
    expect(repeated).toEqual(['a', 'b']);
    expect(requests).toEqual([
      [code, true],
      ['ok', true],
    ]);
    expect(target.sockets).toHaveLength(2);
  },
);

test('while no connection is made, nothing is in doubt: only what was sent counts as a possible duplicate', async () => {
  const target = await peer({ answer: (socket) => socket.end() });
  const sink = await open(target.address);
  await expect(sink.send(batchOf(['a']), soon())).rejects.toMatchObject({ code: 'closed' });
  await target.stop();
  for (let attempt = 0; attempt < 3; attempt++) {
    await expect(sink.send(batchOf(['a', 'b']), soon())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  }
  expect(repeated).toEqual([]);
  await peer({ port: target.port });
  expect(await sink.send(batchOf(['a', 'b']), soon())).toEqual(delivered);
  expect(repeated).toEqual(['a']);
});

test('a peer that ends the connection between batches is asked again, and nothing fails', async () => {
  const target = await peer();
  const sink = await open(target.address);
  await sink.send(batchOf(['a']), soon());
  const closed = new Promise((resolve) => target.sockets[0]!.once('close', resolve));
  target.sockets[0]!.end();
  await closed;
  await sleep(20, soon());
  expect(await sink.send(batchOf(['b']), soon())).toEqual(delivered);
  expect(target.sockets).toHaveLength(2);
});

test('a peer that never confirms keeps the batch from counting, until the time is up', async () => {
  const target = await peer({ answer: () => {} });
  const sink = await open(target.address);
  await expect(sink.send(batchOf(['a']), AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a peer that confirms nothing, where it need not', async () => {
  const target = await peer({ answer: () => {} });
  const sink = await open(target.address, { LOGTAP_FORWARD_ACK: 'false' });
  expect(await sink.send(batchOf(['a']), soon())).toEqual(delivered);
  expect(await sink.send(batchOf(['b']), soon())).toEqual(delivered);
  while (target.requests.length < 2) await sleep(5, soon());
  expect(target.requests.map(({ option }) => option)).toEqual([{ size: 1 }, { size: 1 }]);
});

test('a peer that opens lists without end is cut off before it fills the memory', async () => {
  const target = await peer({
    answer: (socket) => {
      const lists = Buffer.alloc(64 * 1024, 0x91);
      const flood = () => {
        while (!socket.destroyed && socket.write(lists));
      };
      socket.on('drain', flood);
      flood();
    },
  });
  const sink = await open(target.address);
  await expect(sink.send(batchOf(['a']), AbortSignal.timeout(5000))).rejects.toMatchObject({ code: 'protocol' });
  // What we took of it, and what the kernels hold.
  expect(target.sockets[0]!.bytesWritten).toBeLessThan(32 * 1024 * 1024);
});

describe('with a shared key', () => {
  const KEY = 'a key that both know';
  const withKey = (key = KEY) => ({ LOGTAP_FORWARD_SHARED_KEY_FILE: fileOf(`key-${key.length}`, `${key}\n`) });

  test('both prove that they know it', async () => {
    const target = await peer({ sharedKey: KEY });
    const sink = await open(target.address, withKey());
    expect(await sink.check!(soon())).toEqual({ isRight: true, text: `${target.address} takes connections` });
    expect(await sink.send(batchOf(['a']), soon())).toEqual(delivered);
  });

  test('a user with a password, where the peer asks for one; a new password without a new start', async () => {
    const target = await peer({ sharedKey: KEY, users: { shipper: 'second' } });
    const user = { LOGTAP_FORWARD_USERNAME: 'shipper', LOGTAP_FORWARD_PASSWORD_FILE: fileOf('password', 'first') };
    const sink = await open(target.address, { ...withKey(), ...user });
    await expect(sink.send(batchOf(['a']), soon())).rejects.toMatchObject({
      code: 'handshake',
      detail: expect.stringContaining('shared_key or password mismatch'),
    });
    fileOf('password', 'second\n');
    expect(await sink.send(batchOf(['a']), soon())).toEqual(delivered);
  });

  test.each<[string, ForwardPeerOptions, Environment, RegExp]>([
    ['another key', { sharedKey: 'another' }, withKey(), /shared_key or password mismatch/],
    ['no key of its own', { sharedKey: KEY }, {}, /asks for a shared key. Set LOGTAP_FORWARD_SHARED_KEY_FILE/],
    [
      'no key of its own, and nothing to confirm',
      { sharedKey: KEY },
      { LOGTAP_FORWARD_ACK: 'false' },
      /asks for a shared key. Set LOGTAP_FORWARD_SHARED_KEY_FILE/,
    ],
    [
      'a false proof',
      { sharedKey: KEY, pong: ([a, b, c, d]) => [a, b, c, d, 'x'.repeat(128)] },
      withKey(),
      /does not know the shared key/,
    ],
    [
      'a short proof',
      { sharedKey: KEY, pong: ([a, b, c, d]) => [a, b, c, d, ''] },
      withKey(),
      /does not know the shared key/,
    ],
    ['another word', { sharedKey: KEY, pong: () => ['HELO'] }, withKey(), /did not answer PING with PONG/],
  ])('%s', async (_, options, env, detail) => {
    const target = await peer(options);
    const sink = await open(target.address, env);
    await expect(sink.send(batchOf(['a']), soon())).rejects.toMatchObject({
      code: 'handshake',
      detail: expect.stringMatching(detail),
    });
    expect(target.requests.flatMap(({ messages }) => messages)).toEqual([]);
  });
});

describeWith(['OpenTelemetry receiver'], 'the receiver of the OpenTelemetry Collector', () => {
  test('takes, confirms and understands every record', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const receiver = start(ensureGoProgram('otel-receiver'), ['fluentforward', address]);
    await until('it listens', () => receiver.stdout().startsWith('listening'));
    const sink = await open(address);
    const timeMs = 1_764_000_000_123.25;
    const messages = ['plain', 'ä 日 🚀', '', 'x'.repeat(100_000), '{"a":1}'];
    const batch = batchOf(messages.map((message) => ({ message, timeMs })));
    expect(await sink.send(batch, soon())).toEqual(delivered);
    expect(await sink.send(batchOf([{ message: Buffer.of(0x61, 0xff), timeMs }]), soon())).toEqual(delivered);
    const lines = () => receiver.stdout().trimEnd().split('\n').slice(1);
    // It confirms before it hands on.
    await until('all are there', () => lines().length === messages.length + 1);
    const records = lines().map((line) => JSON.parse(line));
    expect(records.map(({ body }) => body)).toEqual([...messages, 'a\ufffd']);
    for (const { attributes, nanoseconds } of records) {
      expect(nanoseconds).toBe(1_764_000_000_123_250_000);
      expect(attributes).toMatchObject({ 'fluent.tag': 'logtap', stream: 'stdout', pid: 42, source: 'web' });
    }
  });

  test('takes every line of a tapped program, in its order', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const receiver = start(ensureGoProgram('otel-receiver'), ['fluentforward', address]);
    await until('it listens', () => receiver.stdout().startsWith('listening'));
    await tapLines(address);
    const lines = () => receiver.stdout().trimEnd().split('\n').slice(1);
    await until('all are there', () => lines().length === LINES);
    expect(lines().map((line) => JSON.parse(line).body)).toEqual(numbered);
  });
});

const LINES = 30_000;
const numbered = Array.from({ length: LINES }, (_, i) => `line ${i}`);

/** A tapped program that writes them within two seconds, and a shipper that ends when it has delivered them. */
async function tapLines(address: string): Promise<void> {
  const settings = { LOGTAP_SINK: 'forward', LOGTAP_FORWARD_ADDRESS: address, LOGTAP_BATCH_LINGER_MS: '20' };
  const shipper = await startShipper(settings);
  const print = `print "line $i\\n"; select undef, undef, undef, 0.001 if $i % 20 == 0`;
  const script = `$| = 1; for (my $i = 0; $i < ${LINES}; $i++) { ${print} }`;
  const env = tapEnvironment(shipper.socket, { suppress: true });
  expect((await run('perl', ['-e', script], { env })).code).toBe(0);
  const { code, stderr } = await drain(shipper);
  expect(code).toBe(0);
  expect(JSON.parse(stderr.trimEnd().split('\n').at(-1)!)).toMatchObject({ read: LINES, held: 0, balanced: true });
}

test('a tapped program before a peer that goes away three times: every line is there, in its order, and the ledger balances', async () => {
  let target = await startForwardPeer();
  const { address, port } = target;
  const stored: string[] = [];
  const leave = async () => {
    await target.stop();
    stored.push(...target.requests.flatMap(({ messages }) => messages));
  };
  const delivered = tapLines(address);
  for (let times = 0; times < 3; times++) {
    await until('some have arrived', () => target.requests.length > 1);
    await leave();
    target = await startForwardPeer({ port });
  }
  await delivered;
  await leave();
  // What no answer confirmed is resent.
  expect([...new Set(stored)]).toEqual(numbered);
});

test('a peer that quotes the shared key: it is not in the log', async () => {
  const KEY = 'a key that no user may read';
  const target = await peer({ sharedKey: KEY, pong: () => ['PONG', false, `wrong digest for '${KEY}'`, 'x', ''] });
  const shipper = await startShipper({
    LOGTAP_SINK: 'forward',
    LOGTAP_FORWARD_ADDRESS: target.address,
    LOGTAP_FORWARD_SHARED_KEY_FILE: fileOf('secret', KEY),
    LOGTAP_GRACE_SECONDS: '0',
  });
  connect(shipper.socket).end('a line\n');
  await until('it was refused', () => shipper.stderr().includes('nextAttemptMs'));
  expect(shipper.stderr()).toContain("wrong digest for '***'");
  expect((await drain(shipper)).stderr).not.toContain(KEY);
});
