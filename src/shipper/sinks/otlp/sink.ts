/**
 * Collectors and services that take the OpenTelemetry protocol over HTTP. It knows no ids: after a lost answer records are resent and
 * counted as possible duplicates; each has the attribute `log.record.uid`, by which a service can tell. A request that is refused
 * as a whole is halved until the record that is refused by itself is alone. That record is permanently rejected only where the
 * endpoint has taken another one before it refuses this one: otherwise it is about all of them. Until then it waits, and others go on.
 */
import { CONFIGURATION_RETRY_MS } from '../../delivery/backoff.js';
import { NoAnswerError } from '../../errors.js';
import type { BatchLimits, CheckResult, Failure, RecordBatch, SendResult, Sink } from '../../parts.js';
import { select } from '../../records/record-batch.js';
import { BodyLimit } from '../body-limit.js';
import { type HttpResponse, retryAfterMs } from '../http/client.js';
import { Outcome } from '../outcome.js';
import { halves, indexes, type Range, sendRanges } from '../ranges.js';
import { partOf } from '../send-parts.js';
import type { SinkContext } from '../sink-context.js';
import { LostAnswers } from '../unsettled/lost-answers.js';
import { REFUSED, RefusedRecords } from '../unsettled/refused-records.js';
import { describe, errorIn, shortened, takenOf } from './answer.js';
import { OtlpConnection, type OtlpSettings } from './connection.js';
import { OtlpEncoder, type OtlpFormSettings } from './encoder.js';

const LIMITS: BatchLimits = { maxRecords: 5000, maxBytes: 4 * 1024 * 1024, recordOverheadBytes: 300, nameCopies: 1 };
/** CloudWatch Logs takes 1 MiB a request; collectors take 20 MiB, and proxies before them less. */
const BODY_MAX_BYTES = { logs: 1_000_000, other: 4 * 1024 * 1024 };
const REQUESTS_MAX = 4;
/** Bytes of a record in addition to its message, at most. */
const OVERHEAD_BYTES = 400;
/** Refused requests of one send, of which none is taken, are enough: it is about all of them. */
const REFUSALS_MAX = 32;
/** Of a request that was answered and refused: nothing of it is stored. */
const isNotCarriedOut = (status: number) => status >= 300 && status < 500 && status !== 408;

/** Throws a ConfigError when a file that a setting names cannot be read. */
export function openOtlp(context: SinkContext<OtlpSettings & OtlpFormSettings>): Sink {
  const { settings, onNotice, onPossibleDuplicates = () => {}, isContinued = false } = context;
  return new OtlpSink({
    connection: new OtlpConnection(context),
    encoder: new OtlpEncoder(settings),
    bodyMaxBytes: settings.otlpSigv4 === 'logs' ? BODY_MAX_BYTES.logs : BODY_MAX_BYTES.other,
    previousUntilMs: isContinued ? Date.now() : Number.NEGATIVE_INFINITY,
    onPossibleDuplicates,
    onNotice,
  });
}

interface OtlpSinkOptions {
  readonly connection: Pick<OtlpConnection, 'target' | 'post' | 'close'>;
  readonly encoder: OtlpEncoder;
  readonly bodyMaxBytes: number;
  /** Records that were written before may have been sent by an earlier shipper. */
  readonly previousUntilMs: number;
  readonly onPossibleDuplicates: (records: RecordBatch) => void;
  readonly onNotice: (message: string) => void;
}

export class OtlpSink implements Sink {
  readonly name = 'otlp';
  readonly limits = LIMITS;
  readonly requestsMax = REQUESTS_MAX;
  readonly #options: OtlpSinkOptions;
  readonly #bodyLimit: BodyLimit;
  readonly #lost = new LostAnswers();
  readonly #refused = new RefusedRecords();
  #isWarned = false;

  constructor(options: OtlpSinkOptions) {
    this.#options = options;
    this.#bodyLimit = new BodyLimit(options.bodyMaxBytes);
  }

  async send(batch: RecordBatch, signal: AbortSignal, onProgress = () => {}): Promise<SendResult> {
    this.#countRepeated(batch);
    const pass = new Pass(batch);
    const send = ([from, limit]: Range) => {
      const { to } = partOf(batch, from, limit, this.#bodyLimit.bytes, OVERHEAD_BYTES);
      return this.#request(pass, from, to, signal, onProgress);
    };
    await sendRanges(batch.count, pass.outcome, send);
    for (const { index, failure } of pass.refused.splice(0)) {
      pass.until = index + 1;
      if (pass.outcome.isFailed) pass.retryFrom(index, failure, CONFIGURATION_RETRY_MS);
      else if (pass.isAnyTaken) await this.#request(pass, index, index + 1, signal, onProgress);
      else pass.outcome.block(index, REFUSED, failure, CONFIGURATION_RETRY_MS);
    }
    return pass.outcome.result;
  }

  destinations(batch: RecordBatch): readonly string[] {
    return this.#refused.destinationsOf(batch);
  }

  /** Nothing that could be stored: an empty request. */
  async check(signal: AbortSignal): Promise<CheckResult> {
    const { connection } = this.#options;
    const response = await connection.post(Buffer.alloc(0), signal);
    const isRight = response.status < 300 && takenOf(response, 0) !== undefined;
    return isRight
      ? { isRight, text: `${connection.target} is reached, and takes OTLP` }
      : { isRight, text: `${this.#place} ${describe(response)}` };
  }

  async close(): Promise<void> {
    this.#options.connection.close();
  }

  /** For errors. */
  get #place(): string {
    return `OTLP request to ${this.#options.connection.target}`;
  }

