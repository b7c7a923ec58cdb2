/** Fields of records that name their values: JSON objects and logfmt. */
import { JsonScan, type Scanned } from '../records/json-scan.js';
import type { Fields } from './read-fields.js';
import { idsOf, idsOfParent, spanIdOf, type TraceIds, traceIdOf } from './trace-ids.js';

type Named = Omit<Fields, 'severity' | 'object'>;
type Values = Readonly<Record<string, unknown>>;

/** A key, and its parts between dots. */
interface Key {
  /** Among all keys. */
  readonly index: number;
  readonly name: string;
  readonly first: string;
  readonly rest: readonly string[];
}

/** An object, as far as it may have fields. */
interface Members {
  of(key: Key): unknown;
}

const names: string[] = [];

function keyOf(name: string): Key {
  const [first = '', ...rest] = name.split('.');
  const known = names.indexOf(name);
  const index = known < 0 ? names.push(name) - 1 : known;
  // An object by this name has members that count.
  if (rest.length > 0) keyOf(first);
  return { index, name, first, rest };
}

const LOGGERS = [
  'logger',
  'logger_name',
  'loggerName',
  'log.logger',
  'SourceContext',
  'Category',
  'category',
  'channel',
  'component',
  'c',
].map(keyOf);
const THREADS = ['thread', 'thread_name', 'threadName', 'process.thread.name', 'ThreadName'].map(keyOf);
const TIMES = [
  '@timestamp',
  'timestamp',
  'time',
  'ts',
  '@t',
  'Timestamp',
  'eventTime',
  'datetime',
  'asctime',
  'timeMillis',
  'date',
  '__REALTIME_TIMESTAMP',
  'timeUnixNano',
  'time_iso8601',
  'start_time',
].map(keyOf);
const TRACES = [
  'trace_id',
  'traceId',
  'trace.id',
  'TraceId',
  'traceID',
  'traceid',
  'otelTraceID',
  '@tr',
  'X-B3-TraceId',
  'logging.googleapis.com/trace',
].map(keyOf);
const SPANS = [
  'span_id',
  'spanId',
  'span.id',
  'SpanId',
  'spanID',
  'spanid',
  'otelSpanID',
  '@sp',
  'X-B3-SpanId',
  'logging.googleapis.com/spanId',
].map(keyOf);
const DATADOG_TRACE = keyOf('dd.trace_id');
const DATADOG_SPAN = keyOf('dd.span_id');
const NAME = [keyOf('name')];
const LEVEL_NAME = keyOf('levelname');
const LEVEL = keyOf('level');
const PID = keyOf('pid');
const HOST = keyOf('hostname');
const PARENT = keyOf('traceparent');
/** MongoDB's and Log4j's objects of a time. */
const DATED = keyOf('t');
const INSTANT = keyOf('instant');
/** Objects in which loggers put what belongs to the context of a record. */
const CONTEXTS = [
  'contextMap',
  'mdc',
  'MDC',
  'context',
  'Properties',
  'properties',
  'attributes',
  'extra',
  'Scope',
].map(keyOf);
/** What a kernel has to know of names, as far as no time is wanted. All other names of this file have values that may be objects. */
export const ROLES = {
  logger: LOGGERS.map(({ name }) => name),
  thread: THREADS.map(({ name }) => name),
  trace: TRACES.map(({ name }) => name),
  span: SPANS.map(({ name }) => name),
  name: ['name'],
  levelName: ['levelname'],
  level: ['level'],
  pid: ['pid'],
  host: ['hostname'],
  refused: [DATADOG_TRACE, DATADOG_SPAN, PARENT].map(({ name }) => name),
};
const OF_TIMES: ReadonlySet<string> = new Set([...TIMES, DATED, INSTANT].map(({ name }) => name));
export const NAMES: readonly string[] = names.filter((name) => !OF_TIMES.has(name));
/** Longest name. A longer one does not count as a name, and would not be indexed. */
const NAME_MAX = 1024;

