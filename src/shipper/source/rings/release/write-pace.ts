/** How fast a process writes into its ring, of which follows how much room it needs until the next look. */

/** A shorter time says little: a process may write everything at its end. */
const WINDOW_MS = 500;
/** A shipper on a busy node may not look at a ring for so long. */
const AHEAD_MS = 2000;
/** Parts of a ring. A process whose pace is not known yet gets the most. */
const LEAST = 1 / 8;
const MOST = 1 / 2;

export class WritePace {
  #atMs: number;
  #head: number;
  /** Bytes per millisecond in the last window; undefined before the end of the first. */
  #pace: number | undefined;

  /** @param head bytes that it had written then */
  constructor(nowMs: number, head: number) {
    this.#atMs = nowMs;
    this.#head = head;
  }

  /** So many bytes has it written now. */
  note(nowMs: number, head: number): void {
    const ms = nowMs - this.#atMs;
    if (ms < WINDOW_MS) return;
    this.#pace = (head - this.#head) / ms;
    this.#atMs = nowMs;
    this.#head = head;
  }

  /** Bytes of a ring of this capacity that should be free. */
  room(capacity: number): number {
    const most = capacity * MOST;
    return this.#pace === undefined ? most : Math.min(most, Math.max(capacity * LEAST, this.#pace * AHEAD_MS));
  }
}
