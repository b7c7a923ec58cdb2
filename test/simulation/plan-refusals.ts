/** A full disk that refuses the counts of refused records, has room again, and then a kill: nothing else remembers those counts. */
import type { Plan, Step } from './plan.js';
import { Random } from './world/random.js';

/** Of seeds with a disk buffer. */
const WITH_REFUSALS = 0.06;

/** A share of the seeds has such a disk; the others are as they were. */
export function withRefusals(plan: Plan): Plan {
  const random = new Random(plan.seed).fork('refusals');
  if (plan.buffer !== 'disk' || !random.chance(WITH_REFUSALS)) return plan;
  const atMs = random.between(500, 12_000);
  const refused = (afterMs: number, calls: number): Step => {
    const lines = { lines: 1, bytes: 100, mark: 'refuse-me' };
    return { atMs: atMs + afterMs, do: 'write', writer: 0, calls, everyMs: 100, ...lines };
  };
  const steps: Step[] = [
    ...plan.steps,
    { atMs, do: 'fill disk', leftBytes: random.between(0, 300), forMs: 2000 },
    refused(random.between(1, 500), 3),
    refused(2500, 1),
    { atMs: atMs + random.between(3000, 6000), do: 'kill' },
  ];
  return { ...plan, steps: steps.sort((one, other) => one.atMs - other.atMs) };
}
