/** Which records an earlier shipper may have sent: by the time at which they were written, and by the note that it left. */
import type { RecordBatch } from '../../../parts.js';
import type { EarlierRecords } from '../../unsettled/earlier-records.js';
import type { SentNote } from '../../unsettled/sent-note.js';

export class EarlierSends {
  readonly #earlier: EarlierRecords;
  readonly #note: Pick<SentNote, 'mayHave'> | undefined;

  /** Without a note the times alone tell. */
  constructor(earlier: EarlierRecords, note?: Pick<SentNote, 'mayHave'>) {
    this.#earlier = earlier;
    this.#note = note;
  }

  get hasEarlier(): boolean {
    return this.#earlier.hasEarlier;
  }

  /** Call it before records of these times are judged. */
  look(timesMs: Iterable<number>): void {
    this.#earlier.look(timesMs);
  }

  /** Whether an earlier shipper may have sent a record of this time with another one. */
  hasOtherTime(timeMs: number): boolean {
    return this.#earlier.hasOtherTime(timeMs);
  }

  /** Of a record that was written at that time. */
  mayHave(batch: RecordBatch, i: number, timeMs: number): boolean {
    if (!this.#earlier.has(timeMs)) return false;
    return this.#note === undefined || this.#note.mayHave(batch, i) || this.hasOtherTime(timeMs);
  }
}
