/** Records that the endpoint has refused by themselves before it was seen to take others: they wait apart. Bounded by what waits. */
import type { RecordBatch } from '../../parts.js';

/** Where they wait, for the status of the sink. */
export const REFUSED = 'refused records';
const OTHERS = 'all others';

const idOf = ({ origin, origins, seq }: RecordBatch, i: number): string => `${origins[origin[i]!]!.id}-${seq[i]}`;

export class RefusedRecords {
  /** By id of the record: how many requests with records had been taken when it was first refused. */
  readonly #takenBefore = new Map<string, number>();
  #taken = 0;

  /** A request with records was taken. */
  countTaken(): void {
    this.#taken += 1;
  }

  /** Notes a refusal. True where others were taken since the first one of this record: then it is about this record. */
  refuse(batch: RecordBatch, i: number): boolean {
    const before = this.#takenBefore.get(idOf(batch, i));
    if (before === undefined) this.#takenBefore.set(idOf(batch, i), this.#taken);
    return before !== undefined && before < this.#taken;
  }

  /** The records are taken, or permanently rejected. */
  forget(batch: RecordBatch, from: number, to: number): void {
    if (this.#takenBefore.size === 0) return;
    for (let i = from; i < to; i++) this.#takenBefore.delete(idOf(batch, i));
  }

  destinationsOf(batch: RecordBatch): readonly string[] {
    return Array.from({ length: batch.count }, (_, i) => (this.#takenBefore.has(idOf(batch, i)) ? REFUSED : OTHERS));
  }
}