  /** Records that the service may have already, from this shipper or the one before. */
  #countRepeated(batch: RecordBatch): void {
    const { previousUntilMs, onPossibleDuplicates } = this.#options;
    if (this.#lost.isEmpty && previousUntilMs === Number.NEGATIVE_INFINITY) return;
    const isRepeated = (i: number) => this.#lost.has(batch, i) || batch.timeMs[i]! < previousUntilMs;
    const repeated = [...indexes(0, batch.count)].filter(isRepeated);
    if (repeated.length > 0) onPossibleDuplicates(select(batch, repeated));
  }

  /** Sends the records `from` up to, not including, `to`. Says which ranges to send instead. */
  async #request(pass: Pass, from: number, to: number, signal: AbortSignal, onProgress: () => void) {
    const body = this.#options.encoder.encode(pass.batch, from, to);
    try {
      const response = await this.#options.connection.post(body, signal, onProgress);
      return { to, instead: this.#book(pass, from, to, body.length, response) };
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      if (error.isSent) this.#lost.add(pass.batch, from, to);
      this.#bodyLimit.unanswered(body.length, error.code);
      pass.retryFrom(from, error, error.retryAfterMs);
      return { to, instead: [] };
    }
  }

  #book(pass: Pass, from: number, to: number, bytes: number, response: HttpResponse): readonly Range[] {
    const { status, headers } = response;
    if (status >= 200 && status < 300) {
      this.#bookTaken(pass, from, to, response);
      return [];
    }
    const failure: Failure = { code: String(status), detail: `${this.#place} ${describe(response)}` };
    if (!isNotCarriedOut(status)) this.#lost.add(pass.batch, from, to);
    if (status === 413 && to - from > 1) {
      this.#bodyLimit.tooLarge(bytes);
      return [[from, to]];
    }
    if (status === 413 || (status === 400 && errorIn(response) !== undefined)) {
      return this.#bookRefused(pass, from, to, failure, errorIn(response) ?? '');
    }
    if (status === 429) this.#bodyLimit.refused(bytes);
    const isForHumans = status < 500 && status !== 408 && status !== 429;
    pass.retryFrom(from, failure, retryAfterMs(headers) ?? (isForHumans ? CONFIGURATION_RETRY_MS : undefined));
    return [];
  }

  /** `words` are the service's own. */
  #bookRefused(pass: Pass, from: number, to: number, failure: Failure, words: string): readonly Range[] {
    pass.refusals += 1;
    if (!pass.isAnyTaken && pass.refusals > REFUSALS_MAX) {
      pass.retryFrom(from, failure, CONFIGURATION_RETRY_MS);
      return [];
    }
    if (to - from > 1) return halves([from, to]);
    const isProven = this.#refused.refuse(pass.batch, from) || pass.isAnyTaken;
    if (!isProven) {
      pass.refused.push({ index: from, failure });
      return [];
    }
    this.#forget(pass.batch, from, to);
    const reason = failure.code === '413' ? 'too_large' : 'refused';
    pass.outcome.reject(from, reason, { code: failure.code, detail: words });
    return [];
  }

  #forget(batch: RecordBatch, from: number, to: number): void {
    for (let i = from; i < to; i++) this.#lost.delete(batch, i);
    this.#refused.forget(batch, from, to);
  }

  #bookTaken(pass: Pass, from: number, to: number, response: HttpResponse): void {
    const { batch, outcome } = pass;
    const taken = takenOf(response, to - from);
    if (taken === undefined) {
      this.#lost.add(batch, from, to);
      pass.retryFrom(
        from,
        { code: 'bad_answer', detail: `${this.#place} ${describe(response)}` },
        CONFIGURATION_RETRY_MS,
      );
      return;
    }
    this.#bodyLimit.accepted();
    this.#forget(batch, from, to);
    const { rejected, message } = taken;
    if (rejected < to - from) {
      pass.isAnyTaken = true;
      this.#refused.countTaken();
    }
    for (let i = to - rejected; i < to; i++) outcome.reject(i, 'partial_success', { code: '200', detail: message });
    if (rejected === 0 && message !== '' && !this.#isWarned) {
      this.#isWarned = true;
      this.#options.onNotice(`${this.#place}: the endpoint warns: ${shortened(message)}`);
    }
  }
}

interface Refused {
  readonly index: number;
  readonly failure: Failure;
}

/** One send. */
class Pass {
  readonly batch: RecordBatch;
  readonly outcome = new Outcome();
  /** By themselves, before any other was taken. */
  readonly refused: Refused[] = [];
  refusals = 0;
  isAnyTaken = false;
  /** Records that are behind a failed request, up to this one, are retried with it. */
  until: number;

  constructor(batch: RecordBatch) {
    this.batch = batch;
    this.until = batch.count;
  }

  retryFrom(from: number, failure: Failure, wait?: number): void {
    this.outcome.retry(indexes(from, this.until), failure, wait);
  }
}
