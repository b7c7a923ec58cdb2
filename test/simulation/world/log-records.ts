/**
 * The records of an ExportLogsServiceRequest, as far as a receiver can check them.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/v1.10.0/opentelemetry/proto/logs/v1/logs.proto
 */
import { allOf, bytesOf, type Field, fieldsIn, oneOf, textOf } from './protobuf.js';

export interface LogRecord {
  readonly uid: string;
  readonly text: string;
}

/** Throws an Error for a request that breaks the format, or lacks something that each record has. */
export function logRecordsIn(request: Buffer): readonly LogRecord[] {
  return allOf(fieldsIn(request), 1).flatMap((resourceLogs) => {
    const fields = fieldsIn(resourceLogs);
    oneOf(fields, 1);
    return allOf(fields, 2).flatMap((scopeLogs) => {
      const scope = fieldsIn(scopeLogs);
      if (nameOf(bytesOf(oneOf(scope, 1))) !== 'logtap') throw new Error('a scope without the name');
      return allOf(scope, 2).map(logRecordOf);
    });
  });
}

const nameOf = (scope: Buffer): string => textOf(bytesOf(oneOf(fieldsIn(scope), 1)));

function logRecordOf(record: Buffer): LogRecord {
  const fields = fieldsIn(record);
  if ([1, 11].some((number) => oneOf(fields, number).type !== 'fixed64')) throw new Error('a time that is none');
  const attributes = new Map(allOf(fields, 6).map(attributeOf));
  const uid = attributes.get('log.record.uid');
  const seq = attributes.get('log.record.seq');
  if (typeof uid !== 'string' || typeof seq !== 'bigint' || !uid.endsWith(`-${seq}`)) {
    throw new Error(`a record with the id ${uid} and the place ${seq}`);
  }
  const text = contentOf(oneOf(fields, 5));
  if (typeof text !== 'string') throw new Error('a body that is no text');
  return { uid, text };
}

function attributeOf(attribute: Buffer): readonly [string, string | bigint] {
  const fields = fieldsIn(attribute);
  return [textOf(bytesOf(oneOf(fields, 1))), contentOf(oneOf(fields, 2))];
}

/** Of an AnyValue, which has one member. */
function contentOf(any: Field): string | bigint {
  const fields = fieldsIn(bytesOf(any));
  const [only] = fields;
  if (fields.length !== 1 || only === undefined) throw new Error(`a value with ${fields.length} members`);
  if (only.number === 1) return textOf(bytesOf(only));
  if (only.number === 3 && only.type === 'varint') return only.value as bigint;
  throw new Error(`a value with the member ${only.number}`);
}
