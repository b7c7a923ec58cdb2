/**
 * The format of a segment: a header, then frames of one batch each, appended and never changed. Little endian.
 *
 *     header   8 bytes  magic "LTSPOOL\0"
 *              u32      version, 2
 *              u32      0
 *     frame    u32      mark "LTB2"
 *              u32      bytes of the frame after `crc`
 *              u32      crc: CRC-32 (as of zlib) of those bytes
 *              f64      number of the batch's first record; numbers have no gaps
 *              u32      records
 *              u32      bytes of the origins, in JSON
 *              u32      bytes of the slab that the messages are in
 *              columns  f64 timeMs, f64 seq, u32 start, u32 length, u16 origin, u8 formed: one value a record each
 *              origins, slab
 *
 * The shipper reads version 1, without events: mark "LTB1", no column `formed`. It writes version 2.
 *
 * A killed writer leaves an incomplete frame at the end of a segment, which is cut off. One that is damaged
 * with whole ones behind it is skipped: the numbers tell how many records it had.
 *
 * A frame without records says that numbers were given to no record on disk: those from the number in its slab, as
 * decimal digits, up to that of the frame.
 */
import { crc32 } from 'node:zlib';
import type { Origin, RecordBatch } from '../../parts.js';
import { batchOf, messageRange } from '../../records/record-batch.js';

const MAGIC = Buffer.from('LTSPOOL\0', 'latin1');
const VERSION = 2;
const VERSION_WITHOUT_FORMED = 1;
export const SEGMENT_HEADER_BYTES = 16;

const MARK = Buffer.from('LTB2', 'latin1');
/** What marks of all versions have in common. */
const ANY_MARK = MARK.subarray(0, -1);
const DIGIT_WITHOUT_FORMED = '1'.charCodeAt(0);
const AT = { length: 4, crc: 8, first: 12, count: 20, origins: 24, slab: 28, columns: 32 } as const;
/** Bytes that the length of a frame does not include. */
const UNCOUNTED = AT.first;
/** Bytes of one record in all columns. */
export const COLUMN_BYTES = 8 + 8 + 4 + 4 + 2 + 1;

export function segmentHeader(): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(VERSION, MAGIC.length);
  return header;
}

export function isSegmentHeader(bytes: Buffer): boolean {
  const version = bytes.length === SEGMENT_HEADER_BYTES ? bytes.readUInt32LE(MAGIC.length) : 0;
  if (version !== VERSION && version !== VERSION_WITHOUT_FORMED) return false;
  const header = segmentHeader();
  header.writeUInt32LE(version, MAGIC.length);
  return bytes.equals(header);
}

export function encodeFrame(first: number, batch: RecordBatch): Buffer {
  const [from, to] = messageRange(batch);
  const start = from === 0 ? batch.start : batch.start.map((each) => each - from);
  const columns = [batch.timeMs, batch.seq, start, batch.length, batch.origin, batch.formed];
  return encode(first, batch.count, columns, JSON.stringify(batch.origins), batch.bytes.subarray(from, to));
}

type Column = RecordBatch['timeMs' | 'start' | 'origin' | 'formed'];

function encode(
  first: number,
  count: number,
  columns: readonly Column[],
  originJson: string,
  slab: Uint8Array,
): Buffer {
  const origins = Buffer.from(originJson);
  const frame = Buffer.allocUnsafe(AT.columns + count * COLUMN_BYTES + origins.length + slab.length);
  MARK.copy(frame);
  frame.writeUInt32LE(frame.length - UNCOUNTED, AT.length);
  frame.writeDoubleLE(first, AT.first);
  frame.writeUInt32LE(count, AT.count);
  frame.writeUInt32LE(origins.length, AT.origins);
  frame.writeUInt32LE(slab.length, AT.slab);
  let at: number = AT.columns;
  for (const column of columns) {
    // The machines that this runs on are little endian, as their columns are.
    frame.set(new Uint8Array(column.buffer, column.byteOffset, count * column.BYTES_PER_ELEMENT), at);
    at += count * column.BYTES_PER_ELEMENT;
  }
  origins.copy(frame, at);
  frame.set(slab, at + origins.length);
  frame.writeUInt32LE(crc32(frame.subarray(AT.first)), AT.crc);
  return frame;
}

/** Says that the numbers `from` up to, not including, `to` are those of no record on disk. */
export function encodeGap(from: number, to: number): Buffer {
  return encode(to, 0, [], '[]', Buffer.from(String(from)));
}

export interface Frame {
  /** Of the whole frame. */
  readonly bytes: number;
  readonly first: number;
  readonly batch: RecordBatch;
}

/** From which number on a frame without records says that there is none; `undefined` when it says nothing. */
export function gapFrom({ batch }: Frame): number | undefined {
  if (batch.count > 0) return undefined;
  const from = Number(Buffer.from(batch.bytes).toString('latin1'));
  return Number.isSafeInteger(from) && from >= 0 ? from : undefined;
}

/** The frame that starts at `at`; `undefined` when there is no whole and sound one. */
export function decodeFrame(bytes: Buffer, at: number): Frame | undefined {
  if (at + AT.columns > bytes.length || bytes.compare(ANY_MARK, 0, ANY_MARK.length, at, at + ANY_MARK.length) !== 0) {
    return undefined;
  }
  const digit = bytes[at + ANY_MARK.length]!;
  const hasFormed = digit === MARK.at(-1);
  if (!hasFormed && digit !== DIGIT_WITHOUT_FORMED) return undefined;
  const end = at + UNCOUNTED + bytes.readUInt32LE(at + AT.length);
  if (end > bytes.length || end < at + AT.columns) return undefined;
  if (crc32(bytes.subarray(at + AT.first, end)) !== bytes.readUInt32LE(at + AT.crc)) return undefined;
  const count = bytes.readUInt32LE(at + AT.count);
  const originBytes = bytes.readUInt32LE(at + AT.origins);
  const slabBytes = bytes.readUInt32LE(at + AT.slab);
  const first = bytes.readDoubleLE(at + AT.first);
  const columnBytes = hasFormed ? COLUMN_BYTES : COLUMN_BYTES - 1;
  const isWhole = at + AT.columns + count * columnBytes + originBytes + slabBytes === end;
  if (!isWhole || !Number.isSafeInteger(first) || !Number.isSafeInteger(first + count) || first < 0) return undefined;
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
  const formed = hasFormed ? column(1, Uint8Array) : new Uint8Array(count);
  const origins = JSON.parse(bytes.toString('utf8', next, next + originBytes)) as Origin[];
  const slab = new Uint8Array(bytes.subarray(next + originBytes, next + originBytes + slabBytes));
  const batch = batchOf({ bytes: slab, count, start, length, timeMs, seq, origin, formed, origins });
  return { bytes: end - at, first, batch };
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
      continue;
    }
    // Where its length still leads to a frame, the damaged one is passed as a whole: messages in it may look like frames.
    const next = at + UNCOUNTED + (at + AT.columns <= segment.length ? segment.readUInt32LE(at + AT.length) : 0);
    const isPassed = next > at + UNCOUNTED && decodeFrame(segment, next) !== undefined;
    // A message may contain the mark: only a frame whose checksum holds ends the damage.
    at = isPassed ? next : segment.indexOf(ANY_MARK, at + 1);
  }
}
