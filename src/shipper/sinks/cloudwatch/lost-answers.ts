/**
 * Keeps, of each log stream, a request whose answer was lost, and decides about its events before it is retried: those
 * that are stored are acknowledged, those that are not are sent, and those that stay undecided are sent and counted. The
 * first requests after a restart are treated as lost, too: a killed shipper may have sent them.
 *
 * The documentation of GetLogEvents does not say when an event can be read after it was stored, and a request that timed
 * out may still be on its way. So an event counts as absent only if it is missing from a reading that began
 * SETTLE_MS after the answer was lost.
 */
import { CONFIGURATION_RETRY_MS } from '../../delivery/backoff.js';
import { NoAnswerError } from '../../errors.js';
import type { Failure, RecordBatch } from '../../parts.js';
import { select } from '../../records/record-batch.js';
import type { CloudWatchApi } from './api.js';
import type { Events, PutBody } from './events.js';
import { LatestEvents } from './latest-events.js';
import { type Circumstances, type Fate, fatesOf } from './lost-request.js';
import type { NotedEvents } from './noted-request.js';
import { recordKey, type SentEvent, sentEvents } from './sent-event.js';
import { type Reading, readStored } from './stored-events.js';

/** Events are readable after a second or so; ten of those, and longer than a request outlives its connection. */
export const SETTLE_MS = 10_000;
/** Readings that the service refuses for the moment before the events stay undecided. */
const FAILURES_MAX = 6;
const LOOK_FIRST_MS = 500;
const LOOK_MAX_MS = 4000;
/** A timer may be early, by less than this. */
const EARLY_MS = 100;
/** Requests in a row of which nothing is stored before the rest of a previous run counts as not sent. */
const ABSENT_IN_A_ROW = 16;
/** Different events that no others are like by chance: of other writers to the log stream, of a previous run. */
const SHARED_PROOF = 3;
const PREVIOUS_PROOF = 8;
/** Log streams whose latest times are known. */
const STREAMS_MAX = 1024;

export interface LostAnswersOptions {
  readonly api: CloudWatchApi;
  /** Whether others may write to the log streams. */
  readonly isShared: boolean;
  /** Set when an earlier shipper may have sent records of before this time, in milliseconds since 1970. */
  readonly previousUntilMs?: number | undefined;
  /** Monotonic. */
  readonly now: () => number;
  readonly onPossibleDuplicates: (records: RecordBatch) => void;
  readonly onNotice: (message: string) => void;
}

/** What is left to send to a log stream. */
export interface Left {
  /** Indexes of records, ascending. */
  readonly records: readonly number[];
  /** The first bytes of a long record are stored already. */
  readonly begun?: Begun | undefined;
}

export interface Begun {
  readonly record: number;
  readonly bytes: number;
}

/** Another look is needed. */
export interface Undecided {
  readonly failure: Failure;
  readonly retryAfterMs: number;
}

interface Lost {
  readonly events: readonly SentEvent[];
  readonly sinceMs: number;
  /** Absent where an earlier shipper sent it, if at all. */
  readonly noted?: Pick<NotedEvents, 'settled'>;
}

/** How a search goes on; of one log stream. */
interface Looks {
  count: number;
  failures: number;
  /** An earlier call means that the shipper stops, and that there is no time to wait. */
  nextMs: number;
}

export class LostAnswers {
  readonly #options: LostAnswersOptions;
  readonly #startedMs: number;
  readonly #lost = new Map<string, Lost>();
  readonly #looks = new Map<string, Looks>();
  /** Of each log stream: those of this run that may be stored. */
  readonly #latest = new Map<string, LatestEvents>();
  /** Of each log stream: the record that is stored in part. */
  readonly #begun = new Map<string, { readonly record: string; readonly bytes: number; readonly length: number }>();
  readonly #absentInARow = new Map<string, number>();
  #readableMs = 0;

  constructor(options: LostAnswersOptions) {
    this.#options = options;
    this.#startedMs = options.now();
  }

  /** The answer to this request is lost. `noted` is told what became of it. */
  lose(logStream: string, events: Events, body: PutBody, noted: Pick<NotedEvents, 'settled'>): void {
    const sent = sentEvents(events, body);
    this.#lost.set(logStream, { events: sent, sinceMs: this.#options.now(), noted });
    this.#looks.delete(logStream);
  }

