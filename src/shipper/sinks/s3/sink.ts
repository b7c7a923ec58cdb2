/**
 * An archive in Amazon S3: objects of compressed NDJSON. Each is written with If-None-Match under a key that is made of the ids of its
 * records, so that a repeated request stores nothing twice. After a kill the first records are taken as they were taken before.
 */
import { ConfigError, codeOf, messageOf, NoAnswerError } from '../../errors.js';
import type { LabelSettings } from '../../labels/labels.js';
import type { BatchLimits, CheckResult, Failure, RecordBatch, SendResult, Sink } from '../../parts.js';
import { select } from '../../records/record-batch.js';
import { NdjsonEncoder } from '../lines/ndjson.js';
import { Outcome } from '../outcome.js';
import type { Metadata } from '../record-fields.js';
import type { SinkContext } from '../sink-context.js';
import { classifyAnswer, detailOf } from './answer.js';
import { type Compression, compressionOf } from './compression.js';
import { S3Connection, type S3Settings } from './connection.js';
import { DoubtfulRecords } from './doubtful-records.js';
import { type Intent, IntentFile, intentOf } from './intent.js';
import { type ArchiveObject, digest, type KeyOptions, objectsOf } from './objects.js';
import { SecondCopies } from './second-copies.js';

/** Bounds the columns of a batch of empty lines. */
const RECORDS_MAX = 100_000;

/** Sends that wait for a note that cannot be read. */
const NOTE_WAITS_MAX = 5;

/** Throws a ConfigError without a disk buffer, and for a compression that this Node does not have. */
export function openS3(context: SinkContext<S3Settings & Metadata & LabelSettings>): Sink {
  const { name = 's3', settings, onNotice, onPossibleDuplicates = () => {}, isContinued = false } = context;
  const { spoolDir, s3Prefix: prefix, s3ObjectBytes: maxBytes, s3ObjectSeconds } = settings;
  if (spoolDir === undefined) {
    throw new ConfigError([
      'LOGTAP_SINK=s3 needs LOGTAP_SPOOL_DIR: records wait there until an object is full. Set it to a directory.',
    ]);
  }
  const compression = compressionOf(settings.s3Compression);
  return new S3Sink({
    connection: new S3Connection(context),
    encoder: new NdjsonEncoder(settings, 'id'),
    compression,
    keys: { prefix, suffix: compression.suffix, metadata: settings },
    limits: { maxRecords: RECORDS_MAX, maxBytes, recordOverheadBytes: 200, nameCopies: 2 },
    fillMs: s3ObjectSeconds * 1000,
    bucket: settings.s3Bucket,
    intents: new IntentFile(spoolDir, name, onNotice),
    onPossibleDuplicates,
    isContinued,
  });
}

interface S3SinkOptions {
  readonly connection: S3Connection;
  readonly encoder: NdjsonEncoder;
  readonly compression: Compression;
  readonly keys: KeyOptions;
  readonly limits: BatchLimits;
  readonly fillMs: number;
  readonly bucket: string;
  readonly intents: IntentFile;
  readonly onPossibleDuplicates: (records: RecordBatch) => void;
  readonly isContinued: boolean;
}

class S3Sink implements Sink {
  readonly name = 's3';
  readonly fillMs: number;
  readonly #options: S3SinkOptions;
  /** Of an earlier shipper that was killed, until the first send. */
  #previous: Intent | undefined;
  /** The intent that is on disk, by its digest. */
  #noted = '';
  #doubtful = new DoubtfulRecords();
  /** Absent where no earlier shipper can have left records twice. */
  readonly #copies: SecondCopies | undefined;
  /** Sends that have waited for the note of an earlier shipper; `undefined` once it is read, or given up. */
  #noteWaits: number | undefined = 0;
  /** Whether some of the last batch is not known to be stored. */
  #isUnderWay = false;
  #sends = 0;
  /** Records that were taken for the next send, where it has only some of them. */
  #taken: number | undefined;

  constructor(options: S3SinkOptions) {
    this.#options = options;
    this.fillMs = options.fillMs;
    if (options.isContinued) this.#copies = new SecondCopies();
    this.#readNote();
  }

  /** At first as many records as the earlier shipper had taken. */
  get limits(): BatchLimits {
    this.#readNote();
    const { limits } = this.#options;
    const { count } = this.#previous ?? {};
    return count === undefined ? limits : { ...limits, maxRecords: Math.min(count, limits.maxRecords) };
  }

