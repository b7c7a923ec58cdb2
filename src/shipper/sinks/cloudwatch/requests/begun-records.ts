/** Records that are stored in part: too long for one event, and some of their events are in a request that was not stored. */
import type { RecordBatch } from '../../../parts.js';
import { recordKey, type SentEvent } from '../sent-event.js';
import type { PutRequest } from './stream-requests.js';

/** What is left to send to a log stream. */
export interface Left {
  /** Indexes of records, ascending. */
  readonly records: readonly number[];
  /** The first bytes of a long record are stored already. */
  readonly begun?: Begun | undefined;
}

export interface Begun {
  readonly record: number;
  readonly bytes: number;
}

/** Of a record that is stored in part: its first bytes, and all of them. */
type Stored = Pick<SentEvent, 'end' | 'length'>;

export class BegunRecords {
  readonly #stored = new Map<string, Stored>();

  /** All of its first record is stored now, and of its last one perhaps the beginning. */
  answered({ events: { batch, record, end, count }, from, to }: PutRequest): void {
    const last = to - 1;
    const index = record[last]!;
    if (this.#stored.size > 0) this.#stored.delete(recordKey(batch, record[from]!));
    if (to === count || record[to] !== index) return;
    this.set(recordKey(batch, index), { end: end[last]! - batch.start[index]!, length: batch.length[index]! });
  }

  set(record: string, { end, length }: Stored): void {
    this.#stored.set(record, { end, length });
  }

  delete(record: string): void {
    this.#stored.delete(record);
  }

  /**
   * With the first record that is stored in part, as long as its text is the same. Every other such record is sent whole: `onTwice` is told
   * of it.
   */
  left(batch: RecordBatch, records: readonly number[], onTwice: (index: number) => void): Left {
    if (this.#stored.size === 0) return { records };
    let begun: Begun | undefined;
    for (const index of records) {
      const record = recordKey(batch, index);
      const stored = this.#stored.get(record);
      if (stored === undefined) continue;
      if (begun === undefined && batch.length[index] === stored.length) begun = { record: index, bytes: stored.end };
      else {
        this.#stored.delete(record);
        onTwice(index);
      }
    }
    return begun === undefined ? { records } : { records, begun };
  }
}
