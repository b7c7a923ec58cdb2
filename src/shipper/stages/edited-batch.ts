/** A batch in the making of which some messages are changed. */
import type { RecordBatch } from '../parts.js';
import { compact, withColumns } from '../records/record-batch.js';

/** A batch with some of its messages changed: call `begin`, `add` and `end` for each of those. */
export class EditedBatch {
  readonly #batch: RecordBatch;
  readonly #start: Uint32Array;
  readonly #length: Uint32Array;
  #bytes: Uint8Array;
  #used: number;

  constructor(batch: RecordBatch) {
    this.#batch = batch;
    this.#start = batch.start.slice();
    this.#length = batch.length.slice();
    this.#used = 0;
    this.#bytes = new Uint8Array(1024);
  }

  begin(i: number): void {
    this.#start[i] = this.#batch.bytes.length + this.#used;
  }

  add(part: Uint8Array): void {
    const needed = this.#used + part.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    this.#bytes.set(part, this.#used);
    this.#used = needed;
  }

  end(i: number): void {
    this.#length[i] = this.#batch.bytes.length + this.#used - this.#start[i]!;
  }

  /** Without the bytes that were replaced: a slab that is kept should not hold the secrets. */
  finish(): RecordBatch {
    const { bytes } = this.#batch;
    const all = new Uint8Array(bytes.length + this.#used);
    all.set(bytes);
    all.set(this.#bytes.subarray(0, this.#used), bytes.length);
    return compact(withColumns(this.#batch, { bytes: all, start: this.#start, length: this.#length }));
  }
}
