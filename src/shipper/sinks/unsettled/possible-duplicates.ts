/**
 * Records that a service without ids may have stored although it did not say so. They are resent, since a copy is a nuisance and a
 * missing line is a broken promise, and counted before they leave again: at most so many are stored more than once.
 */
import type { RecordBatch } from '../../parts.js';
import { select } from '../../records/record-batch.js';
import type { SinkContext } from '../sink-context.js';
import { EarlierRecords } from './earlier-records.js';

export class PossibleDuplicates {
  readonly #onPossibleDuplicates: (records: RecordBatch) => void;
  readonly #earlier: EarlierRecords;
  /** By origin the numbers of records in doubt, each with how many copies are counted and have not left. Bounded by the records in flight. */
  readonly #doubtful = new Map<string, Map<number, number>>();

  constructor({ onPossibleDuplicates = () => {}, isContinued = false, replacedTimes }: CountingContext) {
    this.#onPossibleDuplicates = onPossibleDuplicates;
    this.#earlier = new EarlierRecords(isContinued ? Date.now() : undefined, replacedTimes);
  }

  /** Call it before the records `from` up to, not including, `to` leave: those that may be stored already are counted. */
  leaving(batch: RecordBatch, from = 0, to = batch.count): void {
    if (this.#doubtful.size === 0 && !this.#earlier.hasEarlier) return;
    this.#earlier.look(batch.timeMs.subarray(from, to));
    const repeated: number[] = [];
    for (let i = from; i < to; i++) {
      const counted = this.#countedOf(batch, i);
      if (counted === undefined && !this.#earlier.has(batch.timeMs[i]!)) continue;
      if (counted === undefined || counted === 0) repeated.push(i);
      this.#set(batch, i, Math.max(0, (counted ?? 0) - 1));
    }
    if (repeated.length > 0) this.#onPossibleDuplicates(select(batch, repeated));
  }

  /** The answer to these records did not come, or says nothing. */
  lost(batch: RecordBatch, from = 0, to = batch.count): void {
    for (let i = from; i < to; i++) this.#set(batch, i, this.#countedOf(batch, i) ?? 0);
  }

  /** Nothing of these records is stored this time: the count holds for the next time they leave. */
  unstored(batch: RecordBatch, from = 0, to = batch.count): void {
    for (let i = from; i < to && this.#doubtful.size > 0; i++) {
      const counted = this.#countedOf(batch, i);
      if (counted !== undefined) this.#set(batch, i, counted + 1);
    }
  }

  /** These records are taken, or permanently rejected. */
  settled(batch: RecordBatch, from = 0, to = batch.count): void {
    for (let i = from; i < to && this.#doubtful.size > 0; i++) {
      const known = this.#doubtful.get(idOf(batch, i));
      if (known?.delete(batch.seq[i]!) && known.size === 0) this.#doubtful.delete(idOf(batch, i));
    }
  }

  #countedOf(batch: RecordBatch, i: number): number | undefined {
    return this.#doubtful.get(idOf(batch, i))?.get(batch.seq[i]!);
  }

  #set(batch: RecordBatch, i: number, counted: number): void {
    const known = this.#doubtful.get(idOf(batch, i));
    if (known === undefined) this.#doubtful.set(idOf(batch, i), new Map([[batch.seq[i]!, counted]]));
    else known.set(batch.seq[i]!, counted);
  }
}

export type CountingContext = Pick<SinkContext, 'onPossibleDuplicates' | 'isContinued' | 'replacedTimes'>;

const idOf = ({ origin, origins }: RecordBatch, i: number): string => origins[origin[i]!]!.id;
