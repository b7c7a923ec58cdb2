/**
 * OpenSearch, and other services that speak `_bulk`. A record's id is made of its origin and place, and is only ever created:
 * resent it is answered 409, which says that the id is there. What one pass cannot store, another sends in a form that
 * asks less of the service.
 */

import { claimsOf } from '../../audit/claim.js';
import { CONFIGURATION_RETRY_MS } from '../../delivery/backoff.js';
import { failureOf } from '../../errors.js';
import type { BatchLimits, CheckResult, Claim, Failure, RecordBatch, Rejected, SendResult, Sink } from '../../parts.js';
import { select } from '../../records/record-batch.js';
import { BodyLimit } from '../body-limit.js';
import type { HttpResponse } from '../http/client.js';
import { Outcome } from '../outcome.js';
import { indexes } from '../ranges.js';
import { RequestBodies } from '../request-bodies.js';
import { LostAnswers } from '../unsettled/lost-answers.js';
import { errorOf } from './answer.js';
import { type BulkEncoder, type BulkForm, indexName } from './encoder.js';
import { KnownGood } from './known-good.js';
import { Pass, type PassParts } from './pass.js';
import { StoredDocuments } from './stored.js';
import { describeRequest } from './words.js';

/** Small domains of Amazon OpenSearch Service take 10 MiB; the rest is for proxies in between. */
const BODY_MAX_BYTES = 9 * 1024 * 1024;
/** Documents of one request: more bring no speed, and their answer grows. */
const LIMITS: BatchLimits = { maxRecords: 6000, maxBytes: 4 * 1024 * 1024, recordOverheadBytes: 500, nameCopies: 2 };
/** At 100 ms an answer, three full ones are 150,000 records a second. Each has a body of a few MiB. */
const REQUESTS_MAX = 4;
/** Records wait so long for an optional set-up, which is then retried at this interval. */
const PREPARE_MS = 60_000;
const TAKEN =
  'ids of records are taken by documents that are not theirs: these records are stored under ids that end in a hash of the record';
const BLIND =
  "ids of records are there already, and what is stored may not be read: these records are stored under ids that end in a hash, some perhaps twice. Give the role 'indices:data/read/mget'";

export interface OpenSearchSinkOptions {
  /** For errors: the URL. */
  readonly target: string;
  readonly encoder: BulkEncoder;
  /** Asks the service. Throws a NoAnswerError when no answer came. */
  readonly post: (body: Buffer, signal: AbortSignal, onProgress?: () => void) => Promise<HttpResponse>;
  /** Asks the service for documents, with a body for `_mget`. Throws a NoAnswerError when no answer came. */
  readonly get: (body: Buffer, signal: AbortSignal) => Promise<HttpResponse>;
  /**
   * Called before the first record is sent, and again until it does not throw. Says whether new indices have a field for what
   * is JSON.
   */
  readonly prepare?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
  /** Whether no record may be sent before. Otherwise records wait for a minute at most. */
  readonly mustPrepare?: boolean;
  readonly now?: () => number;
  /** When this shipper started, on the clock of records. @default now */
  readonly startedMs?: number;
  readonly onNotice: (message: string) => void;
  readonly onClose?: () => void;
}

export class OpenSearchSink implements Sink {
  readonly name = 'opensearch';
  readonly limits = LIMITS;
  readonly requestsMax = REQUESTS_MAX;
  readonly releasesBatches = true;
  readonly #options: OpenSearchSinkOptions;
  readonly #encoder: BulkEncoder;
  /** What all sends share. */
  readonly #parts: Omit<PassParts, 'post' | 'knownGood' | 'accepted'>;
  readonly #bodies = new RequestBodies(REQUESTS_MAX);
  #isPrepared: boolean;
  /** Whether new indices have a field for messages that are JSON. */
  #withData = false;
  #areFieldsTold = false;
  #isFailureStoreTold = false;
  #unpreparedSinceMs: number | undefined;
  /** When set-up is tried again while records go on without it. */
  #prepareAtMs = 0;

