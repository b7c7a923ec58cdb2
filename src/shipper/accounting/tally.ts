/** How many records and message bytes, by stream: the unit in which everything is counted. */
import type { RecordBatch } from '../parts.js';

/** `unknown`: damaged on disk, so that it cannot be told any more. */
export const STREAMS = ['stdout', 'stderr', 'file', 'unknown'] as const;
export type StreamName = (typeof STREAMS)[number];

export interface Count {
  readonly records: number;
  readonly bytes: number;
}

export class Tally {
  /** By index into STREAMS. */
  readonly #records = [0, 0, 0, 0];
  readonly #bytes = [0, 0, 0, 0];

  /** Of the records `from` up to, not including, `to`. */
  static of(batch: RecordBatch, from = 0, to = batch.count): Tally {
    const tally = new Tally();
    const streams = batch.origins.map(({ stream }) => STREAMS.indexOf(stream));
    const [only = 0] = streams;
    if (streams.every((stream) => stream === only)) {
      tally.#records[only] = Math.max(0, to - from);
      tally.#bytes[only] = sumOf(batch.length, from, to);
      return tally;
    }
    for (let i = from; i < to; i++) {
      const stream = streams[batch.origin[i]!]!;
      tally.#records[stream]! += 1;
      tally.#bytes[stream]! += batch.length[i]!;
    }
    return tally;
  }

  /** Of records of which nothing is left but their number. */
  static unknown(records: number): Tally {
    const tally = new Tally();
    tally.#records[STREAMS.indexOf('unknown')] = records;
    return tally;
  }

  static ofStream(stream: StreamName, { records, bytes }: Count): Tally {
    const tally = new Tally();
    const i = STREAMS.indexOf(stream);
    tally.#records[i] = records;
    tally.#bytes[i] = bytes;
    return tally;
  }

  get records(): number {
    return sum(this.#records);
  }

  get bytes(): number {
    return sum(this.#bytes);
  }

  /** Streams of which there is nothing are left out. */
  get byStream(): Partial<Record<StreamName, Count>> {
    const counts = STREAMS.map((name, i) => [name, { records: this.#records[i]!, bytes: this.#bytes[i]! }] as const);
    return Object.fromEntries(counts.filter(([, { records }]) => records !== 0));
  }

  of(stream: StreamName): Count {
    const i = STREAMS.indexOf(stream);
    return { records: this.#records[i]!, bytes: this.#bytes[i]! };
  }

  add(other: Tally): void {
    for (let i = 0; i < STREAMS.length; i++) {
      this.#records[i]! += other.#records[i]!;
      this.#bytes[i]! += other.#bytes[i]!;
    }
  }

  subtract(other: Tally): void {
    for (let i = 0; i < STREAMS.length; i++) {
      this.#records[i]! -= other.#records[i]!;
      this.#bytes[i]! -= other.#bytes[i]!;
    }
  }

  plus(other: Tally): Tally {
    const tally = new Tally();
    tally.add(this);
    tally.add(other);
    return tally;
  }

  minus(other: Tally): Tally {
    const tally = new Tally();
    tally.add(this);
    tally.subtract(other);
    return tally;
  }
}

function sumOf(lengths: Uint32Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += lengths[i]!;
  return total;
}

function sum(counts: readonly number[]): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
