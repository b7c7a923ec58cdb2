/** A wall clock that is set, again and again, while deliveries wait for their next attempt: no wait may be longer for it. */
import type { Plan, Step } from './plan.js';
import { Random } from './world/random.js';

/** Of seeds. */
const WITH_CLOCKS = 0.08;
const SETS = { least: 3, most: 6 };
const TROUBLE_MS = 8000;

/** A share of the seeds has such clocks; the others are as they were. */
export function withClocks(plan: Plan): Plan {
  const random = new Random(plan.seed).fork('clocks');
  if (!random.chance(WITH_CLOCKS)) return plan;
  const atMs = random.between(0, 12_000);
  const flood = { writer: 0, calls: 40, lines: 1, everyMs: 100, bytes: 100 };
  const sets = Array.from({ length: random.between(SETS.least, SETS.most) }, (): Step => {
    const byMs = random.of([-3_600_000, -3_600_000, 3_600_000]);
    return { atMs: atMs + random.between(1000, TROUBLE_MS), do: 'set clock', byMs };
  });
  const mood = random.of(['busy', 'closed', 'failing', 'slow'] as const);
  const steps: Step[] = [
    ...plan.steps,
    { atMs, do: 'write', ...flood },
    { atMs: atMs + 500, do: 'mood', mood, forMs: TROUBLE_MS },
    ...sets,
  ];
  return { ...plan, steps: steps.sort((one, other) => one.atMs - other.atMs) };
}
