/** The parts stay apart: who may import whom. A user of the constructs must never pull in the shipper, nor its clients. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';

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

/** A path through `next` that returns to its beginning, for each place where there is one. */
function circlesOf<Node>(nodes: Iterable<Node>, next: (node: Node) => Iterable<Node>): Node[][] {
  const state = new Map<Node, 'open' | 'done'>();
  const circles: Node[][] = [];
  const visit = (node: Node, path: readonly Node[]) => {
    if (state.get(node) === 'open') circles.push([...path.slice(path.indexOf(node)), node]);
    if (state.has(node)) return;
    state.set(node, 'open');
    for (const other of next(node)) visit(other, [...path, node]);
    state.set(node, 'done');
  };
  for (const node of nodes) visit(node, []);
  return circles;
}

/** A C file with its header: what they need of others, by what they include and by the names they use. */
interface Unit {
  readonly room: string;
  readonly needs: ReadonlySet<string>;
}

function unitsOf(files: readonly { readonly path: string; readonly text: string }[]): Map<string, Unit> {
  const unitOf = (path: string) => basename(path).replace(/\.[ch]$/, '');
  const code = files.map(({ path, text }) => ({ path, text: text.replace(/\/\*.*?\*\//gs, '') }));
  /** A header may declare what several files define: who uses a name needs the file that has it. */
  const definer = new Map<string, string>();
  for (const { path, text } of code.filter((file) => file.path.endsWith('.c')))
    for (const [, name = ''] of text.matchAll(/^(?!static\b|extern\b|typedef\b)[a-z][\w *]*?\b(lt_\w+)(?=[([;]| =)/gm))
      definer.set(name, unitOf(path));
  const units = new Map<string, { room: string; needs: Set<string> }>();
  for (const { path, text } of code) {
    const unit = unitOf(path);
    const { needs } = units.get(unit) ?? { needs: new Set<string>() };
    units.set(unit, { room: basename(dirname(path)), needs });
    for (const [, header = ''] of text.matchAll(/^#include "([^"]+)"/gm)) needs.add(unitOf(header));
    // What a header declares it does not need; what its inline functions call it does.
    const bodies = path.endsWith('.h') ? [...text.matchAll(/^static inline.*?^}/gms)].join('\n') : text;
    for (const [name] of bodies.matchAll(/\blt_\w+/g)) needs.add(definer.get(name) ?? unit);
    needs.delete(unit);
  }
  return units;
}

const libraryUnits = () =>
  unitsOf(
    readdirSync(join(root, 'native/src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[ch]$/.test(name))
      .map((name) => ({ path: name, text: readFileSync(join(root, 'native/src', name), 'utf8') })),
  );

const allowedParts: Record<string, readonly string[]> = {
  catalog: ['catalog', 'contract.js'],
  constructs: ['constructs', 'catalog', 'contract.js', 'imports'],
  // Of package.json its version.
  shipper: ['shipper', 'kernels', 'catalog', 'contract.js', 'package.json', 'checklist.js', 'colours.js'],
  kernels: ['kernels'],
  // Of the shipper only what it answers.
  console: ['console', 'shipper'],
  // Of cli only the interface of its bundle.
  try: ['try', 'shipper', 'cli', 'catalog', 'contract.js', 'printable.js'],
  // Of cli the interface of its bundle, of constructs the names that injection gives.
  cluster: ['cluster', 'cli', 'constructs', 'catalog', 'contract.js'],
  audit: ['audit', 'shipper', 'cli', 'catalog', 'contract.js', 'printable.js'],
  // Of cli only the interface of its bundle.
  migrate: ['migrate', 'cli', 'catalog'],
  prove: ['prove', 'audit', 'shipper', 'cli', 'catalog', 'contract.js'],
  doctor: ['doctor', 'catalog', 'contract.js', 'printable.js'],
  cli: ['cli', 'constructs', 'catalog', 'doctor', 'contract.js', 'printable.js', 'checklist.js', 'colours.js'],
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
    const imported = (file: string) =>
      importsOf(readFileSync(file, 'utf8'))
        .filter((name) => name.startsWith('.') && name.endsWith('.js'))
        .map((name) => resolve(dirname(file), name.replace(/\.js$/, '.ts')))
        .filter((other) => other.startsWith(source));
    const circles = circlesOf(sources(source), imported);
    expect(circles.map((circle) => circle.map((file) => relative(source, file)).join(' > '))).toEqual([]);
  });

  test('a room has at most a dozen files and a few', () => {
    const rooms = new Map<string, number>();
    for (const file of [...sources(source), ...nativeSources()])
      rooms.set(dirname(file), (rooms.get(dirname(file)) ?? 0) + 1);
    expect(
      [...rooms].filter(([, files]) => files > ROOM_MAX).map(([room, files]) => `${relative(root, room)}: ${files}`),
    ).toEqual([]);
  });

  test.each([
    ['headers include each other', { 'one/a.h': '#include "b.h"', 'one/b.h': '#include "a.h"' }, 1],
    [
      'functions call each other',
      { 'one/a.c': '#include "b.h"\nint lt_a(void) {\n    return lt_b();\n}', 'two/b.c': 'int lt_b(void) { lt_a(); }' },
      1,
    ],
    [
      'one calls what a header of a whole room declares',
      {
        'one/all.h': 'int lt_a(void);\nint lt_b(void);',
        'one/a.c': '#include "all.h"\nint lt_a(void) {\n    lt_b();\n}',
        'one/b.c': '#include "all.h"\nuint32_t lt_kept = 1;\nint lt_b(void) {\n    lt_a();\n}',
      },
      1,
    ],
    [
      'a variable',
      { 'one/a.c': 'struct lt_s *lt_x;\nvoid lt_a(void) { lt_b(); }', 'one/b.c': 'void lt_b(void) { lt_x = 0; }' },
      1,
    ],
    [
      'an inline function of a header',
      {
        'one/a.h': 'static inline int lt_a(void) {\n    return lt_b();\n}',
        'two/b.c': '#include "a.h"\nint lt_b(void) {\n}',
      },
      1,
    ],
    ['one way only', { 'one/a.c': 'static int lt_b(void) { /* lt_b */ }', 'one/b.c': 'int lt_b(void) { lt_c(); }' }, 0],
  ])('the reader of C sees a circle: %s', (_, files, circles) => {
    const units = unitsOf(Object.entries(files).map(([path, text]) => ({ path, text })));
    expect(circlesOf(units.keys(), (unit) => units.get(unit)?.needs ?? [])).toHaveLength(circles);
  });

  test('no circles in the library: a C file can be read without one that needs it', () => {
    const units = libraryUnits();
    const circles = circlesOf(units.keys(), (unit) => units.get(unit)?.needs ?? []);
    expect(circles.map((circle) => circle.join(' > '))).toEqual([]);
  });

  test('a room of the library needs only rooms before it', () => {
    const [, list = ''] = /^ROOMS := (.*)$/m.exec(readFileSync(join(root, 'native/Makefile'), 'utf8')) ?? [];
    const rooms = list.split(' ');
    const floorOf = ({ room }: Unit) => rooms.indexOf(room);
    const units = libraryUnits();
    expect(new Set(rooms)).toEqual(new Set([...units.values()].map(({ room }) => room)));
    const upward = [...units].flatMap(([name, unit]) =>
      [...unit.needs]
        .filter((other) => floorOf(units.get(other)!) > floorOf(unit))
        .map((other) => `${unit.room}/${name} needs ${units.get(other)!.room}/${other}`),
    );
    expect(upward).toEqual([]);
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

/** From an opening bracket on, what is behind it up to its closing one. */
function withinBrackets(text: string, from: number): string {
  let depth = 1;
  let at = from;
  for (; depth > 0 && at < text.length; at++) {
    if ('([{'.includes(text[at]!)) depth += 1;
    else if (')]}'.includes(text[at]!)) depth -= 1;
  }
  return text.slice(from, at);
}

test('no test expects `{}` of a part of an object, as that matches any object: EMPTY, or expect.anything()', () => {
  const found = sources(join(root, 'test')).flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    const expected = [...text.matchAll(/\.toMatchObject\(/g)].map(({ 0: call, index }) =>
      withinBrackets(text, index + call.length),
    );
    return expected
      .flatMap((each) => each.match(/\w+: \{\s*\}/g) ?? [])
      .map((each) => `${relative(root, file)}: ${each}`);
  });
  expect(found).toEqual([]);
});
