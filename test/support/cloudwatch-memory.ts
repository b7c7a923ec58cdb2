/**
 * Log streams in memory, before the real delivery and the real sink, on a clock of their own: requests and answers are lost
 * as a test says, events become readable late, and pages are short or empty. Limits are the referee's business, not its.
 */
import { Ledger } from '../../src/shipper/accounting/ledger.js';
import { Tally } from '../../src/shipper/accounting/tally.js';
import type { BufferCursor } from '../../src/shipper/buffer/cursor.js';
import { RecordBuffer } from '../../src/shipper/buffer/record-buffer.js';
import { deliver, healthySink } from '../../src/shipper/delivery/deliver.js';
import { NoAnswerError } from '../../src/shipper/errors.js';
import { createLog } from '../../src/shipper/log.js';
import type { RecordBatch, SourceBatch } from '../../src/shipper/parts.js';
import type { ReplacedTimes } from '../../src/shipper/records/replaced-times.js';
import type { CloudWatchApi, LogPage } from '../../src/shipper/sinks/cloudwatch/api.js';
import { PutEncoder } from '../../src/shipper/sinks/cloudwatch/events.js';
import { LostAnswers } from '../../src/shipper/sinks/cloudwatch/lost-answers.js';
import { CloudWatchSink } from '../../src/shipper/sinks/cloudwatch/sink.js';
import { LogStreams } from '../../src/shipper/sinks/cloudwatch/streams.js';
import type { HttpResponse } from '../../src/shipper/sinks/http/client.js';
import { SentNote } from '../../src/shipper/sinks/unsettled/sent-note.js';
import { noResource } from './batches.js';

export interface Stored {
  readonly timestamp: number;
  readonly message: string;
}

/** The fate of a PutLogEvents: whether it is stored, wholly or the first half of it, and whether the answer arrives. */
export type PutFault =
  | 'stored, lost'
  | 'half stored, lost'
  | 'lost'
  | 'stored, 500'
  | '500'
  | 'throttled'
  | 'unreached'
  | 'accepted';
export type GetFault = 'denied' | 'throttled' | '500' | 'lost' | 'unreached' | 'accepted';

interface Put {
  readonly logStreamName: string;
  readonly logEvents: readonly Stored[];
}

const answer = (status: number, json: object): HttpResponse => ({
  status,
  headers: {},
  body: Buffer.from(JSON.stringify(json)),
});
const error = (status: number, __type: string) => answer(status, { __type, message: 'scripted' });

async function turn(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise(setImmediate);
}

export class MemoryLogs implements CloudWatchApi {
  readonly createsGroup = false;
  readonly credentialSource = 'the test';
  clockMs = 0;
  /** Of the next requests; then all are accepted. */
  readonly puts: PutFault[] = [];
  readonly gets: GetFault[] = [];
  /** How many turns of the event loop the next requests are on their way, and their answers back; then none. */
  readonly turns: (readonly [there: number, back: number])[] = [];
  /** How long an event is stored before it can be read. */
  delayMs = 0;
  pageEvents = 10_000;
  /** Pages without an event between those with some. */
  emptyPages = 0;
  /** Events of before are expired, and rejected one by one: `rejectedLogEventsInfo`. */
  retainedFromMs = Number.NEGATIVE_INFINITY;
  /** A policy of data protection hides these. */
  masked: RegExp | undefined;
  readonly #streams = new Map<string, { readonly event: Stored; readonly readableMs: number }[]>();
  reads = 0;

  target(logStream: string): string {
    return `/g/${logStream} at https://logs`;
  }

  /** Another writer's. */
  store(logStream: string, events: readonly Stored[]): void {
    const stored = this.#streams.get(logStream) ?? [];
    this.#streams.set(logStream, stored);
    const readableMs = this.clockMs + this.delayMs;
    stored.push(...events.map((event) => ({ event, readableMs })));
  }

  stored(logStream: string): readonly Stored[] {
    return (this.#streams.get(logStream) ?? []).map(({ event }) => event);
  }

  async putLogEvents(body: Buffer): Promise<HttpResponse> {
    const { logStreamName, logEvents } = JSON.parse(body.toString()) as Put;
    const fault = this.puts.shift() ?? 'accepted';
    const [there, back] = this.turns.shift() ?? [0, 0];
    await turn(there);
    try {
      return await this.#put({ logStreamName, logEvents }, fault);
    } finally {
      await turn(back);
    }
  }

  async #put({ logStreamName, logEvents }: Put, fault: PutFault): Promise<HttpResponse> {
    if (fault === 'unreached') throw new NoAnswerError({ code: 'ECONNREFUSED', detail: 'nothing listens' });
    if (fault === 'throttled') return error(400, 'ThrottlingException');
    const retained = logEvents.filter(({ timestamp }) => timestamp >= this.retainedFromMs);
    // Events ascend in time: the expired ones are the first.
    const expired = logEvents.length - retained.length;
    if (fault.includes('stored') || fault === 'accepted') {
      this.store(logStreamName, fault.startsWith('half') ? retained.slice(0, retained.length / 2) : retained);
    }
    if (fault.endsWith('500')) return error(500, 'InternalFailure');
    if (fault.endsWith('lost')) throw new NoAnswerError({ code: 'timeout', detail: 'no answer', isSent: true });
    const rejected = expired > 0 && { rejectedLogEventsInfo: { expiredLogEventEndIndex: expired } };
    return answer(200, { nextSequenceToken: '1', ...rejected });
  }

