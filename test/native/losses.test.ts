/** What cannot be handed over is counted, and in suppress mode it is in the original: no byte only pretends. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIBRARY_ENV } from '../../src/contract.js';
import { program } from '../support/native-programs.js';
import { converse, runPlain, runTapped, type TapSettings, toSocket, variables } from '../support/native-tap.js';
import { library, start, temporaryDirectory, until } from '../support/run.js';
import { type TappedProcess, TapReceiver } from '../support/tap-receiver.js';

/** 12 MB: more than a socket holds with any net.core.wmem_max, as the library asks for 4 MiB and Linux doubles that. */
const LINES = 300_000;
const lineOf = (i: number) => `line ${i} of a program that ends at once\n`;
const written = Array.from({ length: LINES }, (_, i) => lineOf(i)).join('');
/** What stdio writes at once to a pipe. */
const WRITE_BYTES = 4096;

/** By the numbers of the frames that came, the writes of `written` that were delivered and those that were not. */
function split(process: TappedProcess | undefined): { delivered: Buffer; left: Buffer } {
  const came = new Set(process?.data.map(({ seq }) => Number(seq)));
  const delivered: string[] = [];
  const left: string[] = [];
  for (let at = 0; at < written.length; at += WRITE_BYTES) {
    const to = came.has(at / WRITE_BYTES + 1) ? delivered : left;
    to.push(written.slice(at, at + WRITE_BYTES));
  }
  return { delivered: Buffer.from(delivered.join('')), left: Buffer.from(left.join('')) };
}

const lines = (settings: TapSettings) => runTapped(program('lines'), [String(LINES)], { settings });

let receiver: TapReceiver;
let socket: string;
beforeEach(() => {
  socket = join(temporaryDirectory(), 'tap.sock');
});
afterEach(() => receiver?.close());

describe('a target that is not there', () => {
  test.each([false, true])('nothing changes for the application, suppress %s', async (suppress) => {
    const started = Date.now();
    const { code, stdout, stderr } = await lines(
      toSocket(socket, { SUPPRESS_STDOUT: String(suppress), ON_FULL: 'block:50000' }),
    );
    expect({ code, stderr: stderr.toString() }).toEqual({ code: 0, stderr: '' });
    expect(stdout.equals(Buffer.from(written))).toBe(true);
    // "Full" is worth waiting for, "absent" is not.
    expect(Date.now() - started).toBeLessThan(30_000);
  });

  test('a file that cannot be opened is as harmless', async () => {
    const { code, stdout } = await lines({ TAP_INTO: '3', TARGET: `file:${socket}/no/such`, SUPPRESS_STDOUT: 'true' });
    expect(code).toBe(0);
    expect(stdout.equals(Buffer.from(written))).toBe(true);
  });

  test('is found when it comes, and told what was lost before', async () => {
    const running = converse(COPY, toSocket(socket, { SUPPRESS_STDOUT: 'true' }));
    running.say('too early');
    await until('it was written to the original', () => running.stdout() === 'too early\n');
    receiver = await TapReceiver.start({ socket });
    await until('a line arrives', () => {
      running.say('again');
      return receiver.connectionCount > 0;
    });
    await running.end();
    await receiver.settled();
    const [process] = receiver.processes();
    const original = running.stdout();
    expect(process?.lost).toEqual({
      lines: BigInt(original.split('\n').length - 1),
      bytes: BigInt(original.length),
    });
    expect(original + process?.bytes('stdout').toString()).toBe(running.said());
    // Frames that were lost have numbers too.
    expect(process?.data[0]?.seq).toBe(BigInt(original.split('\n').length));
  });
});

/** Copies its input line by line, in one process. */
const COPY = 'while read -r line; do echo "$line"; done';

