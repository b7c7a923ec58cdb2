/** The sinks by name in `LOGTAP_SINK`. A new sink needs one line here. */
import { resolve } from 'node:path';
import { closest } from '../closest.js';
import { setting } from '../setting.js';
import { CLOUDWATCH } from './cloudwatch.js';
import { FILE } from './file.js';
import { FIREHOSE } from './firehose.js';
import { FORWARD } from './forward.js';
import { OPENSEARCH } from './opensearch.js';
import { OTLP } from './otlp.js';
import { S3 } from './s3.js';
import type { SinkEntry } from './sink.js';
import { TCP } from './tcp.js';

const STDOUT = { title: 'Standard output', settings: {}, needed: [], rules: [] } as const satisfies SinkEntry;

export const SINKS = {
  stdout: STDOUT,
  file: FILE,
  tcp: TCP,
  forward: FORWARD,
  opensearch: OPENSEARCH,
  cloudwatch: CLOUDWATCH,
  otlp: OTLP,
  firehose: FIREHOSE,
  s3: S3,
} as const satisfies Readonly<Record<string, SinkEntry>>;

export type KnownSink = keyof typeof SINKS;
/** `module:` is followed by the absolute path of a JavaScript module. */
export type SinkName = KnownSink | `module:/${string}`;

const SINK_NAMES = Object.keys(SINKS) as KnownSink[];

export const SINK_CHOICE = {
  sinks: setting({
    name: 'LOGTAP_SINK',
    default: 'stdout',
    help: `${SINK_NAMES.map((name) => `\`${name}\``).join(', ')}, or \`module:PATH\` for your own module. Separate several sinks by commas: each gets every record, and none waits for another.`,
    parse: sinks,
  }),
} as const;

function sinks(value: string): readonly SinkName[] {
  const names = value.split(',').map((name) => sinkName(name.trim()));
  if (new Set(names).size < names.length) throw new Error('names a sink twice. Remove one of them.');
  return names;
}

/** A path is relative to the working directory. */
export function sinkName(name: string): SinkName {
  const [, path] = /^module:(.+)$/.exec(name) ?? [];
  if (path !== undefined) return `module:${resolve(path)}` as SinkName;
  return oneOfSinks(name);
}

function oneOfSinks(name: string): SinkName {
  const found = SINK_NAMES.find((known) => known === name);
  if (found === undefined) {
    const nearest = closest(name, SINK_NAMES);
    const all = `Use one or more of ${SINK_NAMES.join(', ')} and module:PATH, separated by commas.`;
    throw new Error(`there is no sink '${name}'. ${nearest === undefined ? all : `Did you mean '${nearest}'?`}`);
  }
  return found;
}
