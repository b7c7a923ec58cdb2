/**
 * Records to PutLogEvents bodies within the service's limits: 1 MiB counting the UTF-8 bytes of each message plus 26,
 * 10,000 events, less than 24 hours between first and last, ascending by millisecond, no empty message: a blank line is a
 * space.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 */

import type { RecordBatch } from '../../parts.js';
import { JsonWriter, sequenceLength } from '../../records/json-writer.js';
import type { Range } from '../ranges.js';
import { PutColumns } from './put-columns.js';

export const BATCH_MAX_BYTES = 1_048_576;
export const BATCH_MAX_EVENTS = 10_000;
export const EVENT_OVERHEAD_BYTES = 26;
/** A message of this size fills a batch. */
export const MESSAGE_MAX_BYTES = BATCH_MAX_BYTES - EVENT_OVERHEAD_BYTES;
export const SPAN_MAX_MS = 86_400_000;
/** Events of more than 14 days ago are refused one by one, with any retention of the group. */
const TOO_OLD_MS = 15 * 86_400_000;

/** An invalid byte becomes U+FFFD, three bytes. */
const GROWTH = 3;

/** Messages, or parts of those that are too long for one event, in the order in which they are sent. */
export interface Events {
  readonly batch: RecordBatch;
  readonly count: number;
  /** Record of event i. */
  readonly record: Uint32Array;
  /** First byte and end of event i. */
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  /** Whole milliseconds since 1970 of event i. */
  readonly timeMs: Float64Array;
  /** Metrics in the embedded format that are too long for one event: in parts they are none. */
  readonly tooLarge: readonly number[];
}

/** Who wrote the events: 2 to 4 key attributes. */
export interface Entity {
  readonly keyAttributes: Readonly<Record<string, string>>;
}

/**
 * `records` are the indexes of those that go into one stream; `nowMs` is the time of a record that has none. Messages of more
 * than `partMaxBytes` go in parts, but for metrics. The first bytes of the record that is `begun` are left out.
 */
export function eventsOf(
  batch: RecordBatch,
  messageMaxBytes: number,
  records: ArrayLike<number> = batch.length.map((_, i) => i),
  nowMs: number = Date.now(),
  partMaxBytes: number = messageMaxBytes,
  begun?: { readonly record: number; readonly bytes: number },
): Events {
  const columns = new EventColumns(records.length);
  const tooLarge: number[] = [];
  const times = new Float64Array(records.length);
  for (let k = 0; k < times.length; k++) times[k] = timestampOf(batch.timeMs[records[k]!]!, nowMs);
  const order = orderOf(times);
  for (let k = 0; k < times.length; k++) {
    const at = order?.[k] ?? k;
    const i = records[at]!;
    const first = batch.start[i]! + (begun?.record === i ? begun.bytes : 0);
    const last = batch.start[i]! + batch.length[i]!;
    const isWhole = last - first > partMaxBytes && isEmbeddedMetrics(batch.bytes, first, last);
    if (isWhole && last - first > messageMaxBytes) {
      tooLarge.push(i);
      continue;
    }
    const most = isWhole ? messageMaxBytes : partMaxBytes;
    let from = first;
    do {
      const to = (last - from) * GROWTH <= most ? last : partEnd(batch.bytes, from, last, most);
      columns.add(i, from, to, times[at]!);
      from = to;
    } while (from < last);
  }
  return { batch, ...columns.events, tooLarge };
}

/** Events one by one. Most records are one event. */
class EventColumns {
  #count = 0;
  #record: Uint32Array;
  #start: Uint32Array;
  #end: Uint32Array;
  #timeMs: Float64Array;

  constructor(capacity: number) {
    this.#record = new Uint32Array(capacity);
    this.#start = new Uint32Array(capacity);
    this.#end = new Uint32Array(capacity);
    this.#timeMs = new Float64Array(capacity);
  }

  add(record: number, start: number, end: number, timeMs: number): void {
    const i = this.#count++;
    if (i === this.#record.length) this.#grow();
    this.#record[i] = record;
    this.#start[i] = start;
    this.#end[i] = end;
    this.#timeMs[i] = timeMs;
  }

  get events(): Omit<Events, 'batch' | 'tooLarge'> {
    const count = this.#count;
    return {
      count,
      record: this.#record.subarray(0, count),
      start: this.#start.subarray(0, count),
      end: this.#end.subarray(0, count),
      timeMs: this.#timeMs.subarray(0, count),
    };
  }

  #grow(): void {
    const size = this.#record.length * 2;
    const grow = <T extends Uint32Array | Float64Array>(grown: T, column: T): T => {
      grown.set(column);
      return grown;
    };
    this.#record = grow(new Uint32Array(size), this.#record);
    this.#start = grow(new Uint32Array(size), this.#start);
    this.#end = grow(new Uint32Array(size), this.#end);
    this.#timeMs = grow(new Float64Array(size), this.#timeMs);
  }
}

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
export function isEmbeddedMetrics(bytes: Uint8Array, from: number, to: number): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
  if (!text.includes('"_aws"')) return false;
  try {
    return (JSON.parse(text.toString()) as { _aws?: unknown })._aws !== undefined;
  } catch {
    return false;
  }
}

