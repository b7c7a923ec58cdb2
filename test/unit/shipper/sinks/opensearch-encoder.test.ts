import fc from 'fast-check';
import { OPENSEARCH_SCHEMAS } from '../../../../src/catalog/sinks/opensearch.js';
import type { Origin } from '../../../../src/shipper/parts.js';
import { NdjsonEncoder } from '../../../../src/shipper/sinks/lines/ndjson.js';
import {
  BulkEncoder,
  type BulkEncoderOptions,
  type BulkForm,
  indexName,
} from '../../../../src/shipper/sinks/opensearch/encoder.js';
import { mappingsOf, SCHEMAS } from '../../../../src/shipper/sinks/opensearch/schema.js';
import { batchOf, noResource, stdoutOrigin } from '../../../support/batches.js';

const resource = { podName: 'web-0', podNamespace: 'shop', podUid: 'u1', nodeName: 'n1', containerName: 'sidecar' };
const MIB = 1024 * 1024;

const encoderOf = (options: Partial<BulkEncoderOptions> = {}) =>
  new BulkEncoder({ index: 'logs-{yyyy.MM.dd}', schema: 'otel', resource, ...options });

function encode(records: Parameters<typeof batchOf>[0], encoder = encoderOf(), form: BulkForm = {}) {
  const batch = batchOf(records);
  const { bytes } = encoder.encode(batch, 0, batch.count, MIB, form);
  return bytes;
}

const parsed = (bytes: Buffer): unknown[] =>
  bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('BulkEncoder', () => {
  test('rules 57, 66: writes an action and a document a record', () => {
    const timeMs = Date.UTC(2026, 10, 23, 7, 21, 44, 5) + 0.25;
    const bytes = encode([{ message: 'a "quoted"\nline', timeMs, seq: 2 ** 53 - 1 }]);
    expect(bytes.at(-1)).toBe(0x0a);
    expect(parsed(bytes)).toEqual([
      { create: { _index: 'logs-2026.11.23', _id: `0000000000000abc-1-${2 ** 53 - 1}` } },
      {
        '@timestamp': '2026-11-23T07:21:44.005250Z',
        body: 'a "quoted"\nline',
        attributes: {
          'log.record.seq': 2 ** 53 - 1,
          'log.iostream': 'stdout',
          'process.pid': 42,
          'process.name': 'app',
        },
        resource: {
          'k8s.pod.name': 'web-0',
          'k8s.namespace.name': 'shop',
          'k8s.node.name': 'n1',
          'k8s.container.name': 'web',
          'k8s.pod.uid': 'u1',
        },
      },
    ]);
  });

  test('leaves out what it does not know', () => {
    const origin = { id: 'x-0', stream: 'file' as const, path: '/a.log', pid: 0, process: '', container: '' };
    const [, document] = parsed(encode([{ message: '', origin }], encoderOf({ index: 'logs', resource: noResource })));
    expect(document).toEqual({
      '@timestamp': '1970-01-01T00:00:00.000000Z',
      body: '',
      attributes: { 'log.record.seq': 0, 'log.file.path': '/a.log' },
      resource: {},
    });
  });

  test('rules 67, 106: takes the index from the record’s own UTC time', () => {
    const midnight = Date.UTC(2026, 11, 1);
    const bytes = encode([
      { message: 'before', timeMs: midnight - 1 },
      { message: 'after', timeMs: midnight },
      { message: 'late', timeMs: midnight - 1 },
    ]);
    const indices = parsed(bytes)
      .filter((_, i) => i % 2 === 0)
      .map((action) => (action as { create: { _index: string } }).create._index);
    expect(indices).toEqual(['logs-2026.11.30', 'logs-2026.12.01', 'logs-2026.11.30']);
  });

  test('rule 68: equal text at two places has two ids, the same record always the same', () => {
    const ids = (records: Parameters<typeof batchOf>[0]) =>
      parsed(encode(records))
        .filter((_, i) => i % 2 === 0)
        .map((action) => (action as { create: { _id: string } }).create._id);
    const other = { ...stdoutOrigin, id: '0000000000000abc-2' };
    const records = [
      { message: 'same', seq: 1 },
      { message: 'same', seq: 2 },
      { message: 'same', seq: 1, origin: other },
    ];
    expect(new Set(ids(records)).size).toBe(3);
    const longest = { ...stdoutOrigin, id: `${'f'.repeat(16)}-65535` };
    expect(ids([{ message: '', seq: Number.MAX_SAFE_INTEGER, origin: longest }])[0]!.length).toBeLessThanOrEqual(512);
    expect(ids(records.slice(1))).toEqual(ids(records).slice(1));
  });

  test('rule 58: fills a body to exactly its limit, and starts the next one byte above', () => {
    const batch = batchOf(['a'.repeat(100), 'b'.repeat(100), 'c'.repeat(100)]);
    const encoder = encoderOf({ index: 'logs' });
    const two = encoder.encode(batch, 0, 2, MIB).bytes.length;
    expect(encoder.encode(batch, 0, 3, two)).toMatchObject({ from: 0, to: 2 });
    expect(encoder.encode(batch, 0, 3, two - 1)).toMatchObject({ from: 0, to: 1 });
    expect(encoder.encode(batch, 1, 3, 1)).toMatchObject({ from: 1, to: 2 });
    const rest = encoder.encode(batch, 2, 3, MIB);
    expect(parsed(rest.bytes)[1]).toMatchObject({ body: 'c'.repeat(100) });
  });
});

