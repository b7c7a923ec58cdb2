/** The list of deliberate faults keeps up with the source. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MUTATIONS } from '../mutations/all.js';
import { MUTATIONS as SIMULATED } from '../simulation/mutations.js';

const ROOT = join(__dirname, '../..');
const all = Object.values(MUTATIONS).flat();

test.each(all)('$fault', ({ file, text, by, foundBy }) => {
  expect(readFileSync(join(ROOT, file), 'utf8').split(text)).toHaveLength(2);
  expect(by).not.toBe(text);
  const files = foundBy.filter((each) => typeof each === 'string');
  expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  expect(foundBy).not.toEqual([]);
});

test.each(SIMULATED)('of the simulation: $name', ({ file, find, replace }) => {
  const source = readFileSync(join(ROOT, file), 'utf8');
  expect(source.split(find)).toHaveLength(2);
  // A private name that is no longer there would end the whole run.
  const names = replace.match(/this\.#\w+/g) ?? [];
  expect(names.filter((name) => !source.includes(name))).toEqual([]);
});

test('each fault is another one', () => {
  expect(new Set(all.map(({ fault }) => fault)).size).toBe(all.length);
});

test('the table has every fault, and what found it', () => {
  const table = readFileSync(join(ROOT, 'docs/internals/mutations.md'), 'utf8');
  expect(all.filter(({ fault }) => !table.includes(`| ${fault} | `)).map(({ fault }) => fault)).toEqual([]);
  expect(table).not.toContain('**survived**');
});
