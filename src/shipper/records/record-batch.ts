/** Makes and cuts record batches: columns in, columns out; one record as an object only where it is asked for. */
import type { Memory, Origin, RecordBatch, SourceBatch } from '../parts.js';
import { BatchMemory, FULL_BYTES, FULL_RECORDS, LEAST_BYTES } from './batch-memory.js';

type Acknowledge = SourceBatch['acknowledge'];

/** Every batch has this shape, wherever it comes from: V8 throws away what it compiled for objects of another one. */
class Columns implements RecordBatch {
  constructor(
    readonly bytes: Uint8Array,
    readonly count: number,
    readonly start: Uint32Array,
    readonly length: Uint32Array,
    readonly timeMs: Float64Array,
    readonly seq: Float64Array,
    readonly origin: Uint16Array,
    readonly formed: Uint8Array,
    readonly origins: readonly Origin[],
    readonly memory: Memory | undefined,
    /** Of a batch that leaves a source. */
    readonly acknowledge?: Acknowledge,
  ) {}
}

/** A batch in the shape of all. */
export const batchOf = (batch: RecordBatch): RecordBatch => withColumns(batch, {});

/** The batch with some of its columns changed. */
export function withColumns(batch: RecordBatch, columns: Partial<RecordBatch>): RecordBatch {
  return new Columns(
    columns.bytes ?? batch.bytes,
    columns.count ?? batch.count,
    columns.start ?? batch.start,
    columns.length ?? batch.length,
    columns.timeMs ?? batch.timeMs,
    columns.seq ?? batch.seq,
    columns.origin ?? batch.origin,
    columns.formed ?? batch.formed,
    columns.origins ?? batch.origins,
    batch.memory,
  );
}

/** The batch as it leaves a source. */
export function sourceBatch(batch: RecordBatch, acknowledge: Acknowledge): SourceBatch {
  const { bytes, count, start, length, timeMs, seq, origin, formed, origins, memory } = batch;
  const columns = [bytes, count, start, length, timeMs, seq, origin, formed, origins, memory] as const;
  return new Columns(...columns, acknowledge) as SourceBatch;
}

/** One record as an object, for sinks and stages that want one. */
export interface RecordView {
  readonly message: Uint8Array;
  readonly timeMs: number;
  readonly seq: number;
  readonly origin: Origin;
}

export function recordAt(batch: RecordBatch, index: number): RecordView {
  const start = batch.start[index]!;
  return {
    message: batch.bytes.subarray(start, start + batch.length[index]!),
    timeMs: batch.timeMs[index]!,
    seq: batch.seq[index]!,
    origin: batch.origins[batch.origin[index]!]!,
  };
}

/** Records `from` up to, not including, `to`. Shares all memory with the batch. */
export function slice(batch: RecordBatch, from: number, to: number): RecordBatch {
  if (from === 0 && to === batch.count) return batch;
  return new Columns(
    batch.bytes,
    to - from,
    batch.start.subarray(from, to),
    batch.length.subarray(from, to),
    batch.timeMs.subarray(from, to),
    batch.seq.subarray(from, to),
    batch.origin.subarray(from, to),
    batch.formed.subarray(from, to),
    batch.origins,
    batch.memory,
  );
}

/** A batch of so many records, whose columns are still to be written. `memory` is that of the bytes. */
function room(bytes: Uint8Array, count: number, origins: readonly Origin[], memory: Memory | undefined): RecordBatch {
  return new Columns(
    bytes,
    count,
    new Uint32Array(count),
    new Uint32Array(count),
    new Float64Array(count),
    new Float64Array(count),
    new Uint16Array(count),
    new Uint8Array(count),
    origins,
    memory,
  );
}

/** The same in memory that is used again, which the caller holds; else as `room`. */
function roomFor(size: number, count: number, origins: readonly Origin[]): RecordBatch {
  const memory = BatchMemory.ofRequest(count, size);
  return memory === undefined
    ? room(new Uint8Array(size), count, origins, undefined)
    : inMemory(memory, size, count, origins);
}

function inMemory(memory: BatchMemory, size: number, count: number, origins: readonly Origin[]): Columns {
  return new Columns(
    memory.first(size),
    count,
    memory.start.subarray(0, count),
    memory.length.subarray(0, count),
    memory.timeMs.subarray(0, count),
    memory.seq.subarray(0, count),
    memory.origin.subarray(0, count),
    memory.formed.subarray(0, count),
    origins,
    memory,
  );
}

/**
 * The records at these indexes, in this order. Shares the message bytes. In loops, as in `concat`: V8 forgets what it compiled for a
 * function of one call with the next collection, so a callback of each record would be compiled again and again.
 */
