/** Connections that the shipper closes while their process writes: each line arrives, or its writer learns that it was not taken. */
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FRAME_HEADER_BYTES } from '../../src/contract.js';
import { SocketSource } from '../../src/shipper/source/socket/source.js';
import { messagesOf } from '../support/batches.js';
import { data, hello, lost, magic } from '../support/frames.js';
import { run, until } from '../support/run.js';
import { tapEnvironment } from '../support/tapped.js';

const descriptorOf = (socket: Socket) =>
  (socket as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;

test('what is written while the last bytes of a connection are looked at is not taken from its writer', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-closed-'));
  const path = join(directory, 'logtap.sock');
  const read: string[] = [];
  const fates: string[] = [];
  let writer: number | undefined;
  const source = new SocketSource({
    ...{ path, maxConnections: 1, lineMaxBytes: 1000, lingerMs: 10, lineIdleMs: 1000 },
    // The connection gives way. Its process writes, so that there is something to look at.
    onProtocolError: () => {
      if (writer !== undefined) writeSync(writer, Buffer.concat([lost(1n, 10n), data(1, 2n, 'two\n')]));
    },
    onLost: () => {
      try {
        writeSync(writer!, data(1, 3n, 'three\n'));
        fates.push('taken');
      } catch (error) {
        fates.push((error as NodeJS.ErrnoException).code ?? '');
      }
    },
  });
  await source.listen();
  const stop = new AbortController();
  const reading = (async () => {
    for await (const batch of source.batches(stop.signal)) read.push(...messagesOf(batch));
  })();
  const first = connect(path);
  first.on('error', () => {});
  await once(first, 'connect');
  first.write(Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
  while (read.length === 0) await sleep(1);
  writer = descriptorOf(first);
  const second = connect(path);
  await once(second, 'connect');
  second.end(Buffer.concat([magic, hello({ instance: 2n }), data(1, 1n, 'four\n')]));
  while (!read.includes('four')) await sleep(1);
  writer = undefined;
  stop.abort();
  await reading;
  source.close();
  first.destroy();
  rmSync(directory, { recursive: true });
  expect(read.filter((message) => !message.startsWith('logtap:'))).toEqual(['one', 'two', 'four']);
  expect(fates).toEqual(['EPIPE']);
});

test('a connection that gives way while nothing is read, because the shipper is full, is read before', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-closed-'));
  const path = join(directory, 'logtap.sock');
  const source = new SocketSource({
    ...{ path, maxConnections: 1, lineMaxBytes: 1 << 20, lingerMs: 10, lineIdleMs: 60_000 },
    ...{ onLost: () => {}, onProtocolError: () => {} },
  });
  await source.listen();
  const first = connect(path);
  first.on('error', () => {});
  const lines = Array.from({ length: 200_000 }, (_, i) => `${i} ${'x'.repeat(101)}`);
  // More than the shipper takes without a consumer.
  first.write(`${lines.join('\n')}\n`);
  for (let before = -1; first.bytesWritten === 0 || before !== first.writableLength; ) {
    before = first.writableLength;
    await sleep(300);
  }
  expect(first.writableLength).toBeGreaterThan(0);
  const second = connect(path);
  second.on('error', () => {});
  second.resume();
  // The kernel has it before the connection is accepted.
  writeSync(descriptorOf(second), Buffer.concat([magic, hello({ instance: 2n }), data(1, 1n, 'late\n')]));
  await new Promise((resolve) => second.once('close', resolve));
  first.destroy();
  const stop = new AbortController();
  const read: string[] = [];
  for await (const batch of source.batches(stop.signal)) {
    read.push(...messagesOf(batch));
    stop.abort();
  }
  source.close();
  rmSync(directory, { recursive: true });
  expect(read).toContain('late');
});

test('a process whose connection was closed before its last line was read tells at its end how many lines there were', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-closed-'));
  chmodSync(directory, 0o755);
  const path = join(directory, 'logtap.sock');
  const gate = join(directory, 'gate');
  const connections: Socket[] = [];
  const greeting: Buffer[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    connections.push(socket);
    socket.on('error', () => {});
    // The first one is never read.
    if (connections.length > 1) socket.on('data', (bytes) => greeting.push(bytes)).resume();
  });
  server.listen(path);
  await once(server, 'listening');
  const script = `echo one; : > ${gate}.written; until test -e ${gate}; do :; done; exit 3`;
  const ended = run('sh', ['-c', script], { env: tapEnvironment(path) });
  await until('the line is written', () => connections.length > 0 && existsSync(`${gate}.written`));
  connections[0]!.destroy();
  writeFileSync(gate, '');
  expect((await ended).code).toBe(3);
  for (let i = 0; i < 2000 && Buffer.concat(greeting).length < magic.length + FRAME_HEADER_BYTES; i++) await sleep(5);
  for (const socket of connections) socket.destroy();
  server.close();
  rmSync(directory, { recursive: true });
  const bytes = Buffer.concat(greeting);
  expect(bytes.subarray(0, magic.length)).toEqual(magic);
  // One more than the lines that were handed over.
  expect(bytes.readUIntLE(magic.length + 16, 6)).toBe(2);
});
