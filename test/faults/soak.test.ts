/**
 * Twenty processes write while faults come every few seconds: memory stays bounded, and at the end every line is stored or counted.
 * Half a minute for each service here; `npm run soak -- --minutes 60` for longer. LOGTAP_SOAK_MINUTES, LOGTAP_SOAK_SEED,
 * LOGTAP_SOAK_RATE and LOGTAP_SOAK_SINK set what the command's options do.
 *
 * CloudWatch Logs is the referee, which forgets what was taken from it, so that an hour at 20,000 lines per second fits. OpenSearch
 * is a real engine: at the end each document is read from it, and `logtap audit` has to prove the ledger.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environment, nodeOptions } from '../../scripts/image-process.js';
import { describeWith } from '../support/capability.js';
import { useStage } from '../support/fault-scene.js';
import type { Service } from '../support/fault-service.js';
import { logtap, run } from '../support/run.js';
import { PATIENT } from './catalogue/fault.js';
import { growthOf } from './soak/growth.js';
import { planOf } from './soak/plan.js';
import { Seen } from './soak/seen.js';
import { Spoiler } from './soak/spoiler.js';

const MINUTES = Number(process.env.LOGTAP_SOAK_MINUTES ?? 0.5);
const SEED = Number(process.env.LOGTAP_SOAK_SEED ?? Date.now() % 1_000_000);
const WRITERS = 20;

/** `rate`: lines per second of all writers. An engine that indexes takes less than a referee that counts. */
const SINKS = [
  { sink: 'cloudwatch', needs: ['openssl'], rate: 20_000 },
  { sink: 'opensearch', needs: ['openssl', 'opensearch'], rate: 4000 },
] as const;

/** Of the shipper, by its trend. A minute shows none: a buffer that fills, or a new shipper, looks like growth. */
const GROWTH_MAX = 0.25;
const GROWTH_MINUTES = 5;
/** Of a shipper, at any time: twice what it needs with a full buffer. */
const MEMORY_MAX = 400 * 1024 * 1024;

const AS_IN_THE_IMAGE = { ...environment, NODE_OPTIONS: nodeOptions.join(' ') };

jest.setTimeout(MINUTES * 60_000 * 3 + 600_000);

const only = process.env.LOGTAP_SOAK_SINK;
for (const { sink, needs, rate: usual } of SINKS.filter((each) => only === undefined || each.sink === only)) {
  const rate = Number(process.env.LOGTAP_SOAK_RATE ?? usual);
  /** Of each writer. */
  const linesEach = Math.round((rate / WRITERS) * MINUTES * 60);
  const per = Math.max(1, Math.round(rate / WRITERS / 20));

  describeWith(needs, `a soak of ${sink}`, () => {
    const stage = useStage();

    test(`${MINUTES} minutes at ${rate} lines per second with seed ${SEED}: no line is lost, and memory stays bounded`, async () => {
      const service = await stage.service(sink);
      const scene = stage.set(service, { transport: 'ring', holding: 'memory', settings: AS_IN_THE_IMAGE });
      await scene.ship();
      const seen = new Seen(WRITERS, linesEach);
      const take = (isLast: boolean) => service.takeStored!((message) => seen.add(message), isLast);
      const taking = sink === 'cloudwatch' ? setInterval(() => take(false), 500) : undefined;
      const memory: number[] = [];
      const ms = MINUTES * 60_000;
      const begun = performance.now();
      let most = 0;
      const measuring = setInterval(() => {
        const bytes = rssOf(scene.shipper.child.pid!);
        most = Math.max(most, bytes);
        if (performance.now() - begun > ms / 3) memory.push(bytes);
      }, 1000);
      try {
        const writers = Array.from({ length: WRITERS }, () =>
          scene.write({ ...PATIENT, lines: linesEach, per, pauseSeconds: (per * WRITERS) / rate }),
        );
        const spoiler = new Spoiler(scene, service);
        for (const planned of planOf(SEED, ms)) {
          await sleep(Math.max(0, begun + planned.atMs - performance.now()));
          await spoiler.happen(planned);
        }
        await Promise.all(writers.map(({ ended }) => ended));
        clearInterval(measuring);
        const written = scene.written();
        const { code, last, fates } = await scene.end();
        const { held, balanced } = last;
        const originals = await Promise.all(writers.map(async ({ ended }) => (await ended).stdout));
        const original = originals.reduce((total, text) => total + text.split('\n').length - 1, 0);
        clearInterval(taking);
        await take(true);
        const lines = written.reduce((total, count) => total + count, 0);
        const { arrived, twice } = seen.counts(written);
        const counted = Object.values(fates).reduce((total, count) => total + count, 0) - original;
        const growth = growthOf(memory);
        const outcome = {
          seed: SEED,
          sink,
          lines,
          arrived,
          twice,
          original,
          fates,
          faults: spoiler.happened,
          growth,
          most,
        };
        process.stderr.write(`soak: ${JSON.stringify(outcome)}\n`);
        expect(seen.foreign.slice(0, 3)).toEqual([]);
        expect({ held, balanced, code }).toEqual({ held: 0, balanced: true, code: 0 });
        expect(lines).toBe(linesEach * WRITERS);
        expect(lines - arrived - original - counted).toBeLessThanOrEqual(0);
        // Only a notice of a killed shipper says "up to".
        if (fates.shipper_killed === undefined) expect(arrived + original + counted).toBe(lines);
        if (sink === 'opensearch') {
          expect(twice).toBe(0);
          await prove(service, join(scene.rings, 'audit.ndjson'));
        }
        expect(most).toBeLessThan(MEMORY_MAX);
        if (MINUTES >= GROWTH_MINUTES) expect(growth).toBeLessThan(GROWTH_MAX);
      } finally {
        clearInterval(taking);
        clearInterval(measuring);
      }
    });
  });
}

/** The audit of a user finds nothing unexplained. */
async function prove(service: Service, ledger: string): Promise<void> {
  const args = ['--opensearch', service.url, '--index', `${service.index()}*`, '--ledger', ledger, '--quiet'];
  const { code, stdout, stderr } = await run(process.execPath, [logtap, 'audit', ...args]);
  process.stderr.write(stdout);
  expect({ code, stderr, report: stdout }).toEqual({ code: 0, stderr: '', report: expect.stringMatching(/^PROVEN/) });
}

/** Resident memory in bytes; 0 for a process that has ended. */
function rssOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
