/** How a process ended: each way of ending tells its exit status, to a ring by its header and to a socket by its last frame. */
import { EXIT_STATUS_KNOWN, FRAME_FLAGS } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { runTapped, toSocket } from '../support/native-tap.js';
import { RingReceiver } from '../support/ring-receiver.js';
import { decodeFrames, TapReceiver } from '../support/tap-receiver.js';

const known = (status: number) => EXIT_STATUS_KNOWN + status;
const UNKNOWN = 0;

let close: () => Promise<unknown> = async () => {};
afterEach(async () => {
  await close();
  close = async () => {};
});

/** By process, the word of its last ring, and whether it says that it ends. */
async function endsInRings(command: string, args: readonly string[]) {
  const receiver = new RingReceiver();
  close = () => receiver.close();
  const settings = { TAP_INTO: '3', TARGET: `ring:${receiver.directory}`, SUPPRESS_STDOUT: 'true' };
  const outcome = await runTapped(command, args, { settings });
  await receiver.settled();
  const ends = receiver
    .rings()
    .map(({ name, isEnded }) => ({ status: Number(receiver.word(name, 'exit_status')), isEnded }));
  return { ...outcome, ends, text: receiver.text('stdout') };
}

/** What each connection tells last of the end. */
async function endsOnSocket(command: string, args: readonly string[]) {
  const receiver = await TapReceiver.start();
  close = () => receiver.close();
  const outcome = await runTapped(command, args, { settings: toSocket(receiver.socket, { SUPPRESS_STDOUT: 'true' }) });
  await receiver.settled();
  const ends = receiver.raw().map((bytes) =>
    decodeFrames(bytes)
      .frames.filter(({ type, flags }) => type === 'LOST' && (flags & FRAME_FLAGS.ENDS.value) !== 0)
      .map(({ seq }) => Number(seq)),
  );
  return { ...outcome, ends };
}

const WAYS = ['return', 'exit', '_exit', '_Exit', 'quick_exit', 'err', 'errx', 'syscall', 'atexit', 'thread', 'exec'];
const LIBCS = [
  ['glibc', [...WAYS, 'error']],
  ['musl', WAYS],
] as const;

describe.each<readonly [Libc, readonly string[]]>(LIBCS)('%s', (libc, ways) => {
  const suite = libc === 'musl' ? describeWith.bind(null, ['musl']) : describe;
  suite('programs', () => {
    test.each(ways)('%s', async (way) => {
      for (const status of [0, 3]) {
        // These do not end the program with status 0.
        if (status === 0 && (way === 'error' || way === 'exec')) continue;
        const { code, ends } = await endsInRings(program('exits', libc), [way, String(status)]);
        expect(code).toBe(status);
        expect(ends.at(-1)).toEqual({ status: known(status), isEnded: true });
      }
    });

    test.each(['return', '_exit', 'quick_exit', 'err'])('%s, to a socket', async (way) => {
      const { ends } = await endsOnSocket(program('exits', libc), [way, '3']);
      expect(ends).toEqual([[known(3)]]);
    });

    test('bytes that are written after all destructors come with the status', async () => {
      const { ends, text } = await endsInRings(program('exits', libc), ['buffered', '3']);
      expect(text).toBe('line');
      expect(ends).toEqual([{ status: known(3), isEnded: true }]);
    });

    test('the last status holds', async () => {
      const { code, ends } = await endsInRings(program('exits', libc), ['anew', '3']);
      expect(code).toBe(4);
      expect(ends).toEqual([{ status: known(4), isEnded: true }]);
    });

    test.each(['abort', 'kill'])('a signal tells nothing: %s', async (way) => {
      const { signal, ends } = await endsInRings(program('exits', libc), [way]);
      expect(signal).not.toBeNull();
      expect(ends).toEqual([{ status: UNKNOWN, isEnded: false }]);
    });

    test('a child has its own', async () => {
      const { ends } = await endsInRings(program('exits', libc), ['child', '3']);
      expect(ends.map(({ status }) => status).sort()).toEqual([known(0), known(3)]);
    });

    test('a child that shares the memory does not end its parent', async () => {
      const { ends } = await endsInRings(program('exits', libc), ['vfork', '5']);
      expect(ends.at(-1)).toEqual({ status: known(5), isEnded: true });
    });
  });
});

test('a status of more than 8 bits is that which the parent sees', async () => {
  const { code, ends } = await endsInRings(program('exits'), ['exit', '259']);
  expect(code).toBe(3);
  expect(ends).toEqual([{ status: known(3), isEnded: true }]);
});

test.each([
  ['bash', ['-c', 'echo x; exit 3'], 3],
  ['sh', ['-c', 'echo x; false'], 1],
  ['sh', ['-c', 'echo x'], 0],
  ['sh', ['-c', 'echo x; /nonexistent'], 127],
  ['python3', ['-c', 'import sys; print(1); sys.exit(3)'], 3],
  ['python3', ['-c', 'import os; os.write(1, b"x"); os._exit(3)'], 3],
  ['python3', ['-c', 'print(1); raise ValueError'], 1],
  ['perl', ['-e', 'print "x"; die "y"'], 255],
  ['node', ['-e', 'console.log(1); process.exit(3)'], 3],
  ['ls', ['/nonexistent'], 2],
] as const)('%s %j ends with %d', async (command, args, status) => {
  const { code, ends } = await endsInRings(command, args);
  expect(code).toBe(status);
  expect(ends.at(-1)).toEqual({ status: known(status), isEnded: true });
});

test('a program that becomes another one does not tell how the process ends', async () => {
  const { ends } = await endsInRings('sh', ['-c', 'echo x; exec sh -c "echo y; exit 4"']);
  expect(ends.map(({ status }) => status).sort()).toEqual([UNKNOWN, known(4)]);
});
