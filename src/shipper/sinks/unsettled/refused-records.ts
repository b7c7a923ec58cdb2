/** Records that the endpoint has refused by themselves before it was seen to take others: they wait apart. Bounded by what waits. */
import type { RecordBatch } from '../../parts.js';
import { compact } from '../../records/record-batch.js';

/** Where they wait, for the status of the sink. */
export const REFUSED = 'refused records';
const OTHERS = 'all others';
/** Refused requests of one send, of which none is taken, are enough: it is about all of them. */
const REFUSALS_LEAST = 32;
/** With each such send in a row up to so many: a long row of records that are refused comes to its end. */
const REFUSALS_MOST = 1024;

/** Records wait for so long for others to be taken. */
const WAIT_MS = 60_000;
/** A good record is replaced by a younger one after so long: a service may refuse old ones. */
const GOOD_MS = 60_000;
const GOOD_MAX_BYTES = 16 * 1024;

const idOf = ({ origin, origins, seq }: RecordBatch, i: number): string => `${origins[origin[i]!]!.id}-${seq[i]}`;

export class RefusedRecords {
  /** By id of the record: how many requests with records had been taken when it was first refused. */
  readonly #takenBefore = new Map<string, number>();
  readonly #now: () => number;
  #taken = 0;
  /** A record that the endpoint has taken, and when. */
  #good: { readonly record: RecordBatch; readonly atMs: number } | undefined;
  /** When a record was refused by itself for the first time since others were taken, or the good record was sent last. */
  #waitingMs: number | undefined;
  /** Refusals after which a send of new records gives up. */
  #allowed = REFUSALS_LEAST;

  /** `now` is monotonic. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A request with records was taken. `i`: one of them that was. */
  countTaken(batch: RecordBatch, i: number | undefined): void {
    this.#taken += 1;
    this.#waitingMs = undefined;
    if (i !== undefined) this.#keep(batch, i);
    this.#allowed = REFUSALS_LEAST;
  }

  /** To send once more, where others that are refused by themselves have waited long enough for any record to be taken. */
  goodRecord(): RecordBatch | undefined {
    const nowMs = this.#now();
    if (this.#waitingMs === undefined || nowMs - this.#waitingMs < WAIT_MS) return undefined;
    this.#waitingMs = nowMs;
    return this.#good?.record;
  }

  get taken(): number {
    return this.#taken;
  }

  /** How many refused requests a send of this batch may have while none is taken. Records that wait have had more already. */
  refusalsOf(batch: RecordBatch): number {
    return this.#takenBefore.has(idOf(batch, 0)) ? REFUSALS_LEAST : this.#allowed;
  }

  /** A send had so many refused requests. */
  giveUp(refusals: number): void {
    if (refusals >= this.#allowed) this.#allowed = Math.min(REFUSALS_MOST, this.#allowed * 2);
  }

  /** Whether others were taken since the record was refused by itself. */
  isOutdone(batch: RecordBatch, i: number): boolean {
    return (this.#takenBefore.get(idOf(batch, i)) ?? this.#taken) < this.#taken;
  }

  /** Notes a refusal. True where others were taken since the first one of this record: then it is about this record. */
  refuse(batch: RecordBatch, i: number): boolean {
    this.#waitingMs ??= this.#now();
    const id = idOf(batch, i);
    if (!this.#takenBefore.has(id)) this.#takenBefore.set(id, this.#taken);
    return this.isOutdone(batch, i);
  }

  /** The records are taken, or permanently rejected. */
  forget(batch: RecordBatch, from: number, to: number): void {
    if (this.#takenBefore.size === 0) return;
    for (let i = from; i < to; i++) this.#takenBefore.delete(idOf(batch, i));
  }

  destinationsOf(batch: RecordBatch): readonly string[] {
    return Array.from({ length: batch.count }, (_, i) => (this.#takenBefore.has(idOf(batch, i)) ? REFUSED : OTHERS));
  }

  #keep(batch: RecordBatch, i: number): void {
    const atMs = this.#now();
    const isYoung = this.#good !== undefined && atMs - this.#good.atMs < GOOD_MS;
    if (!isYoung && batch.length[i]! <= GOOD_MAX_BYTES) this.#good = { record: compact(batch, [i]), atMs };
  }
}
