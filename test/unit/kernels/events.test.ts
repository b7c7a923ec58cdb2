/** The kernel that writes requests of PutLogEvents, beside its twin: the same bytes and bill, and the same cut between two requests. */
import fc from 'fast-check';
import {
  BATCH_MAX_EVENTS,
  type Events,
  eventsOf,
  MESSAGE_MAX_BYTES,
  PutEncoder,
  SPAN_MAX_MS,
} from '../../../src/shipper/sinks/cloudwatch/events.js';
import { batchOf, type PlainRecord } from '../../support/batches.js';
import { withoutKernels } from '../../support/kernels.js';

const kernel = new PutEncoder('/g"é');
const twin = withoutKernels(() => new PutEncoder('/g"é'));

/** All requests of events, one after the other. */
function bodiesOf(encoder: PutEncoder, events: Events, maxBytes: number): string[] {
  const bodies: string[] = [];
  for (let from = 0; from < events.count; ) {
    const { bytes, to, billedBytes } = encoder.encode(events, 'stream', [from, events.count], maxBytes);
    bodies.push(`${from} to ${to}, ${billedBytes} bytes: ${bytes.toString('latin1')}`);
    from = to;
  }
  return bodies;
}

function compare(records: readonly (PlainRecord | string)[], maxBytes = Number.POSITIVE_INFINITY, nowMs = 1): string[] {
  const events = eventsOf(batchOf(records), MESSAGE_MAX_BYTES, undefined, nowMs);
  const bodies = bodiesOf(kernel, events, maxBytes);
  expect(bodies).toEqual(bodiesOf(twin, events, maxBytes));
  return bodies;
}

test('one of them is the kernel', () => {
  expect([kernel.hasKernel, twin.hasKernel]).toEqual([true, false]);
});

/** Lengths around those of a vector; bytes that need an escape, and sequences that are none, at any place of it. */
const awkward = fc.constantFrom(0, 9, 10, 13, 31, 34, 65, 92, 127, 128, 159, 191, 194, 224, 237, 239, 240, 244, 255);
const message = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.uint8Array({ maxLength: 70 }).map(Buffer.from),
  fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0x61) }, awkward), { maxLength: 70 }).map(Buffer.from),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text)),
);
const timeMs = fc.oneof(
  fc.constantFrom(Number.NaN, 0, 0.9, 999, 1_000_000_000, Number(2n ** 64n - 1n) / 1e6),
  fc.integer({ min: 0, max: 3 * SPAN_MAX_MS }).map((ms) => Date.UTC(2026, 1, 28, 23) + ms + 0.0005),
);

test('any messages, times and bounds of a body', () => {
  const records = fc.array(fc.record({ message, timeMs }), { minLength: 1, maxLength: 40 });
  const maxBytes = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 0, max: 2000 }));
  fc.assert(
    fc.property(records, maxBytes, (each, max) => {
      compare(each, max);
    }),
    { numRuns: 500 },
  );
});

test('requests of the most events, and of the most bytes', () => {
  const many = Array.from({ length: BATCH_MAX_EVENTS + 5 }, (_, i) => `line ${i}`);
  expect(compare(many)).toHaveLength(2);
  expect(compare(Array.from({ length: 40 }, (_, i) => `${i}${'é"'.repeat(20_000)}`)).length).toBeGreaterThan(1);
  const half = 524_288 - 26;
  expect(compare(['x'.repeat(half), 'y'.repeat(half)])).toHaveLength(1);
  expect(compare(['x'.repeat(half), 'y'.repeat(half + 1)])).toHaveLength(2);
});

test('spans of a day less a millisecond, and of a day', () => {
  const at = (ms: number) => ({ message: 'x', timeMs: 1000 + ms });
  expect(compare([at(0), at(SPAN_MAX_MS - 1)])).toHaveLength(1);
  expect(compare([at(0), at(SPAN_MAX_MS)])).toHaveLength(2);
});

test('what has no room in the memory of the kernel is written all the same', () => {
  // Escapes of six bytes; and events that lie far apart in their batch.
  expect(compare(Array.from({ length: 30 }, () => '\u0001'.repeat(100_000))).length).toBeGreaterThan(1);
  const far = [
    { message: 'first', timeMs: 1 },
    ...Array.from({ length: 3 }, () => ({ message: 'y'.repeat(900_000), timeMs: 9 })),
  ];
  expect(compare([...far, { message: 'last', timeMs: 1 }]).join()).toContain('last');
});
