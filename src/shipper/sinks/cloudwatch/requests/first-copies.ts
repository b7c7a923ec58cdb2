/**
 * Records of before this run that it has sent. A killed shipper may have left a record twice, on disk and in its ring: the second
 * copy is the same record, and no reading can tell so soon that the first one is stored.
 */
import type { RecordBatch } from '../../../parts.js';
import { recordKey } from '../sent-event.js';
import type { PutRequest } from './stream-requests.js';

/** Records that are remembered; the oldest are forgotten first. */
const RECORDS_MAX = 65_536;

export class FirstCopies {
  /** By record, whether it is stored for certain. */
  readonly #sent = new Map<string, boolean>();
  #untilMs: number | undefined;

  /** `untilMs`: an earlier shipper may have sent records of before this time, in milliseconds since 1970. Undefined without one. */
  constructor(untilMs: number | undefined) {
    this.#untilMs = untilMs;
  }

  get untilMs(): number | undefined {
    return this.#untilMs;
  }

  /** The records without second copies in the same batch: those are delivered with the first ones. */
  first(batch: RecordBatch, records: readonly number[], timeMs: Float64Array): readonly number[] {
    let untilMs = this.#untilMs;
    if (untilMs === undefined) return records;
    const nowMs = Date.now();
    // Of a later time than now: the wall clock was set back, and this run has written none of that time.
    for (const i of records) if (timeMs[i]! > nowMs) untilMs = Math.max(untilMs, timeMs[i]! + 1);
    this.#untilMs = untilMs;
    const keys = new Set<string>();
    return records.filter((i) => {
      if (timeMs[i]! >= untilMs) return true;
      const { size } = keys;
      return keys.add(keyOf(batch, i)).size > size;
    });
  }

  /** The records of these events were sent, if they are of before this run; `isStored`: and are stored for certain. */
  add(request: PutRequest, isStored: boolean): void {
    const untilMs = this.#untilMs;
    if (untilMs === undefined) return;
    for (const key of keysOf(request, untilMs)) {
      this.#sent.delete(key);
      this.#sent.set(key, isStored);
      if (this.#sent.size > RECORDS_MAX) this.#sent.delete(this.#sent.keys().next().value!);
    }
  }

  /** These events are not stored, or are to be sent once more. */
  delete(request: PutRequest): void {
    if (this.#sent.size === 0) return;
    for (const key of keysOf(request)) this.#sent.delete(key);
  }

  /** The records without those that are stored. */
  unstored(batch: RecordBatch, records: readonly number[]): readonly number[] {
    if (this.#sent.size === 0) return records;
    return records.filter((i) => this.#sent.get(keyOf(batch, i)) !== true);
  }

  /** Those of the records of which a copy is on its way. */
  out(batch: RecordBatch, records: readonly number[]): readonly number[] {
    if (this.#sent.size === 0) return [];
    return records.filter((i) => this.#sent.get(keyOf(batch, i)) === false);
  }
}

/** With its length: a record that was made otherwise is no copy. */
const keyOf = (batch: RecordBatch, i: number): string => `${recordKey(batch, i)} ${batch.length[i]!}`;

/** Records that end within these events, and are of before this time. */
function* keysOf({ events, from, to }: PutRequest, untilMs = Number.POSITIVE_INFINITY): Generator<string> {
  const { batch, record, timeMs, count } = events;
  for (let i = from; i < to; i++) {
    const index = record[i]!;
    const isCut = i + 1 < count && record[i + 1] === index;
    if (!isCut && timeMs[i]! < untilMs) yield keyOf(batch, index);
  }
}