  async send(batch: RecordBatch, signal: AbortSignal, onProgress = () => {}): Promise<SendResult> {
    const failure = this.#readNote({ isSending: true });
    if (failure !== undefined)
      return { retry: Array.from({ length: batch.count }, (_, i) => i), rejected: [], failure };
    const objects = objectsOf(batch, this.#options.keys);
    this.#note(batch, objects);
    this.#isUnderWay = true;
    this.#sends += 1;
    const number = this.#sends;
    const outcome = new Outcome();
    for (const object of objects) {
      if (outcome.isFailed) outcome.retry(object.records);
      else await this.#put(batch, object, outcome, signal, onProgress);
    }
    // One that was given up may end after the next has begun.
    if (number === this.#sends) this.#isUnderWay = outcome.isFailed;
    return outcome.result;
  }

  taken(records: number): void {
    this.#taken = records;
  }

  /** A permission to look at the bucket is not needed for writing. */
  async check(signal: AbortSignal): Promise<CheckResult> {
    const { connection } = this.#options;
    const response = await connection.headBucket(signal);
    if (response.status === 200) return { isRight: true, text: `${connection.target} is reached` };
    const isForbidden = response.status === 403;
    const text = isForbidden
      ? `${connection.target} is reached, and forbids to look at the bucket. Whether it may be written shows with the first object: a check needs s3:ListBucket`
      : `${connection.target}: ${detailOf(response)}`;
    return { isRight: isForbidden, text };
  }

  async close(): Promise<void> {
    if (this.#noted !== '' && !this.#isUnderWay) this.#noteDoubtful();
    this.#options.connection.close();
  }

  /** That of an earlier shipper, once. A failure where it cannot be read now, and nothing may be sent before. */
  #readNote({ isSending = false } = {}): Failure | undefined {
    if (this.#noteWaits === undefined) return undefined;
    const { intents } = this.#options;
    try {
      const { intent, doubtful } = intents.read();
      this.#previous = intent;
      this.#doubtful = doubtful;
    } catch (error) {
      if (isSending) this.#noteWaits += 1;
      if (this.#noteWaits <= NOTE_WAITS_MAX) {
        return { code: codeOf(error), detail: `the note of an earlier shipper cannot be read: ${messageOf(error)}` };
      }
      intents.giveUp(error);
    }
    this.#noteWaits = undefined;
    return undefined;
  }

  /** Keeps on disk which records are about to be written, and where. */
  #note(batch: RecordBatch, objects: readonly ArchiveObject[]): void {
    const taken = this.#taken;
    this.#taken = undefined;
    // The same again, or what is left of it: the note of the whole batch has to stay.
    if (this.#isUnderWay) return;
    const { bucket } = this.#options;
    const intent = intentOf(batch, digest(objects.map(({ key }) => `${bucket}/${key}`)), taken);
    // Its keys are others now: the records of the earlier object may be stored under its key.
    if (this.#previous !== undefined && this.#previous.digest !== intent.digest)
      this.#doubtful.add(this.#previous.numbers);
    this.#previous = undefined;
    const found = new Set([...this.#doubtful.take(batch), ...(this.#copies?.take(batch) ?? [])]);
    if (found.size > 0) {
      const repeated = [...found].sort((one, other) => one - other);
      this.#options.onPossibleDuplicates(select(batch, repeated));
    }
    if (this.#noted === intent.digest) return;
    this.#noted = intent.digest;
    this.#options.intents.write({ intent, doubtful: this.#doubtful });
  }

  /** All that was taken is stored. */
  #noteDoubtful(): void {
    const { intents } = this.#options;
    if (this.#doubtful.isEmpty) intents.remove();
    else intents.write({ doubtful: this.#doubtful });
  }

  async #put(
    batch: RecordBatch,
    { key, records }: ArchiveObject,
    outcome: Outcome,
    signal: AbortSignal,
    onProgress: () => void,
  ): Promise<void> {
    const { connection, encoder, compression } = this.#options;
    const part = records.length === batch.count ? batch : select(batch, records);
    // The bytes are valid until the next call, and one send is out at a time.
    const body = await compression.compress(encoder.encode(part).bytes);
    onProgress();
    try {
      const answer = classifyAnswer(await connection.put(key, compression.type, body, signal, onProgress));
      if (answer === 'stored') return;
      const detail = `PutObject to ${connection.target}/${key}: ${answer.failure.detail}`;
      outcome.retry(records, { ...answer.failure, detail }, answer.afterMs);
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      outcome.retry(records, error, error.retryAfterMs);
    }
  }
}
