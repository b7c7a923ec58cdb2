/** Records to a `_bulk` body: a `create` action and a document a record. */
import { createHash } from 'node:crypto';
import type { Fields } from '../../fields/read-fields.js';
import type { FieldReader } from '../../fields/reader.js';
import type { Labels } from '../../labels/labels.js';
import type { Origin, RecordBatch } from '../../parts.js';
import { jsonObjectIn } from '../../records/json-object.js';
import { JsonWriter } from '../../records/json-writer.js';
import { DocumentColumns, type DocumentsWritten, type Extra, IS_READ } from './document-columns.js';
import { DATA as DATA_NAME, type FieldsToJson, fieldsToJson, fieldTexts, labelsToJson } from './parsed.js';
import { type Resource, SCHEMAS, type Schema, type SchemaName } from './schema.js';

/** A body for the records from `from` up to, not including, `to`. */
export interface BulkBody {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** How records are written. */
export interface BulkForm {
  /** Writes a message that is a JSON object below `data`, too: only where the mapping is known to accept it. */
  readonly withData?: boolean;
  /** Writes fields that the text has, and labels: a mapping of an operator may refuse them. */
  readonly withFields?: boolean;
  /** Adds a hash of the record to its id: for records whose own id holds something else. */
  readonly isNamedByContent?: boolean;
}

export interface BulkEncoderOptions {
  /** An index, with its pattern of dates in braces, or a data stream. */
  readonly index: string;
  readonly isDataStream?: boolean;
  readonly schema: SchemaName;
  readonly resource: Resource;
  /** Absent where records have no fields. */
  readonly fields?: FieldReader;
  /** Absent where nothing is put on records. */
  readonly labels?: Labels;
}

/** Index names change with the hour at most. */
const HOUR_MS = 3_600_000;
/** A value in `data` becomes one term, and a term has at most 32,766 bytes. */
const DATA_MAX_BYTES = 32_000;
/** A thread of OpenSearch 3.4 dies, and never answers, where a flat_object nests some 400 levels deep. */
const DATA_MAX_DEPTH = 50;
/** Id and text of documents of our own that ask whether others would be taken. */
const PROBE = 'logtap-probe';
/** Of 64 hexadecimal digits. */
const HASH_LENGTH = 20;
const TIMESTAMP = Buffer.from('"}}\n{"@timestamp":"');
const TIMESTAMP_WITHOUT_ID = Buffer.from('}}\n{"@timestamp":"');
const DATA = Buffer.from(DATA_NAME);
const QUOTE = Buffer.from('"');
const LINE_FEED = 0x0a;
const QUOTE_BYTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;

/** What documents of one origin and hour share. */
interface Constants {
  /** The action up to the number in the id, or where there are no ids to the end of the index. */
  readonly action: Buffer;
  readonly hour: number;
  /** The rest of the document after the number of the record. */
  readonly tail: Buffer;
  /** In the columns. */
  slot?: number | undefined;
}

/** What is not in a record's columns. */
interface Reading {
  readonly timeMs: number;
  readonly extra: Extra | undefined;
}

export class BulkEncoder {
  /** Whether records have ids of ours. Without them a record that is retried may be stored twice. */
  withIds = true;
  /** For errors. */
  readonly index: string;
  readonly #isDataStream: boolean;
  readonly #schema: Schema;
  readonly #resource: Resource;
  readonly #message: Buffer;
  readonly #beforeSeq: Buffer;
  readonly #fields: FieldReader | undefined;
  readonly #labels: Labels | undefined;
  readonly #fieldsToJson: FieldsToJson;
  /** Absent where there are no kernels. */
  readonly #columns = DocumentColumns.open();
  readonly #writer = new JsonWriter(this.#columns?.body);

  constructor({ index, isDataStream = false, schema, resource, fields, labels }: BulkEncoderOptions) {
    this.index = index;
    this.#isDataStream = isDataStream;
    this.#schema = SCHEMAS[schema];
    this.#resource = resource;
    this.#message = Buffer.from(`","${this.#schema.message}":"`);
    this.#beforeSeq = Buffer.from(this.#schema.beforeSeq);
    this.#fields = fields?.isOn === true ? fields : undefined;
    this.#labels = labels;
    this.#fieldsToJson = fieldsToJson(schema);
    this.#columns?.keepTexts(fieldTexts(schema));
  }

