/** Sends 0 .. count as a row of requests, each of which may ask for smaller ones in its place. */
import type { Outcome } from './outcome.js';

export type Range = readonly [from: number, to: number];

export interface Step {
  /** How far into the range this request went. */
  readonly to: number;
  /** Ranges to send instead of the range of this request, in order. */
  readonly instead: readonly Range[];
}

/**
 * Calls `request` with ranges in ascending order until all are sent or `outcome` has failed. A failing request has to
 * put everything from its own beginning up to `count` into `outcome`.
 */
export async function sendRanges(
  count: number,
  outcome: Outcome,
  request: (range: Range) => Promise<Step>,
): Promise<void> {
  const left: Range[] = [[0, count]];
  while (!outcome.isFailed) {
    const range = left.pop();
    if (range === undefined) return;
    if (range[0] === range[1]) continue;
    const { to, instead } = await request(range);
    if (to < range[1]) left.push([to, range[1]]);
    left.push(...[...instead].reverse());
  }
}

export function halves([from, to]: Range): readonly Range[] {
  const middle = Math.ceil((from + to) / 2);
  return [
    [from, middle],
    [middle, to],
  ];
}

export function* indexes(from: number, to: number): Generator<number> {
  for (let i = from; i < to; i++) yield i;
}
