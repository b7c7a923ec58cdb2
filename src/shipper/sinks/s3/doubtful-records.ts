/**
 * Records of objects that killed shippers were writing, and that were taken otherwise since: they may be stored under a key that no
 * later object has. They are counted when they leave. The note on disk keeps them, since the next shipper may be killed, too.
 */
import type { RecordBatch } from '../../parts.js';

/** First and last number of records, by origin. */
export type NumbersByOrigin = Readonly<Record<string, readonly [first: number, last: number]>>;

export class DoubtfulRecords {
  readonly #numbers: Map<string, readonly [first: number, last: number]>;

  constructor(numbers: NumbersByOrigin = {}) {
    this.#numbers = new Map(Object.entries(numbers));
  }

  get isEmpty(): boolean {
    return this.#numbers.size === 0;
  }

  get numbers(): NumbersByOrigin {
    return Object.fromEntries(this.#numbers);
  }

  /** Numbers between those of two objects are in doubt, too: the count says "at most". */
  add(numbers: NumbersByOrigin): void {
    for (const [id, [first, last]] of Object.entries(numbers)) {
      const [knownFirst, knownLast] = this.#numbers.get(id) ?? [first, last];
      this.#numbers.set(id, [Math.min(first, knownFirst), Math.max(last, knownLast)]);
    }
  }

  /** Indexes of the records of a batch that are in doubt. These are no longer: the numbers of an origin only rise from batch to batch. */
  take({ count, origin, origins, seq }: RecordBatch): readonly number[] {
    if (this.isEmpty) return [];
    const before = new Map(this.#numbers);
    const found: number[] = [];
    for (let i = 0; i < count; i++) {
      const { id } = origins[origin[i]!]!;
      const range = before.get(id);
      if (range === undefined) continue;
      const [first, last] = range;
      if (seq[i]! >= first && seq[i]! <= last) found.push(i);
      if (seq[i]! >= last) this.#numbers.delete(id);
      else if (this.#numbers.has(id)) this.#numbers.set(id, [Math.max(first, seq[i]! + 1), last]);
    }
    return found;
  }
}
