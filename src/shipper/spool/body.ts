/** Held records, wherever they are. */
import type { RecordBatch } from '../parts.js';

/** Where the records of a held batch are. */
export interface Body {
  /** `undefined` when they cannot be read any more. */
  read(): RecordBatch | undefined;
  /** No lane needs them. */
  discard(): void;
}
