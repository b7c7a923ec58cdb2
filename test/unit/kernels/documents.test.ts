/** The kernel that writes documents, beside its twin: the same bytes, and the same cut between two bodies. */
import fc from 'fast-check';
import { FieldReader } from '../../../src/shipper/fields/reader.js';
import type { Origin, RecordBatch } from '../../../src/shipper/parts.js';
import { type BulkBody, BulkEncoder, type BulkForm } from '../../../src/shipper/sinks/opensearch/encoder.js';
import { batchOf, noResource } from '../../support/batches.js';
import { withoutKernels } from '../../support/kernels.js';

interface Record {
  readonly message: Buffer;
  readonly timeMs: number;
  readonly seq: number;
  readonly origin: Origin;
}

const fields = new FieldReader({ fields: 'auto', time: 'write', timeZone: 'UTC' });

function encoderOf(withIds: boolean, readsFields: boolean): BulkEncoder {
  const options = { index: 'logs-{yyyy.MM.dd.HH}', schema: 'otel', resource: noResource } as const;
  const encoder = new BulkEncoder({ ...options, ...(readsFields && { fields }) });
  encoder.withIds = withIds;
  return encoder;
}

/** All bodies of a batch, one after the other. */
function bodiesOf(encoder: BulkEncoder, batch: RecordBatch, maxBytes: number, form: BulkForm): string[] {
  const bodies: string[] = [];
  for (let from = 0; from < batch.count; ) {
    const body: BulkBody = encoder.encode(batch, from, batch.count, maxBytes, form);
    bodies.push(`${body.from} to ${body.to}: ${body.bytes.toString('latin1')}`);
    from = body.to;
  }
  return bodies;
}

function compare(records: readonly Record[], maxBytes: number, form: BulkForm = {}, withIds = true): void {
  const batch = batchOf(records);
  const readsFields = form.withFields === true;
  const kernel = encoderOf(withIds, readsFields);
  expect(kernel.hasKernel).toBe(true);
  const twin = withoutKernels(() => encoderOf(withIds, readsFields));
  expect(twin.hasKernel).toBe(false);
  expect(bodiesOf(kernel, batch, maxBytes, form)).toEqual(bodiesOf(twin, batch, maxBytes, form));
}

const origin = (name: string): Origin => ({
  ...{ id: `${name}-1`, stream: 'stdout', pid: 42, process: name, container: 'web' },
});
/** Lengths around those of a vector; bytes that need an escape, and sequences that are none, at any place of it. */
const awkward = fc.constantFrom(0, 9, 10, 13, 31, 34, 65, 92, 127, 128, 159, 191, 194, 224, 237, 239, 240, 244, 255);
const message = fc.oneof(
  fc.uint8Array({ maxLength: 70 }).map(Buffer.from),
  fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0x61) }, awkward), { maxLength: 70 }).map(Buffer.from),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text)),
  fc
    .constantFrom(
      ...['ERROR [main] com.example.A - "no"', '{"level":"warn","a":{"b":[1]}}', '{"a":"é\\n"}'],
      ...[
        '10.0.0.1 - - [23/Nov/2026:07:21:44 +0000] "GET / HTTP/1.1" 404 12',
        'trace_id=4bf92f3577b34da6a3ce929d0e0e4736',
      ],
    )
    .map(Buffer.from),
);
const LAST_MS = Number(2n ** 64n - 1n) / 1e6;
const record = fc.record({
  message,
  timeMs: fc.oneof(
    fc.double({ min: 0, max: LAST_MS, noNaN: true }),
    fc.integer({ min: 0, max: 7_200_000 }).map((ms) => Date.UTC(2026, 1, 28, 23) + ms + 0.0005),
  ),
  seq: fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 9, 10, 999_999_999, 1_000_000_000, 2 ** 32, 2 ** 53 - 1)),
  origin: fc.constantFrom(origin('app'), origin('b"é')),
});

describe('the kernel of documents writes what its twin writes', () => {
  test('any records, times, places and forms, cut anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 30 }),
        fc.oneof(fc.nat({ max: 3000 }), fc.constant(1e6)),
        fc.record({ withData: fc.boolean(), withFields: fc.boolean(), isNamedByContent: fc.boolean() }),
        fc.boolean(),
        compare,
      ),
      { numRuns: 300 },
    );
  });

  const at = (seq: number, message: Buffer, name = 'app', timeMs = 1e12): Record => ({
    ...{ message, timeMs, seq, origin: origin(name) },
  });
  const text = (bytes: number, byte = 0x61) => Buffer.alloc(bytes, byte);

  test('every byte, alone and at each place of a vector', () => {
    const records = Array.from({ length: 256 }, (_, byte) =>
      Array.from({ length: 17 }, (_, place) => at(byte, Buffer.concat([text(place), Buffer.of(byte), text(20)]))),
    );
    compare(records.flat(), 1e6);
  });

  test('more records, origins, hours and bytes than a round of the kernel takes', () => {
    const hour = 3_600_000;
    const records = Array.from({ length: 3000 }, (_, i) => at(i, text(i % 700), `app${i % 300}`, (i % 3) * hour));
    compare(records, 9 * 1024 * 1024);
    compare(records, 100_000);
  });

  test('lines of escapes that outgrow the kernel’s memory', () => {
    const megabyte = 1024 * 1024;
    const records = [at(0, text(1000)), at(1, text(3 * megabyte, 1)), at(2, text(250_000, 1)), at(3, text(1000))];
    compare(records, 9 * megabyte);
    compare(records, 1000);
    compare(
      Array.from({ length: 60 }, (_, i) => at(i, text(200_000, 0xff))),
      1e9,
    );
  });

  test('fields and data that are longer than its room for them', () => {
    const long = Buffer.from(JSON.stringify({ level: 'error', text: 'é'.repeat(15_000) }));
    compare(
      Array.from({ length: 40 }, (_, i) => at(i, long)),
      9 * 1024 * 1024,
      { withData: true, withFields: true },
    );
  });

  test('messages that are not in the order of their bytes', () => {
    const batch = batchOf([at(0, text(10, 0x61)), at(1, text(20, 0x62)), at(2, text(30, 0x63))]);
    const reversed = { ...batch, start: batch.start.slice().reverse(), length: batch.length.slice().reverse() };
    const twin = withoutKernels(() => encoderOf(true, false));
    expect(bodiesOf(encoderOf(true, false), reversed, 1e6, {})).toEqual(bodiesOf(twin, reversed, 1e6, {}));
  });
});
