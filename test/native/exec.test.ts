/** Programs that start others: these are tapped as well, in any environment that they are given. */
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { type Outcome, runPlain, runTapped, type TapSettings, toSocket, variables } from '../support/native-tap.js';
import { library, root, temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

let receiver: TapReceiver;
beforeEach(async () => {
  receiver = await TapReceiver.start();
});
afterEach(() => receiver.close());

const settings = (): TapSettings => toSocket(receiver.socket, { SUPPRESS_STDOUT: 'true', ON_FULL: 'block:5000' });

/** Entries of an environment as `starts print` printed them. */
function entries(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line.includes('='));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const));
}

interface Started {
  readonly outcome: Outcome;
  /** What the child got and was not the library's. */
  readonly own: Record<string, string>;
  /** The library's part of it, without the identity of the streams. */
  readonly tap: Record<string, string>;
  readonly text: string;
}

const isOfTap = (name: string) => name === 'LD_PRELOAD' || name.startsWith('LLT_');

async function starts(way: string, kind: string, libc: Libc = 'glibc', env: Record<string, string> = {}) {
  const executable = program('starts', libc);
  const outcome = await runTapped(executable, [way, kind, executable, 'print'], { settings: settings(), env });
  await receiver.settled();
  const text = receiver.text('stdout');
  const given = entries(text);
  // The identity of the container's streams is the same for all: those of the first process.
  const identity = given.get('LLT_STDIO');
  if (identity !== undefined) expect(identity).toMatch(/^([0-9a-f]{16}:){3}[0-9a-f]{16}$/);
  given.delete('LLT_STDIO');
  const part = (ofTap: boolean) => Object.fromEntries([...given].filter(([name]) => isOfTap(name) === ofTap));
  return { outcome, own: part(false), tap: part(true), text } satisfies Started;
}

/** What the child's environment has to have of the library. */
function wanted(changes: Record<string, string> = {}): Record<string, string> {
  return { LD_PRELOAD: library, ...variables(settings()), ...changes };
}

/** A shell between, which adds what shells add. */
const SHELL = expect.objectContaining({});

const WITH_ENVIRONMENT = ['execve', 'execvpe', 'execle', 'fexecve', 'posix_spawn', 'posix_spawnp', 'vfork', 'syscall'];
const WITHOUT = ['execv', 'execvp', 'execl', 'execlp'];
const ofGlibc = (libc: Libc) => (libc === 'musl' ? [] : ['execveat']);

function suite(libc: Libc): void {
  const passing = [...WITH_ENVIRONMENT, ...ofGlibc(libc)];

  test.each([...passing, ...WITHOUT, 'system', 'popen'])('%s passes on what there is', async (way) => {
    const { outcome, own, tap } = await starts(way, 'inherit', libc);
    expect({ code: outcome.code, stdout: outcome.stdout.toString(), stderr: outcome.stderr.toString() }).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(tap).toEqual(wanted());
    expect(own).toEqual(/system|popen/.test(way) ? SHELL : { PATH: process.env.PATH, LC_ALL: 'C' });
  });

  test.each(passing.flatMap((way) => ['empty', 'null', 'own'].map((kind) => ({ way, kind }))))(
    '$way with an environment: $kind',
    async ({ way, kind }) => {
      const { outcome, own, tap } = await starts(way, kind, libc);
      expect([outcome.code, outcome.stdout.toString()]).toEqual([0, '']);
      expect(tap).toEqual(wanted());
      expect(own).toEqual(kind === 'own' ? { A: '1', B: '2' } : {});
    },
  );

  test.each(WITHOUT.flatMap((way) => ['cleared', 'unset'].map((kind) => ({ way, kind }))))(
    '$way, environ $kind',
    async ({ way, kind }) => {
      const { outcome, own, tap } = await starts(way, kind, libc);
      expect([outcome.code, outcome.stdout.toString()]).toEqual([0, '']);
      expect(tap).toEqual(wanted());
      expect(own).toEqual(kind === 'unset' ? { PATH: process.env.PATH, LC_ALL: 'C' } : {});
    },
  );

  test.each(['execve', 'posix_spawn', 'vfork'])('%s: what the program decided stays', async (way) => {
    const { own, tap } = await starts(way, 'decided', libc);
    expect({ own, tap }).toEqual({ own: { A: '1' }, tap: wanted({ LLT_ON_FULL: 'pass', LLT_MINE: '1' }) });
  });

  test.each(['execve', 'posix_spawn', 'vfork', 'syscall'])(
    '%s with LLT_DISABLE=true: nothing is added',
    async (way) => {
      const { outcome } = await starts(way, 'disabled', libc);
      expect(outcome.stdout.toString()).toBe('A=1\nLLT_DISABLE=true\n');
      expect(receiver.text('stdout')).toBe('');
    },
  );

  test.each(
    ['execve', 'posix_spawn', 'vfork'].flatMap((way) => [
      [way, 'first', `${library}:/nowhere/libfirst.so`, `${library}:/nowhere/libother.so`],
      [way, 'last', `/nowhere/libfirst.so:${library}`, `/nowhere/libother.so:${library}`],
      [way, 'between spaces', `/nowhere/libfirst.so ${library} `, `/nowhere/libother.so:${library}`],
    ]),
  )('%s: other preloaded libraries are chained, ours %s', async (way, _, preload, expected) => {
    const { tap } = await starts(way, 'chained', libc, { LD_PRELOAD: preload });
    expect(tap).toEqual(wanted({ LD_PRELOAD: expected }));
  });

  test('where the library is not, the dynamic linker is not told to look for it', async () => {
    const copy = join(temporaryDirectory(), basename(library));
    copyFileSync(library, copy);
    const { outcome } = await starts('execve', 'gone', libc, { LD_PRELOAD: copy });
    expect([outcome.code, outcome.stdout.toString(), outcome.stderr.toString()]).toEqual([0, '', '']);
    expect(receiver.connectionCount).toBe(0);
  });

  test.each(['execve', 'posix_spawn'])('%s with 5000 variables', async (way) => {
    const { outcome, own, tap } = await starts(way, 'many', libc);
    expect([outcome.code, outcome.stdout.toString()]).toEqual([0, '']);
    expect(tap).toEqual(wanted());
    expect(Object.keys(own)).toHaveLength(5000);
    expect(own.V4999).toBe('4999');
  });

  // The parent would keep the memory.
  test('vfork with 5000 variables goes through unchanged, and leaves nothing in the parent', async () => {
    const { outcome } = await starts('vfork', 'many', libc);
    expect(outcome.stdout.toString().split('\n')).toHaveLength(5001);
    expect(receiver.text('stdout')).toBe('');
  });

  test.each(
    [...passing, ...WITHOUT].flatMap((way) => ['empty', 'many', 'wild', 'wild-entry'].map((kind) => ({ way, kind }))),
  )('$way that fails, environment $kind: as without the library', async ({ way, kind }) => {
    const executable = program('starts', libc);
    const isBad = kind.startsWith('wild');
    const args = [way, kind, isBad ? executable : '/nowhere/program', 'print'];
    if (isBad && WITHOUT.includes(way)) return;
    const plain = await runPlain(executable, args);
    const tapped = await runTapped(executable, args, { settings: toSocket(receiver.socket) });
    expect(tapped).toEqual(plain);
    expect(plain.code).toBe(1);
  });
}

