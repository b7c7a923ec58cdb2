/** Batches that are on disk and, for a while, in memory too, for the cursors to read. */
import type { RecordBatch } from '../../parts.js';
import { memoryBytes } from '../../records/record-batch.js';

export class BatchCache {
  readonly #maxBytes: number;
  readonly #cached = new Map<object, RecordBatch>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: object): RecordBatch | undefined {
    return this.#cached.get(key);
  }

  /** May push out others, oldest first, or the batch itself. */
  set(key: object, batch: RecordBatch): void {
    this.#cached.set(key, batch);
    this.#bytes += memoryBytes(batch);
    for (const oldest of this.#cached.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.delete(oldest);
    }
  }

  delete(key: object): void {
    const batch = this.#cached.get(key);
    if (batch === undefined) return;
    this.#cached.delete(key);
    this.#bytes -= memoryBytes(batch);
  }
}
