/** A process that fills its ring while answers are late, so that the shipper sends it to a larger one; and kills meanwhile. */
import type { Plan, Step } from './plan.js';
import { Random } from './world/random.js';

/** Of seeds. */
const WITH_LARGER_RINGS = 0.15;
const CALLS = 150;

/** A share of the seeds with rings has such a process, and room for larger rings; the others are as they were. */
export function withLargerRings(plan: Plan): Plan {
  const random = new Random(plan.seed).fork('larger rings');
  const writer = plan.writers.indexOf('ring');
  if (writer < 0 || !random.chance(WITH_LARGER_RINGS)) return plan;
  const atMs = random.between(0, 15_000);
  const everyMs = random.of([1, 5, 20]);
  const flood: Step = { atMs, do: 'write', writer, calls: CALLS, lines: 1, everyMs, bytes: random.of([1000, 2000]) };
  const during = () => atMs + random.between(0, CALLS * everyMs);
  const others: Step[] = [
    { atMs: during(), do: 'kill', inCalls: random.between(1, 100) },
    ...(random.chance(0.3) ? [{ atMs: during(), do: 'end writer' as const, writer }] : []),
  ];
  return {
    ...plan,
    environment: { ...plan.environment, LOGTAP_RING_TOTAL_BYTES: '2000000' },
    steps: [...plan.steps, flood, ...others].sort((one, other) => one.atMs - other.atMs),
  };
}
