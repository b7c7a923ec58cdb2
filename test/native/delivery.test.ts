/** Everything a program writes arrives, byte for byte and in order, copied or instead of the original. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FRAME_VERSION } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { type Outcome, runPlain, runTapped, type TapSettings, toSocket } from '../support/native-tap.js';
import { root, temporaryDirectory, until } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

const LINES = 100_000;
const lines = Array.from({ length: LINES }, (_, i) => `line ${i} of a program that ends at once\n`).join('');
const aarch64 = join(root, 'dist', 'native', 'aarch64', 'liblogtap.so');

let receiver: TapReceiver;
beforeEach(async () => {
  receiver = await TapReceiver.start();
});
afterEach(() => receiver.close());

/** Runs under frames to the receiver; waiting for room, so that a slow test machine loses nothing. */
async function tap(command: string, args: readonly string[], settings: TapSettings = {}): Promise<Outcome> {
  const outcome = await runTapped(command, args, {
    settings: toSocket(receiver.socket, { ON_FULL: 'block:10000', ...settings }),
  });
  await receiver.settled();
  return outcome;
}

/** toEqual on megabytes takes seconds to print what differs; this says where. */
function expectSame(actual: string | Buffer, expected: string | Buffer): void {
  const a = Buffer.from(actual);
  const e = Buffer.from(expected);
  if (a.equals(e)) return;
  let at = 0;
  while (at < Math.min(a.length, e.length) && a[at] === e[at]) at += 1;
  const around = (bytes: Buffer) => bytes.subarray(Math.max(0, at - 60), at + 60).toString();
  throw new Error(
    `${a.length} bytes instead of ${e.length}; from byte ${at} on:\n${around(a)}\ninstead of\n${around(e)}`,
  );
}

const libcs: readonly Libc[] = ['glibc', 'musl'];
const modes = libcs.flatMap((libc) => [false, true].map((suppress) => ({ libc, suppress })));

describeWith(['musl'], '100,000 lines by printf', () => {
  test.each(modes)('socket, frames, $libc, suppress $suppress', async ({ libc, suppress }) => {
    const { code, stdout } = await tap(program('lines', libc), [String(LINES)], { SUPPRESS_STDOUT: String(suppress) });
    expect(code).toBe(0);
    expectSame(stdout, suppress ? '' : lines);
    expectSame(receiver.text('stdout'), lines);
    const [process] = receiver.processes();
    expect(process?.lost).toEqual({ lines: 0n, bytes: 0n });
    // stdout is buffered as ever: it is no terminal.
    expect(process?.data.length).toBeLessThan(LINES / 10);
  });

  test.each(modes)('file, raw, $libc, suppress $suppress', async ({ libc, suppress }) => {
    const target = join(temporaryDirectory(), 'raw.log');
    const { code, stdout } = await runTapped(program('lines', libc), [String(LINES)], {
      settings: { TAP_INTO: '1', TARGET: `file:${target}`, SUPPRESS_STDOUT: String(suppress) },
    });
    expect(code).toBe(0);
    expectSame(stdout, suppress ? '' : lines);
    expectSame(readFileSync(target), lines);
  });
});

describeWith(['musl'], 'every way to write', () => {
  test.each(modes)('$libc, suppress $suppress', async ({ libc, suppress }) => {
    const executable = program('every-way', libc);
    const log = join(temporaryDirectory(), 'app.log');
    const plain = await runPlain(executable, [log]);
    expect(plain.code).toBe(3);
    const plainLog = readFileSync(log);
    expect(plain.stdout.length).toBeGreaterThan(400_000);

    const tapped = await tap(executable, [log], {
      TAP_FILE: log,
      SUPPRESS_STDOUT: String(suppress),
      SUPPRESS_TAP_FILE: String(suppress),
    });
    expect(tapped.code).toBe(3);
    const nothing = Buffer.alloc(0);
    expectSame(tapped.stdout, suppress ? nothing : plain.stdout);
    expectSame(tapped.stderr, suppress ? nothing : plain.stderr);
    expectSame(receiver.text('stdout'), plain.stdout);
    expectSame(receiver.text('stderr'), plain.stderr);
    // Suppressed, pwrite at the end of a file that stayed empty lands at its beginning: the same bytes, in order.
    expectSame(readFileSync(log), suppress ? nothing : plainLog);
    expectSame(receiver.text(log), plainLog);
  });

  test('a long write is one chain of frames, none above the limit', async () => {
    await tap(program('every-way'), [join(temporaryDirectory(), 'app.log')]);
    const [process] = receiver.processes();
    const data = process?.data ?? [];
    expect(data.map(({ seq }) => seq)).toEqual(data.map((_, i) => BigInt(i + 1)));
    const chain = data.filter(({ payload }) => payload.length === 32_744);
    expect(chain.length).toBeGreaterThanOrEqual(9);
    expect(chain.every(({ flags }) => flags === 1)).toBe(true);
    expect(data.filter(({ flags, payload }) => flags === 0 && payload.length > 20_000).length).toBeLessThan(9);
    const now = BigInt(Date.now()) * 1_000_000n;
    for (const { timeNs } of data) expect(now - timeNs).toBeLessThan(60_000_000_000n);
  });
});

