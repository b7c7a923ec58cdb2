/**
 * Records as an ExportLogsServiceRequest of OpenTelemetry. Field numbers in brackets:
 *
 *     request        resource_logs [1]: one per container
 *     resource_logs  resource [1] { attributes [1] }, scope_logs [2] { scope [1] { name [1] }, log_records [2] }
 *     log_record     time_unix_nano [1], observed_time_unix_nano [11]: fixed64
 *                    severity_number [2], severity_text [3], trace_id [9], span_id [10]: where the text has them
 *                    body [5] { string_value [1] }
 *                    attributes [6] { key [1], value [2] { string_value [1] or int_value [3] } }
 *
 * `log.record.uid` names a record: two with the same one are one.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/v1.10.0/opentelemetry/proto/logs/v1/logs.proto
 */

import { severityName } from '../../fields/level/severity.js';
import type { Fields } from '../../fields/read-fields.js';
import { FieldReader, type FieldSettings } from '../../fields/reader.js';
import { type LabelSettings, Labels } from '../../labels/labels.js';
import type { Origin, RecordBatch } from '../../parts.js';
import type { Settings } from '../../settings.js';
import type { Metadata } from '../record-fields.js';
import { utf8Of } from '../utf8.js';
import { bytesField, varintBytes, varintField, writeVarint } from './wire.js';

export type OtlpFormSettings = Metadata & LabelSettings & FieldSettings & Pick<Settings, 'podUid'>;

const SCOPE = bytesField(1, bytesField(1, 'logtap'));
/** Keys of fields, each in one byte. */
const TIME = 0x09;
const OBSERVED_TIME = 0x59;
const RESOURCE_LOGS = 0x0a;
const SCOPE_LOGS = 0x12;
const LOG_RECORD = 0x12;
const BODY = 0x2a;
const TEXT = 0x0a;
/** Both times, with their keys. */
const TIMES_BYTES = 2 * 9;
/** Of a value read from the text. */
const VALUE_MAX = 1024;
const NONE = Buffer.alloc(0);
const NANOS = 1_000_000n;

/** Of one record: its text, and all that follows the text. */
interface Parts {
  readonly text: Uint8Array;
  readonly rest: readonly Uint8Array[];
  readonly size: number;
  readonly bodyBytes: number;
  readonly timeMs: number;
}

export class OtlpEncoder {
  readonly #settings: OtlpFormSettings;
  readonly #fields: FieldReader;
  readonly #labels: Labels;

  /** Throws a ConfigError where a file of labels cannot be read. */
  constructor(settings: OtlpFormSettings) {
    this.#settings = settings;
    this.#fields = new FieldReader(settings);
    this.#labels = new Labels(settings);
  }

