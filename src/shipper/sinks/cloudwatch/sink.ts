/**
 * CloudWatch Logs: batches within the service's limits, group and stream made when they are missing.
 * A refused request is halved until the event that is refused by itself is alone. The service knows no ids, so the events
 * of a request whose answer is lost are looked for before it is retried.
 */
import { runbook } from '../../../catalog/runbook.js';
import type { SinkAudit } from '../../audit/audit-log.js';
import { NoAnswerError } from '../../errors.js';
import type { BatchLimits, CheckResult, RecordBatch, SendResult, Sink } from '../../parts.js';
import type { BilledBytes } from '../aws/billed.js';
import { BodyLimit } from '../body-limit.js';
import type { HttpResponse } from '../http/client.js';
import { Outcome } from '../outcome.js';
import { halves, indexes, type Range, sendRanges } from '../ranges.js';
import { RequestBodies } from '../request-bodies.js';
import { ABOUT_THE_EVENT, type Answer, classifyAnswer, halfOf, judge } from './answer.js';
import type { CloudWatchApi } from './api.js';
import {
  BATCH_MAX_BYTES,
  BATCH_MAX_EVENTS,
  EVENT_OVERHEAD_BYTES,
  type Events,
  eventsOf,
  MESSAGE_MAX_BYTES,
  type PutBody,
  type PutEncoder,
} from './events.js';
import type { EventFormat } from './format.js';
import type { LostAnswers } from './lost-answers.js';
import { NotedEvents } from './noted-request.js';
import type { PutRequest } from './requests/stream-requests.js';
import { type SentEvent, sentEvents } from './sent-event.js';
import type { LogStreams } from './streams.js';

const LIMITS: BatchLimits = {
  maxRecords: BATCH_MAX_EVENTS,
  maxBytes: BATCH_MAX_BYTES,
  recordOverheadBytes: EVENT_OVERHEAD_BYTES,
};

/** At 100 ms an answer, four full ones are 200,000 lines of 150 bytes a second; often they are less than full. */
const REQUESTS_MAX = 8;

/** A batch of control characters, each of which takes six bytes of JSON. */
const BODY_MAX_BYTES = 7 * 1024 * 1024;
/** Errors of one log stream, while others go on: a missing permission, an invalid name, a missing stream. */
const OF_THE_STREAM: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'ResourceNotFoundException',
  'InvalidParameterException',
  'SerializationException',
]);

/** How a send is ended from outside, and told that some of it has left. */
interface Way {
  readonly signal: AbortSignal;
  readonly onProgress: () => void;
}

export class CloudWatchSink implements Sink {
  readonly name = 'cloudwatch';
  readonly limits = LIMITS;
  /** One where times are those of texts: they say nothing of which requests may be out together. */
  readonly requestsMax: number;
  readonly isReadByTime = true;
  readonly releasesBatches = true;
  readonly #api: CloudWatchApi;
  readonly #streams: LogStreams;
  readonly #encoder: PutEncoder;
  readonly #lost: LostAnswers;
  readonly #onNotice: (message: string) => void;
  readonly #format: EventFormat | undefined;
  readonly #bodyLimit = new BodyLimit(BODY_MAX_BYTES);
  readonly #bodies = new RequestBodies(REQUESTS_MAX);
  readonly #audit: SinkAudit | undefined;
  readonly #billed: BilledBytes | undefined;
  /** Shrinks when the service says that it takes less. */
  #messageMaxBytes = MESSAGE_MAX_BYTES;

  /** @param format absent where records go as they are; `audit` absent without one */
  constructor(
    api: CloudWatchApi,
    streams: LogStreams,
    encoder: PutEncoder,
    lost: LostAnswers,
    onNotice: (message: string) => void,
    format?: EventFormat,
    audit?: SinkAudit,
    billed?: BilledBytes,
  ) {
    this.#billed = billed;
    this.#audit = audit;
    this.#format = format;
    this.requestsMax = format?.hasTimes === true ? 1 : REQUESTS_MAX;
    this.#api = api;
    this.#streams = streams;
    this.#encoder = encoder;
    this.#lost = lost;
    this.#onNotice = onNotice;
  }

  async send(records: RecordBatch, signal: AbortSignal, onProgress = () => {}): Promise<SendResult> {
    const way = { signal, onProgress };
    const batch = this.#format?.apply(records, this.#partMaxBytes) ?? records;
    const outcome = new Outcome();
    for (const { logStream, records: own } of this.#streams.partition(batch)) {
      if (outcome.isFailed) outcome.retry(own);
      else await this.#sendStream(logStream, batch, own, records.timeMs, outcome, way);
    }
    return outcome.result;
  }

  /** A longer one is sent in parts. */
  get #partMaxBytes(): number {
    return Math.min(this.#messageMaxBytes, this.#bodyLimit.bytes);
  }

  destinations(batch: RecordBatch): readonly string[] {
    return this.#streams.of(batch);
  }

