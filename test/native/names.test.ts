/** Programs that own names which the library exports: a thin dup2() of their own, or a tee() that is something else. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { EXPORTS } from '../support/native-exports.js';
import { COMPILERS, type Libc } from '../support/native-programs.js';
import { runPlain, type TapSettings, variables } from '../support/native-tap.js';
import { library, root, temporaryDirectory } from '../support/run.js';

let directory: string;
beforeAll(() => {
  directory = temporaryDirectory();
});

function source(name: string): string {
  return join(root, 'test', 'native', 'programs', `${name}.c`);
}

function compile(libc: Libc, ...options: string[]): void {
  execFileSync(COMPILERS[libc], ['-std=gnu11', '-O1', '-fno-builtin', '-Wall', '-Wextra', '-Werror', ...options]);
}

let made = 0;

type Owner = 'the program' | 'a library of its own';

/** The program, which defines the names itself or leaves that to a library that it is linked with. */
function owned(name: string, libc: Libc, owner: Owner, ...options: string[]): string {
  made++;
  const executable = join(directory, `${name}-${made}`);
  if (owner === 'the program') {
    compile(libc, ...options, '-DDEFINES', '-o', executable, source(name));
    return executable;
  }
  const shared = join(directory, `libown${made}.so`);
  compile(libc, ...options, '-DDEFINES', '-DLIBRARY', '-shared', '-fPIC', '-o', shared, source(name));
  const link = [`-L${directory}`, `-lown${made}`, `-Wl,-rpath,${directory}`];
  compile(libc, ...options, '-DCALLS_ONLY', '-o', executable, source(name), ...link);
  return executable;
}

/** Where bytes go, and how what has arrived is read; undefined where nothing can arrive. */
function targets(): Record<string, { settings: TapSettings; arrived?: () => Buffer }> {
  made++;
  const file = join(directory, `target-${made}`);
  const ring = join(directory, `ring-${made}`);
  mkdirSync(ring);
  const both = { TAP_INTO: '3' };
  return {
    'a file': { settings: { ...both, TARGET: `file:${file}` }, arrived: () => readFileSync(file) },
    'a socket without a listener': { settings: { ...both, TARGET: `socket:${file}`, FORMAT: 'frame' } },
    'a ring': { settings: { ...both, TARGET: `ring:${ring}` } },
    'nothing (LLT_DISABLE)': { settings: { ...both, TARGET: `file:${file}`, DISABLE: 'true' } },
  };
}

const OWNERS: Owner[] = ['the program', 'a library of its own'];

/** With stdout a pipe, onto which everything works. */
function run(command: readonly string[], env: Record<string, string>) {
  const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return runPlain('bash', ['-c', `env "$@" | cat; exit "\${PIPESTATUS[0]}"`, 'bash', ...given, ...command]);
}

async function expectUndisturbed(command: readonly string[], preload = library) {
  const plain = await run(command, {});
  expect({ ...plain, stderr: plain.stderr.toString() }).toMatchObject({ code: 0, signal: null, stderr: '' });
  for (const [name, { settings, arrived }] of Object.entries(targets())) {
    const tapped = await run(command, { LD_PRELOAD: preload, ...variables(settings) });
    expect({ name, ...tapped }).toEqual({ name, ...plain });
    if (arrived !== undefined)
      expect({ name, arrived: arrived().toString() }).toEqual({ name, arrived: plain.stdout.toString() });
  }
  return plain.stdout.toString();
}

const NAMES = EXPORTS.map((name) => `X(${name})`).join(' ');

describeWith(['musl'], 'functions of any signature under every exported name', () => {
  const kinds = { 'more arguments than registers': [], variadic: ['-DVARIADIC'] };
  describe.each<Libc>(['glibc', 'musl'])('%s', (libc) => {
    describe.each(OWNERS)('in %s', (owner) => {
      test.each(Object.entries(kinds))('%s', async (_, options) => {
        const command = owned('own-names', libc, owner, `-DNAMES=${NAMES}`, ...options);
        const said = await expectUndisturbed([command]);
        expect(said).toBe(EXPORTS.map((name) => `${name} right\n`).join(''));
      });
    });
  });
});

describeWith(['aarch64'], 'functions of any signature on aarch64', () => {
  test.each(OWNERS)('in %s', async (owner) => {
    const command = owned('own-names', 'aarch64 glibc', owner, `-DNAMES=${NAMES}`);
    const preload = join(root, 'dist', 'native', 'aarch64', 'liblogtap.so');
    const said = await expectUndisturbed(['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu', command], preload);
    expect(said).toBe(EXPORTS.map((name) => `${name} right\n`).join(''));
  });
});

describeWith(['musl'], 'functions that do the same by syscall()', () => {
  describe.each<Libc>(['glibc', 'musl'])('%s', (libc) => {
    test.each(OWNERS)('in %s', async (owner) => {
      await expectUndisturbed([owned('own-calls', libc, owner), join(directory, 'scratch')]);
    });

    test('preloaded behind this library', async () => {
      const wrapper = join(directory, `by-syscall-${libc}.so`);
      compile(libc, '-DLIBRARY', '-shared', '-fPIC', '-o', wrapper, source('own-calls'));
      const command = join(directory, `calls-${libc}`);
      compile(libc, '-DCALLS_ONLY', '-o', command, source('own-calls'));
      await expectUndisturbed([command, join(directory, 'scratch')], `${library}:${wrapper}`);
    });
  });
});

describeWith(['musl'], 'functions that go on to the one they hide', () => {
  describe.each<Libc>(['glibc', 'musl'])('%s', (libc) => {
    const hide = () => {
      const command = join(directory, `hidden-${libc}`);
      const wrapper = join(directory, `by-name-${libc}.so`);
      compile(libc, '-DLIBRARY', '-DBY_NAME', '-shared', '-fPIC', '-o', wrapper, source('own-calls'));
      return { command, wrapper };
    };

    test('preloaded behind this library', async () => {
      const { command, wrapper } = hide();
      compile(libc, '-DCALLS_ONLY', '-o', command, source('own-calls'));
      await expectUndisturbed([command, join(directory, 'scratch')], `${library}:${wrapper}`);
    });

    test('in a library that the program is linked with', async () => {
      const { command, wrapper } = hide();
      compile(libc, '-DCALLS_ONLY', '-o', command, source('own-calls'), wrapper);
      await expectUndisturbed([command, join(directory, 'scratch')]);
    });
  });
});
