/**
 * Amazon Data Firehose. Records that an answer names as failed are resent, and no others. The service knows no ids: after a lost answer
 * records are resent and counted as possible duplicates. A request that is refused as a whole is halved until the record that is
 * refused by itself is alone, which is permanently rejected only where the stream has taken another one since.
 */
import { NoAnswerError } from '../../errors.js';
import type { LabelSettings } from '../../labels/labels.js';
import type { BatchLimits, CheckResult, Failure, RecordBatch, SendResult, Sink } from '../../parts.js';
import { BodyLimit } from '../body-limit.js';
import { jsonObject } from '../http/json-answer.js';
import { indexes, type Range, sendRanges } from '../ranges.js';
import type { Metadata } from '../record-fields.js';
import type { SinkContext } from '../sink-context.js';
import { PossibleDuplicates } from '../unsettled/possible-duplicates.js';
import { RefusedRecords } from '../unsettled/refused-records.js';
import { RefusingPass } from '../unsettled/refusing-pass.js';
import { type Answer, classifyAnswer, THROTTLED_RETRY_MS } from './answer.js';
import { FirehoseConnection, type FirehoseSettings } from './connection.js';
import { FirehoseEncoder, type Item, type PutBody, REQUEST_MAX_BYTES, REQUEST_MAX_RECORDS } from './encoder.js';

/** About half a request, as base64. Up to eight are in memory at once, each with its body: with full ones the shipper would need 60 MiB more. */
const BATCH_MAX_BYTES = 1_500_000;
const LIMITS: BatchLimits = {
  maxRecords: REQUEST_MAX_RECORDS,
  maxBytes: BATCH_MAX_BYTES,
  recordOverheadBytes: 250,
  nameCopies: 2,
};
const JOINED_LIMITS: BatchLimits = { ...LIMITS, maxRecords: 20_000 };
const REQUESTS_MAX = 8;

/** Throws a ConfigError when a file that a setting names cannot be read. */
export function openFirehose(context: SinkContext<FirehoseSettings & Metadata & LabelSettings>): Sink {
  const { settings } = context;
  const { firehoseStream: stream, firehoseJoin: isJoined } = settings;
  return new FirehoseSink({
    connection: new FirehoseConnection(context),
    encoder: new FirehoseEncoder(stream, isJoined, settings),
    limits: isJoined ? JOINED_LIMITS : LIMITS,
    duplicates: new PossibleDuplicates(context),
  });
}

interface FirehoseSinkOptions {
  readonly connection: FirehoseConnection;
  readonly encoder: FirehoseEncoder;
  readonly limits: BatchLimits;
  readonly duplicates: PossibleDuplicates;
}

class FirehoseSink implements Sink {
  readonly name = 'firehose';
  readonly limits: BatchLimits;
  readonly requestsMax = REQUESTS_MAX;
  readonly #options: FirehoseSinkOptions;
  readonly #bodyLimit = new BodyLimit(REQUEST_MAX_BYTES);
  readonly #refused = new RefusedRecords();

  constructor(options: FirehoseSinkOptions) {
    this.#options = options;
    this.limits = options.limits;
  }

  async send(batch: RecordBatch, signal: AbortSignal, onProgress = () => {}): Promise<SendResult> {
    const pass = new Pass(batch, this.#refused);
    const request = (range: Range) => this.#request(pass, range, signal, onProgress);
    await sendRanges(batch.count, pass.outcome, request);
    await pass.finish(request, (record) => {
      this.#options.duplicates.lost(record);
      return this.#request(new Pass(record, this.#refused), [0, 1], signal, onProgress);
    });
    for (const { index, code } of pass.failed) {
      const detail = `${this.#place} answered 200, but did not store ${pass.failed.length} of its records: ${code}`;
      pass.outcome.retry([index], { code, detail }, THROTTLED_RETRY_MS);
    }
    return pass.outcome.result;
  }

  destinations(batch: RecordBatch): readonly string[] {
    return this.#refused.destinationsOf(batch);
  }

  async check(signal: AbortSignal): Promise<CheckResult> {
    const { connection } = this.#options;
    const { target, credentialSource } = connection;
    const response = await connection.describe(signal);
    const stream = jsonObject(response.body)?.DeliveryStreamDescription as
      | { readonly DeliveryStreamStatus?: unknown; readonly DeliveryStreamType?: unknown }
      | undefined;
    if (response.status === 200 && stream !== undefined) {
      const { DeliveryStreamStatus: state, DeliveryStreamType: source } = stream;
      const isRight = state === 'ACTIVE' && source === 'DirectPut';
      const text = `${target} is reached with the credentials of ${credentialSource}`;
      return isRight
        ? { isRight, text }
        : {
            isRight,
            text: `${text}, but its state is ${state} and its source ${source}: ACTIVE and DirectPut are needed`,
          };
    }
    const answer = classifyAnswer(response, 0);
    const failure = 'failure' in answer ? answer.failure : undefined;
    if (failure?.code === 'AccessDeniedException') {
      return {
        isRight: true,
        text: `${target} is reached, and takes the credentials of ${connection.credentialSource}. Whether they may write shows with the first record: a check needs firehose:DescribeDeliveryStream`,
      };
    }
    return {
      isRight: false,
      text: `${target}: ${failure?.detail ?? response.status} (credentials of ${connection.credentialSource})`,
    };
  }

  async close(): Promise<void> {
    this.#options.connection.close();
  }

  /** For errors. */
  get #place(): string {
    return `PutRecordBatch to ${this.#options.connection.target}`;
  }

