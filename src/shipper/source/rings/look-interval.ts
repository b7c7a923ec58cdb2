/** The wait between two looks at rings with bytes: longer while little comes, as each look costs what many lines do. */
import { LOOK_MAX_MS, LOOK_MS } from './times.js';

/** Above this part of a ring in one look, the next one comes soon. */
const BUSY_PART = 1 / 16;
/**
 * No shipper keeps up with more for long. So a ring has room for all that comes between two looks, also if its process begins to
 * write as fast as lines can be delivered.
 */
const FASTEST_BYTES_PER_MS = 40 * 1024;

export class LookInterval {
  #ms = LOOK_MS;
  #longestMs = LOOK_MAX_MS;
  #isBusy = false;

  /** A look at a ring found this. */
  found(bytes: number, capacity: number): void {
    this.#longestMs = Math.min(this.#longestMs, capacity / FASTEST_BYTES_PER_MS);
    this.#isBusy ||= bytes > capacity * BUSY_PART;
  }

  /** Milliseconds from this look, which is over, to the next one. */
  next(): number {
    this.#ms = this.#isBusy ? LOOK_MS : Math.max(LOOK_MS, Math.min(this.#ms * 2, this.#longestMs));
    this.#longestMs = LOOK_MAX_MS;
    this.#isBusy = false;
    return this.#ms;
  }
}