  /** The events `from` up to `to` are stored, or rejected one by one; `latest` is the last one that is stored. */
  answered(logStream: string, events: Events, { to }: PutBody, latest: number): void {
    const { batch, record, start, end, timeMs, count } = events;
    const known = this.#latestOf(logStream);
    for (let i = latest; i >= 0 && timeMs[i] === timeMs[latest]; i--) known.add(timeMs[i]!, end[i]! - start[i]!);
    const last = to - 1;
    const index = record[last]!;
    const isWhole = to === count || record[to] !== index;
    this.#begin(
      logStream,
      isWhole ? undefined : recordKey(batch, index),
      end[last]! - batch.start[index]!,
      batch.length[index]!,
    );
  }

  /**
   * The records that have to be sent, of those that are to go to a log stream; undecided ones are counted. `timeMs` are the
   * times at which they were written; events may have a time of the text.
   */
  async settle(
    logStream: string,
    batch: RecordBatch,
    records: readonly number[],
    timeMs: Float64Array,
    events: (records: readonly number[]) => readonly SentEvent[],
    signal: AbortSignal,
    onProgress: () => void,
  ): Promise<Left | Undecided> {
    const lost = this.#lost.get(logStream) ?? this.#previous(logStream, records, timeMs, events);
    if (lost === undefined) return this.#left(logStream, batch, records);
    const fates = await this.#decide(logStream, lost, signal, onProgress);
    if ('failure' in fates) return fates;
    this.#lost.delete(logStream);
    this.#looks.delete(logStream);
    if (lost.noted === undefined) this.#countAbsent(logStream, fates);
    else lost.noted.settled(fates);
    return this.#apply(logStream, lost, fates, batch, records);
  }

  /** The records that an earlier shipper may have sent. */
  #previous(
    logStream: string,
    records: readonly number[],
    timeMs: Float64Array,
    events: (records: readonly number[]) => readonly SentEvent[],
  ): Lost | undefined {
    const { previousUntilMs } = this.#options;
    if (previousUntilMs === undefined || (this.#absentInARow.get(logStream) ?? 0) >= ABSENT_IN_A_ROW) return undefined;
    const sent = events(records.filter((i) => !(timeMs[i]! >= previousUntilMs)));
    if (sent.length === 0) return undefined;
    return { events: sent, sinceMs: this.#startedMs };
  }

  async #decide(
    logStream: string,
    { events, sinceMs }: Lost,
    signal: AbortSignal,
    onProgress: () => void,
  ): Promise<readonly Fate[] | Undecided> {
    const { api, now } = this.#options;
    const began = now();
    if (began < this.#readableMs) return events.map(() => 'undecided');
    const looks = this.#looks.get(logStream) ?? { count: 0, failures: 0, nextMs: 0 };
    this.#looks.set(logStream, looks);
    const isHurried = began < looks.nextMs - EARLY_MS;
    looks.count += 1;
    const reading = await this.#read(logStream, events, signal, onProgress);
    if (reading.kind === 'refused') {
      this.#readableMs = now() + CONFIGURATION_RETRY_MS;
      this.#options.onNotice(
        `${api.target(logStream)} cannot be read (${reading.detail}), so events whose answer was lost are resent, and counted as possible duplicates. Allow logs:GetLogEvents to have them looked for first.`,
      );
      return events.map(() => 'undecided');
    }
    const isSettled = began - sinceMs >= SETTLE_MS;
    if (reading.kind === 'failed') {
      looks.failures += 1;
      if (isHurried || looks.failures >= FAILURES_MAX) return events.map(() => 'undecided');
      return this.#wait(logStream, looks, LOOK_MAX_MS, reading);
    }
    const fates = fatesOf(events, reading.stored, { ...this.#others(logStream), isSettled });
    const isOpen = !isSettled && reading.stored.isComplete && !reading.stored.isAllFound;
    if (!isOpen || isHurried) return fates;
    return this.#wait(logStream, looks, sinceMs + SETTLE_MS - now(), {
      code: 'lost_answer',
      detail: 'the answer to a request was lost, and its events are not in the log stream yet',
    });
  }

  async #read(
    logStream: string,
    events: readonly SentEvent[],
    signal: AbortSignal,
    onProgress: () => void,
  ): Promise<Reading> {
    try {
      return await readStored(this.#options.api, logStream, events, signal, onProgress);
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      // A service that is not reached takes no events either: that is no failure of its reading.
      if (!error.isSent) throw error;
      return { kind: 'failed', code: error.code, detail: error.detail };
    }
  }

  #wait(logStream: string, looks: Looks, mostMs: number, { code, detail }: Failure): Undecided {
    const pause = Math.min(LOOK_FIRST_MS * 2 ** (looks.count - 1), LOOK_MAX_MS);
    const retryAfterMs = Math.max(1, Math.min(pause, Math.ceil(mostMs)));
    looks.nextMs = this.#options.now() + retryAfterMs;
    const words = `GetLogEvents of ${this.#options.api.target(logStream)}: ${detail}`;
    return { failure: { code, detail: words }, retryAfterMs };
  }

  #apply(
    logStream: string,
    { events }: Lost,
    fates: readonly Fate[],
    batch: RecordBatch,
    records: readonly number[],
  ): Left {
    const byRecord = new Map<string, { sent: SentEvent[]; fates: Fate[] }>();
    events.forEach((event, i) => {
      const known = byRecord.get(event.record) ?? { sent: [], fates: [] };
      byRecord.set(event.record, known);
      known.sent.push(event);
      known.fates.push(fates[i]!);
      if (fates[i] !== 'absent') this.#latestOf(logStream).add(event.timeMs, event.end - event.start);
    });
    const doubtful: number[] = [];
    const left = records.filter((index) => {
      const record = recordKey(batch, index);
      const known = byRecord.get(record);
      if (known === undefined) return true;
      const stored = known.fates.findIndex((fate) => fate !== 'stored');
      const last = known.sent[(stored < 0 ? known.sent.length : stored) - 1];
      const isWhole = stored < 0 && last?.end === last?.length;
      if (last !== undefined) this.#begin(logStream, isWhole ? undefined : record, last.end, last.length);
      const isDoubtful = stored >= 0 && known.fates.slice(stored).some((fate) => fate !== 'absent');
      if (isDoubtful) doubtful.push(index);
      return !isWhole;
    });
    this.#count(batch, doubtful);
    return this.#left(logStream, batch, left);
  }

  /** With the record that is stored in part, as long as its text is the same. */
  #left(logStream: string, batch: RecordBatch, records: readonly number[]): Left {
    const begun = this.#begun.get(logStream);
    const index = begun && records.find((i) => recordKey(batch, i) === begun.record);
    if (begun === undefined || index === undefined) return { records };
    if (batch.length[index] === begun.length) return { records, begun: { record: index, bytes: begun.bytes } };
    this.#begun.delete(logStream);
    this.#count(batch, [index]);
    return { records };
  }

  #begin(logStream: string, record: string | undefined, bytes: number, length: number): void {
    if (record === undefined) this.#begun.delete(logStream);
    else this.#begun.set(logStream, { record, bytes, length });
  }

  /** Before they are sent: a kill in between may count too many, and none too few. */
  #count(batch: RecordBatch, indexes: readonly number[]): void {
    if (indexes.length > 0) this.#options.onPossibleDuplicates(select(batch, indexes));
  }

  #countAbsent(logStream: string, fates: readonly Fate[]): void {
    const isAbsent = fates.every((fate) => fate === 'absent');
    this.#absentInARow.set(logStream, isAbsent ? (this.#absentInARow.get(logStream) ?? 0) + 1 : 0);
  }

  #latestOf(logStream: string): LatestEvents {
    const known = this.#latest.get(logStream) ?? new LatestEvents();
    // The one that was used last is the last to be forgotten.
    this.#latest.delete(logStream);
    this.#latest.set(logStream, known);
    if (this.#latest.size > STREAMS_MAX) this.#latest.delete(this.#latest.keys().next().value!);
    return known;
  }

  /** The events of others that may be like those of a request. */
  #others(logStream: string): Pick<Circumstances, 'isLikeEarlier' | 'proof'> {
    const { isShared, previousUntilMs } = this.#options;
    const isKnown = previousUntilMs === undefined && this.#latest.size < STREAMS_MAX;
    const latest = this.#latest.get(logStream);
    const isLikeEarlier = ({ timeMs, start, end }: SentEvent) => latest?.mayHave(timeMs, end - start) ?? false;
    return { isLikeEarlier, proof: !isKnown ? PREVIOUS_PROOF : isShared ? SHARED_PROOF : 1 };
  }
}
