/**
 * Sends the records of a batch in one form and books every answer. A request that is refused as a whole is halved until the record that
 * is refused by itself is alone. A record is permanently refused only where another one of its kind is taken: in the same answer, or
 * before it. One that is taken after it proves nothing, as the index may have been opened: the record is sent once more.
 */
import { CONFIGURATION_RETRY_MS } from '../../delivery/backoff.js';
import { NoAnswerError } from '../../errors.js';
import type { Failure, RecordBatch, Rejected } from '../../parts.js';
import type { BodyLimit } from '../body-limit.js';
import { type HttpResponse, retryAfterMs } from '../http/client.js';
import type { Outcome } from '../outcome.js';
import { halves, indexes, type Range, sendRanges } from '../ranges.js';
import type { LostAnswers } from '../unsettled/lost-answers.js';
import { type BulkItem, bulkItems, classifyItem, classifyRequest, errorOf, isForHumans, reasonOf } from './answer.js';
import type { BulkBody, BulkEncoder, BulkForm } from './encoder.js';
import type { KnownGood } from './known-good.js';
import type { Stored, StoredDocuments, Taken } from './stored.js';
import { describeItem, describeRequest, describeUnknown } from './words.js';

/** Of a service's own words in a dead letter. */
const DETAIL_MAX = 1000;
/** Errors of an item that are about its index: other indices may take theirs. */
const OF_THE_INDEX: ReadonlySet<string> = new Set([
  'cluster_block_exception',
  'unavailable_shards_exception',
  'index_closed_exception',
  'validation_exception',
]);

/** Parts that all passes of a sink share. */
export interface PassParts {
  /** For errors: operation and service. */
  readonly target: string;
  readonly encoder: BulkEncoder;
  readonly post: (body: Buffer, signal: AbortSignal) => Promise<HttpResponse>;
  readonly bodyLimit: BodyLimit;
  readonly knownGood: KnownGood;
  readonly stored: StoredDocuments;
  readonly lost: LostAnswers;
  /** Kinds of which a record was taken, in any pass of this send. */
  readonly accepted: Set<string>;
  /** When this shipper started, on the clock of records: older ones may have been sent by an earlier one. */
  readonly startedMs: number;
  /** The service makes the ids, from now on. */
  readonly onWithoutIds: () => void;
  /** A document was refused, and is kept where documents of this data stream that are refused are kept. */
  readonly onFailureStore: (dataStream: string) => void;
}

export class Pass {
  /** Permanently refused, by themselves. */
  readonly refused: Rejected[] = [];
  /** Refused before one of their kind was taken: to be sent once more. */
  readonly undecided: number[] = [];
  /** Their ids hold something else, as far as one can tell. */
  readonly unnamed: number[] = [];
  /** Whether some of those may not be read. */
  isBlind = false;
  readonly #parts: PassParts;
  readonly #batch: RecordBatch;
  readonly #form: BulkForm;
  readonly #outcome: Outcome;
  readonly #signal: AbortSignal;
  /** Whether another pass resends the refused records, so that this one need not know why. */
  readonly #isFirst: boolean;

  constructor(parts: PassParts, batch: RecordBatch, form: BulkForm, outcome: Outcome, signal: AbortSignal) {
    this.#parts = parts;
    this.#batch = batch;
    this.#form = form;
    this.#outcome = outcome;
    this.#signal = signal;
    this.#isFirst = form.withData === true || form.withFields === true;
  }

