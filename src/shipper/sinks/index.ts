/** Name to sink: the only switch. A sink's module, and the clients it brings, load only when it is chosen. */
import type { Sink } from '../parts.js';
import type { SinkName } from '../setting-parsers.js';
import type { SinkContext } from './sink-context.js';

type Open = (context: SinkContext) => Promise<Sink>;

const OPEN: Readonly<Record<SinkName, Open>> = {
  stdout: async (context) => (await import('./stdout.js')).openStdout(context),
  file: async (context) => (await import('./file.js')).openFile(context),
  opensearch: async (context) => (await import('./opensearch.js')).openOpenSearch(context),
  cloudwatch: async (context) => (await import('./cloudwatch.js')).openCloudWatch(context),
};

/** Throws a ConfigError when the sink's settings cannot work. Does not ask whether its service is there. */
export function openSink(name: SinkName, context: SinkContext): Promise<Sink> {
  return OPEN[name](context);
}
