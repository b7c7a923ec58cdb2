/** HELLO over a socket says how many line ends the kernel has taken from the process, read or not. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { variables } from '../support/native-tap.js';
import { library, temporaryDirectory, until } from '../support/run.js';
import { decodeFrames, readHello, TapReceiver } from '../support/tap-receiver.js';

/** Does each line of its input, and says so on stderr, which is not tapped. */
const PROGRAM = `import os, sys
for command in sys.stdin:
    exec(command)
    os.write(2, b'.')`;

interface Program {
  does(command: string): Promise<void>;
  end(): Promise<void>;
}

const programs: ChildProcess[] = [];
afterEach(() => {
  for (const child of programs.splice(0)) child.kill('SIGKILL');
});

function begin(target: string): Program {
  const settings = { TAP_INTO: '1', TARGET: target, FORMAT: 'frame', ON_FULL: 'pass' } as const;
  const child = spawn('python3', ['-c', PROGRAM], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, LD_PRELOAD: library, ...variables(settings) },
  });
  programs.push(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise((settle) => child.once('close', settle));
  let done = 0;
  return {
    async does(command) {
      child.stdin.write(`${command}\n`);
      done += 1;
      await until(`${command}: ${said}`, () => said.length >= done);
      expect(said).toBe('.'.repeat(done));
    },
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Frames of each connection of Python; what is called so may be a script of a shell, which writes lines of its own. */
const connections = (receiver: TapReceiver) =>
  receiver
    .raw()
    .flatMap((bytes) => (bytes.length > 8 ? [decodeFrames(bytes).frames] : []))
    .filter(([first]) => first !== undefined && readHello(first).process.startsWith('python'));

const hellos = (receiver: TapReceiver) => connections(receiver).map(([first]) => readHello(first!));

/** Line ends of the DATA frames so far. */
const newlines = (receiver: TapReceiver) =>
  connections(receiver)
    .flat()
    .filter(({ type }) => type === 'DATA')
    .reduce((sum, { payload }) => sum + payload.filter((byte) => byte === 10).length, 0);

/** Writes until a connection is there, and returns how it begins. The writes have no line end. */
async function greeted(program: Program, receiver: TapReceiver, is = (_: bigint | undefined) => true) {
  await until(
    'it has connected',
    async () => {
      await program.does("os.write(1, b'x')");
      return hellos(receiver).some(({ handed }) => is(handed));
    },
    60_000,
  );
  return hellos(receiver).find(({ handed }) => is(handed))!;
}

test('writes of several lines, parts of lines and large writes count; refused writes do not', async () => {
  const socket = join(temporaryDirectory(), 'tap.sock');
  const program = begin(`socket:${socket}`);
  // No target: lost.
  await program.does("os.write(1, b'lost\\nlost\\n')");
  let receiver = await TapReceiver.start({ socket });
  expect((await greeted(program, receiver)).handed).toBe(0n);
  await program.does("os.write(1, b'one\\n')");
  await program.does("os.write(1, b'two\\nthree\\n\\nfour')");
  await program.does("os.writev(1, [b'end\\n', b'a\\nb', b'c\\n'])");
  await program.does("os.write(1, b'y\\n' * 50000)");
  await until('they have come', () => newlines(receiver) === 1 + 3 + 3 + 50_000);
  await receiver.close();
  await program.does("os.write(1, b'lost again\\n')");

  receiver = await TapReceiver.start({ socket, paused: true });
  await until(
    'it has connected',
    async () => {
      await program.does("os.write(1, b'x')");
      return receiver.connectionCount > 0;
    },
    60_000,
  );
  // Nothing is read: some of these fit in the kernel, others do not.
  await program.does("[os.write(1, b'z\\nz\\n' * 8000) for _ in range(600)]");
  receiver.resume();
  let last = 0;
  await until(
    'the last write has come',
    async () => {
      if (receiver.raw().some((bytes) => bytes.toString('latin1').endsWith(`last ${last}\n`))) return true;
      last += 1;
      await program.does(`os.write(1, b'last ${last}\\n')`);
      return false;
    },
    60_000,
  );
  const second = newlines(receiver);
  expect(hellos(receiver)[0]?.handed).toBe(50_007n);
  expect(second).toBeLessThan(600 * 16_000);
  await receiver.close();

  receiver = await TapReceiver.start({ socket });
  const third = await greeted(program, receiver);
  expect(third.handed).toBe(50_007n + BigInt(second));
  expect(third.lost.lines).toBe(2n + 1n + BigInt(600 * 16_000 + last - second));
  await program.end();
  await receiver.close();
});

test('a child of fork begins at zero, and its parent goes on', async () => {
  const socket = join(temporaryDirectory(), 'tap.sock');
  let receiver = await TapReceiver.start({ socket });
  const program = begin(`socket:${socket}`);
  await program.does("os.write(1, b'1\\n2\\n3\\n')");
  const fork = "pid = os.fork() or (os.write(1, b'a\\nb\\n'), os._exit(0)); os.waitpid(pid, 0)";
  await program.does(fork);
  await until('both have come', () => newlines(receiver) === 5);
  expect(hellos(receiver).map(({ handed }) => handed)).toEqual([0n, 0n]);
  await receiver.close();
  receiver = await TapReceiver.start({ socket });
  expect((await greeted(program, receiver)).handed).toBe(3n);
  await program.end();
  await receiver.close();
});