  async send(): Promise<void> {
    const { encoder, bodyLimit } = this.#parts;
    await sendRanges(this.#batch.count, this.#outcome, async ([from, to]) => {
      const body = encoder.encode(this.#batch, from, to, bodyLimit.bytes, this.#form);
      try {
        return { to: body.to, instead: await this.#request(body) };
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        this.#retryFrom(from, error, error.retryAfterMs);
        return { to: body.to, instead: [] };
      }
    });
  }

  /** Sends one body and books its answer. Returns the ranges to try instead. */
  async #request({ bytes, from, to }: BulkBody): Promise<readonly Range[]> {
    const { encoder, bodyLimit, lost } = this.#parts;
    const hadId = encoder.withIds;
    let response: HttpResponse;
    try {
      response = await this.#parts.post(bytes, this.#signal);
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      lost.add(this.#batch, from, to);
      bodyLimit.unanswered(bytes.length, error.code);
      this.#retryFrom(from, error);
      return [];
    }
    const { status, headers, isRepeated } = response;
    const isRefused = status === 200 || (status >= 300 && status < 500 && status !== 408);
    if (isRepeated || !isRefused) lost.add(this.#batch, from, to);
    if (status === 200) {
      await this.#items(response, from, to, hadId);
      return [];
    }
    const fate = classifyRequest(response, hadId);
    if (fate === 'without_id') {
      this.#parts.onWithoutIds();
      return [[from, to]];
    }
    if (fate === 'too_large' && to - from > 1) {
      bodyLimit.tooLarge(bytes.length);
      return [[from, to]];
    }
    if (fate === 'too_large' || fate === 'refused') {
      if (this.#isFirst && to - from === 1) this.#refuse(from, { status, error: errorOf(response.body) }, fate);
      else if (await this.#isGoodTaken(from, to)) {
        if (to - from > 1) return halves([from, to]);
        if (this.#wasTakenBefore(from)) this.#refuse(from, { status, error: errorOf(response.body) }, fate);
        else this.undecided.push(from);
      }
      return [];
    }
    if (status === 429) bodyLimit.refused(bytes.length);
    const wait = retryAfterMs(headers) ?? (isForHumans(status) ? CONFIGURATION_RETRY_MS : undefined);
    this.#retryFrom(from, { code: String(status), detail: `${this.#place(from)} ${describeRequest(response)}` }, wait);
    return [];
  }

  /** Whether a good record is taken where the first one of a refused request goes; otherwise all is retried. */
  async #isGoodTaken(from: number, to: number): Promise<boolean> {
    const [failure] = (await this.#parts.knownGood.refusals(this.#batch, [from], this.#signal)).values();
    if (failure === undefined) return true;
    if (to - from === 1) this.#block(from, failure, CONFIGURATION_RETRY_MS);
    else this.#retryFrom(from, failure, CONFIGURATION_RETRY_MS);
    return false;
  }

  /** Books the answer to each action. */
  async #items(response: HttpResponse, from: number, to: number, hadId: boolean): Promise<void> {
    const { bodyLimit, encoder, lost } = this.#parts;
    const items = bulkItems(response.body, to - from);
    if (typeof items === 'string') {
      lost.add(this.#batch, from, to);
      this.#retryFrom(from, { code: 'bad_answer', detail: `${this.#place(from)}${describeUnknown(response, items)}` });
      return;
    }
    bodyLimit.accepted();
    const refused: number[] = [];
    const taken: Taken[] = [];
    items.forEach((item, i) => {
      const record = from + i;
      switch (classifyItem(item, hadId)) {
        case 'delivered':
          lost.delete(this.#batch, record);
          if (item.isInFailureStore === true) this.#parts.onFailureStore(encoder.indexOf(this.#batch, record));
          return;
        case 'there':
          if (lost.has(this.#batch, record)) lost.delete(this.#batch, record);
          else taken.push({ record, index: item.error.index ?? encoder.indexOf(this.#batch, record) });
          return;
        case 'refused':
          refused.push(record);
          return;
        case 'without_id':
          this.#parts.onWithoutIds();
          break;
        case 'retry':
      }
      this.#retryItem(record, item);
    });
    await this.#judge(refused, items, from);
    await this.#look(taken);
    if (this.#outcome.isFailed) this.#retryFrom(to);
  }

  #retryItem(record: number, item: BulkItem): void {
    const { status, error } = item;
    const wait = isForHumans(status) ? CONFIGURATION_RETRY_MS : undefined;
    const failure = { code: String(status), detail: `${this.#place(record)} ${describeItem(item)}` };
    if (isForHumans(status) || OF_THE_INDEX.has(error.type ?? '')) this.#block(record, failure, wait);
    else this.#outcome.retry([record], failure, wait);
  }

  /** Permanently rejects refused records if others of their kind are taken: in the same answer, or before it. */
  async #judge(refused: readonly number[], items: readonly BulkItem[], from: number): Promise<void> {
    if (refused.length === 0) return;
    const { encoder, knownGood, accepted } = this.#parts;
    const kind = (record: number) => encoder.kindOf(this.#batch, record);
    items.forEach(({ status }, i) => {
      if (status < 300) accepted.add(kind(from + i));
    });
    const unproven = new Set(this.#isFirst ? [] : refused.filter((record) => !accepted.has(kind(record))));
    let failures: ReadonlyMap<string, Failure> | undefined;
    try {
      if (unproven.size > 0) failures = await knownGood.refusals(this.#batch, [...unproven], this.#signal);
    } catch (error) {
      this.#retryUnknown(refused, error);
      return;
    }
    for (const record of refused) {
      const failure = failures?.get(kind(record));
      if (!unproven.has(record)) this.#refuse(record, items[record - from]!);
      else if (failure === undefined) this.undecided.push(record);
      else this.#block(record, failure, CONFIGURATION_RETRY_MS);
    }
    for (const record of this.undecided) accepted.add(kind(record));
  }

  /** Whether one of its kind was taken before, and marks that one is now. */
  #wasTakenBefore(record: number): boolean {
    const { accepted, encoder } = this.#parts;
    const kind = encoder.kindOf(this.#batch, record);
    const was = accepted.has(kind);
    accepted.add(kind);
    return was;
  }

  /** A record whose id is taken is delivered where that is its own document. */
  async #look(taken: readonly Taken[]): Promise<void> {
    if (taken.length === 0) return;
    let stored: readonly Stored[];
    try {
      stored = await this.#parts.stored.look(this.#batch, taken, this.#form, this.#signal);
    } catch (error) {
      this.#retryUnknown(
        taken.map(({ record }) => record),
        error,
      );
      return;
    }
    taken.forEach(({ record }, i) => {
      if (stored[i] === 'ours') return;
      // Without the permission to read, a record from before this run counts as delivered by the previous one.
      if (stored[i] === 'unknown' && this.#batch.timeMs[record]! < this.#parts.startedMs) return;
      if (!this.#form.isNamedByContent) {
        this.unnamed.push(record);
        this.isBlind ||= stored[i] === 'unknown';
      } else if (stored[i] === 'foreign') {
        // Only a writer that knew the line beforehand could have taken this id.
        this.refused.push({ index: record, reason: 'id_taken', code: '409' });
      }
    });
  }

  /** The needed facts about these records are not available now. */
  #retryUnknown(records: readonly number[], error: unknown): void {
    if (!(error instanceof NoAnswerError)) throw error;
    this.#outcome.retry(records, error, error.retryAfterMs);
  }

  #refuse(record: number, item: BulkItem, fate: 'refused' | 'too_large' = 'refused'): void {
    const { reason } = item.error;
    this.#parts.lost.delete(this.#batch, record);
    this.refused.push({
      index: record,
      reason: fate === 'too_large' ? fate : reasonOf(item),
      code: String(item.status),
      ...(reason === undefined ? {} : { detail: reason.slice(0, DETAIL_MAX) }),
    });
  }

  /** For errors: operation, service and the index of a record. */
  #place(record: number): string {
    const { encoder, target } = this.#parts;
    return `${target}/${encoder.indexOf(this.#batch, record)}`;
  }

  #block(record: number, failure: Failure, wait?: number): void {
    const { encoder } = this.#parts;
    if (encoder.isOneIndex) this.#outcome.retry([record], failure, wait);
    else this.#outcome.block(record, encoder.indexOf(this.#batch, record), failure, wait);
  }

  #retryFrom(from: number, failure?: Failure, wait?: number): void {
    this.#outcome.retry(indexes(from, this.#batch.count), failure, wait);
  }
}
