/** Frames that an earlier shipper, or the kernel, took with it are missed once, and counted as lines. */
import type { ReadTotal } from '../../../../src/shipper/accounting/journal-sum.js';
import type { Lost } from '../../../../src/shipper/source/frames/decoder.js';
import { ReadTotals } from '../../../../src/shipper/source/socket/read-totals.js';

const ONE = '00000000000000a1';
const lost = (lines: number, bytes = lines * 10): Lost => ({ lines, bytes });
const NONE = lost(0);

const after = (before: Partial<ReadTotal>) => {
  const totals = new ReadTotals({});
  totals.remember(new Map([[ONE, { seq: 10, lines: 10, bytes: 100, lost: NONE, ...before }]]));
  return totals;
};

test.each<[string, Partial<ReadTotal>, number, Lost, Lost | undefined]>([
  ['nothing is missing before the next frame', {}, 11, NONE, undefined],
  ['one line per frame', {}, 16, NONE, lost(5)],
  ['four lines per frame', { lines: 40, bytes: 400 }, 13, NONE, lost(8)],
  ['part of a line per frame, rounded up', { lines: 5, bytes: 100 }, 14, NONE, { lines: 2, bytes: 30 }],
  ['frames that the process could not hand over count there', {}, 16, lost(2), lost(3)],
  ['but not those that it had lost before', { lines: 8, bytes: 80, lost: lost(2) }, 16, lost(3), lost(4)],
  ['a number that goes back says nothing', {}, 4, NONE, undefined],
  [
    'where the process lost lines, no more than the kernel holds',
    { lines: 20 },
    10_001,
    lost(500),
    { lines: 1108, bytes: 5540 },
  ],
])('%s', (_, before, seq, lostNow, missing) => {
  expect(after(before).hear(ONE, seq, lostNow)).toEqual(missing);
});

test('a process is missed once, however often it connects, and only if an earlier shipper knew it', () => {
  const totals = after({});
  expect(totals.hear(ONE, 16, NONE)).toEqual(lost(5));
  expect(totals.hear(ONE, 30, NONE)).toBeUndefined();
  expect(totals.hear('00000000000000b2', 100, NONE)).toBeUndefined();
});

test('the next shipper of the next misses what came after, at the same number of lines per frame', () => {
  const kept = new Map<string, ReadTotal>();
  const totals = new ReadTotals({
    onRead(changed) {
      for (const [instance, total] of changed) kept.set(instance, total);
    },
  });
  totals.remember(new Map([[ONE, { seq: 10, lines: 20, bytes: 200, lost: NONE }]]));
  expect(totals.hear(ONE, 16, NONE)).toEqual(lost(10));
  totals.reach(ONE, 20, NONE, 20);
  totals.read(ONE, lost(10));
  totals.keep(NONE);
  const next = new ReadTotals({});
  next.remember(kept);
  expect(next.hear(ONE, 24, NONE)).toEqual(lost(6));
});

test.each([true, false])(
  'missing lines are reported with the total that has them, if it is believed: %s',
  (isBelieved) => {
    const told: unknown[] = [];
    const totals = new ReadTotals({ onRead: (...entry) => told.push(entry), believes: () => isBelieved });
    totals.remember(new Map([[ONE, { seq: 10, lines: 10, bytes: 100, lost: NONE }]]));
    expect(totals.hear(ONE, 16, NONE)).toEqual(isBelieved ? lost(5) : undefined);
    const changed = new Map([[ONE, { seq: 15, ...lost(15), lost: NONE }]]);
    expect(told).toEqual([[changed, NONE, isBelieved ? { missing: lost(5) } : {}]]);
  },
);

