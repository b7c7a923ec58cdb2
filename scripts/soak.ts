/**
 * The soak of test/faults for as long as one likes.
 *
 *     tsx scripts/soak.ts [--minutes M] [--seed S] [--rate LINES_PER_SECOND]
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const OPTIONS = { minutes: 'LOGTAP_SOAK_MINUTES', seed: 'LOGTAP_SOAK_SEED', rate: 'LOGTAP_SOAK_RATE' } as const;

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, seed: { type: 'string' }, rate: { type: 'string' } },
});
const given = Object.entries(OPTIONS).flatMap(([option, variable]) => {
  const value = values[option as keyof typeof OPTIONS];
  if (value === undefined) return [];
  if (!(Number(value) > 0)) throw new Error(`--${option}='${value}': must be a number greater than 0`);
  return [[variable, value]];
});
const args = [require.resolve('jest/bin/jest'), '--selectProjects', 'faults', '--runInBand', '--forceExit'];
const { status } = spawnSync(process.execPath, [...args, '--', 'test/faults/soak.test.ts'], {
  cwd: join(__dirname, '..'),
  env: { ...process.env, ...Object.fromEntries(given) },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
