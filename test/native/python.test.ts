/** What Python prints arrives line by line, each line in one write, though Python itself would keep it in a buffer. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { COMPILERS, type Libc } from '../support/native-programs.js';
import { runPlain, runTapped, type TapOptions, toSocket } from '../support/native-tap.js';
import { pythons } from '../support/pythons.js';
import { root, temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

const PYTHONS = pythons();
const THREE = PYTHONS.filter(({ version }) => version !== '2.7');

let receiver: TapReceiver;
beforeEach(async () => {
  receiver = await TapReceiver.start();
});
afterEach(() => receiver.close());

const tapped = (command: string, args: readonly string[], options: TapOptions = {}) =>
  runTapped(command, args, {
    ...options,
    settings: toSocket(receiver.socket, { ON_FULL: 'block:10000', ...options.settings }),
  });

/** Each write of the only process. */
function writes(stream: 'stdout' | 'stderr'): string[] {
  const [process] = receiver.processes();
  return process?.frames(stream).map(({ payload }) => payload.toString()) ?? [];
}

function script(text: string): string {
  const path = join(temporaryDirectory(), 'script.py');
  writeFileSync(path, `from __future__ import print_function\n${text}`);
  return path;
}

const PRINTS = `
import logging, os, signal, sys
print("several", 1, None)
print("a", "b", sep="-", end="!\\n")
print()
print(u"text", [1, "two"])
sys.stdout.write("one piece\\n")
print("x" * 20000, "longer than a buffer")
sys.stdout.write("name? "); sys.stdout.flush()
print("of", "an", end=" ")
print("unfinished line")
print(sys.stdout.isatty(), sys.stderr.isatty(), os.isatty(1), os.isatty(2))
print("to", "stderr", file=sys.stderr)
logging.error("logged %d", 1)
print("neither finished nor flushed", end="")
os.kill(os.getpid(), signal.SIGKILL)`;

test.each(PYTHONS)('each line is one write when it ends, and survives SIGKILL: $version $command', async (python) => {
  const { signal, stdout } = await tapped(python.command, [script(PRINTS)]);
  expect(signal).toBe('SIGKILL');
  await receiver.settled();
  const printed = writes('stdout');
  const long = printed.findIndex((text) => text.startsWith('xxx'));
  // Where one write of Python takes no more than its buffer, a longer line takes several.
  const longer = printed.slice(long, printed.indexOf('name? '));
  expect(longer.join('')).toBe(`${'x'.repeat(20000)} longer than a buffer\n`);
  expect([...printed.slice(0, long), ...printed.slice(long + longer.length)]).toEqual([
    'several 1 None\n',
    'a-b!\n',
    '\n',
    "text [1, 'two']\n",
    'one piece\n',
    'name? ',
    'of an unfinished line\n',
    'False False False False\n',
  ]);
  expect(stdout.toString()).toBe(printed.join(''));
  const errors = ['to stderr\n', 'ERROR:root:logged 1\n'];
  // The stderr of C is not buffered, by Python 2 either.
  if (python.version === '2.7') expect(receiver.text('stderr')).toBe(errors.join(''));
  else expect(writes('stderr')).toEqual(errors);
});

const WORKERS = `
import multiprocessing, sys
def work(number):
    for i in range(500): print("worker", number, "line", i)
    sys.stdout.flush()
if __name__ == "__main__":
    if len(sys.argv) > 1: multiprocessing.set_start_method(sys.argv[1])
    workers = [multiprocessing.Process(target=work, args=(number,)) for number in range(4)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()`;

test.each([
  ...PYTHONS.map((python) => ({ ...python, method: [] as string[] })),
  ...THREE.map((python) => ({ ...python, method: ['spawn'] })),
])('lines of several workers are whole in their stdout: $version $command $method', async ({ command, method }) => {
  const { code, stdout } = await tapped(command, [script(WORKERS), ...method]);
  expect(code).toBe(0);
  const expected = [0, 1, 2, 3].flatMap((worker) =>
    Array.from({ length: 500 }, (_, i) => `worker ${worker} line ${i}`),
  );
  expect(stdout.toString().trimEnd().split('\n').sort()).toEqual(expected.sort());
});

const BUFFERING = 'import sys; print(getattr(sys.stdout, "write_through", None), sys.stdout.line_buffering)';
const NEW = THREE.filter(({ version }) => Number(version.slice(2)) >= 7);
const UNBUFFERED = 'True False\n';
const BY_LINE = 'False True\n';
const BY_BLOCK = 'False False\n';

