/** Buffered records, wherever they are. */

import { Tally } from '../accounting/tally.js';
import type { Claim, RecordBatch } from '../parts.js';
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

/** Records in a row. */
export interface Span {
  /** Number of the first. */
  readonly first: number;
  readonly count: number;
  readonly tally: Tally;
}

/** Those that a previous run left. */
export interface StoredSpan extends Span {
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

/** A batch of the buffer. */
export interface BufferedBatch extends Span {
  memoryBytes: number;
  readonly appendedMs: number;
  body: Body;
  /** Of its records, where these are on disk: they need not be read to be dropped. */
  places?: readonly Claim[] | undefined;
  /** Whether some of it was dropped for a sink, and counted. */
  isDropped: boolean;
}

/** Memory of a buffered batch whose records are on disk. */
const INDEX_BYTES = 384;
/** Memory of the places of one origin in one minute. */
const PLACES_BYTES = 256;

/** Of a batch whose records are on disk. */
export const indexBytes = (places: readonly Claim[] = []): number => INDEX_BYTES + PLACES_BYTES * places.length;

/** A batch that a previous run left on disk. */
export function stillStored({ ageMs, ...span }: StoredSpan, nowMs: number): BufferedBatch {
  return { ...span, memoryBytes: indexBytes(), appendedMs: nowMs - ageMs, isDropped: false };
}

/** Of the first batch that ends beyond a position. */
export function indexOf(batches: readonly BufferedBatch[], position: number): number {
  // Cursors read near the front; only a cursor that is ahead of a stuck one searches further.
  let low = 0;
  let high = batches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { first, count } = batches[middle]!;
    if (first + count <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
