/** Makes record batches of records that come one by one. */
import type { Origin, RecordBatch } from '../parts.js';
import { BatchMemory, FULL_BYTES, FULL_RECORDS, LEAST_BYTES } from './batch-memory.js';
import { Columns, inMemory, originMemoryBytes } from './record-batch.js';

const FIRST_BYTES = 16 * 1024;
const FIRST_RECORDS = 256;

/** Holds bytes in a builder's slab that are no record yet. */
export interface Carried {
  /** Copies them: the slab leaves. */
  carry(): void;
}

/**
 * Collects records. First `copy` bytes, which may hold several messages, then name each message with `record`.
 * Memory grows with the records and is reused after `finish`. More than 65,536 origins do not fit: a caller that
 * fills it calls `finish` long before.
 */
export class BatchBuilder {
  #bytes: Buffer;
  #used = 0;
  #count = 0;
  #start = new Uint32Array(FIRST_RECORDS);
  #length = new Uint32Array(FIRST_RECORDS);
  #timeMs = new Float64Array(FIRST_RECORDS);
  #seq = new Float64Array(FIRST_RECORDS);
  #origin = new Uint16Array(FIRST_RECORDS);
  #formed = new Uint8Array(FIRST_RECORDS);
  /** What the bytes and columns are in, once there were many bytes. */
  #memory: BatchMemory | undefined;
  /** Whether some of them did not fit, and are elsewhere. */
  #isBeyond = false;
  #origins: Origin[] = [];
  #originBytes = 0;
  readonly #carried: Carried[] = [];
  #indexes = new Map<Origin, number>();
  #lastOrigin: Origin | undefined;
  #lastIndex = 0;

  constructor(capacityBytes = Math.min(FIRST_BYTES, LEAST_BYTES)) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(capacityBytes, 1));
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes copied so far. */
  get bytes(): number {
    return this.#used;
  }

  /** Whether it is worth handing on. */
  get isFull(): boolean {
    return this.#used + this.#originBytes >= FULL_BYTES || this.#count >= FULL_RECORDS;
  }

  /** The slab; positions are those that `copy` returned. Valid until the next `copy` or `finish`. */
  get slab(): Buffer {
    return this.#bytes;
  }

  /** Copies bytes into the slab and returns their position. */
  copy(source: Uint8Array, start: number, end: number): number {
    const at = this.#used;
    const needed = at + (end - start);
    if (needed > this.#bytes.length) this.#growBytes(needed);
    if (start === 0 && end === source.length) this.#bytes.set(source, at);
    else this.#bytes.set(source.subarray(start, end), at);
    this.#used = needed;
    return at;
  }

  /** Before the next `finish`, bytes that this holds in the slab without a record are taken out of it. */
  carry(carried: Carried): void {
    this.#carried.push(carried);
  }

  record(origin: Origin, start: number, length: number, timeMs: number, seq: number, formed = 0): void {
    const i = this.#count;
    if (i === this.#start.length) this.#growColumns();
    this.#start[i] = start;
    this.#length[i] = length;
    this.#timeMs[i] = timeMs;
    this.#seq[i] = seq;
    this.#formed[i] = formed;
    this.#origin[i] = origin === this.#lastOrigin ? this.#lastIndex : this.#indexOf(origin);
    this.#count = i + 1;
  }

  /** The batch collected so far, whose memory the caller holds; the builder is then empty. */
  finish(): RecordBatch {
    for (const carried of this.#carried.splice(0)) carried.carry();
    const isFilled = this.#used >= LEAST_BYTES && !this.#isBeyond;
    const batch = this.#memory !== undefined && isFilled ? this.#handOver(this.#memory) : this.#copy();
    this.#used = 0;
    this.#count = 0;
    this.#origins = [];
    this.#originBytes = 0;
    this.#indexes = new Map();
    this.#lastOrigin = undefined;
    return batch;
  }

  /** The memory itself. */
  #handOver(memory: BatchMemory): RecordBatch {
    const batch = inMemory(memory, this.#used, this.#count, this.#origins);
    this.#use(BatchMemory.ofSource()!);
    return batch;
  }

  /** A copy of the exact size: a batch that is buffered for long should not keep unused capacity. */
  #copy(): RecordBatch {
    const count = this.#count;
    const batch = new Columns(
      // No Buffer: its slice() shares.
      new Uint8Array(this.#bytes.subarray(0, this.#used)),
      count,
      this.#start.slice(0, count),
      this.#length.slice(0, count),
      this.#timeMs.slice(0, count),
      this.#seq.slice(0, count),
      this.#origin.slice(0, count),
      this.#formed.slice(0, count),
      this.#origins,
      undefined,
    );
    if (this.#memory !== undefined && this.#isBeyond) this.#use(this.#memory);
    return batch;
  }

  #use(memory: BatchMemory): void {
    this.#memory = memory;
    this.#isBeyond = false;
    this.#bytes = memory.messages;
    this.#start = memory.start;
    this.#length = memory.length;
    this.#timeMs = memory.timeMs;
    this.#seq = memory.seq;
    this.#origin = memory.origin;
    this.#formed = memory.formed;
  }

  #indexOf(origin: Origin): number {
    let index = this.#indexes.get(origin);
    if (index === undefined) {
      index = this.#origins.push(origin) - 1;
      this.#originBytes += originMemoryBytes(origin);
      this.#indexes.set(origin, index);
    }
    this.#lastOrigin = origin;
    this.#lastIndex = index;
    return index;
  }

  #growBytes(needed: number): void {
    const bytes = this.#bytes.subarray(0, this.#used);
    const size = Math.max(needed, this.#bytes.length * 2);
    const memory = this.#memory === undefined ? BatchMemory.ofSource(this.#count, size) : undefined;
    if (memory !== undefined) this.#moveColumns(memory);
    else {
      this.#isBeyond = true;
      this.#bytes = Buffer.allocUnsafeSlow(size);
    }
    this.#bytes.set(bytes);
  }

  #moveColumns(memory: BatchMemory): void {
    const count = this.#count;
    memory.start.set(this.#start.subarray(0, count));
    memory.length.set(this.#length.subarray(0, count));
    memory.timeMs.set(this.#timeMs.subarray(0, count));
    memory.seq.set(this.#seq.subarray(0, count));
    memory.origin.set(this.#origin.subarray(0, count));
    memory.formed.set(this.#formed.subarray(0, count));
    this.#use(memory);
  }

  #growColumns(): void {
    this.#isBeyond = true;
    const size = this.#start.length * 2;
    const grow = <T extends Uint32Array | Float64Array | Uint16Array | Uint8Array>(grown: T, column: T): T => {
      grown.set(column);
      return grown;
    };
    this.#start = grow(new Uint32Array(size), this.#start);
    this.#length = grow(new Uint32Array(size), this.#length);
    this.#timeMs = grow(new Float64Array(size), this.#timeMs);
    this.#seq = grow(new Float64Array(size), this.#seq);
    this.#origin = grow(new Uint16Array(size), this.#origin);
    this.#formed = grow(new Uint8Array(size), this.#formed);
  }
}
