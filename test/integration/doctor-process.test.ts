/** `logtap doctor --pid N`, asked about processes that run. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { LINE, NOBODY, Workshop } from '../support/doctor.js';
import { type TapSettings, toSocket, variables } from '../support/native-tap.js';
import { root, start, until } from '../support/run.js';
import { readProcesses, TapReceiver } from '../support/tap-receiver.js';

/** --norc: bash takes a socket as its input, which is what a pipe of Node's is, for a remote login. */
const STAYS = ['--norc', '-c', `echo "${LINE}"; while :; do sleep 0.2; done`];

let workshop: Workshop;
let receiver: TapReceiver;
beforeAll(() => {
  workshop = new Workshop();
});
beforeEach(async () => {
  receiver = await TapReceiver.start();
});
afterEach(() => receiver.close());

interface Options {
  readonly preload?: string;
  readonly settings?: TapSettings;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
}

/** Starts a program that says its line and stays, asks about it as root or as ourselves, and ends it. */
async function askAbout(command: string, args: readonly string[], options: Options = {}) {
  const { preload = workshop.library, settings = toSocket(receiver.socket), env = {}, uid } = options;
  const running = start(command, args, {
    env: { ...(preload === '' ? {} : { LD_PRELOAD: preload }), ...variables(settings), ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  try {
    await until(`${command} is up: ${running.stderr()}`, () => running.stdout().includes(LINE));
    return await workshop.ask(['--pid', String(running.child.pid)]);
  } finally {
    running.child.kill('SIGKILL');
    await running.ended;
  }
}

/** What programs handed over; the doctor's own connection carries nothing. */
const textOf = (from: TapReceiver) =>
  readProcesses(from.raw().filter((bytes) => bytes.length > 0))
    .map((process) => process.bytes('stdout').toString())
    .join('');

const bash = (options?: Options) => askAbout('/bin/bash', STAYS, options);

describe('a process that is tapped', () => {
  test('nothing is found, and the facts say by what', async () => {
    const { code, report, seen } = await bash();
    expect({ code, verdict: report.verdict, seen }).toEqual({ code: 0, verdict: 'can be tapped', seen: [] });
    expect(report.subject).toMatch(new RegExp(`^process \\d+: ${realpathSync('/bin/bash')}$`));
    expect(report.facts).toMatchObject({ library: workshop.library, LD_PRELOAD: workshop.library });
    expect(report.facts.stdout).toMatch(/^(socket|pipe):\[\d+\]$/);
  });

  test('the doctor connects to the target, and says nothing there', async () => {
    await askAbout(workshop.compile('alone', 'gcc'), ['stay']);
    await receiver.settled();
    expect(receiver.connectionCount).toBe(2);
    expect(textOf(receiver)).toBe(`${LINE}\n`);
  });

  test('others may be preloaded with it', async () => {
    const other = join(workshop.directory, 'other.so');
    execFileSync('gcc', ['-shared', '-fPIC', '-o', other, '-x', 'c', '/dev/null']);
    const { seen, report } = await bash({ preload: `${other} ${workshop.library}` });
    expect({ seen, preload: report.facts.LD_PRELOAD }).toEqual({ seen: [], preload: `${other} ${workshop.library}` });
  });

  test.each<[string, TapSettings, number, string]>([
    ['nothing to tap', { TAP_INTO: '0' }, 3, 'blocks: LLT_TAP_INTO=0, and no LLT_TAP_FILE'],
    ['switched off', { DISABLE: 'true' }, 3, 'blocks: LLT_DISABLE=true'],
    ['an unknown form of target', { TARGET: '/run/tap.sock' }, 3, 'blocks: LLT_TARGET=/run/tap.sock'],
    ['a format it does not know', { FORMAT: 'json' }, 2, 'limits: LLT_FORMAT=json'],
    [
      'no such socket',
      { TARGET: 'socket:/no/such.sock' },
      2,
      'limits: LLT_TARGET=socket:/no/such.sock cannot be reached: /no/such.sock does not exist in its root directory',
    ],
    [
      'a file instead of a socket',
      { TARGET: 'socket:/etc/passwd' },
      2,
      'limits: LLT_TARGET=socket:/etc/passwd cannot be reached: /etc/passwd is not a socket',
    ],
    [
      'a file in no directory',
      { TARGET: 'file:/no/such/file', FORMAT: 'raw' },
      2,
      'limits: LLT_TARGET=file:/no/such/file cannot be reached: /no/such/file does not exist in its root directory',
    ],
  ])('%s', async (_, settings, code, expected) => {
    const answer = await bash({ settings: toSocket(receiver.socket, settings) });
    expect({ code: answer.code, seen: answer.seen }).toEqual({ code, seen: [expected] });
  });

  test('a socket on which no process listens any more', async () => {
    const socket = join(workshop.directory, 'left.sock');
    const bind = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await start(process.execPath, ['-e', bind]).ended;
    const { seen } = await bash({ settings: toSocket(socket) });
    expect(seen).toEqual([`limits: LLT_TARGET=socket:${socket} cannot be reached: no process listens on it`]);
  });

  test('AddressSanitizer matters only where the library is not loaded', async () => {
    const program = workshop.compile('asan', 'gcc', '-fsanitize=address');
    const tapped = await askAbout(program, ['stay'], { env: { ASAN_OPTIONS: 'verify_asan_link_order=0' } });
    expect(tapped.seen).toEqual([]);
    const untapped = await askAbout(program, ['stay'], { preload: '', settings: {} });
    expect({ code: untapped.code, seen: untapped.seen }).toEqual({
      code: 3,
      seen: [
        expect.stringMatching(/^blocks: linked with AddressSanitizer/),
        'note: not tapped now: it was started without LD_PRELOAD',
      ],
    });
  });

  test('a program that was replaced since it started', async () => {
    const program = workshop.compile('replaced', 'gcc');
    const running = start(program, ['stay'], { env: { LD_PRELOAD: workshop.library } });
    await until('it is up', () => running.stdout().includes(LINE));
    rmSync(program);
    const { report } = await workshop.ask(['--pid', String(running.child.pid)]);
    running.child.kill('SIGKILL');
    expect(report.subject).toBe(`process ${running.child.pid}: ${program} (deleted or replaced since it started)`);
    expect(report.facts.libc).toMatch(/^glibc /);
  });

  test('a child whose stdout is a pipe of its own', async () => {
    const script = `/bin/bash -c 'echo $$ >&2; while :; do sleep 0.2; done' | cat`;
    const running = start('/bin/bash', ['-c', script], {
      env: {
        LD_PRELOAD: workshop.library,
        ...variables(toSocket(receiver.socket)),
      },
    });
    await until('the child said its number', () => running.stderr().includes('\n'));
    const child = Number(running.stderr());
    try {
      expect((await workshop.ask(['--pid', String(child)])).seen).toEqual(["note: its stdout is not the container's"]);
      expect((await workshop.ask(['--pid', String(running.child.pid)])).seen).toEqual([]);
    } finally {
      process.kill(child, 'SIGKILL');
      await running.ended;
    }
  });

  test('Node with io_uring', async () => {
    const script = `console.log(${JSON.stringify(LINE)}); require('fs').readFile('/etc/passwd', () => {}); setInterval(() => {}, 1000)`;
    const { code, seen } = await askAbout(process.execPath, ['-e', script], { env: { UV_USE_IO_URING: '1' } });
    expect(code).toBe(2);
    expect(seen).toEqual([expect.stringMatching(/^limits: it has .*io_uring.* \(UV_USE_IO_URING=1\)$/)]);
  });
});

describe('a process that is not tapped', () => {
  test('not asked for', async () => {
    const { code, seen } = await bash({ preload: '', settings: {} });
    expect({ code, seen }).toEqual({ code: 0, seen: ['note: not tapped now: it was started without LD_PRELOAD'] });
  });

  test('LD_PRELOAD points nowhere', async () => {
    const { code, seen, report } = await bash({ preload: '/nowhere/liblogtap.so' });
    expect({ code, seen }).toEqual({
      code: 3,
      seen: [
        'blocks: LD_PRELOAD names /nowhere/liblogtap.so, but it is not loaded: there is no such file in its root directory (ENOENT)',
      ],
    });
    expect(report.facts.library).toBe('not loaded');
  });

  test('the library is damaged', async () => {
    mkdirSync(join(workshop.directory, 'damaged'), { recursive: true });
    const damaged = workshop.script('damaged/liblogtap.so', '\x7fELF');
    const { code, seen } = await bash({ preload: damaged });
    expect({ code, seen }).toEqual({
      code: 3,
      seen: [expect.stringMatching(/: the file is damaged \(the ELF header/)],
    });
  });

  test('the program is static', async () => {
    const { code, seen } = await askAbout(workshop.compile('static', 'gcc', '-static'), ['stay']);
    expect({ code, seen }).toEqual({ code: 3, seen: [expect.stringMatching(/^blocks: statically linked/)] });
  });
});

describeWith(['root'], 'a process of another user that is not tapped', () => {
  test('the program gained rights when it started', async () => {
    const program = workshop.compile('setuid', 'gcc');
    chownSync(program, 0, 0);
    chmodSync(program, 0o4755);
    const { code, seen } = await askAbout(program, ['stay'], { uid: NOBODY });
    expect({ code, seen }).toEqual({ code: 3, seen: [expect.stringMatching(/^blocks: AT_SECURE is set/)] });
  });

  test('the library is closed to the user', async () => {
    const closed = join(workshop.directory, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    copyFileSync(workshop.library, join(closed, 'liblogtap.so'));
    const { code, report } = await bash({ preload: join(closed, 'liblogtap.so'), uid: NOBODY, settings: {} });
    expect(code).toBe(3);
    expect(report.findings[0]?.why).toMatch(/its user may not read it/);
  });
});

describeWith(['aarch64'], 'a library for another architecture', () => {
  test('is not loaded', async () => {
    const foreign = process.arch === 'arm64' ? 'x86_64' : 'aarch64';
    const preload = join(root, 'dist', 'native', foreign, 'liblogtap.so');
    const { code, seen } = await bash({ preload });
    expect({ code, seen }).toEqual({
      code: 3,
      seen: [expect.stringMatching(new RegExp(`is not loaded: it is for ${foreign}, the program for \\w+$`))],
    });
  });
});

describeWith(['root', 'musl'], 'a process with another root directory', () => {
  const NO_PROC = 'blocks: there is no /proc in its root directory';
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  let inside: string;

  /** A root directory with the libc of Alpine and the library. */
  beforeAll(() => {
    inside = join(workshop.directory, 'inside');
    for (const part of ['lib', 'tap']) mkdirSync(join(inside, part), { recursive: true });
    copyFileSync(`/lib/ld-musl-${machine}.so.1`, join(inside, 'lib', `ld-musl-${machine}.so.1`));
    copyFileSync(workshop.compile('musl', 'musl-gcc'), join(inside, 'program'));
    copyFileSync(workshop.library, join(inside, 'tap', 'liblogtap.so'));
  });

  const inThere = (socket: string, preload = '/tap/liblogtap.so') => {
    const settings = Object.entries({ ...variables(toSocket(socket)), LD_PRELOAD: preload });
    const script = `export ${settings.map((pair) => pair.join('=')).join(' ')}; exec chroot ${inside} /program stay`;
    return askAbout('/bin/sh', ['-c', script], { preload: '', settings: {} });
  };

  test('library and target are looked for there; without /proc the library has no settings', async () => {
    const there = await TapReceiver.start({ socket: join(inside, 'tap', 'tap.sock') });
    const { seen, report } = await inThere('/tap/tap.sock');
    await there.settled();
    await there.close();
    expect({ seen, captured: textOf(there) }).toEqual({ seen: [NO_PROC], captured: '' });
    expect(report.facts.library).toBe(join(inside, 'tap', 'liblogtap.so'));
    expect(report.facts.libc).toMatch(/^musl /);
  });

  test('a target and a library that are only outside', async () => {
    expect((await inThere(receiver.socket)).seen).toEqual([
      NO_PROC,
      `limits: LLT_TARGET=socket:${receiver.socket} cannot be reached: ${receiver.socket} does not exist in its root directory`,
    ]);
    expect((await inThere(receiver.socket, workshop.library)).seen).toContain(
      `blocks: LD_PRELOAD names ${workshop.library}, but it is not loaded: there is no such file in its root directory (ENOENT)`,
    );
  });
});

describe('a process that cannot be looked at', () => {
  test('none of that number', async () => {
    const ended = await workshop.run(['--pid', '2147483647']);
    expect(ended).toMatchObject({ code: 66, stdout: '' });
    expect(ended.stderr).toBe('logtap: no process 2147483647 runs here. `ps` lists those that do.\n');
  });

  test('one that has ended', async () => {
    // The shell becomes a program that does not ask for its child.
    const running = start('bash', ['-c', 'sleep 0 & echo $!; exec sleep 20']);
    await until('the child said its number', () => running.stdout().includes('\n'));
    const child = running.stdout().trim();
    await until('it ended', () => execFileSync('cat', [`/proc/${child}/stat`], { encoding: 'utf8' }).includes(') Z '));
    const ended = await workshop.run(['--pid', child]);
    running.child.kill('SIGKILL');
    expect(ended).toMatchObject({ code: 66, stdout: '' });
    expect(ended.stderr).toMatch(/has ended and waits for its parent/);
  });

  (existsSync('/proc/2/status') ? test : test.skip)('a thread of the kernel', async () => {
    const ended = await workshop.run(['--pid', '2']);
    expect(ended).toMatchObject({ code: 66, stdout: '' });
  });
});

describeWith(['root'], 'a process that is not ours to look at', () => {
  test('the message says whose it is', async () => {
    const ended = await workshop.run(['--pid', String(process.pid)], NOBODY);
    expect(ended).toMatchObject({ code: 77, stdout: '' });
    expect(ended.stderr).toMatch(
      /process \d+ belongs to user 0, you are user 65534, and may not look at it\. Run logtap/,
    );
  });
});
