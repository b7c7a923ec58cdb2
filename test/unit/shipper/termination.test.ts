/** How long a shipper has, by what it was told. */
import { Termination } from '../../../src/shipper/process/termination.js';

const open = (graceMs: number, podGraceMs: number) => {
  const clock = { ms: 1000 };
  return { clock, termination: new Termination({ graceMs, podGraceMs, now: () => clock.ms }) };
};

test('without a notice it is the time of its own', () => {
  const { termination, clock } = open(25_000, 60_000);
  clock.ms += 100_000;
  expect(termination.leftMs).toBe(25_000);
});

test.each([
  ['an application that ends at once', 0, 25_000],
  ['one that takes a while', 40_000, 20_000],
  ['one that takes all but a little', 59_000, 2000],
  ['one that ignores SIGTERM until it is killed', 60_000, 2000],
  ['one that outlives even that', 70_000, 2000],
])('after a notice it is what is left of the time of the pod: %s', (_, afterMs, leftMs) => {
  const { termination, clock } = open(25_000, 60_000);
  expect(termination.begin()).toBe(true);
  clock.ms += afterMs;
  expect(termination.leftMs).toBe(leftMs);
});

test('a second notice begins nothing anew', () => {
  const { termination, clock } = open(25_000, 30_000);
  termination.begin();
  clock.ms += 20_000;
  expect(termination.begin()).toBe(false);
  expect(termination.leftMs).toBe(10_000);
});

test('a shipper that has less than the kubelet gives keeps to its own', () => {
  const { termination } = open(500, 30_000);
  termination.begin();
  expect(termination.leftMs).toBe(500);
});