  /**
   * As many records from `from` on, below `limit`, as fit into `maxBytes`, and at least one. The bytes are valid until
   * the next call.
   */
  encode(batch: RecordBatch, from: number, limit: number, maxBytes: number, form: BulkForm = {}): BulkBody {
    const writer = this.#writer;
    const labels = form.withFields === true ? labelsToJson(this.#labels?.current) : '';
    const known = new Array<Constants | undefined>(batch.origins.length);
    const constantsOf = (i: number) => this.#constantsOf(batch, i, labels, known);
    if (this.#columns === undefined) writer.truncate(0);
    else this.#begin(this.#columns);
    let i = from;
    while (i < limit) {
      const { count, isBodyFull } = this.#byKernel(batch, i, limit, maxBytes, form, constantsOf);
      i += count;
      if (isBodyFull || i === limit) break;
      const before = writer.length;
      this.#record(batch, i, constantsOf(i), form);
      if (writer.length > maxBytes && i > from) {
        writer.truncate(before);
        break;
      }
      i += 1;
    }
    return { bytes: writer.bytes, from, to: i };
  }

  #begin(columns: DocumentColumns): void {
    this.#writer.clear();
    columns.begin({
      idToTime: this.withIds ? TIMESTAMP : TIMESTAMP_WITHOUT_ID,
      timeToMessage: this.#message,
      messageToSeq: this.#beforeSeq,
    });
  }

  /** Records from `i` on in one round of the kernel; none where the next one is not for it. */
  #byKernel(
    batch: RecordBatch,
    i: number,
    limit: number,
    maxBytes: number,
    form: BulkForm,
    constantsOf: (i: number) => Constants,
  ): DocumentsWritten {
    const columns = this.#columns;
    const writer = this.#writer;
    if (columns === undefined || !writer.isHome || form.isNamedByContent === true) return NONE;
    columns.clear();
    const most = maxBytes - writer.length;
    for (let next = i; next < limit && columns.bytes <= most; next++) {
      const constants = constantsOf(next);
      constants.slot ??= columns.slotOf(constants.action, constants.tail);
      if (constants.slot === undefined || !columns.add(batch, next, constants.slot)) break;
    }
    if (columns.count > 0) columns.load(batch);
    this.#readInto(columns, batch, i, most, form);
    return columns.count === 0 ? NONE : columns.write(writer, this.withIds, maxBytes);
  }

  /** Reads the text of the records in the columns, from record `first` of the batch on, as far as there is room for what it says. */
  #readInto(columns: DocumentColumns, batch: RecordBatch, first: number, most: number, form: BulkForm): void {
    const { withData = false, withFields = false } = form;
    const reader = this.#fields;
    if (!withData && (reader === undefined || !(withFields || reader.hasTimes))) return;
    const severities = withFields && reader?.hasTimes === false ? columns.readFields(withData) : undefined;
    let added = 0;
    for (let n = 0; n < columns.count; n++) {
      const severity = severities === undefined ? 0 : severities[n]!;
      if (severity > 0 && reader?.reads(batch, first + n) === true) {
        if (severity !== IS_READ) columns.setSeverity(n, severity);
      } else {
        const { timeMs, extra } = this.#read(batch, first + n, form);
        if (!columns.set(n, timeMs, extra)) columns.truncate(n);
      }
      if (n === columns.count) break;
      added += columns.extraBytes(n);
      if (columns.bytesTo(n) + added > most) columns.truncate(n + 1);
    }
  }

  /** Whether documents are written by a kernel, as far as possible. */
  get hasKernel(): boolean {
    return this.#columns !== undefined;
  }

  /** Whether documents have more than the record: a mapping may refuse it. */
  get hasFields(): boolean {
    return this.#fields !== undefined || this.#labels?.current !== undefined;
  }

  /** Whether all records go into the same index. */
  get isOneIndex(): boolean {
    return !this.index.includes('{');
  }

  /** The name of the index, or of the data stream, of a record. */
  indexOf({ timeMs }: RecordBatch, i: number): string {
    return indexName(this.index, Math.floor(timeMs[i]! / HOUR_MS) * HOUR_MS);
  }

