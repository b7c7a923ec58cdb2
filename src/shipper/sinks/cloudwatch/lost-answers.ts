/**
 * Keeps the requests whose answer was lost, and decides about the events of each before they are retried: those
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
import type { SinkContext } from '../sink-context.js';
import { EarlierRecords } from '../unsettled/earlier-records.js';
import type { SentNote } from '../unsettled/sent-note.js';
import type { CloudWatchApi } from './api.js';
import type { Events, PutBody } from './events.js';
import { type Circumstances, type Fate, fatesOf } from './lost-request.js';
import type { NotedEvents } from './noted-request.js';
import { BegunRecords, type Left } from './requests/begun-records.js';
import { EarlierSends } from './requests/earlier-sends.js';
import { FirstCopies } from './requests/first-copies.js';
import { type PutRequest, StreamRequests } from './requests/stream-requests.js';
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
/** Requests in a row of which nothing is stored before the rest of a previous run, which had several out, counts as not sent. */
const ABSENT_IN_A_ROW = 32;
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
  readonly replacedTimes?: SinkContext['replacedTimes'];
  /** Tells the next shipper which records have left. Absent where there is no place for it. */
  readonly note?: SentNote | undefined;
  /** Monotonic. */
  readonly now: () => number;
  readonly onPossibleDuplicates: (records: RecordBatch) => void;
  readonly onNotice: (message: string) => void;
}

/** Another look is needed. */
export interface Undecided {
  readonly failure: Failure;
  readonly retryAfterMs: number;
}

interface Lost {
  readonly events: readonly SentEvent[];
  readonly sinceMs: number;
  /** Both absent where an earlier shipper sent it, if at all. */
  readonly request?: PutRequest;
  readonly noted?: Pick<NotedEvents, 'settled'>;
}

/** How a search goes on; of one request. */
interface Looks {
  count: number;
  failures: number;
  /** An earlier call means that the shipper stops, and that there is no time to wait. */
  nextMs: number;
}

export class LostAnswers {
  readonly #options: LostAnswersOptions;
  readonly #startedMs: number;
  /** By log stream, in the order in which their answers were lost. */
  readonly #lost = new Map<string, Lost[]>();
  /** By the first record of a request. */
  readonly #looks = new Map<string, Looks>();
  /** Of each log stream: what this run may have stored. */
  readonly #streams = new Map<string, StreamRequests>();
  readonly #begun = new BegunRecords();
  readonly #absentInARow = new Map<string, number>();
  readonly #earlier: EarlierSends;
  readonly #copies: FirstCopies;
  #readableMs = 0;

  constructor(options: LostAnswersOptions) {
    this.#options = options;
    this.#startedMs = options.now();
    this.#earlier = new EarlierSends(new EarlierRecords(options.previousUntilMs, options.replacedTimes), options.note);
    this.#copies = new FirstCopies(this.#earlier);
  }

  /** Records are about to be sent to a log stream. The result has to be called when that is over, with those to retry. */
  begin(logStream: string, batch: RecordBatch, records: readonly number[]): (retry: readonly number[]) => void {
    const requests = this.#requestsTo(logStream);
    const at = requests.begin(() => records.map((i) => recordKey(batch, i)));
    return (retry) => requests.end(at, retry.length === 0 ? undefined : recordKey(batch, retry[0]!));
  }

  /**
   * A request leaves. Its answer, its loss, or that it did not leave has to be told. Throws a NoAnswerError where it must not leave now.
   */
  leave(logStream: string, events: Events, { from, to }: Pick<PutBody, 'from' | 'to'>): PutRequest {
    const leaving = this.#options.note?.leave(events.batch, events.record.subarray(from, to));
    const request = { logStream, events, from, to, leaving };
    this.#requestsTo(logStream).left(request);
    this.#copies.left(request);
    return request;
  }

  /** The answer to this request is lost. `noted` is told what became of it. */
  lose(request: PutRequest, bytes: Buffer, noted: Pick<NotedEvents, 'settled'>): void {
    const { logStream, events, from, to } = request;
    this.#stays(request);
    const lost = { events: sentEvents(events, { bytes, from, to }), sinceMs: this.#options.now(), request, noted };
    this.#looks.delete(looksOf(lost));
    const known = this.#lost.get(logStream);
    if (known === undefined) this.#lost.set(logStream, [lost]);
    else known.push(lost);
  }

  /** None of its events is stored. */
  absent(request: PutRequest): void {
    this.#requestsTo(request.logStream).settled(request, -1);
    this.#copies.delete(request);
    if (request.leaving !== undefined) this.#options.note?.absent(request.leaving);
  }

  #stays({ leaving }: PutRequest): void {
    if (leaving !== undefined) this.#options.note?.stays(leaving);
  }

