/**
 * The interfaces of the shipper, nothing else. Bytes run
 *
 *     Source -> Stage* -> RecordBuffer -> deliver -> Sink
 *
 * and every step waits for the next, so a slow sink ends as a socket that is not read.
 */

/** Who wrote a record: one stream or file of one process. `id` is unique permanently; `id` and `seq` name a record. */
export interface Origin {
  readonly id: string;
  readonly stream: 'stdout' | 'stderr' | 'file';
  /** Path of the file as the application opened it; only for `file`. */
  readonly path?: string;
  /** Process id in its own namespace; 0 where the peer did not say (raw lines). */
  readonly pid: number;
  /** Process name; empty where the peer did not say. */
  readonly process: string;
  /** Container name; empty where the peer did not say. */
  readonly container: string;
}

/** What the columns and messages of a batch are in, where that is used again. Each place that keeps the batch holds it. */
export interface Memory {
  readonly bytes: number;
  hold(): void;
  /** Takes one hold back. After the last one the memory gets other records. */
  release(): void;
  /** For a place that cannot tell when it is done: the memory is never used again. */
  keep(): void;
}

/** A run of whole records. Columns, so that a million lines make no garbage. Immutable once handed on. */
export interface RecordBatch {
  /** Message bytes, back to back or scattered. */
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Byte offset of message i. */
  readonly start: Uint32Array;
  /** Byte length of message i, line end excluded. */
  readonly length: Uint32Array;
  /** When the application wrote it: milliseconds since 1970, with the fraction that a double holds (0.25 us). */
  readonly timeMs: Float64Array;
  /** Place within its origin; rises along a stream, with gaps. */
  readonly seq: Float64Array;
  /** Index into `origins`. */
  readonly origin: Uint16Array;
  /** How it was formed of lines: bits of `FORMED` in events/formed.ts; 0 is one line. */
  readonly formed: Uint8Array;
  readonly origins: readonly Origin[];
  /** Shared with all batches that share a column or the bytes. Absent where the collector frees them. */
  readonly memory?: Memory | undefined;
}

/** A batch as it leaves a source. */
export interface SourceBatch extends RecordBatch {
  /**
   * Called once, when every sink has acknowledged every record or all are on disk: the source may forget them. Where
   * `isDropped`, some were dropped and counted, so that the source must not read them again after a kill.
   */
  acknowledge(isDropped?: boolean): void;
}

/** Where batches come from. Stops reading while its consumer is busy; ends when `signal` aborts and all is read. */
export interface Source {
  batches(signal: AbortSignal): AsyncIterable<SourceBatch>;
}

/** Reports records that a stage keeps back, with a short reason from a small set. */
export type Withhold = (records: RecordBatch, reason: string) => void;

/** Counts of stages that add records, send later what they withheld, or hide parts of messages. */
export interface StageBooks {
  /** Records of the shipper's own, which count as read. */
  made(records: RecordBatch): void;
  /** Records that were withheld for this reason, and are sent now. */
  recalled(records: RecordBatch, reason: string): void;
  /** Secrets that were replaced in messages: how often, by kind. */
  redacted(counts: ReadonlyMap<string, number>): void;
}

/** A step between source and buffer, one batch after the other. Times are those of the records, not of a clock. */
export interface Stage {
  readonly name: string;
  /** The records that go on, in their order. Each other record is withheld. */
  apply(batch: RecordBatch, withhold: Withhold, books: StageBooks): RecordBatch | Promise<RecordBatch>;
  /** Called once, after the last batch. The result passes the stages behind it. */
  end?(withhold: Withhold, books: StageBooks): RecordBatch | undefined;
}

/** Limits of one `send`. A batch of one record is always allowed. */
export interface BatchLimits {
  readonly maxRecords: number;
  /** Bound on the sum of message bytes plus, for each record, `recordOverheadBytes` and the names of its origin. */
  readonly maxBytes: number;
  readonly recordOverheadBytes: number;
  /**
   * How often a record, as it is sent, repeats the names of its origin: process, container and path, as JSON.
   *
   * @default 0
   */
  readonly nameCopies?: number;
}

