/** Programs that forbid themselves system calls (seccomp): the library makes none that they did not foresee. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { runPlain, runTapped, type TapSettings, toSocket } from '../support/native-tap.js';
import { RingReceiver } from '../support/ring-receiver.js';
import { temporaryDirectory } from '../support/run.js';
import { readProcesses, TapReceiver, textOf } from '../support/tap-receiver.js';

const LINES = 300;

let path: string;
let socket: TapReceiver;
let ring: RingReceiver;
beforeEach(async () => {
  path = join(temporaryDirectory(), 'target');
  socket = await TapReceiver.start();
  ring = new RingReceiver().start();
});
afterEach(async () => {
  ring.close();
  await socket.close();
});

interface Target {
  readonly settings: () => TapSettings;
  readonly captured: () => Promise<string> | string;
  /** What docs/reference/coverage.md lists: calls that the library makes after its first line, until the process has ended. */
  readonly calls: readonly string[];
}

const TARGETS = {
  'raw file': {
    settings: () => ({ TAP_INTO: '1', TARGET: `file:${path}` }),
    captured: () => readFileSync(path, 'utf8'),
    calls: ['write', 'getpid'],
  },
  'file of frames': {
    settings: () => ({ TAP_INTO: '1', TARGET: `file:${path}`, FORMAT: 'frame' }),
    captured: () => {
      const files = readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)));
      return textOf(readProcesses(files.map((name) => readFileSync(join(dirname(path), name)))), 'stdout');
    },
    calls: ['writev', 'getpid'],
  },
  socket: {
    settings: () => toSocket(socket.socket),
    captured: async () => {
      await socket.settled();
      return socket.text('stdout');
    },
    calls: ['sendmsg', 'getpid'],
  },
  'absent socket': { settings: () => toSocket(`${path}.sock`), captured: () => '', calls: [] },
  ring: {
    settings: () => ({ TAP_INTO: '1', TARGET: `ring:${ring.directory}` }),
    captured: () => {
      ring.read();
      return ring.text('stdout');
    },
    calls: ['openat', 'fstat', 'write', 'close', 'getpid'],
  },
} satisfies Record<string, Target>;
type Name = keyof typeof TARGETS;
const NAMES = Object.keys(TARGETS) as Name[];
const WITHOUT_SOCKETS: Name[] = ['raw file', 'file of frames', 'ring'];
const MODES = ['tee', 'suppress'];
const WHENS = ['before', 'after'];

async function look(libc: Libc, name: Name, mode: string, args: readonly string[]) {
  const plain = await runPlain(program('confined', libc), args);
  expect(plain).toMatchObject({ code: 0, signal: null });
  const tapped = await runTapped(program('confined', libc), args, {
    settings: { ...TARGETS[name].settings(), SUPPRESS_STDOUT: String(mode === 'suppress') },
  });
  expect({ code: tapped.code, signal: tapped.signal }).toEqual({ code: 0, signal: null });
  return { plain: plain.stdout.toString(), left: tapped.stdout.toString(), captured: await TARGETS[name].captured() };
}

async function expectAll(libc: Libc, name: Name, mode: string, args: readonly string[]) {
  const { plain, left, captured } = await look(libc, name, mode, args);
  expect(left).toBe(mode === 'tee' ? plain : '');
  expect(captured).toBe(plain);
}

function suite(libc: Libc): void {
  const hows = ['prctl', 'number', 'twice', 'strict'];
  const cells = NAMES.flatMap((name) =>
    MODES.flatMap((mode) => WHENS.flatMap((when) => hows.map((how) => ({ name, mode, when, how })))),
  );
  test.each(cells)('a filter by $how, first line $when it; $name, $mode', async ({ name, mode, when, how }) => {
    const args = [when, how, String(LINES)];
    if (WITHOUT_SOCKETS.includes(name)) return expectAll(libc, name, mode, args);
    // Neither sendmsg nor sendto, and SIGPIPE would end it: what is written from now on stays in the original.
    const { plain, left, captured } = await look(libc, name, mode, args);
    const first = name === 'socket' && when === 'after' ? 'before the filter 0\n' : '';
    expect(captured).toBe(first);
    expect(left).toBe(mode === 'tee' ? plain : plain.slice(first.length));
  });

  const sends = ['sendmsg', 'sendto', 'SIGPIPE'].flatMap((call) => WHENS.map((when) => ({ call, when })));
  test.each(sends)(
    'a socket needs sendmsg, sendto, or a program that ignores SIGPIPE: $call, first line $when',
    ({ call, when }) => expectAll(libc, 'socket', 'tee', [when, 'prctl', String(LINES), call]),
  );

  test.each(NAMES)('a child of a confined process; %s', async (name) => {
    const calls = ['fork', 'clone', 'wait4', 'set_robust_list', 'rt_sigprocmask', 'gettid'];
    const { plain, left, captured } = await look(libc, name, 'tee', ['after', 'number', String(LINES), ...calls]);
    expect(left).toBe(plain);
    if (WITHOUT_SOCKETS.includes(name)) expect(captured).toContain(plain.replace('from a child 0\n', ''));
  });

  const denied = { madvise: NAMES, socket: ['socket', 'absent socket'], getdents64: ['ring'], getpid: NAMES };
  const starts = Object.entries(denied).flatMap(([call, names]) => names.map((name) => ({ call, name: name as Name })));
  test.each(starts)(
    'a program that a confined process starts, which may not call $call; $name',
    async ({ call, name }) => {
      const args = ['after', 'prctl', String(LINES), 'deny', call];
      const { plain, left, captured } = await look(libc, name, 'tee', args);
      expect(left).toBe(plain);
      if (name !== 'absent socket') expect(captured).toContain(plain.replace('from another program 0\n', ''));
    },
  );

  // On a full volume, before the first bell, where threads write at the same time, or in a signal handler.
  const later: { call: string; name: Name }[] = [
    ...['unlinkat', 'mknodat', 'mkdirat', 'fchmodat'].map((call) => ({ call, name: 'ring' as const })),
    ...['nanosleep', 'sigaltstack'].flatMap((call) => [
      { call, name: 'ring' as const },
      { call, name: 'socket' as const },
    ]),
  ];
  test.each(later)(
    'a program that a confined process starts is not captured if it could be ended by $call later; $name',
    async ({ call, name }) => {
      const { plain, left, captured } = await look(libc, name, 'tee', ['after', 'prctl', String(LINES), 'deny', call]);
      expect([left, captured]).toEqual([plain, plain.replace('from another program 0\n', '')]);
    },
  );

  test('a program that a confined process starts, which may make all calls of the library, is captured', () =>
    expectAll(libc, 'socket', 'tee', ['after', 'prctl', String(LINES), 'deny', 'sendto']));

  const seen = NAMES.filter((name) => name !== 'absent socket').flatMap((name) =>
    MODES.map((mode) => ({ name, mode })),
  );
  test.each(seen)('a filter that the library cannot see, of what is listed for it; $name, $mode', ({ name, mode }) =>
    expectAll(libc, name, mode, [
      ...['after', 'unseen', String(LINES), ...TARGETS[name].calls],
      ...(name === 'ring' && mode === 'suppress' ? ['rt_sigprocmask'] : []),
    ]),
  );
}

describe('glibc', () => suite('glibc'));
describeWith(['musl'], 'musl', () => suite('musl'));
