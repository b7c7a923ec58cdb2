import fc from 'fast-check';
import { NdjsonEncoder } from '../../../../src/shipper/sinks/lines/ndjson.js';
import { batchOf, stdoutOrigin } from '../../../support/batches.js';

const metadata = { podName: 'web-0', podNamespace: 'shop', nodeName: 'n1', containerName: 'sidecar' };

function lines(records: Parameters<typeof batchOf>[0], encoder = new NdjsonEncoder(metadata)): unknown[] {
  const { bytes, ends } = encoder.encode(batchOf(records));
  expect(ends.at(-1)).toBe(bytes.length);
  return ends.map((end, i) => JSON.parse(bytes.subarray(ends[i - 1] ?? 0, end).toString()));
}

describe('NdjsonEncoder', () => {
  test('writes the fields that users of the predecessor parse, and its own', () => {
    const timeMs = Date.UTC(2026, 10, 23, 7, 21, 44, 5);
    expect(lines([{ message: 'hello "wörld"', timeMs, seq: 99 }])).toEqual([
      {
        timestamp: '2026-11-23T07:21:44.005000Z',
        pod_name: 'web-0',
        namespace: 'shop',
        nodename: 'n1',
        stream: 'stdout',
        source: 'web',
        container_name: 'web',
        process: 'app',
        pid: 42,
        seq: 99,
        message: 'hello "wörld"',
      },
    ]);
  });

  test('the source of a file is its path', () => {
    const origin = { ...stdoutOrigin, stream: 'file' as const, path: '/var/log/a "b".log' };
    expect(lines([{ message: 'x', origin }])).toEqual([
      expect.objectContaining({ stream: 'file', source: '/var/log/a "b".log', container_name: 'web' }),
    ]);
  });

  test('says what it does not know with empty text, as those users expect the fields', () => {
    const empty = { podName: undefined, podNamespace: undefined, nodeName: undefined, containerName: undefined };
    const origin = { ...stdoutOrigin, pid: 0, process: '', container: '' };
    expect(lines([{ message: '', origin }], new NdjsonEncoder(empty))).toEqual([
      {
        timestamp: '1970-01-01T00:00:00.000000Z',
        pod_name: '',
        namespace: '',
        nodename: '',
        stream: 'stdout',
        source: '',
        seq: 0,
        message: '',
      },
    ]);
  });

  test.each([
    ['{"a":{"b":[1,"x"]}}', { a: { b: [1, 'x'] } }],
    ['{}', {}],
    ['{"é":"€"}', { é: '€' }],
    ['{"a":1}\r', { a: 1 }],
    ['  {"a":1}', { a: 1 }],
    ['\t{"a":1} \r', { a: 1 }],
    ['\r{ "a" : 1 }', { a: 1 }],
    ['x {"a":1}', undefined],
    ['{"a":1} {"b":2}', undefined],
    ['\u00a0{"a":1}', undefined],
    [' \r\t ', undefined],
    ['{"a":}', undefined],
    ['[1]', undefined],
    ['"text"', undefined],
    ['{', undefined],
    ['{not json}', undefined],
  ])('data of %s', (message, data) => {
    const [line] = lines([message]) as [{ message: string; data?: unknown }];
    expect(line.message).toBe(message);
    expect(line.data).toEqual(data);
    expect('data' in line).toBe(data !== undefined);
  });

  test('JSON that is not UTF-8 is a message only', () => {
    const [line] = lines([{ message: Buffer.from('{"a":"\xff"}', 'latin1') }]) as [object];
    expect(line).toMatchObject({ message: '{"a":"\ufffd"}' });
    expect('data' in line).toBe(false);
  });

  test('with any bytes, a record is one line', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { minLength: 1, maxLength: 5 }), (messages) => {
        const { bytes } = new NdjsonEncoder(metadata).encode(batchOf(messages.map((message) => ({ message }))));
        const text = bytes.toString().split('\n');
        expect(text.pop()).toBe('');
        expect(text.map((line) => JSON.parse(line).message)).toEqual(messages.map((m) => Buffer.from(m).toString()));
      }),
    );
  });
});
