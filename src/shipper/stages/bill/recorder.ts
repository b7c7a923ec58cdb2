/**
 * The flight recorder: records below a level stay in memory for some minutes, and are sent only around an error of their
 * container: those before it, and those of the next minute. They count as withheld until they are sent.
 */
import type { Origin, RecordBatch } from '../../parts.js';
import { compact, memoryBytes, withColumns } from '../../records/record-batch.js';
import type { Fates } from './fates.js';

export interface RecorderOptions {
  readonly minutes: number;
  /** Severity number from which records are not recorded, but sent. */
  readonly fromLevel: number;
  /** Bound on the memory of all recorded records. */
  readonly maxBytes: number;
}

export const RECORDED = 'recorder';
/** Severity number of the first level that is an error. */
const ERROR = 17;
/** After an error. */
const OPEN_MS = 60_000;
/** Distinct origins of records sent at once: their numbers have 16 bits in a batch, which current records share. */
const ORIGINS_MAX = 0x7fff;

interface Part {
  readonly batch: RecordBatch;
  readonly container: string;
  readonly bytes: number;
  readonly lastMs: number;
}

export class Recorder {
  readonly #options: RecorderOptions;
  /** In the order of their coming. */
  #parts: Part[] = [];
  #bytes = 0;
  /** By container, until when its records are sent. */
  readonly #openUntilMs = new Map<string, number>();
  /** The latest time of a record: the clock of all that is done here. */
  #nowMs = Number.NEGATIVE_INFINITY;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Withholds the recorded records. Returns earlier ones that are sent now. */
  apply(fates: Fates): readonly RecordBatch[] {
    const { count, origin, origins, timeMs } = fates.batch;
    const recorded = new Map<string, number[]>();
    const failed = new Set<string>();
    this.#nowMs = Math.max(this.#nowMs, fates.lastMs);
    for (let i = 0; i < count; i++) {
      if (!fates.isSent(i)) continue;
      const { container } = origins[origin[i]!]!;
      const level = fates.levelOf(i);
      if (level >= ERROR) {
        this.#open(container, timeMs[i]! + OPEN_MS);
        failed.add(container);
        recorded.delete(container);
      } else if (fates.isOpen(i) && level < this.#options.fromLevel && timeMs[i]! > this.#untilMs(container)) {
        const indexes = recorded.get(container);
        if (indexes === undefined) recorded.set(container, [i]);
        else indexes.push(i);
      }
    }
    const recalled = this.#take((part) => failed.has(part.container));
    for (const [container, indexes] of recorded) this.#record(fates, container, indexes);
    this.#forget();
    return recalled;
  }

  /** Sends the recorded records, of one process's container or of all, and their records of the next minute. */
  recall(isOf: (origin: Origin) => boolean = () => true): readonly RecordBatch[] {
    const containers = new Set(
      this.#parts.filter(({ batch }) => batch.origins.some(isOf)).map(({ container }) => container),
    );
    for (const container of containers) this.#open(container, this.#nowMs + OPEN_MS);
    return this.#take(({ container }) => containers.has(container));
  }

  #untilMs(container: string): number {
    return this.#openUntilMs.get(container) ?? Number.NEGATIVE_INFINITY;
  }

  #open(container: string, untilMs: number): void {
    this.#openUntilMs.set(container, Math.max(untilMs, this.#untilMs(container)));
  }

  #record(fates: Fates, container: string, indexes: readonly number[]): void {
    for (const i of indexes) fates.withhold(i, RECORDED);
    const batch = withOwnOrigins(compact(fates.batch, indexes));
    const lastMs = batch.timeMs.reduce((last, ms) => Math.max(last, ms), Number.NEGATIVE_INFINITY);
    const part = { batch, container, bytes: memoryBytes(batch), lastMs };
    this.#parts.push(part);
    this.#bytes += part.bytes;
  }

  /** The newest of these, as many as one batch may have origins. */
  #take(isTaken: (part: Part) => boolean): readonly RecordBatch[] {
    const taken: RecordBatch[] = [];
    let origins = 0;
    const kept: Part[] = [];
    for (const part of [...this.#parts].reverse()) {
      origins += isTaken(part) ? part.batch.origins.length : 0;
      if (!isTaken(part)) kept.push(part);
      else if (origins <= ORIGINS_MAX) taken.push(part.batch);
      if (isTaken(part)) this.#bytes -= part.bytes;
    }
    this.#parts = kept.reverse();
    return taken.reverse();
  }

  /** Forgets records that are too old or too many: they stay withheld. */
  #forget(): void {
    const fromMs = this.#nowMs - this.#options.minutes * 60_000;
    let forgotten = 0;
    while (forgotten < this.#parts.length) {
      const { bytes, lastMs } = this.#parts[forgotten]!;
      if (lastMs >= fromMs && this.#bytes <= this.#options.maxBytes) break;
      this.#bytes -= bytes;
      forgotten += 1;
    }
    if (forgotten > 0) this.#parts = this.#parts.slice(forgotten);
    for (const [container, untilMs] of this.#openUntilMs) if (untilMs < fromMs) this.#openUntilMs.delete(container);
  }
}

/** Without the origins of records that are elsewhere. */
function withOwnOrigins(batch: RecordBatch): RecordBatch {
  const own = [...new Set(batch.origin)];
  const indexes = new Map(own.map((index, i) => [index, i]));
  const origin = batch.origin.map((index) => indexes.get(index)!);
  return withColumns(batch, { origin, origins: own.map((index) => batch.origins[index]!) });
}
