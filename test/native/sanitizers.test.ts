/** The library under gcc's sanitizers: its parts alone, then as a whole while a program strains it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FRAME_HEADER_BYTES, FRAME_MAGIC, FRAME_TYPES, HELLO_PAYLOAD_BYTES, STREAMS } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { sumOfSlots, volumeWithoutRoom } from '../support/loss-page.js';
import { type TapSettings, toSocket, variables } from '../support/native-tap.js';
import { RingReceiver } from '../support/ring-receiver.js';
import { root, start, temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

jest.setTimeout(300_000);

const PROCESSES = 4;
const THREADS = 8;
const WRITES = 1_000_000;
/** Of each thread: enough children that some find no slot. */
const WITHOUT_RING = 20_000;

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

/** A ring's header knows of the losses for which there was no room in the ring; puts them in. */
function expectHeadersToTell(lost: Ledger, rings: RingReceiver): void {
  const highest = new Map<string, { pid: number; lines: bigint; bytes: bigint }>();
  for (const { name, lost: told } of rings.rings()) {
    const [, pid = '', instance = ''] = name.split('-');
    if ((highest.get(instance)?.bytes ?? -1n) < told.bytes) highest.set(instance, { pid: Number(pid), ...told });
  }
  const told = new Ledger();
  for (const { pid, lines, bytes } of highest.values()) told.add(pid, bytes, lines);
  for (const [pid, { bytes }] of lost) expect(told.get(pid)!.bytes >= bytes).toBe(true);
  for (const [pid, sum] of told) lost.set(pid, sum);
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

const sumOf = (sums: readonly Sum[], what: keyof Sum) => sums.reduce((sum, each) => sum + each[what], 0n);

/** The file that gcc would link. */
const runTime = (name: string) => execFileSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();

describe.each([
  {
    sanitizer: 'address',
    runTimeName: 'libasan.so',
    // It would call setrlimit, which is hooked, before it can check what it has compiled.
    options: { ASAN_OPTIONS: 'disable_coredump=0', UBSAN_OPTIONS: 'print_stacktrace=1' },
  },
  {
    sanitizer: 'thread',
    runTimeName: 'libtsan.so', // Threads that still run at the end are what one of the programs is about, not a leak of the library.
    options: { TSAN_OPTIONS: 'disable_coredump=0 exitcode=66 history_size=2 report_thread_leaks=0' },
  },
])('sanitizer $sanitizer', ({ sanitizer, runTimeName, options }) => {
  let memory: string;
  let receiver: TapReceiver;
  let rings: RingReceiver;
  beforeEach(async () => {
    memory = mkdtempSync('/dev/shm/logtap-stress-');
    receiver = await TapReceiver.start();
    rings = new RingReceiver().start();
  });
  afterEach(async () => {
    await receiver.close();
    await rings.close();
    rmSync(memory, { recursive: true, force: true });
  });

  const strain = (program: string, args: readonly string[], settings: TapSettings, stdout: number | 'ignore') => {
    const directory = join(build, 'sanitized', sanitizer);
    const preload = `${runTime(runTimeName)} ${join(directory, 'liblogtap.so')}`;
    return start(join(directory, program), args, {
      stdio: ['ignore', stdout, 'pipe'],
      env: { ...options, ...variables(settings), LD_PRELOAD: preload },
    });
  };

  test.each(['present', 'absent'])(
    'an end while threads write and a vfork child before it, target %s',
    async (target) => {
      const settings = toSocket(target === 'present' ? receiver.socket : '/nowhere/tap.sock');
      for (let round = 0; round < 5; round += 1) {
        const { code, stderr } = await strain('hurry', [], settings, 'ignore').ended;
        expect({ code, stderr: stderr.slice(0, 20_000) }).toEqual({ code: 9, stderr: '' });
      }
      await receiver.close();
    },
  );

  test.each([
    ['tee', 'socket'],
    ['suppress', 'socket'],
    ['tee', 'ring'],
    ['suppress', 'ring'],
  ])('a million writes of threads, children and handlers, all accounted for, %s, %s', async (mode, target) => {
    const ledger = join(memory, 'ledger');
    const output = openSync(join(memory, 'output'), 'w');
    const settings: TapSettings = {
      ...toSocket(receiver.socket, { SUPPRESS_STDOUT: String(mode === 'suppress') }),
      ...(target === 'ring' ? { TARGET: `ring:${rings.directory}` } : {}),
    };
    const perThread = String(Math.ceil(WRITES / PROCESSES / THREADS));
    const args = [String(PROCESSES), String(THREADS), perThread, ledger];
    const { ended } = strain('stress', args, settings, output);
    const { code, stderr } = await ended;
    closeSync(output);
    const other = target === 'ring' ? rings : receiver;
    await other.settled();
    const connections = other.raw();
    await receiver.close();
    expect({ code, stderr: stderr.slice(0, 20_000) }).toEqual({ code: 0, stderr: '' });

    const { arrived, lost } = captured(connections);
    const books = written(ledger);
    const accounted = new Ledger(arrived);
    if (target === 'ring') expectHeadersToTell(lost, rings);
    for (const [pid, { bytes, lines }] of lost) accounted.add(pid, bytes, lines);
    const total = [...books.values()].reduce((sum, { lines }) => sum + lines, 0n);
    expect(total).toBeGreaterThanOrEqual(BigInt(WRITES));
    expect(new Map(accounted)).toEqual(new Map(books));
    // The original: everything in tee, what was lost in suppress.
    const original = readFileSync(join(memory, 'output'));
    const sum = (of: Ledger) => [...of.values()].reduce((so, { bytes }) => so + bytes, 0n);
    expect(BigInt(original.length)).toBe(mode === 'tee' ? sum(books) : sum(lost));
  });

  describeWith(['root'], 'without a ring', () => {
    const volume = volumeWithoutRoom();
    test('writes of threads, children and handlers: the page of losses has all of them', async () => {
      const ledger = join(memory, 'ledger');
      const output = openSync(join(memory, 'output'), 'w');
      const settings = { TAP_INTO: '1', TARGET: `ring:${volume.rings}`, SUPPRESS_STDOUT: 'true' };
      const args = [String(PROCESSES), String(THREADS), String(WITHOUT_RING), ledger];
      const { code, stderr } = await strain('stress', args, settings, output).ended;
      closeSync(output);
      await receiver.close();
      expect({ code, stderr: stderr.slice(0, 20_000) }).toEqual({ code: 0, stderr: '' });
      const books = [...written(ledger).values()];
      const [bytes, lines] = [sumOf(books, 'bytes'), sumOf(books, 'lines')];
      expect(sumOfSlots(volume.rings)).toEqual({ lines, bytes });
      expect(BigInt(readFileSync(join(memory, 'output')).length)).toBe(bytes);
    });
  });
});
