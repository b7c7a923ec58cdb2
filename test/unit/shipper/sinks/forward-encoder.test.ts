/** Entries of the Forward protocol, read by a decoder that is not ours. */
import { Decoder, ExtensionCodec } from '@msgpack/msgpack';
import fc from 'fast-check';
import type { Origin } from '../../../../src/shipper/parts.js';
import { ForwardEncoder } from '../../../../src/shipper/sinks/forward/encoder.js';
import { batchOf, type PlainRecord, stdoutOrigin } from '../../../support/batches.js';

const metadata = { podName: 'orders-0', podNamespace: 'shop', nodeName: 'node-1', containerName: undefined };
const encoder = new ForwardEncoder(metadata);

/** Time as [seconds, nanoseconds]. */
const extensionCodec = new ExtensionCodec();
extensionCodec.register({
  type: 0,
  encode: () => null,
  decode: (data) => {
    const bytes = Buffer.from(data);
    return [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
  },
});

type Entry = [time: [seconds: number, nanoseconds: number], record: Record<string, unknown>];

const decoded = (records: readonly PlainRecord[]): Entry[] => [
  ...(new Decoder({ extensionCodec }).decodeMulti(encoder.encode(batchOf(records))) as Generator<Entry>),
];

test('an entry: time with its fraction, where the record comes from, its place, its message', () => {
  expect(decoded([{ message: 'hello', timeMs: 1_764_000_000_123.25, seq: 7 }])).toEqual([
    [
      [1_764_000_000, 123_250_000],
      {
        pod_name: 'orders-0',
        namespace: 'shop',
        nodename: 'node-1',
        stream: 'stdout',
        source: 'web',
        container_name: 'web',
        process: 'app',
        pid: 42,
        seq: 7,
        message: 'hello',
      },
    ],
  ]);
});

test('a file is named by its path; what is not known is left out', () => {
  const origin: Origin = { id: 'x-1', stream: 'file', path: '/var/log/ä.log', pid: 0, process: '', container: '' };
  const [[, record] = []] = decoded([{ message: '', origin }]);
  expect(record).toEqual({
    pod_name: 'orders-0',
    namespace: 'shop',
    nodename: 'node-1',
    stream: 'file',
    source: '/var/log/ä.log',
    seq: 0,
    message: '',
  });
});

test.each([0, 31, 32, 255, 256, 65_535, 65_536, 100_000])('a message of %i bytes', (length) => {
  const message = 'é'.repeat(Math.floor(length / 2)) + 'x'.repeat(length % 2);
  expect(decoded([{ message }, { message: 'next' }]).map(([, { message: text }]) => text)).toEqual([message, 'next']);
});

test('any bytes at any time: text as everyone decodes it, whole nanoseconds, large places', () => {
  const record = fc.record({
    message: fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 300 })),
    timeMs: fc.double({ min: 0, max: 4_000_000_000_000, noNaN: true }),
    seq: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    origin: fc.constantFrom<Origin>(stdoutOrigin, { ...stdoutOrigin, stream: 'stderr' }),
  });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
      const entries = decoded(records);
      expect(entries).toHaveLength(records.length);
      entries.forEach(([[seconds, nanoseconds], { message, seq, stream }], i) => {
        const given = records[i]!;
        expect({ message, seq, stream }).toEqual({
          message: Buffer.from(given.message as string).toString(),
          seq: given.seq,
          stream: given.origin.stream,
        });
        expect(nanoseconds).toBeLessThan(1e9);
        expect(Math.abs(seconds * 1000 + nanoseconds / 1e6 - given.timeMs)).toBeLessThan(0.001);
      });
    }),
  );
});

test.each([
  [-1, [0, 0]],
  [2 ** 32 * 1000, [2 ** 32 - 1, 999_999_999]],
  [2 ** 64 / 1e6, [2 ** 32 - 1, 999_999_999]],
])('a time of %d ms, which the protocol cannot say, becomes the nearest that it can', (timeMs, time) => {
  expect(decoded([{ message: 'a', timeMs }])[0]![0]).toEqual(time);
});
