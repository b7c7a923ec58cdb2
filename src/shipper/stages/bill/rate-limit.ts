/** LOGTAP_RATE_LIMIT: so many records of each stream in each second, minute or hour, by the times of the records. */
import type { RateLimit } from '../../../catalog/records/bill.js';
import type { Origin } from '../../parts.js';
import type { Fates } from './fates.js';
import { extend, type Notices, type Span, spanOf, spanText } from './notices.js';

/** Streams that are remembered: those that wrote last. */
const STREAMS_MAX = 16_384;

interface Window {
  /** Number of the window since 1970. */
  number: number;
  records: number;
  withheld: Span | undefined;
  readonly origin: Origin;
}

export class RateLimits {
  readonly #limit: RateLimit;
  readonly #notices: Notices;
  readonly #windows = new Map<string, Window>();
  /** With something to report. */
  readonly #exceeded = new Set<Window>();

  constructor(limit: RateLimit, notices: Notices) {
    this.#limit = limit;
    this.#notices = notices;
  }

  apply(fates: Fates): void {
    const { count, timeMs, length, origin, origins } = fates.batch;
    const windows = new Array<Window | undefined>(origins.length);
    for (let i = 0; i < count; i++) {
      if (!fates.isOpen(i)) continue;
      const index = origin[i]!;
      windows[index] ??= this.#windowOf(origins[index]!);
      const window = windows[index];
      // A record from before counts in the present window.
      const number = Math.floor(timeMs[i]! / this.#limit.perMs);
      if (number > window.number) {
        this.#report(window);
        window.number = number;
        window.records = 0;
      }
      window.records += 1;
      if (window.records <= this.#limit.records) continue;
      fates.withhold(i, 'rate_limit');
      if (window.withheld === undefined) window.withheld = spanOf(timeMs[i]!, length[i]!);
      else extend(window.withheld, timeMs[i]!, length[i]!);
      this.#exceeded.add(window);
    }
    if (this.#exceeded.size > 0) this.#reportBefore(Math.floor(fates.lastMs / this.#limit.perMs));
  }

  /** Reports the counts that are not reported yet. */
  end(): void {
    this.#reportBefore(Number.POSITIVE_INFINITY);
  }

  #reportBefore(number: number): void {
    for (const window of this.#exceeded) if (window.number < number) this.#report(window);
  }

  #windowOf(origin: Origin): Window {
    const known = this.#windows.get(origin.id) ?? { number: -Infinity, records: 0, withheld: undefined, origin };
    this.#windows.delete(origin.id);
    this.#windows.set(origin.id, known);
    if (this.#windows.size > STREAMS_MAX) {
      const [oldest, window] = this.#windows.entries().next().value!;
      this.#report(window);
      this.#windows.delete(oldest);
    }
    return known;
  }

  #report(window: Window): void {
    const { withheld, number, origin } = window;
    if (withheld === undefined) return;
    this.#exceeded.delete(window);
    window.withheld = undefined;
    this.#notices.add(
      origin,
      'rate',
      number,
      withheld.lastMs,
      `${spanText(withheld)}: over the rate limit of this stream`,
    );
  }
}
