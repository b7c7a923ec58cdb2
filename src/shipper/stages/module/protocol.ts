/**
 * Messages between the shipper and the thread of a module stage: one batch there, one answer back.
 *
 *     to the thread    RecordBatch, in memory that is moved, not copied
 *     to the shipper   { isReady } once, or { error } and the thread ends; then per batch an Answer; { notice } at any time
 */
import type { RecordBatch } from '../../parts.js';

/** The records that are left, by their indexes in the batch, which ascend, and their messages. */
export interface Changed extends Pick<RecordBatch, 'bytes' | 'start' | 'length'> {
  readonly index: Uint32Array;
}

export type Answer = { readonly changed: Changed } | { readonly unchanged: true } | { readonly error: string };

/** The answer that the shipper waits for. */
export type Expected = Answer | { readonly isReady: true };

export type ToShipper = Expected | { readonly notice: string };

/** The batch in memory that holds nothing else, and the buffers of it that may be moved to another thread. */
export function movable(batch: RecordBatch): { readonly batch: RecordBatch; readonly buffers: readonly ArrayBuffer[] } {
  const { bytes, count, start, length, timeMs, seq, origin, formed, origins } = batch;
  // Not slice(): that of a Buffer shares its memory, which the thread then takes away.
  const own = { bytes: new Uint8Array(bytes), start: start.slice(0, count), length: length.slice(0, count) };
  const columns = {
    timeMs: timeMs.slice(0, count),
    seq: seq.slice(0, count),
    origin: origin.slice(0, count),
    formed: formed.slice(0, count),
  };
  const arrays = [...Object.values(own), ...Object.values(columns)];
  return { batch: { ...own, ...columns, count, origins }, buffers: arrays.map(({ buffer }) => buffer as ArrayBuffer) };
}
