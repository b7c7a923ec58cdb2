/**
 * Takes the records of one cursor to one sink: the only place that knows how often, how long and when. Without a time limit.
 * Several requests may be out; their answers are booked in the order in which the requests left, so that sources, disk and counts know
 * of one place only up to which everything is acknowledged. Permanently rejected records become dead letters, all others are
 * retried. If one place of the sink refuses, its records wait, and the others go on.
 */

import { setMaxListeners } from 'node:events';
import type { Ledger } from '../accounting/ledger.js';
import { Tally } from '../accounting/tally.js';
import type { Log } from '../log.js';
import type { Failure, RecordBatch, Rejected, SendResult } from '../parts.js';
import type { Piece, Refused } from '../records/piece.js';
import { select } from '../records/record-batch.js';
import { type AttemptOptions, attempt } from './attempt.js';
import { backoffMs } from './backoff.js';
import { BlockedDestinations } from './blocked-destinations.js';
import { noteSending } from './note-sending.js';
import { Requests, type SentRequest } from './requests.js';
import { HURRY_MS, type Next, Taker, type TakerOptions } from './taker.js';

export interface DeliverOptions extends AttemptOptions, TakerOptions {
  readonly ledger: Ledger;
  readonly log: Log;
  readonly health: SinkHealth;
  /** Without it, permanently rejected records are dropped. */
  readonly deadLetters?: DeadLetters | undefined;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface DeadLetters {
  /** All of them, or none. */
  write(sink: string, batch: RecordBatch, rejected: readonly Rejected[]): Kept;
}

/** `later`: they cannot be kept now. The records are retried, to be refused again. */
export type Kept = 'kept' | 'later' | 'dropped';

/** The state of a sink, for the status server. */
export interface SinkHealth {
  /** Failures in a row; 0 once anything was accepted or permanently refused. */
  failures: number;
  /** When anything was last accepted or permanently refused, on the clock of the cursors. */
  acknowledgedMs: number;
  /** Code of the last failure. */
  reason: string;
  /** The last failure in words, secrets not removed, and its time on the same clock. */
  detail: string;
  failedMs: number;
  /** By reason, since the start. */
  readonly retries: Map<string, number>;
}

export const healthySink = (): SinkHealth => ({
  ...{ failures: 0, acknowledgedMs: 0, reason: '', detail: '', failedMs: 0 },
  retries: new Map(),
});

export async function deliver(options: DeliverOptions): Promise<void> {
  const { sink } = options;
  const blocked = new BlockedDestinations((batch) => sink.destinations?.(batch) ?? []);
  const requests = new Requests(sink.requestsMax);
  const taker = new Taker(options, blocked, requests);
  // Each request that is out listens to both.
  setMaxListeners(0, options.hurry, options.deadline);
  /** Whether the deadline has left records of a request. */
  let isCut = false;
  for (;;) {
    const oldest = await nextAnswered(options, taker, requests);
    if (oldest === undefined) return;
    isCut = !(await settle(options, blocked, requests, oldest, isCut)) || isCut;
    requests.settled();
  }
}

/** The oldest request, once its answer is there. While it waits for that, more leave. */
async function nextAnswered(
  options: DeliverOptions,
  taker: Taker,
  requests: Requests,
): Promise<SentRequest | undefined> {
  for (;;) {
    const { oldest } = requests;
    const mayLeave = oldest === undefined || (requests.hasRoom && !oldest.over.aborted);
    const next: Next | undefined = mayLeave ? await taker.next(oldest?.over ?? options.deadline) : undefined;
    if (next !== undefined) requests.add(launch(options, next.piece, next.destination));
    else if (oldest === undefined) return undefined;
    else {
      await oldest.answer;
      return oldest;
    }
  }
}

function launch(options: DeliverOptions, piece: Piece, destination?: string): SentRequest {
  const { deadline, now } = options;
  const { batch } = piece;
  if (options.sink.releasesBatches !== true) batch.memory?.keep();
  const note = noteSending(options, batch);
  const over = new AbortController();
  const end = () => over.abort();
  deadline.addEventListener('abort', end, { once: true });
  const answer = attempt(options, batch).then((result) => {
    deadline.removeEventListener('abort', end);
    end();
    return { result, atMs: now() };
  });
  return { piece, destination, answer, over: over.signal, note };
}

/**
 * Books the answer to the oldest request, and repeats it until every record is acknowledged or waits for its place. False where the
 * deadline has ended that.
 */
async function settle(
  options: DeliverOptions,
  blocked: BlockedDestinations,
  requests: Requests,
  { destination, ...first }: SentRequest,
  isCut: boolean,
): Promise<boolean> {
  const { health, deadline, now } = options;
  let sent: SentRequest = first;
  /** Failures in a row without a pause between, which the backoff grows with. */
  let attempts = 0;
  for (let failures = 0; ; ) {
    const { piece } = sent;
    const answer = await sent.answer;
    // Behind records that are left nothing is forgotten: the next shipper gets these again, and would count them twice.
    // A send that was given up may go on reading.
    if (answer.result.retry.length > 0) piece.batch.memory?.keep();
    const { result, isKept } = isCut ? withoutRejected(answer.result) : keepRefused(options, piece, answer.result);
    // Before anything forgets the records.
    sent.note(result);
    acknowledge(options, piece, result, isKept);
    const again = setAside(options, blocked, piece, result, destination);
    const isSettled = again.length === 0;
    if (!isSettled) requests.failed();
    else if (result.retry.length > 0) requests.blocked();
    else requests.taken();
    if (result.retry.length < piece.count) health.acknowledgedMs = now();
    const isProgress = again.length < piece.count;
    failures = isSettled ? 0 : isProgress ? 1 : failures + 1;
    const isPause = result.failure?.isPause === true;
    attempts = isProgress ? 1 : isPause ? 0 : attempts + 1;
    if (isSettled && destination !== undefined && !isBlocked(result, destination)) blocked.free(destination);
    health.failures = Math.max(failures, blocked.failures);
    if (isSettled) return true;
    if (!deadline.aborted) {
      const delayMs = delayOf(options, isPause ? 1 : attempts, result.retryAfterMs);
      await waitAfter(options, result, failures, Math.max(0, delayMs - Math.round(now() - answer.atMs)));
    }
    if (deadline.aborted) return false;
    sent = launch(options, piece.select(again));
  }
}

const isBlocked = ({ blocked = [] }: SendResult, name: string) =>
  blocked.some(({ destination }) => destination === name);

/** Sets records for blocked places aside. Returns the others that must be retried. */
function setAside(
  options: DeliverOptions,
  blocked: BlockedDestinations,
  piece: Piece,
  { retry, blocked: places = [] }: SendResult,
  waitedFor: string | undefined,
): readonly number[] {
  if (places.length === 0 || options.sink.destinations === undefined) return retry;
  const where = (destination: string) => (destination === waitedFor ? 'front' : 'end');
  return blocked.block(piece, retry, places, where, ({ destination, failure, retryAfterMs }, failures) => {
    const delayMs = delayOf(options, failures, retryAfterMs);
    sayRetry(options, failure, failures, delayMs, destination);
    return options.now() + delayMs;
  });
}

const withoutRejected = ({ retry, rejected, ...result }: SendResult) => ({
  result: { ...result, retry: retriedToo(retry, rejected), rejected: [] },
  isKept: false,
});

const retriedToo = (retry: readonly number[], rejected: readonly Rejected[]): readonly number[] =>
  [...retry, ...rejected.map(({ index }) => index)].sort((one, other) => one - other);

/** Dead letters first: a record that is not on disk is not acknowledged. */
function keepRefused(
  { sink, deadLetters }: DeliverOptions,
  { batch }: Piece,
  result: SendResult,
): { readonly result: SendResult; readonly isKept: boolean } {
  const { retry, rejected } = result;
  const kept = rejected.length === 0 ? undefined : deadLetters?.write(sink.name, batch, rejected);
  if (kept !== 'later') return { result, isKept: kept === 'kept' };
  const failure = { code: 'dead_letters', detail: 'the file of dead letters cannot be written' };
  const again = retriedToo(retry, rejected);
  return { result: { ...result, retry: again, rejected: [], failure: result.failure ?? failure }, isKept: false };
}

/** Books an answer. */
function acknowledge(
  { sink, ledger, log }: DeliverOptions,
  piece: Piece,
  { retry, rejected, elsewhere = [] }: SendResult,
  isKept: boolean,
): void {
  const { batch } = piece;
  const fate = isKept ? 'deadLettered' : 'dropped';
  const refused: Refused[] = [];
  const acknowledged = retry.length > 0 ? Tally.of(batch).minus(Tally.of(select(batch, retry))) : Tally.of(batch);
  for (const [reason, indexes] of byReason(rejected)) {
    const records = select(batch, indexes);
    const tally = Tally.of(records);
    ledger.countUndelivered(fate, sink.name, reason, tally);
    ledger.notePlaces(fate, sink.name, reason, records);
    refused.push({ indexes, keep: (some) => ledger.keepUndelivered(fate, sink.name, reason, some) });
    acknowledged.subtract(tally);
    const said = isKept ? 'records are dead letters' : 'records dropped';
    log.problem('warn', `${sink.name} rejected ${reason}`, `${said}: the sink permanently refuses them`, {
      sink: sink.name,
      reason,
      records: tally.records,
    });
  }
  if (elsewhere.length > 0) {
    const tally = Tally.of(select(batch, elsewhere));
    ledger.countElsewhere(sink.name, tally);
    acknowledged.subtract(tally);
  }
  ledger.countDelivered(sink.name, acknowledged);
  piece.acknowledge(retry, refused);
}

async function waitAfter(
  options: DeliverOptions,
  result: SendResult,
  failures: number,
  delayMs: number,
): Promise<void> {
  const { sleep, hurry, deadline } = options;
  const failure = result.failure ?? { code: 'retry', detail: 'the sink asked for another attempt' };
  sayRetry(options, failure, failures, delayMs);
  await sleep(delayMs, hurry.aborted ? deadline : hurry);
}

function delayOf({ random, hurry }: DeliverOptions, failures: number, retryAfterMs = 0): number {
  const wanted = retryAfterMs + backoffMs(failures, random);
  return Math.round(hurry.aborted ? Math.min(wanted, HURRY_MS) : wanted);
}

function sayRetry(
  { sink, health, log, now }: DeliverOptions,
  { code, detail }: Failure,
  failures: number,
  delayMs: number,
  destination?: string,
): void {
  Object.assign(health, { reason: code, detail, failedMs: now() });
  health.retries.set(code, (health.retries.get(code) ?? 0) + 1);
  const where = destination === undefined ? {} : { destination };
  log.problem('error', `${sink.name} retry ${code} ${destination ?? ''}`, `${sink.name}: ${detail}`, {
    ...{ sink: sink.name, error: code, ...where },
    attempt: failures,
    nextAttemptMs: delayMs,
  });
}

function byReason(rejected: readonly Rejected[]): Map<string, number[]> {
  const indexes = new Map<string, number[]>();
  for (const { index, reason } of rejected) {
    const known = indexes.get(reason);
    if (known === undefined) indexes.set(reason, [index]);
    else known.push(index);
  }
  return indexes;
}
