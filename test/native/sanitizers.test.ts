/** The library under gcc's sanitizers: its parts alone, then as a whole while a program strains it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FRAME_HEADER_BYTES, FRAME_MAGIC, FRAME_TYPES, HELLO_PAYLOAD_BYTES, STREAMS } from '../../src/contract.js';
import { toSocket, variables } from '../support/native-tap.js';
import { root, start, temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

jest.setTimeout(300_000);

const PROCESSES = 4;
const THREADS = 8;
const WRITES = 1_000_000;

const native = join(root, 'native');
let build: string;
beforeAll(() => {
  build = temporaryDirectory();
  const { status, stderr } = spawnSync('make', ['--silent', '-C', native, `BUILD=${build}`, 'sanitized']);
  if (status !== 0) throw new Error(`the sanitized library does not compile: ${stderr}`);
});

test('the parts of the library', () => {
  const { status, stderr } = spawnSync('make', ['--silent', '-C', native, `BUILD=${build}`, 'test'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

interface Sum {
  bytes: bigint;
  lines: bigint;
}

/** Sums by process id, because short-lived children share some one after the other. */
class Ledger extends Map<number, Sum> {
  add(pid: number, bytes: bigint, lines: bigint): void {
    const { bytes: b, lines: l } = this.get(pid) ?? { bytes: 0n, lines: 0n };
    this.set(pid, { bytes: b + bytes, lines: l + lines });
  }
}

function count(bytes: Buffer, byte: number): bigint {
  let found = 0n;
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) found += 1n;
  return found;
}

/**
 * What arrived and what was reported as lost. Reads the bytes itself: a million frames are too many objects. Losses are
 * totals of an instance, told by LOST and by the HELLO of a further connection, so the highest one counts.
 */
function captured(connections: readonly Buffer[]): { arrived: Ledger; lost: Ledger } {
  const arrived = new Ledger();
  const losses = new Map<bigint, { pid: number } & Sum>();
  for (const bytes of connections) {
    const hello = FRAME_MAGIC.length + FRAME_HEADER_BYTES;
    const pid = bytes.readUInt32LE(hello + 8);
    const instance = bytes.readBigUInt64LE(hello + 24);
    const lose = (at: number) => {
      const total = { pid, lines: bytes.readBigUInt64LE(at), bytes: bytes.readBigUInt64LE(at + 8) };
      if ((losses.get(instance)?.bytes ?? -1n) < total.bytes) losses.set(instance, total);
    };
    lose(hello + HELLO_PAYLOAD_BYTES - 16);
    let at = FRAME_MAGIC.length;
    while (at < bytes.length) {
      const end = at + FRAME_HEADER_BYTES + bytes.readUInt32LE(at);
      const type = bytes.readUInt8(at + 4);
      if (end > bytes.length) throw new Error(`connection of ${pid} ends within a frame`);
      if (type === FRAME_TYPES.LOST.value) lose(at + FRAME_HEADER_BYTES);
      if (type === FRAME_TYPES.DATA.value) {
        if (bytes.readUInt16LE(at + 6) !== STREAMS.STDOUT) throw new Error(`${pid} wrote to another stream`);
        const payload = bytes.subarray(at + FRAME_HEADER_BYTES, end);
        arrived.add(pid, BigInt(payload.length), count(payload, 10));
      }
      at = end;
    }
  }
  const lost = new Ledger();
  for (const { pid, bytes, lines } of losses.values()) lost.add(pid, bytes, lines);
  return { arrived, lost };
}

/** What the processes were told is written. */
function written(ledger: string): Ledger {
  const books = new Ledger();
  for (const line of readFileSync(ledger, 'utf8').trimEnd().split('\n')) {
    const [pid = '', bytes = '', lines = ''] = line.split(' ');
    books.add(Number(pid), BigInt(bytes), BigInt(lines));
  }
  return books;
}

/** The file that gcc would link. */
const runTime = (name: string) => execFileSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();

describe.each([
  {
    sanitizer: 'address',
    preload: 'libasan.so',
    options: { ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'print_stacktrace=1' },
  },
  { sanitizer: 'thread', preload: 'libtsan.so', options: { TSAN_OPTIONS: 'exitcode=66 history_size=2' } },
])('a million writes of threads, children and handlers, sanitizer $sanitizer', ({ sanitizer, preload, options }) => {
  let memory: string;
  beforeEach(() => {
    memory = mkdtempSync('/dev/shm/logtap-stress-');
  });
  afterEach(() => rmSync(memory, { recursive: true, force: true }));

  test.each(['tee', 'suppress'])('%s: nothing is found, and every byte is accounted for', async (mode) => {
    const receiver = await TapReceiver.start();
    const directory = join(build, 'sanitized', sanitizer);
    const ledger = join(memory, 'ledger');
    const output = openSync(join(memory, 'output'), 'w');
    const settings = toSocket(receiver.socket, { SUPPRESS_STDOUT: String(mode === 'suppress') });
    const perThread = String(Math.ceil(WRITES / PROCESSES / THREADS));
    const { ended } = start(join(directory, 'stress'), [String(PROCESSES), String(THREADS), perThread, ledger], {
      stdio: ['ignore', output, 'pipe'],
      env: {
        ...options,
        ...variables(settings),
        LD_PRELOAD: `${runTime(preload)} ${join(directory, 'liblogtap.so')}`,
      },
    });
    const { code, stderr } = await ended;
    closeSync(output);
    await receiver.settled();
    const connections = receiver.raw();
    await receiver.close();
    expect({ code, stderr: stderr.slice(0, 20_000) }).toEqual({ code: 0, stderr: '' });

    const { arrived, lost } = captured(connections);
    const books = written(ledger);
    const accounted = new Ledger(arrived);
    for (const [pid, { bytes, lines }] of lost) accounted.add(pid, bytes, lines);
    const total = [...books.values()].reduce((sum, { lines }) => sum + lines, 0n);
    expect(total).toBeGreaterThanOrEqual(BigInt(WRITES));
    expect(new Map(accounted)).toEqual(new Map(books));
    // The original: everything in tee, what was lost in suppress.
    const original = readFileSync(join(memory, 'output'));
    const sum = (of: Ledger) => [...of.values()].reduce((so, { bytes }) => so + bytes, 0n);
    expect(BigInt(original.length)).toBe(mode === 'tee' ? sum(books) : sum(lost));
  });
});
