/** One sink's way through the hold: where it is, what it has out, what is held for it. */
import type { BatchLimits, RecordBatch } from '../parts.js';
import { Tally } from '../tally.js';

/** What a lane handed out. Several may be out at a time. */
export interface Taken {
  readonly batch: RecordBatch;
  /** These of its records need not be kept for this sink any more. Once that is all of them, the lane moves on. */
  settle(settled: Tally): void;
}

/** One sink's view of the hold. */
export interface Lane {
  /** Waits for records and returns them in order of arrival; `undefined` when no more will come, or on abort. */
  take(limits: BatchLimits, signal: AbortSignal): Promise<Taken | undefined>;
  readonly held: Tally;
  /** When the oldest held record was appended, on the hold's clock; `undefined` when there is none. */
  readonly oldestMs: number | undefined;
}

/** A place in a held batch: number of a record, and what of its batch is before it. */
export interface Place {
  readonly position: number;
  readonly before: Tally;
}

/** A held batch as a lane sees it. */
export interface Span {
  /** Number of its first record. */
  readonly first: number;
  readonly count: number;
  readonly tally: Tally;
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
  /** What is out, in order; by numbers of records. */
  readonly #out: { readonly first: number; readonly end: number }[] = [];
  /** Where the next take starts. */
  next: Place = { position: 0, before: new Tally() };
  readonly held = new Tally();

  constructor(hold: LaneHold) {
    this.#hold = hold;
  }

  /** Everything before it is settled. */
  get position(): number {
    return this.#out[0]?.first ?? this.next.position;
  }

  get oldestMs(): number | undefined {
    return this.held.records === 0 ? undefined : this.#hold.appendedMs(this.position);
  }

  async take(limits: BatchLimits, signal: AbortSignal): Promise<Taken | undefined> {
    for (;;) {
      if (!(await this.#hold.reach(this.next.position, signal))) return undefined;
      const read = this.#hold.read(this, limits);
      if (read === undefined) continue;
      const { batch, next } = read;
      const out = { first: this.next.position, end: next.position };
      this.#out.push(out);
      this.next = next;
      let left = batch.count;
      const settle = (settled: Tally) => {
        this.held.subtract(settled);
        left -= settled.records;
        if (left > 0) return;
        this.#out.splice(this.#out.indexOf(out), 1);
        this.#hold.moved();
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
    const isOut = this.#out.some(({ first, end }) => span.first < end && span.first + span.count > first);
    return !this.wants(span) && !isOut;
  }

  /** What the lane has still to read of a batch. */
  unread({ first, tally }: Span): Tally {
    return this.next.position > first ? tally.minus(this.next.before) : tally;
  }

  /** Goes past the rest of the first batch that it wants. The caller counts it. */
  skip(span: Span): Tally {
    const unread = this.unread(span);
    this.held.subtract(unread);
    this.start({ position: span.first + span.count, before: new Tally() });
    return unread;
  }

  /** Continues at a place; what is out stays out. */
  start(next: Place): void {
    this.next = next;
  }
}
