/** Name to sink: the only switch. A sink's module, and the clients it brings, load only when it is chosen. */
import type { Sink } from '../parts.js';
import type { SinkName } from '../setting-parsers.js';
import type { SinkContext } from './sink-context.js';

type Open = (context: SinkContext) => Promise<Sink>;

const OPEN: Readonly<Record<Exclude<SinkName, `module:${string}`>, Open>> = {
  stdout: async (context) => (await import('./stdout.js')).openStdout(context),
  file: async (context) => (await import('./file.js')).openFile(context),
  opensearch: async (context) => (await import('./opensearch.js')).openOpenSearch(context),
  tcp: async (context) => (await import('./tcp.js')).openTcp(context),
  forward: async (context) => (await import('./forward.js')).openForward(context),
  cloudwatch: async (context) => (await import('./cloudwatch.js')).openCloudWatch(context),
};

/** Throws a ConfigError when the sink's settings cannot work. Does not ask whether its service is there. */
export async function openSink(name: SinkName, context: SinkContext): Promise<Sink> {
  if (!isModule(name)) return OPEN[name](context);
  return (await import('./module.js')).openModule(name.slice(MODULE.length), context);
}

const MODULE = 'module:';
const isModule = (name: SinkName): name is `${typeof MODULE}/${string}` => name.startsWith(MODULE);
