/** Fields of records that name their values: JSON objects and logfmt. */
import type { Fields } from './read-fields.js';
import { idsOf, idsOfParent, spanIdOf, type TraceIds, traceIdOf } from './trace-ids.js';

type Named = Omit<Fields, 'severity' | 'object'>;
type Values = Readonly<Record<string, unknown>>;

/** A key, and its parts between dots. */
interface Key {
  readonly name: string;
  readonly first: string;
  readonly rest: readonly string[];
}

function keyOf(name: string): Key {
  const [first = '', ...rest] = name.split('.');
  return { name, first, rest };
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
];
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
/** Objects in which loggers put what belongs to the context of a record. */
const CONTEXTS = ['contextMap', 'mdc', 'MDC', 'context', 'Properties', 'properties', 'attributes', 'extra', 'Scope'];
/** Longest name. A longer one does not count as a name, and would not be indexed. */
const NAME_MAX = 1024;

export function fieldsOfObject(value: unknown): Named {
  const object = value as Values;
  const ids = idsOfObject(object);
  const logger =
    nameIn(object, LOGGERS) ??
    (typeof object.levelname === 'string' || isBunyan(object) ? nameIn(object, NAME) : undefined);
  const thread = nameIn(object, THREADS);
  const time = timeIn(object);
  return {
    ...ids,
    ...(logger !== undefined && { logger }),
    ...(thread !== undefined && { thread }),
    ...(time !== undefined && { time }),
  };
}

/** bunyan and pino name their logger `name`, which other objects have for other things. */
const isBunyan = ({ level, pid, hostname }: Values): boolean =>
  typeof level === 'number' && typeof pid === 'number' && typeof hostname === 'string';

/** `a.b` is a key, or the key `b` of the object `a`. */
function memberOf(object: Values, { name, first, rest }: Key): unknown {
  const value = object[name];
  if (value !== undefined || rest.length === 0) return value;
  const inner = objectOf(object[first]);
  if (inner === undefined) return undefined;
  return inner[rest.join('.')] ?? rest.reduce<unknown>((each, part) => objectOf(each)?.[part], inner);
}

const objectOf = (value: unknown): Values | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : undefined;

function nameIn(object: Values, keys: readonly Key[]): string | undefined {
  for (const key of keys) {
    const value = memberOf(object, key);
    if (typeof value === 'string' && value !== '' && value.length <= NAME_MAX) return value;
  }
  return undefined;
}

function timeIn(object: Values): string | number | undefined {
  for (const key of TIMES) {
    const value = object[key];
    if (typeof value === 'string' || typeof value === 'number') return value;
  }
  const date = objectOf(object.t)?.$date;
  if (typeof date === 'string') return date;
  const instant = objectOf(object.instant);
  if (typeof instant?.epochSecond !== 'number') return undefined;
  return instant.epochSecond * 1000 + Number(instant.nanoOfSecond ?? 0) / 1e6;
}

function idsOfObject(object: Values): TraceIds {
  const own = idsOfValues(object);
  if (own.traceId !== undefined) return own;
  for (const key of CONTEXTS) {
    const context = objectOf(object[key]);
    const ids = context === undefined ? {} : idsOfValues(context);
    if (ids.traceId !== undefined) return ids;
  }
  return {};
}

function idsOfValues(object: Values): TraceIds {
  for (const key of TRACES) {
    const traceId = traceIdOf(memberOf(object, key));
    if (traceId !== undefined)
      return idsOf(
        traceId,
        first(SPANS, (span) => spanIdOf(memberOf(object, span))),
      );
  }
  const traceId = traceIdOf(memberOf(object, DATADOG_TRACE), true);
  if (traceId !== undefined) return idsOf(traceId, spanIdOf(memberOf(object, DATADOG_SPAN), true));
  return idsOfParent(object.traceparent);
}

function first(keys: readonly Key[], read: (key: Key) => string | undefined): string | undefined {
  for (const key of keys) {
    const value = read(key);
    if (value !== undefined) return value;
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
