/** The shipper's socket end: how it stops, what hostile peers can do, what is left behind by a kill. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/free-port.js';
import { FRAME_VERSION, STREAMS } from '../../src/contract.js';
import { data, frame, hello, magic } from '../support/frames.js';
import { shipper as program, start, until } from '../support/run.js';
import { drain, type Shipper, startShipper } from '../support/tapped.js';

async function connect({ socket }: Shipper): Promise<Socket> {
  const peer = createConnection(socket);
  peer.on('error', () => {});
  // Without a reader the end of the other side would never be seen.
  peer.resume();
  await once(peer, 'connect');
  return peer;
}

/** Also when the shipper resets the connection, which it may do to a hostile peer. */
const closed = (peer: Socket) => new Promise((resolve) => peer.once('close', resolve));

const messages = (stdout: string): string[] =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).message);
const ledger = (stderr: string) => JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '');

test('rule 94: after SIGTERM it listens and reads on until the last peer has closed', async () => {
  const shipper = await startShipper({});
  const first = await connect(shipper);
  first.write('before\n');
  await until('the first line is out', () => shipper.stdout().includes('before'));
  const ended = drain(shipper);
  await until('it stops', () => shipper.stderr().includes('stopping'));
  const second = await connect(shipper);
  second.end('from a late peer\n');
  await closed(second);
  first.end('last words, without an end of line');
  const { code, stdout } = await ended;
  expect(messages(stdout)).toEqual(['before', 'from a late peer', 'last words, without an end of line']);
  expect(code).toBe(0);
});

test('rule 22: a record waits for its own time, however steadily others come after it', async () => {
  const shipper = await startShipper({ LOGTAP_BATCH_LINGER_MS: '400' });
  const peer = await connect(shipper);
  const began = Date.now();
  let sent = 0;
  const trickle = setInterval(() => {
    sent += 1;
    peer.write(`line ${sent}\n`);
  }, 40);
  await until('the first line is out', () => shipper.stdout().includes('line 1'));
  clearInterval(trickle);
  expect(Date.now() - began).toBeGreaterThan(400);
  expect(sent).toBeGreaterThan(5);
  peer.end();
  const { stdout } = await drain(shipper);
  expect(messages(stdout)).toEqual(Array.from({ length: sent }, (_, i) => `line ${i + 1}`));
});

test('a line that grows without an end is seen while it grows, and no byte of it is lost', async () => {
  const shipper = await startShipper({ LOGTAP_LINE_AGE_SECONDS: '1', LOGTAP_BATCH_LINGER_MS: '10' });
  const peer = await connect(shipper);
  let sent = '';
  const bar = setInterval(() => {
    const step = `\r ${sent.length} done`;
    sent += step;
    peer.write(step);
  }, 50);
  await until('some of it is out', () => messages(shipper.stdout()).length >= 2);
  clearInterval(bar);
  peer.end();
  const { stdout } = await drain(shipper);
  expect(messages(stdout).join('')).toBe(sent);
});

