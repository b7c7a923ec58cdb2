/**
 * Records as bodies of PutRecordBatch, within its limits. A record of Firehose is one line of NDJSON with its line end, or
 * where they are joined many.
 *
 * @see https://docs.aws.amazon.com/firehose/latest/dev/limits.html
 */
import type { LabelSettings } from '../../labels/labels.js';
import type { RecordBatch } from '../../parts.js';
import { slice } from '../../records/record-batch.js';
import { NdjsonEncoder } from '../lines/ndjson.js';
import type { Metadata } from '../record-fields.js';

/** Records of a request: "up to 500 records per call". */
export const REQUEST_MAX_RECORDS = 500;
/** Of a request: "or 4 MiB per call". It does not say of which form, so this is its longest, the whole body. */
export const REQUEST_MAX_BYTES = 4 * 1024 * 1024;
/** Of a record, "before base64-encoding": 1,000 KiB. */
const RECORD_MAX_BYTES = 1000 * 1024;
/** `{"Data":""},` */
const RECORD_OVERHEAD_BYTES = 12;
const base64Bytes = (bytes: number) => 4 * Math.ceil(bytes / 3);

/** Lines `from` up to, not including, `to` of a batch, which are one record of Firehose. */
export interface Item {
  readonly from: number;
  readonly to: number;
}

export interface PutBody {
  readonly bytes: Buffer;
  readonly items: readonly Item[];
  /** Up to here, not including it, lines are in the body, or too large. */
  readonly to: number;
  /** Lines that are longer than a record of Firehose may be. */
  readonly tooLarge: readonly number[];
}

export class FirehoseEncoder {
  readonly #lines: NdjsonEncoder;
  readonly #open: string;
  readonly #itemMaxLines: number;

  constructor(stream: string, isJoined: boolean, settings: Metadata & LabelSettings) {
    this.#lines = new NdjsonEncoder(settings, 'id');
    this.#open = `{"DeliveryStreamName":${JSON.stringify(stream)},"Records":[`;
    this.#itemMaxLines = isJoined ? Number.POSITIVE_INFINITY : 1;
  }

  /** As many lines from `from` on, below `limit`, as the limits allow. */
  encode(batch: RecordBatch, from: number, limit: number, maxBytes = REQUEST_MAX_BYTES): PutBody {
    const { bytes, ends } = this.#lines.encode(slice(batch, from, limit));
    const items: Item[] = [];
    const tooLarge: number[] = [];
    let size = this.#open.length + 2;
    let to = from;
    const begin = (line: number) => (line === from ? 0 : ends[line - from - 1]!);
    const end = (line: number) => ends[line - from]!;
    while (to < limit && items.length < REQUEST_MAX_RECORDS) {
      if (end(to) - begin(to) > RECORD_MAX_BYTES) {
        tooLarge.push(to++);
        continue;
      }
      const room = maxBytes - size - RECORD_OVERHEAD_BYTES;
      let next = to;
      while (next < limit && next - to < this.#itemMaxLines) {
        const length = end(next) - begin(to);
        const fits = length <= RECORD_MAX_BYTES && base64Bytes(length) <= room;
        if (!fits && (next > to || items.length > 0)) break;
        next += 1;
        if (!fits) break;
      }
      if (next === to) break;
      size += RECORD_OVERHEAD_BYTES + base64Bytes(end(next - 1) - begin(to));
      items.push({ from: to, to: next });
      to = next;
    }
    const dataOf = (item: Item) => bytes.toString('base64', begin(item.from), end(item.to - 1));
    return { bytes: this.#body(items, dataOf, size), items, to, tooLarge };
  }

  /** Of no more than `size` bytes. Written in place: as a text it would be in memory twice more. */
  #body(items: readonly Item[], dataOf: (item: Item) => string, size: number): Buffer {
    const body = Buffer.allocUnsafe(size);
    let at = 0;
    const write = (text: string) => {
      at += body.write(text, at, 'latin1');
    };
    write(this.#open);
    for (const [place, item] of items.entries()) {
      write(place === 0 ? '{"Data":"' : ',{"Data":"');
      write(dataOf(item));
      write('"}');
    }
    write(']}');
    return body.subarray(0, at);
  }
}
