/** Bytes that the service bills for ingest, and a word when a day has more of them than were expected. */
import { EVENT_OVERHEAD_BYTES, type Events, type PutBody } from '../cloudwatch/events.js';
import type { SinkContext } from '../sink-context.js';

const DAY_MS = 86_400_000;

export interface BilledOptions {
  /** Of a day (UTC), by this shipper. */
  readonly expectedPerDay: number | undefined;
  readonly now: () => number;
  readonly onBilled: (bytes: number) => void;
  readonly onNotice: (message: string) => void;
}

export class BilledBytes {
  readonly #options: BilledOptions;
  #day = Number.NEGATIVE_INFINITY;
  #bytes = 0;

  constructor(options: BilledOptions) {
    this.#options = options;
  }

  /** Of a sink. */
  static of({ onBilled = () => {}, onNotice }: Pick<SinkContext, 'onBilled' | 'onNotice'>, expectedPerDay?: number) {
    return new BilledBytes({ expectedPerDay, now: Date.now, onBilled, onNotice });
  }

  /** Adds a request that the service has accepted, but for the events of these ranges, from the first of the request on. */
  add(
    { start, end }: Events,
    { from, billedBytes }: PutBody,
    refused: readonly { readonly from: number; readonly to: number }[],
  ): void {
    let bytes = billedBytes;
    for (const { from: first, to } of refused) {
      for (let i = from + first; i < from + to; i++) bytes -= end[i]! - start[i]! + EVENT_OVERHEAD_BYTES;
    }
    const { expectedPerDay, now, onBilled, onNotice } = this.#options;
    onBilled(Math.max(bytes, 0));
    if (expectedPerDay === undefined) return;
    const day = Math.floor(now() / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#bytes = 0;
    }
    const isAbove = this.#bytes > expectedPerDay;
    this.#bytes += bytes;
    if (isAbove || this.#bytes <= expectedPerDay) return;
    onNotice(
      `${this.#bytes} billed bytes since midnight (UTC) are above LOGTAP_CLOUDWATCH_EXPECTED_BYTES_PER_DAY (${expectedPerDay}). Nothing is withheld for it; docs/guides/halve-the-bill.md has what withholds records.`,
    );
  }
}