test('rule 55: a sink that is not chosen is not loaded', async () => {
  const idle = async (settings: Record<string, string>): Promise<number> => {
    const shipper = await startShipper(settings);
    const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${shipper.child.pid}/status`, 'utf8'))?.[1];
    await drain(shipper);
    return Number(rss) / 1024;
  };
  const cloudWatch = { LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: '/a', AWS_REGION: 'eu-central-1' };
  const [none, with_] = [await idle({}), await idle(cloudWatch)];
  // What the signer and the chain of credentials bring along, without the official client.
  expect(none).toBeLessThan(with_);
  expect(none).toBeLessThan(66);
  expect(with_).toBeLessThan(72);
});

test('rule 94: a peer that does not close is cut off at half of the grace time, and all it wrote counts', async () => {
  const shipper = await startShipper({
    LOGTAP_SINK: 'opensearch',
    LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}`,
    LOGTAP_MEMORY_MAX_BYTES: '1048576',
    LOGTAP_GRACE_SECONDS: '2',
  });
  const peer = await connect(shipper);
  // More than the bound: back-pressure holds the rest in the socket, where it must not be forgotten.
  const line = `${'x'.repeat(99)}\n`;
  let lines = 0;
  const isStuck = async () => (await Promise.race([once(peer, 'drain'), sleep(500, 'stuck')])) === 'stuck';
  // On a busy machine the shipper may read nothing for a while before it is full.
  while (!peer.writableNeedDrain || !(await isStuck()) || lines * line.length <= 1_048_576) {
    if (peer.writableNeedDrain) continue;
    peer.write(line.repeat(100));
    lines += 100;
  }
  const stoppedMs = Date.now();
  const { code, stderr } = await drain(shipper);
  peer.destroy();
  // Two seconds on an idle machine, 12.5 if the default counted instead.
  expect(Date.now() - stoppedMs).toBeLessThan(10_000);
  expect(ledger(stderr)).toMatchObject({ read: lines, held: lines, balanced: true });
  expect(lines * line.length).toBeGreaterThan(1_048_576);
  expect(code).toBe(74);
});

test('rule 94: a second SIGTERM ends it at once', async () => {
  const shipper = await startShipper({
    LOGTAP_SINK: 'opensearch',
    LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}`,
    LOGTAP_GRACE_SECONDS: '50',
  });
  (await connect(shipper)).end('held\n');
  // Not what it finds out when it starts, before there is anything to deliver.
  await until('it fails to deliver', () => shipper.stderr().includes('nextAttemptMs'));
  shipper.child.kill('SIGTERM');
  await until('it stops', () => shipper.stderr().includes('stopping'));
  const { code, stderr } = await drain(shipper);
  expect(ledger(stderr)).toMatchObject({ read: 1, held: 1, balanced: true });
  expect(code).toBe(74);
});

test('hostile peers are closed and counted, and cost their neighbours nothing', async () => {
  const port = await freePort();
  const shipper = await startShipper({ LOGTAP_STATUS_PORT: String(port), LOGTAP_STATUS_HOST: '127.0.0.1' });
  const neighbour = await connect(shipper);
  neighbour.write('one\n');
  const hostile = [
    Buffer.concat([magic, Buffer.alloc(1000, 0xff)]),
    Buffer.concat([magic, hello(), randomBytes(100_000)]),
    Buffer.concat([magic, hello(), hello()]),
    Buffer.concat([magic, hello()]).subarray(0, 40),
  ];
  for (const bytes of hostile) {
    const peer = await connect(shipper);
    peer.end(bytes);
    await closed(peer);
  }
  neighbour.end('two\n');
  const ofNeighbour = () => messages(shipper.stdout()).filter((message) => !message.startsWith('logtap: '));
  await until('both lines are out', () => ofNeighbour().length === 2);
  expect(ofNeighbour()).toEqual(['one', 'two']);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const errors = [...metrics.matchAll(/^logtap_protocol_errors_total\{reason="\w+"\} (\d+)$/gm)];
  expect(errors.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(4);
  expect((await drain(shipper)).code).toBe(0);
});

test('libraries of earlier releases are read; one of a later release is refused with the remedy, and counted', async () => {
  const port = await freePort();
  const shipper = await startShipper({ LOGTAP_STATUS_PORT: String(port), LOGTAP_STATUS_HOST: '127.0.0.1' });
  for (let version = 1; version <= FRAME_VERSION + 1; version += 1) {
    const peer = await connect(shipper);
    const line = data(STREAMS.STDOUT, 1n, `of version ${version}\n`);
    peer.end(Buffer.concat([magic, hello({ version, instance: BigInt(version) }), line]));
    await closed(peer);
  }
  const read = Array.from({ length: FRAME_VERSION }, (_, i) => `of version ${i + 1}`);
  await until('what can be read is out', () => messages(shipper.stdout()).length === read.length);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(metrics.match(/^logtap_protocol_errors_total.*$/gm)).toEqual([
    'logtap_protocol_errors_total{reason="version"} 1',
  ]);
  expect(metrics).toContain('logtap_records_dropped_total{where="application",reason="later_version"} 1\n');
  const ledger = await (await fetch(`http://127.0.0.1:${port}/ledger`)).json();
  expect(ledger).toMatchObject({
    laterVersions: { rings: 0, connections: 1 },
    application: { dropped: { later_version: { records: 1, bytes: `of version ${FRAME_VERSION + 1}\n`.length } } },
  });
  const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringMatching(/^1 connections .*logtap upgrade/)]);
  const { stdout, stderr } = await drain(shipper);
  expect(messages(stdout)).toEqual(read);
  expect(stderr).toContain('application: 1 dropped (later_version)');
  expect(stderr).toContain(
    `frame version ${FRAME_VERSION + 1}; this shipper reads 1 to ${FRAME_VERSION}; replace the shipper by one of the library's release (logtap upgrade)`,
  );
});

