/** Programs that were linked against an old version of a name of libc's, which does something else than the present one. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPlain, runTapped } from '../support/native-tap.js';
import { root, temporaryDirectory } from '../support/run.js';

let directory: string;
let script: string;
beforeAll(() => {
  directory = temporaryDirectory();
  script = join(directory, 'no-interpreter');
  writeFileSync(script, 'echo "from a script: $1"; exit 7\n');
  chmodSync(script, 0o755);
});

const source = join(root, 'test', 'native', 'programs', 'old-spawn.c');
const gcc = (...options: string[]) =>
  execFileSync('gcc', ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', ...options]);

const PLACES = {
  'a program of that age': () => {
    const executable = join(directory, 'old');
    gcc('-o', executable, source);
    return executable;
  },
  'a library of that age': () => {
    const executable = join(directory, 'new');
    const library = join(directory, 'libold.so');
    gcc('-DLIBRARY', '-shared', '-fPIC', '-o', library, source);
    gcc('-DCALLS_ONLY', '-o', executable, source, library, `-Wl,-rpath,${directory}`);
    return executable;
  },
};

// glibc for aarch64 began with version 2.17.
const suite = process.arch === 'x64' ? describe : describe.skip;
suite.each(Object.entries(PLACES))('a script without #! that %s starts', (_, compile) => {
  test.each(['posix_spawn@GLIBC_2.2.5', 'posix_spawnp@GLIBC_2.2.5', 'posix_spawn, both', 'without an environment'])(
    'by %s',
    async (way) => {
      const command = compile();
      const plain = await runPlain(command, [way, script]);
      expect({ code: plain.code, stdout: plain.stdout.toString() }).toEqual({
        code: 0,
        stdout: expect.stringMatching(/from a script: an argument\nSuccess, exit 7\n$/),
      });
      const target = join(temporaryDirectory(), 'target');
      const settings = { TAP_INTO: '3', TARGET: `file:${target}` };
      expect(await runTapped(command, [way, script], { settings })).toEqual(plain);
      expect(readFileSync(target)).toEqual(plain.stdout);
      // What is switched off changes nothing either.
      expect(await runTapped(command, [way, script], { settings: { ...settings, DISABLE: 'true' } })).toEqual(plain);
    },
  );
});
