import type { Lost } from '../../../../src/shipper/source/frames/decoder.js';
import { LossTotals } from '../../../../src/shipper/source/frames/losses/loss-totals.js';

function open() {
  const losses: Lost[] = [];
  const errors: string[] = [];
  const clock = { ms: 0 };
  const totals = new LossTotals((lost) => losses.push(lost), {
    onProtocolError: ({ reason }) => errors.push(reason),
    now: () => clock.ms,
  });
  return { totals, losses, errors, clock };
}
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

test.each([
  ['all bits set', 2 ** 64],
  ['the largest exact number', Number.MAX_SAFE_INTEGER],
  ['more than is believed at once', TIB + 1],
  ['no number', Number.NaN],
])('a total that is %s counts as a broken report alone, and later losses count', (_, claimed) => {
  for (const claim of [
    { lines: claimed, bytes: 1 },
    { lines: 0, bytes: claimed },
  ]) {
    const { totals, losses, errors } = open();
    expect(totals.update('a', claim)).toBeUndefined();
    expect(totals.isCounted('a', claim)).toBe(false);
    expect(errors).toEqual(['lost']);
    expect(totals.update('a', { lines: 1, bytes: 10 })).toEqual({ lines: 1, bytes: 10 });
    expect(totals.update('b', { lines: 2, bytes: 20 })).toEqual({ lines: 2, bytes: 20 });
    expect(losses).toHaveLength(2);
  }
});

test('many peers together are believed no more than one', () => {
  const { totals, losses, errors } = open();
  for (let i = 0; i < 1000; i++) totals.update(String(i), { lines: 0, bytes: TIB / 100 });
  expect(losses.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(TIB);
  expect(losses.length).toBeGreaterThan(98);
  expect(errors.length).toBe(1000 - losses.length);
});

test('what can have been written since is believed again', () => {
  const { totals, losses, clock } = open();
  totals.update('a', { lines: 0, bytes: TIB });
  expect(totals.update('b', { lines: 0, bytes: 10 * GIB })).toBeUndefined();
  clock.ms += 10_000;
  expect(totals.update('b', { lines: 0, bytes: 10 * GIB })).toBeDefined();
  clock.ms += 1e12;
  expect(totals.update('b', { lines: 0, bytes: 10 * GIB + TIB + 1 })).toBeUndefined();
  expect(losses).toHaveLength(2);
});

test('totals only rise', () => {
  const { totals, losses } = open();
  for (const bytes of [10, 5, 10, 12, 0]) totals.update('a', { lines: 0, bytes });
  expect(losses.map(({ bytes }) => bytes)).toEqual([10, 2]);
});
