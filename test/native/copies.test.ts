/** Bytes that reach a stream past write(): copied by the kernel, sent to a socket, written by syscall(). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { runPlain, type TapSettings, toSocket, variables } from '../support/native-tap.js';
import { library, root, temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

const KINDS = ['pipe', 'file', 'append', 'socket'] as const;
const CELLS = ['tee', 'suppress'].flatMap((mode) =>
  KINDS.flatMap((kind) => ['present', 'absent'].map((target) => ({ kind, mode, target }))),
);

type Cell = (typeof CELLS)[number];

let receiver: TapReceiver;
beforeEach(async () => {
  receiver = await TapReceiver.start();
});
afterEach(() => receiver.close());

interface Seen {
  readonly code: number | null;
  readonly stderr: string;
  /** What each call answered, a line each. */
  readonly report: readonly string[];
  /** What came out of the original. */
  readonly out: string;
}

/** Runs a command of `copies` in a directory of its own; its inner run is tapped when there are settings. */
async function look(executable: string, args: readonly string[], env: Record<string, string> = {}): Promise<Seen> {
  const cwd = temporaryDirectory();
  const outcome = await runPlain(executable, args, { cwd, env });
  const read = (name: string) => (existsSync(join(cwd, name)) ? readFileSync(join(cwd, name), 'utf8') : '');
  const report = read('report').split('\n');
  return { code: outcome.code, stderr: outcome.stderr.toString(), report, out: read('out') };
}

/** Where two long texts begin to differ, and how; empty when they do not. */
function difference(one: string, other: string): string {
  if (one === other) return '';
  let at = 0;
  while (one[at] === other[at]) at += 1;
  const of = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 10), at + 50));
  return `${one.length} bytes instead of ${other.length}; at ${at} ${of(one)} instead of ${of(other)}`;
}

const tap = (settings: TapSettings, file = library) => ({ TAP: file, ...variables(settings) });

