/**
 * The soak of test/faults for as long as one likes.
 *
 *     tsx scripts/soak.ts [--minutes M] [--seed S] [--rate LINES_PER_SECOND] [--sink cloudwatch|opensearch]
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const OPTIONS = { minutes: 'LOGTAP_SOAK_MINUTES', seed: 'LOGTAP_SOAK_SEED', rate: 'LOGTAP_SOAK_RATE' } as const;
const SINKS = ['cloudwatch', 'opensearch'];

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    rate: { type: 'string' },
    sink: { type: 'string', default: 'cloudwatch' },
  },
});
if (!SINKS.includes(values.sink)) throw new Error(`--sink='${values.sink}': must be one of ${SINKS.join(', ')}`);
const given: [string, string][] = [['LOGTAP_SOAK_SINK', values.sink]];
for (const [option, variable] of Object.entries(OPTIONS)) {
  const value = values[option as keyof typeof OPTIONS];
  if (value === undefined) continue;
  if (!(Number(value) > 0)) throw new Error(`--${option}='${value}': must be a number greater than 0`);
  given.push([variable, value]);
}
const args = [require.resolve('jest/bin/jest'), '--selectProjects', 'faults', '--runInBand', '--forceExit'];
const { status } = spawnSync(process.execPath, [...args, '--', 'test/faults/soak.test.ts'], {
  cwd: join(__dirname, '..'),
  env: { ...process.env, ...Object.fromEntries(given) },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
