/**
 * CloudWatch Logs, as far as its documentation says how it behaves: PutLogEvents and GetLogEvents over HTTP, and what the official
 * client asks it for. Any number of requests may be out. A request that breaks a documented limit is a fault of the shipper at once.
 */
import { gunzipSync } from 'node:zlib';
import type { Answer } from './http.js';
import { firstStored, type LogEvent, LogStreams, type Rejected } from './log-streams.js';
import type { Machine } from './machine.js';
import { type HttpRequest, LATE_MS, type Mood, type OnStored, REFUSED_TEXT, type Service } from './service.js';

/** How the log group is made, and who may do what. */
export interface LogsPlan {
  /** The group is there from the beginning. */
  readonly hasGroup: boolean;
  /** The shipper has the right logs:GetLogEvents. */
  readonly canRead: boolean;
  /** On one page of a reading. */
  readonly pageEvents: number;
  readonly retentionDays?: number;
}

export interface LogsEvents {
  readonly onStored: OnStored;
  /** Refused for its time. */
  readonly onRejected: (text: string) => void;
  /** Its log stream was deleted by a user. */
  readonly onDeleted: (text: string) => void;
  /** A request breaks a documented limit. */
  readonly onBroken: (problem: string) => void;
}

/** What an operation of the official client comes to. */
export interface Controlled {
  readonly afterMs: number;
  readonly error?: ServiceError;
}

interface ServiceError {
  readonly status: number;
  readonly name: string;
  readonly message: string;
}

/** What a request that was right comes to. */
type Effect = { readonly body: object; readonly apply: (isRepeat: boolean) => void } | ServiceError;

/** The answer of a probe has this text, and no process wrote it. */
const PROBE = 'logtap';
/** A request that was cut off may be carried out until then. */
const BELATED_MS = 3500;
/** A signature of another time is refused. */
const SKEW_MAX_MS = 300_000;
const PARTLY_BUSY = 0.5;

export class LogsService implements Service {
  mood: Mood = 'well';
  readonly #machine: Machine;
  readonly #plan: LogsPlan;
  readonly #streams: LogStreams;
  readonly #events: LogsEvents;
  readonly #startedWallMs: number;
  #id = 0;

  constructor(machine: Machine, plan: LogsPlan, events: LogsEvents) {
    const { scheduler, random } = machine;
    this.#machine = machine;
    this.#plan = plan;
    this.#events = events;
    this.#startedWallMs = scheduler.wallOffsetMs;
    const { pageEvents, retentionDays, hasGroup } = plan;
    const nowMs = () => scheduler.nowMs;
    const options = {
      random: random.fork('log streams'),
      nowMs,
      wallMs: () => this.#wallMs,
      pageEvents,
      retentionDays,
    };
    this.#streams = new LogStreams(options, hasGroup);
  }

  /** Its own clock is right. */
  get #wallMs(): number {
    return Math.floor(this.#machine.scheduler.nowMs + this.#startedWallMs);
  }

