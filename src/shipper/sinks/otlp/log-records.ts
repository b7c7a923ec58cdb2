/**
 * Records as `log_records`: sizes first, because each message begins with its length, then all bytes into one buffer. What records have
 * in common is made once; nothing else is made per record but what is read from its text.
 */
import { isUtf8 } from 'node:buffer';
import { severityName } from '../../fields/level/severity.js';
import type { Fields } from '../../fields/read-fields.js';
import type { FieldReader } from '../../fields/reader.js';
import type { Origin, RecordBatch } from '../../parts.js';
import { messageRange } from '../../records/record-batch.js';
import { utf8Of } from '../utf8.js';
import { bytesField, keyValue, varintBytes, varintField, writeVarint } from './wire.js';

/** Keys of fields, each in one byte. */
const LOG_RECORD = 0x12;
const TIME = 0x09;
const OBSERVED_TIME = 0x59;
const BODY = 0x2a;
const TEXT = 0x0a;
const ATTRIBUTE = 0x32;
const VALUE = 0x12;
const INTEGER = 0x18;
/** Both times, with their keys. */
const TIMES_BYTES = 2 * 9;
/** Of a value read from the text. */
const VALUE_MAX = 1024;
/** Loggers and threads whose attributes are kept. */
const KEPT_MAX = 256;
const HALF = 2 ** 32;
const NANOS = 1e6;
const NONE = Buffer.alloc(0);
const UID = bytesField(1, 'log.record.uid');
const SEQ = bytesField(1, 'log.record.seq');
/** `severity_number` and `severity_text`, by the number. */
const SEVERITIES = Array.from({ length: 25 }, (_, severity) => {
  const name = severityName(severity);
  return name === undefined ? NONE : Buffer.concat([varintField(2, severity), bytesField(3, name.toUpperCase())]);
});
const LOGGERS = new Map<string, Buffer>();
const THREADS = new Map<string, Buffer>();

/** What the records of an origin share. */
export interface Shared {
  readonly attributes: Buffer;
  /** Of the uid, in front of the number. */
  readonly name: Buffer;
}

/** Of one record, where it has more than its text. */
interface Own {
  readonly severity: Buffer;
  readonly others: readonly Buffer[];
}

export class LogRecords {
  /** Of all records. */
  readonly bytes: number;
  readonly #batch: RecordBatch;
  readonly #indexes: readonly number[];
  readonly #size: Uint32Array;
  readonly #timeMs: Float64Array;
  readonly #own: (Own | undefined)[] = [];
  readonly #shared: (Shared | undefined)[];
  /** Absent where every message is UTF-8 as it is. */
  readonly #texts: Uint8Array[] | undefined;

  /** `shared` is filled by origin. `isUtf8`: whether every message of these is valid as it is. */
  constructor(
    batch: RecordBatch,
    indexes: readonly number[],
    reader: FieldReader,
    shared: (Shared | undefined)[],
    isUtf8: boolean,
  ) {
    this.#batch = batch;
    this.#indexes = indexes;
    this.#size = new Uint32Array(indexes.length);
    this.#timeMs = new Float64Array(indexes.length);
    this.#shared = shared;
    if (!isUtf8) this.#texts = indexes.map((i) => utf8Of(batch, i));
    let bytes = 0;
    for (let n = 0; n < indexes.length; n++) {
      const i = indexes[n]!;
      const fields = reader.fieldsOf(batch, i, false);
      this.#timeMs[n] = reader.timeOf(batch, i, fields);
      this.#own.push(fields === undefined ? undefined : ownOf(fields));
      const size = this.#sizeOf(n);
      this.#size[n] = size;
      bytes += 1 + varintBytes(size) + size;
    }
    this.bytes = bytes;
  }

  #sizeOf(n: number): number {
    const i = this.#indexes[n]!;
    const seq = this.#batch.seq[i]!;
    const index = this.#batch.origin[i]!;
    this.#shared[index] ??= sharedOf(this.#batch.origins[index]!);
    const { attributes, name } = this.#shared[index];
    const text = sized(this.#textBytes(n));
    const uid = sized(UID.length + sized(sized(name.length + digitsOf(seq))));
    const place = sized(SEQ.length + sized(1 + varintBytes(seq)));
    const own = this.#own[n];
    let size = TIMES_BYTES + sized(text) + attributes.length + uid + place;
    if (own === undefined) return size;
    size += own.severity.length;
    for (const { length } of own.others) size += length;
    return size;
  }

