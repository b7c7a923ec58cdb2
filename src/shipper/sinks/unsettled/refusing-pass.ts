/**
 * One send to a service that may refuse a request as a whole and says no more: it is halved until a record that is refused by itself
 * is alone. That record is permanently rejected only where the service has taken another one since; until then it waits apart.
 */
import { CONFIGURATION_RETRY_MS } from '../../delivery/backoff.js';
import type { Failure, RecordBatch } from '../../parts.js';
import { Outcome } from '../outcome.js';
import { halves, indexes, type Range } from '../ranges.js';
import { REFUSED, type RefusedRecords } from './refused-records.js';

export class RefusingPass {
  readonly batch: RecordBatch;
  readonly outcome = new Outcome();
  readonly #known: RefusedRecords;
  /** By themselves, before any other was taken. */
  readonly #alone: { readonly index: number; readonly failure: Failure }[] = [];
  readonly #refusalsMax: number;
  #refusals = 0;
  #isAnyTaken = false;
  /** Too many refusals: those that were alone wait apart, so that the next attempt gets to what is behind them. */
  #isGivenUp = false;
  /** Records that are behind a failed request, up to this one, are retried with it. */
  #until: number;

  constructor(batch: RecordBatch, known: RefusedRecords) {
    this.batch = batch;
    this.#known = known;
    this.#until = batch.count;
    this.#refusalsMax = known.refusalsOf(batch);
  }

  retryFrom(from: number, failure: Failure, wait?: number): void {
    this.outcome.retry(indexes(from, this.#until), failure, wait);
  }

  /** A request of this send is taken, at least in part. `index`: one of its records that is. */
  taken(index?: number): void {
    this.#isAnyTaken = true;
    this.#known.countTaken(this.batch, index);
  }

  /** A request is refused. Returns the ranges to send instead; a record that is refused for certain is given to `reject`. */
  refused([from, to]: Range, failure: Failure, reject: (index: number) => void): readonly Range[] {
    if (!this.#known.isOutdone(this.batch, from)) this.#refusals += 1;
    if (!this.#isAnyTaken && this.#refusals > this.#refusalsMax) {
      this.#isGivenUp = true;
      this.#known.giveUp(this.#refusalsMax);
      this.retryFrom(from, failure, CONFIGURATION_RETRY_MS);
      return [];
    }
    if (to - from > 1) return halves([from, to]);
    const isProven = this.#known.refuse(this.batch, from) || this.#isAnyTaken;
    if (isProven) reject(from);
    else this.#alone.push({ index: from, failure });
    return [];
  }

  /**
   * After all others: sends those that were refused by themselves once more, if that may tell more now. `sendGood` sends a record
   * that was taken before, as a possible duplicate: an endpoint that takes it means the others by its refusals.
   */
  async finish(
    send: (range: Range) => Promise<unknown>,
    sendGood: (record: RecordBatch) => Promise<unknown>,
  ): Promise<void> {
    const mayTell = this.#alone.length > 0 && !this.#isAnyTaken && (!this.outcome.isFailed || this.#isGivenUp);
    const good = mayTell ? this.#known.goodRecord() : undefined;
    if (good !== undefined) {
      const { taken } = this.#known;
      await sendGood(good);
      this.#isAnyTaken = this.#known.taken > taken;
    }
    for (const { index, failure } of this.#alone.splice(0)) {
      this.#until = index + 1;
      if (this.outcome.isFailed && !this.#isGivenUp) this.retryFrom(index, failure, CONFIGURATION_RETRY_MS);
      else if (this.#isAnyTaken) await send([index, index + 1]);
      else this.outcome.block(index, REFUSED, failure, CONFIGURATION_RETRY_MS);
    }
  }
}
