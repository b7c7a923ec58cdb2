/** Records on their way to a sink, which know where they were taken from. */

import { Tally } from '../accounting/tally.js';
import type { Taken } from '../buffer/cursor.js';
import type { BatchLimits, Memory, RecordBatch } from '../parts.js';
import { compact, concat, cut, memoryBytes, select } from './record-batch.js';

type Acknowledge = Taken['acknowledge'];

/** Records `from` up to, not including, `to` of a piece, which one take gave. */
interface Part {
  readonly from: number;
  readonly to: number;
  readonly acknowledge: Acknowledge;
}

/** Records that a sink refused, by their indexes. */
export interface Refused {
  readonly indexes: readonly number[];
  /** Called with some of them, when the buffer forgets these. */
  keep(tally: Tally): void;
}

export class Piece {
  /** Copied into one when something asks for that: pieces that are joined again until they leave are copied once. */
  #batches: readonly RecordBatch[];
  #parts: readonly Part[];
  readonly count: number;
  /** Of the messages. */
  readonly #bytes: number;

  private constructor(batches: readonly RecordBatch[], parts: readonly Part[]) {
    this.#batches = batches;
    this.#parts = parts;
    let [count, bytes] = [0, 0];
    for (const batch of batches) {
      count += batch.count;
      bytes += Tally.of(batch).bytes;
    }
    this.count = count;
    this.#bytes = bytes;
  }

  static of({ batches, acknowledge }: Pick<Taken, 'batches' | 'acknowledge'>): Piece {
    const to = batches.reduce((sum, { count }) => sum + count, 0);
    return new Piece(batches, [{ from: 0, to, acknowledge }]);
  }

  get batch(): RecordBatch {
    if (this.#batches.length > 1) {
      const joined = concat(this.#batches);
      this.#batches = [joined];
      if (joined.memory !== undefined) this.#parts = releasing(joined.memory, this.count, this.#parts);
    }
    return this.#batches[0]!;
  }

  /** As many pieces from the first on as the limits allow, as one, and the others. */
  static join(pieces: readonly Piece[], limits: BatchLimits): readonly [joined: Piece, rest: readonly Piece[]] {
    let [records, bytes, origins, count] = [0, 0, 0, 0];
    for (const piece of pieces) {
      records += piece.count;
      bytes += piece.bytesIn(limits);
      for (const batch of piece.#batches) origins += batch.origins.length;
      if (count > 0 && (records > limits.maxRecords || bytes > limits.maxBytes || origins > 0xffff)) break;
      count += 1;
    }
    const joined = pieces.slice(0, count);
    let from = 0;
    const parts = joined.flatMap((piece) => {
      const moved = piece.#parts.map((part) => ({ ...part, from: from + part.from, to: from + part.to }));
      from += piece.count;
      return moved;
    });
    const batches = joined.flatMap((piece) => piece.#batches);
    return [new Piece(batches, parts), pieces.slice(count)];
  }

  get memoryBytes(): number {
    return memoryBytes(this.batch);
  }

  /** The records at these indexes, ascending, as a piece of their own. */
  select(indexes: readonly number[]): Piece {
    return this.cut(rangesOf(indexes));
  }

  /** The records of these ranges, ascending, as a piece of their own: first record and end of each, one behind the other. */
  cut(ranges: Uint32Array): Piece {
    const parts: Part[] = [];
    let [at, range] = [0, 0];
    for (const { from, to, acknowledge } of this.#parts) {
      const first = at;
      for (; range < ranges.length && ranges[range]! < to; range += 2) {
        at += Math.min(ranges[range + 1]!, to) - Math.max(ranges[range]!, from);
        // Goes on in the next part.
        if (ranges[range + 1]! > to) break;
      }
      if (at > first) parts.push({ from: first, to: at, acknowledge });
    }
    return new Piece([cut(this.batch, ranges)], parts);
  }

  /** The same in as little memory as may be: it will wait. */
  compact(): Piece {
    return new Piece([compact(this.batch)], this.#parts);
  }

  /** As the limits of a request count them. */
  bytesIn({ recordOverheadBytes }: BatchLimits): number {
    return this.#bytes + this.count * recordOverheadBytes;
  }

  /**
   * All but the records at these indexes, ascending, are acknowledged. Those that were refused are kept in the books once
   * the rest of their take is acknowledged, too.
   */
  acknowledge(left: readonly number[], refused: readonly Refused[] = []): void {
    let at = 0;
    for (const { from, to, acknowledge } of this.#parts) {
      const first = at;
      while (at < left.length && left[at]! < to) at += 1;
      const acknowledged = Tally.of(this.batch, from, to);
      const keep = refused.flatMap(({ indexes, keep }) => {
        const own = indexes.filter((index) => index >= from && index < to);
        if (own.length === 0) return [];
        const tally = Tally.of(select(this.batch, own));
        return [() => keep(tally)];
      });
      acknowledge(
        at === first ? acknowledged : acknowledged.minus(Tally.of(select(this.batch, left.slice(first, at)))),
        keep,
      );
    }
  }
}

/** The parts of a copy. Once all of its records are acknowledged, from any piece, its memory is released. */
function releasing(memory: Memory, count: number, parts: readonly Part[]): readonly Part[] {
  let left = count;
  const acknowledged = ({ records }: Tally) => {
    left -= records;
    if (left === 0) memory.release();
  };
  return parts.map((part) => ({
    ...part,
    acknowledge(tally, keep) {
      part.acknowledge(tally, keep);
      acknowledged(tally);
    },
  }));
}

/** Of ascending indexes. */
function rangesOf(indexes: readonly number[]): Uint32Array {
  const ranges: number[] = [];
  for (const index of indexes) {
    if (index === ranges.at(-1)) ranges[ranges.length - 1] = index + 1;
    else ranges.push(index, index + 1);
  }
  return Uint32Array.from(ranges);
}