export function select(batch: RecordBatch, indexes: readonly number[]): RecordBatch {
  const count = indexes.length;
  const selected = room(batch.bytes, count, batch.origins, batch.memory);
  const { start, length, timeMs, seq, origin, formed } = selected;
  for (let to = 0; to < count; to++) {
    const from = indexes[to]!;
    start[to] = batch.start[from]!;
    length[to] = batch.length[from]!;
    timeMs[to] = batch.timeMs[from]!;
    seq[to] = batch.seq[from]!;
    origin[to] = batch.origin[from]!;
    formed[to] = batch.formed[from]!;
  }
  return selected;
}

/** The same records in memory that holds nothing else. */
export function compact(batch: RecordBatch): RecordBatch {
  const { count } = batch;
  let size = 0;
  for (let i = 0; i < count; i++) size += batch.length[i]!;
  const compacted = room(new Uint8Array(size), count, batch.origins, undefined);
  const { bytes, start, length, timeMs, seq, origin, formed } = compacted;
  length.set(batch.length);
  timeMs.set(batch.timeMs);
  seq.set(batch.seq);
  origin.set(batch.origin);
  formed.set(batch.formed);
  let used = 0;
  for (let i = 0; i < count; i++) {
    const from = batch.start[i]!;
    start[i] = used;
    bytes.set(batch.bytes.subarray(from, from + length[i]!), used);
    used += length[i]!;
  }
  return compacted;
}

/**
 * All records of several batches, in order, copied: one copy a batch, from its first message byte to its last. The caller holds the memory
 * of the result, unless that is the only one of the batches.
 */
export function concat(batches: readonly RecordBatch[]): RecordBatch {
  if (batches.length === 1) return batches[0]!;
  const ranges = batches.map(messageRange);
  let [count, size] = [0, 0];
  for (const batch of batches) count += batch.count;
  for (const [from, to] of ranges) size += to - from;
  const origins: Origin[] = [];
  const joined = roomFor(size, count, origins);
  const { bytes, start, length, timeMs, seq, origin, formed } = joined;
  const known = new Map<Origin, number>();
  let [record, used] = [0, 0];
  for (let b = 0; b < batches.length; b++) {
    const batch = batches[b]!;
    const [from, to] = ranges[b]!;
    bytes.set(batch.bytes.subarray(from, to), used);
    length.set(batch.length, record);
    timeMs.set(batch.timeMs, record);
    seq.set(batch.seq, record);
    formed.set(batch.formed, record);
    const moved = used - from;
    for (let i = 0; i < batch.count; i++) start[record + i] = batch.start[i]! + moved;
    const index = indexesIn(origins, known, batch.origins);
    for (let i = 0; i < batch.count; i++) origin[record + i] = index[batch.origin[i]!]!;
    record += batch.count;
    used += to - from;
  }
  return joined;
}

/** Where these origins are among `origins`, to which those that are missing are added. */
function indexesIn(origins: Origin[], known: Map<Origin, number>, wanted: readonly Origin[]): Uint16Array {
  const index = new Uint16Array(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const origin = wanted[i]!;
    let at = known.get(origin);
    if (at === undefined) {
      at = origins.push(origin) - 1;
      known.set(origin, at);
    }
    index[i] = at;
  }
  return index;
}

/** From the first byte of any message to the end of any message. */
export function messageRange({ count, start, length }: RecordBatch): readonly [from: number, to: number] {
  let from = count === 0 ? 0 : Number.POSITIVE_INFINITY;
  let to = 0;
  for (let i = 0; i < count; i++) {
    from = Math.min(from, start[i]!);
    to = Math.max(to, start[i]! + length[i]!);
  }
  return [from, to];
}

/** Memory that a batch occupies: its slab, its columns, its origins and the objects around them. */
export function memoryBytes(batch: RecordBatch): number {
  const origins = batch.origins.reduce((sum, origin) => sum + originMemoryBytes(origin), 0);
  const columns = batch.memory?.bytes ?? batch.bytes.byteLength + batch.count * COLUMN_BYTES;
  return columns + origins + OBJECT_BYTES;
}

/** Bytes of the origin's names that every record repeats, as JSON. */
export const nameBytes = ({ process, container, path = '' }: Origin): number =>
  Buffer.byteLength(JSON.stringify(process + container + path));

const originMemoryBytes = ({ process, container, path = '' }: Origin): number =>
  ORIGIN_BYTES + (process.length + container.length + path.length) * CHARACTER_BYTES;

/** An origin without its names. */
const ORIGIN_BYTES = 128;
/** In a string that is not Latin. */
const CHARACTER_BYTES = 2;

/** Bytes of one record in all columns. */
const COLUMN_BYTES = 4 + 4 + 8 + 8 + 2 + 1;
/** Seven typed arrays with their buffers. Matters when an outage fills the buffer with batches of one line. */
const OBJECT_BYTES = 2048;
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
