/**
 * What applications could not hand over. Each process reports totals since its start, again and again and on every
 * new connection; this turns them into what was lost since the last report.
 *
 * Any process of the pod may write any total. All of them together are believed to lose no more than a machine can
 * write: `FIRST_BYTES` before the shipper was there, and `BYTES_PER_SECOND` since. A report that exceeds this counts
 * as a broken report, and for nothing else.
 */
import { ProtocolError } from '../../errors.js';
import type { Lost } from './decoder.js';
import { NOTHING } from './lost.js';

/** Processes that lost something and are remembered, so that a reconnect is not counted twice. */
const REMEMBERED_MAX = 65_536;
/** Most that is believed at once: ten megabytes a second, for a day without a shipper. */
const FIRST_BYTES = 1024 ** 4;
const BYTES_PER_SECOND = 1024 ** 3;

export interface LossTotalsOptions {
  readonly onProtocolError?: (error: ProtocolError) => void;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
  /** Totals that earlier shippers have counted. */
  readonly known?: ReadonlyMap<string, Lost>;
  /** Told of a process's total before it is counted. */
  readonly onTotal?: (instance: string, total: Lost) => void;
}

export class LossTotals {
  readonly #totals = new Map<string, Lost>();
  readonly #onLost: (lost: Lost) => void;
  readonly #onProtocolError: (error: ProtocolError) => void;
  readonly #now: () => number;
  readonly #onTotal: (instance: string, total: Lost) => void;
  /** Bytes that are believed at present. */
  #budget = FIRST_BYTES;
  #refilledMs: number;

  constructor(
    onLost: (lost: Lost) => void,
    { onProtocolError = () => {}, now = () => performance.now(), known, onTotal = () => {} }: LossTotalsOptions = {},
  ) {
    this.#onLost = onLost;
    this.#onProtocolError = onProtocolError;
    this.#now = now;
    this.#onTotal = onTotal;
    this.#refilledMs = now();
    for (const [instance, total] of known ?? []) this.remember(instance, total);
  }

  /** A total that was counted in a previous run. */
  remember(instance: string, total: Lost): void {
    if (!this.#totals.has(instance) && total.bytes > 0) this.#remember(instance, total);
  }

  /** Returns what the process lost since its last report; `undefined` when that is nothing, or not to be believed. */
  update(instance: string, total: Lost): Lost | undefined {
    const known = this.#totals.get(instance) ?? NOTHING;
    // Threads report without a lock, so an older total may come after a newer one.
    const lines = Math.max(0, total.lines - known.lines);
    const bytes = Math.max(0, total.bytes - known.bytes);
    if ((lines === 0 && bytes === 0) || !this.believes({ lines, bytes }, instance)) return undefined;
    const counted = { lines: known.lines + lines, bytes: known.bytes + bytes };
    this.#onTotal(instance, counted);
    this.#remember(instance, counted);
    this.#onLost({ lines, bytes });
    return { lines, bytes };
  }

  /** What the process has lost, as far as it was believed. */
  totalOf(instance: string): Lost {
    return this.#totals.get(instance) ?? NOTHING;
  }

  /** Whether a total was believed. */
  isCounted(instance: string, { lines, bytes }: Lost): boolean {
    const known = this.#totals.get(instance);
    return known !== undefined && lines <= known.lines && bytes <= known.bytes;
  }

  /** Whether so much can have been lost since what was believed last; what is believed uses up the bound. */
  believes({ lines, bytes }: Lost, instance: string): boolean {
    const nowMs = this.#now();
    this.#budget = Math.min(FIRST_BYTES, this.#budget + ((nowMs - this.#refilledMs) / 1000) * BYTES_PER_SECOND);
    this.#refilledMs = nowMs;
    // A line has at least one byte, its end.
    const used = Math.max(lines, bytes);
    if (!(used <= this.#budget)) {
      const claim = `${instance} claims a loss of ${lines} lines, ${bytes} bytes`;
      this.#onProtocolError(new ProtocolError('lost', `${claim}: more than can have been written`));
      return false;
    }
    this.#budget -= used;
    return true;
  }

  #remember(instance: string, total: Lost): void {
    this.#totals.delete(instance);
    this.#totals.set(instance, total);
    if (this.#totals.size > REMEMBERED_MAX) this.#totals.delete(this.#totals.keys().next().value!);
  }
}