describe.each(NEW)('$version $command is left as it is or unbuffered', ({ command }) => {
  test.each<[string[], Record<string, string>, string]>([
    [[], {}, BY_LINE],
    [['-u'], {}, UNBUFFERED],
    [[], { PYTHONUNBUFFERED: '1' }, UNBUFFERED],
    [[], { PYTHONUNBUFFERED: '' }, BY_BLOCK],
    [['-E'], {}, BY_BLOCK],
    [[], { LLT_PYTHON_UNBUFFERED: 'true' }, UNBUFFERED],
    [[], { LLT_PYTHON_UNBUFFERED: 'false' }, BY_BLOCK],
    [[], { LLT_PYTHON_UNBUFFERED: 'false', PYTHONUNBUFFERED: '1' }, UNBUFFERED],
    [[], { LLT_PYTHON_UNBUFFERED: '' }, BY_LINE],
    [[], { LLT_PYTHON_UNBUFFERED: 'no' }, BY_LINE],
    [[], { LLT_TAP_INTO: '1' }, BY_LINE],
    [[], { LLT_TAP_INTO: '2' }, BY_BLOCK],
    [[], { LLT_TAP_INTO: '0', LLT_TAP_FILE: '/tmp/none.log' }, BY_BLOCK],
    [[], { LLT_DISABLE: 'true' }, BY_BLOCK],
  ])('%j %j', async (options, env, expected) => {
    const { stdout } = await tapped(command, [...options, '-c', BUFFERING], { env });
    expect(stdout.toString()).toBe(expected);
  });
});

const STREAMS = `
import sys
for stream in (sys.stdin, sys.stdout, sys.stderr):
    print(stream.name, stream.encoding, stream.errors, stream.newlines, stream.isatty(), type(stream.buffer).__name__)`;

describe.each(NEW)('all else about the streams of $version $command is as without the library', ({ command }) => {
  test.each<Record<string, string>>([
    {},
    { LC_ALL: 'C.UTF-8' },
    { LC_ALL: 'POSIX', PYTHONCOERCECLOCALE: '0', PYTHONUTF8: '0' },
    { PYTHONUTF8: '1' },
    { PYTHONIOENCODING: 'latin-1:replace' },
  ])('%j', async (env) => {
    const plain = await runPlain(command, ['-c', STREAMS], { env });
    const { stdout } = await tapped(command, ['-c', STREAMS], { env });
    expect(stdout.toString()).toBe(plain.stdout.toString());
    expect(plain.code).toBe(0);
  });
});

const FURTHER = `
try: import _interpreters as interpreters
except ImportError: import _xxsubinterpreters as interpreters
import sys
further = interpreters.create()
for i in range(2): interpreters.run_string(further, """
import os, sys
print(sys.stdout.line_buffering, sys.stderr.line_buffering, sys.stdout.isatty(), os.get_inheritable(1), os.isatty(1))""")
print(sys.stdout.isatty())
interpreters.destroy(further)`;

test.each(NEW.filter(({ version }) => Number(version.slice(2)) >= 9))(
  'a further interpreter of the process writes line by line, too: $version $command',
  async ({ command }) => {
    const { code, stdout } = await tapped(command, ['-c', FURTHER]);
    const said = 'True True False True False\n';
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: `${said}${said}False\n` });
  },
);

test.each(['a virtual environment', 'sh', 'env'])('Python by way of %s', async (way) => {
  const directory = temporaryDirectory();
  if (way === 'a virtual environment') execFileSync('python3', ['-m', 'venv', '--without-pip', directory]);
  const [command = '', ...args] = {
    'a virtual environment': [join(directory, 'bin', 'python')],
    sh: ['sh', '-c', 'python3 "$@"; exit $?', 'sh'],
    env: ['env', 'python3'],
  }[way] as string[];
  const { stdout } = await tapped(command, [...args, '-c', BUFFERING]);
  expect(stdout.toString()).toBe(BY_LINE);
});

test('lines survive a kill on their way into another program, whose stdout is tapped', async () => {
  const kill = 'import os, signal; print("one", 1); print("two"); os.kill(os.getpid(), signal.SIGKILL)';
  const { stdout } = await tapped('bash', ['-c', 'python3 -c "$1" | cat', 'bash', kill]);
  await receiver.settled();
  expect([stdout.toString(), receiver.text('stdout')]).toEqual(['one 1\ntwo\n', 'one 1\ntwo\n']);
});

