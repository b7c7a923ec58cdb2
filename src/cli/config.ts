/**
 * The user's properties: a logtap.yaml, overridden by flags, and both overridden by `--set`. They form one object, which
 * is checked as a whole before the constructs receive it.
 */
import { isUtf8 } from 'node:buffer';
import { parse } from 'yaml';
import { remedyFor } from '../catalog/closest.js';
import { mustBe, mustHaveProperties, type SinkCheck } from '../constructs/props/known-properties.js';

import type { LogTapProps } from '../constructs/props/log-tap-props.js';
import { must } from '../constructs/props/must.js';
import { type PropertyType, propertiesOf } from '../constructs/props/property-type.js';
import { type ResolvedProps, resolve } from '../constructs/props/resolve.js';
import { Sink } from '../constructs/sinks/sink.js';
import { readWhole } from './command-line/read-file.js';
import { CommandError, EXIT, UsageError } from './usage.js';

/** A value at a path such as `sink.cloudWatch.region`. */
export interface Assignment {
  /** A function finds the path by the data that earlier assignments have left. */
  readonly path: string | ((data: Data) => string);
  /** Text is read as the type of the property; a function replaces the present value. */
  readonly value: unknown;
  /** How the user named the property, for messages. */
  readonly by: string;
}

export type Data = Record<string, unknown>;

/**
 * The properties.
 *
 * @param file a logtap.yaml, if one was given
 * @throws UsageError, or CommandError for a file that is unreadable or invalid
 */
export function readProps(file: string | undefined, assignments: readonly Assignment[]): ResolvedProps {
  const data = file === undefined ? {} : readConfig(file);
  const assignedBy = new Map<string, string>();
  for (const { path, value, by } of assignments) {
    const at = typeof path === 'string' ? path : path(data);
    assign(data, at, typed(at, value, by), by);
    assignedBy.set(at, by);
  }
  try {
    return propsOf(data);
  } catch (error) {
    const { message } = error as Error;
    const by = assignedBy.get(/^'([^']+)'/.exec(message)?.[1] ?? '');
    if (by !== undefined) throw new UsageError(`${by}: ${message}`);
    throw file === undefined ? new UsageError(message) : configError(file, message);
  }
}

/**
 * The properties of data such as a logtap.yaml has.
 *
 * @throws Error with the property, the rule and the remedy
 */
export function propsOf(data: Data): ResolvedProps {
  mustHaveProperties('LogTapProps', data, '', mustBeSinkData);
  if (data.sink === undefined) throw new Error("no sink given: use --sink, or 'sink' in a logtap.yaml");
  return resolve({ ...data, ...containersOf(data), sink: toSink(data.sink) });
}

/** Options by container, with sinks as the constructs take them. */
function containersOf({ perContainer }: Data): Pick<LogTapProps, 'perContainer'> {
  if (perContainer === undefined) return {};
  const withSink = ({ sink, ...options }: Data) => ({ ...options, ...(sink !== undefined && { sink: toSink(sink) }) });
  const entries = Object.entries(perContainer as Record<string, Data>);
  return { perContainer: Object.fromEntries(entries.map(([name, options]) => [name, withSink(options)])) };
}

const configError = (file: string, problem: string) => new CommandError(`${file}: ${problem}`, EXIT.CONFIGURATION);

function readConfig(file: string): Data {
  let bytes: Buffer;
  try {
    bytes = readWhole(file);
  } catch (error) {
    throw new CommandError(`cannot read '${file}': ${(error as Error).message}. Give a logtap.yaml`, EXIT.NO_INPUT);
  }
  if (!isUtf8(bytes) || bytes.includes(0)) throw configError(file, 'is not text in UTF-8: give a logtap.yaml');
  let data: unknown;
  try {
    data = parse(bytes.toString());
  } catch (error) {
    throw configError(file, `not valid YAML: ${(error as Error).message}`);
  }
  if (typeof (data ?? {}) !== 'object' || Array.isArray(data)) {
    // Another file, given by mistake, may be a secret.
    const is = Array.isArray(data) ? 'a list' : `a ${typeof data}`;
    throw configError(file, `must be a mapping, but is ${is}: give properties by their names`);
  }
  return (data ?? {}) as Data;
}