  #textBytes(n: number): number {
    return this.#texts === undefined ? this.#batch.length[this.#indexes[n]!]! : this.#texts[n]!.length;
  }

  /** From `start` on: as many bytes as `bytes` says. */
  write(to: Buffer, start: number): void {
    const { bytes, seq, origin, timeMs, start: first } = this.#batch;
    let at = start;
    for (let n = 0; n < this.#indexes.length; n++) {
      const i = this.#indexes[n]!;
      to[at++] = LOG_RECORD;
      at = writeVarint(to, at, this.#size[n]!);
      to[at++] = TIME;
      at = writeTime(to, at, this.#timeMs[n]!);
      to[at++] = OBSERVED_TIME;
      at = writeTime(to, at, timeMs[i]!);
      const length = this.#textBytes(n);
      to[at++] = BODY;
      at = writeVarint(to, at, sized(length));
      to[at++] = TEXT;
      at = writeVarint(to, at, length);
      to.set(this.#texts?.[n] ?? bytes.subarray(first[i]!, first[i]! + length), at);
      at += length;
      const own = this.#own[n];
      if (own !== undefined) {
        at = put(to, at, own.severity);
        for (const part of own.others) at = put(to, at, part);
      }
      const { attributes, name } = this.#shared[origin[i]!]!;
      at = put(to, at, attributes);
      at = writeUid(to, at, name, seq[i]!);
      at = writeSeq(to, at, seq[i]!);
    }
  }
}

/** Of a field with a key of one byte and so many bytes of content. */
const sized = (bytes: number): number => 1 + varintBytes(bytes) + bytes;

/** A text of some ten bytes: less than a call of `set` costs. */
function put(to: Buffer, at: number, part: Uint8Array): number {
  for (let i = 0; i < part.length; i++) to[at + i] = part[i]!;
  return at + part.length;
}

function writeUid(to: Buffer, start: number, name: Buffer, seq: number): number {
  const digits = digitsOf(seq);
  const text = name.length + digits;
  to[start] = ATTRIBUTE;
  let at = writeVarint(to, start + 1, UID.length + sized(sized(text)));
  at = put(to, at, UID);
  to[at++] = VALUE;
  at = writeVarint(to, at, sized(text));
  to[at++] = TEXT;
  at = put(to, writeVarint(to, at, text), name);
  let left = seq;
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = Math.floor(left / 10);
    to[i] = 0x30 + (left - tenth * 10);
    left = tenth;
  }
  return at + digits;
}

function writeSeq(to: Buffer, start: number, seq: number): number {
  const value = 1 + varintBytes(seq);
  to[start] = ATTRIBUTE;
  let at = writeVarint(to, start + 1, SEQ.length + sized(value));
  at = put(to, at, SEQ);
  to[at++] = VALUE;
  at = writeVarint(to, at, value);
  to[at++] = INTEGER;
  return writeVarint(to, at, seq);
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  return digits;
}

/** Nanoseconds, in 64 bits. A time before 1970 cannot be said. */
function writeTime(to: Buffer, at: number, timeMs: number): number {
  const ms = Math.max(Math.floor(timeMs), 0);
  const nanos = Math.min(Math.max(Math.round((timeMs - ms) * NANOS), 0), NANOS - 1);
  // In halves, because a number has 53 bits.
  const above = Math.floor(ms / HALF);
  const lower = (ms - above * HALF) * NANOS + nanos;
  const carried = Math.floor(lower / HALF);
  word(to, at, lower - carried * HALF);
  word(to, at + 4, above * NANOS + carried);
  return at + 8;
}

function word(to: Buffer, at: number, value: number): void {
  to[at] = value;
  to[at + 1] = value >>> 8;
  to[at + 2] = value >>> 16;
  to[at + 3] = value >>> 24;
}

/** Whether every message is valid as it is; where all bytes are, only one that begins or ends inside a character is not. */
export function isAllUtf8(batch: RecordBatch): boolean {
  const { bytes, count, start, length } = batch;
  const [from, to] = messageRange(batch);
  if (!isUtf8(bytes.subarray(from, to))) return false;
  for (let i = 0; i < count; i++) {
    if (isInside(bytes, start[i]!, to) || isInside(bytes, start[i]! + length[i]!, to)) return false;
  }
  return true;
}

const isInside = (bytes: Uint8Array, at: number, end: number): boolean => at < end && (bytes[at]! & 0xc0) === 0x80;

/** The attributes that all records of an origin have, and the name in their uids. */
function sharedOf({ id, stream, path, pid, process }: Origin): Shared {
  const attributes = Buffer.concat([
    stream === 'file' ? attribute('log.file.path', path ?? '') : attribute('log.iostream', stream),
    pid === 0 ? NONE : attribute('process.pid', pid),
    process === '' ? NONE : attribute('process.name', process),
  ]);
  return { attributes, name: Buffer.from(`${id}-`) };
}

function ownOf({ severity, logger, thread, traceId, spanId }: Fields): Own {
  if (logger === undefined && thread === undefined && traceId === undefined && spanId === undefined) {
    return OF_SEVERITY[severity]!;
  }
  const others: Buffer[] = [];
  if (logger !== undefined) others.push(kept(LOGGERS, 'log.logger', logger));
  if (thread !== undefined) others.push(kept(THREADS, 'thread.name', thread));
  if (traceId !== undefined) others.push(bytesField(9, Buffer.from(traceId, 'hex')));
  if (spanId !== undefined) others.push(bytesField(10, Buffer.from(spanId, 'hex')));
  return { severity: SEVERITIES[severity]!, others };
}
const OF_SEVERITY: readonly Own[] = SEVERITIES.map((severity) => ({ severity, others: [] }));

/** The attribute of a name that comes again and again. */
function kept(known: Map<string, Buffer>, name: string, value: string): Buffer {
  const found = known.get(value);
  if (found !== undefined) return found;
  const made = attribute(name, value.slice(0, VALUE_MAX));
  if (known.size === KEPT_MAX) known.clear();
  if (value.length <= VALUE_MAX) known.set(value, made);
  return made;
}

const attribute = (name: string, value: string | number): Buffer => bytesField(6, keyValue(name, value));
