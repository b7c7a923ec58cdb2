/**
 * Records to a sink of the user's own: a JavaScript module that exports `openSink(context)`, which returns, or promises, a sink. Its
 * page is docs/module-sink.md.
 */
import { pathToFileURL } from 'node:url';
import { ConfigError, messageOf, NoAnswerError } from '../errors.js';
import type { BatchLimits, SendResult, Sink } from '../parts.js';
import { recordAt } from '../record-batch.js';
import { LINE_LIMITS } from './line-output.js';
import type { SinkContext } from './sink-context.js';

/** What the module has to export. */
interface SinkModule {
  readonly openSink?: (context: {
    readonly recordAt: typeof recordAt;
    readonly notice: (message: string) => void;
  }) => unknown;
}

/** What it may leave out has a default. */
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
  return {
    name: `module:${path}`,
    limits: { ...LINE_LIMITS, ...sink.limits },
    send: async (batch, signal) => checked(await sink.send(batch, signal), batch.count),
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

/** Nothing means that all were accepted. An index that is none would be a record that nobody counts. */
function checked(result: Partial<SendResult> | undefined, count: number): SendResult {
  const { retry = [], rejected = [] } = result ?? {};
  const indexes = [...retry, ...rejected.map(({ index }) => index)];
  const isRight = indexes.every((index) => Number.isInteger(index) && index >= 0 && index < count);
  if (!isRight || new Set(indexes).size < indexes.length) {
    throw new NoAnswerError({
      code: 'module',
      detail: `the module's answer must name each of ${count} records at most once, by its index`,
    });
  }
  return { ...result, retry: [...retry].sort((a, b) => a - b), rejected };
}
