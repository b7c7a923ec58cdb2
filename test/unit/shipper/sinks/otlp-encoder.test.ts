/** Requests of OTLP, beside the same ones put together field by field. */
import fc from 'fast-check';
import { severityName } from '../../../../src/shipper/fields/level/severity';
import { FieldReader } from '../../../../src/shipper/fields/reader';
import type { Origin, RecordBatch } from '../../../../src/shipper/parts';
import { OtlpEncoder, type OtlpFormSettings } from '../../../../src/shipper/sinks/otlp/encoder';
import { bytesField, keyValue, varintField } from '../../../../src/shipper/sinks/otlp/wire';
import { batchOf } from '../../../support/batches';

const settings: OtlpFormSettings = {
  ...{ podName: 'web-0', podNamespace: 'shop', podUid: 'u1', nodeName: 'n1', containerName: 'sidecar' },
  ...{ fields: 'auto', time: 'text', timeZone: 'UTC', labels: {} },
};
const reader = new FieldReader(settings);

const attribute = (name: string, value: string | number) => bytesField(6, keyValue(name, value));

function fixed64(number: number, timeMs: number): Buffer {
  const ms = Math.max(Math.floor(timeMs), 0);
  const to = Buffer.alloc(9);
  to[0] = (number << 3) | 1;
  const nanoseconds = Math.min(Math.max(Math.round((timeMs - ms) * 1e6), 0), 999_999);
  to.writeBigUInt64LE(BigInt(ms) * 1_000_000n + BigInt(nanoseconds), 1);
  return to;
}

function recordOf(batch: RecordBatch, i: number): Buffer {
  const { id, stream, path, pid, process } = batch.origins[batch.origin[i]!]!;
  const seq = batch.seq[i]!;
  const fields = reader.fieldsOf(batch, i, true);
  const { severity = 0, logger, thread, traceId, spanId } = fields ?? {};
  const text = Buffer.from(batch.bytes.subarray(batch.start[i]!, batch.start[i]! + batch.length[i]!)).toString();
  const parts = [
    fixed64(1, reader.timeOf(batch, i, fields)),
    fixed64(11, batch.timeMs[i]!),
    bytesField(5, bytesField(1, text)),
    severity > 0 && varintField(2, severity),
    severity > 0 && bytesField(3, severityName(severity)!.toUpperCase()),
    logger !== undefined && attribute('log.logger', logger.slice(0, 1024)),
    thread !== undefined && attribute('thread.name', thread.slice(0, 1024)),
    traceId !== undefined && bytesField(9, Buffer.from(traceId, 'hex')),
    spanId !== undefined && bytesField(10, Buffer.from(spanId, 'hex')),
    stream === 'file' ? attribute('log.file.path', path ?? '') : attribute('log.iostream', stream),
    pid > 0 && attribute('process.pid', pid),
    process !== '' && attribute('process.name', process),
    attribute('log.record.uid', `${id}-${seq}`),
    attribute('log.record.seq', seq),
  ];
  return bytesField(2, Buffer.concat(parts.filter((part) => part !== false)));
}

function requestOf(batch: RecordBatch, from: number, to: number): Buffer {
  const containers = new Map<string, Buffer[]>();
  for (let i = from; i < to; i++) {
    const { container } = batch.origins[batch.origin[i]!]!;
    const name = container || 'sidecar';
    containers.set(name, [...(containers.get(name) ?? []), recordOf(batch, i)]);
  }
  const groups = [...containers].map(([container, records]) => {
    const attributes = [
      ...[keyValue('k8s.namespace.name', 'shop'), keyValue('k8s.pod.name', 'web-0'), keyValue('k8s.pod.uid', 'u1')],
      ...[keyValue('k8s.node.name', 'n1'), keyValue('k8s.container.name', container)],
    ];
    const resource = bytesField(1, Buffer.concat(attributes.map((each) => bytesField(1, each))));
    const scope = bytesField(1, bytesField(1, 'logtap'));
    return bytesField(1, Buffer.concat([resource, bytesField(2, Buffer.concat([scope, ...records]))]));
  });
  return Buffer.concat(groups);
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const origin = (id: string, process: string, container: string, more: Partial<Origin> = {}): Origin => ({
  ...{ id, stream: 'stdout', pid: 42, process, container, ...more },
});
const origins = [
  origin('0000000000000abc-1', 'app', 'web'),
  origin('0000000000000abc-2', '', '', { pid: 0, stream: 'stderr' }),
  origin('é'.repeat(100), 'é"', 'web', { stream: 'file', path: `/${'p'.repeat(200)}` }),
];
const message = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map(Buffer.from),
  fc.string({ unit: 'binary', maxLength: 60 }).map((text) => Buffer.from(text)),
  fc
    .constantFrom(
      ...[
        '',
        'plain',
        '2026-11-28 14:08:44,123 [main] WARN  com.example.Shop - slow',
        '{"level":"error","logger":"a"}',
      ],
      ...[`2026-11-28 14:08:44,123 [main] WARN  com.example.Shop - trace_id=${TRACE}`, `fail: ${'x'.repeat(3000)}[1]`],
      '10.0.0.1 - - [23/Nov/2026:07:21:44 +0000] "GET / HTTP/1.1" 404 12',
    )
    .map((text) => Buffer.from(text)),
);
const timeMs = fc.oneof(
  fc.double({ min: -1000, max: Number(2n ** 64n - 1n) / 1e6 - 1, noNaN: true }),
  fc.integer({ min: 0, max: 1e9 }).map((ms) => Date.UTC(2026, 10, 28, 14) + ms / 1000),
);
const seq = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 9, 10, 127, 128, 2 ** 32, 2 ** 53 - 1));
const record = fc.record({ message, timeMs, seq, origin: fc.constantFrom(...origins) });

test('any records are what a simple encoder makes of them', () => {
  const encoder = new OtlpEncoder(settings);
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.nat(), (records, first) => {
      const batch = batchOf(records);
      const from = first % records.length;
      expect(encoder.encode(batch, from, batch.count).equals(requestOf(batch, from, batch.count))).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('a character that two records share is none in either', () => {
  const bytes = Buffer.from('aéb');
  const two = [bytes.subarray(0, 2), bytes.subarray(2)].map((message, i) => ({ message, timeMs: 1e12, seq: i }));
  const batch = batchOf(two.map((each) => ({ ...each, origin: origins[0]! })));
  expect(new OtlpEncoder(settings).encode(batch, 0, 2).equals(requestOf(batch, 0, 2))).toBe(true);
});
