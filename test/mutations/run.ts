/**
 * Puts each deliberate fault into a copy of the tree, runs the tests that have to find it, and writes docs/internals/mutations.md.
 *
 *     npm run mutate                       all of them, and the table
 *     npm run mutate -- --new              those that the table does not have, which are added to it one by one
 *     npm run mutate -- --only WORDS       those whose description has the words; no table
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTATIONS } from './all.js';
import { Copy, type Verdict } from './copy.js';
import type { Mutation } from './mutation.js';
import { foundIn, tableOf } from './table.js';

const root = join(__dirname, '../..');
const table = join(root, 'docs/internals/mutations.md');
const { values } = parseArgs({ options: { only: { type: 'string' }, new: { type: 'boolean', default: false } } });

async function main(): Promise<void> {
  const known = values.new ? foundIn(readFileSync(table, 'utf8')) : new Map<string, string>();
  const rooms = Object.entries(MUTATIONS);
  const chosen = rooms
    .flatMap(([, mutations]) => mutations)
    .filter(({ fault }) => !known.has(fault) && (values.only === undefined || fault.includes(values.only)));
  const copy = new Copy(root);
  const verdicts = new Map<Mutation, Verdict>();
  try {
    // A test that fails anyway finds nothing.
    const broken = await copy.verdict(allOf(chosen));
    if (broken !== undefined) throw new Error(`without any fault: ${broken.test} fails: ${broken.title}`);
    for (const [i, mutation] of chosen.entries()) {
      const began = Date.now();
      const verdict = await copy.with(mutation, () => copy.verdict(mutation.foundBy));
      if (verdict !== undefined) verdicts.set(mutation, verdict);
      if (values.new) writeFileSync(table, tableOf(rooms, verdicts, known));
      const words = verdict === undefined ? 'SURVIVED' : `${verdict.test}: ${verdict.title}`;
      console.log(
        `${i + 1}/${chosen.length} ${mutation.fault} -> ${words} (${Math.round((Date.now() - began) / 1000)} s)`,
      );
    }
  } finally {
    copy.remove();
  }
  const survivors = chosen.filter((mutation) => !verdicts.has(mutation));
  console.log(`${chosen.length} faults, ${survivors.length} survived`);
  if (values.only === undefined) writeFileSync(table, tableOf(rooms, verdicts, known));
  if (survivors.length > 0) process.exitCode = 1;
}

/** Each test once, and as many seeds as any fault asks for. */
function allOf(mutations: readonly Mutation[]): Mutation['foundBy'] {
  const tests = mutations.flatMap(({ foundBy }) => foundBy);
  const seeds = tests.map((test) => (typeof test === 'string' ? 0 : test.seeds));
  const files = new Set(tests.filter((test) => typeof test === 'string'));
  return [...files, ...(Math.max(...seeds) > 0 ? [{ seeds: Math.max(...seeds) }] : [])];
}

void main();
