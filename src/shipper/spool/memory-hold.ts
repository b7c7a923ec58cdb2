/**
 * Holds batches in memory until every sink has settled every record. Each sink reads through a lane of its own, so a
 * stuck sink delays no other. When the bound is reached `room` makes the reader wait: nothing is dropped here.
 */
import type { BatchLimits, RecordBatch, SourceBatch } from '../parts.js';
import { concat, memoryBytes, messageBytes, slice } from '../record-batch.js';

interface Held {
  readonly batch: SourceBatch;
  /** Number of the first record, counted from the first ever appended. */
  readonly first: number;
  readonly memoryBytes: number;
  readonly messageBytes: number;
  readonly appendedMs: number;
}

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

export class MemoryHold {
  readonly #maxBytes: number;
  readonly #now: () => number;
  readonly #lanes = new Map<string, MemoryLane>();
  #held: Held[] = [];
  #heldMemory = 0;
  #records = 0;
  #bytes = 0;
  #isClosed = false;
  readonly #appended = new Waiters();
  readonly #released = new Waiters();

  constructor(options: { maxBytes: number; sinks: readonly string[]; now: () => number }) {
    this.#maxBytes = options.maxBytes;
    this.#now = options.now;
    for (const name of options.sinks) this.#lanes.set(name, new MemoryLane(this));
  }

  /** Part of the bound that is in use; may exceed 1 by one batch. */
  get fullness(): number {
    return this.#heldMemory / this.#maxBytes;
  }

  lane(sink: string): Lane {
    const lane = this.#lanes.get(sink);
    if (lane === undefined) throw new Error(`no lane '${sink}'`);
    return lane;
  }

  /** Takes a batch over, whether or not there is room; ask `room` before reading the next. */
  append(batch: SourceBatch): void {
    if (batch.count === 0) {
      batch.release();
      return;
    }
    const held = {
      batch,
      first: this.#records,
      memoryBytes: memoryBytes(batch),
      messageBytes: messageBytes(batch),
      appendedMs: this.#now(),
    };
    this.#held.push(held);
    this.#heldMemory += held.memoryBytes;
    this.#records += batch.count;
    this.#bytes += held.messageBytes;
    this.#appended.wake();
  }

  /** Waits until what is held is below the bound, or until the signal aborts. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#heldMemory >= this.#maxBytes && !signal.aborted) await this.#released.wait(signal);
  }

  /** No more will be appended: lanes end once they are empty. */
  close(): void {
    this.#isClosed = true;
    this.#appended.wake();
  }

  /** For lanes: totals of all that was ever appended. */
  get appended(): { readonly records: number; readonly bytes: number } {
    return { records: this.#records, bytes: this.#bytes };
  }

  /** For lanes: when the batch that holds record number `position` came. */
  appendedMs(position: number): number | undefined {
    return this.#held[this.#indexOf(position)]?.appendedMs;
  }

  /** For lanes: waits for the record at `position`. Whether it is there. */
  async reach(position: number, signal: AbortSignal): Promise<boolean> {
    while (position >= this.#records && !this.#isClosed && !signal.aborted) await this.#appended.wait(signal);
    return position < this.#records && !signal.aborted;
  }

  /** For lanes: records from `position` on, as many as the limits allow and at least one. */
  read(position: number, limits: BatchLimits): RecordBatch {
    const parts: RecordBatch[] = [];
    let records = 0;
    let bytes = 0;
    let origins = 0;
    for (let i = this.#indexOf(position); i < this.#held.length; i++) {
      const { batch, first } = this.#held[i]!;
      const from = Math.max(0, position - first);
      origins += batch.origins.length;
      if (records > 0 && origins > 0xffff) break;
      let to = from;
      while (to < batch.count && (records === 0 || records < limits.maxRecords)) {
        const size = batch.length[to]! + limits.recordOverheadBytes;
        if (records > 0 && bytes + size > limits.maxBytes) break;
        bytes += size;
        records += 1;
        to += 1;
      }
      if (to > from) parts.push(slice(batch, from, to));
      if (to < batch.count) break;
    }
    return concat(parts);
  }

  /** For lanes: forgets what all lanes have settled. */
  release(): void {
    const settled = Math.min(...[...this.#lanes.values()].map((lane) => lane.position));
    let count = 0;
    while (count < this.#held.length && this.#held[count]!.first + this.#held[count]!.batch.count <= settled) {
      this.#heldMemory -= this.#held[count]!.memoryBytes;
      this.#held[count]!.batch.release();
      count += 1;
    }
    if (count === 0) return;
    this.#held = this.#held.slice(count);
    this.#released.wake();
  }

  #indexOf(position: number): number {
    // Lanes read near the front; only a lane that is ahead of a stuck one searches further.
    let low = 0;
    let high = this.#held.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { first, batch } = this.#held[middle]!;
      if (first + batch.count <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

class MemoryLane implements Lane {
  readonly #hold: MemoryHold;
  /** Number of the first record that is not settled, those settled within what is out left aside. */
  position = 0;
  #bytes = 0;
  #settledRecords = 0;
  #settledBytes = 0;

  constructor(hold: MemoryHold) {
    this.#hold = hold;
  }

  get heldRecords(): number {
    return this.#hold.appended.records - this.position - this.#settledRecords;
  }

  get heldBytes(): number {
    return this.#hold.appended.bytes - this.#bytes - this.#settledBytes;
  }

  get oldestMs(): number | undefined {
    return this.#hold.appendedMs(this.position);
  }

  async take(limits: BatchLimits, signal: AbortSignal): Promise<Taken | undefined> {
    if (!(await this.#hold.reach(this.position, signal))) return undefined;
    const batch = this.#hold.read(this.position, limits);
    return { batch, settle: (records, bytes) => this.#settle(batch.count, records, bytes) };
  }

  #settle(count: number, records: number, bytes: number): void {
    this.#settledRecords += records;
    this.#settledBytes += bytes;
    if (this.#settledRecords < count) return;
    this.position += this.#settledRecords;
    this.#bytes += this.#settledBytes;
    this.#settledRecords = 0;
    this.#settledBytes = 0;
    this.#hold.release();
  }
}

/** Callers that wait for something to change. */
class Waiters {
  #waiting: (() => void)[] = [];

  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.#waiting.push(done);
    });
  }

  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }
}
