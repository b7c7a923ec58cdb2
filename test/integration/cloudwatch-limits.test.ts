/**
 * Random records, around every limit of size and time, through the CloudWatch Logs sink: before the referee of the limits,
 * and into the emulator, which reads back.
 */
import fc from 'fast-check';
import type { CloudWatchServer } from '../../scripts/cloudwatch.js';
import { startCloudWatch } from '../../scripts/cloudwatch.js';
import type { RecordBatch, Sink } from '../../src/shipper/parts.js';
import { select } from '../../src/shipper/records/record-batch.js';
import { batchOf } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { CloudWatchBench, DAY_MS, GROUP, HOUR_MS, STREAM } from '../support/cloudwatch-sink.js';
import { readCloudWatch } from '../support/sinks-read-back.js';

const never = new AbortController().signal;

const bench = new CloudWatchBench();
beforeEach(() => bench.begin());
afterEach(() => bench.end());

/** Takes what is refused at the sink's own pace, as `deliver` does. */
async function sendAll(sink: Sink, batch: RecordBatch): Promise<Map<number, string>> {
  const rejected = new Map<number, string>();
  let left = Array.from({ length: batch.count }, (_, i) => i);
  for (let attempt = 0; left.length > 0 && attempt < 50; attempt += 1) {
    const sent = left;
    const result = await sink.send(select(batch, sent), never);
    for (const { index, reason } of result.rejected) rejected.set(sent[index]!, reason);
    left = result.retry.map((index) => sent[index]!);
  }
  expect(left).toEqual([]);
  return rejected;
}

const messages = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each)) },
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) },
  // Around the limit of an event and of a batch, with characters of every length and bytes that are none.
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('x', 'é', '€', '😀', '\u0001'), fc.integer({ min: -6, max: 6 }), fc.constantFrom(1, 2, 3))
      .map(([unit, more, parts]) => {
        const size = Math.floor(1_048_550 / parts) + more;
        const text = Buffer.from(unit.repeat(size / Buffer.byteLength(unit)));
        return Buffer.concat([text, Buffer.alloc(3, 'y')]).subarray(0, size);
      }),
  },
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(400_000, 0xff)) },
);
const recent = fc.integer({ min: -1000, max: 0 });
const anyTime = fc.oneof(
  recent,
  fc.constantFrom(-DAY_MS + 1, -DAY_MS, -DAY_MS - 1, -2 * DAY_MS, -13.9 * DAY_MS, -15 * DAY_MS, HOUR_MS, 3 * HOUR_MS),
);

/** Sends such records with a new sink for each run, and compares what the service then has. */
function holdsFor(
  offsets: fc.Arbitrary<number>,
  numRuns: number,
  begin: (run: number) => Sink,
  stored: (run: number) => Promise<readonly string[]>,
): Promise<void> {
  let run = 0;
  return fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(messages, offsets), { minLength: 1, maxLength: 25 }), async (records) => {
      run += 1;
      const sink = begin(run);
      const now = Date.now();
      const batch = batchOf(records.map(([message, offset]) => ({ message, timeMs: now + offset })));
      const rejected = await sendAll(sink, batch);
      // In the order in which the service gets them: by time, and what is of one time as it came.
      const expected = records
        .map(([message, offset], i) => ({ message, offset, i }))
        .filter(({ i }) => !rejected.has(i))
        .sort((one, other) => one.offset - other.offset || one.i - other.i);
      const found = expected.length === 0 ? [] : await stored(run);
      // A blank line is a space.
      const sent = expected.map(({ message }) => (message.length === 0 ? ' ' : message.toString()));
      expect(found.join('')).toBe(sent.join(''));
      for (const [i, reason] of rejected) {
        const [, offset] = records[i]!;
        if (reason === 'too_new') expect(offset).toBeGreaterThan(2 * HOUR_MS);
        else if (reason === 'too_old') expect(offset).toBeLessThan(-14 * DAY_MS);
        else throw new Error(`record ${i} was refused: ${reason}`);
      }
    }),
    { numRuns },
  );
}

test('rules 1, 3, 6, 15, 17: with any input, no limit is passed, nothing is lost, and order is kept', async () => {
  const begin = () => {
    bench.fake.make(GROUP, STREAM);
    return bench.open();
  };
  await holdsFor(anyTime, 60, begin, async () => bench.stored());
  // What is refused is halved and arrives all the same: so it is not enough that everything is there.
  expect(bench.fake.refusals).toEqual([]);
});

test('rule 37: a service that takes less than it says is followed, with any input', async () => {
  bench.fake.eventMaxBytes = 100_000;
  const begin = () => {
    bench.fake.make(GROUP, STREAM);
    return bench.open();
  };
  await holdsFor(recent, 20, begin, async () => bench.stored());
  expect(bench.fake.refusals.length).toBeGreaterThan(0);
  for (const refusal of bench.fake.refusals) expect(refusal).toContain('Log event too large');
});

test('rules 3, 11, 12: batches around 10,000 events and around their size in bytes pass no limit', async () => {
  const record = fc.tuple(
    fc.integer({ min: 9_980, max: 10_020 }),
    fc.integer({ min: 76, max: 81 }),
    fc.nat({ max: 3 }),
  );
  await fc.assert(
    fc.asyncProperty(record, async ([count, bytes, more]) => {
      bench.fake.make(GROUP, STREAM);
      const sink = bench.open();
      const texts = Array.from({ length: count }, (_, i) => `${i}`.padEnd(bytes + (i % (more + 1)), 'x'));
      const timeMs = Date.now();
      expect(await sendAll(sink, batchOf(texts.map((message) => ({ message, timeMs }))))).toEqual(new Map());
      expect(bench.stored()).toEqual(texts);
    }),
    { numRuns: 10 },
  );
  expect(bench.fake.refusals).toEqual([]);
});

describeWith(['cloudwatch'], 'the emulator', () => {
  let cloud: CloudWatchServer;
  beforeAll(async () => {
    cloud = await startCloudWatch();
  });
  afterAll(() => cloud?.stop());

  // Times that are refused are left to the referee: the emulator's indexes of them are not the documented ones.
  test('rules 6, 8, 15: stores what comes, whole and in order', async () => {
    const begin = (run: number) =>
      bench.open({
        AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: cloud.url,
        LOGTAP_CLOUDWATCH_LOG_GROUP: `/run/${run}`,
        LOGTAP_CLOUDWATCH_GZIP: String(run % 2 === 0),
      });
    await holdsFor(recent, 25, begin, (run) => readCloudWatch(cloud.url, `/run/${run}`, STREAM));
  });
});
