/** One send, and how long it is waited for. */
import { failureOf, isDefect, NoAnswerError } from '../errors.js';
import type { RecordBatch, SendResult, Sink } from '../parts.js';
import { CONFIGURATION_RETRY_MS } from './backoff.js';

export interface AttemptOptions {
  readonly sink: Sink;
  /** A send that makes no progress for so long counts as failed. */
  readonly attemptMs: number;
  /** Aborted when the shipper stops: then a send gets a share of the remaining time. */
  readonly hurry: AbortSignal;
  /** Aborted when the time is up. */
  readonly deadline: AbortSignal;
  /** Until the deadline, while the shipper stops. */
  readonly remainingMs?: (() => number) | undefined;
}

/** For a sink to answer to its signal. */
const ABORT_MS = 1000;
/** A body that moves is waited for so many times as long as one that does not. */
const PROGRESS_FACTOR = 10;
/** Share of the remaining time while the shipper stops: a send that hangs leaves time for others, on another connection. */
const HURRY_SHARE = 1 / 3;
const HURRY_LEAST_MS = 1000;

/**
 * When the time is up the sink is told to stop and may still report deliveries; one that throws, or does not even
 * answer to that, has delivered nothing as far as we know.
 */
export async function attempt(options: AttemptOptions, batch: RecordBatch): Promise<SendResult> {
  const { sink, attemptMs, hurry, deadline, remainingMs } = options;
  const controller = new AbortController();
  const timers = new Set<NodeJS.Timeout>();
  const after = (ms: number, call: () => void) => {
    const timer = setTimeout(call, ms);
    timers.add(timer);
    return timer;
  };
  let giveUp = (_: Error) => {};
  const given = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const stop = (code: string, why: string) => {
    if (controller.signal.aborted) return;
    const error = new NoAnswerError({ code, detail: why });
    controller.abort(error);
    after(ABORT_MS, () => giveUp(error));
  };
  let patience: NodeJS.Timeout | undefined;
  const onProgress = () => {
    const share = hurry.aborted ? Math.max(HURRY_LEAST_MS, (remainingMs?.() ?? attemptMs) * HURRY_SHARE) : attemptMs;
    const ms = Math.round(Math.min(attemptMs, share));
    clearTimeout(patience);
    patience = after(ms, () => stop('timeout', `no answer within ${ms} ms`));
  };
  const onDeadline = () => stop('stopped', 'the shipper stops');
  hurry.addEventListener('abort', onProgress, { once: true });
  deadline.addEventListener('abort', onDeadline, { once: true });
  onProgress();
  after(attemptMs * PROGRESS_FACTOR, () => stop('timeout', `no answer within ${attemptMs * PROGRESS_FACTOR} ms`));
  try {
    return await Promise.race([sink.send(batch, controller.signal, onProgress), given]);
  } catch (error) {
    const failure = failureOf(error);
    const retry = Array.from({ length: batch.count }, (_, i) => i);
    // The records stay: a corrected sink delivers them. One that ended the shipper would take the other sinks with it.
    return { retry, rejected: [], failure, ...(isDefect(error) && { retryAfterMs: CONFIGURATION_RETRY_MS }) };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    hurry.removeEventListener('abort', onProgress);
    deadline.removeEventListener('abort', onDeadline);
  }
}
