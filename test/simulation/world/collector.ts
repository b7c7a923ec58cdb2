/**
 * A collector that takes OpenTelemetry's protocol over HTTP, and its ways to fail. It stores whatever it gets: the protocol knows no
 * ids. What it can check of a request is checked at once.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
import { gunzipSync } from 'node:zlib';
import type { Answer } from './http.js';
import { type LogRecord, logRecordsIn } from './log-records.js';
import type { Machine } from './machine.js';
import { messageWith } from './protobuf.js';
import { type HttpRequest, LATE_MS, type Mood, type OnStored, REFUSED_TEXT, type Service } from './service.js';

export interface CollectorPlan {
  readonly kind: 'otlp';
  /** What it does with records that it never takes: it leaves them out, or refuses each request that has one. */
  readonly refuses: 'records' | 'requests';
  /** In which it answers. */
  readonly encoding: 'protobuf' | 'json';
  /** Of a body; more is answered with 413. */
  readonly bodyMaxBytes?: number;
}

export interface CollectorEvents {
  readonly onStored: OnStored;
  /** Left out of a request of which others are stored. */
  readonly onRejected: (text: string) => void;
  /** A request breaks the protocol. */
  readonly onBroken: (problem: string) => void;
}

const PARTLY_BUSY = 0.5;
/** A request that was cut off may be carried out until then. */
const BELATED_MS = 3500;

export class CollectorService implements Service {
  mood: Mood = 'well';
  readonly #machine: Machine;
  readonly #plan: CollectorPlan;
  readonly #events: CollectorEvents;

  constructor(machine: Machine, plan: CollectorPlan, events: CollectorEvents) {
    this.#machine = machine;
    this.#plan = plan;
    this.#events = events;
  }

