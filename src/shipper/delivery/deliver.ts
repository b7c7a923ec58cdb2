/**
 * Takes the records of one cursor to one sink: the only place that knows how often, how long and when. In order, one
 * request at a time, without a time limit. Permanently rejected records become dead letters, all others are retried.
 * If one place of the sink refuses, its records wait, and the others go on.
 */

import type { Ledger } from '../accounting/ledger.js';
import { Tally } from '../accounting/tally.js';
import type { Cursor } from '../buffer/cursor.js';
import type { Log } from '../log.js';
import type { Failure, RecordBatch, Rejected, SendResult } from '../parts.js';
import { Piece, type Refused } from '../records/piece.js';
import { select } from '../records/record-batch.js';
import { type AttemptOptions, attempt } from './attempt.js';
import { backoffMs } from './backoff.js';
import { BlockedDestinations } from './blocked-destinations.js';
import { noteSending } from './note-sending.js';

export interface DeliverOptions extends AttemptOptions {
  readonly cursor: Cursor;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly health: SinkHealth;
  /** Without it, permanently rejected records are dropped. */
  readonly deadLetters?: DeadLetters | undefined;
  readonly now: () => number;
  /** Waits; ends early, without an error, when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
  /** Memory that may wait for blocked places before the others wait, too. @default 4 MiB */
  readonly blockedMaxBytes?: number;
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

/** Longest wait between attempts while the shipper stops: a service that comes back in time is not missed. */
const HURRY_MS = 500;

const BLOCKED_MAX_BYTES = 4 * 1024 * 1024;

export async function deliver(options: DeliverOptions): Promise<void> {
  const { sink, health, deadline, now } = options;
  const blocked = new BlockedDestinations((batch) => sink.destinations?.(batch) ?? []);
  for (;;) {
    const next = await take(options, blocked);
    if (next === undefined) return;
    let left: Piece | undefined = next.piece;
    let failures = 0;
    while (left !== undefined) {
      const piece: Piece = left;
      const note = noteSending(options, piece.batch);
      const { result, isKept } = keepRefused(options, piece, await attempt(options, piece.batch));
      // Before anything forgets the records.
      note(result);
      acknowledge(options, piece, result, isKept);
      const again = setAside(options, blocked, piece, result);
      if (result.retry.length < piece.batch.count) health.acknowledgedMs = now();
      left = again.length === 0 ? undefined : piece.select(again);
      if (left === undefined && next.destination !== undefined && !isBlocked(result, next.destination)) {
        blocked.free(next.destination);
      }
      failures = left === undefined ? 0 : left.batch.count < piece.batch.count ? 1 : failures + 1;
      health.failures = Math.max(failures, blocked.failures);
      if (left === undefined) continue;
      if (!deadline.aborted) await waitAfter(options, result, failures);
      if (deadline.aborted) return;
    }
  }
}

/** Due records of a blocked place, or new records for other places. */
async function take(
  options: DeliverOptions,
  blocked: BlockedDestinations,
): Promise<{ readonly piece: Piece; readonly destination?: string } | undefined> {
  const { cursor, sink, now, sleep, hurry, deadline, blockedMaxBytes = BLOCKED_MAX_BYTES } = options;
  let isEnded = false;
  while (!deadline.aborted) {
    if (blocked.isEmpty) {
      const taken = isEnded ? undefined : await cursor.take(sink.limits, deadline);
      return taken && { piece: Piece.of(taken) };
    }
    const due = blocked.take(now(), sink.limits);
    if (due !== undefined) return due;
    const waited = new AbortController();
    const end = hurry.aborted ? deadline : hurry;
    const wait = sleep(blocked.dueMs - now(), AbortSignal.any([end, waited.signal])).then(() => waited.abort());
    if (isEnded || blocked.bytes > blockedMaxBytes) {
      await wait;
    } else {
      const taken = await cursor.take(sink.limits, AbortSignal.any([deadline, waited.signal]));
      isEnded = taken === undefined && !waited.signal.aborted;
      waited.abort();
      const piece = taken && blocked.divert(Piece.of(taken));
      if (piece !== undefined) return { piece };
    }
    if (hurry.aborted) blocked.hasten(now() + HURRY_MS);
  }
  return undefined;
}

const isBlocked = ({ blocked = [] }: SendResult, name: string) =>
  blocked.some(({ destination }) => destination === name);

/** Sets records for blocked places aside. Returns the others that must be retried. */
function setAside(
  options: DeliverOptions,
  blocked: BlockedDestinations,
  piece: Piece,
  { retry, blocked: places = [] }: SendResult,
): readonly number[] {
  if (places.length === 0 || options.sink.destinations === undefined) return retry;
  return blocked.block(piece, retry, places, ({ destination, failure, retryAfterMs }, failures) => {
    const delayMs = delayOf(options, failures, retryAfterMs);
    sayRetry(options, failure, failures, delayMs, destination);
    return options.now() + delayMs;
  });
}

/** Dead letters first: a record that is not on disk is not acknowledged. */
function keepRefused(
  { sink, deadLetters }: DeliverOptions,
  { batch }: Piece,
  result: SendResult,
): { readonly result: SendResult; readonly isKept: boolean } {
  const { retry, rejected } = result;
  const kept = rejected.length === 0 ? undefined : deadLetters?.write(sink.name, batch, rejected);
  if (kept !== 'later') return { result, isKept: kept === 'kept' };
  const again = [...retry, ...rejected.map(({ index }) => index)].sort((one, other) => one - other);
  const failure = { code: 'dead_letters', detail: 'the file of dead letters cannot be written' };
  return { result: { ...result, retry: again, rejected: [], failure: result.failure ?? failure }, isKept: false };
}

/** Books an answer. */
function acknowledge(
  { sink, ledger, log }: DeliverOptions,
  piece: Piece,
  { retry, rejected }: SendResult,
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
  ledger.countDelivered(sink.name, acknowledged);
  piece.acknowledge(retry, refused);
}

async function waitAfter(options: DeliverOptions, result: SendResult, failures: number): Promise<void> {
  const { sleep, hurry, deadline } = options;
  const failure = result.failure ?? { code: 'retry', detail: 'the sink asked for another attempt' };
  const delayMs = delayOf(options, failures, result.retryAfterMs);
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
