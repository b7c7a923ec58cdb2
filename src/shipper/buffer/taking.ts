/** Records for one send, taken from batch after batch. */
import { Tally } from '../accounting/tally.js';
import type { BatchLimits, RecordBatch } from '../parts.js';
import { nameBytes, slice } from '../records/record-batch.js';
import type { Span } from './body.js';
import type { Place } from './cursor.js';

/** Batches have as many origins at most: their indexes have 16 bits. */
const ORIGINS_MAX = 0xffff;

/** Part of the limits from which on a batch that does not fit is left for the next send: one batch is sent without a copy. */
const ENOUGH = 2 / 3;

/** As many records as the limits allow, or some fewer. */
export class Taking {
  readonly parts: RecordBatch[] = [];
  /** Where the next take starts. */
  next: Place;
  records = 0;
  readonly #limits: BatchLimits;
  #bytes = 0;
  #origins = 0;

  constructor(limits: BatchLimits, next: Place) {
    this.#limits = limits;
    this.next = next;
  }

  get isFull(): boolean {
    return this.records > 0 && this.records >= this.#limits.maxRecords;
  }

  /** Goes past a batch that is not wanted. */
  pass({ first, count }: Pick<Span, 'first' | 'count'>): void {
    this.next = { position: first + count, before: new Tally() };
  }

  /** Takes the records that fit of a batch whose first record has this number. Whether all of them did. */
  take(batch: RecordBatch, first: number): boolean {
    this.#origins += batch.origins.length;
    if (this.records > 0 && this.#origins > ORIGINS_MAX) return false;
    const from = Math.max(0, this.next.position - first);
    const { to, bytes } = this.#endOf(batch, from);
    if (to === from || (to < batch.count && this.#isEnough)) return false;
    this.records += to - from;
    this.#bytes = bytes;
    this.parts.push(slice(batch, from, to));
    if (to === batch.count) {
      this.pass({ first, count: batch.count });
      return true;
    }
    const before = Tally.of(batch, from, to);
    this.next = { position: first + to, before: from === 0 ? before : this.next.before.plus(before) };
    return false;
  }

  get #isEnough(): boolean {
    const { maxRecords, maxBytes } = this.#limits;
    return this.records >= maxRecords * ENOUGH || this.#bytes >= maxBytes * ENOUGH;
  }

  /** Where the records end that fit, from one on, and the bytes of all with them. */
  #endOf(
    { count, length, origin, origins }: RecordBatch,
    from: number,
  ): { readonly to: number; readonly bytes: number } {
    const { maxRecords, maxBytes, recordOverheadBytes, nameCopies = 0 } = this.#limits;
    /** Of each origin that was asked for, the bytes of its names. */
    const names = nameCopies === 0 ? undefined : new Float64Array(origins.length);
    // The first of all always fits.
    const least = this.records === 0 ? from + 1 : from;
    const most = Math.min(count, Math.max(least, from + maxRecords - this.records));
    let bytes = this.#bytes;
    let to = from;
    for (; to < most; to++) {
      let size = length[to]! + recordOverheadBytes;
      if (names !== undefined) {
        const o = origin[to]!;
        if (names[o] === 0) names[o] = nameBytes(origins[o]!);
        size += nameCopies * names[o]!;
      }
      if (to >= least && bytes + size > maxBytes) break;
      bytes += size;
    }
    return { to, bytes };
  }
}
