/**
 * What to send, and what answers mean. A record's id is made of its origin and place, and is only ever created: sent
 * again it is answered 409, which says that it is there. What is refused as a whole is halved until the record that is
 * refused by itself stands alone.
 */
import { CONFIGURATION_RETRY_MS } from '../backoff.js';
import { failureOf, NoAnswerError } from '../errors.js';
import type { BatchLimits, Finding, RecordBatch, Rejected, SendResult, Sink } from '../parts.js';
import { select } from '../record-batch.js';
import { type HttpResponse, retryAfterMs } from './http-client.js';
import {
  type BulkError,
  bulkItems,
  classifyItem,
  classifyRequest,
  describeItem,
  describeRequest,
  errorOf,
  isAllDone,
  isForHumans,
} from './opensearch-answer.js';
import { BodyLimit } from './opensearch-body-limit.js';
import type { BulkBody, BulkEncoder } from './opensearch-encoder.js';
import { Outcome } from './outcome.js';
import { halves, indexes, type Range, sendRanges } from './ranges.js';

/** Documents of one request: more bring no speed, and their answer grows. */
const LIMITS: BatchLimits = { maxRecords: 5000, maxBytes: 4 * 1024 * 1024, recordOverheadBytes: 500 };
/** Of a service's own words in a dead letter. */
const DETAIL_MAX = 1000;
/** What a body that is too large can look like: a connection that broke while it was written, or that is too slow. */
const UNFINISHED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'timeout']);

export interface OpenSearchSinkOptions {
  /** For errors: the URL. */
  readonly target: string;
  readonly encoder: BulkEncoder;
  /** Asks the service. Throws a NoAnswerError when no answer came. */
  readonly post: (body: Buffer, signal: AbortSignal) => Promise<HttpResponse>;
  /** Called before the first record is sent, and again until it does not throw. */
  readonly prepare?: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly onNotice: (message: string) => void;
  readonly onClose?: () => void;
}

export class OpenSearchSink implements Sink {
  readonly name = 'opensearch';
  readonly limits = LIMITS;
  readonly #options: OpenSearchSinkOptions;
  readonly #encoder: BulkEncoder;
  readonly #target: string;
  readonly #bodyLimit = new BodyLimit();
  #isPrepared: boolean;

  constructor(options: OpenSearchSinkOptions) {
    this.#options = options;
    this.#encoder = options.encoder;
    this.#target = `bulk request to ${options.target}/${options.encoder.index}`;
    this.#isPrepared = options.prepare === undefined;
  }

