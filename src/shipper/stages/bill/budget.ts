/** LOGTAP_BUDGET_BYTES_PER_DAY: so many message bytes a day (UTC), by the times of the records. */
import type { Origin } from '../../parts.js';
import type { Fates } from './fates.js';
import { extend, type Notices, type Span, spanOf, spanText, timeText } from './notices.js';

const DAY_MS = 86_400_000;

export class Budget {
  readonly #bytesPerDay: number;
  readonly #notices: Notices;
  #day = -Infinity;
  #bytes = 0;
  /** Of the present day, and the stream whose record was the first. */
  #withheld: (Span & { readonly origin: Origin }) | undefined;

  constructor(bytesPerDay: number, notices: Notices) {
    this.#bytesPerDay = bytesPerDay;
    this.#notices = notices;
  }

  apply(fates: Fates): void {
    const { count, timeMs, length, origin, origins } = fates.batch;
    for (let i = 0; i < count; i++) {
      if (!fates.isSent(i)) continue;
      const ms = timeMs[i]!;
      const bytes = length[i]!;
      const day = Math.floor(ms / DAY_MS);
      // A record from before counts on the present day.
      if (day > this.#day) this.#begin(day);
      // Kept records cost, too, and are never withheld.
      if (!fates.isOpen(i) || (this.#withheld === undefined && this.#bytes + bytes <= this.#bytesPerDay)) {
        this.#bytes += bytes;
        continue;
      }
      fates.withhold(i, 'budget');
      if (this.#withheld === undefined) this.#spent(origins[origin[i]!]!, ms, bytes);
      else extend(this.#withheld, ms, bytes);
    }
  }

  /** Reports the counts that are not reported yet. */
  end(): void {
    if (this.#withheld === undefined) return;
    const { origin, lastMs } = this.#withheld;
    this.#notices.add(origin, 'budget', this.#day, lastMs, `${spanText(this.#withheld)}: over the budget of the day`);
    this.#withheld = undefined;
  }

  #begin(day: number): void {
    this.end();
    this.#day = day;
    this.#bytes = 0;
  }

  /** From here on nothing is sent that day, not even a record that is small enough. */
  #spent(origin: Origin, ms: number, bytes: number): void {
    this.#withheld = { ...spanOf(ms, bytes), origin };
    const until = timeText((this.#day + 1) * DAY_MS);
    const text = `the budget of ${this.#bytesPerDay} bytes per day is spent: records are withheld until ${until}`;
    this.#notices.add(origin, 'budget-spent', this.#day, ms, text);
  }
}