describe('a process that becomes another program', () => {
  // 12 MB, more than any socket holds, in writes that perl does not gather.
  const WRITES = 3000;
  const text = 'x'.repeat(3999);
  const script = (then: string) => `syswrite STDOUT, ('x' x 3999).qq(\\n) for 1..${WRITES}; ${then}`;

  test.each([
    ['exec', 'exec "/bin/true"'],
    ['an exec that fails, after which it goes on', 'exec "/nowhere/program"; syswrite STDOUT, "after\\n"'],
  ])('%s: losses are reported before', async (_, then) => {
    await receiver.close();
    receiver = await TapReceiver.start({ paused: true });
    const { stdout } = await runTapped('perl', ['-e', script(then)], { settings: toSocket(receiver.socket) });
    receiver.resume();
    await receiver.settled();
    const [first, ...others] = receiver.processes();
    expect(others).toEqual([]);
    const delivered = first?.bytes('stdout').length ?? 0;
    expect(stdout.toString().split('\n').slice(0, WRITES)).toEqual(Array(WRITES).fill(text));
    expect(first?.lost.bytes).toBeGreaterThan(0n);
    expect(BigInt(delivered) + (first?.lost.bytes ?? 0n)).toBe(BigInt(stdout.length));
  });
});

describe('functions of glibc 2.39', () => {
  let later: string;
  beforeAll(() => {
    later = join(temporaryDirectory(), 'later-libc.so');
    const source = join(root, 'test', 'native', 'programs', 'later-libc.c');
    execFileSync('gcc', ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', later, source]);
  });

  test.each(['pidfd_spawn', 'pidfd_spawnp'])('%s with an environment of its own', async (way) => {
    const { outcome, own, tap } = await starts(way, 'own', 'glibc', { LD_PRELOAD: `${library}:${later}` });
    expect({ code: outcome.code, stdout: outcome.stdout.toString() }).toEqual({ code: 0, stdout: '' });
    expect({ own, tap }).toEqual({ own: { A: '1', B: '2' }, tap: wanted() });
  });

  test('a libc without it: the program gets the error of a kernel without it', async () => {
    const { outcome } = await starts('pidfd_spawn', 'own');
    expect(outcome.code).toBe(1);
    expect(receiver.text('stdout')).toContain('Function not implemented');
  });
});

describeWith(['aarch64'], 'aarch64', () => {
  test.each(['execve', 'execle', 'execl', 'posix_spawn', 'vfork', 'syscall'])('%s under qemu', async (way) => {
    const executable = program('starts', 'aarch64 glibc');
    const emulated = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu', executable];
    const [emulator = ''] = emulated;
    const path = execFileSync('sh', ['-c', `command -v ${emulator}`], { encoding: 'utf8' }).trim();
    const kind = way === 'execl' ? 'unset' : 'own';
    const preload = join(root, 'dist', 'native', 'aarch64', 'liblogtap.so');
    const { code, stdout } = await runTapped(
      emulator,
      [...emulated.slice(1), way, kind, path, ...emulated.slice(1), 'print'],
      { settings: settings(), preload },
    );
    await receiver.settled();
    expect([code, stdout.toString()]).toEqual([0, '']);
    const given = entries(receiver.text('stdout'));
    expect(Object.fromEntries(given)).toMatchObject(wanted({ LD_PRELOAD: preload }));
    expect(given.get('A')).toBe(kind === 'own' ? '1' : undefined);
  });
});

describe('glibc', () => suite('glibc'));
describeWith(['musl'], 'musl', () => suite('musl'));
