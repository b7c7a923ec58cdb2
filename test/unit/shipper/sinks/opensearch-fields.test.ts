/** What documents say that is read from records, and what is put on them. */
import fc from 'fast-check';
import { OPENSEARCH_SCHEMAS } from '../../../../src/catalog/sinks/opensearch.js';
import { FieldReader } from '../../../../src/shipper/fields/reader.js';
import { Labels } from '../../../../src/shipper/labels/labels.js';
import { parseSettings } from '../../../../src/shipper/settings.js';
import { BulkEncoder } from '../../../../src/shipper/sinks/opensearch/encoder.js';
import { mappingsOf, SCHEMAS, type SchemaName } from '../../../../src/shipper/sinks/opensearch/schema.js';
import { batchOf, noResource, stdoutOrigin } from '../../../support/batches.js';
import { CORPUS } from '../fields/corpus.js';

const WRITTEN = Date.UTC(2026, 10, 28, 14, 8, 45);
const FORM = { withData: true, withFields: true };
const encoderOf = (schema: SchemaName, time: 'write' | 'text' = 'write', staticFields?: Record<string, string>) =>
  new BulkEncoder({
    ...{ index: 'logs-{yyyy.MM.dd}', schema, resource: noResource },
    fields: new FieldReader({ fields: 'auto', time, timeZone: 'UTC' }),
    labels: new Labels(staticFields === undefined ? {} : { staticFields }),
  });
type Document = Record<string, unknown>;
const linesOf = (message: string, encoder: BulkEncoder, form: object = FORM, timeMs = WRITTEN) =>
  encoder
    .encode(batchOf([{ message, timeMs }]), 0, 1, 1e6, form)
    .bytes.toString()
    .trimEnd()
    .split('\n');
const documentOf = (...given: Parameters<typeof linesOf>): Document => JSON.parse(linesOf(...given)[1]!);

const LINE =
  '2026-11-28 14:08:44,123 [main] ERROR a.b.Shop - x trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331';

test.each<[SchemaName, Document]>([
  [
    'otel',
    {
      severity: { number: 17, text: 'ERROR' },
      instrumentationScope: { name: 'a.b.Shop' },
      'attributes.thread.name': 'main',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
    },
  ],
  [
    'ecs',
    {
      'log.level': 'error',
      'log.logger': 'a.b.Shop',
      'process.thread.name': 'main',
      'trace.id': '0af7651916cd43dd8448eb211c80319c',
      'span.id': 'b7ad6b7169203331',
    },
  ],
  [
    'flat',
    {
      level: 'error',
      logger: 'a.b.Shop',
      thread: 'main',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      span_id: 'b7ad6b7169203331',
    },
  ],
])('fields have the names of the schema %s', (schema, fields) => {
  const found = documentOf(LINE, encoderOf(schema));
  expect(found).toMatchObject(fields);
  expect(found[SCHEMAS[schema].message]).toBe(LINE);
});

const leavesOf = (value: unknown, path = ''): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, each]) => leavesOf(each, path === '' ? key : `${path}.${key}`))
    : [path];

describe.each(OPENSEARCH_SCHEMAS)('%s', (schema) => {
  const mapping = mappingsOf(SCHEMAS[schema], true) as { properties: Record<string, { type: string }> };

  test.each(CORPUS)('%s: each field is in the mapping, with its type', (_, line) => {
    const { data: _data, labels: _labels, ...document } = documentOf(line, encoderOf(schema));
    for (const path of leavesOf(document)) expect(mapping.properties).toHaveProperty([path]);
  });

  test('no member is there twice, with any text', () => {
    const words = [
      'ERROR ',
      '{"level":"info"}',
      '2026-11-28 14:08:44 ',
      '[main] ',
      'a=b ',
      '"',
      '\\',
      '\n',
      'a.b: ',
      '\u0007',
      'é',
    ];
    const encoder = encoderOf(schema, 'text', { 'app.name': 'x' });
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 8 }), (parts) => {
        const [action, line, ...others] = linesOf(parts.join(''), encoder);
        expect(others).toEqual([]);
        expect(JSON.parse(action!)).toHaveProperty('create');
        const { data, ...document } = JSON.parse(line!) as Document;
        expect(document[SCHEMAS[schema].message]).toBe(parts.join(''));
        if (data === undefined) expect(JSON.stringify(document)).toBe(line);
        else expect(typeof data).toBe('object');
      }),
    );
  });
});

