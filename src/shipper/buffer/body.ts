/** Buffered records, wherever they are. */

import { Tally } from '../accounting/tally.js';
import type { RecordBatch } from '../parts.js';
import { slice } from '../records/record-batch.js';

/**
 * The result of reading: the records; `lost` if the disk lost them; `later` if it cannot be read now; spans
 * if only now it is known which records are there.
 */
export type Read = RecordBatch | 'lost' | 'later' | readonly StoredSpan[];

/** Where the records of a buffered batch are. */
export interface Body {
  read(): Read;
  /** No cursor needs them. */
  discard(): void;
  /** Whether it is not known yet which records are there. */
  readonly isAssumed?: boolean;
}

/** Records in a row that a previous run left. */
export interface StoredSpan {
  /** Number of its first record. */
  readonly first: number;
  readonly count: number;
  readonly tally: Tally;
  readonly ageMs: number;
  readonly body: Body;
}

/** The span in parts that begin at these numbers, as far as they are within it. One that cannot be read now stays whole. */
export function cutAt(span: StoredSpan, numbers: readonly number[]): readonly StoredSpan[] {
  const { first, count, ageMs, body } = span;
  const inside = [...new Set(numbers)].filter((number) => number > first && number < first + count);
  const batch = inside.length === 0 ? undefined : body.read();
  if (typeof batch !== 'object' || !('count' in batch)) return [span];
  const ends = [...inside.sort((one, other) => one - other), first + count].map((number) => number - first);
  let left = ends.length;
  const discard = () => {
    left -= 1;
    if (left === 0) body.discard();
  };
  return ends.map((to, i) => {
    const from = ends[i - 1] ?? 0;
    const read = () => {
      const found = body.read();
      return typeof found === 'object' && 'count' in found ? slice(found, from, to) : found;
    };
    return { first: first + from, count: to - from, tally: Tally.of(batch, from, to), ageMs, body: { read, discard } };
  });
}
