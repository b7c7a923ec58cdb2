/** Name to sink: the only switch. A sink's module, and the clients it brings, load only when it is chosen. */

import type { SinkName } from '../../catalog/sinks/index.js';
import { withNames } from '../labels/names.js';
import type { Sink } from '../parts.js';
import type { Settings } from '../settings.js';
import { counted } from './counted.js';
import type { SinkContext } from './sink-context.js';

type AnyContext = SinkContext<Settings>;
type Open = (context: AnyContext) => Promise<Sink>;

/** With the settings of one sink. Those that it needs are there: all were read with LOGTAP_SINK. */
const own = <S>(context: AnyContext) => context as unknown as SinkContext<S>;

const OPEN: Readonly<Record<Exclude<SinkName, `module:${string}`>, Open>> = {
  stdout: async (context) => (await import('./lines/stdout.js')).openStdout(own(context)),
  file: async (context) => (await import('./lines/file.js')).openFile(own(context)),
  opensearch: async (context) => (await import('./opensearch/index.js')).openOpenSearch(own(context)),
  tcp: async (context) => counted((await import('./lines/tcp.js')).openTcp(own(context)), context.onRequest),
  forward: async (context) => counted((await import('./forward/sink.js')).openForward(own(context)), context.onRequest),
  otlp: async (context) => (await import('./otlp/sink.js')).openOtlp(own(context)),
  firehose: async (context) => (await import('./firehose/sink.js')).openFirehose(own(context)),
  s3: async (context) => (await import('./s3/sink.js')).openS3(own(context)),
  cloudwatch: async (context) => (await import('./cloudwatch/index.js')).openCloudWatch(own(context)),
};

/** Throws a ConfigError when the sink's settings cannot work. Does not ask whether its service is there. */
export async function openSink(name: SinkName, given: AnyContext): Promise<Sink> {
  const context = { ...given, settings: withNames(given.settings) };
  if (!isModule(name)) return OPEN[name](context);
  return counted(await (await import('./module.js')).openModule(name.slice(MODULE.length), context), context.onRequest);
}

const MODULE = 'module:';
const isModule = (name: SinkName): name is `${typeof MODULE}/${string}` => name.startsWith(MODULE);