  constructor(options: OpenSearchSinkOptions) {
    this.#options = options;
    this.#encoder = options.encoder;
    const { encoder, get } = options;
    const target = `bulk request to ${options.target}`;
    this.#parts = {
      ...{ target, encoder },
      bodyLimit: new BodyLimit(BODY_MAX_BYTES),
      stored: new StoredDocuments({ target, get, encoder }),
      lost: new LostAnswers(),
      startedMs: options.startedMs ?? Date.now(),
      onWithoutIds: () => this.#withoutIds(),
      onFailureStore: (dataStream) => this.#tellOfFailureStore(dataStream),
    };
    this.#isPrepared = options.prepare === undefined;
  }

  async send(batch: RecordBatch, signal: AbortSignal, onProgress = () => {}): Promise<SendResult> {
    const failure = this.#isPrepared ? undefined : await this.#prepare(signal);
    if (failure !== undefined) {
      return { retry: [...indexes(0, batch.count)], rejected: [], failure, retryAfterMs: CONFIGURATION_RETRY_MS };
    }
    const parts = this.#partsOf(onProgress);
    const withData = this.#withData;
    const withFields = this.#encoder.hasFields;
    const first = await this.#pass(parts, batch, { withData, withFields }, signal);
    const passed = [first];
    const again = async (records: readonly number[], form: BulkForm) => {
      // Once more at most for those that the first answer leaves undecided.
      for (let left = records; left.length > 0; left = passed.at(-1)!.undecided) {
        passed.push(await this.#pass(parts, batch, form, signal, left));
      }
    };
    await again(first.undecided, {});
    // The text of a line is never lost because the service rejects it as JSON, or because another record has its id.
    if (withData || withFields) {
      const refused = first.refused.splice(0);
      await again(
        refused.map(({ index }) => index),
        {},
      );
      this.#tellOfFields(refused, passed.slice(1));
    }
    const unnamed = passed.flatMap((pass) => pass.unnamed);
    if (unnamed.length > 0) this.#options.onNotice(passed.some(({ isBlind }) => isBlind) ? BLIND : TAKEN);
    await again(unnamed, { isNamedByContent: true });
    return resultOf(passed);
  }

  /** An index that refuses what was read from a record takes its text, at the cost of a second request. Told once. */
  #tellOfFields(refused: readonly Rejected[], passed: readonly Passed[]): void {
    const not = new Set(passed.flatMap(({ refused: still, retry }) => [...still.map(({ index }) => index), ...retry]));
    const first = refused.find(({ index }) => !not.has(index));
    if (first === undefined || this.#areFieldsTold) return;
    this.#areFieldsTold = true;
    this.#options.onNotice(
      `${this.#options.target} refuses fields of records (${first.reason}) and takes their text, with a second request for each of them. Let LOGTAP_OPENSEARCH_SETUP make the mapping, correct it, or set LOGTAP_FIELDS=off`,
    );
  }

  destinations(batch: RecordBatch): readonly string[] {
    return Array.from({ length: batch.count }, (_, i) => this.#encoder.indexOf(batch, i));
  }

  claims(batch: RecordBatch, records?: readonly number[]): readonly Claim[] {
    return claimsOf(batch, { withMessages: true, timeMs: this.#encoder.timesOf(batch) }, records);
  }

  /** Nothing that could be stored: a service that speaks `_bulk` refuses it, after a look at who asks. */
  async check(signal: AbortSignal): Promise<CheckResult> {
    const response = await this.#options.post(Buffer.from('\n'), signal);
    const error = errorOf(response.body);
    if (response.status === 400 && (error.type !== undefined || error.reason !== undefined)) {
      return { isRight: true, text: `${this.#options.target} is reached, speaks _bulk, and knows who asks` };
    }
    const place = `bulk request to ${this.#options.target}/${indexName(this.#encoder.index, Date.now())}`;
    return { isRight: false, text: `${place} ${describeRequest(response)}` };
  }

  async close(): Promise<void> {
    this.#options.onClose?.();
  }

  /** The failure that keeps records from being sent. */
  async #prepare(signal: AbortSignal): Promise<Failure | undefined> {
    const { prepare, mustPrepare = false, now = () => performance.now(), onNotice } = this.#options;
    if (this.#prepareAtMs > 0) {
      if (now() >= this.#prepareAtMs) this.#prepareLater(now() + PREPARE_MS);
      return undefined;
    }
    try {
      this.#withData = (await prepare?.(signal)) ?? false;
      this.#isPrepared = true;
      return undefined;
    } catch (error) {
      const failure = failureOf(error);
      this.#unpreparedSinceMs ??= now();
      if (mustPrepare || now() - this.#unpreparedSinceMs < PREPARE_MS) return failure;
      this.#prepareAtMs = now() + PREPARE_MS;
      onNotice(`${failure.detail}. Records go on without it, and it is tried again every minute`);
      return undefined;
    }
  }

  /**
   * While records go on. Messages stay text: indices that were made without the template would get a field of their own for
   * each one in a message.
   */
  #prepareLater(nextMs: number): void {
    this.#prepareAtMs = nextMs;
    this.#options.prepare?.(AbortSignal.timeout(PREPARE_MS)).then(
      () => {
        this.#isPrepared = true;
      },
      () => {},
    );
  }

  /** Of one send. */
  #partsOf(onProgress: () => void): PassParts {
    const { target, encoder } = this.#parts;
    // The encoder writes every body to the same place, and others are out.
    const post = async (body: Buffer, signal: AbortSignal) => {
      const { copy, release } = this.#bodies.copyOf(body);
      const response = await this.#options.post(copy, signal, onProgress);
      if (response.isTaken === true && response.isRepeated !== true) release();
      return response;
    };
    const knownGood = new KnownGood({ target, post, encoder });
    return { ...this.#parts, post, knownGood, accepted: new Set() };
  }

  /** Indexes are those of the whole batch. */
  async #pass(
    parts: PassParts,
    batch: RecordBatch,
    form: BulkForm,
    signal: AbortSignal,
    records?: readonly number[],
  ): Promise<Passed> {
    const outcome = new Outcome();
    const part = records === undefined ? batch : select(batch, records);
    const pass = new Pass(parts, part, form, outcome, signal);
    await pass.send();
    const at = (index: number) => records?.[index] ?? index;
    const { retry, ...result } = outcome.result;
    const again = new Set(retry);
    return {
      ...result,
      retry: retry.map(at),
      refused: pass.refused
        .filter(({ index }) => !again.has(index))
        .map((each) => ({ ...each, index: at(each.index) })),
      undecided: pass.undecided.filter((index) => !again.has(index)).map(at),
      unnamed: pass.unnamed.filter((index) => !again.has(index)).map(at),
      isBlind: pass.isBlind,
    };
  }

  /** Told once: lines are kept, and no search of the data stream finds them. */
  #tellOfFailureStore(dataStream: string): void {
    if (this.#isFailureStoreTold) return;
    this.#isFailureStoreTold = true;
    this.#options.onNotice(
      `${this.#options.target} refuses documents for ${dataStream} and keeps them in its failure store: they count as delivered, and only a search of ${dataStream}::failures finds them. Correct the mapping, or let LOGTAP_OPENSEARCH_SETUP make it`,
    );
  }

  /** From now on the service makes the ids. */
  #withoutIds(): void {
    if (!this.#encoder.withIds) return;
    this.#encoder.withIds = false;
    this.#options.onNotice(
      `${this.#options.target} takes no ids of documents: records are delivered at least once, and a request that is repeated may store them twice`,
    );
  }
}

/** The result of one pass. */
type Passed = Omit<SendResult, 'rejected'> & Pick<Pass, 'refused' | 'undecided' | 'unnamed' | 'isBlind'>;

function resultOf(passed: readonly Passed[]): SendResult {
  const waits = passed.map(({ retryAfterMs }) => retryAfterMs).filter((wait) => wait !== undefined);
  const failure = passed.find((pass) => pass.failure !== undefined)?.failure;
  const blocked = passed.flatMap((pass) => pass.blocked ?? []);
  return {
    retry: passed.flatMap(({ retry }) => retry).sort((a, b) => a - b),
    rejected: passed.flatMap(({ refused }) => refused).sort((a, b) => a.index - b.index),
    ...(failure === undefined ? {} : { failure }),
    ...(waits.length === 0 ? {} : { retryAfterMs: Math.max(...waits) }),
    ...(blocked.length > 0 && { blocked }),
  };
}
