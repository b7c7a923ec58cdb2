/**
 * Simulates a number of seeds, and prints those that break the promise.
 *
 *     npm run simulate -- --seeds N [--from S] [--seed S [--trace]] [--lines L]
 */
import { parseArgs } from 'node:util';
import { planOf } from './plan.js';
import { run } from './run.js';
import { Program } from './world/program.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    lines: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const program = await Program.build();
  const size = { lines: Number(values.lines) };
  const first = Number(values.seed ?? values.from);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  let lines = 0;
  let failed = 0;
  const started = Date.now();
  for (let seed = first; seed < first + count; seed++) {
    const result = await run(planOf(String(seed), size), program, values.trace);
    lines += result.lines;
    if (values.trace) process.stdout.write(`${result.trace.join('\n')}\n`);
    if (values.seed !== undefined) console.log(result.sums, result.hash);
    if (result.violation === undefined) continue;
    failed += 1;
    console.log(`seed ${seed}: ${result.violation.message}\n    npm run simulate -- --seed ${seed}`);
  }
  const seconds = (Date.now() - started) / 1000;
  console.log(`${count} seeds, ${lines} lines, ${failed} failed, in ${seconds.toFixed(1)} s`);
  if (failed > 0) process.exitCode = 1;
}

void main();
