/** A directory of rings without room for another ring: processes that come then have none, and note their losses in the page. */
import type { Plan, Step } from './plan.js';
import { Random } from './world/random.js';

/** Of seeds. */
const WITH_FULL_MEMORY = 0.06;
/** Processes one after the other: more than free rings are ready. */
const PROCESSES = 4;

/** A share of the seeds with rings has such a directory; the others are as they were. */
export function withFullMemory(plan: Plan): Plan {
  const random = new Random(plan.seed).fork('memory');
  const writer = plan.writers.indexOf('ring');
  if (writer < 0 || !random.chance(WITH_FULL_MEMORY)) return plan;
  const atMs = random.of([0, random.between(0, 10_000)]);
  const everyMs = random.of([50, 1000]);
  const processes = Array.from({ length: PROCESSES }, (_, i): Step[] => {
    const fromMs = atMs + 1 + i * everyMs;
    return [
      { atMs: fromMs, do: 'write', writer, calls: random.between(1, 4), lines: 1, everyMs: 5, bytes: 100 },
      { atMs: fromMs + everyMs - 1, do: 'end writer', writer },
    ];
  });
  const full: Step = { atMs, do: 'fill memory', forMs: PROCESSES * everyMs + random.of([0, 5000]) };
  const steps = [...plan.steps, full, ...processes.flat()];
  return { ...plan, steps: steps.sort((one, other) => one.atMs - other.atMs) };
}
