/** Records that a service may have stored although it did not say so. Bounded by the records in flight. */
import type { RecordBatch } from '../../parts.js';

export class LostAnswers {
  /** Numbers of records, by origin. */
  readonly #records = new Map<string, Set<number>>();

  /** The answer to a request with the records `from` up to, not including, `to` did not come, or says nothing. */
  add(batch: RecordBatch, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const { id } = batch.origins[batch.origin[i]!]!;
      const known = this.#records.get(id);
      if (known === undefined) this.#records.set(id, new Set([batch.seq[i]!]));
      else known.add(batch.seq[i]!);
    }
  }

  get isEmpty(): boolean {
    return this.#records.size === 0;
  }

  has(batch: RecordBatch, i: number): boolean {
    return this.#records.get(batch.origins[batch.origin[i]!]!.id)?.has(batch.seq[i]!) === true;
  }

  /** The record is acknowledged. */
  delete(batch: RecordBatch, i: number): void {
    if (this.isEmpty) return;
    const { id } = batch.origins[batch.origin[i]!]!;
    const known = this.#records.get(id);
    if (known?.delete(batch.seq[i]!) && known.size === 0) this.#records.delete(id);
  }
}