  /** Records `from` up to, not including, `to`: in their order, those of each container together. */
  encode(batch: RecordBatch, from: number, to: number): Buffer {
    const byContainer = new Map<string, number[]>();
    for (let i = from; i < to; i++) {
      const name = this.#containerOf(batch.origins[batch.origin[i]!]!);
      const known = byContainer.get(name);
      if (known === undefined) byContainer.set(name, [i]);
      else known.push(i);
    }
    const shared = new Array<Buffer | undefined>(batch.origins.length);
    return Buffer.concat(
      [...byContainer].flatMap(([name, records]) => this.#resourceLogs(batch, name, records, shared)),
    );
  }

  #resourceLogs(batch: RecordBatch, container: string, records: readonly number[], shared: (Buffer | undefined)[]) {
    const resource = this.#resourceOf(container);
    const parts = records.map((i) => this.#partsOf(batch, i, shared));
    const recordsBytes = parts.reduce((sum, { size }) => sum + 1 + varintBytes(size) + size, 0);
    const scopeBytes = SCOPE.length + recordsBytes;
    const size = resource.length + 1 + varintBytes(scopeBytes) + scopeBytes;
    const head = Buffer.alloc(32);
    const end = writeVarint(head, head.writeUInt8(RESOURCE_LOGS, 0), size);
    const scopeHead = Buffer.alloc(16);
    const scopeEnd = writeVarint(scopeHead, scopeHead.writeUInt8(SCOPE_LOGS, 0), scopeBytes);
    const body = Buffer.allocUnsafe(recordsBytes);
    let at = 0;
    parts.forEach((each, n) => {
      at = writeRecord(body, at, each, batch.timeMs[records[n]!]!);
    });
    return [head.subarray(0, end), resource, scopeHead.subarray(0, scopeEnd), SCOPE, body];
  }

  #partsOf(batch: RecordBatch, i: number, shared: (Buffer | undefined)[]): Parts {
    const index = batch.origin[i]!;
    const origin = batch.origins[index]!;
    shared[index] ??= attributesOf(origin);
    const seq = batch.seq[i]!;
    const fields = this.#fields.fieldsOf(batch, i, false);
    const text = utf8Of(batch, i);
    const rest = [
      ...(fields === undefined ? [] : fieldsOf(fields)),
      shared[index],
      attribute('log.record.uid', `${origin.id}-${seq}`),
      attribute('log.record.seq', seq),
    ];
    const bodyBytes = 1 + varintBytes(text.length) + text.length;
    const size =
      TIMES_BYTES + 1 + varintBytes(bodyBytes) + bodyBytes + rest.reduce((sum, { length }) => sum + length, 0);
    return { text, rest, size, bodyBytes, timeMs: this.#fields.timeOf(batch, i, fields) };
  }

  #containerOf({ container }: Origin): string {
    return container || (this.#settings.containerName ?? '');
  }

  #resourceOf(container: string): Buffer {
    const { podName, podNamespace, podUid, nodeName } = this.#settings;
    const attributes = {
      'k8s.namespace.name': podNamespace,
      'k8s.pod.name': podName,
      'k8s.pod.uid': podUid,
      'k8s.node.name': nodeName,
      'k8s.container.name': container || undefined,
      ...this.#labels.current,
    };
    const written = Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [bytesField(1, keyValue(name, value))],
    );
    return bytesField(1, Buffer.concat(written));
  }
}

function writeRecord(
  to: Buffer,
  start: number,
  { text, rest, size, bodyBytes, timeMs }: Parts,
  writtenMs: number,
): number {
  let at = to.writeUInt8(LOG_RECORD, start);
  at = writeVarint(to, at, size);
  at = writeTime(to, to.writeUInt8(TIME, at), timeMs);
  at = writeTime(to, to.writeUInt8(OBSERVED_TIME, at), writtenMs);
  at = writeVarint(to, to.writeUInt8(BODY, at), bodyBytes);
  at = writeVarint(to, to.writeUInt8(TEXT, at), text.length);
  to.set(text, at);
  at += text.length;
  for (const part of rest) {
    to.set(part, at);
    at += part.length;
  }
  return at;
}

/** A time before 1970 cannot be said. */
function writeTime(to: Buffer, at: number, timeMs: number): number {
  const ms = Math.max(Math.floor(timeMs), 0);
  const nanoseconds = Math.min(Math.max(Math.round((timeMs - ms) * 1e6), 0), 999_999);
  return to.writeBigUInt64LE(BigInt(ms) * NANOS + BigInt(nanoseconds), at);
}

/** The attributes that all records of an origin have. */
function attributesOf({ stream, path, pid, process }: Origin): Buffer {
  return Buffer.concat([
    stream === 'file' ? attribute('log.file.path', path ?? '') : attribute('log.iostream', stream),
    pid === 0 ? NONE : attribute('process.pid', pid),
    process === '' ? NONE : attribute('process.name', process),
  ]);
}

function fieldsOf({ severity, logger, thread, traceId, spanId }: Fields): readonly Buffer[] {
  return [
    ...(severity === 0 ? [] : [varintField(2, severity), bytesField(3, (severityName(severity) ?? '').toUpperCase())]),
    ...(logger === undefined ? [] : [attribute('log.logger', logger.slice(0, VALUE_MAX))]),
    ...(thread === undefined ? [] : [attribute('thread.name', thread.slice(0, VALUE_MAX))]),
    ...(traceId === undefined ? [] : [bytesField(9, Buffer.from(traceId, 'hex'))]),
    ...(spanId === undefined ? [] : [bytesField(10, Buffer.from(spanId, 'hex'))]),
  ];
}

const attribute = (name: string, value: string | number): Buffer => bytesField(6, keyValue(name, value));

function keyValue(name: string, value: string | number): Buffer {
  const any = typeof value === 'number' ? varintField(3, value) : bytesField(1, value);
  return Buffer.concat([bytesField(1, name), bytesField(2, any)]);
}