test('ordinary text has the document that it has without fields', () => {
  const plain = new BulkEncoder({ index: 'logs-{yyyy.MM.dd}', schema: 'otel', resource: noResource });
  expect(linesOf('Server started', encoderOf('otel'))).toEqual(linesOf('Server started', plain));
});

test('data is the object of a message, also behind a prefix, or what a layout names', () => {
  const encoder = encoderOf('flat');
  expect(documentOf('{"a":{"b":1}}\r', encoder).data).toEqual({ a: { b: 1 } });
  expect(documentOf('web-1  | {"a":1}', encoder).data).toEqual({ a: 1 });
  expect(documentOf('a=b c="d e"', encoder).data).toEqual({ a: 'b', c: 'd e' });
  expect(documentOf('::1 - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 500 1', encoder).data).toMatchObject({
    status: '500',
  });
  expect(documentOf(`{"a":${'['.repeat(60)}${']'.repeat(60)}}`, encoder).data).toBeUndefined();
  expect(documentOf('a=b', encoder, { withFields: true }).data).toBeUndefined();
});

test('where a mapping refuses fields, a document has none', () => {
  const found = documentOf('{"level":"error"}', encoderOf('flat', 'write', { a: 'b' }), {});
  for (const name of ['data', 'level', 'labels']) expect(found).not.toHaveProperty(name);
});

test('labels have no dots', () => {
  const encoder = encoderOf('ecs', 'write', { 'app.kubernetes.io/name': 'shop', app: 'x' });
  expect(documentOf('x', encoder).labels).toEqual({ 'app_kubernetes_io/name': 'shop', app: 'x' });
});

test('the time of the text is that of the document; index and id stay those of the write', () => {
  const late = Date.UTC(2026, 10, 29, 0, 0, 1);
  const [action, line] = linesOf('2026-11-28 23:59:59.5 ERROR x', encoderOf('flat', 'text'), FORM, late);
  expect(JSON.parse(action!).create._index).toBe('logs-2026.11.29');
  expect(JSON.parse(line!)['@timestamp']).toBe('2026-11-28T23:59:59.500000Z');
  // In the other pass as well.
  expect(documentOf('2026-11-28 23:59:59.5 ERROR x', encoderOf('flat', 'text'), {}, late)['@timestamp']).toBe(
    '2026-11-28T23:59:59.500000Z',
  );
  expect(documentOf('2026-11-29 23:59:59 ERROR x', encoderOf('flat', 'text'), FORM, late)['@timestamp']).toBe(
    '2026-11-29T00:00:01.000000Z',
  );
  expect(documentOf('2026-11-28 23:59:59 ERROR x', encoderOf('flat'), FORM, late)['@timestamp']).toBe(
    '2026-11-29T00:00:01.000000Z',
  );
});

describe('by container', () => {
  const { containerSettings } = parseSettings(
    {
      LOGTAP_SINK: 'stdout',
      LOGTAP_CONTAINER_SETTINGS: JSON.stringify({
        off: { LOGTAP_FIELDS: 'off' },
        text: { LOGTAP_TIME: 'text', LOGTAP_TIME_ZONE: 'Europe/Berlin' },
      }),
    },
    () => {},
  );
  const fields = new FieldReader({ fields: 'auto', time: 'write', timeZone: 'UTC', containerSettings });
  const encoder = new BulkEncoder({
    index: 'logs',
    schema: 'ecs',
    resource: noResource,
    fields,
    labels: new Labels({}),
  });
  const documentIn = (container: string, message: string): Document => {
    const origin = { ...stdoutOrigin, container };
    const { bytes } = encoder.encode(batchOf([{ message, timeMs: WRITTEN, origin }]), 0, 1, 1e6, FORM);
    return JSON.parse(bytes.toString().trimEnd().split('\n')[1]!);
  };

  test('fields are read, or not', () => {
    expect(documentIn('other', LINE)).toMatchObject({
      'log.level': 'error',
      '@timestamp': '2026-11-28T14:08:45.000000Z',
    });
    expect(documentIn('off', LINE)).not.toHaveProperty(['log.level']);
    // An object that is all of a message is no field of its text.
    expect(documentIn('off', '{"a":1}')).toMatchObject({ data: { a: 1 } });
  });

  test('the time is that of the text, in the zone of the container', () => {
    const written = LINE.replace('14:08:44', '15:08:44');
    expect(documentIn('text', written)['@timestamp']).toBe('2026-11-28T14:08:44.123000Z');
    expect(documentIn('', written)['@timestamp']).toBe('2026-11-28T14:08:45.000000Z');
  });
});
