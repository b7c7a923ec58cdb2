/**
 * Collectors and services that take the OpenTelemetry protocol over HTTP. It knows no ids: after a lost answer records are resent and
 * counted as possible duplicates; each has the attribute `log.record.uid`, by which a service can tell. A request that is refused
 * as a whole is halved until the record that is refused by itself is alone. That record is permanently rejected only where the
 * endpoint has taken another one before it refuses this one: otherwise it is about all of them. Until then it waits, and others go on.
 */
import { CONFIGURATION_RETRY_MS } from '../../delivery/backoff.js';
import { NoAnswerError } from '../../errors.js';
import type { BatchLimits, CheckResult, Failure, RecordBatch, SendResult, Sink } from '../../parts.js';
import { BodyLimit } from '../body-limit.js';
import { type HttpResponse, retryAfterMs } from '../http/client.js';
import { type Range, sendRanges } from '../ranges.js';
import { partOf } from '../send-parts.js';
import type { SinkContext } from '../sink-context.js';
import { PossibleDuplicates } from '../unsettled/possible-duplicates.js';
import { RefusedRecords } from '../unsettled/refused-records.js';
import { RefusingPass } from '../unsettled/refusing-pass.js';
import { describe, errorIn, shortened, takenOf } from './answer.js';
import { OtlpConnection, type OtlpSettings } from './connection.js';
import { OtlpEncoder, type OtlpFormSettings } from './encoder.js';

const LIMITS: BatchLimits = { maxRecords: 6000, maxBytes: 4 * 1024 * 1024, recordOverheadBytes: 300, nameCopies: 1 };
/** CloudWatch Logs takes 1 MiB a request; collectors take 20 MiB, and proxies before them less. */
const BODY_MAX_BYTES = { logs: 1_000_000, other: 4 * 1024 * 1024 };
const REQUESTS_MAX = 4;
/** Bytes of a record in addition to its message, at most. */
const OVERHEAD_BYTES = 400;
/** Of a request that was answered and refused: nothing of it is stored. */
const isNotCarriedOut = (status: number) => status >= 300 && status < 500 && status !== 408;

/** Throws a ConfigError when a file that a setting names cannot be read. */
export function openOtlp(context: SinkContext<OtlpSettings & OtlpFormSettings>): Sink {
  const { settings, onNotice } = context;
  return new OtlpSink({
    connection: new OtlpConnection(context),
    encoder: new OtlpEncoder(settings),
    bodyMaxBytes: settings.otlpSigv4 === 'logs' ? BODY_MAX_BYTES.logs : BODY_MAX_BYTES.other,
    duplicates: new PossibleDuplicates(context),
    onNotice,
  });
}

interface OtlpSinkOptions {
  readonly connection: Pick<OtlpConnection, 'target' | 'post' | 'close'>;
  readonly encoder: OtlpEncoder;
  readonly bodyMaxBytes: number;
  readonly duplicates: PossibleDuplicates;
  readonly onNotice: (message: string) => void;
}

class OtlpSink implements Sink {
  readonly name = 'otlp';
  readonly limits = LIMITS;
  readonly requestsMax = REQUESTS_MAX;
  readonly #options: OtlpSinkOptions;
  readonly #bodyLimit: BodyLimit;
  readonly #refused = new RefusedRecords();
  #isWarned = false;

  constructor(options: OtlpSinkOptions) {
    this.#options = options;
    this.#bodyLimit = new BodyLimit(options.bodyMaxBytes);
  }

  async send(batch: RecordBatch, signal: AbortSignal, onProgress = () => {}): Promise<SendResult> {
    const pass = new RefusingPass(batch, this.#refused);
    const send = ([from, limit]: Range) => {
      const { to } = partOf(batch, from, limit, this.#bodyLimit.bytes, OVERHEAD_BYTES);
      return this.#request(pass, from, to, signal, onProgress);
    };
    await sendRanges(batch.count, pass.outcome, send);
    await pass.finish(send, (record) => {
      this.#options.duplicates.lost(record);
      return this.#request(new RefusingPass(record, this.#refused), 0, 1, signal, onProgress);
    });
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

  /** Sends the records `from` up to, not including, `to`. Says which ranges to send instead. */
  async #request(pass: RefusingPass, from: number, to: number, signal: AbortSignal, onProgress: () => void) {
    const { encoder, duplicates } = this.#options;
    const body = encoder.encode(pass.batch, from, to);
    duplicates.leaving(pass.batch, from, to);
    try {
      const response = await this.#options.connection.post(body, signal, onProgress);
      return { to, instead: this.#book(pass, from, to, body.length, response) };
    } catch (error) {
      if (error instanceof NoAnswerError && !error.isSent) duplicates.unstored(pass.batch, from, to);
      else duplicates.lost(pass.batch, from, to);
      if (!(error instanceof NoAnswerError)) throw error;
      this.#bodyLimit.unanswered(body.length, error.code);
      pass.retryFrom(from, error, error.retryAfterMs);
      return { to, instead: [] };
    }
  }

  #book(pass: RefusingPass, from: number, to: number, bytes: number, response: HttpResponse): readonly Range[] {
    const { status, headers } = response;
    if (status >= 200 && status < 300) {
      this.#bookTaken(pass, from, to, response);
      return [];
    }
    const failure: Failure = { code: String(status), detail: `${this.#place} ${describe(response)}` };
    if (isNotCarriedOut(status)) this.#options.duplicates.unstored(pass.batch, from, to);
    else this.#options.duplicates.lost(pass.batch, from, to);
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
  #bookRefused(pass: RefusingPass, from: number, to: number, failure: Failure, words: string): readonly Range[] {
    return pass.refused([from, to], failure, () => {
      this.#forget(pass.batch, from, to);
      const reason = failure.code === '413' ? 'too_large' : 'refused';
      pass.outcome.reject(from, reason, { code: failure.code, detail: words });
    });
  }

  #forget(batch: RecordBatch, from: number, to: number): void {
    this.#options.duplicates.settled(batch, from, to);
    this.#refused.forget(batch, from, to);
  }

  #bookTaken(pass: RefusingPass, from: number, to: number, response: HttpResponse): void {
    const { batch, outcome } = pass;
    const taken = takenOf(response, to - from);
    if (taken === undefined) {
      this.#options.duplicates.lost(batch, from, to);
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
    if (rejected < to - from) pass.taken(rejected === 0 ? from : undefined);
    for (let i = to - rejected; i < to; i++) outcome.reject(i, 'partial_success', { code: '200', detail: message });
    if (rejected === 0 && message !== '' && !this.#isWarned) {
      this.#isWarned = true;
      this.#options.onNotice(`${this.#place}: the endpoint warns: ${shortened(message)}`);
    }
  }
}