  /** A user deletes all streams, or the group. */
  delete(isGroup: boolean): void {
    for (const { message } of this.#streams.delete(isGroup)) this.#events.onDeleted(message);
  }

  /** A user makes the group. */
  restore(): void {
    this.#streams.createGroup();
  }

  answer({ headers, body }: HttpRequest): Answer {
    const { mood } = this;
    const { random } = this.#machine;
    const operation = headers['x-amz-target']!.split('.')[1]!;
    this.#machine.trace(`request ${operation} ${body.length} ${mood}`);
    const afterMs = random.between(1, 15);
    const answered = (status: number, text: string, name?: string): Answer => ({
      ...{ afterMs, status, body: text },
      headers: { date: new Date(this.#wallMs).toUTCString(), ...(name !== undefined && { 'x-amzn-errortype': name }) },
    });
    const refused = ({ status, name, message }: ServiceError) =>
      random.chance(0.5)
        ? answered(status, JSON.stringify({ message }), name)
        : answered(status, JSON.stringify({ __type: name, message }));
    if (mood === 'down') return { afterMs, code: random.of(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND']) };
    if (mood === 'failing') return refused(random.of(FAILURES));
    if (Math.abs(signedMs(headers) - this.#wallMs) > SKEW_MAX_MS) return refused(SKEWED);
    if (mood === 'busy' && random.chance(PARTLY_BUSY)) return refused(THROTTLED);
    if (mood === 'closed') return refused(operation === 'PutLogEvents' ? random.of(CLOSED) : CLOSED[0]!);
    const text = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const asked = JSON.parse(text.toString()) as Record<string, unknown>;
    const effect = operation === 'PutLogEvents' ? this.#put(asked) : this.#get(asked);
    if ('name' in effect) return refused(effect);
    const apply = () => effect.apply(false);
    const good = answered(200, JSON.stringify(effect.body));
    if (mood === 'lost' || mood === 'lying' || mood === 'misshapen') {
      if (random.chance(0.5)) this.#machine.scheduler.after(random.between(0, BELATED_MS), undefined, apply);
      if (mood === 'lost') return { afterMs, code: 'ECONNRESET' };
      return mood === 'lying' ? refused(random.of(BROKEN)) : answered(200, random.of(MISSHAPEN));
    }
    apply();
    if (mood === 'slow') return { ...good, afterMs: random.between(500, 5000) };
    if (mood === 'late') return { ...good, afterMs: random.between(LATE_MS.least, LATE_MS.most) };
    // What is between repeats the request.
    if (mood === 'twice') {
      this.#machine.scheduler.after(random.between(1, 5000), undefined, () => effect.apply(true));
    }
    return good;
  }

  /** An operation of the official client. */
  control(operation: string, input: Readonly<Record<string, unknown>>): Controlled {
    const { mood } = this;
    const { random } = this.#machine;
    this.#machine.trace(`control ${operation} ${mood}`);
    const afterMs = random.between(1, 15);
    const cut = { status: 0, name: 'TimeoutError', message: 'read ECONNRESET' };
    if (mood === 'down') return { afterMs, error: cut };
    if (mood === 'failing') return { afterMs, error: random.of(FAILURES) };
    if (mood === 'busy' && random.chance(PARTLY_BUSY)) return { afterMs, error: random.of([THROTTLED, ABORTED]) };
    if (mood === 'closed') return { afterMs, error: CLOSED[0]! };
    const error = this.#carryOut(operation, input);
    if (mood === 'lost') return { afterMs, error: cut };
    if (mood === 'late') return { afterMs: random.between(LATE_MS.least, LATE_MS.most), ...(error && { error }) };
    return { afterMs, ...(error && { error }) };
  }

  #carryOut(operation: string, { logStreamName }: Readonly<Record<string, unknown>>): ServiceError | undefined {
    if (operation === 'CreateLogGroup') return this.#streams.createGroup() ? undefined : exists('log group');
    if (operation !== 'CreateLogStream') return undefined;
    const isNew = this.#streams.createStream(String(logStreamName));
    if (isNew === undefined) return missing('log group');
    return isNew ? undefined : exists('log stream');
  }

  #put({ logStreamName, logEvents }: Readonly<Record<string, unknown>>): Effect {
    const name = String(logStreamName);
    const events = logEvents as readonly LogEvent[];
    const what = this.#streams.missing(name);
    if (what !== undefined) return missing(what);
    const problem = this.#streams.problem(events);
    if (problem !== undefined) this.#events.onBroken(`a request has ${problem}`);
    if (events.some(({ message }) => message.includes(REFUSED_TEXT))) return INVALID;
    const rejected = this.#streams.rejected(events);
    const isRejected = Object.keys(rejected).length > 0;
    return {
      body: { nextSequenceToken: '4', ...(isRejected && { rejectedLogEventsInfo: rejected }) },
      apply: (isRepeat) => this.#store(name, events, rejected, isRepeat),
    };
  }

  #store(name: string, events: readonly LogEvent[], rejected: Rejected, isRepeat: boolean): void {
    const stored = this.#streams.store(name, events, rejected);
    if (isRepeat) return;
    for (const { message } of stored) {
      this.#id += 1;
      if (message !== PROBE) this.#events.onStored(message, `event ${this.#id}`);
    }
    const { tooNewLogEventStartIndex: tooNew = events.length } = rejected;
    for (const { message } of [...events.slice(0, firstStored(rejected)), ...events.slice(tooNew)]) {
      this.#events.onRejected(message);
    }
  }

  #get(asked: Readonly<Record<string, unknown>>): Effect {
    const { logStreamName, startTime, endTime, nextToken } = asked;
    if (!this.#plan.canRead) return CLOSED[0]!;
    const name = String(logStreamName);
    const what = this.#streams.missing(name);
    if (what !== undefined) return missing(what);
    const token = typeof nextToken === 'string' ? nextToken : undefined;
    return { body: this.#streams.page(name, Number(startTime), Number(endTime), token), apply: () => {} };
  }
}

/** The time in a signature. */
function signedMs(headers: Readonly<Record<string, string>>): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers['x-amz-date']!)!;
  const [year, month, day, ...time] = parts.map(Number);
  return Date.UTC(year!, month! - 1, day!, ...(time as [number, number, number]));
}

const ofClient = (name: string, message: string): ServiceError => ({ status: 400, name, message });
const missing = (what: string) => ofClient('ResourceNotFoundException', `The specified ${what} does not exist.`);
const exists = (what: string) => ofClient('ResourceAlreadyExistsException', `The specified ${what} already exists`);

const THROTTLED = ofClient('ThrottlingException', 'Rate exceeded');
const ABORTED = ofClient('OperationAbortedException', 'A conflicting operation is in progress');
const INVALID = ofClient('InvalidParameterException', 'not this one');
const SKEWED = { ...ofClient('InvalidSignatureException', 'Signature not yet current, or expired'), status: 403 };
const CLOSED: readonly ServiceError[] = [
  ofClient('AccessDeniedException', 'not authorized'),
  ofClient('InvalidParameterException', 'the KMS key is disabled'),
];
/** They do not say whether the request was carried out. */
const BROKEN: readonly ServiceError[] = [
  { status: 500, name: 'InternalFailure', message: 'simulated' },
  { status: 503, name: 'ServiceUnavailableException', message: 'simulated' },
  { status: 400, name: 'ServiceUnavailableException', message: 'simulated' },
  { status: 504, name: 'GatewayTimeout', message: 'simulated' },
];
const FAILURES: readonly ServiceError[] = [
  ...BROKEN,
  THROTTLED,
  ofClient('UnrecognizedClientException', 'The security token included in the request is invalid.'),
  ofClient('AccessDeniedException', 'not authorized'),
];

/** Answers that say nothing of any event. */
const MISSHAPEN: readonly string[] = [
  '<html>busy</html>',
  '',
  '[]',
  '{"message":"Endpoint request timed out"}',
  '{"rejectedLogEventsInfo":{"tooOldLogEventEndIndex":100000}}',
];
