/** Traces of exceptions: some writes are events of several lines, in one call or in one for each line. */
import type { Plan } from './plan.js';
import { Random } from './world/random.js';

/** Of seeds, and of the writes of these. */
const WITH_EVENTS = 0.25;
const TRACES = 0.6;
const LINES = { least: 2, most: 9 };

/** A share of the seeds writes events; the others are as they were. */
export function withEvents(plan: Plan): Plan {
  const random = new Random(plan.seed).fork('events');
  if (!random.chance(WITH_EVENTS)) return plan;
  const steps = plan.steps.map((step) => {
    if (step.do !== 'write' || !random.chance(TRACES)) return step;
    const shape = random.of(['trace', 'trace by line'] as const);
    return { ...step, shape, lines: random.between(LINES.least, LINES.most), bytes: Math.min(step.bytes, 200) };
  });
  return { ...plan, environment: { ...plan.environment, LOGTAP_EVENTS: 'auto' }, steps };
}