  /** An error of one stream holds back its own records only. */
  async #sendStream(
    logStream: string,
    batch: RecordBatch,
    records: readonly number[],
    writtenMs: Float64Array,
    outcome: Outcome,
    way: Way,
  ): Promise<void> {
    const own = new Outcome();
    const end = this.#lost.begin(logStream, batch, records);
    const sent = (asked: readonly number[]) => this.#asSent(logStream, batch, asked);
    try {
      const left = await this.#lost.settle(logStream, batch, records, writtenMs, sent, way.signal, way.onProgress);
      if ('failure' in left) own.retry(records, left.failure, left.retryAfterMs);
      else {
        const sizes = [this.#messageMaxBytes, left.records, Date.now(), this.#partMaxBytes] as const;
        const events = eventsOf(batch, ...sizes, left.begun);
        for (const index of events.tooLarge) own.reject(index, 'emf_too_large');
        await this.#sendEvents(logStream, events, own, way);
      }
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      own.retry(records, error, error.retryAfterMs);
    } finally {
      end(own.result.retry);
    }
    const { retry, rejected, failure, retryAfterMs } = own.result;
    for (const { index, reason, ...words } of rejected) outcome.reject(index, reason, words);
    const isOfTheService = failure === undefined || !OF_THE_STREAM.has(failure.code);
    if (isOfTheService || this.#streams.isOne) outcome.retry(retry, failure, retryAfterMs);
    else for (const index of retry) outcome.block(index, logStream, failure, retryAfterMs);
  }

  /** The events as which a shipper of the same settings has sent these records, or will. */
  #asSent(logStream: string, batch: RecordBatch, records: readonly number[]): readonly SentEvent[] {
    const events = eventsOf(batch, this.#messageMaxBytes, records, Date.now(), this.#partMaxBytes);
    const sent: SentEvent[] = [];
    for (let from = 0; from < events.count; ) {
      const body = this.#encoder.encode(events, logStream, [from, events.count]);
      sent.push(...sentEvents(events, body));
      from = body.to;
    }
    return sent;
  }

  async #sendEvents(logStream: string, events: Events, outcome: Outcome, way: Way): Promise<void> {
    let mayCreate = true;
    /** The answer to a request with one valid event: asked once, and only if an event was refused. */
    let probe: Promise<Answer> | undefined;
    const askProbe = () => {
      probe ??= this.#probe(logStream, way);
      return probe;
    };
    /** Whether an event was taken: one that was refused before that is sent once more, as a key may be enabled in between. */
    let wasTaken = false;
    await sendRanges(events.count, outcome, async (range) => {
      const encoded = this.#encoder.encode(events, logStream, range, this.#bodyLimit.bytes);
      // The encoder writes every body to the same place, and others are out.
      const { copy, release } = this.#bodies.copyOf(encoded.bytes);
      const body: PutBody = { ...encoded, bytes: copy };
      const count = body.to - body.from;
      const noted = new NotedEvents(this.#audit, logStream, events, body);
      const request = this.#lost.leave(logStream, events, body);
      let isAnswered = false;
      try {
        const response = await this.#put(copy, way);
        const answer = classifyAnswer(response, count);
        isAnswered = true;
        this.#note(answer, request, body, noted);
        // Nothing reads it any more: what is kept of a lost answer are the events.
        if (response.isTaken === true && response.isRepeated !== true) release();
        if (answer.kind === 'missing' && mayCreate) {
          mayCreate = false;
          await this.#api.createStream(logStream, way.signal);
          return { to: body.to, instead: [[body.from, body.to]] };
        }
        wasTaken ||= answer.kind === 'accepted';
        const isAsked = count === 1 && ABOUT_THE_EVENT.has(answer.kind);
        const judged = isAsked ? judge(answer, await askProbe()) : answer;
        if (isAsked && judged === answer && !wasTaken) {
          wasTaken = true;
          return { to: body.to, instead: [[body.from, body.to]] };
        }
        if (judged !== answer && this.#encoder.hasEntity && (await this.#isEntity(logStream, way))) {
          return { to: body.to, instead: [[body.from, body.to]] };
        }
        return { to: body.to, instead: this.#judge(judged, logStream, events, body, outcome) };
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        // Once it is answered, it is a later question that has no answer, such as the probe.
        if (!isAnswered && error.isSent) this.#lost.lose(request, body.bytes, noted);
        else if (!isAnswered) {
          this.#lost.absent(request);
          noted.unsent();
        }
        outcome.retry(recordsFrom(events, body.from), error, error.retryAfterMs);
        return { to: body.to, instead: [] };
      }
    });
  }

  /** What an answer says for later requests. */
  #note(answer: Answer, request: PutRequest, body: PutBody, noted: NotedEvents): void {
    if (answer.kind === 'retry' && answer.isLost) {
      this.#lost.lose(request, body.bytes, noted);
      return;
    }
    noted.answered(answer);
    if (answer.kind !== 'accepted') {
      this.#lost.absent(request);
      return;
    }
    this.#bodyLimit.accepted();
    let latest = body.to - 1;
    const { rejected } = answer;
    this.#billed?.add(request.events, body, rejected);
    const isStored = (i: number) => !rejected.some(({ from, to }) => i >= body.from + from && i < body.from + to);
    while (!isStored(latest)) latest -= 1;
    this.#lost.answered(request, latest < body.from ? -1 : latest, isStored);
  }

  /** Asks for an answer; of a body that has none the next one is smaller. */
  async #put(bytes: Buffer, { signal, onProgress }: Way): Promise<HttpResponse> {
    try {
      return await this.#api.putLogEvents(bytes, signal, onProgress);
    } catch (error) {
      if (error instanceof NoAnswerError) this.#bodyLimit.unanswered(bytes.length, error.code);
      throw error;
    }
  }

  /** Whether it is the entity that is refused. It is an extra: then logs go without it. */
  async #isEntity(logStream: string, way: Way): Promise<boolean> {
    const body = this.#encoder.probe(logStream, Date.now(), null);
    const { kind } = classifyAnswer(await this.#put(body, way), 1);
    if (kind === 'accepted') this.#dropEntity(logStream, 'the request is refused with it');
    return kind === 'accepted';
  }

  #dropEntity(logStream: string, why: string): void {
    if (!this.#encoder.dropEntity()) return;
    this.#onNotice(
      `${this.#api.target(logStream)} refuses the entity: ${why}. Logs are stored without it; correct LOGTAP_CLOUDWATCH_SERVICE or LOGTAP_CLOUDWATCH_ENVIRONMENT.`,
    );
  }

  async check(signal: AbortSignal): Promise<CheckResult> {
    const logStream = this.#streams.example;
    const answer = await this.#probe(logStream, { signal, onProgress: () => {} });
    const { credentialSource, createsGroup } = this.#api;
    const target = this.#api.target(logStream);
    switch (answer.kind) {
      case 'accepted':
        return {
          isRight: true,
          text: `${target} is reached, and may be written with the credentials of ${credentialSource}`,
        };
      case 'missing':
        return createsGroup || !answer.detail.includes('log group')
          ? {
              isRight: true,
              text: `${target} is reached, and takes the credentials of ${credentialSource}; what is missing will be made`,
            }
          : {
              isRight: false,
              text: `${target}: ${answer.detail} (make it, or set LOGTAP_CLOUDWATCH_CREATE_GROUP=true; see ${runbook('no-such-service')})`,
            };
      default:
        return { isRight: false, text: `${target}: ${answer.detail} (credentials of ${credentialSource})` };
    }
  }

  async close(): Promise<void> {
    this.#api.close();
  }

  async #probe(logStream: string, way: Way): Promise<Answer> {
    const body = this.#encoder.probe(logStream, Date.now());
    return classifyAnswer(await this.#put(body, way), 1);
  }

  /** Books an answer. Returns the ranges to try instead. */
  #judge(answer: Answer, logStream: string, events: Events, { from, to }: PutBody, outcome: Outcome): readonly Range[] {
    const target = this.#api.target(logStream);
    const retry = (code: string, detail: string, afterMs?: number) => {
      outcome.retry(recordsFrom(events, from), { code, detail: `PutLogEvents to ${target}: ${detail}` }, afterMs);
      return [];
    };
    /** Is retried with shorter events, or is refused where that does not help. */
    const shorten = (messageMaxBytes: number, detail: string) => {
      if (messageMaxBytes > 0 && messageMaxBytes < this.#messageMaxBytes) {
        this.#messageMaxBytes = messageMaxBytes;
        return retry('too_large', detail);
      }
      if (to - from > 1) return halves([from, to]);
      outcome.reject(events.record[from]!, 'too_large', { detail });
      return [];
    };
    switch (answer.kind) {
      case 'accepted':
        for (const { from: first, to: end, reason } of answer.rejected) {
          for (const i of indexes(from + first, from + end)) outcome.reject(events.record[i]!, reason);
        }
        if (answer.entityError !== undefined) this.#dropEntity(logStream, answer.entityError);
        return [];
      case 'missing':
        // Just made, and not visible everywhere yet.
        return retry('ResourceNotFoundException', 'the log stream is not there yet');
      case 'refused':
        if (to - from > 1) return halves([from, to]);
        outcome.reject(events.record[from]!, answer.reason, { code: answer.code, detail: answer.detail });
        return [];
      case 'too_large':
        if (to - from > 1) return halves([from, to]);
        return shorten(halfOf(events.end[from]! - events.start[from]!), answer.detail);
      case 'event_too_large':
        return shorten(answer.messageMaxBytes, answer.detail);
      case 'retry':
        if (answer.renewCredentials) {
          this.#api.renewCredentials();
          return retry(answer.code, `${answer.detail} (credentials of ${this.#api.credentialSource})`, answer.afterMs);
        }
        return retry(answer.code, answer.detail, answer.afterMs);
    }
  }
}

function* recordsFrom({ record, count }: Events, from: number): Generator<number> {
  for (let i = from; i < count; i++) yield record[i]!;
}
