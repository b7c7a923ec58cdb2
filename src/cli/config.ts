/**
 * The user's properties: a logtap.yaml, overridden by flags, and both overridden by `--set`. They form one object, which
 * the generated schema validates before the constructs receive it.
 */
import { readFileSync } from 'node:fs';
import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { closest } from '../catalog/closest.js';
import { checkProps, type LogTapProps } from '../constructs/props/log-tap-props.js';
import { Sink } from '../constructs/sinks/sink.js';
import schema from './config-schema.json';
import { CommandError, EXIT, UsageError } from './usage.js';

/** Part of the schema. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
}

/** A value at a path such as `sink.cloudWatch.region`. */
export interface Assignment {
  readonly path: string;
  /** Text is read as what the property wants; a function makes the value of what is there. */
  readonly value: unknown;
  /** How the user named the property, for messages. */
  readonly by: string;
}

/**
 * The properties.
 *
 * @param file a logtap.yaml, if one was given
 * @throws UsageError, or CommandError for a file that is unreadable or invalid
 */
export function readProps(file: string | undefined, assignments: readonly Assignment[]): LogTapProps {
  const wrong = (problem: string) => (file === undefined ? new UsageError(problem) : configError(file, problem));
  const data = file === undefined ? {} : readConfig(file);
  const missing = problemOf(data);
  // What is missing in the file, flags may give.
  if (missing !== undefined && missing.keyword !== 'required') throw wrong(missing.text);
  for (const { path, value, by } of assignments) assign(data, path, typed(path, value, by), by);
  const problem = problemOf(data);
  if (problem !== undefined) throw wrong(problem.text);
  if (data.sink === undefined) throw wrong("no sink given: use --sink, or 'sink' in a logtap.yaml");
  try {
    const props = { ...data, sink: toSink(data.sink) } as LogTapProps;
    checkProps(props);
    return props;
  } catch (error) {
    throw wrong((error as Error).message);
  }
}

type Data = Record<string, unknown>;

const configError = (file: string, problem: string) => new CommandError(`${file}: ${problem}`, EXIT.CONFIGURATION);

function readConfig(file: string): Data {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`cannot read '${file}': ${(error as Error).message}. Give a logtap.yaml`, EXIT.NO_INPUT);
  }
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw configError(file, `not valid YAML: ${(error as Error).message}`);
  }
  return (data ?? {}) as Data;
}

/** The one key of a sink is the name of its factory. */
function toSink(data: unknown): Sink {
  const [[name, given] = ['', undefined]] = Object.entries(data as Data);
  if (name === 'all') return Sink.all((given as unknown[]).map(toSink));
  return (Sink as unknown as Record<string, (props: unknown) => Sink>)[name]!(given);
}

let validate: ValidateFunction | undefined;

function problemOf(data: Data): { readonly keyword: string; readonly text: string } | undefined {
  // Not before it is needed: the sidecar starts by this command, too. One object is judged, so that nothing is made fast for many.
  validate ??= new Ajv2020({ verbose: true, validateSchema: false, code: { optimize: false } }).compile(schema);
  if (validate(data)) return undefined;
  const [error] = validate.errors!;
  return { keyword: error!.keyword, text: textOf(error!) };
}

/** `/sink/all/0/tcp` as `sink.all.0.tcp`. */
const dotted = (pointer: string) => pointer.slice(1).split('/').join('.').replaceAll('~1', '/').replaceAll('~0', '~');

/** An error of the schema as value, rule and remedy. */
function textOf({ keyword, instancePath, params, parentSchema, data }: ErrorObject): string {
  const at = dotted(instancePath);
  const inside = (key: string) => `'${at === '' ? key : `${at}.${key}`}'`;
  if (keyword === 'additionalProperties') {
    const key = String(params.additionalProperty);
    return `${inside(key)} is not a property${hint(key, Object.keys(parentSchema?.properties ?? {}))}`;
  }
  if (keyword === 'required') return `${inside(String(params.missingProperty))} must be given`;
  const value = JSON.stringify(data);
  const where = at === '' ? 'the whole' : `'${at}'`;
  const several = Object.keys((data ?? {}) as object);
  switch (keyword) {
    case 'enum':
      return `${where} (${value}) must be one of ${params.allowedValues.join(', ')}: correct it`;
    case 'maxProperties':
      if (params.limit === 0) return `${where} (${several.join(', ')}) must have no properties: leave them out`;
      return `${where} (${several.join(', ')}) must be one sink: use 'all' with a list for several`;
    case 'minProperties':
      return `${where} must name a sink: use one of ${Object.keys(parentSchema?.properties ?? {}).join(', ')}`;
    case 'type':
      return `${where} (${value}) must be ${kindOf(params.type)}`;
    default:
      return `${where} (${value}) ${keyword}`;
  }
}

function kindOf(type: string | readonly string[]): string {
  if (type === 'string') return 'text: put it in quotes';
  if (type === 'array') return 'a list: write [a, b]';
  if (type === 'boolean') return 'true or false: correct it';
  if (type === 'number') return 'a number: write it without quotes';
  return 'an object: give properties by their names';
}

function hint(name: string, known: readonly string[]): string {
  if (known.length === 0) return ': leave it out';
  const nearest = closest(name, known);
  return nearest === undefined ? `: use one of ${known.join(', ')}` : `: did you mean '${nearest}'?`;
}

function resolved(part: Schema): Schema {
  if (part.$ref === undefined) return part;
  const name = part.$ref.split('/').at(-1)!;
  return resolved((schema.$defs as Readonly<Record<string, Schema>>)[name]!);
}

/** The schema of what is at a path. */
function schemaAt(path: string, by: string): Schema {
  let part = resolved(schema as Schema);
  const keys = path.split('.');
  keys.forEach((key, i) => {
    const { properties = {}, additionalProperties, items } = part;
    const next =
      (Object.hasOwn(properties, key) ? properties[key] : undefined) ??
      (typeof additionalProperties === 'object' ? additionalProperties : undefined) ??
      (/^\d+$/.test(key) ? items : undefined);
    if (next === undefined) {
      throw new UsageError(
        `${by}: '${keys.slice(0, i + 1).join('.')}' is not a property${hint(key, Object.keys(properties))}`,
      );
    }
    part = resolved(next);
  });
  return part;
}

/** Text of the command line as what the schema wants there; anything else as it is. */
function typed(path: string, value: unknown, by: string): unknown {
  const { type } = schemaAt(path, by);
  if (typeof value !== 'string') return value;
  if (type === 'array')
    return value
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);
  if (type === 'number' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (type === 'boolean' && /^(true|false)$/.test(value)) return value === 'true';
  if (type === 'number' || type === 'boolean')
    throw new UsageError(`${by} (${value}) must be ${type === 'number' ? 'a number' : 'true or false'}`);
  if (type === 'object') throw new UsageError(`${by}: '${path}' has properties: set one of them`);
  return value;
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
