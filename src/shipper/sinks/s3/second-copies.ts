/**
 * Records of which this shipper has sent a copy: a kill may leave one on disk and in its ring, and the next shipper reads both. They have
 * one id, and are in two objects or twice in one.
 */
import type { RecordBatch } from '../../parts.js';

/** Of those that were sent last. */
const ORIGINS_MAX = 16_384;

export class SecondCopies {
  /** By origin, the highest number that was sent: numbers rise, but for copies. */
  readonly #last = new Map<string, number>();

  /** Indexes of the records of a batch, which leaves now for the first time, that may be second copies. */
  take({ count, origin, origins, seq }: RecordBatch): readonly number[] {
    const found: number[] = [];
    for (let i = 0; i < count; i++) {
      const { id } = origins[origin[i]!]!;
      const last = this.#last.get(id);
      if (last !== undefined && seq[i]! <= last) {
        found.push(i);
        continue;
      }
      this.#last.delete(id);
      this.#last.set(id, seq[i]!);
      if (this.#last.size > ORIGINS_MAX) this.#last.delete(this.#last.keys().next().value!);
    }
    return found;
  }
}
