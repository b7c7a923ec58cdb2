/** A sink that gets the records of some containers only. The others pass it by, and are counted. */
import type { BatchLimits, CheckResult, Claim, RecordBatch, SendResult, Sink } from '../parts.js';
import { select } from '../records/record-batch.js';
import { type IsFor, ownRecords } from './own-records.js';

/** In no place of a service. */
const NOWHERE = '\0elsewhere';

export class RoutedSink implements Sink {
  readonly name: string;
  readonly requestsMax: number;
  readonly isReadByTime: boolean;
  readonly releasesBatches: boolean;
  readonly fillMs?: number;
  readonly destinations?: (batch: RecordBatch) => readonly string[];
  readonly claims?: (batch: RecordBatch, records?: readonly number[]) => readonly Claim[];
  readonly check?: (signal: AbortSignal) => Promise<CheckResult>;
  readonly reopen?: () => void;
  readonly #sink: Sink;
  readonly #isFor: IsFor;

  constructor(name: string, sink: Sink, isFor: IsFor) {
    const { requestsMax = 1, isReadByTime = false, releasesBatches = false, fillMs } = sink;
    this.name = name;
    if (fillMs !== undefined) this.fillMs = fillMs;
    this.requestsMax = requestsMax;
    this.isReadByTime = isReadByTime;
    this.releasesBatches = releasesBatches;
    this.#sink = sink;
    this.#isFor = isFor;
    if (sink.destinations !== undefined) this.destinations = (batch) => this.#destinations(batch);
    if (sink.claims !== undefined) this.claims = (batch, records) => this.#claims(batch, records);
    if (sink.check !== undefined) this.check = (signal) => sink.check!(signal);
    if (sink.reopen !== undefined) this.reopen = () => sink.reopen!();
  }

  /** They may change. */
  get limits(): BatchLimits {
    return this.#sink.limits;
  }

  async send(batch: RecordBatch, signal: AbortSignal, onProgress?: () => void): Promise<SendResult> {
    const own = ownRecords(batch, this.#isFor);
    if (own === undefined) return this.#sink.send(batch, signal, onProgress);
    const isOwn = new Set(own);
    const elsewhere = [...batch.length.keys()].filter((i) => !isOwn.has(i));
    if (own.length === 0) return { retry: [], rejected: [], elsewhere };
    this.#sink.taken?.(batch.count);
    const { retry, rejected, ...result } = await this.#sink.send(select(batch, own), signal, onProgress);
    return {
      ...result,
      retry: retry.map((i) => own[i]!),
      rejected: rejected.map((each) => ({ ...each, index: own[each.index]! })),
      elsewhere,
    };
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  #destinations(batch: RecordBatch): readonly string[] {
    const own = ownRecords(batch, this.#isFor);
    if (own === undefined) return this.#sink.destinations!(batch);
    const names = Array<string>(batch.count).fill(NOWHERE);
    for (const [i, name] of this.#sink.destinations!(select(batch, own)).entries()) names[own[i]!] = name;
    return names;
  }

  #claims(batch: RecordBatch, records: readonly number[] | undefined): readonly Claim[] {
    const own = ownRecords(batch, this.#isFor);
    if (own === undefined) return this.#sink.claims!(batch, records);
    const isOwn = new Set(own);
    const claimed = records === undefined ? own : records.filter((i) => isOwn.has(i));
    return claimed.length === 0 ? [] : this.#sink.claims!(batch, claimed);
  }
}