test('lines that left and are not acknowledged, and those that are open, are kept as such', () => {
  const unsettled: Lost[] = [];
  const totals = new ReadTotals({
    onRead: (_, lines) => unsettled.push(lines),
    onSettled: (lines) => unsettled.push(lines),
  });
  totals.hear(ONE, 1, NONE);
  totals.read(ONE, lost(3));
  totals.read(undefined, lost(2));
  totals.keep({ lines: 1, bytes: 0 });
  totals.settle(lost(3));
  totals.keep(NONE);
  totals.settle(lost(2));
  expect(unsettled).toEqual([NONE, { lines: 6, bytes: 50 }, { lines: 3, bytes: 20 }, lost(2), NONE]);
});

describe('of a process that tells how many line ends it has handed over', () => {
  const HANDED = { seq: 10, lines: 40, bytes: 400, lineEnds: 40 };

  test.each<[string, Partial<ReadTotal>, number, Lost | undefined]>([
    ['all were read', {}, 40, undefined],
    ['the difference is missing, with the mean of bytes per line', {}, 45, lost(5)],
    [
      'all that was read and lost before makes the mean',
      { lost: { lines: 10, bytes: 600 } },
      42,
      { lines: 2, bytes: 40 },
    ],
    ['a line has at least its end', { lines: 0, bytes: 0 }, 43, lost(3, 3)],
    ['a total that goes back says nothing', {}, 4, undefined],
  ])('%s', (_, before, handed, missing) => {
    expect(after({ ...HANDED, ...before }).greet(ONE, handed, NONE)).toEqual(missing);
  });

  test('frames that were lost say nothing, and it is missed once', () => {
    const totals = after(HANDED);
    expect(totals.greet(ONE, 45, lost(1000))).toEqual(lost(5));
    expect(totals.hear(ONE, 5000, lost(1000))).toBeUndefined();
    expect(totals.greet(ONE, 60, lost(1000))).toBeUndefined();
  });

  test('lines that were in the kernel when this shipper closed the connection are told once, if no other one is open', () => {
    const told: unknown[] = [];
    const totals = new ReadTotals({ onRead: (_, __, counted) => told.push(counted) });
    totals.greet(ONE, 0, NONE);
    totals.reach(ONE, 2, NONE, 10);
    // On its way over the other connection.
    totals.greet(ONE, 11, NONE, false);
    totals.reach(ONE, 3, NONE, 1);
    totals.greet(ONE, 13, NONE, true);
    totals.greet(ONE, 13, NONE, true);
    totals.reach(ONE, 4, NONE, 1);
    totals.greet(ONE, 14, NONE, true);
    expect(told).toEqual([{}, { closed: { lines: 2, bytes: 2 } }]);
  });

  test('the first frame tells where the journal has no line ends', () => {
    const totals = after({});
    expect(totals.greet(ONE, 1000, NONE)).toBeUndefined();
    expect(totals.hear(ONE, 16, NONE)).toEqual(lost(5));
  });

  test('one that no shipper has heard begins there, and the next shipper misses what came after', () => {
    const kept = new Map<string, ReadTotal>();
    const totals = new ReadTotals({
      onRead(changed) {
        for (const [instance, total] of changed) kept.set(instance, total);
      },
    });
    expect(totals.greet(ONE, 7, NONE)).toBeUndefined();
    totals.reach(ONE, 3, NONE, 12);
    totals.keep(NONE);
    const next = new ReadTotals({});
    next.remember(kept);
    expect(next.greet(ONE, 7 + 12 + 6, NONE)?.lines).toBe(6);
  });

  test('another process that connects does not keep what has not left yet', () => {
    const kept = new Map<string, ReadTotal>();
    const totals = new ReadTotals({
      onRead(changed) {
        for (const [instance, total] of changed) kept.set(instance, total);
      },
    });
    totals.greet(ONE, 0, NONE);
    totals.reach(ONE, 3, NONE, 12);
    totals.greet('00000000000000b2', 0, NONE);
    expect(kept.get(ONE)?.lineEnds).toBe(0);
    totals.keep(NONE);
    expect(kept.get(ONE)?.lineEnds).toBe(12);
  });
});
