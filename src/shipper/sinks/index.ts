/** Name to sink: the only switch. A sink's module, and the clients it brings, load only when it is chosen. */

import type { SinkName } from '../../catalog/setting-values.js';
import { failureOf } from '../errors.js';
import type { Sink } from '../parts.js';
import type { SinkContext } from './sink-context.js';

type Open = (context: SinkContext) => Promise<Sink>;

const OPEN: Readonly<Record<Exclude<SinkName, `module:${string}`>, Open>> = {
  stdout: async (context) => (await import('./stdout.js')).openStdout(context),
  file: async (context) => (await import('./file.js')).openFile(context),
  opensearch: async (context) => (await import('./opensearch.js')).openOpenSearch(context),
  tcp: async (context) => counted((await import('./tcp.js')).openTcp(context), context),
  forward: async (context) => counted((await import('./forward.js')).openForward(context), context),
  cloudwatch: async (context) => (await import('./cloudwatch.js')).openCloudWatch(context),
};

/** Throws a ConfigError when the sink's settings cannot work. Does not ask whether its service is there. */
export async function openSink(name: SinkName, context: SinkContext): Promise<Sink> {
  if (!isModule(name)) return OPEN[name](context);
  return counted(await (await import('./module.js')).openModule(name.slice(MODULE.length), context), context);
}

/** The sink, each of whose sends is one request. Those over HTTP count theirs by the status of each answer. */
function counted(sink: Sink, { onRequest }: SinkContext): Sink {
  return {
    name: sink.name,
    limits: sink.limits,
    async send(batch, signal, onProgress) {
      const started = performance.now();
      const count = (code: string) => onRequest(code, (performance.now() - started) / 1000);
      try {
        const result = await sink.send(batch, signal, onProgress);
        count(result.failure?.code ?? 'ok');
        return result;
      } catch (error) {
        count(failureOf(error).code);
        throw error;
      }
    },
    ...(sink.check !== undefined && { check: (signal: AbortSignal) => sink.check!(signal) }),
    close: () => sink.close(),
  };
}

const MODULE = 'module:';
const isModule = (name: SinkName): name is `${typeof MODULE}/${string}` => name.startsWith(MODULE);
