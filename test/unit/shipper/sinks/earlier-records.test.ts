import { ReplacedTimes } from '../../../../src/shipper/records/replaced-times.js';
import { EarlierRecords } from '../../../../src/shipper/sinks/unsettled/earlier-records.js';

const HOUR = 3_600_000;

function records(hasEarlier = true, replaced = new ReplacedTimes()) {
  const clocks = { wallMs: 10 * HOUR, monotonicMs: 0 };
  const read = { wall: () => clocks.wallMs, monotonic: () => clocks.monotonicMs };
  const found = new EarlierRecords(hasEarlier ? clocks.wallMs : undefined, replaced, read);
  const pass = (ms: number, stepMs = 0) => {
    clocks.wallMs += ms + stepMs;
    clocks.monotonicMs += ms;
  };
  return {
    found,
    pass,
    has: (timeMs: number) => found.has(timeMs),
    look: (...timesMs: number[]) => found.look(timesMs),
  };
}

test('records of before the run, and those without a time', () => {
  const { has, look } = records();
  look();
  expect([10 * HOUR - 1, Number.NaN, 10 * HOUR].map(has)).toEqual([true, true, false]);
});

test('without an earlier shipper there are none', () => {
  const { has, look } = records(false);
  look(12 * HOUR);
  expect([1, 12 * HOUR].map(has)).toEqual([false, false]);
});

test('a time to come was of before the clock was set back, also once the clock reaches it', () => {
  const { has, look, pass } = records();
  look(12 * HOUR);
  expect([12 * HOUR, 10 * HOUR].map(has)).toEqual([true, false]);
  pass(3 * HOUR);
  look(12 * HOUR);
  expect(has(12 * HOUR)).toBe(true);
});

test('times that the clock has passed over are of before the run; those around the step are its own', () => {
  const { has, look, pass } = records();
  look();
  pass(5000);
  look();
  pass(4000, 24 * HOUR);
  look(12 * HOUR);
  expect(has(12 * HOUR)).toBe(true);
  expect([10 * HOUR + 9000, 34 * HOUR + 5000, 34 * HOUR + 9000].map(has)).toEqual([false, false, false]);
});

test('a time of reading tells nothing: the frame stated one that is not believed', () => {
  const replaced = new ReplacedTimes();
  const { has, look } = records(true, replaced);
  replaced.add(11 * HOUR);
  look();
  expect([11 * HOUR, 11 * HOUR + 0.5, 11 * HOUR + 1, 10 * HOUR].map(has)).toEqual([true, true, false, false]);
  expect(records(false, replaced).has(11 * HOUR)).toBe(false);
});

test('of times of reading the latest ones are remembered', () => {
  const replaced = new ReplacedTimes();
  for (let ms = 0; ms < 65_536; ms++) replaced.add(ms);
  replaced.add(0);
  replaced.add(65_536);
  expect([0, 1, 2, 65_536].map((ms) => replaced.has(ms))).toEqual([true, false, true, true]);
});
