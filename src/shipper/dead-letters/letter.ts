/**
 * The format of a dead letter, one JSON object per line:
 *
 *     {"time":"…","sink":"opensearch","reason":"mapper_parsing_exception","code":"400","detail":"…","record":{
 *       "timestamp":"…","message":"…","stream":"stdout","path":"…","container":"…","process":"…","pid":7,
 *       "origin":"…","seq":9}}
 *
 * `messageBase64` replaces `message` where that is not UTF-8; `code`, `detail`, `path`, `container`, `process` and
 * `pid` are left out where there is nothing to say. `origin` and `seq` name the record: resent it is the same one.
 */
import { isUtf8 } from 'node:buffer';
import type { Origin, RecordBatch, Rejected } from '../parts.js';
import { JsonWriter } from '../records/json-writer.js';
import { type RecordView, recordAt } from '../records/record-batch.js';

/** One line. */
export function encodeLetter(sink: string, nowMs: number, batch: RecordBatch, rejected: Rejected): string {
  const { message, timeMs, seq, origin } = recordAt(batch, rejected.index);
  const { reason, code, detail } = rejected;
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const { id, stream, path, container, process, pid } = origin;
  const record = {
    timestamp: timestampOf(timeMs),
    ...(isUtf8(bytes) ? { message: bytes.toString() } : { messageBase64: bytes.toString('base64') }),
    stream,
    ...(path !== undefined && { path }),
    ...(container !== '' && { container }),
    ...(process !== '' && { process }),
    ...(pid !== 0 && { pid }),
    origin: id,
    seq,
  };
  const time = new Date(nowMs).toISOString();
  return `${JSON.stringify({ time, sink, reason, ...(code && { code }), ...(detail && { detail }), record })}\n`;
}

export interface Letter {
  readonly sink: string;
  readonly record: RecordView;
}

/** Reads one line. Throws an Error with the problem. */
export function decodeLetter(line: string): Letter {
  const { sink, record } = (JSON.parse(line) ?? {}) as { sink?: unknown; record?: Record<string, unknown> };
  if (typeof sink !== 'string' || typeof record !== 'object' || record === null) throw new Error('is no dead letter');
  const text = (name: string): string | undefined => {
    const value = record[name];
    if (value !== undefined && typeof value !== 'string') throw new Error(`'${name}' must be a string`);
    return value;
  };
  const whole = (name: string, otherwise?: number): number => {
    const value = record[name] ?? otherwise;
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Error(`'${name}' must be a whole number`);
    return value as number;
  };
  const [message, base64, path, id] = [text('message'), text('messageBase64'), text('path'), text('origin')];
  const stream = text('stream');
  const timeMs = timeOf(text('timestamp') ?? '');
  if (message === undefined && base64 === undefined) throw new Error("has no 'message'");
  if (stream !== 'stdout' && stream !== 'stderr' && stream !== 'file')
    throw new Error(`there is no stream '${stream}'`);
  if (id === undefined || !/^[\w-]{1,100}$/.test(id)) throw new Error("'origin' must name its process and stream");
  if (Number.isNaN(timeMs)) throw new Error("'timestamp' must be a time");
  const origin: Origin = {
    id,
    stream,
    ...(path !== undefined && { path }),
    pid: whole('pid', 0),
    process: text('process') ?? '',
    container: text('container') ?? '',
  };
  const bytes = base64 === undefined ? Buffer.from(message!) : Buffer.from(base64, 'base64');
  return { sink, record: { message: bytes, timeMs, seq: whole('seq'), origin } };
}

function timestampOf(timeMs: number): string {
  const writer = new JsonWriter(Buffer.alloc(32));
  writer.timestamp(timeMs);
  return writer.bytes.toString('latin1');
}

/** To the microsecond, of which a Date knows nothing. */
function timeOf(timestamp: string): number {
  const [, whole, micros] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})(\d{3})Z$/.exec(timestamp) ?? [];
  return whole === undefined ? Number.NaN : Date.parse(`${whole}Z`) + Number(micros) / 1000;
}
