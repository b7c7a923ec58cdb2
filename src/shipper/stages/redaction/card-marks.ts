/**
 * Tells by a kernel in which messages a card number can be: most have none, and need no scanner then. The areas of its memory:
 *
 *     starts, lengths  of messages, u32: RECORDS of each
 *     marks            u8, what the kernel says: RECORDS
 *     bytes            messages, as they are in their batch
 */
import { KERNEL_AREAS, type Kernels, openKernels } from '../../../kernels/kernels.js';
import type { RecordBatch } from '../../parts.js';

const RECORDS = 1024;
const BYTES = 512 * 1024;
/** What the kernel reads behind a message. */
const MARGIN_BYTES = 128;
const STARTS_AT = KERNEL_AREAS;
const LENGTHS_AT = STARTS_AT + RECORDS * 4;
const MARKS_AT = LENGTHS_AT + RECORDS * 4;
const BYTES_AT = MARKS_AT + RECORDS;
const END = BYTES_AT + BYTES + MARGIN_BYTES;

export class CardMarks {
  readonly #kernels: Kernels;
  readonly #starts: Uint32Array;
  readonly #lengths: Uint32Array;
  readonly #marks: Uint8Array;

  /** `undefined` where there are no kernels. */
  static open(): CardMarks | undefined {
    const kernels = openKernels(END - KERNEL_AREAS);
    return kernels && new CardMarks(kernels);
  }

  private constructor(kernels: Kernels) {
    const { buffer } = kernels.memory;
    this.#kernels = kernels;
    this.#starts = new Uint32Array(buffer, STARTS_AT, RECORDS);
    this.#lengths = new Uint32Array(buffer, LENGTHS_AT, RECORDS);
    this.#marks = new Uint8Array(buffer, MARKS_AT, RECORDS);
  }

  /**
   * Calls `look` with the indexes of the records that may have a card number, in their order. A message that has no room in the
   * kernel's memory is one of them.
   */
  each(batch: RecordBatch, look: (i: number) => void): void {
    for (let i = 0; i < batch.count; ) {
      const to = this.#load(batch, i);
      if (to === i) look(i++);
      for (let n = 0; i < to; n++, i++) if (this.#marks[n] !== 0) look(i);
    }
  }

  /** Marks the records from `first` on, as far as there is room. Returns the index behind them. */
  #load({ bytes, count, start, length }: RecordBatch, first: number): number {
    const from = start[first]!;
    let end = from;
    let n = 0;
    for (; n < RECORDS && first + n < count; n++) {
      const begin = start[first + n]!;
      const stop = begin + length[first + n]!;
      if (begin < from || stop - from > BYTES) break;
      this.#starts[n] = begin - from;
      this.#lengths[n] = stop - begin;
      if (stop > end) end = stop;
    }
    if (n === 0) return first;
    const { memory, loops } = this.#kernels;
    memory.set(bytes.subarray(from, end), BYTES_AT);
    loops.markCards(STARTS_AT, LENGTHS_AT, n, BYTES_AT, MARKS_AT);
    return first + n;
  }
}
