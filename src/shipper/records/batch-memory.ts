/**
 * Memory of batches under full load, used again once nothing reads it: V8 marks the whole heap each time that some ten megabytes of buffers
 * were made, which was a fifth of the CPU time of a line. One buffer, so that a batch costs one allocation:
 *
 *     timeMs     8 bytes per record
 *     seq        8 bytes per record
 *     start      4 bytes per record
 *     length     4 bytes per record
 *     origin     2 bytes per record
 *     formed     1 byte per record
 *     messages   from a multiple of 8 on
 *
 * Each place that reads a batch holds its memory, and releases it. A place that cannot tell when it is done keeps it: then the memory is left
 * to the collector, as that of any object.
 */
import { FRAME_MAX_BYTES } from '../../contract.js';
import type { Memory } from '../parts.js';

interface Size {
  readonly records: number;
  readonly messageBytes: number;
  readonly free: BatchMemory[];
}

const KIB = 1024;

/** A batch of a source is full with either: of lines of 100 bytes and more, one read more still fits into a request of each sink. */
export const FULL_RECORDS = 5120;
export const FULL_BYTES = 640 * KIB;
/** The most that a source reads before it looks again whether its batch is full. */
export const READ_BYTES = 64 * KIB;

const COLUMN_BYTES = 8 + 8 + 4 + 4 + 2 + 1;
/** Of one size. As many requests may be out, or wait for those before them; the collector gets more. */
const FREE_MAX = 8;

const sizeOf = (records: number, messageBytes: number): Size => ({ records, messageBytes, free: [] });

/** With room for one more read, and for the frame whose end it may bring. */
const OF_BATCH = sizeOf(FULL_RECORDS + 1280, FULL_BYTES + READ_BYTES + FRAME_MAX_BYTES);
/** And of batches that are joined for one request, to CloudWatch Logs and to OpenSearch. */
const OF_REQUEST = [OF_BATCH, sizeOf(10_240, 1280 * KIB), sizeOf(10_240, 4096 * KIB)];
/** Fewer bytes of messages are not worth it: all of the memory counts as used. */
export const LEAST_BYTES = FULL_BYTES / 2;

let overwritesReleased = false;

/** For tests: memory is overwritten as soon as it is released, so that a test sees whether anything still reads it. */
export function overwriteReleased(): void {
  overwritesReleased = true;
}

export class BatchMemory implements Memory {
  readonly timeMs: Float64Array<ArrayBuffer>;
  readonly seq: Float64Array<ArrayBuffer>;
  readonly start: Uint32Array<ArrayBuffer>;
  readonly length: Uint32Array<ArrayBuffer>;
  readonly origin: Uint16Array<ArrayBuffer>;
  readonly formed: Uint8Array<ArrayBuffer>;
  readonly messages: Buffer<ArrayBuffer>;
  readonly #free: BatchMemory[];
  #holders = 1;

  private constructor({ records, messageBytes, free }: Size) {
    const buffer = new ArrayBuffer(Math.ceil((records * COLUMN_BYTES) / 8) * 8 + messageBytes);
    let at = 0;
    const column = <T>(view: new (buffer: ArrayBuffer, at: number, length: number) => T, width: number): T => {
      const made = new view(buffer, at, records);
      at += records * width;
      return made;
    };
    this.#free = free;
    this.timeMs = column(Float64Array, 8);
    this.seq = column(Float64Array, 8);
    this.start = column(Uint32Array, 4);
    this.length = column(Uint32Array, 4);
    this.origin = column(Uint16Array, 2);
    this.formed = column(Uint8Array, 1);
    this.messages = Buffer.from(buffer, buffer.byteLength - messageBytes, messageBytes);
  }

  /** For a batch of a source that has so many records and bytes by now. The caller is the only one who holds it. */
  static ofSource(records = 0, bytes = LEAST_BYTES): BatchMemory | undefined {
    return BatchMemory.#take([OF_BATCH], records, bytes);
  }

  /** For batches that have so many records and bytes together. The caller is the only one who holds it. */
  static ofRequest(records: number, bytes: number): BatchMemory | undefined {
    return BatchMemory.#take(OF_REQUEST, records, bytes);
  }

  static #take(from: readonly Size[], records: number, bytes: number): BatchMemory | undefined {
    const size = from.find((each) => records <= each.records && bytes <= each.messageBytes);
    if (size === undefined || bytes < LEAST_BYTES) return undefined;
    const memory = size.free.pop() ?? new BatchMemory(size);
    memory.#holders = 1;
    return memory;
  }

  get bytes(): number {
    return this.messages.buffer.byteLength;
  }

  /** Messages of a batch. No Buffer: its slice() shares. */
  first(bytes: number): Uint8Array {
    return new Uint8Array(this.messages.buffer, this.messages.byteOffset, bytes);
  }

  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders !== 0) return;
    if (overwritesReleased) new Uint8Array(this.messages.buffer).fill(0xdd);
    if (this.#free.length < FREE_MAX) this.#free.push(this);
  }

  keep(): void {
    this.#holders = Number.POSITIVE_INFINITY;
  }
}
