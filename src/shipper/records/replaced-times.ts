/**
 * The times that records of rings have instead of the ones that their frames state, since those lie outside the bounds. They are those
 * of reading, so each shipper that reads such a record gives it another time.
 */

/** Milliseconds that are remembered; the oldest are forgotten first. */
const TIMES_MAX = 65_536;

export class ReplacedTimes {
  readonly #times = new Set<number>();

  /** A record has this time, in milliseconds since 1970. */
  add(timeMs: number): void {
    const ms = Math.floor(timeMs);
    // The latest one is the last to be forgotten.
    this.#times.delete(ms);
    this.#times.add(ms);
    if (this.#times.size > TIMES_MAX) this.#times.delete(this.#times.values().next().value!);
  }

  /** Whether a record of this time, to the millisecond, may have had another one in an earlier run. */
  has(timeMs: number): boolean {
    return this.#times.size > 0 && this.#times.has(Math.floor(timeMs));
  }
}
