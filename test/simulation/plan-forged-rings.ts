/** Processes of the pod that put nonsense in the place of rings, or write into those of others. */
import type { Plan, Step } from './plan.js';
import { Random } from './world/random.js';
import { RING_FORGERIES } from './writers/ring-forger.js';

/** Of seeds with rings. */
const WITH_FORGED_RINGS = 0.2;
const STEPS_MAX = 6;

/** A share of the seeds has such processes; the others are as they were. */
export function withForgedRings(plan: Plan): Plan {
  const random = new Random(plan.seed).fork('forged rings');
  if (!plan.writers.includes('ring') || !random.chance(WITH_FORGED_RINGS)) return plan;
  const forgeries = Array.from({ length: random.between(1, STEPS_MAX) }, (): Step => {
    return { atMs: random.between(0, 20_000), do: 'forge ring', how: random.of(RING_FORGERIES) };
  });
  return { ...plan, steps: [...plan.steps, ...forgeries].sort((one, other) => one.atMs - other.atMs) };
}
