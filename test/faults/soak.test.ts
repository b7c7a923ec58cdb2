/**
 * Twenty processes that write 20,000 lines per second while faults come every few seconds: memory stays bounded, and at the end every
 * line is stored or counted. One minute here; `npm run soak -- --minutes 60` for longer. LOGTAP_SOAK_MINUTES,
 * LOGTAP_SOAK_SEED and LOGTAP_SOAK_RATE set what the command's options do.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { environment, nodeOptions } from '../../scripts/image-process.js';
import { describeWith } from '../support/capability.js';
import { useStage } from '../support/fault-scene.js';
import { PATIENT } from './catalogue/fault.js';
import { growthOf } from './soak/growth.js';
import { planOf } from './soak/plan.js';
import { Seen } from './soak/seen.js';
import { Spoiler } from './soak/spoiler.js';

const MINUTES = Number(process.env.LOGTAP_SOAK_MINUTES ?? 1);
const SEED = Number(process.env.LOGTAP_SOAK_SEED ?? Date.now() % 1_000_000);
/** Lines per second of all writers. */
const RATE = Number(process.env.LOGTAP_SOAK_RATE ?? 20_000);
const WRITERS = 20;
/** Of each writer. */
const LINES = Math.round((RATE / WRITERS) * MINUTES * 60);
const PER = Math.max(1, Math.round(RATE / WRITERS / 20));

/** Of the shipper, by its trend. A minute shows none: a buffer that fills, or a new shipper, looks like growth. */
const GROWTH_MAX = 0.25;
const GROWTH_MINUTES = 5;
/** Of a shipper, at any time: twice what it needs with a full buffer. */
const MEMORY_MAX = 400 * 1024 * 1024;

const AS_IN_THE_IMAGE = { ...environment, NODE_OPTIONS: nodeOptions.join(' ') };

jest.setTimeout(MINUTES * 60_000 * 3 + 300_000);

describeWith(['openssl'], 'a soak', () => {
  const stage = useStage();

  test(`${MINUTES} minutes at ${RATE} lines per second with seed ${SEED}: no line is lost, and memory stays bounded`, async () => {
    const service = await stage.service('cloudwatch');
    const scene = stage.set(service, { transport: 'ring', holding: 'memory', settings: AS_IN_THE_IMAGE });
    await scene.ship();
    const seen = new Seen(WRITERS, LINES);
    const take = () => service.takeStored!((message) => seen.add(message));
    const taking = setInterval(take, 500);
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
        scene.write({ ...PATIENT, lines: LINES, per: PER, pauseSeconds: (PER * WRITERS) / RATE }),
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
      take();
      const lines = written.reduce((total, count) => total + count, 0);
      const { arrived, twice } = seen.counts(written);
      const counted = Object.values(fates).reduce((total, count) => total + count, 0) - original;
      const growth = growthOf(memory);
      const outcome = { seed: SEED, lines, arrived, twice, original, fates, faults: spoiler.happened, growth, most };
      process.stderr.write(`soak: ${JSON.stringify(outcome)}\n`);
      expect(seen.foreign.slice(0, 3)).toEqual([]);
      expect({ held, balanced, code }).toEqual({ held: 0, balanced: true, code: 0 });
      expect(lines).toBe(LINES * WRITERS);
      expect(lines - arrived - original - counted).toBeLessThanOrEqual(0);
      // Only a notice of a killed shipper says "up to".
      if (fates.shipper_killed === undefined) expect(arrived + original + counted).toBe(lines);
      expect(most).toBeLessThan(MEMORY_MAX);
      if (MINUTES >= GROWTH_MINUTES) expect(growth).toBeLessThan(GROWTH_MAX);
    } finally {
      clearInterval(taking);
      clearInterval(measuring);
    }
  });
});

/** Resident memory in bytes; 0 for a process that has ended. */
function rssOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
