/** Makes and cuts record batches: columns in, columns out; one record as an object only where it is asked for. */
import type { Memory, Origin, RecordBatch, SourceBatch } from '../parts.js';
import { BatchMemory } from './batch-memory.js';

type Acknowledge = SourceBatch['acknowledge'];

/** Every batch has this shape, wherever it comes from: V8 throws away what it compiled for objects of another one. */
export class Columns implements RecordBatch {
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

/** The first records and bytes of a memory. */
export function inMemory(memory: BatchMemory, size: number, count: number, origins: readonly Origin[]): Columns {
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

/** The records of these ranges: first record and end of each, one behind the other. Shares the message bytes. */
export function cut(batch: RecordBatch, ranges: Uint32Array): RecordBatch {
  if (ranges.length === 2) return slice(batch, ranges[0]!, ranges[1]!);
  let count = 0;
  for (let range = 0; range < ranges.length; range += 2) count += ranges[range + 1]! - ranges[range]!;
  const selected = room(batch.bytes, count, batch.origins, batch.memory);
  const { start, length, timeMs, seq, origin, formed } = selected;
  for (let range = 0, to = 0; range < ranges.length; range += 2) {
    for (let from = ranges[range]!; from < ranges[range + 1]!; from++, to++) {
      start[to] = batch.start[from]!;
      length[to] = batch.length[from]!;
      timeMs[to] = batch.timeMs[from]!;
      seq[to] = batch.seq[from]!;
      origin[to] = batch.origin[from]!;
      formed[to] = batch.formed[from]!;
    }
  }
  return selected;
}

/** The records, or those at these indexes, in memory that holds nothing else. */
export function compact(batch: RecordBatch, indexes: readonly number[] = [...batch.length.keys()]): RecordBatch {
  const { count, start, length, timeMs, seq, origin, formed, origins } = select(batch, indexes);
  let size = 0;
  for (let i = 0; i < count; i++) size += length[i]!;
  const bytes = new Uint8Array(size);
  let used = 0;
  for (let i = 0; i < count; i++) {
    bytes.set(batch.bytes.subarray(start[i]!, start[i]! + length[i]!), used);
    start[i] = used;
    used += length[i]!;
  }
  return new Columns(bytes, count, start, length, timeMs, seq, origin, formed, origins, undefined);
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

export const originMemoryBytes = ({ process, container, path = '' }: Origin): number =>
  ORIGIN_BYTES + (process.length + container.length + path.length) * CHARACTER_BYTES;

/** An origin without its names. */
const ORIGIN_BYTES = 128;
/** In a string that is not Latin. */
const CHARACTER_BYTES = 2;

/** Bytes of one record in all columns. */
const COLUMN_BYTES = 4 + 4 + 8 + 8 + 2 + 1;
/** Seven typed arrays with their buffers. Matters when an outage fills the buffer with batches of one line. */
const OBJECT_BYTES = 2048;
