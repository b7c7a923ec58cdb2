import { BulkEncoder, indexName } from '../../../../src/shipper/sinks/opensearch-encoder.js';
import { batchOf, noResource, stdoutOrigin } from '../../../support/batches.js';

const resource = { podName: 'web-0', podNamespace: 'shop', podUid: 'u1', nodeName: 'n1', containerName: 'sidecar' };
const MIB = 1024 * 1024;

function encode(records: Parameters<typeof batchOf>[0], encoder = new BulkEncoder('logs-{yyyy.MM.dd}', resource)) {
  const batch = batchOf(records);
  const { bytes } = encoder.encode(batch, 0, batch.count, MIB);
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
    const [, document] = parsed(encode([{ message: '', origin }], new BulkEncoder('logs', noResource)));
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
    expect(ids(records.slice(1))).toEqual(ids(records).slice(1));
  });

  test('rule 58: fills a body to exactly its limit, and starts the next one byte above', () => {
    const batch = batchOf(['a'.repeat(100), 'b'.repeat(100), 'c'.repeat(100)]);
    const encoder = new BulkEncoder('logs', resource);
    const two = encoder.encode(batch, 0, 2, MIB).bytes.length;
    expect(encoder.encode(batch, 0, 3, two)).toMatchObject({ from: 0, to: 2 });
    expect(encoder.encode(batch, 0, 3, two - 1)).toMatchObject({ from: 0, to: 1 });
    expect(encoder.encode(batch, 1, 3, 1)).toMatchObject({ from: 1, to: 2 });
    const rest = encoder.encode(batch, 2, 3, MIB);
    expect(parsed(rest.bytes)[1]).toMatchObject({ body: 'c'.repeat(100) });
  });
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
