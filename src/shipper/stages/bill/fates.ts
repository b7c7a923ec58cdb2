/** What becomes of each record of a batch: open at first, then kept or withheld with a reason. */
import type { RecordBatch, Withhold } from '../../parts.js';
import { compact, select } from '../../records/record-batch.js';

/** OpenTelemetry severity number of a message, from 1 to 24; 0 without a level. */
export type LevelOf = (bytes: Uint8Array, start: number, end: number) => number;

const OPEN = 0;
const KEPT = 1;
const WITHHELD = 2;
const NOT_READ = 255;

export class Fates {
  readonly batch: RecordBatch;
  readonly #levelOf: LevelOf;
  readonly #fates: Uint8Array;
  readonly #withheld = new Map<string, number[]>();
  #levels: Uint8Array | undefined;

  constructor(batch: RecordBatch, levelOf: LevelOf) {
    this.batch = batch;
    this.#levelOf = levelOf;
    this.#fates = new Uint8Array(batch.count);
  }

  /** Whether a step may still withhold the record. */
  isOpen(i: number): boolean {
    return this.#fates[i] === OPEN;
  }

  isSent(i: number): boolean {
    return this.#fates[i] !== WITHHELD;
  }

  /** No later step withholds it. */
  keep(i: number): void {
    this.#fates[i] = KEPT;
  }

  withhold(i: number, reason: string): void {
    this.#fates[i] = WITHHELD;
    const known = this.#withheld.get(reason);
    if (known === undefined) this.#withheld.set(reason, [i]);
    else known.push(i);
  }

  /** Read once, and only where a step asks. */
  levelOf(i: number): number {
    this.#levels ??= new Uint8Array(this.batch.count).fill(NOT_READ);
    if (this.#levels[i] === NOT_READ) {
      const start = this.batch.start[i]!;
      this.#levels[i] = this.#levelOf(this.batch.bytes, start, start + this.batch.length[i]!);
    }
    return this.#levels[i]!;
  }

  textOf(i: number): string {
    const { bytes, start, length } = this.batch;
    return Buffer.from(bytes.buffer, bytes.byteOffset + start[i]!, length[i]!).toString();
  }

  /** The latest time of a record; minus infinity without one. */
  get lastMs(): number {
    return this.batch.timeMs.subarray(0, this.batch.count).reduce((last, ms) => Math.max(last, ms), -Infinity);
  }

  /** Reports the withheld records. Returns the others, in memory that holds nothing else, or the batch itself where all go on. */
  finish(withhold: Withhold): RecordBatch {
    if (this.#withheld.size === 0) return this.batch;
    for (const [reason, indexes] of this.#withheld) withhold(select(this.batch, indexes), reason);
    const sent: number[] = [];
    for (let i = 0; i < this.batch.count; i++) if (this.isSent(i)) sent.push(i);
    return compact(this.batch, sent);
  }
}
