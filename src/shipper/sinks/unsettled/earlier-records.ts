/**
 * Which records an earlier shipper may have sent, by the time at which they were written: those of before this run. The wall clock may
 * be set meanwhile, so that a time of before the run lies behind its start: one that is still to come, or one that the clock has
 * passed over. This run has written none of either. A record whose own time is not believed has the time at which this run read it,
 * which tells nothing: an earlier shipper may have sent it.
 */

import type { ReplacedTimes } from '../../records/replaced-times.js';

/** Of clocks that are read one after the other, and of a wall clock that is slewed. */
const STEP_MS = 1000;
/** Of the latest ones. */
const SPANS_MAX = 64;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Clocks {
  /** In milliseconds since 1970. */
  readonly wall: () => number;
  readonly monotonic: () => number;
}

export class EarlierRecords {
  readonly hasEarlier: boolean;
  readonly #clocks: Clocks;
  readonly #replaced: Pick<ReplacedTimes, 'has'> | undefined;
  readonly #untilMs: number;
  #wallMs: number;
  #monotonicMs: number;
  /** Times of which this run has written nothing; neither end belongs to them. */
  readonly #notOurs: Span[] = [];

  /** `untilMs`: the start of this run, in milliseconds since 1970. Undefined where there was no earlier shipper. */
  constructor(
    untilMs: number | undefined,
    replaced?: Pick<ReplacedTimes, 'has'>,
    clocks: Clocks = { wall: Date.now, monotonic: () => performance.now() },
  ) {
    this.hasEarlier = untilMs !== undefined;
    this.#clocks = clocks;
    this.#replaced = replaced;
    this.#wallMs = clocks.wall();
    this.#monotonicMs = clocks.monotonic();
    this.#untilMs = untilMs ?? Number.NEGATIVE_INFINITY;
  }

  /** Reads the clocks. Call it before records of these times are judged. */
  look(timesMs: Iterable<number>): void {
    if (!this.hasEarlier) return;
    const { wall, monotonic } = this.#clocks;
    const [wallMs, monotonicMs] = [wall(), monotonic()];
    const elapsedMs = monotonicMs - this.#monotonicMs;
    // The step came at any time since the last look: before it the clock went on from there, and since it up to now.
    const passed = { fromMs: this.#wallMs + elapsedMs, toMs: wallMs - elapsedMs };
    if (passed.toMs - passed.fromMs > STEP_MS) this.#notOurs.push(passed);
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    // Once of an earlier run, always: the clock will reach those times.
    const toCome: number[] = [];
    for (const timeMs of timesMs) if (timeMs > wallMs && !this.has(timeMs)) toCome.push(timeMs);
    if (toCome.length > 0) this.#notOurs.push(around(toCome));
    while (this.#notOurs.length > SPANS_MAX) this.#notOurs.shift();
  }

  /** Whether a record of this time is one that an earlier shipper may have sent with another time. */
  hasOtherTime(timeMs: number): boolean {
    return this.hasEarlier && this.#replaced?.has(timeMs) === true;
  }

  /** Whether an earlier shipper may have sent a record of this time. */
  has(timeMs: number): boolean {
    if (!this.hasEarlier) return false;
    if (!(timeMs >= this.#untilMs) || this.hasOtherTime(timeMs)) return true;
    return this.#notOurs.some(({ fromMs, toMs }) => timeMs > fromMs && timeMs < toMs);
  }
}

function around(timesMs: readonly number[]): Span {
  let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const timeMs of timesMs) {
    fromMs = Math.min(fromMs, timeMs - 1);
    toMs = Math.max(toMs, timeMs + 1);
  }
  return { fromMs, toMs };
}