test('lines behind a frame of an unknown type are counted, and not once more by the shipper after a killed one', async () => {
  const first = await startShipper({ LOGTAP_BATCH_LINGER_MS: '20' });
  const peer = await connect(first);
  const invalid = frame({ type: 99 }, Buffer.alloc(0));
  const before = Buffer.concat([magic, hello({ instance: 7n, handed: 0 }), data(STREAMS.STDOUT, 1n, 'one\n')]);
  // The invalid frame comes in pieces.
  peer.write(Buffer.concat([before, invalid.subarray(0, 10)]));
  await until('the line is out', () => first.stdout().includes('one'));
  const isClosed = closed(peer);
  peer.end(Buffer.concat([invalid.subarray(10), data(STREAMS.STDOUT, 2n, 'two\nthree\n')]));
  await isClosed;
  const notice = 'logtap: up to 2 lines, 10 bytes not read behind an invalid frame';
  await until('it is noticed', () => messages(first.stdout()).length === 2);
  expect(messages(first.stdout())).toEqual(['one', notice]);
  first.child.kill('SIGKILL');
  await first.ended;
  const env = { LOGTAP_STATUS_PORT: 'off', LOGTAP_SOCKET: first.socket };
  const second = { ...start(process.execPath, [program], { env }), socket: first.socket };
  await until('it listens', () => second.stderr().includes('listening'));
  (await connect(second)).end(
    Buffer.concat([magic, hello({ instance: 7n, handed: 3 }), data(STREAMS.STDOUT, 3n, 'four\n')]),
  );
  await until('the line is out', () => second.stdout().includes('four'));
  expect(ledger((await drain(second)).stderr).dropped).toEqual({ application: { invalid_frames: 2 } });
});

test('a greeting of a later version that comes in pieces: its lines are counted, and no byte of the greeting', async () => {
  const shipper = await startShipper({});
  const peer = await connect(shipper);
  const greeting = Buffer.concat([magic, hello({ version: FRAME_VERSION + 1, process: 'a\nb' })]);
  peer.write(greeting.subarray(0, 20));
  await sleep(50);
  peer.end(Buffer.concat([greeting.subarray(20), data(STREAMS.STDOUT, 1n, 'one\n')]));
  await closed(peer);
  expect(ledger((await drain(shipper)).stderr).dropped).toEqual({ application: { later_version: 1 } });
});

test('the socket that a killed shipper leaves behind is replaced', async () => {
  const first = await startShipper({});
  first.child.kill('SIGKILL');
  await first.ended;
  expect(existsSync(first.socket)).toBe(true);
  const { socket } = first;
  const env = { LOGTAP_STATUS_PORT: 'off', LOGTAP_SOCKET: socket };
  const second = { ...start(process.execPath, [program], { env }), socket };
  await until('it listens', () => second.stderr().includes('listening'));
  // Applications run as any user.
  expect(statSync(socket).mode & 0o777).toBe(0o666);
  (await connect(second)).end('heard\n');
  await until('the line is out', () => second.stdout().includes('heard'));
  await drain(second);
  expect(existsSync(socket)).toBe(false);
});
