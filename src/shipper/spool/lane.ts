/** One sink's way through the hold: where it is, what it has out, what is held for it. */
import type { BatchLimits, RecordBatch } from '../parts.js';

/** What a lane handed out. At most one per lane is out at a time. */
export interface Taken {
  readonly batch: RecordBatch;
  /** So many more of its records need not be kept for this sink. Once that is all of them, the lane moves on. */
  settle(records: number, bytes: number): void;
}

/** One sink's view of the hold. */
export interface Lane {
  /** Waits for records and returns them in order of arrival; `undefined` when no more will come, or on abort. */
  take(limits: BatchLimits, signal: AbortSignal): Promise<Taken | undefined>;
  readonly heldRecords: number;
  readonly heldBytes: number;
  /** When the oldest held record was appended, on the hold's clock; `undefined` when there is none. */
  readonly oldestMs: number | undefined;
}

/** A place in a held batch: number of a record, and the message bytes of its batch that are before it. */
export interface Place {
  readonly position: number;
  readonly bytesBefore: number;
}

/** A held batch as a lane sees it. */
export interface Span {
  /** Number of its first record. */
  readonly first: number;
  readonly count: number;
  readonly messageBytes: number;
}

/** What a lane asks of the hold. */
export interface LaneHold {
  /** Waits for a record from `position` on. Whether there is one. */
  reach(position: number, signal: AbortSignal): Promise<boolean>;
  /** Records from where the lane is, as many as the limits allow, and where the next take starts. */
  read(lane: HoldLane, limits: BatchLimits): { readonly batch: RecordBatch; readonly next: Place } | undefined;
  /** The lane has moved: what no lane needs can go. */
  moved(): void;
  appendedMs(position: number): number | undefined;
}

export class HoldLane implements Lane {
  readonly #hold: LaneHold;
  /** Records from `position` up to `outEnd` are out. Equal when nothing is. */
  position = 0;
  outEnd = 0;
  /** Where the next take starts. Past `outEnd` by what was dropped while records were out. */
  next: Place = { position: 0, bytesBefore: 0 };
  heldRecords = 0;
  heldBytes = 0;

  constructor(hold: LaneHold) {
    this.#hold = hold;
  }

  get oldestMs(): number | undefined {
    return this.heldRecords === 0 ? undefined : this.#hold.appendedMs(this.position);
  }

  async take(limits: BatchLimits, signal: AbortSignal): Promise<Taken | undefined> {
    for (;;) {
      if (!(await this.#hold.reach(this.next.position, signal))) return undefined;
      const read = this.#hold.read(this, limits);
      if (read === undefined) continue;
      const { batch, next } = read;
      this.next = next;
      this.outEnd = next.position;
      let left = batch.count;
      const settle = (records: number, bytes: number) => {
        this.heldRecords -= records;
        this.heldBytes -= bytes;
        left -= records;
        if (left === 0) this.#move();
      };
      return { batch, settle };
    }
  }

  /** Whether the lane still has to read some of the batch. */
  wants({ first, count }: Span): boolean {
    return first + count > this.next.position;
  }

  /** Whether the lane does not need the batch: has not to read any of it, and has none of it out. */
  isDone(span: Span): boolean {
    const isOut = span.first < this.outEnd && span.first + span.count > this.position;
    return !this.wants(span) && !isOut;
  }

  add(records: number, bytes: number): void {
    this.heldRecords += records;
    this.heldBytes += bytes;
  }

  /** What the lane has still to read of a batch. */
  unread({ first, count, messageBytes }: Span): { readonly records: number; readonly bytes: number } {
    const from = Math.max(this.next.position, first);
    return { records: first + count - from, bytes: messageBytes - (from > first ? this.next.bytesBefore : 0) };
  }

  /** Goes past the rest of the first batch that it wants. The caller counts it. */
  skip(span: Span): { readonly records: number; readonly bytes: number } {
    const unread = this.unread(span);
    this.heldRecords -= unread.records;
    this.heldBytes -= unread.bytes;
    this.start({ position: span.first + span.count, bytesBefore: 0 }, this.position < this.outEnd);
    return unread;
  }

  /** Continues at a place; what is out stays out. */
  start(next: Place, isOut = false): void {
    this.next = next;
    if (!isOut) this.position = this.outEnd = next.position;
  }

  #move(): void {
    this.start(this.next);
    this.#hold.moved();
  }
}
