/** Records to one JSON object per line, for the sinks stdout, file and tcp, and those of archives. */

import { type LabelSettings, Labels } from '../../labels/labels.js';
import type { Origin, RecordBatch } from '../../parts.js';
import { jsonObjectIn } from '../../records/json-object.js';
import { JsonWriter } from '../../records/json-writer.js';
import { fieldsOf, type Metadata } from '../record-fields.js';

const OPEN = Buffer.from('{"timestamp":"');
const MESSAGE = Buffer.from(',"message":"');
const QUOTE = Buffer.from('"');
const DATA = Buffer.from('","data":');
const CLOSE_MESSAGE = Buffer.from('"}\n');
const CLOSE_DATA = Buffer.from('}\n');

/**
 * `data`: `message`, and where it is a JSON object the object itself as `data`. `id`: `message` alone, and the id of the record, by which a
 * reader can tell a record that is stored twice.
 */
export type NdjsonForm = 'data' | 'id';

export class NdjsonEncoder {
  readonly #metadata: Metadata;
  readonly #labels: Labels;
  readonly #hasIds: boolean;
  readonly #writer = new JsonWriter();

  constructor(settings: Metadata & LabelSettings, form: NdjsonForm = 'data') {
    this.#metadata = settings;
    this.#hasIds = form === 'id';
    this.#labels = new Labels(settings);
  }

  /** One line a record. `ends[i]` is where line i ends. The bytes are valid until the next call. */
  encode(batch: RecordBatch): { readonly bytes: Buffer; readonly ends: readonly number[] } {
    const writer = this.#writer;
    writer.truncate(0);
    // A batch may name more origins than the records have that are sent of it.
    const constants = new Array<Buffer | undefined>(batch.origins.length);
    const ids = new Array<Buffer | undefined>(batch.origins.length);
    const ends: number[] = [];
    for (let i = 0; i < batch.count; i++) {
      const start = batch.start[i]!;
      const end = start + batch.length[i]!;
      writer.raw(OPEN);
      writer.timestamp(batch.timeMs[i]!);
      const origin = batch.origin[i]!;
      constants[origin] ??= Buffer.from(this.#constantsOf(batch.origins[origin]!));
      writer.raw(constants[origin]);
      ids[origin] ??= Buffer.from(`,"id":${JSON.stringify(`${batch.origins[origin]!.id}-`).slice(0, -1)}`);
      writer.integer(batch.seq[i]!);
      if (this.#hasIds) {
        writer.raw(ids[origin]!);
        writer.integer(batch.seq[i]!);
        writer.raw(QUOTE);
      }
      writer.raw(MESSAGE);
      writer.string(batch.bytes, start, end);
      const json = this.#hasIds ? undefined : jsonObjectIn(batch.bytes, start, end);
      if (json !== undefined) {
        writer.raw(DATA);
        writer.raw(batch.bytes.subarray(json.start, json.end));
        writer.raw(CLOSE_DATA);
      } else {
        writer.raw(CLOSE_MESSAGE);
      }
      ends.push(writer.length);
    }
    return { bytes: writer.bytes, ends };
  }

  /** What all records of an origin share, from the end of the timestamp to the value of `seq`. */
  #constantsOf(origin: Origin): string {
    return `",${JSON.stringify(fieldsOf(origin, this.#metadata, this.#labels.current)).slice(1, -1)},"seq":`;
  }
}