/** Indexes in ascending order of time; equal milliseconds keep their order. `undefined` where they are in order. */
function orderOf(times: Float64Array): Uint32Array | undefined {
  let i = 1;
  while (i < times.length && times[i - 1]! <= times[i]!) i += 1;
  if (i >= times.length) return undefined;
  return Uint32Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b);
}

function timestampOf(timeMs: number, nowMs: number): number {
  return Number.isNaN(timeMs) ? nowMs : Math.max(0, Math.floor(timeMs));
}

/** End of the longest beginning of at most `max` UTF-8 bytes, invalid bytes replaced, that cuts no character. */
function partEnd(bytes: Uint8Array, from: number, to: number, max: number): number {
  let size = 0;
  for (let i = from; i < to; ) {
    const length = bytes[i]! < 0x80 ? 1 : sequenceLength(bytes, i, to);
    size += length < 0 ? GROWTH : length;
    if (size > max && i > from) return i;
    i += Math.abs(length);
  }
  return to;
}

export interface PutBody {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  /** Of its messages, and the overhead of each. */
  readonly billedBytes: number;
}

const EVENT = Buffer.from('{"timestamp":');
const MESSAGE = Buffer.from(',"message":"');
/** In the place of a message that is empty, which the service refuses with all others of its request. */
export const SPACE = Buffer.from(' ');
const CLOSE = Buffer.from('"}');
const COMMA = Buffer.from(',');
const END = Buffer.from(']}');
const LIMITS = {
  ...{ events: BATCH_MAX_EVENTS, billedBytes: BATCH_MAX_BYTES },
  ...{ overheadBytes: EVENT_OVERHEAD_BYTES, spanMs: SPAN_MAX_MS },
};

export class PutEncoder {
  readonly #logGroup: string;
  readonly #writer = new JsonWriter();
  /** Absent without kernels: then the writer writes all bodies. */
  readonly #columns = PutColumns.open({ beforeTime: EVENT, beforeMessage: MESSAGE, end: END });
  #entity: Entity | undefined;

  constructor(logGroup: string, entity?: Entity) {
    this.#logGroup = logGroup;
    this.#entity = entity;
  }

  get hasKernel(): boolean {
    return this.#columns !== undefined;
  }

  get hasEntity(): boolean {
    return this.#entity !== undefined;
  }

  /** Leaves the entity out from now on. Whether there was one. */
  dropEntity(): boolean {
    const had = this.hasEntity;
    this.#entity = undefined;
    return had;
  }

  /**
   * A request that is right in all but this: its one event is too old, so that the service says whether it would take
   * others, and stores nothing.
   */
  probe(logStream: string, nowMs: number, entity: Entity | null | undefined = this.#entity): Buffer {
    return Buffer.concat([
      this.#head(logStream, entity),
      Buffer.from(JSON.stringify({ timestamp: nowMs - TOO_OLD_MS, message: 'logtap' })),
      END,
    ]);
  }

  #head(logStreamName: string, entity: Entity | null | undefined = this.#entity): Buffer {
    const names = { logGroupName: this.#logGroup, logStreamName };
    const fields = JSON.stringify({ ...names, ...(entity && { entity }) });
    return Buffer.from(`${fields.slice(0, -1)},"logEvents":[`);
  }

  /**
   * As many events of the range as one request may carry, in a body of at most `maxBytes`, and at least one. The bytes are
   * valid until the next call.
   */
  encode(events: Events, logStream: string, range: Range, maxBytes = Number.POSITIVE_INFINITY): PutBody {
    const head = this.#head(logStream);
    return (
      this.#columns?.encode(head, events, range, { ...LIMITS, bodyBytes: maxBytes }) ??
      this.#encode(head, events, range, maxBytes)
    );
  }

  #encode(head: Buffer, { batch, start, end, timeMs }: Events, [from, limit]: Range, maxBytes: number): PutBody {
    const writer = this.#writer;
    writer.truncate(0);
    writer.raw(head);
    const earliest = timeMs[from]!;
    let size = 0;
    let i = from;
    for (; i < limit && i - from < BATCH_MAX_EVENTS; i++) {
      const time = timeMs[i]!;
      if (time - earliest >= SPAN_MAX_MS) break;
      const before = writer.length;
      if (i > from) writer.raw(COMMA);
      writer.raw(EVENT);
      writer.integer(time);
      writer.raw(MESSAGE);
      const isBlank = start[i] === end[i];
      if (isBlank) writer.raw(SPACE);
      const length = isBlank ? SPACE.length : writer.string(batch.bytes, start[i]!, end[i]!);
      writer.raw(CLOSE);
      if ((size + length + EVENT_OVERHEAD_BYTES > BATCH_MAX_BYTES || writer.length > maxBytes) && i > from) {
        writer.truncate(before);
        break;
      }
      size += length + EVENT_OVERHEAD_BYTES;
    }
    writer.raw(END);
    return { bytes: writer.bytes, from, to: i, billedBytes: size };
  }
}