describe('schemas', () => {
  const timeMs = Date.UTC(2026, 10, 23, 7, 21, 44, 5) + 0.25;
  const time = { '@timestamp': '2026-11-23T07:21:44.005250Z' };
  const file = { id: 'x-1', stream: 'file' as const, path: '/var/log/a.log', pid: 7, process: 'nginx', container: '' };
  const document = (options: Partial<BulkEncoderOptions>, origin: Origin) =>
    parsed(encode([{ message: 'm', timeMs, seq: 5, origin }], encoderOf(options)))[1];

  test('ecs', () => {
    expect(document({ schema: 'ecs' }, stdoutOrigin)).toEqual({
      ...time,
      message: 'm',
      event: { sequence: 5 },
      ecs: { version: '8.17.0' },
      stream: 'stdout',
      process: { pid: 42, name: 'app' },
      container: { name: 'web' },
      host: { name: 'n1' },
      kubernetes: {
        namespace: 'shop',
        pod: { name: 'web-0', uid: 'u1' },
        container: { name: 'web' },
        node: { name: 'n1' },
      },
    });
    expect(document({ schema: 'ecs', resource: noResource }, file)).toEqual({
      ...time,
      message: 'm',
      event: { sequence: 5 },
      ecs: { version: '8.17.0' },
      log: { file: { path: '/var/log/a.log' } },
      process: { pid: 7, name: 'nginx' },
    });
  });

  test('flat has the names of the sink stdout', () => {
    const names = (record: unknown) => Object.keys(record as object).filter((name) => !/timestamp/.test(name));
    for (const origin of [stdoutOrigin, file]) {
      const { bytes } = new NdjsonEncoder(resource).encode(batchOf([{ message: 'm', timeMs, seq: 5, origin }]));
      const line = JSON.parse(bytes.toString());
      const flat = document({ schema: 'flat' }, origin) as Record<string, unknown>;
      expect(names(flat).sort()).toEqual(names(line).sort());
      for (const name of names(line)) expect(flat[name]).toEqual(line[name]);
    }
  });

  test.each(OPENSEARCH_SCHEMAS)(
    'rule 74: %s: the mapping names every field of a document, and takes no other',
    (schema) => {
      const leaves = (value: unknown, path: string): string[] =>
        typeof value === 'object' && value !== null
          ? Object.entries(value).flatMap(([name, each]) => leaves(each, path === '' ? name : `${path}.${name}`))
          : [path];
      const mapping = mappingsOf(SCHEMAS[schema], true) as { dynamic: boolean; properties: Record<string, unknown> };
      expect(mapping.dynamic).toBe(false);
      for (const origin of [stdoutOrigin, file]) {
        const unmapped = leaves(document({ schema }, origin), '').filter((path) => !(path in mapping.properties));
        expect(unmapped).toEqual([]);
      }
    },
  );
});

