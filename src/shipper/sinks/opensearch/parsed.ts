/** Fields of a record and labels as JSON of a document, under the names of its schema. */

import { type Severity, severityName } from '../../fields/level/severity.js';
import type { Fields } from '../../fields/read-fields.js';
import type { SchemaName } from './schema.js';

/** A keyword that is longer is not indexed. */
const NAME_MAX = 1024;
/** Names that are kept as JSON: a thread may have another name for each request. */
const KNOWN_MAX = 256;
const EMPTY = '';
/** In front of the object of a message. */
export const DATA = ',"data":';

/** Members with a comma in front of each. */
export type FieldsToJson = (fields: Fields) => string;

interface Names {
  readonly severity: (severity: Severity) => string;
  readonly logger: readonly [before: string, after: string];
  readonly thread: string;
  readonly traceId: string;
  readonly spanId: string;
}

const NAMES: Readonly<Record<SchemaName, Names>> = {
  otel: {
    severity: (severity) => `,"severity":{"number":${severity},"text":"${severityName(severity)!.toUpperCase()}"}`,
    logger: [',"instrumentationScope":{"name":', '}'],
    // In the place of a member of `attributes`, which is written elsewhere.
    thread: ',"attributes.thread.name":',
    traceId: ',"traceId":',
    spanId: ',"spanId":',
  },
  ecs: {
    severity: (severity) => `,"log.level":"${severityName(severity)}"`,
    logger: [',"log.logger":', ''],
    thread: ',"process.thread.name":',
    traceId: ',"trace.id":',
    spanId: ',"span.id":',
  },
  flat: {
    severity: (severity) => `,"level":"${severityName(severity)}"`,
    logger: [',"logger":', ''],
    thread: ',"thread":',
    traceId: ',"trace_id":',
    spanId: ',"span_id":',
  },
};

/** What is written around a value in JSON, and the members of each severity: for a kernel. */
export function fieldTexts(schema: SchemaName): readonly string[] {
  const { logger, thread, traceId, spanId, severity } = NAMES[schema];
  const severities = Array.from({ length: 25 }, (_, each) => (each === 0 ? EMPTY : severity(each)));
  return [...logger, thread, traceId, spanId, DATA, ...severities];
}

export function fieldsToJson(schema: SchemaName): FieldsToJson {
  const names = NAMES[schema];
  const known = new Map<string, string>();
  /** Names of loggers and threads come again and again. */
  const quoted = (name: string): string => {
    if (name.length > NAME_MAX) return text(name);
    const found = known.get(name);
    if (found !== undefined) return found;
    const made = text(name);
    if (known.size === KNOWN_MAX) known.clear();
    known.set(name, made);
    return made;
  };
  // All that most records have.
  const severities = Array.from({ length: 25 }, (_, severity) => (severity === 0 ? EMPTY : names.severity(severity)));
  return ({ severity, logger, thread, traceId, spanId }) => {
    let json = severities[severity]!;
    if (logger !== undefined) json += names.logger[0] + quoted(logger) + names.logger[1];
    if (thread !== undefined) json += names.thread + quoted(thread);
    if (traceId !== undefined) json += `${names.traceId}"${traceId}"`;
    if (spanId !== undefined) json += `${names.spanId}"${spanId}"`;
    return json;
  };
}

const text = (value: string): string => JSON.stringify(value.slice(0, NAME_MAX));

/** Without dots, which would make `app` of `app` and `app.name` both a text and an object. */
export function labelsToJson(labels: Readonly<Record<string, string>> | undefined): string {
  if (labels === undefined) return EMPTY;
  const plain = Object.entries(labels).map(([name, value]) => [name.replaceAll('.', '_'), value]);
  return `,"labels":${JSON.stringify(Object.fromEntries(plain))}`;
}