/** An object that was parsed. */
class Parsed implements Members {
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  /** `a.b` is a key, or the key `b` of the object `a`. */
  of({ name, first, rest }: Key): unknown {
    const value = this.#values[name];
    if (value !== undefined || rest.length === 0) return value;
    const inner = objectOf(this.#values[first]);
    if (inner === undefined) return undefined;
    return inner[rest.join('.')] ?? rest.reduce<unknown>((each, part) => objectOf(each)?.[part], inner);
  }
}

/** Made when all keys are known. */
const scan = new JsonScan(names);
const SCANNED: Members = { of: ({ index }) => scan.value(index) };

/**
 * Fields of the JSON object that these bytes are, where a scan can tell them: without an object of all its values, which costs several
 * times as much. A value among those that count is then no object itself.
 */
export function fieldsOfScan(
  bytes: Uint8Array,
  start: number,
  end: number,
  withTime = true,
): Named | Exclude<Scanned, 'object'> {
  const scanned = scan.scan(bytes, start, end);
  return scanned === 'object' ? fieldsOfMembers(SCANNED, withTime) : scanned;
}

export const fieldsOfObject = (value: unknown): Named => fieldsOfMembers(new Parsed(value as Values));

function fieldsOfMembers(object: Members, withTime = true): Named {
  // Members one by one: this is done for every record, and a spread costs several times as much.
  const fields: { -readonly [name in keyof Named]: Named[name] } = {};
  const { traceId, spanId } = idsOfObject(object);
  if (traceId !== undefined) fields.traceId = traceId;
  if (spanId !== undefined) fields.spanId = spanId;
  const logger =
    nameIn(object, LOGGERS) ??
    (typeof object.of(LEVEL_NAME) === 'string' || isBunyan(object) ? nameIn(object, NAME) : undefined);
  const thread = nameIn(object, THREADS);
  const time = withTime ? timeIn(object) : undefined;
  if (logger !== undefined) fields.logger = logger;
  if (thread !== undefined) fields.thread = thread;
  if (time !== undefined) fields.time = time;
  return fields;
}

/** bunyan and pino name their logger `name`, which other objects have for other things. */
const isBunyan = (object: Members): boolean =>
  typeof object.of(LEVEL) === 'number' && typeof object.of(PID) === 'number' && typeof object.of(HOST) === 'string';

const objectOf = (value: unknown): Values | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : undefined;

function nameIn(object: Members, keys: readonly Key[]): string | undefined {
  for (const key of keys) {
    const value = object.of(key);
    if (typeof value === 'string' && value !== '' && value.length <= NAME_MAX) return value;
  }
  return undefined;
}

function timeIn(object: Members): string | number | undefined {
  for (const key of TIMES) {
    const value = object.of(key);
    if (typeof value === 'string' || typeof value === 'number') return value;
  }
  const date = objectOf(object.of(DATED))?.$date;
  if (typeof date === 'string') return date;
  const instant = objectOf(object.of(INSTANT));
  if (typeof instant?.epochSecond !== 'number') return undefined;
  return instant.epochSecond * 1000 + Number(instant.nanoOfSecond ?? 0) / 1e6;
}

function idsOfObject(object: Members): TraceIds {
  const own = idsOfMembers(object);
  if (own.traceId !== undefined) return own;
  for (const key of CONTEXTS) {
    const context = objectOf(object.of(key));
    const ids = context === undefined ? {} : idsOfMembers(new Parsed(context));
    if (ids.traceId !== undefined) return ids;
  }
  return {};
}

function idsOfMembers(object: Members): TraceIds {
  for (const key of TRACES) {
    const value = object.of(key);
    const traceId = value === undefined ? undefined : traceIdOf(value);
    if (traceId !== undefined) return idsOf(traceId, spanIdIn(object));
  }
  const traceId = traceIdOf(object.of(DATADOG_TRACE), true);
  if (traceId !== undefined) return idsOf(traceId, spanIdOf(object.of(DATADOG_SPAN), true));
  return idsOfParent(object.of(PARENT));
}

function spanIdIn(object: Members): string | undefined {
  for (const key of SPANS) {
    const value = object.of(key);
    const spanId = value === undefined ? undefined : spanIdOf(value);
    if (spanId !== undefined) return spanId;
  }
  return undefined;
}

const PAIR = /([\w.@/-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/y;
/** Of pairs in one record. */
const PAIRS_MAX = 100;

/** Pairs `key=value` from the beginning of a line on. */
export function fieldsOfPairs(line: string): Named | undefined {
  const pairs: Record<string, string> = Object.create(null);
  let count = 0;
  let at = 0;
  while (count < PAIRS_MAX) {
    PAIR.lastIndex = at;
    const found = PAIR.exec(line);
    if (found === null) break;
    pairs[found[1]!] = found[2] === undefined ? found[3]! : found[2].replace(/\\(["\\])/g, '$1');
    count += 1;
    at = PAIR.lastIndex;
    while (line[at] === ' ' || line[at] === '\t') at++;
  }
  if (count === 0) return undefined;
  return { ...fieldsOfObject(pairs), attributes: pairs };
}
