/** Asks every service whether it would accept records. `ship --check` prints the answers, and a sidecar logs them at start. */
import { failureOf, NoAnswerError } from './errors.js';
import type { CheckResult, Sink } from './parts.js';

/** A service that does not answer by then is not there. */
const CHECK_MS = 10_000;

export interface SinkCheckResult extends CheckResult {
  readonly sink: string;
}

/** One result per sink. Never throws. */
export function checkSinks(sinks: readonly Sink[]): Promise<readonly SinkCheckResult[]> {
  return Promise.all(sinks.map(async (sink) => ({ sink: sink.name, ...(await check(sink)) })));
}

async function check(sink: Sink): Promise<CheckResult> {
  if (sink.check === undefined) return { isRight: true, text: 'there is no service to ask' };
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new NoAnswerError({ code: 'timeout', detail: `no answer within ${CHECK_MS / 1000} s` }));
  }, CHECK_MS);
  try {
    return await sink.check(controller.signal);
  } catch (error) {
    return { isRight: false, text: failureOf(error).detail };
  } finally {
    clearTimeout(timer);
  }
}
