/** Tallies by reason. */
import { type Count, Tally } from './tally.js';

export function addTo(counts: Map<string, Tally>, reason: string, tally: Tally): void {
  const count = counts.get(reason);
  if (count === undefined) counts.set(reason, new Tally().plus(tally));
  else count.add(tally);
}

export const sumOf = (counts: ReadonlyMap<string, Tally>): Tally =>
  [...counts.values()].reduce((sum, count) => sum.plus(count), new Tally());

export const countsOf = (counts: ReadonlyMap<string, Tally>): Record<string, Count> =>
  Object.fromEntries([...counts].map(([reason, tally]) => [reason, countOf(tally)]));

export const countOf = ({ records, bytes }: Tally): Count => ({ records, bytes });
