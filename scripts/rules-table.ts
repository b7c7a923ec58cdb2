/** docs/internals/rules.md: every rule, and the tests that name it in their titles. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IN_PART, RULES, UNMET } from './rules.js';

/** Looks ahead, so that a table without a rule in its title does not swallow the tests after it. */
const TITLE = /\btest(?=(?:\.each\([\s\S]*?\))?\(\s*['"`]rules? ([\d, and]+):)/g;

/** Files of tests by the number of the rule that they name. */
function testsByRule(root: string): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>();
  const names = ['test', 'native/test'].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join(directory, name)),
  );
  for (const name of names.sort()) {
    for (const [, numbers] of readFileSync(join(root, name), 'utf8').matchAll(TITLE)) {
      for (const number of numbers!.match(/\d+/g) ?? []) {
        const files = found.get(Number(number)) ?? [];
        if (!files.includes(name)) files.push(name);
        found.set(Number(number), files);
      }
    }
  }
  return found;
}

export function rulesTable(root: string): string {
  const tests = testsByRule(root);
  const state = (number: number): string => {
    const files = (tests.get(number) ?? []).map((file) => `[${file.split('/').at(-1)}](../../${file})`);
    const unmet = UNMET[number] === undefined ? [] : [`**not met**: ${UNMET[number]}`];
    const inPart = IN_PART[number] === undefined ? [] : [`**in part**: ${IN_PART[number]}`];
    return [...files, ...unmet, ...inPart].join(', ') || '**no test**';
  };
  const known = new Set(RULES.flatMap(({ rules }) => Object.keys(rules).map(Number)));
  const unknown = [...tests.keys()].filter((number) => !known.has(number));
  if (unknown.length > 0) throw new Error(`tests name rules that do not exist: ${unknown.join(', ')}`);
  return [
    '<!-- GENERATED from scripts/rules.ts and the titles of tests by `npm run generate`. Do not edit. -->',
    '# Rules of delivery',
    '',
    'What the sinks, the batcher and the hold must satisfy, and the tests that show it.',
    '',
    ...RULES.flatMap(({ title, rules }) => [
      `## ${title}`,
      '',
      '| | rule | shown by |',
      '|---|---|---|',
      ...Object.entries(rules).map(
        ([number, text]) => `| ${number} | ${text.replaceAll('|', '\\|')} | ${state(Number(number))} |`,
      ),
      '',
    ]),
  ].join('\n');
}
