/** A shipper that ends while processes write on: the last line counts what is unread, and the next shipper reads the rings. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { LIBRARY_ENV, RING_HEADER, RING_NAMES } from '../../src/contract.js';
import { start, temporaryDirectory, until } from '../support/run.js';
import { type Shipper, startShipper, tapEnvironment } from '../support/tapped.js';

let rings: string;
beforeEach(() => {
  rings = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(rings, { recursive: true, force: true }));

/** Writes so many lines at the start, and again on each SIGUSR1; says on stderr when they are written. */
const WRITER = `
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
n, count = 0, int(sys.argv[1])
while True:
    for i in range(count):
        os.write(1, b"line %d\\n" % n)
        n += 1
    os.write(2, b"x")
    signal.sigwait({signal.SIGUSR1})
`;

async function startWriter(lines: number, target = `ring:${rings}`) {
  const writer = start('python3', ['-c', WRITER, String(lines)], {
    env: {
      ...tapEnvironment('', { suppress: true }),
      [LIBRARY_ENV.TARGET.name]: target,
      [LIBRARY_ENV.TAP_INTO.name]: '1',
    },
  });
  let rounds = 1;
  const written = () => until('all is written', () => writer.stderr().length >= rounds);
  await written();
  return {
    async again() {
      rounds += 1;
      writer.child.kill('SIGUSR1');
      await written();
    },
    async end() {
      writer.child.kill('SIGKILL');
      await writer.ended;
    },
  };
}

function retiredRings(): number {
  const { offset } = RING_HEADER.find(({ name }) => name === 'retired')!;
  const used = readdirSync(rings).filter((name) => name.startsWith(RING_NAMES.USED));
  return used.filter((name) => readFileSync(join(rings, name)).readUInt32LE(offset) !== 0).length;
}

const last = (stderr: string) => JSON.parse(stderr.trim().split('\n').at(-1) ?? '');

const toFile = (output: string, settings: Readonly<Record<string, string>> = {}) =>
  startShipper({
    LOGTAP_RING_DIR: rings,
    LOGTAP_SINK: 'file',
    LOGTAP_FILE_PATH: output,
    // Nothing is handed on before the end.
    LOGTAP_BATCH_LINGER_MS: '60000',
    ...settings,
  });

async function endAtOnce(shipper: Shipper, first: NodeJS.Signals = 'SIGTERM', second: NodeJS.Signals = first) {
  shipper.child.kill(first);
  await until('it stops', () => shipper.stderr().includes('"message":"stopping"'));
  shipper.child.kill(second);
  const { code, stderr } = await shipper.ended;
  return { code, last: last(stderr) };
}

/** What the next shipper stores of it. */
async function storedByNext(output: string): Promise<string[]> {
  const next = await startShipper({ LOGTAP_RING_DIR: rings, LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: output });
  next.child.kill('SIGTERM');
  const { code, stderr } = await next.ended;
  expect({ code, message: last(stderr).message }).toEqual({
    code: 0,
    message: 'stopped: nothing remains to be delivered',
  });
  const lines = readFileSync(output, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line).message);
}

test.each([1, 300, 3000])('SIGTERM twice, and a process has written %d lines and lives', async (lines) => {
  const output = join(temporaryDirectory(), 'out.ndjson');
  const shipper = await toFile(output);
  const writer = await startWriter(lines);
  const { code, last } = await endAtOnce(shipper);
  expect(last.read + (last.unread ?? 0)).toBe(lines);
  expect(last).toMatchObject({ balanced: true, unread: expect.any(Number) });
  expect(last.message).toBe(`stopped: ${last.held} records remain undelivered, ${last.unread} lines are unread`);
  expect(code).toBe(74);
  await writer.end();
  const stored = await storedByNext(output);
  expect(stored).toEqual(Array.from({ length: lines }, (_, i) => `line ${i}`));
});

test.each<[NodeJS.Signals, NodeJS.Signals]>([
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGINT'],
  ['SIGQUIT', 'SIGTERM'],
])('%s and then %s, and a process lives, whose pod terminates', async (first, second) => {
  const output = join(temporaryDirectory(), 'out.ndjson');
  const shipper = await toFile(output);
  const writer = await startWriter(50);
  // As `logtap terminate` does.
  shipper.child.kill('SIGUSR2');
  const { code, last } = await endAtOnce(shipper, first, second);
  expect(last.read + (last.unread ?? 0)).toBe(50);
  expect(code).toBe(74);
  await writer.end();
  expect(await storedByNext(output)).toHaveLength(50);
});

describe('over a socket', () => {
  test.each([1, 300, 3000])('SIGTERM twice, and a process has written %d lines and lives', async (lines) => {
    const shipper = await toFile(join(temporaryDirectory(), 'out.ndjson'));
    const writer = await startWriter(lines, `socket:${shipper.socket}`);
    const { code, last } = await endAtOnce(shipper);
    expect(last.read + last.unread).toBe(lines);
    expect(last).toMatchObject({ balanced: true, message: expect.stringContaining(`${last.unread} lines are unread`) });
    expect(code).toBe(74);
    await writer.end();
  });

  test('SIGTERM twice while the room is full: what is in the kernel counts', async () => {
    const shipper = await startShipper({
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}`,
      LOGTAP_MEMORY_MAX_BYTES: '1048576',
      LOGTAP_BATCH_LINGER_MS: '1',
    });
    // More than there is room for, by what the kernel takes for one socket.
    const LINES = 40_000;
    const writer = await startWriter(LINES, `socket:${shipper.socket}`);
    const { code, last } = await endAtOnce(shipper);
    await writer.end();
    expect(last.read + last.unread).toBe(LINES);
    expect(last.unread).toBeGreaterThan(0);
    expect(code).toBe(74);
  });
});

test('SIGTERM twice, and all is delivered: nothing is left', async () => {
  const output = join(temporaryDirectory(), 'out.ndjson');
  const shipper = await startShipper({ LOGTAP_RING_DIR: rings, LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: output });
  const writer = await startWriter(20);
  await until('all is stored', () => {
    try {
      return readFileSync(output, 'utf8').split('\n').length === 21;
    } catch {
      return false;
    }
  });
  const { code, last } = await endAtOnce(shipper);
  expect(last).toMatchObject({ message: 'stopped: nothing remains to be delivered', read: 20, held: 0 });
  expect(last.unread).toBeUndefined();
  expect(code).toBe(0);
  await writer.end();
});

test('a stop during an outage, and a process writes after the last look: held and unread are all lines', async () => {
  const shipper = await startShipper({
    LOGTAP_RING_DIR: rings,
    LOGTAP_SINK: 'opensearch',
    LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}`,
    LOGTAP_GRACE_SECONDS: '20',
  });
  const writer = await startWriter(500);
  shipper.child.kill('SIGTERM');
  // Half of the time is over: its rings are retired, and the process goes on in another.
  await until('it has read for the last time', () => retiredRings() === 1);
  await writer.again();
  const { code, stderr } = await shipper.ended;
  expect(last(stderr)).toMatchObject({ held: 500, unread: 500, balanced: true });
  expect(code).toBe(74);
  await writer.end();
});
