/**
 * The times that frames state, within bounds. A peer may state any: in OpenSearch each day may be an index, and a service refuses
 * what is too old or too new for it.
 */

const DAY_MS = 86_400_000;
/** A pod's outage may last as long, and its clock may have been set back meanwhile. */
const PAST_MS = 31 * DAY_MS;
const FUTURE_MS = DAY_MS;

export class BelievedTimes {
  readonly #wallMs: () => number;
  readonly #onReplaced: (nowMs: number) => void;
  /** Of the last look at the clock: it is not asked for each frame. */
  #from = 0;
  #to = 0;

  /** @param onReplaced told of each frame whose time is not believed, with the time that it gets */
  constructor(wallMs: () => number, onReplaced: (nowMs: number) => void) {
    this.#wallMs = wallMs;
    this.#onReplaced = onReplaced;
  }

  /** The time itself, or the present one where it lies outside the bounds. Milliseconds since 1970. */
  of(timeMs: number): number {
    if (timeMs >= this.#from && timeMs <= this.#to) return timeMs;
    const now = this.#wallMs();
    this.#from = now - PAST_MS;
    this.#to = now + FUTURE_MS;
    if (timeMs >= this.#from && timeMs <= this.#to) return timeMs;
    this.#onReplaced(now);
    return now;
  }
}