describe('a reader that stops reading', () => {
  test('pass, tee: delivered + lost = written', async () => {
    receiver = await TapReceiver.start({ socket, paused: true });
    const { code, stdout } = await lines(toSocket(socket));
    expect(code).toBe(0);
    expect(stdout.equals(Buffer.from(written))).toBe(true);
    receiver.resume();
    await receiver.settled();
    const [process] = receiver.processes();
    const delivered = process?.bytes('stdout') ?? Buffer.alloc(0);
    expect(Number(process?.lost.bytes)).toBeGreaterThan(1_000_000);
    expect(BigInt(delivered.length) + (process?.lost.bytes ?? 0n)).toBe(BigInt(written.length));
    const newlines = delivered.toString().split('\n').length - 1;
    expect(BigInt(newlines) + (process?.lost.lines ?? 0n)).toBe(BigInt(LINES));
    expect(split(process).delivered.equals(delivered)).toBe(true);
  });

  test('pass, suppress: delivered + original = written, line by line', async () => {
    receiver = await TapReceiver.start({ socket, paused: true });
    const { code, stdout } = await lines(toSocket(socket, { SUPPRESS_STDOUT: 'true' }));
    expect(code).toBe(0);
    receiver.resume();
    await receiver.settled();
    const [process] = receiver.processes();
    expect(stdout.length).toBeGreaterThan(1_000_000);
    // Each line as a whole in one of the two (whole-lines.test.ts has the ways in which lines come).
    const delivered = process?.bytes('stdout').toString() ?? '';
    const both = `${delivered}${stdout}`.split('\n').sort();
    expect(both.join('\n') === written.split('\n').sort().join('\n')).toBe(true);
    expect(process?.lost.lines).toBe(BigInt(stdout.toString().split('\n').length - 1));
    expect(process?.lost.bytes).toBe(BigInt(stdout.length));
  });

  test('block: waits for as long as it may, then passes', async () => {
    receiver = await TapReceiver.start({ socket, paused: true });
    const started = Date.now();
    const { code, stdout } = await lines(toSocket(socket, { ON_FULL: 'block:2' }));
    const elapsedMs = Date.now() - started;
    expect(code).toBe(0);
    expect(stdout.equals(Buffer.from(written))).toBe(true);
    receiver.resume();
    await receiver.settled();
    const [process] = receiver.processes();
    const { delivered, left } = split(process);
    expect(process?.lost.bytes).toBe(BigInt(left.length));
    expect(delivered.length + left.length).toBe(stdout.length);
    // Each write that could not be handed over waited first.
    expect(left.length).toBeGreaterThan(0);
    expect(elapsedMs).toBeGreaterThan((left.length / WRITE_BYTES) * 2 * 0.9);
  });

  test('block: a reader that comes back in time gets everything', async () => {
    receiver = await TapReceiver.start({ socket, paused: true });
    const running = lines(toSocket(socket, { ON_FULL: 'block:20000', SUPPRESS_STDOUT: 'true' }));
    await until('the socket is full', async () => receiver.connectionCount > 0);
    await sleep(150);
    receiver.resume();
    const { code, stdout } = await running;
    await receiver.settled();
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: '' });
    expect(receiver.text('stdout') === written).toBe(true);
  });
});

describe('a reader that goes away', () => {
  test('the next one gets a HELLO, the file’s name again, and the totals', async () => {
    const log = join(temporaryDirectory(), 'app.log');
    writeFileSync(log, '');
    receiver = await TapReceiver.start({ socket });
    const running = converse(
      `exec 3>>${log}; while read -r line; do echo "$line" >&3; done`,
      toSocket(socket, { TAP_INTO: '0', TAP_FILE: log, SUPPRESS_TAP_FILE: 'true' }),
    );
    running.say('one');
    await until('one arrives', () => receiver.connectionCount > 0 && receiver.text(log) === 'one\n');
    const first = receiver.processes()[0]?.hello.instance;
    await receiver.close();
    receiver = await TapReceiver.start({ socket });
    // A target that hangs up is not asked again within the shortest pause, 50 ms.
    await sleep(60);
    running.say('two');
    await until('two arrives', () => receiver.connectionCount > 0 && receiver.text(log) === 'two\n');
    await running.end();
    expect(receiver.processes()[0]?.hello.instance).toBe(first);
    expect(receiver.processes()[0]?.data.map(({ seq }) => seq)).toEqual([2n]);
  });

  test('no signal, no error, and the original goes on', async () => {
    receiver = await TapReceiver.start({ socket });
    const running = start(program('lines'), ['300000'], {
      env: { LD_PRELOAD: library, ...variables(toSocket(socket)) },
    });
    await until('it writes', () => receiver.connectionCount > 0);
    await receiver.close();
    const { code, signal, stdout } = await running.ended;
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(stdout.split('\n')).toHaveLength(300_001);
  });
});

describe('manners', () => {
  test.each(['glibc', 'musl'] as const)(
    'errno, descriptors and signals are as without the library, %s',
    async (libc) => {
      receiver = await TapReceiver.start({ socket });
      const { code, stderr } = await runTapped(program('manners', libc), [], {
        settings: toSocket(socket, { ON_FULL: 'block:1000' }),
      });
      await receiver.settled();
      expect({ code, stderr: stderr.toString() }).toEqual({ code: 0, stderr: '' });
      const text = receiver.text('stdout');
      const spoken = text.split('\n').filter((line) => line !== '.');
      expect(spoken).toEqual([
        'errno',
        'errno of stdio',
        'after close of the library’s descriptor'.replace('’', "'"),
        'after dup2 over it',
        "through the number that was the library's",
        'after a loop that closes everything',
        'after close_range and closefrom',
        'after siglongjmp',
        'and another thread',
        '0 failures',
        '',
      ]);
    },
  );

  test.each(['glibc', 'musl'] as const)('a thread blocked in a tapped write can be cancelled, %s', async (libc) => {
    const preload = `LD_PRELOAD=${library} ${LIBRARY_ENV.TAP_INTO.name}=1 ${LIBRARY_ENV.TARGET.name}=socket:${socket}`;
    const { stderr } = await runPlain('bash', ['-c', `${preload} ${program('cancel', libc)} | sleep 0.5`]);
    expect(stderr.toString()).toBe('cleaned up\ncancelled\n');
  });
});
