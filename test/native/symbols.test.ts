/** What the dynamic linker sees of the library: it has to load in any program, and to offer nothing of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { EXPORTS, LATER_EXPORTS, START, VERSIONED } from '../support/native-exports.js';
import { type Libc, program } from '../support/native-programs.js';
import { runPlain, runTapped } from '../support/native-tap.js';
import { root, temporaryDirectory } from '../support/run.js';

/** The name as a program sees it, with the version that it has in glibc left out. */
function defined(file: string): Set<string> {
  const lines = execFileSync('nm', ['--dynamic', '--defined-only', '--format=posix', file], { encoding: 'utf8' });
  return new Set(lines.split('\n').map((line) => line.split(/[ @]/)[0] ?? ''));
}

interface Symbol {
  readonly name: string;
  /** As `@GLIBC_2.2.5`, `@@GLIBC_2.15` for the default; empty for the base, which means every version. */
  readonly version: string;
  readonly bind: string;
  readonly isDefined: boolean;
}

function symbols(library: string): Symbol[] {
  const lines = execFileSync('readelf', ['--dyn-syms', '--wide', library], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [number, , , , bind = '', , section = '', name = ''] = line.trim().split(/\s+/);
    if (!/^\d+:$/.test(number ?? '') || name === '') return [];
    // Local ones name sections, absolute ones name versions.
    if (bind === 'LOCAL' || section === 'ABS') return [];
    const [plain = '', version = ''] = name.split(/(?=@)(?<!@)/);
    return [{ name: plain, version, bind, isDefined: section !== 'UND' }];
  });
}

/** Of musl's dynamic linker, and of glibc's. */
const LISTS = ['_dl_debug_addr', '_r_debug'];

describe.each(['x86_64', 'aarch64'])('liblogtap.so for %s', (architecture) => {
  const library = join(root, 'dist', 'native', architecture, 'liblogtap.so');
  const isOwn = process.arch === (architecture === 'aarch64' ? 'arm64' : 'x64');
  const suite = isOwn ? describe : describeWith.bind(null, ['aarch64']);
  suite('its dynamic section', () => {
    const readelf = (...options: string[]) =>
      execFileSync('readelf', [...options, '--wide', library], { encoding: 'utf8' });

    test('is there', () => {
      expect(existsSync(library)).toBe(true);
    });

    test('needs no other library, and relocates no code', () => {
      const dynamic = readelf('--dynamic');
      expect(dynamic).toMatch('(SONAME)');
      expect(dynamic).not.toMatch(/\((NEEDED|TEXTREL|RPATH|RUNPATH|VERNEED)\)/);
      // Neither of the flags that say the same in other words.
      expect(dynamic).not.toMatch(/TEXTREL|STATIC_TLS/);
    });

    test('has versions only of names whose old versions do something else', () => {
      const versioned = symbols(library).filter(({ version }) => version !== '');
      const names = versioned.map(({ name, version }) => name + version).sort();
      expect(names).toEqual(architecture === 'x86_64' ? VERSIONED : []);
    });

    // Data: a function could be another library's, and call one of ours.
    test('imports nothing but the list of loaded objects, weakly', () => {
      const imports = symbols(library).filter(({ isDefined }) => !isDefined);
      const weak = (name: string) => ({ name, version: '', bind: 'WEAK', isDefined: false });
      expect(imports.sort((a, b) => a.name.localeCompare(b.name))).toEqual(LISTS.map(weak));
    });

    test('nothing in it is looked up by a name that a program may own', () => {
      const relocations = readelf('--relocs').split('\n');
      const named = relocations.flatMap((line) => /R_\S+\s+[0-9a-f]{16}\s+(\S+) \+/.exec(line)?.[1] ?? []);
      expect([...new Set(named)].sort()).toEqual(LISTS);
    });

    test('exports exactly the functions it hooks', () => {
      const exports = symbols(library).filter(({ isDefined }) => isDefined);
      expect([...new Set(exports.map(({ name }) => name))].sort()).toEqual([START, ...EXPORTS].sort());
    });

    test('has neither thread-local storage, nor a stack or memory that is code', () => {
      const headers = readelf('--program-headers');
      expect(headers).toMatch(/GNU_RELRO/);
      expect(headers).not.toMatch(/ TLS /);
      expect(headers).not.toMatch(/RWE/);
      expect(headers).toMatch(/GNU_STACK .* RW +0x/);
    });
  });
});

test('each exported name is one of libc, so that no name of an application is taken', () => {
  const libc = execFileSync('gcc', ['-print-file-name=libc.so.6'], { encoding: 'utf8' }).trim();
  const known = new Set([...defined(libc), ...LATER_EXPORTS]);
  expect([START, ...EXPORTS].filter((name) => !known.has(name))).toEqual([]);
});

describeWith(['musl'], 'the loaders of glibc and musl', () => {
  test.each<Libc>(['glibc', 'musl'])('%s loads it without a word, and it works', async (libc) => {
    const target = join(temporaryDirectory(), 'target');
    const plain = await runPlain(program('lines', libc), ['100']);
    const tapped = await runTapped(program('lines', libc), ['100'], {
      settings: { TAP_INTO: '3', TARGET: `file:${target}` },
      // Every symbol at once, and every relocation.
      env: { LD_BIND_NOW: '1' },
    });
    expect(tapped).toEqual(plain);
    expect(tapped.stderr.toString()).toBe('');
    expect(readFileSync(target)).toEqual(plain.stdout);
  });
});
