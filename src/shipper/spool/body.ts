/** Held records, wherever they are. */
import type { RecordBatch } from '../parts.js';
import type { Tally } from '../tally.js';

/**
 * What comes of reading: the records; `lost` when the disk does not give them back; `later` when it does not now; spans
 * when only now it can be told what is there.
 */
export type Read = RecordBatch | 'lost' | 'later' | readonly StoredSpan[];

/** Where the records of a held batch are. */
export interface Body {
  read(): Read;
  /** No lane needs them. */
  discard(): void;
}

/** What an earlier life left: records in a row. */
export interface StoredSpan {
  /** Number of its first record. */
  readonly first: number;
  readonly count: number;
  readonly tally: Tally;
  readonly ageMs: number;
  readonly body: Body;
}
