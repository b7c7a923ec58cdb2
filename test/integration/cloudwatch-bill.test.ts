/** What CloudWatch Logs bills, counted by the sink and by the referee; and the warning when a day has more than was expected. */
import { CloudWatchBench, DAY_MS, GROUP, STREAM } from '../support/cloudwatch-sink.js';

const bench = new CloudWatchBench();
beforeEach(() => bench.begin());
afterEach(() => bench.end());

const OVERHEAD = 26;
const storedBytes = () =>
  bench.fake.events(GROUP, STREAM).reduce((sum, { message }) => sum + Buffer.byteLength(message) + OVERHEAD, 0);
const sum = () => bench.billed.reduce((total, bytes) => total + bytes, 0);

test('each event is billed with its bytes and 26 more: blank lines, UTF-8, and more than one request', async () => {
  bench.open();
  await bench.send(['', 'a', 'grün €', 'x'.repeat(300_000)]);
  await bench.send(Array.from({ length: 12_000 }, (_, i) => `line ${i}`));
  await bench.send(Array.from({ length: 5 }, (_, i) => `${i}`.repeat(300_000)));
  expect(bench.billed.length).toBeGreaterThan(3);
  expect(sum()).toBe(storedBytes());
});

test('events that are refused are not billed', async () => {
  bench.open();
  const timeMs = Date.now();
  await bench.send([
    { message: 'from long ago', timeMs: timeMs - 20 * DAY_MS },
    { message: 'of now', timeMs },
  ]);
  expect(bench.stored()).toEqual(['of now']);
  expect(sum()).toBe('of now'.length + OVERHEAD);
});

test('a day with more than was expected is reported once, and nothing is withheld', async () => {
  bench.open({ LOGTAP_CLOUDWATCH_EXPECTED_BYTES_PER_DAY: '100' });
  for (const message of ['a'.repeat(74), 'b', 'c']) await bench.send([message]);
  expect(bench.stored().length).toBe(3);
  expect(bench.notices).toEqual([
    expect.stringMatching(
      /^127 billed bytes since midnight \(UTC\) are above LOGTAP_CLOUDWATCH_EXPECTED_BYTES_PER_DAY \(100\)/,
    ),
  ]);
});