function suite(libc: Libc): void {
  const asWithout = async ({ kind, mode, target }: Cell) => {
    const everything = [kind, 'run', 'report'];
    const plain = await look(program('copies', libc), everything);
    expect([plain.code, plain.stderr]).toEqual([0, '']);
    expect(plain.report.length).toBeGreaterThan(80);
    expect(plain.out.length).toBeGreaterThan(100);
    const socket = target === 'present' ? receiver.socket : '/nowhere/tap.sock';
    const settings = toSocket(socket, { SUPPRESS_STDOUT: String(mode === 'suppress'), ON_FULL: 'block:10000' });
    const tapped = await look(program('copies', libc), everything, tap(settings));
    await receiver.settled();
    const isSwallowed = mode === 'suppress' && target === 'present';
    // A copy of nothing lets a file grow to where its descriptor is, with or without the library.
    expect(difference(tapped.out.replaceAll('\0', ''), isSwallowed ? '' : plain.out)).toBe('');
    expect({ ...tapped, out: '' }).toEqual({ ...plain, out: '' });
    expect(difference(receiver.text('stdout'), target === 'present' ? plain.out : '')).toBe('');
  };
  const title = 'onto a $kind, $mode, target $target: as without the library';
  test.each(CELLS)(title, asWithout);

  test('a message with a descriptor reaches the original although it is suppressed', async () => {
    const settings = toSocket(receiver.socket, { SUPPRESS_STDOUT: 'true', ON_FULL: 'block:10000' });
    const everything = ['socket', 'run', 'report'];
    const plain = await look(program('copies', libc), everything, { WITH_DESCRIPTOR: '1' });
    const tapped = await look(program('copies', libc), everything, { WITH_DESCRIPTOR: '1', ...tap(settings) });
    await receiver.settled();
    expect(tapped).toEqual({ ...plain, out: 'with a descriptor\n' });
    expect(difference(receiver.text('stdout'), plain.out)).toBe('');
  });

  test.each(['splice', 'tee'])('%s when the process has no descriptor left: counted as lost', async (way) => {
    const settings = toSocket(receiver.socket, { SUPPRESS_STDOUT: 'true' });
    const { code, stderr, out } = await look(program('copies', libc), ['pipe', 'blind', way], tap(settings));
    await receiver.settled();
    expect([code, stderr, out]).toEqual([0, '', 'unseen\n']);
    const [copied] = receiver.processes();
    expect(copied?.bytes('stdout').toString()).toBe('seen\n');
    // The number of lines is unknown.
    expect(copied?.lost).toEqual({ lines: 0n, bytes: 7n });
  });

  const PEEKED = ['sendfile from a stream', 'sendfile from a datagram', 'splice of a datagram'];
  test.each(PEEKED.flatMap((way) => ['tee', 'suppress'].map((mode) => ({ way, mode }))))(
    '$way, $mode: captured, or counted with its lines',
    async ({ way, mode }) => {
      const plain = await look(program('copies', libc), ['pipe', 'peeked', way]);
      const settings = toSocket(receiver.socket, { TAP_INTO: '1', SUPPRESS_STDOUT: String(mode === 'suppress') });
      const seen = await look(program('copies', libc), ['pipe', 'peeked', way], tap(settings));
      expect(seen).toEqual(mode === 'tee' ? plain : { ...plain, out: plain.out.slice('seen\n'.length) });
      await receiver.settled();
      // Kernels before 6.5 refuse these sources.
      if (plain.out === 'seen\n') return;
      const [copied] = receiver.processes();
      expect(plain.out).toBe('seen\none\ntwo\nthree');
      expect([copied?.bytes('stdout').toString(), copied?.lost]).toEqual(
        mode === 'tee' ? [plain.out, { lines: 0n, bytes: 0n }] : ['seen\n', { lines: 2n, bytes: 13n }],
      );
    },
  );

  // The target takes some of it and no more, at any place: within a chunk, between two.
  test.each(['sendfile', 'splice', 'pipe', 'tee'])('%s, suppressed, target full half-way', async (way) => {
    await receiver.close();
    receiver = await TapReceiver.start({ paused: true });
    const settings = toSocket(receiver.socket, { SUPPRESS_STDOUT: 'true' });
    const { code, stderr, out } = await look(program('copies', libc), ['pipe', 'large', way], tap(settings));
    receiver.resume();
    await receiver.settled();
    expect([code, stderr]).toEqual([0, '']);
    const records = (text: string) => Uint32Array.from(text.split('\n').slice(0, -1), Number);
    const handed = records(receiver.text('stdout'));
    const original = records(out);
    const isAscending = (list: Uint32Array) => list.every((value, i) => i === 0 || value > (list[i - 1] ?? 0));
    expect([isAscending(handed), isAscending(original)]).toEqual([true, true]);
    expect(Math.min(handed.length, original.length)).toBeGreaterThan(1000);
    expect(handed.length + original.length).toBe(LARGE);
    // Each once: the two together, in order, are the numbers from 0 on.
    const all = new Uint32Array(LARGE);
    all.set(handed);
    all.set(original, handed.length);
    expect(all.sort().every((value, i) => value === i)).toBe(true);
  });
}

/** 16 MiB in records of 8 bytes: more than a socket holds. */
const LARGE = (16 << 20) / 8;

describeWith(['aarch64'], 'aarch64', () => {
  test.each(['tee', 'suppress'])('under qemu, %s', async (mode) => {
    const preload = join(root, 'dist', 'native', 'aarch64', 'liblogtap.so');
    const settings = toSocket(receiver.socket, {
      SUPPRESS_STDOUT: String(mode === 'suppress'),
      ON_FULL: 'block:10000',
    });
    const see = async (env: Record<string, string>) => {
      const cwd = temporaryDirectory();
      const emulated = ['-L', '/usr/aarch64-linux-gnu', program('copies', 'aarch64 glibc'), 'run', 'report'];
      const { code, stdout } = await runPlain('qemu-aarch64-static', emulated, { cwd, env: { EMULATED: '1', ...env } });
      return { code, out: stdout.toString(), report: readFileSync(join(cwd, 'report'), 'utf8') };
    };
    const plain = await see({});
    const tapped = await see({ LD_PRELOAD: preload, ...variables(settings) });
    await receiver.settled();
    expect({ ...tapped, out: '' }).toEqual({ ...plain, out: '' });
    expect(difference(tapped.out, mode === 'tee' ? plain.out : '')).toBe('');
    expect(difference(receiver.text('stdout'), plain.out)).toBe('');
  });
});

describe('glibc', () => suite('glibc'));
describeWith(['musl'], 'musl', () => suite('musl'));