/** A C program of the tests whose functions other objects see. */
function compiled(name: string, libc: Libc = 'glibc', ...options: string[]): string {
  const executable = join(temporaryDirectory(), name);
  const source = join(root, 'test', 'native', 'programs', `${name}.c`);
  const all = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-rdynamic', '-o', executable, source, ...options];
  execFileSync(COMPILERS[libc], all);
  return executable;
}

const SHARED = NEW.flatMap(({ version, library }) => (library === undefined ? [] : [{ version, library }]));

/** With none, there is nothing to embed. */
(SHARED.length > 0 ? describe : describe.skip)('a program that embeds Python', () => {
  test.each(SHARED)('$library prints line by line, and the program itself is told the truth', async ({ library }) => {
    const { code, stdout, stderr } = await tapped(compiled('embeds-python', 'glibc', '-ldl'), [library]);
    expect({ code, stderr: stderr.toString() }).toEqual({ code: 0, stderr: '' });
    // isatty(1) before Python has read its settings, after, and once it runs; then all of it again.
    expect(stdout.toString()).toBe('isatty 0 0 0\nTrue False\nisatty 0 0 0\nTrue False\n');
  });
});

const ASKED = ['before 0 0', 'first 1 1 0, errno kept', 'then 0 0', 'looked at 0 0', 'further 1 1 0', 'then 0 0'];
const NOT_ASKED = ['before 0 0', 'first 0 0 0, errno lost', 'then 0 0', 'looked at 0 0', 'further 0 0 0', 'then 0 0'];

const VERSIONS: [version: string, lines: string[]][] = [
  ['3.7.0 (default, Jun 27 2018)', ['PYTHONUNBUFFERED (null)', ...ASKED]],
  ['3.14.0rc1+ (main)', ['PYTHONUNBUFFERED (null)', ...ASKED]],
  ['3.15.0', ['PYTHONUNBUFFERED 1', ...NOT_ASKED]],
  ['4.0.0', ['PYTHONUNBUFFERED 1', ...NOT_ASKED]],
  ['3.6.15', ['PYTHONUNBUFFERED 1', ...NOT_ASKED]],
  ['2.7.18 (default)', ['PYTHONUNBUFFERED (null)', ...NOT_ASKED]],
  ['2.6.9', ['PYTHONUNBUFFERED 1', ...NOT_ASKED]],
  ['3', ['PYTHONUNBUFFERED 1', ...NOT_ASKED]],
  ['3.', ['PYTHONUNBUFFERED 1', ...NOT_ASKED]],
  ['3.x', ['PYTHONUNBUFFERED 1', ...NOT_ASKED]],
  ['', ['PYTHONUNBUFFERED 1', ...NOT_ASKED]],
];

describeWith(['musl'], 'a CPython to come, or one that asks another isatty, is unbuffered', () => {
  describe.each<Libc>(['glibc', 'musl'])('%s', (libc) => {
    let executable: string;
    beforeAll(() => {
      executable = compiled('like-cpython', libc);
    });

    test.each(VERSIONS)('%s', async (version, lines) => {
      expect((await tapped(executable, [version])).code).toBe(0);
      await receiver.settled();
      const written = writes('stdout');
      expect(written.join('')).toBe(lines.map((line) => `${line}\n`).join(''));
      // CPython 2.7 prints by libc, so its lines leave as these do. musl writes the first one at once in any case.
      if (version.startsWith('2.7')) expect(written).toHaveLength(lines.length);
      else expect(written.length).toBeLessThanOrEqual(2);
    });

    test('its own isatty', async () => {
      const { stdout } = await tapped(compiled('like-cpython', libc, '-DOWN_ISATTY'), ['3.11.2']);
      expect(stdout.toString().split('\n').slice(0, 3)).toEqual([
        'PYTHONUNBUFFERED 1',
        'before 5 5',
        'first 5 5 5, errno kept',
      ]);
    });
  });
});

describeWith(['aarch64'], 'a CPython on aarch64', () => {
  test.each(VERSIONS.slice(0, 3))('%s', async (version, lines) => {
    const emulated = ['-L', '/usr/aarch64-linux-gnu', compiled('like-cpython', 'aarch64 glibc'), version];
    const preload = join(root, 'dist', 'native', 'aarch64', 'liblogtap.so');
    const { stdout } = await tapped('qemu-aarch64-static', emulated, { preload });
    expect(stdout.toString()).toBe(lines.map((line) => `${line}\n`).join(''));
  });
});
