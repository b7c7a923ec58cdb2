import fc from 'fast-check';
import { backoffMs } from '../../../src/shipper/delivery/backoff.js';

describe('backoffMs', () => {
  test('doubles up to its cap', () => {
    const longest = [1, 2, 3, 8, 9, 100, 5000].map((failures) => backoffMs(failures, () => 1));
    expect(longest).toEqual([200, 400, 800, 25_600, 30_000, 30_000, 30_000]);
  });

  test('rule 93: has full jitter: anything from nothing to all of it', () => {
    expect(backoffMs(5, () => 0)).toBe(0);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        expect(backoffMs(failures, () => random)).toBeCloseTo(random * backoffMs(failures, () => 1), 6);
      }),
    );
  });

  test('rule 93: a thousand sidecars that fail together do not come back together', () => {
    const delays = Array.from({ length: 1000 }, () => backoffMs(4, Math.random));
    const perTenth = Array.from({ length: 10 }, (_, i) => delays.filter((ms) => Math.floor(ms / 160) === i).length);
    expect(Math.max(...perTenth)).toBeLessThan(200);
  });
});
