/**
 * Records of one stream, in the order of their first bytes. Threads that write to a stream at the same time are assembled
 * apart, so that a record may be complete before one that began earlier: it waits for that one.
 *
 * A record may have lines behind the first byte of one that is still open. A reader that begins anew must then begin at the
 * first byte of the former, or its later lines would come again without its first ones: `assembled` is that place.
 */
import type { Origin } from '../../parts.js';
import type { BatchBuilder } from '../../records/batch-builder.js';

/** A place in the stream, and where its bytes came from. */
export interface Place {
  readonly seq: number;
  readonly position: number;
}

/** Of a thread: what it holds that is no record yet. */
export interface Assembler {
  /** Where it begins; `undefined` when there is nothing. */
  readonly open: Place | undefined;
}

interface Waiting extends Place {
  readonly bytes: Buffer;
  readonly timeMs: number;
  readonly formed: number;
  readonly endSeq: number;
}

/** A record that left while another was open that began before its end. */
interface Left extends Place {
  readonly endSeq: number;
}

export class StreamOutput {
  readonly origin: Origin;
  readonly #builder: BatchBuilder;
  /** All of the stream; one where threads are not told apart. */
  readonly assemblers = new Map<number, Assembler>();
  readonly #waiting: Waiting[] = [];
  #left: Left[] = [];
  waitingBytes = 0;

  constructor(origin: Origin, builder: BatchBuilder) {
    this.origin = origin;
    this.#builder = builder;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  record(
    at: number,
    length: number,
    timeMs: number,
    seq: number,
    formed: number,
    position: number,
    endSeq: number,
  ): void {
    if (this.assemblers.size < 2 && this.#waiting.length === 0) {
      this.#builder.record(this.origin, at, length, timeMs, seq, formed);
      return;
    }
    const first = this.#firstOpen()?.seq ?? Number.POSITIVE_INFINITY;
    // The line that is taken counts as open.
    if (seq <= first && (this.#waiting.length === 0 || seq < this.#waiting[0]!.seq)) {
      this.#builder.record(this.origin, at, length, timeMs, seq, formed);
      this.#leaves(seq, position, endSeq);
    } else {
      const bytes = Buffer.from(this.#builder.slab.subarray(at, at + length));
      let index = this.#waiting.length;
      while (index > 0 && this.#waiting[index - 1]!.seq > seq) index--;
      this.#waiting.splice(index, 0, { bytes, timeMs, seq, formed, position, endSeq });
      this.waitingBytes += length;
    }
    this.release();
  }

  /** Records that waited for none but those that are complete now. */
  release(): void {
    if (this.#waiting.length === 0) return;
    const first = this.#firstOpen()?.seq ?? Number.POSITIVE_INFINITY;
    while (this.#waiting.length > 0 && this.#waiting[0]!.seq < first) {
      const { bytes, timeMs, seq, formed, position, endSeq } = this.#waiting.shift()!;
      this.waitingBytes -= bytes.length;
      const at = this.#builder.copy(bytes, 0, bytes.length);
      this.#builder.record(this.origin, at, bytes.length, timeMs, seq, formed);
      this.#leaves(seq, position, endSeq);
    }
  }

  #leaves(seq: number, position: number, endSeq: number): void {
    const first = this.#firstPlace();
    if (first === undefined) this.#left = [];
    else if (endSeq > first.seq) this.#left.push({ seq, position, endSeq });
  }

  /** Where a reader has to begin again; `undefined` when nothing is open. */
  get assembled(): Place | undefined {
    let place = this.#firstPlace();
    if (place === undefined) {
      if (this.#left.length > 0) this.#left = [];
      return undefined;
    }
    // From the last on, as one that left may overlap one that left before.
    for (const left of this.#left.toSorted((one, other) => other.endSeq - one.endSeq)) {
      if (left.endSeq > place.seq && left.seq < place.seq) place = left;
    }
    const { seq } = place;
    if (this.#left.length > 0) this.#left = this.#left.filter(({ endSeq }) => endSeq > seq);
    return place;
  }

  #firstOpen(): Place | undefined {
    let first: Place | undefined;
    for (const { open } of this.assemblers.values())
      if (open !== undefined && !(open.seq >= (first?.seq ?? Infinity))) first = open;
    return first;
  }

  /** Of all that is open or waits. */
  #firstPlace(): Place | undefined {
    const open = this.#firstOpen();
    const waits = this.#waiting[0];
    return waits !== undefined && waits.seq < (open?.seq ?? Infinity) ? waits : open;
  }
}
