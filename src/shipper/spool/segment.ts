/**
 * The format of a spool segment: a header, then frames of one batch each, appended and never changed. Little endian.
 *
 *     header   8 bytes  magic "LTSPOOL\0"
 *              u32      version, 1
 *              u32      0
 *     frame    u32      mark "LTB1"
 *              u32      bytes of the frame after `crc`
 *              u32      crc: CRC-32 (as of zlib) of those bytes
 *              f64      number of the batch's first record; within a segment numbers have no gaps
 *              u32      records
 *              u32      bytes of the origins, in JSON
 *              u32      bytes of the slab that the messages are in
 *              columns  f64 timeMs, f64 seq, u32 start, u32 length, u16 origin: one value a record each
 *              origins, slab
 *
 * A frame that is not whole at the end of a segment is what a killed writer leaves: it is cut off. One that is damaged
 * with whole ones behind it is skipped: the numbers tell how many records it had.
 */
import { crc32 } from 'node:zlib';
import type { Origin, RecordBatch } from '../parts.js';
import { messageRange } from '../record-batch.js';

const MAGIC = Buffer.from('LTSPOOL\0', 'latin1');
const VERSION = 1;
export const SEGMENT_HEADER_BYTES = 16;

const MARK = Buffer.from('LTB1', 'latin1');
const AT = { length: 4, crc: 8, first: 12, count: 20, origins: 24, slab: 28, columns: 32 } as const;
/** What the length of a frame leaves out. */
const UNCOUNTED = AT.first;
/** Bytes of one record in all columns. */
const COLUMN_BYTES = 8 + 8 + 4 + 4 + 2;

export function segmentHeader(): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(VERSION, MAGIC.length);
  return header;
}

export function isSegmentHeader(bytes: Buffer): boolean {
  return bytes.equals(segmentHeader());
}

export function encodeFrame(first: number, batch: RecordBatch): Buffer {
  const { count } = batch;
  const [from, to] = messageRange(batch);
  const origins = Buffer.from(JSON.stringify(batch.origins));
  const frame = Buffer.allocUnsafe(AT.columns + count * COLUMN_BYTES + origins.length + (to - from));
  MARK.copy(frame);
  frame.writeUInt32LE(frame.length - UNCOUNTED, AT.length);
  frame.writeDoubleLE(first, AT.first);
  frame.writeUInt32LE(count, AT.count);
  frame.writeUInt32LE(origins.length, AT.origins);
  frame.writeUInt32LE(to - from, AT.slab);
  let at: number = AT.columns;
  const start = from === 0 ? batch.start : batch.start.map((each) => each - from);
  for (const column of [batch.timeMs, batch.seq, start, batch.length, batch.origin]) {
    // The machines that this runs on are little endian, as their columns are.
    frame.set(new Uint8Array(column.buffer, column.byteOffset, count * column.BYTES_PER_ELEMENT), at);
    at += count * column.BYTES_PER_ELEMENT;
  }
  origins.copy(frame, at);
  frame.set(batch.bytes.subarray(from, to), at + origins.length);
  frame.writeUInt32LE(crc32(frame.subarray(AT.first)), AT.crc);
  return frame;
}

export interface Frame {
  /** Of the whole frame. */
  readonly bytes: number;
  readonly first: number;
  readonly batch: RecordBatch;
}

/** The frame that starts at `at`; `undefined` when there is no whole and sound one. */
export function decodeFrame(bytes: Buffer, at: number): Frame | undefined {
  if (at + AT.columns > bytes.length || bytes.compare(MARK, 0, MARK.length, at, at + MARK.length) !== 0) {
    return undefined;
  }
  const end = at + UNCOUNTED + bytes.readUInt32LE(at + AT.length);
  if (end > bytes.length || end < at + AT.columns) return undefined;
  if (crc32(bytes.subarray(at + AT.first, end)) !== bytes.readUInt32LE(at + AT.crc)) return undefined;
  const count = bytes.readUInt32LE(at + AT.count);
  const originBytes = bytes.readUInt32LE(at + AT.origins);
  const slabBytes = bytes.readUInt32LE(at + AT.slab);
  let next = at + AT.columns;
  // A copy of each column: views must be aligned, and must not keep the whole file in memory.
  const column = <T>(size: number, view: new (buffer: ArrayBuffer) => T): T => {
    const from = bytes.byteOffset + next;
    next += count * size;
    return new view((bytes.buffer as ArrayBuffer).slice(from, from + count * size));
  };
  const timeMs = column(8, Float64Array);
  const seq = column(8, Float64Array);
  const start = column(4, Uint32Array);
  const length = column(4, Uint32Array);
  const origin = column(2, Uint16Array);
  const origins = JSON.parse(bytes.toString('utf8', next, next + originBytes)) as Origin[];
  const slab = new Uint8Array(bytes.subarray(next + originBytes, next + originBytes + slabBytes));
  const batch = { bytes: slab, count, start, length, timeMs, seq, origin, origins };
  return { bytes: end - at, first: bytes.readDoubleLE(at + AT.first), batch };
}

/** A sound frame and where it is. */
export interface Found {
  readonly at: number;
  readonly frame: Frame;
}

/** All sound frames of a segment, in order. */
export function* framesOf(segment: Buffer): Generator<Found> {
  let at = SEGMENT_HEADER_BYTES;
  while (at >= 0 && at < segment.length) {
    const frame = decodeFrame(segment, at);
    if (frame !== undefined) {
      yield { at, frame };
      at += frame.bytes;
    } else {
      // A message may contain the mark: only a frame whose checksum holds ends the damage.
      at = segment.indexOf(MARK, at + 1);
    }
  }
}
