/** One sink's way through the buffer: its position, the records in flight, the records still to take. */

import { Tally } from '../accounting/tally.js';
import type { BatchLimits, RecordBatch } from '../parts.js';
import { concat } from '../records/record-batch.js';
import type { Span, StoredSpan } from './body.js';
import type { Range } from './checkpoint.js';
import { Ranges } from './ranges.js';

/** Records that a cursor handed out. Several batches may be in flight. */
export interface Taken {
  /** In order, one at least. */
  readonly batches: readonly RecordBatch[];
  /** All of them as one: a copy where they are several. */
  readonly batch: RecordBatch;
  /**
   * These of its records need not be kept for this sink any more. Once that is all of them, everything in `keep` is called,
   * and the cursor moves on.
   */
  acknowledge(acknowledged: Tally, keep?: readonly (() => void)[]): void;
}

/** One sink's view of the buffer. */
export interface Cursor {
  /**
   * Waits for records and returns them in order of arrival; `undefined` when no more will come, or on abort. `share` is the part
   * of the limits that it waits for, unless no more will come: 0 is a record.
   */
  take(limits: BatchLimits, signal: AbortSignal, share?: number): Promise<Taken | undefined>;
  /** Without a wait: `undefined` also when the disk has lost all that was left, or cannot be read now. */
  takeNow(limits: BatchLimits): Taken | undefined;
  readonly held: Tally;
  /** When the oldest held record was appended, on the buffer's clock; `undefined` when there is none. */
  readonly oldestMs: number | undefined;
  /** Whether records should not wait for company: the buffer is half full, or the disk refuses some. */
  readonly isPressed: boolean;
  /** Whether it waits for a file that cannot be read now. */
  readonly isUnreadable: boolean;
}

/** A place in a buffered batch: the number of a record, and the records of its batch before it. */
export interface Place {
  readonly position: number;
  readonly before: Tally;
}

/** Records, and where the next take starts; `later` when the disk does not give them now. */
export type CursorRead = { readonly batches: readonly RecordBatch[]; readonly next: Place } | 'nothing' | 'later';

/** The buffer, as a cursor needs it. */
export interface CursorBuffer {
  /** Waits for a record from `position` on, and until there are enough or no more will come. Whether there is one. */
  reach(position: number, signal: AbortSignal, isEnough: () => boolean): Promise<boolean>;
  /** Records from where the cursor is, as many as the limits allow. */
  read(cursor: BufferCursor, limits: BatchLimits): CursorRead;
  /** Waits before a read that the disk did not answer is tried again; ends early when the signal aborts. */
  pause(attempt: number, signal: AbortSignal): Promise<void>;
  /** The cursor has moved: batches that no cursor needs can be discarded. */
  moved(): void;
  appendedMs(position: number): number | undefined;
  readonly isPressed: boolean;
}

export class BufferCursor implements Cursor {
  readonly #buffer: CursorBuffer;
  /** Records in flight, in order, by their numbers. */
  readonly #out: { readonly first: number; readonly end: number }[] = [];
  /** Dropped and counted while something before it was out. Ends where batches end. */
  readonly #skipped = new Ranges();
  /** Of them, those that are not acknowledged. */
  #outRecords = 0;
  /** Where the next take starts. */
  next: Place = { position: 0, before: new Tally() };
  readonly held = new Tally();
  isUnreadable = false;

  constructor(buffer: CursorBuffer) {
    this.#buffer = buffer;
  }

  /** Everything before it is acknowledged. */
  get position(): number {
    return this.#out[0]?.first ?? this.next.position;
  }

