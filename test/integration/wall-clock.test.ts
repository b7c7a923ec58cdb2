/** A shipper whose wall clock steps by hours, again and again: it reads, delivers and ends by a clock of its own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/free-port.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { start, temporaryDirectory } from '../support/run.js';
import { shiftedClock, stepClock } from '../support/shifted-clock.js';
import { type Shipper, startShipper, tapEnvironment } from '../support/tapped.js';

const HOUR = 3_600_000;
const STEPS = [-5 * HOUR, 0, 30 * HOUR, -100 * HOUR, 2 * HOUR];
const LINES = 200;

/** Writes so many lines, slowly enough for steps to come between them, then ends. */
const WRITER = `
import os, sys, time
for i in range(${LINES}):
    os.write(1, b"line %d\\n" % i)
    time.sleep(0.005)
`;

import { EMPTY } from '../support/empty.js';

let rings: string;
beforeEach(() => {
  rings = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(rings, { recursive: true, force: true }));

async function startSteppable(settings: Readonly<Record<string, string>>) {
  const directory = temporaryDirectory();
  const environment = { ...shiftedClock(directory), LOGTAP_RING_DIR: rings };
  const shipper = await startShipper({ ...environment, LOGTAP_GRACE_SECONDS: '60', ...settings });
  return { shipper, step: (ms: number) => stepClock(directory, ms) };
}

const startWriter = (target: string) =>
  start('python3', ['-c', WRITER], {
    env: {
      ...tapEnvironment('', { suppress: true }),
      [LIBRARY_ENV.TARGET.name]: target,
      [LIBRARY_ENV.TAP_INTO.name]: '1',
    },
  });

const targetOf = (kind: string, { socket }: Shipper) => (kind === 'ring' ? `ring:${rings}` : `socket:${socket}`);
const parsed = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const lines = Array.from({ length: LINES }, (_, i) => `line ${i}`);

describe.each(['ring', 'socket'])('over a %s', (kind) => {
  test.each(STEPS)(
    'steps while it reads, and one to %d ms at SIGTERM: every line is delivered, at once',
    async (last) => {
      const output = join(temporaryDirectory(), 'out.ndjson');
      const { shipper, step } = await startSteppable({ LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: output });
      const writer = startWriter(targetOf(kind, shipper));
      for (const ms of STEPS) {
        await sleep(100);
        step(ms);
      }
      await writer.ended;
      step(last);
      const before = performance.now();
      shipper.child.kill('SIGTERM');
      const { code, stderr } = await shipper.ended;
      expect(performance.now() - before).toBeLessThan(30_000);
      expect(parsed(readFileSync(output, 'utf8')).map(({ message }) => message)).toEqual(lines);
      const said = parsed(stderr);
      expect(said.at(-1)).toMatchObject({ read: LINES, held: 0, dropped: EMPTY, balanced: true });
      expect(code).toBe(0);
      // The clock of the shipper has stepped indeed.
      const times = said.map(({ time }) => Date.parse(time));
      expect((times.at(-1)! - Date.now()) / HOUR).toBeCloseTo(last / HOUR, 0);
    },
  );

  test.each([-5 * HOUR, 30 * HOUR])(
    'steps of %d ms in an outage and at SIGTERM: all is buffered, and it ends in time',
    async (ms) => {
      const { shipper, step } = await startSteppable({
        LOGTAP_SINK: 'tcp',
        LOGTAP_TCP_ADDRESS: `127.0.0.1:${await freePort()}`,
        LOGTAP_GRACE_SECONDS: '4',
      });
      const writer = startWriter(targetOf(kind, shipper));
      await sleep(300);
      step(ms);
      await writer.ended;
      step(0);
      await sleep(300);
      const before = performance.now();
      shipper.child.kill('SIGTERM');
      step(-ms);
      const { code, stderr } = await shipper.ended;
      const took = performance.now() - before;
      expect(took).toBeGreaterThan(3000);
      expect(took).toBeLessThan(40_000);
      expect(parsed(stderr).at(-1)).toMatchObject({ read: LINES, held: LINES, balanced: true });
      expect(code).toBe(74);
    },
  );
});
