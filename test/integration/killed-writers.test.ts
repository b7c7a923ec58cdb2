/**
 * Applications that are killed, each in a namespace of processes that the shipper does not see: all that they wrote
 * arrives, their rings are given back, and a shipper that waits for the last of them ends by itself.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIBRARY_ENV } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { EMPTY } from '../support/empty.js';
import { start, temporaryDirectory, until } from '../support/run.js';
import { startShipper, tapEnvironment } from '../support/tapped.js';

const APPLICATIONS = 20;
/** Line after line; after each one the number of lines is written where it is not tapped. */
const SCRIPT = `i=0; while :; do echo "$0 $i \${PAD:0:i % 200}"; i=$((i + 1)); echo $i >&3; done 3>"$1"`;
const PAD = 'x'.repeat(200);

let rings: string;
beforeEach(() => {
  rings = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(rings, { recursive: true, force: true }));

/** Kills what goes on: `unshare` may be killed before it has told the kernel to kill the application with it. */
async function endedAll(argument: string): Promise<void> {
  await until(`no process with ${argument} is left`, () => {
    const left = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && argumentsOf(pid).includes(argument));
    for (const pid of left) kill(Number(pid));
    return left.length === 0;
  });
}

function argumentsOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    // It has ended.
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

const ringsOf = () => readdirSync(rings).filter((name) => name.startsWith('ring-'));

describeWith(['root'], 'applications killed at random moments', () => {
  test('all that was written arrives in order, their rings are given back, and the shipper ends', async () => {
    const directory = temporaryDirectory();
    const output = join(directory, 'out.ndjson');
    const shipper = await startShipper({
      LOGTAP_SINK: 'file',
      LOGTAP_FILE_PATH: output,
      LOGTAP_RING_DIR: rings,
      LOGTAP_BATCH_LINGER_MS: '50',
      LOGTAP_EXIT_WITHOUT_WRITERS_SECONDS: '2',
    });
    const env = {
      ...tapEnvironment(shipper.socket, { suppress: true }),
      [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
      [LIBRARY_ENV.ON_FULL.name]: 'block:60000',
      PAD,
    };
    const written = new Map<number, number>();
    for (let first = 0; first < APPLICATIONS; first += 4) {
      await Promise.all(
        Array.from({ length: 4 }, async (_, i) => {
          const count = join(directory, `count-${first + i}`);
          // The shell is the first process of its namespace: killed, it leaves no process behind.
          const args = ['--pid', '--fork', '--kill-child=SIGKILL'];
          const app = start('unshare', [...args, 'bash', '--norc', '-c', SCRIPT, String(first + i), count], { env });
          await sleep(Math.random() * 700);
          app.child.kill('SIGKILL');
          await app.ended;
          await endedAll(count);
          const lines = readFileSync(count, { encoding: 'latin1', flag: 'a+' }).split('\n');
          written.set(first + i, Number(lines.slice(0, -1).at(-1) ?? 0));
        }),
      );
    }
    await until('all rings are given back', () => ringsOf().length === 0);
    const { code, stderr } = await shipper.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      balanced: true,
      held: 0,
      dropped: EMPTY,
    });

    const stored = new Map<number, string[]>();
    for (const line of readFileSync(output, 'utf8').trimEnd().split('\n')) {
      const { message } = JSON.parse(line) as { message: string };
      const application = Number(message.split(' ')[0]);
      const lines = stored.get(application) ?? [];
      lines.push(message);
      stored.set(application, lines);
    }
    let total = 0;
    for (const [application, count] of written) {
      const lines = stored.get(application) ?? [];
      const expected = lines.map((_, i) => `${application} ${i} ${PAD.slice(0, i % 200)}`);
      expect(lines).toEqual(expected);
      expect(lines.length).toBeGreaterThanOrEqual(count);
      total += count;
    }
    expect(total).toBeGreaterThan(1000);
  });
});