describeWith(['musl'], 'processes and threads', () => {
  test.each(modes)('16 threads and a signal handler, $libc, suppress $suppress', async ({ libc, suppress }) => {
    // A line that finds the socket full would be in the other output, and so in another order.
    const { code, stdout, stderr } = await tap(program('threads', libc), ['16', '2000'], {
      TAP_INTO: '1',
      SUPPRESS_STDOUT: String(suppress),
      ON_FULL: 'block:60000',
    });
    expect(code).toBe(0);
    const original = stdout.toString();
    const arrived = receiver.text('stdout');
    const written = suppress ? arrived + original : arrived;
    const own = (name: string) => written.split('\n').filter((line) => line.startsWith(`${name} `));
    for (let thread = 0; thread < 16; thread += 1) {
      const expected = Array.from({ length: 2000 }, (_, i) => `thread ${thread} line ${i} ${'x'.repeat(i % 200)}`);
      expectSame(own(`thread ${thread}`).join('\n'), expected.join('\n'));
    }
    // What a handler writes while it interrupts a write of its own thread may have to go to the original instead.
    const bells = Number(stderr.toString());
    const [process] = receiver.processes();
    const missing = Number(process?.lost.lines);
    expect(own('bell')).toHaveLength(suppress ? bells : bells - missing);
    expect(new Set(own('bell')).size).toBe(own('bell').length);
    expect(missing).toBeLessThanOrEqual(bells);
    if (suppress) expect(original.split('\n').length - 1).toBe(missing);
  });

  test.each(libcs)('children by fork and vfork are processes of their own, %s', async (libc) => {
    const { code, stdout } = await tap(program('family', libc), ['5', '300'], { SUPPRESS_STDOUT: 'true' });
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: '' });
    const processes = receiver.processes();
    expect(processes).toHaveLength(6);
    expect(new Set(processes.map(({ hello }) => hello.instance)).size).toBe(6);
    const [parent, ...children] = processes.sort((a, b) => a.hello.pid - b.hello.pid);
    const pid = parent?.hello.pid ?? 0;
    expect(parent?.bytes('stdout').toString()).toBe(
      `parent ${pid} before\nparent ${pid} between\nparent ${pid} after\n`,
    );
    for (const { hello, bytes, data } of children.map((child) => ({ ...child, bytes: child.bytes.bind(child) }))) {
      expect(hello.ppid).toBe(pid);
      expect(bytes('stdout').toString()).toBe(
        `not found\n${Array.from({ length: 300 }, (_, i) => `child ${hello.pid} line ${i}\n`).join('')}`,
      );
      expect(data[0]?.seq).toBe(1n);
    }
  });

  test('the end of a parent is seen while its child goes on', async () => {
    const go = join(temporaryDirectory(), 'go');
    const script = `echo parent; (echo child; until [ -e ${go} ]; do sleep 0.02; done; echo goes on) & true`;
    const running = tap('bash', ['-c', script], { SUPPRESS_STDOUT: 'true' });
    await until('both have connected', () => receiver.connectionCount === 2);
    await until('one has ended', () => receiver.openCount === 1);
    writeFileSync(go, '');
    await running;
    expect(
      receiver
        .processes()
        .map((process) => process.bytes('stdout').toString())
        .sort(),
    ).toEqual(['child\ngoes on\n', 'parent\n']);
  });

  test.each(libcs)('HELLO says who writes, %s', async (libc) => {
    await tap(program('lines', libc), ['1']);
    const [process] = receiver.processes();
    expect(process?.hello).toMatchObject({ version: FRAME_VERSION, process: `lines-${libc}`, container: 'app' });
    expect(process?.hello.startTicks).toBeGreaterThan(0n);
    expect(process?.connections).toBe(1);
  });
});

describe('other languages', () => {
  test.each([
    ['bash', ['-c', 'for i in 1 2 3; do echo "out $i"; echo "err $i" >&2; done; seq 4 5; exit 9']],
    ['dash', ['-c', '(nosuch; echo in; nosuch 2>&1; echo out); exit 9']],
    ['dash', ['-c', 'for i in 1 2 3; do echo "out $i"; echo "err $i" >&2; done; seq 4 5; exit 9']],
    [
      'python3',
      ['-c', 'import sys\nfor i in range(2000): print("out", i)\nprint("err", file=sys.stderr)\nsys.exit(9)'],
    ],
    ['perl', ['-e', 'print "out $_\\n" for 1..2000; print STDERR "err\\n"; warn "warned"; exit 9']],
    [
      process.execPath,
      ['-e', 'for (let i = 0; i < 500; i++) console.log("out", i); console.error("err"); process.exitCode = 9'],
    ],
  ])('%s', async (command, args) => {
    const plain = await runPlain(command, args);
    const { code, stdout, stderr } = await tap(command, args, { SUPPRESS_STDOUT: 'true' });
    expect({ code, stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({ code: 9, stdout: '', stderr: '' });
    expectSame(receiver.text('stdout'), plain.stdout);
    expectSame(receiver.text('stderr'), plain.stderr);
  });
});

describeWith(['aarch64'], 'aarch64', () => {
  test.each([
    ['lines', ['3000'], 0],
    ['family', ['3', '50'], 0],
  ])('%s under qemu', async (name, args, expected) => {
    const executable = program(name, 'aarch64 glibc');
    const emulated = ['-L', '/usr/aarch64-linux-gnu', executable, ...args];
    const plain = await runPlain('qemu-aarch64-static', emulated);
    const { code, stdout } = await runTapped('qemu-aarch64-static', emulated, {
      preload: aarch64,
      settings: toSocket(receiver.socket, { ON_FULL: 'block:10000', SUPPRESS_STDOUT: 'true' }),
    });
    await receiver.settled();
    expect({ code, stdout: stdout.toString() }).toEqual({ code: expected, stdout: '' });
    // A child by fork is a process of its own there too, though the emulator wipes no memory.
    expect(receiver.processes().length).toBeGreaterThan(name === 'family' ? 3 : 0);
    const withoutPids = (text: string) =>
      text
        .replace(/(child|parent) \d+/g, '$1')
        .split('\n')
        .sort();
    expect(withoutPids(receiver.text('stdout'))).toEqual(withoutPids(plain.stdout.toString()));
  });
});