describe('JSON messages', () => {
  const nested = (depth: number) => `${'{"a":['.repeat(depth / 2)}${depth % 2 ? '{}' : ''}${']}'.repeat(depth / 2)}`;
  const encoded = (messages: readonly string[], form: BulkForm) =>
    encode(
      messages.map((message) => ({ message })),
      encoderOf(),
      form,
    );
  const documents = (messages: readonly string[], form: BulkForm = { withData: true }) =>
    parsed(encoded(messages, form)).filter((_, i) => i % 2 === 1) as Record<string, unknown>[];

  test('rule 74: a message stays text; below data it goes only where the mapping is ours', () => {
    const message = '{"level":"info","n":1}';
    expect(documents([message], {})[0]).not.toHaveProperty('data');
    expect(documents([message])[0]).toMatchObject({ body: message, data: { level: 'info', n: 1 } });
  });

  test('rule 75: what an application calls JSON is copied or left, and never breaks the body', () => {
    const objects = [
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
      '{"big":123456789012345678901234567890,"minus":-0,"huge":1e400}',
      nested(50),
      `{"text":"${'[{'.repeat(100)} \\\\\\" ]"}`,
      '{"twice":1,"twice":2}',
      '{"":"", "a.b": {"c.d": null}}',
      '{"lone":"\\ud800"}',
    ];
    const others = [
      '{"nan":NaN}',
      '{"undefined":undefined}',
      '{"open":',
      '{}}',
      '[1]',
      '{"feed":\n1}',
      `{"long":"${'x'.repeat(32_000)}"}`,
      nested(51),
      nested(2000),
      '['.repeat(100_000),
    ];
    const found = documents([...objects, ...others]);
    expect(found.map(({ body }) => body)).toEqual([...objects, ...others]);
    // Compared as bytes: parsing would lose the large number.
    const text = encoded(objects, { withData: true }).toString();
    for (const object of objects) expect(text).toContain(`,"data":${object},"attributes"`);
    for (const document of found.slice(objects.length)) expect(document).not.toHaveProperty('data');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('rule 57: a body is one line per action and one per document, with any messages', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constant('{"a":\n1}'))),
        (messages) => {
          const lines = encoded(messages, { withData: true }).toString().split('\n');
          expect(lines.pop()).toBe('');
          expect(lines).toHaveLength(2 * messages.length);
          lines.forEach((line, i) => {
            const value = JSON.parse(line);
            if (i % 2 === 1) expect(value.body).toBe(Buffer.from(messages[(i - 1) / 2]!).toString());
            else expect(Object.keys(value)).toEqual(['create']);
          });
        },
      ),
    );
  });
});

test('rule 69: without ids the action has none, and the document keeps its number', () => {
  const encoder = Object.assign(encoderOf({ index: 'logs' }), { withIds: false });
  const [action, document] = parsed(encode([{ message: 'm', seq: 7 }], encoder));
  expect(action).toEqual({ create: { _index: 'logs' } });
  expect(document).toMatchObject({ body: 'm', attributes: { 'log.record.seq': 7 } });
});

describe('indexName', () => {
  test.each([
    ['logs', 'logs'],
    ['logs-{yyyy.MM.dd}', 'logs-2026.01.09'],
    ['{yyyy}-logs-{MM}', '2026-logs-01'],
    ['logs-{yyyy-MM-dd-HH}', 'logs-2026-01-09-23'],
  ])('%s', (pattern, name) => {
    expect(indexName(pattern, Date.UTC(2026, 0, 9, 23, 59, 59, 999))).toBe(name);
  });
});