/** The sinks, by the names of their factories. */
const FACTORIES = propertiesOf('Sink');

/** In data, a sink is an object whose one key is the name of its factory. */
const mustBeSinkData: SinkCheck = (value, name) => {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  must(isObject, name, value, 'be an object: give properties by their names');
  const names = Object.keys(value);
  for (const key of names) {
    if (!FACTORIES.has(key)) throw new Error(`'${name}.${key}' is not a sink: ${remedyFor(key, FACTORIES.keys())}`);
  }
  const all = [...FACTORIES.keys()].join(', ');
  if (names.length === 0) throw new Error(`'${name}' must name a sink: use one of ${all}`);
  if (names.length > 1) {
    throw new Error(`'${name}' (${names.join(', ')}) must be one sink: use 'all' with a list for several`);
  }
  const [key] = names as [string];
  mustBe(FACTORIES.get(key)!.type, (value as Data)[key], `${name}.${key}`, mustBeSinkData);
};

function toSink(data: unknown): Sink {
  const [[name, given] = ['', undefined]] = Object.entries(data as Data);
  if (name === 'all') return Sink.all((given as unknown[]).map(toSink));
  return (Sink as unknown as Record<string, (props: unknown) => Sink>)[name]!(given);
}

/** The type of the property at a path. */
function typeAt(path: string, by: string): PropertyType {
  let type: PropertyType = { kind: 'struct', struct: 'LogTapProps' };
  const keys = path.split('.');
  for (const [index, key] of keys.entries()) {
    const inner = member(type, key);
    if (inner === undefined) {
      const known = type.kind === 'struct' ? propertiesOf(type.struct).keys() : [];
      const place = keys.slice(0, index + 1).join('.');
      throw new UsageError(`${by}: '${place}' is not a property: ${remedyFor(key, known)}`);
    }
    type = inner;
  }
  return type;
}

function member(type: PropertyType, key: string): PropertyType | undefined {
  if (type.kind === 'struct') return propertiesOf(type.struct).get(key)?.type;
  if (type.kind === 'list') return /^\d+$/.test(key) ? type.of : undefined;
  return type.kind === 'map' && key !== '__proto__' ? type.of : undefined;
}

/** Text of the command line as a value of the property's type; any other value as it is. */
function typed(path: string, value: unknown, by: string): unknown {
  const { kind } = typeAt(path, by);
  if (typeof value !== 'string') return value;
  switch (kind) {
    case 'list':
      // A rule may contain commas.
      if (path === 'rules') return [value];
      return value
        .split(',')
        .map((item) => item.trim())
        .filter(Boolean);
    case 'number':
      if (!/^-?\d+(\.\d+)?$/.test(value)) throw new UsageError(`${by} (${value}) must be a number`);
      return Number(value);
    case 'boolean':
      if (!/^(true|false)$/.test(value)) throw new UsageError(`${by} (${value}) must be true or false`);
      return value === 'true';
    case 'struct':
    case 'map':
      throw new UsageError(`${by}: '${path}' has properties: set one of them`);
    default:
      return value;
  }
}

function assign(data: Data, path: string, value: unknown, by: string): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  let owner = data;
  for (const key of keys) {
    const next = (Object.hasOwn(owner, key) ? owner[key] : undefined) ?? {};
    if (typeof next !== 'object')
      throw new UsageError(`${by}: '${key}' is ${JSON.stringify(next)}, which has no properties`);
    owner[key] = next;
    owner = next as Data;
  }
  owner[last] = typeof value === 'function' ? value(owner[last]) : value;
}
