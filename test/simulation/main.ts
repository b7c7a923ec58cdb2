/**
 * Simulates the plans that are kept, then a number of seeds. Prints those that break the promise, and keeps each as a file, cut
 * down to what it takes.
 *
 *     npm run simulate -- [--seeds N] [--from S] [--jobs J] [--lines L]
 *     npm run simulate -- --seed S [--lines L] [--trace]
 *     npm run simulate -- --file PLAN.json [--trace]
 *
 * `--lines` is the most lines in one write: more make longer runs, and cost less per line.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { type Plan, planOf } from './plan.js';
import { type Result, run } from './run.js';
import { kept, SEEDS } from './seeds.js';
import { shrink } from './shrink.js';
import { Program } from './world/program.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    lines: { type: 'string', default: '1' },
    seed: { type: 'string' },
    file: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'without-kept': { type: 'boolean', default: false },
  },
});
const size = { lines: Number(values.lines) };

interface Sum {
  seeds: number;
  lines: number;
  failed: number;
}

async function simulateOne(plan: Plan): Promise<Sum> {
  const result = await run(plan, await Program.build(), values.trace);
  for (const line of result.trace) console.log(line);
  for (const step of plan.steps) console.log(JSON.stringify(step));
  console.log(JSON.stringify({ ...plan, steps: plan.steps.length }));
  console.log(`${result.sums} trace ${result.hash}`);
  if (result.violation !== undefined) console.log(result.violation.message);
  return { seeds: 1, lines: result.lines, failed: result.violation === undefined ? 0 : 1 };
}

async function simulateMany(): Promise<Sum> {
  const program = await Program.build();
  const sum = { seeds: 0, lines: 0, failed: 0 };
  const first = Number(values.from);
  for (const plan of values['without-kept'] ? [] : kept()) await add(sum, plan, program);
  for (let seed = first; seed < first + Number(values.seeds); seed++) {
    await add(sum, planOf(String(seed), size), program);
  }
  return sum;
}

async function add(sum: Sum, plan: Plan, program: Program): Promise<void> {
  const result = await run(plan, program);
  sum.seeds += 1;
  sum.lines += result.lines;
  if (result.violation === undefined) return;
  sum.failed += 1;
  const again = size.lines === 1 ? '' : ` --lines ${size.lines}`;
  console.log(`seed ${plan.seed}: ${result.violation.message}\n    npm run simulate -- --seed ${plan.seed}${again}`);
  console.log(`    npm run simulate -- --file ${await keep(plan, result, program)}`);
}

/** The file with what is left of the plan. */
async function keep(plan: Plan, { violation }: Result, program: Program): Promise<string> {
  const smaller = await shrink(plan, async (each) => (await run(each, program)).violation?.kind === violation!.kind);
  const path = join(SEEDS, `${violation!.kind}-${plan.seed}.json`);
  writeFileSync(path, `${JSON.stringify(smaller, null, 2)}\n`);
  return path;
}

/** As many processes, each with a share of the seeds. */
async function share(jobs: number): Promise<Sum> {
  const each = Math.ceil(Number(values.seeds) / jobs);
  const sums = await Promise.all(
    Array.from({ length: jobs }, async (_, i) => {
      const count = Math.min(each, Number(values.seeds) - i * each);
      const from = Number(values.from) + i * each;
      const args = ['--seeds', String(count), '--from', String(from), '--lines', values.lines];
      if (i > 0) args.push('--without-kept');
      const tsx = require.resolve('tsx/cli');
      const job = promisify(execFile)(process.execPath, [tsx, __filename, ...args], { maxBuffer: 2 ** 28 });
      const { stdout } = await job.catch((error: { stdout: string }) => error);
      const [, seeds, lines, failed] = /^(\d+) seeds, (\d+) lines, (\d+) failed/m.exec(stdout) ?? [];
      if (seeds === undefined) throw new Error(`a process that simulates has ended without its sum: ${stdout}`);
      process.stdout.write(stdout.replace(/^\d+ seeds, .*\n/m, ''));
      return { seeds: Number(seeds), lines: Number(lines), failed: Number(failed) };
    }),
  );
  const add = (of: keyof Sum) => sums.reduce((sum, part) => sum + part[of], 0);
  return { seeds: add('seeds'), lines: add('lines'), failed: add('failed') };
}

async function simulate(): Promise<Sum> {
  if (values.file !== undefined) return simulateOne(JSON.parse(readFileSync(values.file, 'utf8')));
  if (values.seed !== undefined) return simulateOne(planOf(values.seed, size));
  return Number(values.jobs) > 1 ? share(Number(values.jobs)) : simulateMany();
}

async function main(): Promise<void> {
  const started = Date.now();
  const { seeds, lines, failed } = await simulate();
  console.log(`${seeds} seeds, ${lines} lines, ${failed} failed, in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  if (failed > 0) process.exitCode = 1;
}

void main();
