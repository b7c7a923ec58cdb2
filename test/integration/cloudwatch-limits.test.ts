/** Random records, around every limit of size and time, through the CloudWatch Logs sink before the referee. */
import fc from 'fast-check';
import type { RecordBatch, Sink } from '../../src/shipper/parts.js';
import { slice } from '../../src/shipper/record-batch.js';
import { batchOf } from '../support/batches.js';
import { CloudWatchBench, DAY_MS, GROUP, HOUR_MS, STREAM } from '../support/cloudwatch-sink.js';

jest.setTimeout(120_000);
const never = new AbortController().signal;

const bench = new CloudWatchBench();
beforeEach(() => bench.begin());
afterEach(() => bench.end());

/** Takes what is refused at the sink's own pace, as `deliver` does. */
async function sendAll(sink: Sink, batch: RecordBatch): Promise<Map<number, string>> {
  const rejected = new Map<number, string>();
  let left = Array.from({ length: batch.count }, (_, i) => i);
  for (let attempt = 0; left.length > 0 && attempt < 50; attempt += 1) {
    const from = left[0]!;
    const result = await sink.send(slice(batch, from, batch.count), never);
    for (const { index, reason } of result.rejected) rejected.set(from + index, reason);
    left = result.retry.map((index) => from + index);
  }
  expect(left).toEqual([]);
  return rejected;
}

test('rules 1, 3, 6, 11, 15, 17, 37: whatever comes, no limit is passed, nothing is lost, and order is kept', async () => {
  const bytes = fc.oneof(
    { weight: 6, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => Buffer.from(text)) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each)) },
    { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) },
    // Around the limit of an event and of a batch, with characters of every length and bytes that are none.
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.constantFrom('x', 'é', '€', '😀', '\u0001'),
          fc.integer({ min: -6, max: 6 }),
          fc.constantFrom(1, 2, 3),
        )
        .map(([unit, more, parts]) => {
          const size = Math.floor(1_048_550 / parts) + more;
          return Buffer.concat([
            Buffer.from(unit.repeat(size / Buffer.byteLength(unit))),
            Buffer.alloc(3, 'y'),
          ]).subarray(0, size);
        }),
    },
    { weight: 1, arbitrary: fc.constant(Buffer.alloc(400_000, 0xff)) },
  );
  const offsets = fc.oneof(
    fc.integer({ min: -1000, max: 0 }),
    fc.constantFrom(-DAY_MS + 1, -DAY_MS, -DAY_MS - 1, -2 * DAY_MS, -13.9 * DAY_MS, -15 * DAY_MS, HOUR_MS, 3 * HOUR_MS),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(bytes, offsets), { minLength: 1, maxLength: 25 }), async (records) => {
      bench.fake.make(GROUP, STREAM);
      bench.open();
      const now = Date.now();
      const batch = batchOf(records.map(([message, offset]) => ({ message, timeMs: now + offset })));
      const rejected = await sendAll(bench.sink, batch);
      // In the order in which the service gets them: by time, and what is of one time as it came.
      const expected = records
        .map(([message, offset], i) => ({ message, offset, i }))
        .filter(({ i }) => !rejected.has(i))
        .sort((one, other) => one.offset - other.offset || one.i - other.i);
      expect(bench.stored().join('')).toBe(expected.map(({ message }) => message.toString()).join(''));
      for (const [i, reason] of rejected) {
        const [message, offset] = records[i]!;
        if (reason === 'empty') expect(message).toHaveLength(0);
        else if (reason === 'too_new') expect(offset).toBeGreaterThan(2 * HOUR_MS);
        else if (reason === 'too_old') expect(offset).toBeLessThan(-14 * DAY_MS);
        else throw new Error(`record ${i} was refused: ${reason}`);
      }
    }),
    { numRuns: 60 },
  );
});