  /** The time of each record as it is stored, in milliseconds. */
  timesOf(batch: RecordBatch): Float64Array {
    const fields = this.#fields;
    if (fields?.hasTimes !== true) return batch.timeMs;
    const times = new Float64Array(batch.count);
    for (let i = 0; i < batch.count; i++) times[i] = fields.timeOf(batch, i, fields.fieldsOf(batch, i, false));
    return times;
  }

  idOf(batch: RecordBatch, i: number, { isNamedByContent = false }: BulkForm = {}): string {
    const { id } = batch.origins[batch.origin[i]!]!;
    return `${id}-${batch.seq[i]}${isNamedByContent ? contentSuffix(batch, i) : ''}`;
  }

  /** Fields of a document by which it is told from that of another record. */
  get telltales(): readonly string[] {
    return ['@timestamp', this.#schema.message];
  }

  /** The stored document of a record, without `data`. */
  documentOf(batch: RecordBatch, i: number): Readonly<Record<string, unknown>> {
    const { bytes } = this.encode(batch, i, i + 1, 0);
    return JSON.parse(bytes.toString().split('\n')[1]!);
  }

  /** The parts of a document that many records share: its index, and the names of its fields. */
  kindOf(batch: RecordBatch, i: number): string {
    const { stream, pid, process, container } = batch.origins[batch.origin[i]!]!;
    const fields = [stream === 'file', pid !== 0, process !== '', container !== ''].map(Number).join('');
    return `${fields} ${this.indexOf(batch, i)}`;
  }

  /**
   * A record of our own, of now, for the kind of each of these records. It is taken where it is answered 409, too: an update
   * that names a version which no document has comes as far as a record does, and stores nothing. Data streams know no
   * updates: there it is a document that is created once.
   */
  probe(batch: RecordBatch, records: readonly number[], isStored: boolean): Buffer {
    const lines = records.map((i) => {
      const { id: _, path, pid, process, container, stream } = batch.origins[batch.origin[i]!]!;
      const origin: Origin = {
        id: PROBE,
        stream,
        ...(path !== undefined && { path: `/${PROBE}` }),
        pid: pid && 1,
        process: process && PROBE,
        container: container && PROBE,
      };
      const name = { _index: this.indexOf(batch, i), ...(this.withIds && { _id: PROBE }) };
      const action = isStored ? { create: name } : { index: { ...name, ...NO_VERSION } };
      const head = JSON.stringify({ '@timestamp': new Date().toISOString(), [this.#schema.message]: PROBE });
      return `${JSON.stringify(action)}\n${head.slice(0, -1)}${this.#schema.beforeSeq}0${this.#schema.afterSeq(origin, this.#resource)}\n`;
    });
    return Buffer.from(lines.join(''));
  }

  /** Whether `probe` can do without storing anything. */
  get canProbeUnstored(): boolean {
    return this.withIds && !this.#isDataStream;
  }

  /** The twin of the kernel. */
  #record(batch: RecordBatch, i: number, { action, tail }: Constants, form: BulkForm): void {
    const writer = this.#writer;
    const { timeMs, extra } = this.#read(batch, i, form);
    const seq = batch.seq[i]!;
    const start = batch.start[i]!;
    writer.raw(action);
    if (this.withIds) {
      writer.integer(seq);
      if (form.isNamedByContent === true) writer.raw(Buffer.from(contentSuffix(batch, i)));
      writer.raw(TIMESTAMP);
    } else {
      writer.raw(TIMESTAMP_WITHOUT_ID);
    }
    writer.timestamp(timeMs);
    writer.raw(this.#message);
    writer.string(batch.bytes, start, start + batch.length[i]!);
    writer.raw(QUOTE);
    if (extra !== undefined) {
      writer.raw(Buffer.from(extra.members));
      for (const bytes of extra.data) writer.raw(bytes);
    }
    writer.raw(this.#beforeSeq);
    writer.integer(seq);
    writer.raw(tail);
  }

  /** Reads the text of a record, as far as its form asks for that. */
  #read(batch: RecordBatch, i: number, { withData = false, withFields = false }: BulkForm): Reading {
    const reader = withFields || this.#fields?.hasTimes === true ? this.#fields : undefined;
    const fields = reader?.fieldsOf(batch, i, withData);
    const timeMs = reader === undefined ? batch.timeMs[i]! : reader.timeOf(batch, i, fields);
    const data = withData && batch.length[i]! <= DATA_MAX_BYTES ? this.#data(batch, i, fields) : undefined;
    const members = withFields && fields !== undefined ? this.#fieldsToJson(fields) : '';
    const extra = members === '' && data === undefined ? undefined : { members, data: data ? [DATA, data] : [] };
    return { timeMs, extra };
  }

  /** An object in the message, or else what its layout names. */
  #data(batch: RecordBatch, i: number, fields: Fields | undefined): Uint8Array | undefined {
    const { bytes, start, length } = batch;
    if (this.#fields?.reads(batch, i) !== true) return plainObjectIn(bytes, start[i]!, start[i]! + length[i]!);
    if (fields?.object !== undefined)
      return isPlain(bytes, fields.object) ? bytes.subarray(fields.object.start, fields.object.end) : undefined;
    return fields?.attributes === undefined ? undefined : Buffer.from(JSON.stringify(fields.attributes));
  }

  /** The index is of the time of the write, so that a retry after midnight finds it again, and with it the same id. */
  #action({ id }: Origin, hour: number): Buffer {
    const index = JSON.stringify(indexName(this.index, hour * HOUR_MS));
    return Buffer.from(`{"create":{"_index":${index}${this.withIds ? `,"_id":"${id}-` : ''}`);
  }

  #constantsOf(batch: RecordBatch, i: number, labels: string, known: (Constants | undefined)[]): Constants {
    const index = batch.origin[i]!;
    const hour = Math.floor(batch.timeMs[i]! / HOUR_MS);
    const found = known[index];
    if (found?.hour === hour) return found;
    const origin = batch.origins[index]!;
    const action = this.#action(origin, hour);
    const tail =
      found?.tail ?? Buffer.from(`${this.#schema.afterSeq(origin, this.#resource).slice(0, -1)}${labels}}\n`);
    const constants = { action, hour, tail };
    known[index] = constants;
    return constants;
  }
}

const NONE: DocumentsWritten = { count: 0, isBodyFull: false };

/** The version of no document. */
const NO_VERSION = { if_seq_no: Number.MAX_SAFE_INTEGER, if_primary_term: 1 };

function contentSuffix({ bytes, start, length, timeMs }: RecordBatch, i: number): string {
  const hash = createHash('sha256').update(`${timeMs[i]} `);
  hash.update(bytes.subarray(start[i]!, start[i]! + length[i]!));
  return `-${hash.digest('hex').slice(0, HASH_LENGTH)}`;
}

/** An object that is all of a message, but for blanks, and plain. */
function plainObjectIn(bytes: Uint8Array, from: number, to: number): Uint8Array | undefined {
  const json = jsonObjectIn(bytes, from, to);
  return json !== undefined && isPlain(bytes, json) ? bytes.subarray(json.start, json.end) : undefined;
}

/** Whether the mapping of `data` bears an object, and it does not end the line of its document. */
function isPlain(bytes: Uint8Array, { start, end }: { readonly start: number; readonly end: number }): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE_BYTE) isInString = !isInString;
    else if (isInString && byte === BACKSLASH) i += 1;
    else if (isInString) continue;
    // Legal between members.
    else if (byte === LINE_FEED) return false;
    // Brackets and braces differ in one bit.
    else if ((byte & ~0x20) === BRACKET_OPEN && ++depth > DATA_MAX_DEPTH) return false;
    else if ((byte & ~0x20) === BRACKET_CLOSE) depth -= 1;
  }
  return true;
}

/** Fills `{yyyy.MM.dd}` and its like from the UTC time. */
export function indexName(pattern: string, timeMs: number): string {
  const [yyyy = '', MM = '', dd = '', HH = ''] = new Date(timeMs).toISOString().split(/[-T:]/);
  return pattern.replace(/\{([^{}]*)\}/g, (_, date: string) =>
    date.replace('yyyy', yyyy).replace('MM', MM).replace('dd', dd).replace('HH', HH),
  );
}
