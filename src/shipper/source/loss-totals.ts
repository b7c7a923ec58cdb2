/**
 * What applications could not hand over. Each process reports totals since its start, again and again and on every
 * new connection; this turns them into what was lost since the last report.
 */
import type { Lost } from './frame-decoder.js';

/** Processes that lost something and are remembered, so that a reconnect is not counted twice. */
const REMEMBERED_MAX = 65_536;

export class LossTotals {
  readonly #totals = new Map<string, Lost>();
  readonly #onLost: (lost: Lost) => void;

  constructor(onLost: (lost: Lost) => void) {
    this.#onLost = onLost;
  }

  /** A total that was counted in an earlier life. */
  remember(instance: string, total: Lost): void {
    if (!this.#totals.has(instance) && total.bytes > 0) this.#totals.set(instance, total);
  }

  /** Returns what the process lost since its last report; `undefined` when that is nothing. */
  update(instance: string, total: Lost): Lost | undefined {
    const known = this.#totals.get(instance) ?? { lines: 0, bytes: 0 };
    // Threads report without a lock, so an older total may come after a newer one.
    const lines = Math.max(0, total.lines - known.lines);
    const bytes = Math.max(0, total.bytes - known.bytes);
    if (lines === 0 && bytes === 0) return undefined;
    this.#totals.delete(instance);
    this.#totals.set(instance, { lines: known.lines + lines, bytes: known.bytes + bytes });
    if (this.#totals.size > REMEMBERED_MAX) this.#totals.delete(this.#totals.keys().next().value!);
    this.#onLost({ lines, bytes });
    return { lines, bytes };
  }
}
