/**
 * Hostile processes of the pod: peers of the socket that speak nonsense, or in the name of others; those that put nonsense in the place
 * of rings, or write into those of others; those that do so with the page of losses.
 */
import type { Plan, Step } from './plan.js';
import { Random } from './world/random.js';
import { FORGERIES } from './writers/forger.js';
import { LOSS_FORGERIES } from './writers/loss-page-forger.js';
import { RING_FORGERIES } from './writers/ring-forger.js';

/** Of seeds, or of those with rings. */
const SHARE = 0.2;
const WITHIN_MS = 20_000;

export const withForgeries = (plan: Plan): Plan =>
  forged(plan, 'forgeries', 5, (random, atMs) => ({ atMs, do: 'forge', how: random.of(FORGERIES) }));

export const withForgedRings = (plan: Plan): Plan =>
  plan.writers.includes('ring')
    ? forged(plan, 'forged rings', 6, (random, atMs) => ({ atMs, do: 'forge ring', how: random.of(RING_FORGERIES) }))
    : plan;

export const withForgedLosses = (plan: Plan): Plan =>
  plan.writers.includes('ring')
    ? forged(plan, 'forged losses', 4, (random, atMs) => ({ atMs, do: 'forge losses', how: random.of(LOSS_FORGERIES) }))
    : plan;

/** A share of the seeds has such processes; the others are as they were. */
function forged(plan: Plan, name: string, most: number, act: (random: Random, atMs: number) => Step): Plan {
  const random = new Random(plan.seed).fork(name);
  if (!random.chance(SHARE)) return plan;
  const forgeries = Array.from({ length: random.between(1, most) }, () => act(random, random.between(0, WITHIN_MS)));
  return { ...plan, steps: [...plan.steps, ...forgeries].sort((one, other) => one.atMs - other.atMs) };
}
