/** Keeps the turns that CONTRIBUTING.md ("English") replaces out of the documentation and the public texts. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(__dirname, '..', '..');

/** Each turn, and its replacement. */
const TURNS: readonly (readonly [turn: RegExp, instead: string])[] = [
  [/\b(?:who|what|which|where)ever\b/i, 'the noun: "a user who", "any"'],
  [/\b(?:no|some|any|every)body\b/i, 'the actor: "no process", "another user", "every client"'],
  [/\bfor\s+ever\b/i, '"permanently", "without limit", "never expires"'],
  [/\bfor\s+good\b/i, '"permanently"'],
  [/\bmend(?:s|ed|ing)?\b/i, '"fix", "repair"'],
  [/\b(?:is|are|was|were)\s+said\b/i, '"is reported"'],
  [/\bbesides\b/i, '"also", "in addition to"'],
  [/\b(?:go|goes|send|sends|sent)\s+again\b|\bsend\s+them\s+again\b/i, '"retry", "resend"'],
  [/\bstands?\s+(?:for|in|on|alone|once|twice|there)\b/i, '"is replaced by", "contains", "occurs"'],
  [/\b(?:object|objects)\s+a\s+line\b/i, '"per line"'],
];

/** Names that only look like such a turn. */
const NAMES = [
  // The user `nobody`.
  /\bbecomes nobody\b/g,
  /\bNOBODY\b/g,
  /['"{]nobody\b|\bint nobody\b|\b[Uu]ser nobody\b|, nobody\}/g,
];

/** The style itself lists the turns. */
const STYLE = /^## English$[\s\S]*?(?=^## |$(?![\s\S]))/m;

/** Decisions are records of their day. */
const isProse = (path: string) => /\.(md|ts|c|h)$/.test(path) && !path.startsWith('docs/decisions/');

function filesBelow(path: string): string[] {
  const absolute = join(ROOT, path);
  if (path.endsWith('/build')) return [];
  if (!statSync(absolute).isDirectory()) return [path];
  return readdirSync(absolute)
    .flatMap((name) => filesBelow(relative(ROOT, join(absolute, name))))
    .filter(isProse);
}

function turnsIn(text: string): string[] {
  const prose = NAMES.reduce((rest, name) => rest.replace(name, ''), text);
  return TURNS.flatMap(([turn, instead]) => {
    const found = turn.exec(prose);
    if (found === null) return [];
    const line = prose.slice(0, found.index).split('\n').length;
    return [`line ${line}: "${found[0]}". Write ${instead}`];
  });
}

const FILES = [
  'README.md',
  'CONTRIBUTING.md',
  'docs',
  'src/catalog',
  'src/constructs',
  'src/cli',
  'src/doctor',
  'src/shipper',
  'src/try',
  'test/unit/catalog',
  'test/unit/cli',
  'test/unit/constructs',
  'test/unit/doctor',
  'test/unit/shipper',
  'test/unit/try',
  'test/cluster',
  'test/e2e',
  'scripts',
  'test/integration',
  'test/faults',
  'test/support',
  'test/native',
  'native',
].flatMap(filesBelow);

test.each(FILES)('%s has no turn that the style replaces', (path) => {
  expect(turnsIn(readFileSync(join(ROOT, path), 'utf8').replace(STYLE, ''))).toEqual([]);
});

test.each([
  ['whoever writes', 1],
  ['Mend the cause', 1],
  ['the field stands\nfor the name', 1],
  ['kept for ever by somebody', 2],
  ['a worker that becomes nobody', 0],
  ['recommended amendments, a standalone server that stands by', 0],
])('of "%s" it finds %i', (text, count) => {
  expect(turnsIn(text)).toHaveLength(count);
});
