/** The parts stay apart: who may import whom. A user of the constructs must never pull in the shipper, nor its clients. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(__dirname, '../..');
const source = join(root, 'src');

function sources(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(directory, name));
}

/** Module names of all static and dynamic imports and requires with a literal name. */
function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import|import\(|require\()\s*'([^'\n]+)'/g)].map((match) => match[1] ?? '');
}

/** Parts of src/ and other directories that a file reaches by relative imports, and packages. */
function reach(file: string): { readonly parts: string[]; readonly packages: string[] } {
  const names = importsOf(readFileSync(file, 'utf8'));
  const parts = names
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(root, resolve(dirname(file), name)).split('/'))
    .map(([top = '', part = '']) => (top === 'src' ? part : top));
  return { parts, packages: names.filter((name) => !name.startsWith('.') && !name.startsWith('node:')) };
}

/** About a dozen can be read as a list. */
const ROOM_MAX = 15;

/** C sources; a header is read with the file that it belongs to. */
const nativeSources = () =>
  readdirSync(join(root, 'native/src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.c') && !name.startsWith('hooks/'))
    .map((name) => join(root, 'native/src', name));

const allowedParts: Record<string, readonly string[]> = {
  catalog: ['catalog', 'contract.js'],
  constructs: ['constructs', 'catalog', 'contract.js', 'imports'],
  shipper: ['shipper', 'catalog', 'contract.js'],
  doctor: ['doctor', 'catalog', 'contract.js'],
  cli: ['cli', 'constructs', 'catalog', 'doctor', 'contract.js'],
};

describe('fences', () => {
  test('the reader of imports sees every form', () => {
    const text = "import a from 'one';\nimport 'two';\nexport * from 'three';\nawait import('four');\nrequire('five');";
    expect(importsOf(text)).toEqual(['one', 'two', 'three', 'four', 'five']);
  });

  test.each(Object.keys(allowedParts))('src/%s imports only the parts it may', (part) => {
    const files = sources(join(source, part));
    expect(files.length).toBeGreaterThan(0);
    const violations = files.flatMap((file) =>
      reach(file)
        .parts.filter((name) => !allowedParts[part]?.includes(name))
        .map((name) => `${relative(root, file)} imports ${name}`),
    );
    expect(violations).toEqual([]);
  });

  test('no circles: a file can be read without one that needs it', () => {
    const seen = new Map<string, 'open' | 'done'>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (seen.get(file) === 'open')
        circles.push([...path.slice(path.indexOf(file)), file].map((f) => relative(source, f)).join(' > '));
      if (seen.has(file)) return;
      seen.set(file, 'open');
      for (const name of importsOf(readFileSync(file, 'utf8')).filter((n) => n.startsWith('.') && n.endsWith('.js'))) {
        const imported = resolve(dirname(file), name.replace(/\.js$/, '.ts'));
        if (imported.startsWith(source)) visit(imported, [...path, file]);
      }
      seen.set(file, 'done');
    };
    for (const file of sources(source)) visit(file, []);
    expect(circles).toEqual([]);
  });

  test('a room has at most a dozen files and a few', () => {
    const rooms = new Map<string, number>();
    for (const file of [...sources(source), ...nativeSources()])
      rooms.set(dirname(file), (rooms.get(dirname(file)) ?? 0) + 1);
    expect(
      [...rooms].filter(([, files]) => files > ROOM_MAX).map(([room, files]) => `${relative(root, room)}: ${files}`),
    ).toEqual([]);
  });

  test('the base of the library includes nothing of its other rooms', () => {
    const base = join(root, 'native/src/base');
    const own = readdirSync(base);
    const others = own.flatMap((file) =>
      [...readFileSync(join(base, file), 'utf8').matchAll(/^#include "([^"]+)"/gm)]
        .filter(([, name = '']) => !own.includes(name))
        .map(([, name]) => `${file} includes ${name}`),
    );
    expect(others).toEqual([]);
  });

  test('durations are taken from a clock that never goes back', () => {
    // Each of these stamps what leaves the shipper, or compares with times of files, which are the wall clock's.
    const stamps = /(now: Date\.now\b|wallMs \?\? Date\.now|Date\.now\(\) - \w+\.mtimeMs)/;
    // Sinks stamp by the clock of their services.
    const lines = sources(join(source, 'shipper'))
      .filter((file) => !relative(source, file).startsWith('shipper/sinks/'))
      .flatMap((file) =>
        readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line.includes('Date.now') && !stamps.test(line))
          .map((line) => `${relative(root, file)}: ${line.trim()}`),
      );
    expect(lines).toEqual([]);
  });

  test('constructs import no package that is not a peer', () => {
    const peers = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).peerDependencies);
    const packages = new Set(sources(join(source, 'constructs')).flatMap((file) => reach(file).packages));
    expect([...packages].filter((name) => !peers.includes(name))).toEqual([]);
  });

  test('the pure injection imports no package at all, so that the CLI and other tools can carry it', () => {
    const seen = new Set<string>();
    const packages: string[] = [];
    const visit = (file: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      packages.push(...reach(file).packages);
      for (const name of importsOf(readFileSync(file, 'utf8')).filter((n) => n.startsWith('.') && n.endsWith('.js'))) {
        visit(resolve(dirname(file), name.replace(/\.js$/, '.ts')));
      }
    };
    visit(join(source, 'constructs', 'injection', 'inject.ts'));
    visit(join(source, 'catalog', 'settings.ts'));
    expect(packages).toEqual([]);
  });

  test('only the shipper reads the environment through its settings, and constructs not at all', () => {
    const readers = ['constructs', 'shipper']
      .flatMap((part) => sources(join(source, part)))
      .filter((file) => /process\.env\b/.test(readFileSync(file, 'utf8')))
      .map((file) => relative(source, file));
    expect(readers).toEqual(['shipper/main.ts']);
  });
});