  async getLogEvents({ logStreamName, startTime, endTime, nextToken }: LogPage): Promise<HttpResponse> {
    this.reads += 1;
    const fault = this.gets.length > 1 ? this.gets.shift() : (this.gets[0] ?? 'accepted');
    if (fault === 'denied') return error(400, 'AccessDeniedException');
    if (fault === 'throttled') return error(400, 'ThrottlingException');
    if (fault === '500') return error(500, 'InternalFailure');
    if (fault === 'lost') throw new NoAnswerError({ code: 'timeout', detail: 'no answer', isSent: true });
    if (fault === 'unreached') throw new NoAnswerError({ code: 'ECONNREFUSED', detail: 'nothing listens' });
    const stream = this.#streams.get(logStreamName);
    if (stream === undefined) return error(400, 'ResourceNotFoundException');
    const events = stream
      .filter(
        ({ event, readableMs }) =>
          readableMs <= this.clockMs && event.timestamp >= startTime && event.timestamp < endTime,
      )
      .map(({ event }) => ({
        ...event,
        message: this.masked === undefined ? event.message : event.message.replace(this.masked, '****'),
      }))
      .sort((a, b) => b.timestamp - a.timestamp);
    // A step is an empty page, or one of events; the last token names itself.
    const step = Number(nextToken ?? 0);
    const perPage = this.emptyPages + 1;
    const page = Math.floor(step / perPage);
    const isEmpty = step % perPage !== perPage - 1;
    const steps = (Math.floor(events.length / this.pageEvents) + 1) * perPage;
    const shown = isEmpty ? [] : events.slice(page * this.pageEvents, (page + 1) * this.pageEvents).reverse();
    const next = Math.min(step + 1, steps);
    return answer(200, { events: shown, nextBackwardToken: String(next), nextForwardToken: 'f' });
  }

  async createStream(): Promise<void> {}
  renewCredentials(): void {}
  close(): void {}
}

export interface ShipOptions {
  readonly stream?: string;
  readonly previousUntilMs?: number;
  readonly replacedTimes?: ReplacedTimes;
  /** For the note of the records that have left. */
  readonly notesDirectory?: string | undefined;
  readonly maxRecords?: number;
  /** @default 1 */
  readonly requestsMax?: number;
  /** The shipper stops from now on: waits are short. */
  readonly isHurried?: boolean;
  /** Deliveries end when so many waits are over. */
  readonly killAfterWaits?: number;
}

export interface Shipped {
  readonly ledger: Ledger;
  readonly notices: readonly string[];
  readonly waitedMs: number;
  readonly held: number;
  /** Records before it are acknowledged, and the source has forgotten them. */
  readonly position: number;
}

interface SinkOptions {
  readonly stream?: string | undefined;
  readonly previousUntilMs?: number | undefined;
  readonly replacedTimes?: ReplacedTimes | undefined;
  readonly notesDirectory?: string | undefined;
  readonly onNotice?: (notice: string) => unknown;
  readonly onPossibleDuplicates: (records: RecordBatch) => void;
}

/** The real sink before these log streams. */
export function openSink(
  logs: MemoryLogs,
  {
    stream,
    previousUntilMs,
    replacedTimes,
    notesDirectory: directory,
    onNotice = () => {},
    onPossibleDuplicates,
  }: SinkOptions,
): CloudWatchSink {
  const streams = new LogStreams(stream, { ...noResource, podName: 'pod' });
  const now = () => logs.clockMs;
  const isShared = !streams.isOwn;
  const isContinued = previousUntilMs !== undefined;
  const note = directory === undefined ? undefined : new SentNote({ directory, sink: 'cloudwatch', isContinued });
  const previous = { previousUntilMs, replacedTimes, note };
  const lost = new LostAnswers({ api: logs, isShared, ...previous, now, onNotice, onPossibleDuplicates });
  return new CloudWatchSink(logs, streams, new PutEncoder('/g'), lost, onNotice);
}

/** Delivers batches with a new shipper. */
export async function ship(
  logs: MemoryLogs,
  batches: readonly SourceBatch[],
  options: ShipOptions = {},
): Promise<Shipped> {
  const {
    stream,
    previousUntilMs,
    replacedTimes,
    notesDirectory,
    maxRecords = 10_000,
    requestsMax = 1,
    isHurried = false,
    killAfterWaits = Number.POSITIVE_INFINITY,
  } = options;
  const ledger = new Ledger(['cloudwatch']);
  const notices: string[] = [];
  const now = () => logs.clockMs;
  const sink = openSink(logs, {
    ...{ stream, previousUntilMs, replacedTimes, notesDirectory, onNotice: (notice) => notices.push(notice) },
    onPossibleDuplicates: (records) => ledger.countPossibleDuplicates('cloudwatch', Tally.of(records)),
  });
  Object.assign(sink, { limits: { ...sink.limits, maxRecords }, requestsMax });
  const buffer = new RecordBuffer({ maxBytes: 100_000_000, sinks: ['cloudwatch'], now });
  for (const batch of batches) ledger.countRead(buffer.append(batch));
  buffer.close();
  const cursor = buffer.cursor('cloudwatch');
  const [hurry, deadline] = [new AbortController(), new AbortController()];
  if (isHurried) hurry.abort();
  let waits = 0;
  const began = logs.clockMs;
  await deliver({
    ...{ sink, cursor, ledger, now, health: healthySink(), attemptMs: 60_000, random: () => 0.5 },
    log: createLog({ write: () => {}, now }),
    hurry: hurry.signal,
    deadline: deadline.signal,
    async sleep(ms) {
      waits += 1;
      logs.clockMs += ms;
      if (waits >= killAfterWaits) deadline.abort();
    },
  });
  return {
    ledger,
    notices,
    waitedMs: logs.clockMs - began,
    held: cursor.held.records,
    position: (cursor as BufferCursor).position,
  };
}
