import { LookInterval } from '../../../../src/shipper/source/rings/look-interval.js';
import { LOOK_MAX_MS, LOOK_MS } from '../../../../src/shipper/source/rings/times.js';

const MIB = 1024 * 1024;
/** More than a shipper delivers. */
const FASTEST_BYTES_PER_MS = 40 * 1024;

/** The waits after looks that found this. */
function waits(found: readonly (readonly [bytes: number, capacity: number])[][]): number[] {
  const interval = new LookInterval();
  return found.map((look) => {
    for (const [bytes, capacity] of look) interval.found(bytes, capacity);
    return interval.next();
  });
}

test.each([65_536, MIB, 8 * MIB, 1024 * MIB])(
  'a ring of %d bytes is looked at less often while little comes, and has room for a burst meanwhile',
  (capacity) => {
    const all = waits(Array(8).fill([[100, capacity]]));
    const longest = all.at(-1)!;
    expect([...all].sort((one, other) => one - other)).toEqual(all);
    expect(longest).toBeLessThanOrEqual(LOOK_MAX_MS);
    expect(longest > LOOK_MS).toBe(capacity >= MIB);
    if (longest > LOOK_MS) expect(longest * FASTEST_BYTES_PER_MS).toBeLessThanOrEqual(capacity);
  },
);

test('much in one of many rings: the next look is soon, and the waits grow from there', () => {
  const little = [100, MIB] as const;
  const [, , third, fourth, fifth] = waits([[little], [little], [little, [MIB / 8, MIB], little], [little], [little]]);
  expect(third).toBe(LOOK_MS);
  expect(fourth).toBe(2 * LOOK_MS);
  expect(fifth).toBeGreaterThan(2 * LOOK_MS);
});

test('the smallest ring decides', () => {
  const [, , last] = waits(
    Array(3).fill([
      [100, 8 * MIB],
      [100, 65_536],
    ]),
  );
  expect(last).toBe(LOOK_MS);
});

test('a look at no ring counts as one at little', () => {
  expect(waits([[], [], [], [], []]).at(-1)).toBe(LOOK_MAX_MS);
});
