/** Where a batch ends in a ring, until its acknowledgement lets the ring forget it. */
import type { Lost } from '../../frames/decoder.js';
import type { Progress } from '../../frames/stream-options.js';

export interface Mark {
  readonly progress: Progress | undefined;
  readonly lost: Lost;
  /** Lines and bytes of the batch that come from this ring. */
  readonly records: Lost;
  /** Unacknowledged lines of previous readers that a notice in the batch reports. */
  readonly notice: Lost;
  readonly atMs: number;
  /** Its room was released before it was acknowledged. */
  isReleasedEarly: boolean;
  /** Nothing of the ring comes after it. */
  isLast: boolean;
  isAcknowledged: boolean;
}

/** The records of the present batch among which are those of one ring. */
export class RecordRange {
  #from: number;
  #to: number | undefined;

  /** @param from records of the batch when the ring was opened */
  constructor(from: number) {
    this.#from = from;
  }

  /** Its last record is among the first `count` of the present batch. */
  end(count: number): void {
    this.#to = count;
  }

  /** Of a batch of so many records. The next batch begins. */
  take(count: number): { readonly from: number; readonly to: number } {
    const range = { from: this.#from, to: this.#to ?? count };
    this.#from = 0;
    if (this.#to !== undefined) this.#to = 0;
    return range;
  }
}