  /** Some of its events, or all, are stored, and the service rejects the others; `latest` is the last one that is stored. */
  answered(request: PutRequest, latest: number, isStored: (event: number) => boolean): void {
    this.#copies.stored(request, isStored);
    this.#stays(request);
    this.#requestsTo(request.logStream).settled(request, latest);
    this.#begun.answered(request);
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
    const unstored = this.#copies.unstored(batch, this.#copies.first(batch, records, timeMs));
    const lost = this.#lostOf(logStream, batch, unstored);
    const asked = lost.length > 0 ? lost : this.#previous(logStream, batch, unstored, timeMs, events);
    const decided: (readonly Fate[])[] = [];
    for (const each of asked) {
      const fates = await this.#decide(logStream, each, signal, onProgress);
      if ('failure' in fates) return fates;
      decided.push(fates);
    }
    let left = unstored;
    asked.forEach((each, i) => {
      left = this.#settled(logStream, each, decided[i]!, batch, left);
    });
    // Once more: while these were looked for, a first copy may have been sent and stored.
    if (asked.length > 0) left = this.#copies.unstored(batch, left);
    this.#count(batch, this.#copies.out(batch, left));
    return this.#begun.left(batch, left, (other) => this.#count(batch, [other]));
  }

  /** Requests whose answer was lost, with any of these records. */
  #lostOf(logStream: string, batch: RecordBatch, records: readonly number[]): readonly Lost[] {
    const all = this.#lost.get(logStream);
    if (all === undefined) return [];
    const keys = new Set(records.map((i) => recordKey(batch, i)));
    return all.filter(({ events }) => events.some(({ record }) => keys.has(record)));
  }

  /** The records that an earlier shipper may have sent. */
  #previous(
    logStream: string,
    batch: RecordBatch,
    records: readonly number[],
    timeMs: Float64Array,
    events: (records: readonly number[]) => readonly SentEvent[],
  ): readonly Lost[] {
    if (!this.#earlier.hasEarlier || (this.#absentInARow.get(logStream) ?? 0) >= ABSENT_IN_A_ROW) return [];
    const sent = events(records.filter((i) => this.#earlier.mayHave(batch, i, timeMs[i]!)));
    return sent.length === 0 ? [] : [{ events: sent, sinceMs: this.#startedMs }];
  }

  async #decide(
    logStream: string,
    lost: Lost,
    signal: AbortSignal,
    onProgress: () => void,
  ): Promise<readonly Fate[] | Undecided> {
    const { api, now } = this.#options;
    const { events, sinceMs } = lost;
    const began = now();
    if (began < this.#readableMs) return events.map(() => 'undecided');
    // What this run has sent is there with the time of the request.
    const hasOtherTime = ({ timeMs }: SentEvent) => lost.request === undefined && this.#earlier.hasOtherTime(timeMs);
    const looks = this.#looks.get(looksOf(lost)) ?? { count: 0, failures: 0, nextMs: 0 };
    this.#looks.set(looksOf(lost), looks);
    const isHurried = began < looks.nextMs - EARLY_MS;
    looks.count += 1;
    const beside = () => this.#requestsTo(logStream).like(events, lost.request);
    const reading = await this.#read(logStream, events, beside(), signal, onProgress);
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
    // Asked once more: a request may have left meanwhile, and its events be among those that were read.
    const circumstances = { ...this.#others(logStream), beside: beside(), isSettled };
    const fates = fatesOf(events, reading.stored, { ...circumstances, hasOtherTime });
    const isOpen = !isSettled && reading.stored.isComplete && !reading.stored.isAllFound && !events.every(hasOtherTime);
    if (!isOpen || isHurried) return fates;
    return this.#wait(logStream, looks, sinceMs + SETTLE_MS - now(), {
      code: 'lost_answer',
      detail: 'the answer to a request was lost, and its events are not in the log stream yet',
      isPause: true,
    });
  }

  async #read(
    logStream: string,
    events: readonly SentEvent[],
    beside: ReadonlyMap<string, number>,
    signal: AbortSignal,
    onProgress: () => void,
  ): Promise<Reading> {
    try {
      return await readStored(this.#options.api, logStream, events, beside, signal, onProgress);
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      // A service that is not reached takes no events either: that is no failure of its reading.
      if (!error.isSent) throw error;
      return { kind: 'failed', code: error.code, detail: error.detail };
    }
  }

  #wait(logStream: string, looks: Looks, mostMs: number, { code, detail, isPause = false }: Failure): Undecided {
    const pause = Math.min(LOOK_FIRST_MS * 2 ** (looks.count - 1), LOOK_MAX_MS);
    const retryAfterMs = Math.max(1, Math.min(pause, Math.ceil(mostMs)));
    looks.nextMs = this.#options.now() + retryAfterMs;
    const words = `GetLogEvents of ${this.#options.api.target(logStream)}: ${detail}`;
    return { failure: { code, detail: words, isPause }, retryAfterMs };
  }

  /** Books the fates of a request. Returns the records that have to be sent. */
  #settled(
    logStream: string,
    lost: Lost,
    fates: readonly Fate[],
    batch: RecordBatch,
    records: readonly number[],
  ): readonly number[] {
    const { events, request, noted } = lost;
    const requests = this.#requestsTo(logStream);
    this.#looks.delete(looksOf(lost));
    if (request === undefined) {
      this.#countAbsent(logStream, fates);
      events.forEach(({ timeMs, start, end }, i) => {
        if (fates[i] !== 'absent') requests.latest.add(timeMs, end - start);
      });
    } else {
      const others = this.#lost.get(logStream)?.filter((each) => each !== lost) ?? [];
      if (others.length > 0) this.#lost.set(logStream, others);
      else this.#lost.delete(logStream);
      const latest = fates.findLastIndex((fate) => fate !== 'absent');
      requests.settled(request, latest < 0 ? -1 : request.from + latest);
      this.#copies.delete(request);
    }
    noted?.settled(fates);
    return this.#leftOf(events, fates, batch, records);
  }

  #leftOf(
    events: readonly SentEvent[],
    fates: readonly Fate[],
    batch: RecordBatch,
    records: readonly number[],
  ): readonly number[] {
    const byRecord = new Map<string, { sent: SentEvent[]; fates: Fate[] }>();
    events.forEach((event, i) => {
      const known = byRecord.get(event.record) ?? { sent: [], fates: [] };
      byRecord.set(event.record, known);
      known.sent.push(event);
      known.fates.push(fates[i]!);
    });
    const doubtful: number[] = [];
    const left = records.filter((index) => {
      const record = recordKey(batch, index);
      const known = byRecord.get(record);
      if (known === undefined) return true;
      const stored = known.fates.findIndex((fate) => fate !== 'stored');
      const last = known.sent[(stored < 0 ? known.sent.length : stored) - 1];
      const isWhole = stored < 0 && last?.end === last?.length;
      if (isWhole) this.#begun.delete(record);
      else if (last !== undefined) this.#begun.set(record, last);
      const isDoubtful = stored >= 0 && known.fates.slice(stored).some((fate) => fate !== 'absent');
      if (isDoubtful) doubtful.push(index);
      return !isWhole;
    });
    this.#count(batch, doubtful);
    return left;
  }

  /** Before they are sent: a kill in between may count too many, and none too few. */
  #count(batch: RecordBatch, indexes: readonly number[]): void {
    if (indexes.length > 0) this.#options.onPossibleDuplicates(select(batch, indexes));
  }

  #countAbsent(logStream: string, fates: readonly Fate[]): void {
    const isAbsent = fates.every((fate) => fate === 'absent');
    this.#absentInARow.set(logStream, isAbsent ? (this.#absentInARow.get(logStream) ?? 0) + 1 : 0);
  }

  #requestsTo(logStream: string): StreamRequests {
    const known = this.#streams.get(logStream) ?? new StreamRequests();
    // The one that was used last is the last to be forgotten.
    this.#streams.delete(logStream);
    this.#streams.set(logStream, known);
    if (this.#streams.size > STREAMS_MAX) {
      for (const [name, requests] of this.#streams) {
        if (!requests.isIdle) continue;
        this.#streams.delete(name);
        break;
      }
    }
    return known;
  }

  /** The events of others that may be like those of a request, but for those beside it. */
  #others(logStream: string): Pick<Circumstances, 'isLikeEarlier' | 'proof'> {
    const { isShared } = this.#options;
    const isKnown = !this.#earlier.hasEarlier && this.#streams.size < STREAMS_MAX;
    const { latest } = this.#requestsTo(logStream);
    const isLikeEarlier = ({ timeMs, start, end }: SentEvent) => latest.mayHave(timeMs, end - start);
    return { isLikeEarlier, proof: !isKnown ? PREVIOUS_PROOF : isShared ? SHARED_PROOF : 1 };
  }
}

const looksOf = ({ events }: Lost): string => events[0]!.record;
