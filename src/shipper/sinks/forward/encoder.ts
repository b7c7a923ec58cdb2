/**
 * Records as entries of the Forward protocol, in MessagePack:
 *
 *     entry    array of 2: time, record
 *     time     extension type 0 of 8 bytes: seconds, nanoseconds; each 32 bits, big endian
 *     record   map: what all records of an origin share, then `seq`, then `message`
 *
 * @see https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1.5
 */
import { encode } from '@msgpack/msgpack';
import { type LabelSettings, Labels } from '../../labels/labels.js';
import type { Origin, RecordBatch } from '../../parts.js';
import { fieldsOf, type Metadata } from '../record-fields.js';
import { utf8Of } from '../utf8.js';

/** Entry, time, map, seq and the header of the message at their longest. */
const ENTRY_BYTES = 1 + 10 + 1 + 4 + 9 + 8 + 5;
const SEQ = Buffer.from(encode('seq'));
const MESSAGE = Buffer.from(encode('message'));
/** Bytes that are not UTF-8 become U+FFFD, at most three times as long. */
const GROWTH = 3;

export class ForwardEncoder {
  readonly #metadata: Metadata;
  readonly #labels: Labels;

  constructor(settings: Metadata & LabelSettings) {
    this.#metadata = settings;
    this.#labels = new Labels(settings);
  }

  encode(batch: RecordBatch): Buffer {
    // A batch may name more origins than the records have that are sent of it.
    const shared = new Array<ReturnType<typeof sharedOf> | undefined>(batch.origins.length);
    const labels = this.#labels.current;
    let size = 0;
    for (let i = 0; i < batch.count; i++) {
      const origin = batch.origin[i]!;
      shared[origin] ??= sharedOf(batch.origins[origin]!, this.#metadata, labels);
      size += ENTRY_BYTES + shared[origin].bytes.length + GROWTH * batch.length[i]!;
    }
    const to = Buffer.allocUnsafe(size);
    let at = 0;
    for (let i = 0; i < batch.count; i++) {
      const { bytes, fields } = shared[batch.origin[i]!]!;
      at = to.writeUInt8(0x92, at);
      at = writeTime(to, at, batch.timeMs[i]!);
      at = to.writeUInt8(0x80 | (fields + 2), at);
      at += bytes.copy(to, at);
      at += SEQ.copy(to, at);
      at = to.writeUInt8(0xcf, at);
      at = to.writeBigUInt64BE(BigInt(batch.seq[i]!), at);
      at += MESSAGE.copy(to, at);
      at = writeText(to, at, utf8Of(batch, i));
    }
    return to.subarray(0, at);
  }
}

/** The pairs that all records of an origin have; few enough for the short form of a map. */
function sharedOf(origin: Origin, metadata: Metadata, labels: Labels['current']) {
  const fields = Object.entries(fieldsOf(origin, metadata, labels));
  return { bytes: Buffer.concat(fields.flat().map((each) => encode(each))), fields: fields.length };
}

/** The last second that the protocol can say. What cannot be said would keep its batch from ever going. */
const SECONDS_MAX = 0xffff_ffff;

function writeTime(to: Buffer, at: number, timeMs: number): number {
  const seconds = Math.min(Math.max(Math.floor(timeMs / 1000), 0), SECONDS_MAX);
  const nanoseconds = Math.min(Math.max(Math.round((timeMs - seconds * 1000) * 1e6), 0), 999_999_999);
  to.writeUInt16BE(0xd700, at);
  to.writeUInt32BE(seconds, at + 2);
  return to.writeUInt32BE(nanoseconds, at + 6);
}

function writeText(to: Buffer, at: number, text: Uint8Array): number {
  const from = writeTextHeader(to, at, text.length);
  to.set(text, from);
  return from + text.length;
}

function writeTextHeader(to: Buffer, at: number, length: number): number {
  if (length < 32) return to.writeUInt8(0xa0 | length, at);
  if (length < 0x100) return to.writeUInt16BE(0xd900 | length, at);
  if (length < 0x10000) return to.writeUInt16BE(length, to.writeUInt8(0xda, at));
  return to.writeUInt32BE(length, to.writeUInt8(0xdb, at));
}
