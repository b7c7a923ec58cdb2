/**
 * What is sent of what was read: rules, then de-duplication, the flight recorder, the rate limit of each stream and the budget
 * of the day. Withheld records are counted by reason, and notices of the shipper report how many they were.
 */

import type { RateLimit } from '../../../catalog/records/bill.js';
import type { RecordRule } from '../../../catalog/values/record-rules.js';
import type { Origin, RecordBatch, Stage, StageBooks, Withhold } from '../../parts.js';
import { concat } from '../../records/record-batch.js';
import { Budget } from './budget.js';
import { Deduplication } from './deduplication.js';
import { Fates, type LevelOf } from './fates.js';
import { Notices } from './notices.js';
import { RateLimits } from './rate-limit.js';
import { RECORDED, Recorder, type RecorderOptions } from './recorder.js';
import { type Matcher, Rules } from './rules.js';

export interface BillOptions {
  readonly rules?: readonly RecordRule[] | undefined;
  readonly deduplicateSeconds?: number | undefined;
  readonly recorder?: RecorderOptions | undefined;
  readonly rateLimit?: RateLimit | undefined;
  readonly budgetBytesPerDay?: number | undefined;
  readonly levelOf: LevelOf;
  /** Throws an Error for an expression that the engine does not know. */
  readonly compile: (expression: string) => Matcher;
}

export class Bill implements Stage {
  readonly name = 'bill';
  readonly #options: BillOptions;
  readonly #notices = new Notices();
  readonly #rules: Rules | undefined;
  readonly #deduplication: Deduplication | undefined;
  readonly #recorder: Recorder | undefined;
  readonly #limits: readonly (RateLimits | Budget)[];

  /** Throws a ConfigError when the settings cannot work. */
  constructor(options: BillOptions) {
    const { rules, deduplicateSeconds, recorder, rateLimit, budgetBytesPerDay, compile } = options;
    const notices = this.#notices;
    this.#options = options;
    this.#rules = rules && new Rules(rules, compile);
    this.#deduplication = deduplicateSeconds === undefined ? undefined : new Deduplication(deduplicateSeconds, notices);
    this.#recorder = recorder && new Recorder(recorder);
    this.#limits = [
      ...(rateLimit === undefined ? [] : [new RateLimits(rateLimit, notices)]),
      ...(budgetBytesPerDay === undefined ? [] : [new Budget(budgetBytesPerDay, notices)]),
    ];
  }

  apply(batch: RecordBatch, withhold: Withhold, books: StageBooks): RecordBatch {
    const fates = new Fates(batch, this.#options.levelOf);
    this.#rules?.apply(fates);
    this.#deduplication?.apply(fates);
    const recalled = this.#recorder?.apply(fates) ?? [];
    return this.#send(recalled, [fates], withhold, books);
  }

  /** Sends the records of the flight recorder, of the containers of these processes. */
  recall(withhold: Withhold, books: StageBooks, isOf?: (origin: Origin) => boolean): RecordBatch {
    return this.#send(this.#recorder?.recall(isOf) ?? [], [], withhold, books);
  }

  /** The last notices. The records of the flight recorder stay withheld. */
  end(_: Withhold, books: StageBooks): RecordBatch {
    this.#deduplication?.end();
    for (const limit of this.#limits) limit.end();
    return concat(this.#takeNotices(books));
  }

  /** Through the limits, in their order. */
  #send(
    recalled: readonly RecordBatch[],
    present: readonly Fates[],
    withhold: Withhold,
    books: StageBooks,
  ): RecordBatch {
    for (const batch of recalled) books.recalled(batch, RECORDED);
    const all = [...recalled.map((batch) => new Fates(batch, this.#options.levelOf)), ...present];
    for (const fates of all) for (const limit of this.#limits) limit.apply(fates);
    const sent = all.map((fates) => fates.finish(withhold)).filter(({ count }) => count > 0);
    return concat([...sent, ...this.#takeNotices(books)]);
  }

  #takeNotices(books: StageBooks): readonly RecordBatch[] {
    const notices = this.#notices.take();
    if (notices === undefined) return [];
    books.made(notices);
    return [notices];
  }
}
