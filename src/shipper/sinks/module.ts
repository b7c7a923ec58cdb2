/**
 * Records to a sink of the user's own: a JavaScript module that exports `openSink(context)`, which returns, or promises, a sink. Its
 * page is docs/guides/module-sink.md.
 */
import { pathToFileURL } from 'node:url';
import { ConfigError, messageOf, NoAnswerError } from '../errors.js';
import type { BatchLimits, SendResult, Sink } from '../parts.js';
import { recordAt } from '../records/record-batch.js';
import { LINE_LIMITS } from './lines/output.js';
import type { SinkContext } from './sink-context.js';

/** The exports that a module needs. */
interface SinkModule {
  readonly openSink?: (context: {
    readonly recordAt: typeof recordAt;
    readonly notice: (message: string) => void;
  }) => unknown;
}

/** Optional members have defaults. */
type UserSink = Pick<Sink, 'send'> &
  Partial<Pick<Sink, 'check' | 'close'>> & { readonly limits?: Partial<BatchLimits> };

export async function openModule(path: string, { onNotice }: SinkContext): Promise<Sink> {
  const problem = (what: string, remedy: string, cause?: unknown) =>
    new ConfigError([`LOGTAP_SINK='module:${path}': ${what}. ${remedy}`], { cause });
  const sink = (await open(path, onNotice).catch((error) => {
    throw problem(`cannot be loaded: ${messageOf(error)}`, 'Correct the path, or the module.', error);
  })) as UserSink | undefined;
  if (typeof sink?.send !== 'function') {
    throw problem('openSink() gave no sink', 'Return an object with a method send(batch, signal).');
  }
  const limits = { ...LINE_LIMITS, ...sink.limits };
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw problem(`limits.${name} (${value}) must be a whole number`, 'Correct it, or leave it out.');
  }
  return {
    name: `module:${path}`,
    limits,
    send: async (batch, signal, onProgress) => checked(await sink.send(batch, signal, onProgress), batch.count),
    ...(sink.check !== undefined && { check: (signal: AbortSignal) => sink.check!(signal) }),
    close: async () => sink.close?.(),
  };
}

async function open(path: string, notice: (message: string) => void): Promise<unknown> {
  const { openSink, default: inner }: SinkModule & { readonly default?: SinkModule } = await import(
    pathToFileURL(path).href
  );
  const found = openSink ?? inner?.openSink;
  if (found === undefined) throw new Error('it exports no function openSink');
  return found({ recordAt, notice });
}

/** No answer means that all were accepted. An invalid one may mean anything: then all are retried. */
function checked(answer: unknown, count: number): SendResult {
  const { retry = [], rejected = [], failure, retryAfterMs } = (answer ?? {}) as Partial<SendResult>;
  mustAnswer(typeof (answer ?? {}) === 'object', 'be an object, or nothing where all were accepted');
  const indexes = [...retry, ...rejected.map(({ index }) => index)];
  mustAnswer(
    indexes.every((index) => Number.isInteger(index) && index >= 0 && index < count) &&
      new Set(indexes).size === indexes.length,
    `name each of ${count} records at most once, by its index`,
  );
  mustAnswer(
    rejected.every(({ reason }) => isWord(reason)),
    "give each of 'rejected' a 'reason', a short word",
  );
  mustAnswer(
    failure === undefined || (isWord(failure.code) && typeof failure.detail === 'string'),
    "give 'failure' a 'code', a short word, and a 'detail'",
  );
  mustAnswer(
    retryAfterMs === undefined || (retryAfterMs >= 0 && retryAfterMs <= RETRY_AFTER_MAX_MS),
    `give 'retryAfterMs' as a number from 0 to ${RETRY_AFTER_MAX_MS}`,
  );
  return {
    retry: [...retry].sort((a, b) => a - b),
    rejected,
    ...(failure !== undefined && { failure }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** A day. Timers cannot wait for much longer, and would not wait at all. */
const RETRY_AFTER_MAX_MS = 86_400_000;

/** It is the name of a count. */
const isWord = (text: unknown) => typeof text === 'string' && text.length > 0 && text.length <= 100;

function mustAnswer(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new NoAnswerError({ code: 'module', detail: `the module's answer must ${rule}` });
}