  answer({ path, headers, body }: HttpRequest): Answer {
    const { mood } = this;
    const { random, scheduler } = this.#machine;
    this.#machine.trace(`request ${path} ${body.length} ${mood}`);
    const afterMs = random.between(1, 15);
    if (mood === 'down') return { afterMs, code: random.of(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND']) };
    if (mood === 'failing') return { afterMs, ...random.of(this.#failures) };
    if (mood === 'closed') return { afterMs, ...random.of(CLOSED) };
    const records = this.#recordsIn(path, headers, body);
    if (body.length > (this.#plan.bodyMaxBytes ?? Number.POSITIVE_INFINITY)) return { afterMs, ...page(413) };
    if (mood === 'busy' && random.chance(PARTLY_BUSY)) return { afterMs, ...random.of(this.#throttled) };
    const refused = records.filter(({ text }) => text.includes(REFUSED_TEXT));
    if (refused.length > 0 && this.#plan.refuses === 'requests') return { afterMs, ...this.#error(400) };
    const left = new Set(mood === 'busy' ? records.filter(() => random.chance(0.2)) : refused);
    const apply = () => this.#store(records, left);
    if (mood === 'lost' || mood === 'lying' || mood === 'misshapen') {
      if (random.chance(0.5)) scheduler.after(random.between(0, BELATED_MS), undefined, apply);
      if (mood === 'lost') return { afterMs, code: 'ECONNRESET' };
      return { afterMs, ...(mood === 'lying' ? this.#error(random.of(BROKEN)) : random.of(MISSHAPEN)) };
    }
    apply();
    const answer = { afterMs, ...this.#taken(left.size) };
    if (mood === 'slow') return { ...answer, afterMs: random.between(500, 5000) };
    if (mood === 'late') return { ...answer, afterMs: random.between(LATE_MS.least, LATE_MS.most) };
    return answer;
  }

  #recordsIn(path: string, headers: HttpRequest['headers'], body: Buffer): readonly LogRecord[] {
    try {
      if (path !== '/v1/logs' || headers['content-type'] !== 'application/x-protobuf') {
        throw new Error(`it goes to ${path} as ${headers['content-type']}`);
      }
      return logRecordsIn(headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    } catch (error) {
      this.#events.onBroken(`a request is refused: ${(error as Error).message}`);
      return [];
    }
  }

  #store(records: readonly LogRecord[], left: ReadonlySet<LogRecord>): void {
    for (const record of records) {
      const { uid, text } = record;
      if (left.has(record)) {
        this.#events.onRejected(text);
        continue;
      }
      this.#events.onStored(text, uid);
    }
  }

  #taken(rejected: number): Omit<Answer, 'afterMs'> {
    const { random } = this.#machine;
    const words = 'not these';
    if (this.#plan.encoding === 'json') {
      const partialSuccess = { rejectedLogRecords: random.of([rejected, String(rejected)]), errorMessage: words };
      return json(200, rejected > 0 ? { partialSuccess } : random.of([{}, { partialSuccess: {} }]));
    }
    const partial = (count: number, text: string) => {
      const message = Buffer.concat([messageWith(1, count), messageWith(2, Buffer.from(text))]);
      return protobuf(200, messageWith(1, message));
    };
    return rejected > 0 ? partial(rejected, words) : random.of([protobuf(200), protobuf(202), partial(0, 'a warning')]);
  }

  /** A google.rpc.Status. */
  #error(status: number, headers: Readonly<Record<string, string>> = {}): Omit<Answer, 'afterMs'> {
    const message = 'simulated';
    const answer =
      this.#plan.encoding === 'json'
        ? json(status, { code: 3, message })
        : protobuf(status, Buffer.concat([messageWith(1, 3), messageWith(2, Buffer.from(message))]));
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }

  get #throttled(): readonly Omit<Answer, 'afterMs'>[] {
    const { scheduler } = this.#machine;
    const date = new Date(scheduler.nowMs + scheduler.wallOffsetMs + 2000).toUTCString();
    return [this.#error(429), this.#error(429, { 'retry-after': '2' }), this.#error(429, { 'retry-after': date })];
  }

  get #failures(): readonly Omit<Answer, 'afterMs'>[] {
    const unavailable = this.#error(503, { 'retry-after': '1' });
    return [...[500, 502, 503, 504].map((status) => this.#error(status)), unavailable, ...this.#throttled, page(400)];
  }
}

const json = (status: number, answer: object): Omit<Answer, 'afterMs'> => ({
  ...{ status, body: JSON.stringify(answer), headers: { 'content-type': 'application/json' } },
});
const protobuf = (status: number, body: Buffer = Buffer.alloc(0)): Omit<Answer, 'afterMs'> => ({
  ...{ status, body, headers: { 'content-type': 'application/x-protobuf' } },
});
const page = (status: number): Omit<Answer, 'afterMs'> => ({
  ...{ status, body: '<html>no</html>', headers: { 'content-type': 'text/html' } },
});

/** They do not say whether the request was carried out. */
const BROKEN: readonly number[] = [408, 500, 502, 503, 504];
/** Of another program, or for someone else: nothing is stored. A page with the status 200 does not say so. */
const CLOSED: readonly Omit<Answer, 'afterMs'>[] = [
  ...[401, 403, 404].map(page),
  json(401, { message: 'no token' }),
  { status: 302, headers: { location: 'http://login/' } },
];
/** Answers that say nothing of any record. */
const MISSHAPEN: readonly Omit<Answer, 'afterMs'>[] = [
  page(200),
  json(200, []),
  { status: 200, body: '{"partialSuccess":', headers: { 'content-type': 'application/json' } },
  json(200, { partialSuccess: { rejectedLogRecords: '100000' } }),
  json(200, { partialSuccess: { rejectedLogRecords: -1 } }),
  protobuf(200, Buffer.of(0x0a, 0x7f, 0x08)),
  protobuf(200, messageWith(1, 5)),
  protobuf(200, messageWith(1, messageWith(1, 100_000))),
];
