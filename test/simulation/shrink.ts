/** Cuts a plan that breaks the promise down to what it takes: fewer steps, then smaller ones. */
import type { Plan, Step } from './plan.js';

/** Whether a plan still fails in the same way. */
type Fails = (plan: Plan) => Promise<boolean>;

const RUNS_MAX = 300;

export async function shrink(plan: Plan, fails: Fails): Promise<Plan> {
  let left = RUNS_MAX;
  let best = plan;
  const isBetter = async (steps: readonly Step[]): Promise<boolean> => {
    if (left === 0) return false;
    left -= 1;
    const smaller = { ...best, steps };
    if (!(await fails(smaller))) return false;
    best = smaller;
    return true;
  };
  for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < best.steps.length; ) {
      const without = [...best.steps.slice(0, from), ...best.steps.slice(from + size)];
      if (!(await isBetter(without))) from += size;
    }
  }
  for (let i = 0; i < best.steps.length; ) {
    const smaller = lessOf(best.steps[i]!);
    if (smaller === undefined || !(await isBetter(best.steps.map((step, at) => (at === i ? smaller : step))))) i += 1;
  }
  return best;
}

function lessOf(step: Step): Step | undefined {
  if (step.do === 'write' && step.calls > 1) return { ...step, calls: Math.ceil(step.calls / 2) };
  if (step.do === 'write' && step.lines > 1) return { ...step, lines: Math.ceil(step.lines / 2) };
  return undefined;
}
