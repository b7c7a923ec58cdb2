import { releaseBits, releaseOf } from '../../../src/catalog/release.js';

test.each([
  ['0.1.0', 64],
  ['0.0.1', 1],
  ['1.2.3', 4096 + 2 * 64 + 3],
  ['15.63.63', 0xffff],
])('%s is %i, and back', (version, bits) => {
  expect(releaseBits(version)).toBe(bits);
  expect(releaseOf(bits)).toBe(version);
});

test('a pre-release is its release', () => {
  expect(releaseBits('0.2.0-rc.1')).toBe(releaseBits('0.2.0'));
});

test('no bits are no release', () => {
  expect(releaseOf(0)).toBe('unknown');
});

test.each(['16.0.0', '0.64.0', '0.0.64', '0.0.0', '1.2', 'next', ''])('%s does not fit', (version) => {
  expect(() => releaseBits(version)).toThrow(/at most 15\.63\.63/);
});
