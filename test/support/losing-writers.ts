/** Processes that cannot hand over their lines, and the shippers that count them afterwards. */
import { existsSync, readFileSync } from 'node:fs';
import { LIBRARY_ENV } from '../../src/contract.js';
import { start } from './run.js';
import { drain, type Shipper, tapEnvironment } from './tapped.js';

/** That WRITE writes. */
export const LINES = 50;
export const WRITE = `for i in range(${LINES}): os.write(1, b"line %d\\n" % i)\n`;
export const KILL = 'os.kill(os.getpid(), signal.SIGKILL)';
/** A user without rights. */
export const UNPRIVILEGED = 65_534;

export const lostLines = (lines: number) => ({ application: { not_handed_over: lines } });

export async function kill(shipper: Shipper): Promise<void> {
  shipper.child.kill('SIGKILL');
  await shipper.ended;
}

/** Runs a tapped program to its end, by this library and to this target. Answers how many lines are in its original output. */
export async function originalLines(
  [command = '', ...args]: readonly string[],
  { library, target, uid }: { readonly library: string; readonly target: string; readonly uid?: number | undefined },
): Promise<number> {
  const { stdout, stderr } = await start(command, args, {
    ...(uid !== undefined && { uid }),
    env: {
      ...tapEnvironment('', { suppress: true }),
      LD_PRELOAD: library,
      [LIBRARY_ENV.TARGET.name]: target,
      [LIBRARY_ENV.TAP_INTO.name]: '1',
      [LIBRARY_ENV.ON_FULL.name]: 'pass',
    },
  }).ended;
  expect(stderr).toBe('');
  return stdout.split('\n').length - 1;
}

/** Ends the shipper. What it has counted as lost, and delivered to the file, over its life and that of those before it. */
export async function countsOf(shipper: Shipper, file: string): Promise<{ lost: unknown; delivered: number }> {
  const { stderr } = await drain(shipper);
  const { dropped } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
  const records = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  const lines = records.filter((record) => !JSON.parse(record).message.startsWith('logtap: '));
  return { lost: dropped, delivered: lines.length };
}
