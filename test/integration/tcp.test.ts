/** The sink `tcp` before real peers: what counts as delivered, and what happens when a peer is slow, gone, or not who it should be. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../scripts/certificates.js';
import type { RecordBatch, Sink } from '../../src/shipper/parts.js';
import { Secrets } from '../../src/shipper/secrets.js';
import { type Environment, parseSettings } from '../../src/shipper/settings.js';
import { openSink } from '../../src/shipper/sinks/index.js';
import { sleep } from '../../src/shipper/sleep.js';
import { batchOf, messagesOf } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { type StreamPeer, startStreamPeer } from '../support/stream-peer.js';

const delivered = { retry: [], rejected: [] };
const soon = () => AbortSignal.timeout(10_000);

const sinks: Sink[] = [];
const peers: StreamPeer[] = [];
/** Counted as possible duplicates. */
const repeated: string[] = [];
afterEach(async () => {
  repeated.length = 0;
  for (const sink of sinks.splice(0)) await sink.close();
  for (const peer of peers.splice(0)) await peer.stop();
});

async function open(address: string, env: Environment = {}): Promise<Sink> {
  const settings = parseSettings({ LOGTAP_SINK: 'tcp', LOGTAP_TCP_ADDRESS: address, ...env }, () => {});
  const sink = await openSink('tcp', {
    ...{ settings, secrets: new Secrets(), onRequest: () => {}, onNotice: () => {} },
    onPossibleDuplicates: (records: RecordBatch) => repeated.push(...messagesOf(records)),
  });
  sinks.push(sink);
  return sink;
}

async function peer(...args: Parameters<typeof startStreamPeer>): Promise<StreamPeer> {
  const started = await startStreamPeer(...args);
  peers.push(started);
  return started;
}

/** A peer that collects lines. */
async function reader(options: Parameters<typeof startStreamPeer>[1] = {}) {
  let text = '';
  const started = await peer((socket) => {
    socket.setEncoding('utf8').on('data', (data) => {
      text += data;
    });
  }, options);
  const lines = () => text.split('\n').slice(0, -1);
  /** The messages, once there are so many: the sink waits for the peer's kernel, not for the peer. */
  const messages = async (count: number) => {
    while (lines().length < count) await sleep(5, soon());
    return lines().map((line) => JSON.parse(line).message);
  };
  return { peer: started, messages };
}

test('each record is a line, over one connection', async () => {
  const { peer: target, messages } = await reader();
  const sink = await open(target.address);
  expect(await sink.check!(soon())).toEqual({ isRight: true, text: `${target.address} takes connections` });
  expect(await sink.send(batchOf(['a', '{"b":1}', 'ä "c"']), soon())).toEqual(delivered);
  expect(await sink.send(batchOf(['d']), soon())).toEqual(delivered);
  expect(await messages(4)).toEqual(['a', '{"b":1}', 'ä "c"', 'd']);
  // One for the check.
  expect(target.sockets).toHaveLength(2);
});

test('what the kernel has taken but the peer has not is not delivered: it is retried over a new connection', async () => {
  // More than both kernels hold for one connection.
  const batch = batchOf(Array.from({ length: 64 }, (_, i) => `${i} ${'x'.repeat(500_000)}`));
  const target = await peer((socket) => socket.pause());
  const sink = await open(target.address);
  const first = sink.send(batchOf(['small, and acknowledged']), soon());
  expect(await first).toEqual(delivered);
  const controller = new AbortController();
  const stuck = sink.send(batch, controller.signal);
  setTimeout(() => controller.abort(new Error('no answer')), 300);
  await expect(stuck).rejects.toThrow('no answer');
  await target.stop();
  const { messages } = await reader({ port: target.port });
  expect(await sink.send(batch, soon())).toEqual(delivered);
  expect(await messages(64)).toHaveLength(64);
});

test('a peer that stops reading and resets the connection has not taken the batch, though the kernel had taken the bytes', async () => {
  const target = await peer((socket) => {
    socket.pause();
    setTimeout(() => socket.resetAndDestroy(), 300);
  });
  const sink = await open(target.address);
  // More than the peer's kernel acknowledges while the peer does not read, and no more than ours takes from us.
  const batch = batchOf([`${'x'.repeat(1_000_000)}`]);
  await expect(sink.send(batch, soon())).rejects.toMatchObject({
    code: expect.stringMatching(/^(ECONNRESET|EPIPE|closed)$/),
    detail: expect.stringContaining(`connection to ${target.address}: `),
  });
});

test('a connection that broke before anyone could say so has taken nothing', async () => {
  const { peer: target, messages } = await reader();
  const sink = await open(target.address);
  await sink.send(batchOf(['a']), soon());
  await messages(1);
  // At once: the sink writes before it is told of the end, and the kernel forgets the connection with what was written.
  target.sockets[0]!.destroy();
  await expect(sink.send(batchOf(['b']), soon())).rejects.toMatchObject({
    code: expect.stringMatching(/^(ECONNRESET|EPIPE|closed)$/),
  });
  // Its line may have arrived.
  expect(repeated).toEqual([]);
  expect(await sink.send(batchOf(['b']), soon())).toEqual(delivered);
  expect(repeated).toEqual(['b']);
  expect(await messages(2)).toEqual(['a', 'b']);
});

test('a peer that ends the connection between batches is asked again', async () => {
  const { peer: target, messages } = await reader();
  const sink = await open(target.address);
  await sink.send(batchOf(['a']), soon());
  const closed = new Promise((resolve) => target.sockets[0]!.once('close', resolve));
  target.sockets[0]!.end();
  await closed;
  await sleep(20, soon());
  expect(await sink.send(batchOf(['b']), soon())).toEqual(delivered);
  expect(await messages(2)).toEqual(['a', 'b']);
  expect(target.sockets).toHaveLength(2);
});

test('no process listens: the error names the address', async () => {
  const target = await peer(() => {});
  await target.stop();
  const sink = await open(target.address);
  const refused = { code: 'ECONNREFUSED', detail: expect.stringContaining(`connection to ${target.address}: `) };
  await expect(sink.send(batchOf(['a']), soon())).rejects.toMatchObject(refused);
  await expect(sink.check!(soon())).rejects.toMatchObject(refused);
});

describeWith(['openssl'], 'with TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  test('an authority of our own is trusted, another is not', async () => {
    const authority = createAuthority(directory);
    const tls = authority.issue('peer');
    const { peer: target, messages } = await reader({ tls });
    const sink = await open(`tls://${target.address}`, { LOGTAP_TCP_CA_FILE: authority.file });
    expect(await sink.send(batchOf(['a']), soon())).toEqual(delivered);
    expect(await messages(1)).toEqual(['a']);
    const stranger = await open(`tls://${target.address}`);
    await expect(stranger.send(batchOf(['b']), soon())).rejects.toMatchObject({
      code: expect.stringMatching(/CERT|SELF_SIGNED|UNABLE_TO/),
    });
    expect(await messages(1)).toEqual(['a']);
  });
});
