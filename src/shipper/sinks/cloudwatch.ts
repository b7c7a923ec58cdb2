/**
 * CloudWatch Logs: one log stream, batches within the service's limits, group and stream made when they are missing.
 * A refused request is halved until the event that is refused by itself stands alone. The service knows no ids, so a
 * request whose answer is lost is stored twice.
 */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { NoAnswerError } from '../errors.js';
import type { BatchLimits, Finding, RecordBatch, SendResult, Sink } from '../parts.js';
import type { Settings } from '../settings.js';
import { type Answer, classifyAnswer } from './cloudwatch-answer.js';
import { type CloudWatchApi, createCloudWatchApi } from './cloudwatch-api.js';
import {
  BATCH_MAX_BYTES,
  BATCH_MAX_EVENTS,
  type Entity,
  EVENT_OVERHEAD_BYTES,
  type Events,
  eventsOf,
  MESSAGE_MAX_BYTES,
  type PutBody,
  PutEncoder,
} from './cloudwatch-events.js';
import { Outcome } from './outcome.js';
import { halves, indexes, type Range, sendRanges } from './ranges.js';
import type { SinkContext } from './sink-context.js';

const LIMITS: BatchLimits = {
  maxRecords: BATCH_MAX_EVENTS,
  maxBytes: BATCH_MAX_BYTES,
  recordOverheadBytes: EVENT_OVERHEAD_BYTES,
};

/** Longest name of a log stream. */
const STREAM_MAX = 512;
const HASH_LENGTH = 8;

export function openCloudWatch({ settings, onRequest, onNotice }: SinkContext): Sink {
  const logGroup = settings.cloudwatchLogGroup!;
  const logStream = settings.cloudwatchLogStream ?? defaultStream(settings);
  const api = createCloudWatchApi({
    region: settings.awsRegion!,
    endpoint: settings.cloudwatchEndpoint,
    gzip: settings.cloudwatchGzip,
    group: {
      logGroup,
      logStream,
      createGroup: settings.cloudwatchCreateGroup,
      retentionDays: settings.cloudwatchRetentionDays,
      groupClass: settings.cloudwatchGroupClass,
      kmsKeyArn: settings.cloudwatchKmsKeyArn,
      tags: settings.cloudwatchTags,
    },
    onRequest,
    onNotice,
  });
  return new CloudWatchSink(api, new PutEncoder(logGroup, logStream, entityOf(settings)), onNotice);
}

/** Exported for tests. */
export function defaultStream({ podNamespace, podName }: Settings): string {
  const name = podName === undefined ? hostname() : [podNamespace, podName].filter(Boolean).join('/');
  const clean = name.replace(/[:*]/g, '-');
  if (clean === name && name.length <= STREAM_MAX) return name;
  // Two names must not become one.
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  return `${clean.slice(0, STREAM_MAX - HASH_LENGTH - 1)}-${hash}`;
}

/** Whose logs these are, for "Explore related"; a service without a name has none. */
function entityOf({ cloudwatchService, cloudwatchEnvironment }: Settings): Entity | undefined {
  if (cloudwatchService === undefined) return undefined;
  const environment = cloudwatchEnvironment === undefined ? {} : { Environment: cloudwatchEnvironment };
  return { keyAttributes: { Type: 'Service', Name: cloudwatchService, ...environment } };
}

export class CloudWatchSink implements Sink {
  readonly name = 'cloudwatch';
  readonly limits = LIMITS;
  readonly #api: CloudWatchApi;
  readonly #encoder: PutEncoder;
  readonly #onNotice: (message: string) => void;
  /** Shrinks when the service says that it takes less. */
  #messageMaxBytes = MESSAGE_MAX_BYTES;

  constructor(api: CloudWatchApi, encoder: PutEncoder, onNotice: (message: string) => void) {
    this.#api = api;
    this.#encoder = encoder;
    this.#onNotice = onNotice;
  }

  async send(batch: RecordBatch, signal: AbortSignal): Promise<SendResult> {
    const events = eventsOf(batch, this.#messageMaxBytes);
    const outcome = new Outcome();
    for (const index of events.empty) outcome.reject(index, 'empty');
    for (const index of events.tooLarge) outcome.reject(index, 'emf_too_large');
    let mayCreate = true;
    await sendRanges(events.count, outcome, async (range) => {
      const body = this.#encoder.encode(events, range);
      try {
        const answer = classifyAnswer(await this.#api.putLogEvents(body.bytes, signal), body.to - body.from);
        if (answer.kind === 'missing' && mayCreate) {
          mayCreate = false;
          await this.#api.createStream(signal);
          return { to: body.to, instead: [[body.from, body.to]] };
        }
        return { to: body.to, instead: this.#settle(answer, events, body, outcome) };
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        outcome.retry(recordsFrom(events, body.from), error);
        return { to: body.to, instead: [] };
      }
    });
    return outcome.result;
  }

  async check(signal: AbortSignal): Promise<Finding> {
    const answer = classifyAnswer(await this.#api.putLogEvents(this.#encoder.empty, signal), 0);
    const { target, credentialSource, createsGroup } = this.#api;
    const isKnown = `${target} is reached, and takes the credentials of ${credentialSource}`;
    switch (answer.kind) {
      case 'accepted':
      case 'refused':
        return { isRight: true, text: isKnown };
      case 'missing':
        return createsGroup || !answer.detail.includes('log group')
          ? { isRight: true, text: `${isKnown}; what is missing will be made` }
          : {
              isRight: false,
              text: `${target}: ${answer.detail} (make it, or set LOGTAP_CLOUDWATCH_CREATE_GROUP=true)`,
            };
      default:
        return { isRight: false, text: `${target}: ${answer.detail} (credentials of ${credentialSource})` };
    }
  }

  async close(): Promise<void> {
    this.#api.close();
  }

  /** Books an answer. Returns the ranges to try instead. */
  #settle(answer: Answer, events: Events, { from, to }: PutBody, outcome: Outcome): readonly Range[] {
    const retry = (code: string, detail: string, afterMs?: number) => {
      const failure = { code, detail: `PutLogEvents to ${this.#api.target}: ${detail}` };
      outcome.retry(recordsFrom(events, from), failure, afterMs);
      return [];
    };
    switch (answer.kind) {
      case 'accepted':
        for (const { from: first, to: end, reason } of answer.rejected) {
          for (const i of indexes(from + first, from + end)) outcome.reject(events.record[i]!, reason);
        }
        if (answer.entityError !== undefined && this.#encoder.dropEntity()) {
          this.#onNotice(
            `${this.#api.target} refuses the entity: ${answer.entityError}. Logs are stored without it; correct LOGTAP_CLOUDWATCH_SERVICE or LOGTAP_CLOUDWATCH_ENVIRONMENT.`,
          );
        }
        return [];
      case 'missing':
        // Just made, and not visible everywhere yet.
        return retry('ResourceNotFoundException', 'the log stream is not there yet');
      case 'refused':
        if (to - from > 1) return halves([from, to]);
        outcome.reject(events.record[from]!, answer.reason, { code: answer.code, detail: answer.detail });
        return [];
      case 'event_too_large':
        if (answer.messageMaxBytes < 1 || answer.messageMaxBytes >= this.#messageMaxBytes) {
          if (to - from > 1) return halves([from, to]);
          outcome.reject(events.record[from]!, 'too_large', { detail: answer.detail });
          return [];
        }
        this.#messageMaxBytes = answer.messageMaxBytes;
        return retry('too_large', answer.detail);
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
