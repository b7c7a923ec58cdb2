/** Processes that write a frame into their own rings that no shipper can read, as one with damaged memory does. */
import type { Plan, Step } from './plan.js';
import { Random } from './world/random.js';
import { RING_BREAKS } from './writers/ring-writer.js';

/** Of seeds with rings. */
const WITH_BROKEN_RINGS = 0.15;
const STEPS_MAX = 3;

/** A share of the seeds has such processes; the others are as they were. */
export function withBrokenRings(plan: Plan): Plan {
  const random = new Random(plan.seed).fork('broken rings');
  if (!plan.writers.includes('ring') || !random.chance(WITH_BROKEN_RINGS)) return plan;
  // Most while it writes: then lines lie behind.
  const writes = plan.steps.filter(({ do: what }) => what === 'write');
  const breaks = Array.from({ length: random.between(1, STEPS_MAX) }, (): Step => {
    const { atMs } = random.of(writes);
    const writer = random.between(0, plan.writers.length - 1);
    return { atMs: atMs + random.between(0, 1000), do: 'break ring', writer, how: random.of(RING_BREAKS) };
  });
  return { ...plan, steps: [...plan.steps, ...breaks].sort((one, other) => one.atMs - other.atMs) };
}
