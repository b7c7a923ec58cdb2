/**
 * What CloudWatch Logs gets of a record: the record as it was, or a JSON object; with the time of the write, or of the text.
 *
 *     text       {"severity":"ERROR","logger":...,"thread":...,"traceId":...,"spanId":...,"stream":...,"container":...,
 *                 "labels":{...},"message":"...","data":{...}}
 *     object     its own members, then "logtap":{"severity":...,...,"labels":{...}}
 *
 * Metrics in the embedded format, and what would be too long for an event as JSON, go as they were.
 */

import { severityName } from '../../fields/level/severity.js';
import type { Fields } from '../../fields/read-fields.js';
import { FieldReader, type FieldSettings } from '../../fields/reader.js';
import { type LabelSettings, Labels } from '../../labels/labels.js';
import type { Origin, RecordBatch } from '../../parts.js';
import { JsonWriter } from '../../records/json-writer.js';
import { withColumns } from '../../records/record-batch.js';
import type { Settings } from '../../settings.js';
import { isEmbeddedMetrics } from './events.js';

type FormatSettings = FieldSettings & LabelSettings & Pick<Settings, 'containerName' | 'cloudwatchFormat'>;

/** The service refuses what is older than the retention of a group, a day at the least, and a record may wait in the buffer. */
const PAST_MS = 12 * 3_600_000;

const MESSAGE = Buffer.from('"message":"');
const QUOTE = Buffer.from('"');
const DATA = Buffer.from(',"data":');
const CLOSE = Buffer.from('}');
const OBJECT = Buffer.from('"logtap":{');
const OBJECT_CLOSE = Buffer.from('}}');
const COMMA = Buffer.from(',');
const OPEN = Buffer.from('{');
const BRACE = 0x7b;
const NOTHING: Fields = { severity: 0 };

export class EventFormat {
  readonly #reader: FieldReader;
  readonly #labels: Labels;
  readonly #isJson: boolean;
  readonly #containerName: string | undefined;
  readonly #writer = new JsonWriter();

  /** Throws a ConfigError where a file of labels cannot be read. */
  constructor(settings: FormatSettings) {
    this.#reader = new FieldReader(settings, PAST_MS);
    this.#labels = new Labels(settings);
    this.#isJson = settings.cloudwatchFormat === 'json';
    this.#containerName = settings.containerName;
  }

  /** Whether the time of an event may be that in its text. */
  get hasTimes(): boolean {
    return this.#reader.hasTimes;
  }

  /** The same records as they are sent; the batch itself where they are as they were. */
  apply(batch: RecordBatch, messageMaxBytes: number): RecordBatch {
    if (!this.#isJson) return this.#reader.hasTimes ? withColumns(batch, { timeMs: this.#times(batch) }) : batch;
    const writer = this.#writer;
    writer.truncate(0);
    const labels = this.#labels.current;
    const timeMs = new Float64Array(batch.count);
    const start = new Uint32Array(batch.count);
    const length = new Uint32Array(batch.count);
    for (let i = 0; i < batch.count; i++) {
      const fields = this.#reader.fieldsOf(batch, i, true);
      timeMs[i] = this.#reader.timeOf(batch, i, fields);
      const from = batch.start[i]!;
      const to = from + batch.length[i]!;
      start[i] = writer.length;
      if (!isEmbeddedMetrics(batch.bytes, from, to)) {
        this.#write(batch, i, fields ?? NOTHING, this.#context(batch.origins[batch.origin[i]!]!, labels));
      }
      const size = writer.length - start[i]!;
      if (size === 0 || size > messageMaxBytes) {
        writer.truncate(start[i]!);
        writer.raw(batch.bytes.subarray(from, to));
      }
      length[i] = writer.length - start[i]!;
    }
    return withColumns(batch, { bytes: Uint8Array.from(writer.bytes), start, length, timeMs });
  }

  #times(batch: RecordBatch): Float64Array {
    return Float64Array.from(batch.timeMs, (_, i) =>
      this.#reader.timeOf(batch, i, this.#reader.fieldsOf(batch, i, false)),
    );
  }

  /** What records of an origin share. */
  #context({ stream, path, container }: Origin, labels: Labels['current']): Readonly<Record<string, unknown>> {
    const name = container || this.#containerName;
    return {
      stream,
      ...(path !== undefined && { path }),
      ...(name !== undefined && { container: name }),
      ...(labels && { labels }),
    };
  }

  #write(batch: RecordBatch, i: number, fields: Fields, context: Readonly<Record<string, unknown>>): void {
    const writer = this.#writer;
    const from = batch.start[i]!;
    const to = from + batch.length[i]!;
    const { severity, logger, thread, traceId, spanId, attributes, object } = fields;
    const name = severityName(severity)?.toUpperCase();
    const members = JSON.stringify({ severity: name, logger, thread, traceId, spanId, ...context });
    if (object !== undefined && isAll(batch.bytes, from, object.start)) {
      const close = object.end - 1;
      writer.raw(batch.bytes.subarray(object.start, close));
      if (hasMembers(batch.bytes, object.start + 1, close)) writer.raw(COMMA);
      writer.raw(OBJECT);
      writer.raw(Buffer.from(members.slice(1, -1)));
      writer.raw(OBJECT_CLOSE);
      return;
    }
    writer.raw(OPEN);
    writer.raw(Buffer.from(`${members.slice(1, -1)},`));
    writer.raw(MESSAGE);
    writer.string(batch.bytes, from, to);
    writer.raw(QUOTE);
    if (object !== undefined || attributes !== undefined) {
      writer.raw(DATA);
      writer.raw(
        object === undefined ? Buffer.from(JSON.stringify(attributes)) : batch.bytes.subarray(object.start, object.end),
      );
    }
    writer.raw(CLOSE);
  }
}

/** Whether only blanks are in front of an object. */
function isAll(bytes: Uint8Array, from: number, objectStart: number): boolean {
  for (let i = from; i < objectStart; i++) if (bytes[i]! > 0x20) return false;
  return bytes[objectStart] === BRACE;
}

function hasMembers(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i]! > 0x20) return true;
  return false;
}
