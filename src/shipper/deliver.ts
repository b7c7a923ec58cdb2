/**
 * Takes the records of one lane to one sink: the only place that knows how often, how long and when. In order, one
 * request at a time, for ever; what a service refuses for good becomes a dead letter, everything else goes again.
 */
import { type AttemptOptions, attempt } from './attempt.js';
import { backoffMs } from './backoff.js';
import type { Ledger } from './ledger.js';
import type { Log } from './log.js';
import type { RecordBatch, Rejected, SendResult } from './parts.js';
import { select } from './record-batch.js';
import type { Lane } from './spool/lane.js';
import { Tally } from './tally.js';

export interface DeliverOptions extends AttemptOptions {
  readonly lane: Lane;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly health: SinkHealth;
  /** What is refused for good is dropped when absent. */
  readonly deadLetters?: DeadLetters | undefined;
  readonly now: () => number;
  /** Waits; ends early, without an error, when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface DeadLetters {
  /** Whether all of them are kept. */
  write(sink: string, batch: RecordBatch, rejected: readonly Rejected[]): boolean;
}

/** What the status server says about a sink. */
export interface SinkHealth {
  /** Failures in a row; 0 once anything was accepted or refused for good. */
  failures: number;
  /** When anything was last accepted or refused for good, on the clock of the lanes. */
  settledMs: number;
  /** Code of the last failure. */
  reason: string;
  /** By reason, since the start. */
  readonly retries: Map<string, number>;
}

export const healthySink = (): SinkHealth => ({ failures: 0, settledMs: 0, reason: '', retries: new Map() });

/** Longest wait between attempts while the shipper stops: a service that comes back in time is not missed. */
const HURRY_MS = 500;

export async function deliver(options: DeliverOptions): Promise<void> {
  const { lane, sink, health, deadline } = options;
  for (;;) {
    const taken = await lane.take(sink.limits, deadline);
    if (taken === undefined) return;
    let batch: RecordBatch | undefined = taken.batch;
    while (batch !== undefined) {
      const result = await attempt(options, batch);
      const left = settle(options, batch, result, taken.settle);
      if (left === undefined || left.count < batch.count) health.settledMs = options.now();
      if (left === undefined) health.failures = 0;
      else if (!deadline.aborted) await waitAfter(options, result, left.count < batch.count);
      if (left !== undefined && deadline.aborted) return;
      batch = left;
    }
  }
}

/** Books an answer. Returns what has to go again. */
function settle(
  { sink, ledger, log, deadLetters }: DeliverOptions,
  batch: RecordBatch,
  { retry, rejected }: SendResult,
  release: (settled: Tally) => void,
): RecordBatch | undefined {
  const left = retry.length > 0 ? select(batch, retry) : undefined;
  const settled = left === undefined ? Tally.of(batch) : Tally.of(batch).minus(Tally.of(left));
  release(settled);
  const isKept = rejected.length > 0 && deadLetters?.write(sink.name, batch, rejected) === true;
  for (const [reason, indexes] of byReason(rejected)) {
    const refused = Tally.of(select(batch, indexes));
    if (isKept) ledger.countDeadLettered(sink.name, reason, refused);
    else ledger.countDropped(sink.name, reason, refused);
    settled.subtract(refused);
    const fate = isKept ? 'records are dead letters' : 'records dropped';
    log.problem('warn', `${sink.name} rejected ${reason}`, `${fate}: the sink refuses them for good`, {
      sink: sink.name,
      reason,
      records: refused.records,
    });
  }
  ledger.countDelivered(sink.name, settled);
  return left;
}

async function waitAfter(options: DeliverOptions, result: SendResult, isProgress: boolean): Promise<void> {
  const { sink, health, log, random, sleep, hurry, deadline } = options;
  const failure = result.failure ?? { code: 'retry', detail: 'the sink asked for another attempt' };
  health.failures = isProgress ? 1 : health.failures + 1;
  health.reason = failure.code;
  health.retries.set(failure.code, (health.retries.get(failure.code) ?? 0) + 1);
  const wanted = (result.retryAfterMs ?? 0) + backoffMs(health.failures, random);
  const delayMs = Math.round(hurry.aborted ? Math.min(wanted, HURRY_MS) : wanted);
  log.problem('error', `${sink.name} retry ${failure.code}`, `${sink.name}: ${failure.detail}`, {
    sink: sink.name,
    error: failure.code,
    attempt: health.failures,
    nextAttemptMs: delayMs,
  });
  await sleep(delayMs, hurry.aborted ? deadline : hurry);
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
