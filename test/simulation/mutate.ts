/**
 * Puts faults into the shipper, one at a time, and looks for a seed that finds each.
 *
 *     npm run simulate:mutate -- [--seeds N] [--from S] [--only PART OF A NAME] [--file MUTATIONS.json]
 *
 * A file has an array of {name, file, find, replace}, of which `find` must be once in `file`.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { MUTATIONS } from './mutations.js';
import { planOf } from './plan.js';
import { run } from './run.js';
import { kept } from './seeds.js';
import { type Mutation, Program } from './world/program.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    file: { type: 'string' },
  },
});

/** The first seed that breaks the promise, and how. */
async function find(mutation: Mutation): Promise<string | undefined> {
  const program = await Program.build([mutation]);
  const first = Number(values.from);
  const numbered = Array.from({ length: Number(values.seeds) }, (_, i) => planOf(String(first + i)));
  for (const plan of [...kept(), ...numbered]) {
    const { violation } = await run(plan, program);
    if (violation !== undefined) return `seed ${plan.seed}: ${violation.message.slice(0, 160)}`;
  }
  return undefined;
}

async function main(): Promise<void> {
  const all: readonly Mutation[] =
    values.file === undefined ? MUTATIONS : JSON.parse(readFileSync(values.file, 'utf8'));
  let missed = 0;
  for (const mutation of all.filter(({ name }) => name.includes(values.only))) {
    try {
      const found = await find(mutation);
      if (found === undefined) missed += 1;
      console.log(found === undefined ? `MISSED ${mutation.name}` : `found  ${mutation.name}\n       ${found}`);
    } catch (error) {
      // The source has changed since: the others are looked for all the same.
      missed += 1;
      console.log(`BROKEN ${mutation.name}\n       ${String(error)}`);
    }
  }
  if (missed > 0) process.exitCode = 1;
}

void main();
