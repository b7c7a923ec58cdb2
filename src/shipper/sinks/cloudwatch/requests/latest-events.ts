/**
 * The latest time of the events that this run has stored in a log stream, and how long those of this time are: enough to tell
 * that an event is none of them, without its text.
 */

/** Lengths that are kept; more are rare within a millisecond. */
const LENGTHS_MAX = 1024;

export class LatestEvents {
  #timeMs = Number.NEGATIVE_INFINITY;
  readonly #bytes = new Set<number>();

  add(timeMs: number, bytes: number): void {
    if (timeMs < this.#timeMs) return;
    if (timeMs > this.#timeMs) this.#bytes.clear();
    this.#timeMs = timeMs;
    if (this.#bytes.size < LENGTHS_MAX) this.#bytes.add(lengthOf(bytes));
  }

  /** Whether one of them may have this time and a text of so many bytes. */
  mayHave(timeMs: number, bytes: number): boolean {
    if (timeMs !== this.#timeMs) return timeMs < this.#timeMs;
    return this.#bytes.size >= LENGTHS_MAX || this.#bytes.has(lengthOf(bytes));
  }
}

/** A blank line is stored as one space. */
const lengthOf = (bytes: number): number => Math.max(1, bytes);
