/** The arguments of the commands that inject: a flag per property, `--config` for a file, and `--set` for any other property. */
import { remedyFor } from '../../catalog/closest.js';
import type { ResolvedProps } from '../../constructs/props/resolve.js';
import { type PropertyFlag, SINK_FLAGS, SINKS, TAP_FLAGS } from '../commands/property-flags.js';
import { type Assignment, type Data, readProps } from '../config.js';
import { UsageError } from '../usage.js';

type Given = string | boolean | readonly (string | boolean)[];
/** The flags by name. A negated one is `no-NAME`. */
type Flags = Readonly<Record<string, Given | undefined>>;

const FLAGS: readonly PropertyFlag[] = [...TAP_FLAGS, ...SINK_FLAGS];

/**
 * The properties from flags and file.
 *
 * @throws UsageError, or CommandError for a file that is unreadable or invalid
 */
export function tapProps(flags: Flags): ResolvedProps {
  const assignments = [...sinkOf(flags), ...FLAGS.flatMap((flag) => assignmentOf(flag, flags))];
  for (const text of (flags['pod-template'] ?? []) as readonly string[]) {
    const [, kind = '', pointer] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (pointer === undefined) {
      throw new UsageError(
        `--pod-template (${text}) must be KIND=POINTER, such as example.com/v1/Fleet=/spec/template`,
      );
    }
    const add = (before: Data | undefined) => ({
      ...before,
      [kind]: [...((before?.[kind] ?? []) as string[]), pointer],
    });
    assignments.push({ path: 'podTemplates', value: add, by: '--pod-template' });
  }
  for (const text of (flags.set ?? []) as readonly string[]) {
    const [, path, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (path === undefined) throw new UsageError(`--set (${text}) must be PATH=VALUE, such as failurePolicy=fail-open`);
    assignments.push({ path, value, by: `--set ${path}` });
  }
  return readProps(flags.config as string | undefined, assignments);
}

function assignmentOf(flag: PropertyFlag, flags: Flags): Assignment[] {
  const names = [flag.name, `no-${flag.name}`];
  const [given, other] = names.filter((name) => flags[name] !== undefined);
  if (given === undefined) return [];
  const by = `--${given}`;
  const path = pathOf(by, flag, flags.sink as string | undefined);
  if (flag.type.kind !== 'boolean') {
    return [{ by, path, value: textAsValue(by, flag, flags[given] as string[]) }];
  }
  if (other !== undefined) throw new UsageError(`${by} and --${other} exclude each other: leave one of them out`);
  return [{ by, path, value: !given.startsWith('no-') }];
}

function textAsValue(by: string, { property, type }: PropertyFlag, texts: readonly string[]): unknown {
  if (property === 'file') return texts.join(':');
  if (property === 'rules') return texts;
  if (property === 'streams') return streams(texts.join(','));
  if (type.kind === 'list') return texts.join(',');
  return type.kind === 'struct' ? secretKey(by, texts.at(-1)!) : texts.at(-1);
}

/** The path of the property in the sink of the command line or, without one, in the sink of the file. */
function pathOf(by: string, { property, sinks }: PropertyFlag, sink: string | undefined): Assignment['path'] {
  if (sinks.length === 0) return property;
  const names = [...SINKS].filter(([, factory]) => sinks.includes(factory)).map(([name]) => name);
  const belongs = `${by} belongs to --sink ${names.join(' or ')}`;
  return (data) => {
    const [present, ...others] = Object.keys((data.sink ?? {}) as Data);
    const factory = others.length === 0 && present !== 'all' ? present : undefined;
    if (factory !== undefined && sinks.includes(factory)) return `sink.${factory}.${property}`;
    if (sink !== undefined) throw new UsageError(`${belongs}: leave it out with --sink ${sink}`);
    if (sinks.length > 1 || factory !== undefined) throw new UsageError(`${belongs}: give --sink as well`);
    return `sink.${sinks[0]}.${property}`;
  };
}

function sinkOf({ sink }: Flags): Assignment[] {
  if (sink === undefined) return [];
  const name = SINKS.get(String(sink));
  if (name === undefined) {
    const names = [...SINKS.keys()];
    throw new UsageError(
      `--sink (${sink}) must be one of ${names.join(', ')}: ${remedyFor(String(sink), names, 'correct it')}`,
    );
  }
  // The file's properties of this sink stay, and another sink goes.
  const choose = (before: Data | undefined) => ({ [name]: before?.[name] ?? {} });
  return [{ path: 'sink', value: choose, by: '--sink' }];
}

function secretKey(by: string, value: string): { name: string; key: string } {
  const [name, key, ...rest] = value.split('/');
  if (!name || !key || rest.length > 0) {
    throw new UsageError(`${by} (${value}) must be SECRET/KEY, such as opensearch/password`);
  }
  return { name, key };
}

function streams(value: string): string {
  const names = value
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const known = ['stdout', 'stderr', 'both', 'none'];
  const unknown = names.find((name) => !known.includes(name));
  const isAlone = new Set(names).size === 1;
  if (
    names.length === 0 ||
    unknown !== undefined ||
    (!isAlone && names.some((name) => name === 'none' || name === 'both'))
  ) {
    const remedy = unknown === undefined ? 'name one' : remedyFor(unknown, known, 'correct it');
    throw new UsageError(`--streams (${names.join(',')}) must be stdout, stderr, both or none: ${remedy}`);
  }
  return isAlone ? names[0]! : 'both';
}
