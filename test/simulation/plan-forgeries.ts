/** Peers of the socket that speak nonsense, or in the name of others. */
import type { Plan, Step } from './plan.js';
import { Random } from './world/random.js';
import { FORGERIES } from './writers/forger.js';

/** Of seeds. */
const WITH_FORGERIES = 0.2;
const STEPS_MAX = 5;

/** A share of the seeds has such peers; the others are as they were. */
export function withForgeries(plan: Plan): Plan {
  const random = new Random(plan.seed).fork('forgeries');
  if (!random.chance(WITH_FORGERIES)) return plan;
  const forgeries = Array.from({ length: random.between(1, STEPS_MAX) }, (): Step => {
    return { atMs: random.between(0, 20_000), do: 'forge', how: random.of(FORGERIES) };
  });
  return { ...plan, steps: [...plan.steps, ...forgeries].sort((one, other) => one.atMs - other.atMs) };
}