/** A record that the service permanently refuses. */
export interface Rejected {
  /** Index into the batch that was sent. */
  readonly index: number;
  /** A short code from a small set, for metrics: `too_old`, `mapper_parsing_exception`. */
  readonly reason: string;
  /** The service's error code or HTTP status, where it gave one. */
  readonly code?: string;
  /** The service's words, for the dead letter only: they may quote the record. */
  readonly detail?: string;
}

/** Why records are retried. */
export interface Failure {
  /** A short code from a small set, for metrics and for rate-limiting the log: `429`, `ECONNREFUSED`. */
  readonly code: string;
  /** For the log: operation, target, error name, status, request id, hint. */
  readonly detail: string;
  /**
   * The sink has not tried: it waits until it knows what became of an earlier request, and the service has answered that question.
   * So the backoff begins anew. @default false
   */
  readonly isPause?: boolean;
}

/** A place of a sink that refuses records while others of the sink may take theirs: a log stream, an index. */
export interface Blocked {
  /** As `destinations` of the sink names it. */
  readonly destination: string;
  readonly failure: Failure;
  readonly retryAfterMs?: number;
}

/** The answer of a service. A record in none of the lists was accepted. */
export interface SendResult {
  /** Of containers whose records other sinks get: not sent. @default none */
  readonly elsewhere?: readonly number[];
  /** Ascending. */
  readonly retry: readonly number[];
  readonly rejected: readonly Rejected[];
  /** Set where `retry` is not empty. */
  readonly failure?: Failure;
  /** Least time before the next attempt, as the service asked or as its kind of refusal calls for. */
  readonly retryAfterMs?: number;
  /** Where the records of these places are the only ones of `retry` that have to wait for them. */
  readonly blocked?: readonly Blocked[];
}

/** The result of a sink's question to its service, without sending a record. */
export interface CheckResult {
  /** Whether records will get there, as far as one can tell. */
  readonly isRight: boolean;
  /** The question, the answer and the remedy. */
  readonly text: string;
}

/**
 * What is known of stored records without keeping them: those of one origin, or of one log stream, in some minutes. Its sums are laid
 * out in audit/claim.ts.
 */
export interface Claim {
  /** Id of the origin, or name of the log stream. */
  readonly of: string;
  /** First and last minute of the stored times, since 1970. */
  readonly minute: number;
  readonly lastMinute: number;
  /** Least and greatest place. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly places: bigint;
  readonly digest: bigint;
  readonly weighted: number;
}

/** Where batches go. Knows its service; knows nothing of retries, queues or time. */
export interface Sink {
  readonly name: string;
  readonly limits: BatchLimits;
  /**
   * The most sends that may be out at once; their answers may come in any order.
   *
   * @default 1
   */
  readonly requestsMax?: number;
  /**
   * How long records wait for a request to fill, in milliseconds. They wait no longer while the shipper stops, or when the buffer is
   * half full. Only for a sink with one send at a time.
   *
   * @default 0: they leave at once
   */
  readonly fillMs?: number;
  /**
   * Whether what it stores is read by whole milliseconds of the times of records, and by arrival within one. Then no two sends with
   * records of one origin and millisecond are out at once.
   *
   * @default false
   */
  readonly isReadByTime?: boolean;
  /**
   * Whether it reads a batch only until its `send` has settled, or holds the memory of one that it reads later. Then this memory is used
   * again.
   *
   * @default false
   */
  readonly releasesBatches?: boolean;
  /**
   * Resolves with the service's answer. Throws if no usable answer came: the whole batch is then retried. `onProgress` is to
   * be called when some of it has left: a send without progress is aborted sooner.
   */
  send(batch: RecordBatch, signal: AbortSignal, onProgress?: () => void): Promise<SendResult>;
  /** Where each record of a batch goes. Absent where all of them share one fate. */
  destinations?(batch: RecordBatch): readonly string[];
  /**
   * What the service will have of a batch, or of some of its records, once it is acknowledged: for an audit. Absent where the service
   * cannot be read, or where the sink notes its requests itself.
   */
  claims?(batch: RecordBatch, records?: readonly number[]): readonly Claim[];
  /** Asks the service once, with one harmless request. Absent where there is none to ask. */
  check?(signal: AbortSignal): Promise<CheckResult>;
  /** Told, before a send of only some of them, how many records were taken: the others are for other sinks. */
  taken?(records: number): void;
  /** Opens the files that it writes to anew, by their paths. Absent where there are none. */
  reopen?(): void;
  close(): Promise<void>;
}