  async send(batch: RecordBatch, signal: AbortSignal): Promise<SendResult> {
    if (!this.#isPrepared) {
      try {
        await this.#options.prepare?.(signal);
        this.#isPrepared = true;
      } catch (error) {
        const retry = [...indexes(0, batch.count)];
        return { retry, rejected: [], failure: failureOf(error), retryAfterMs: CONFIGURATION_RETRY_MS };
      }
    }
    const result = await this.#send(batch, signal);
    if (!this.#encoder.withData || result.rejected.length === 0) return result;
    return this.#sendWithoutData(batch, result, signal);
  }

  /** Nothing that could be stored: whoever speaks `_bulk` refuses it, after a look at who asks. */
  async check(signal: AbortSignal): Promise<Finding> {
    const response = await this.#options.post(Buffer.from('\n'), signal);
    const error = errorOf(response.body);
    if (response.status === 400 && (error.type !== undefined || error.reason !== undefined)) {
      return { isRight: true, text: `${this.#options.target} is reached, speaks _bulk, and knows who asks` };
    }
    return { isRight: false, text: `${this.#target} ${describeRequest(response)}` };
  }

  async close(): Promise<void> {
    this.#options.onClose?.();
  }

  async #send(batch: RecordBatch, signal: AbortSignal): Promise<SendResult> {
    const outcome = new Outcome();
    await sendRanges(batch.count, outcome, async ([from, to]) => {
      const body = this.#encoder.encode(batch, from, to, this.#bodyLimit.bytes);
      return { to: body.to, instead: await this.#request(body, batch.count, outcome, signal) };
    });
    return outcome.result;
  }

  /** The text of a line is never lost for what the service thinks of it as JSON. */
  async #sendWithoutData(batch: RecordBatch, first: SendResult, signal: AbortSignal): Promise<SendResult> {
    const refused = first.rejected.map(({ index }) => index);
    this.#encoder.withData = false;
    const second = await this.#send(select(batch, refused), signal).finally(() => {
      this.#encoder.withData = true;
    });
    const failure = first.failure ?? second.failure;
    const waits = [first.retryAfterMs, second.retryAfterMs].filter((wait) => wait !== undefined);
    return {
      retry: [...first.retry, ...second.retry.map((i) => refused[i]!)].sort((a, b) => a - b),
      rejected: second.rejected.map((each) => ({ ...each, index: refused[each.index]! })),
      ...(failure === undefined ? {} : { failure }),
      ...(waits.length === 0 ? {} : { retryAfterMs: Math.max(...waits) }),
    };
  }

  /** Sends one body and books its answer. Returns the ranges to try instead. */
  async #request(
    { bytes, from, to }: BulkBody,
    count: number,
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<readonly Range[]> {
    const hadId = this.#encoder.withIds;
    let response: HttpResponse;
    try {
      response = await this.#options.post(bytes, signal);
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      if (UNFINISHED.has(error.code)) this.#bodyLimit.refused(bytes.length);
      outcome.retry(indexes(from, count), error);
      return [];
    }
    const { status, headers } = response;
    if (status === 200) {
      this.#items(response, from, to, count, hadId, outcome);
      return [];
    }
    const fate = classifyRequest(response, hadId);
    if (fate === 'without_id') return this.#withoutIds([from, to]);
    if (fate === 'too_large' && to - from > 1) {
      this.#bodyLimit.tooLarge(bytes.length);
      return [[from, to]];
    }
    if (fate === 'too_large' || fate === 'rejected') {
      if (to - from > 1) return halves([from, to]);
      const error = errorOf(response.body);
      outcome.reject(from, fate === 'too_large' ? fate : (error.type ?? String(status)), words(status, error));
      return [];
    }
    if (status === 429) this.#bodyLimit.refused(bytes.length);
    const wait = retryAfterMs(headers) ?? (isForHumans(status) ? CONFIGURATION_RETRY_MS : undefined);
    const failure = { code: String(status), detail: `${this.#target} ${describeRequest(response)}` };
    outcome.retry(indexes(from, count), failure, wait);
    return [];
  }

  /** Books the answer to each action. */
  #items({ body }: HttpResponse, from: number, to: number, count: number, hadId: boolean, outcome: Outcome): void {
    if (isAllDone(body)) {
      this.#bodyLimit.accepted();
      return;
    }
    const items = bulkItems(body);
    if (items?.length !== to - from) {
      const detail = `${this.#target}: the answer is not that of _bulk: ${items?.length ?? 'no'} items for ${to - from} actions`;
      outcome.retry(indexes(from, count), { code: 'bad_answer', detail });
      return;
    }
    this.#bodyLimit.accepted();
    items.forEach((item, i) => {
      const { status, error = {} } = item;
      const fate = classifyItem(item, hadId);
      if (fate === 'delivered') return;
      if (fate === 'rejected') {
        outcome.reject(from + i, error.type ?? String(status), words(status, error));
        return;
      }
      if (fate === 'without_id') this.#withoutIds([from, to]);
      const wait = isForHumans(status) ? CONFIGURATION_RETRY_MS : undefined;
      outcome.retry([from + i], { code: String(status), detail: `${this.#target} ${describeItem(item)}` }, wait);
    });
    if (outcome.isFailed) outcome.retry(indexes(to, count));
  }

  /** From now on the service makes the ids. Returns what has to be sent again. */
  #withoutIds(range: Range): readonly Range[] {
    if (this.#encoder.withIds) {
      this.#encoder.withIds = false;
      this.#options.onNotice(
        `${this.#options.target} takes no ids of documents: records are delivered at least once, and a request that is repeated may store them twice`,
      );
    }
    return [range];
  }
}

function words(status: number, { reason }: BulkError): Pick<Rejected, 'code' | 'detail'> {
  return {
    code: String(status),
    ...(reason === undefined ? {} : { detail: reason.slice(0, DETAIL_MAX) }),
  };
}
