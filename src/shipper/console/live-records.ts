/** The records that go to sinks, for a client that looks at them now. Costs nothing while there is none. */
import type { RecordBatch } from '../parts.js';

/** Must not keep the batch: its memory would outlive its acknowledgement. */
export type Watch = (batch: RecordBatch) => void;

export class LiveRecords {
  readonly #watches = new Set<Watch>();

  get clients(): number {
    return this.#watches.size;
  }

  /** A batch that sinks will get. */
  add(batch: RecordBatch): void {
    for (const watch of this.#watches) watch(batch);
  }

  /** Calls back with every batch from now on. Returns how to end that. */
  watch(watch: Watch): () => void {
    this.#watches.add(watch);
    return () => this.#watches.delete(watch);
  }
}
