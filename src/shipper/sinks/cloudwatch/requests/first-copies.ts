/**
 * Records of before this run that it has sent. A killed shipper may have left a record twice, on disk and in its ring: the second
 * copy is the same record, and no reading can tell so soon that the first one is stored.
 */
import type { RecordBatch } from '../../../parts.js';
import { recordKey } from '../sent-event.js';
import type { EarlierSends } from './earlier-sends.js';
import type { PutRequest } from './stream-requests.js';

/** Records that are remembered; the oldest are forgotten first. */
const RECORDS_MAX = 65_536;

export class FirstCopies {
  /** By record, whether it is stored for certain. */
  readonly #sent = new Map<string, boolean>();
  readonly #earlier: EarlierSends;

  constructor(earlier: EarlierSends) {
    this.#earlier = earlier;
  }

  /** The records without second copies in the same batch: those are delivered with the first ones. */
  first(batch: RecordBatch, records: readonly number[], timeMs: Float64Array): readonly number[] {
    if (!this.#earlier.hasEarlier) return records;
    this.#earlier.look(records.map((i) => timeMs[i]!));
    const keys = new Set<string>();
    return records.filter((i) => {
      if (!this.#earlier.mayHave(batch, i, timeMs[i]!)) return true;
      const { size } = keys;
      return keys.add(keyOf(batch, i)).size > size;
    });
  }

  /** The request leaves: the records of its events are on their way, if they are of before this run. */
  left(request: PutRequest): void {
    this.#add(request, false, () => true);
  }

  /** It is answered: these of its events are stored for certain, and the service rejects the others. */
  stored(request: PutRequest, isStored: (event: number) => boolean): void {
    this.delete(request, (event) => !isStored(event));
    this.#add(request, true, isStored);
  }

  /** These events are not stored, or are to be sent once more. */
  delete(request: PutRequest, isAmong = (_event: number): boolean => true): void {
    if (this.#sent.size === 0) return;
    for (const key of keysOf(request, isAmong)) this.#sent.delete(key);
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

  #add(request: PutRequest, isStored: boolean, isAmong: (event: number) => boolean): void {
    if (!this.#earlier.hasEarlier) return;
    const { timeMs, batch, record } = request.events;
    const mayHave = (event: number) => this.#earlier.mayHave(batch, record[event]!, timeMs[event]!);
    for (const key of keysOf(request, (event) => mayHave(event) && isAmong(event))) {
      this.#sent.delete(key);
      this.#sent.set(key, isStored);
      if (this.#sent.size > RECORDS_MAX) this.#sent.delete(this.#sent.keys().next().value!);
    }
  }
}

/** With its length: a record that was made otherwise is no copy. */
const keyOf = (batch: RecordBatch, i: number): string => `${recordKey(batch, i)} ${batch.length[i]!}`;

/** Records that end with one of these events. */
function* keysOf({ events, from, to }: PutRequest, isAmong: (event: number) => boolean): Generator<string> {
  const { batch, record, count } = events;
  for (let i = from; i < to; i++) {
    const index = record[i]!;
    const isCut = i + 1 < count && record[i + 1] === index;
    if (!isCut && isAmong(i)) yield keyOf(batch, index);
  }
}
