/**
 * Log groups and streams as CloudWatch Logs keeps them: events without ids, refused one by one for their times, readable a while
 * after they are stored.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
 */
import type { Random } from './random.js';

export interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

interface StoredEvent extends LogEvent {
  readonly order: number;
  readonly readableMs: number;
}

interface LogStream {
  readonly events: StoredEvent[];
  readonly usableMs: number;
}

/** Indexes of events that are refused, as an answer names them. */
export interface Rejected {
  readonly expiredLogEventEndIndex?: number;
  readonly tooOldLogEventEndIndex?: number;
  readonly tooNewLogEventStartIndex?: number;
}

export interface LogStreamsOptions {
  readonly random: Random;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** The service's own clock, in milliseconds since 1970. */
  readonly wallMs: () => number;
  /** Of the group. Without it events are kept for as long as the service takes them. */
  readonly retentionDays?: number | undefined;
  /** On one page of a reading. */
  readonly pageEvents: number;
}

const BATCH_MAX_BYTES = 1_048_576;
const EVENT_OVERHEAD_BYTES = 26;
const BATCH_MAX_EVENTS = 10_000;
const DAY_MS = 86_400_000;
const TOO_OLD_MS = 14 * DAY_MS;
const TOO_NEW_MS = 2 * 3_600_000;
/** Of an event that is stored, until a reading has it: "seconds" is all that is known of it. */
const UNREADABLE_MS = 5000;
/** Of a log stream that was just made. */
const UNUSABLE_MS = 2000;
/** Pages that hold nothing although more follow. */
const EMPTY_PAGES = 0.3;
/** Ends the token of such a page. */
const EMPTY = '/empty';

export class LogStreams {
  /** By name; undefined while there is no group. */
  #streams: Map<string, LogStream> | undefined;
  readonly #options: LogStreamsOptions;
  #order = 0;

  constructor(options: LogStreamsOptions, hasGroup: boolean) {
    this.#options = options;
    if (hasGroup) this.#streams = new Map();
  }

  /** Whether it was not there. */
  createGroup(): boolean {
    if (this.#streams !== undefined) return false;
    this.#streams = new Map();
    return true;
  }

  /** Whether it was not there; undefined without a group. */
  createStream(name: string): boolean | undefined {
    const { random, nowMs } = this.#options;
    if (this.#streams?.has(name) !== false) return this.#streams && false;
    this.#streams.set(name, { events: [], usableMs: nowMs() + random.of([0, 0, UNUSABLE_MS]) });
    return true;
  }

  /** By a user. Answers the events that are gone. */
  delete(isGroup: boolean): readonly LogEvent[] {
    const gone = [...(this.#streams?.values() ?? [])].flatMap(({ events }) => events);
    this.#streams = isGroup ? undefined : this.#streams && new Map();
    return gone;
  }

  /** The thing that is missing, if one is. */
  missing(name: string): 'log group' | 'log stream' | undefined {
    if (this.#streams === undefined) return 'log group';
    const stream = this.#streams.get(name);
    return stream === undefined || stream.usableMs > this.#options.nowMs() ? 'log stream' : undefined;
  }

  /** Which documented limit a request breaks. */
  problem(events: readonly LogEvent[]): string | undefined {
    if (events.length < 1 || events.length > BATCH_MAX_EVENTS) return `${events.length} events`;
    if (events.some(({ message }) => message === '')) return 'an empty message';
    const bytes = events.reduce((sum, { message }) => sum + Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES, 0);
    if (bytes > BATCH_MAX_BYTES) return `${bytes} bytes`;
    if (events.some(({ timestamp }, i) => timestamp < (events[i - 1]?.timestamp ?? 0)))
      return 'an order that is not of time';
    const spanMs = events.at(-1)!.timestamp - events[0]!.timestamp;
    return spanMs > DAY_MS ? `a span of ${spanMs} ms` : undefined;
  }

  /** Which events are refused for their times. */
  rejected(events: readonly LogEvent[]): Rejected {
    const nowMs = this.#options.wallMs();
    const { retentionDays } = this.#options;
    const before = (limitMs: number) => events.findLastIndex(({ timestamp }) => timestamp < limitMs) + 1;
    const tooOld = before(nowMs - TOO_OLD_MS);
    const expired = retentionDays === undefined ? 0 : before(nowMs - retentionDays * DAY_MS);
    const tooNew = events.findIndex(({ timestamp }) => timestamp > nowMs + TOO_NEW_MS);
    return {
      ...(expired > 0 && { expiredLogEventEndIndex: expired }),
      ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
      ...(tooNew >= 0 && { tooNewLogEventStartIndex: tooNew }),
    };
  }

  /** Stores those that are not refused, and answers them. A stream that is gone meanwhile takes nothing. */
  store(name: string, events: readonly LogEvent[], rejected: Rejected): readonly LogEvent[] {
    const { random, nowMs } = this.#options;
    const stream = this.#streams?.get(name);
    if (stream === undefined) return [];
    const stored = events.slice(firstStored(rejected), rejected.tooNewLogEventStartIndex);
    for (const { timestamp, message } of stored) {
      const readableMs = nowMs() + random.between(0, UNREADABLE_MS);
      this.#order += 1;
      stream.events.push({ timestamp, message, order: this.#order, readableMs });
    }
    return stored;
  }

  /** The newest events before the token, oldest first; at the end the token is the one that was given. */
  page(name: string, startMs: number, endMs: number, token: string | undefined) {
    const { nowMs, pageEvents, random } = this.#options;
    const [beforeMs, beforeOrder] = token?.slice(2).split('/').map(Number) ?? [Number.POSITIVE_INFINITY, 0];
    const isBefore = ({ timestamp, order }: StoredEvent) =>
      timestamp < beforeMs! || (timestamp === beforeMs && order < beforeOrder!);
    const there = this.#streams!.get(name)!
      .events.filter((event) => event.readableMs <= nowMs() && event.timestamp >= startMs && event.timestamp < endMs)
      .filter(isBefore)
      .sort((one, other) => one.timestamp - other.timestamp || one.order - other.order);
    const forward = { nextForwardToken: `f/${endMs}/0` };
    if (there.length === 0) return { events: [], nextBackwardToken: token ?? `b/${startMs}/0`, ...forward };
    // Not twice: the same token once more would say that there is nothing before it.
    const isEmpty = token?.endsWith(EMPTY) !== true && random.chance(EMPTY_PAGES);
    const page = isEmpty ? [] : there.slice(-pageEvents);
    const { timestamp, order } = page[0] ?? there.at(-1)!;
    return {
      events: page.map(({ timestamp: at, message }) => ({ timestamp: at, message, ingestionTime: at })),
      nextBackwardToken: `b/${timestamp}/${isEmpty ? `${order + 1}${EMPTY}` : order}`,
      ...forward,
    };
  }
}

export const firstStored = ({ expiredLogEventEndIndex = 0, tooOldLogEventEndIndex = 0 }: Rejected): number =>
  Math.max(expiredLogEventEndIndex, tooOldLogEventEndIndex);
