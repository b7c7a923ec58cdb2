/**
 * Ends a proof whose command was killed: its shipper would go on without limit, and its directory would stay in memory. Runs until its
 * standard input ends, as it does with the command, however that ends.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';

const [, , directory] = process.argv;
// Part of the environment of any process.
if (directory === undefined || directory.length < 2) throw new Error('the directory of the proof is missing');

/** Shipper and writers: the directory has a name of its own, and is in the environment of no other process. */
function processesOfProof(): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => environmentOf(pid).includes(`${directory}/`)).map(Number);
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // It has ended, or belongs to another user.
    return '';
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

process.stdin.on('end', () => {
  for (const pid of processesOfProof()) end(pid);
  // They may still write for a moment.
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});
process.stdin.resume();
