import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** In a process of its own: what Jest puts around a test is not the same from run to run. */
async function simulate(...args: string[]): Promise<string> {
  const tsx = require.resolve('tsx/cli');
  const simulation = promisify(execFile)(process.execPath, [tsx, 'test/simulation/main.ts', ...args], {
    maxBuffer: 2 ** 28,
  });
  const { stdout } = await simulation.catch(({ stdout }: { stdout: string }) => ({ stdout }));
  return stdout;
}

/** A few hundred are half a minute; `npm run simulate` takes as many as are wanted. */
const SEEDS = 400;

test('written = stored + original + counted, and nothing twice, under the faults of any seed', async () => {
  const output = await simulate('--seeds', String(SEEDS), '--jobs', '2');
  expect(output).toMatch(/^\d+ seeds, \d+ lines, 0 failed/);
}, 600_000);

test('a seed is the same run each time, event by event', async () => {
  const [first, second] = await Promise.all([simulate('--seed', '7', '--trace'), simulate('--seed', '7', '--trace')]);
  expect(first.split('\n').length).toBeGreaterThan(100);
  expect(second.replace(/in [\d.]+ s\n/, '')).toBe(first.replace(/in [\d.]+ s\n/, ''));
}, 600_000);