  /** Sends as many records of the range as a request takes. */
  async #request(pass: Pass, [from, limit]: Range, signal: AbortSignal, onProgress: () => void) {
    const { connection, encoder } = this.#options;
    const body = encoder.encode(pass.batch, from, limit, this.#bodyLimit.bytes);
    for (const index of body.tooLarge) this.#reject(pass, index, 'too_large');
    const [first] = body.items;
    if (first === undefined) return { to: body.to, instead: [] };
    const { duplicates } = this.#options;
    const sent = runs(body.items);
    for (const run of sent) duplicates.leaving(pass.batch, ...run);
    try {
      const response = await connection.putRecordBatch(body.bytes, signal, onProgress);
      const answer = classifyAnswer(response, body.items.length);
      return { to: body.to, instead: this.#book(pass, body, sent, answer) };
    } catch (error) {
      this.#bookNothing(pass, sent, !(error instanceof NoAnswerError) || error.isSent);
      if (!(error instanceof NoAnswerError)) throw error;
      this.#bodyLimit.unanswered(body.bytes.length, error.code);
      pass.retryFrom(first.from, error, error.retryAfterMs);
      return { to: body.to, instead: [] };
    }
  }

  #book(pass: Pass, body: PutBody, sent: readonly Range[], answer: Answer): readonly Range[] {
    if (answer.kind === 'taken') {
      this.#bookTaken(pass, body.items, answer.failed);
      return [];
    }
    this.#bookNothing(pass, sent, answer.kind === 'retry' && answer.isLost === true);
    const failure = { ...answer.failure, detail: `${this.#place}: ${answer.failure.detail}` };
    // Without lines around them that are too long to leave: a request of one line is not resent for the sake of these.
    const [from, to] = [sent[0]![0], sent.at(-1)![1]];
    if (answer.kind === 'too_large' && to - from > 1) {
      this.#bodyLimit.tooLarge(body.bytes.length);
      return [[from, to]];
    }
    if (answer.kind !== 'retry') return this.#bookRefused(pass, from, to, failure, answer);
    if (answer.renewCredentials) this.#options.connection.renewCredentials();
    pass.retryFrom(from, failure, answer.afterMs);
    return [];
  }

  /** No record of the request is known to be stored. */
  #bookNothing({ batch }: Pass, sent: readonly Range[], isLost: boolean): void {
    const { duplicates } = this.#options;
    for (const [from, to] of sent) {
      if (isLost) duplicates.lost(batch, from, to);
      else duplicates.unstored(batch, from, to);
    }
  }

  #bookTaken(pass: Pass, items: readonly Item[], failed: readonly { index: number; code: string }[]): void {
    const failures = new Map(failed.map(({ index, code }) => [index, code]));
    this.#bodyLimit.accepted();
    for (const [place, { from, to }] of items.entries()) {
      const code = failures.get(place);
      if (code === undefined) {
        this.#forget(pass.batch, from, to);
        continue;
      }
      this.#options.duplicates.unstored(pass.batch, from, to);
      pass.failed.push(...[...indexes(from, to)].map((index) => ({ index, code })));
    }
    if (failed.length === items.length) return;
    pass.taken(items.find((_, place) => !failures.has(place))!.from);
  }

  #bookRefused(pass: Pass, from: number, to: number, failure: Failure, answer: Answer): readonly Range[] {
    const words = 'words' in answer ? answer.words : '';
    const reason = answer.kind === 'too_large' ? 'too_large' : 'refused';
    return pass.refused([from, to], failure, () => this.#reject(pass, from, reason, failure.code, words));
  }

  #reject(pass: Pass, index: number, reason: string, code?: string, detail?: string): void {
    this.#forget(pass.batch, index, index + 1);
    pass.outcome.reject(index, reason, {
      ...(code !== undefined && { code }),
      ...(detail !== undefined && { detail }),
    });
  }

  #forget(batch: RecordBatch, from: number, to: number): void {
    this.#options.duplicates.settled(batch, from, to);
    this.#refused.forget(batch, from, to);
  }
}

/** Lines that left, as few ranges. */
function runs(items: readonly Item[]): readonly Range[] {
  const found: [from: number, to: number][] = [];
  for (const { from, to } of items) {
    const last = found.at(-1);
    if (last?.[1] === from) last[1] = to;
    else found.push([from, to]);
  }
  return found;
}

/** One send. */
class Pass extends RefusingPass {
  /** Not stored, while others of their request are. */
  readonly failed: { readonly index: number; readonly code: string }[] = [];
}
