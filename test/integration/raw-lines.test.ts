/** A peer that knows nothing of frames, such as socat, nc or an old library, writes raw lines to the shipper's socket. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FRAME_MAGIC } from '../../src/contract.js';
import { SocketSource } from '../../src/shipper/source/socket/source.js';
import { recordsOf } from '../support/batches.js';
import { run } from '../support/run.js';
import { drain, startShipper } from '../support/tapped.js';

/** Writes its standard input to a unix socket, in pieces of one byte: the worst that a network may do to a line. */
const DRIP = `
import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
for byte in sys.stdin.buffer.read():
    peer.send(bytes([byte]))
`;

/** Longer than a machine at its limits takes from one read to the next. */
const UNREAD_MS = 3000;

interface Arrived {
  readonly message: string;
  readonly stream: string;
  readonly data?: unknown;
}

async function shipped(text: string | Uint8Array): Promise<Arrived[]> {
  const shipper = await startShipper({ LOGTAP_SINK: 'stdout', POD_NAME: 'web-0', NAMESPACE: 'shop' });
  expect((await run('python3', ['-c', DRIP, shipper.socket], { input: text })).code).toBe(0);
  const { code, stdout } = await drain(shipper);
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

describe('raw lines', () => {
  test('arrive as they are, the last one also without a line end', async () => {
    const lines = ['plain', '', 'tab\tand "quotes" and \\', 'grüße 😀', '\u001b[31mred\u001b[0m', 'no line end'];
    expect((await shipped(lines.join('\n'))).map(({ message }) => message)).toEqual(lines);
  });

  test('carry what the settings know of the pod, and JSON as data', async () => {
    const [record] = await shipped('{"level":"warn","n":1}\n');
    expect(record).toMatchObject({
      pod_name: 'web-0',
      namespace: 'shop',
      stream: 'stdout',
      message: '{"level":"warn","n":1}',
      data: { level: 'warn', n: 1 },
    });
  });

  test('that begin like the magic of a framed connection are still lines', async () => {
    // The first three bytes of the magic, the first of which is no UTF-8.
    const text = Buffer.concat([Buffer.from(FRAME_MAGIC.slice(0, 3)), Buffer.from('\nsecond\n')]);
    expect((await shipped(text)).map(({ message }) => message)).toEqual(['\ufffdLT', 'second']);
  });

  test('are whole also when nothing was read for longer than a line may grow', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'logtap-raw-'));
    const fail = (problem: unknown) => {
      throw problem;
    };
    const source = new SocketSource({
      ...{ path: join(directory, 'raw.sock'), lineMaxBytes: 1 << 20, lingerMs: 10 },
      ...{ lineIdleMs: UNREAD_MS, lineAgeMs: UNREAD_MS, onLost: fail, onProtocolError: fail },
    });
    await source.listen();
    const lines = Array.from({ length: 60_000 }, (_, i) => `${i} ${'x'.repeat(101)}`);
    const peer = connect(join(directory, 'raw.sock'));
    peer.end(`${lines.join('\n')}\n`);
    const stop = new AbortController();
    const read: string[] = [];
    for await (const batch of source.batches(stop.signal)) {
      // The source has filled up, in the middle of a line.
      if (read.length === 0) await sleep(UNREAD_MS + 200);
      for (let i = 0; i < batch.count; i++) {
        read.push(Buffer.from(batch.bytes.subarray(batch.start[i]!, batch.start[i]! + batch.length[i]!)).toString());
      }
      if (read.length >= lines.length) stop.abort();
    }
    source.close();
    rmSync(directory, { recursive: true });
    expect(read).toEqual(lines);
  });

  test('are whole also when the shipper did not run while the rest of a line came', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'logtap-raw-'));
    const path = join(directory, 'raw.sock');
    const idleMs = 500;
    const ignore = () => {};
    const source = new SocketSource({
      ...{ path, lineMaxBytes: 1000, lingerMs: 10, lineIdleMs: idleMs },
      ...{ onLost: ignore, onProtocolError: ignore },
    });
    await source.listen();
    const stop = new AbortController();
    const read: string[] = [];
    const reading = (async () => {
      for await (const batch of source.batches(stop.signal)) {
        const records = recordsOf(batch);
        read.push(...records.map(({ message }) => message));
      }
    })();
    const peer = connect(path);
    await once(peer, 'connect');
    peer.write('one\ntw');
    while (read.length === 0) await sleep(1);
    // Written at once, and read when this process comes to it.
    peer.end('o\n');
    const resumeMs = performance.now() + 2 * idleMs;
    while (performance.now() < resumeMs);
    while (read.length === 1) await sleep(1);
    stop.abort();
    await reading;
    source.close();
    rmSync(directory, { recursive: true });
    expect(read).toEqual(['one', 'two']);
  });
});
