/** Processes of the pod that write nonsense into the page of losses, or put something else in its place. */
import type { Plan, Step } from './plan.js';
import { Random } from './world/random.js';
import { LOSS_FORGERIES } from './writers/loss-page-forger.js';

/** Of seeds with rings. */
const WITH_FORGED_LOSSES = 0.2;
const STEPS_MAX = 4;

/** A share of the seeds has such processes; the others are as they were. */
export function withForgedLosses(plan: Plan): Plan {
  const random = new Random(plan.seed).fork('forged losses');
  if (!plan.writers.includes('ring') || !random.chance(WITH_FORGED_LOSSES)) return plan;
  const forgeries = Array.from({ length: random.between(1, STEPS_MAX) }, (): Step => {
    return { atMs: random.between(0, 20_000), do: 'forge losses', how: random.of(LOSS_FORGERIES) };
  });
  return { ...plan, steps: [...plan.steps, ...forgeries].sort((one, other) => one.atMs - other.atMs) };
}
