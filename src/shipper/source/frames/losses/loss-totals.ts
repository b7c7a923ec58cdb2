/**
 * What applications could not hand over. Each process reports totals since its start, again and again and on every
 * new connection; this turns them into what was lost since the last report.
 *
 * Any process of the pod may write any total. All of them together are believed to lose no more than a machine can
 * write: `FIRST_BYTES` before the shipper was there, and `BYTES_PER_SECOND` since. A report that exceeds this counts
 * as a broken report, and for nothing else.
 */
import { ProtocolError } from '../../../errors.js';
import type { Lost } from '../decoder.js';
import { least, most, NOTHING } from './lost.js';

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

/** Of one process. */
interface Total {
  readonly counted: Lost;
  /** Counted by earlier shippers. */
  readonly earlier: Lost;
  /** Up to where notices tell of it; `undefined` before the process has greeted this shipper. */
  readonly noticed: Lost | undefined;
}

const NO_TOTAL: Total = { counted: NOTHING, earlier: NOTHING, noticed: undefined };

export class LossTotals {
  readonly #totals = new Map<string, Total>();
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
    if (this.#totals.has(instance) || total.bytes === 0) return;
    this.#remember(instance, { counted: total, earlier: total, noticed: undefined });
  }

  /** Returns what the process lost since its last report; `undefined` when that is nothing, or not to be believed. */
  update(instance: string, total: Lost): Lost | undefined {
    const { counted: known, earlier, noticed } = this.#of(instance);
    // Threads report without a lock, so an older total may come after a newer one.
    const lines = Math.max(0, total.lines - known.lines);
    const bytes = Math.max(0, total.bytes - known.bytes);
    if ((lines === 0 && bytes === 0) || !this.believes({ lines, bytes }, instance)) return undefined;
    const counted = { lines: known.lines + lines, bytes: known.bytes + bytes };
    this.#onTotal(instance, counted);
    this.#remember(instance, { counted, earlier, noticed });
    this.#onLost({ lines, bytes });
    return { lines, bytes };
  }

  /** What the process has lost, as far as it was believed. */
  totalOf(instance: string): Lost {
    return this.#of(instance).counted;
  }

  /** Whether a total was believed. */
  isCounted(instance: string, { lines, bytes }: Lost): boolean {
    const known = this.#totals.get(instance)?.counted;
    return known !== undefined && lines <= known.lines && bytes <= known.bytes;
  }

  /**
   * A process begins a ring or a connection with this total. The first time notices go on where those of earlier shippers ended: no
   * later than here, because a loss behind this may be told in a batch that a kill took.
   */
  greet(instance: string, total: Lost): void {
    const { noticed, earlier } = this.#of(instance);
    if (noticed === undefined) this.#notice(instance, least(earlier, total));
  }

  /** The acknowledged notices of an earlier shipper end here. Any process may have written it. */
  resumeNotices(instance: string, total: Lost): void {
    const { noticed = NOTHING, counted } = this.#of(instance);
    this.#notice(instance, most(noticed, least(total, counted)));
  }

  /** The total up to which notices of this process's losses tell; they go on to `total`. */
  takeNoticed(instance: string, total: Lost): Lost {
    const { noticed = NOTHING } = this.#of(instance);
    this.#notice(instance, most(noticed, total));
    return noticed;
  }

  noticedOf(instance: string): Lost {
    return this.#of(instance).noticed ?? NOTHING;
  }

  #notice(instance: string, noticed: Lost): void {
    const known = this.#totals.get(instance);
    // In place: this is no reason to remember it longer.
    if (known !== undefined) this.#totals.set(instance, { ...known, noticed });
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

  #of(instance: string): Total {
    return this.#totals.get(instance) ?? NO_TOTAL;
  }

  #remember(instance: string, total: Total): void {
    this.#totals.delete(instance);
    this.#totals.set(instance, total);
    if (this.#totals.size > REMEMBERED_MAX) this.#totals.delete(this.#totals.keys().next().value!);
  }
}
