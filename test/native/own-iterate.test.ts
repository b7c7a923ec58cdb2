/** Programs and other preloaded libraries that define dl_iterate_phdr: the library finds libc without calling theirs. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { COMPILERS, type Libc } from '../support/native-programs.js';
import { runPlain, runTapped } from '../support/native-tap.js';
import { library, root, temporaryDirectory } from '../support/run.js';

const source = join(root, 'test', 'native', 'programs', 'own-iterate.c');
const text = `${Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join('')}end\n`;
const seq = Array.from({ length: 20 }, (_, i) => `${i + 1}\n`).join('');
const KINDS = { 'calls an exported name': 'ASKS', 'answers from a list of its own': 'FORGETS' };
const PLACES = ['preloaded before the library', 'preloaded behind the library', 'in the program'] as const;

function compile(libc: Libc, out: string, ...options: string[]): string {
  const flags = ['-std=gnu11', '-O1', '-fno-builtin', '-Wall', '-Wextra', '-Werror', ...options];
  execFileSync(COMPILERS[libc], [...flags, '-o', out, source]);
  return out;
}

function suite(libc: Libc): void {
  const cells = Object.entries(KINDS).flatMap(([kind, flag]) => PLACES.map((place) => ({ kind, flag, place })));
  test.each(cells)('$kind, $place', async ({ flag, place }) => {
    const directory = temporaryDirectory();
    const isOwn = place === 'in the program';
    const defines = isOwn ? [`-D${flag}`, '-rdynamic'] : ['-DCALLS_ONLY'];
    const command = compile(libc, join(directory, 'program'), '-DMAIN', ...defines);
    const other = compile(libc, join(directory, 'other.so'), `-D${flag}`, '-shared', '-fPIC');
    const preloads = place === 'preloaded before the library' ? [other, library] : [library, other];
    const preload = isOwn ? library : preloads.join(':');
    const target = join(directory, 'target');
    const plain = await runPlain(command, []);
    expect({ ...plain, stdout: plain.stdout.toString() }).toMatchObject({ code: 0, stdout: text });
    for (const disable of ['false', 'true']) {
      const settings = { TAP_INTO: '3', TARGET: `file:${target}`, DISABLE: disable };
      expect(await runTapped(command, [], { settings, preload, timeoutMs: 60_000 })).toEqual(plain);
      expect(readFileSync(target, 'utf8')).toBe(text);
    }
  });
}

describe('glibc', () => suite('glibc'));
describeWith(['musl'], 'musl', () => suite('musl'));

test('libfakechroot, where it is installed', async () => {
  const fakechroot = '/usr/lib/x86_64-linux-gnu/fakechroot/libfakechroot.so';
  if (!existsSync(fakechroot)) return;
  const target = join(temporaryDirectory(), 'target');
  for (const preload of [`${library}:${fakechroot}`, `${fakechroot}:${library}`]) {
    for (const disable of ['false', 'true']) {
      const settings = { TAP_INTO: '3', TARGET: `file:${target}`, DISABLE: disable };
      const tapped = await runTapped('seq', ['20'], { settings, preload, timeoutMs: 60_000 });
      expect([tapped.code, tapped.stdout.toString(), tapped.stderr.toString()]).toEqual([0, seq, '']);
    }
  }
  expect(readFileSync(target, 'utf8')).toBe(`${seq}${seq}`);
});