  /** Records not handed out yet. The disk may turn out not to have them. */
  get #untaken(): number {
    return this.held.records - this.#outRecords;
  }

  get oldestMs(): number | undefined {
    return this.held.records === 0 ? undefined : this.#buffer.appendedMs(this.position);
  }

  get isPressed(): boolean {
    return this.#buffer.isPressed;
  }

  async take(limits: BatchLimits, signal: AbortSignal, share = 0): Promise<Taken | undefined> {
    for (let attempt = 0; ; ) {
      const isEnough = () => this.#hasShare(limits, share);
      if (!(await this.#buffer.reach(this.next.position, signal, isEnough))) return undefined;
      const taken = this.#read(limits);
      if (taken !== undefined) return taken;
      if (this.isUnreadable) await this.#buffer.pause(attempt++, signal);
    }
  }

  takeNow(limits: BatchLimits): Taken | undefined {
    return this.#untaken === 0 ? undefined : this.#read(limits);
  }

  #read(limits: BatchLimits): Taken | undefined {
    const read = this.#buffer.read(this, limits);
    this.isUnreadable = read === 'later';
    return typeof read === 'string' ? undefined : this.#handOut(read);
  }

  #handOut({ batches, next }: Exclude<CursorRead, string>): Taken {
    const out = { first: this.next.position, end: next.position };
    this.#out.push(out);
    this.next = next;
    let left = batches.reduce((sum, { count }) => sum + count, 0);
    this.#outRecords += left;
    const kept: (() => void)[] = [];
    const acknowledge = (acknowledged: Tally, keep: readonly (() => void)[] = []) => {
      this.held.subtract(acknowledged);
      left -= acknowledged.records;
      this.#outRecords -= acknowledged.records;
      kept.push(...keep);
      if (left > 0) return;
      for (const each of kept) each();
      this.#out.splice(this.#out.indexOf(out), 1);
      this.#buffer.moved();
    };
    return {
      batches,
      get batch() {
        return concat(batches);
      },
      acknowledge,
    };
  }

  /** Whether the records to take are such a part of the limits. Their bytes are those of the mean of the held ones. */
  #hasShare({ maxRecords, maxBytes, recordOverheadBytes }: BatchLimits, share: number): boolean {
    const { records, bytes } = this.held;
    const untaken = this.#untaken;
    const untakenBytes = untaken * (recordOverheadBytes + bytes / Math.max(1, records));
    return untaken >= share * maxRecords || untakenBytes >= share * maxBytes;
  }

  /** Whether the cursor still has to read some of the batch. */
  wants({ first, count }: Span): boolean {
    return first + count > this.next.position && !this.#skipped.has(first, first + count);
  }

  /** Records dropped beyond the position. */
  get skipped(): readonly Range[] {
    return this.#skipped.beyond(this.position);
  }

  /** Whether the cursor does not need the batch: has not to read any of it, and has none of it out. */
  isAcknowledged(span: Span): boolean {
    const isOut = this.#out.some(({ first, end }) => span.first < end && span.first + span.count > first);
    return !this.wants(span) && !isOut;
  }

  /** The records of a batch that the cursor still has to read. */
  unread({ first, tally }: Span): Tally {
    return this.next.position > first ? tally.minus(this.next.before) : tally;
  }

  /** Reads on in a batch of a previous run, which may be in the middle of it. */
  enter(span: StoredSpan): void {
    const { position } = this.next;
    if (position <= span.first) return;
    const batch = span.body.read();
    const count = position - span.first;
    // Delivered and undelivered records cannot be told apart now: the whole batch is resent.
    if (batch === 'later') this.start({ position: span.first, before: new Tally() });
    else if (batch === 'lost' || !('count' in batch)) this.start({ position, before: Tally.unknown(count) });
    else this.start({ position, before: Tally.of(batch, 0, count) });
  }

  /** The records that it read of its present batch turn out to be others. */
  forgetBefore(): void {
    this.start({ ...this.next, before: new Tally() });
  }

  /** Goes past the rest of the first batch that it wants. The caller counts it. */
  skip(span: Span): Tally {
    const unread = this.unread(span);
    this.held.subtract(unread);
    this.#skipped.beyond(this.position);
    const from = Math.max(span.first, this.next.position);
    if (this.#out.length > 0) this.#skipped.add([from, span.first + span.count]);
    this.start({ position: span.first + span.count, before: new Tally() });
    return unread;
  }

  /** Continues at a place. Records in flight stay in flight. */
  start(next: Place, skipped: readonly Range[] = []): void {
    this.next = next;
    this.#skipped.add(...skipped);
  }
}
