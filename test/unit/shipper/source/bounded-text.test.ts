import fc from 'fast-check';
import { boundedText, jsonBytes } from '../../../../src/shipper/source/frames/bounded-text.js';

test.each([
  ['control characters', '\x01'.repeat(32_768)],
  ['quotes', '"'.repeat(32_768)],
  ['characters of four bytes', '\u{1f600}'.repeat(8192)],
  ['what is left of bytes that are no UTF-8', Buffer.alloc(32_768, 0xff).toString()],
  ['letters', 'n'.repeat(257)],
])('a name of %s is cut by what it takes in JSON, and shows it', (_, text) => {
  const cut = boundedText(text, 256);
  expect(jsonBytes(cut)).toBeLessThanOrEqual(256);
  expect(jsonBytes(cut)).toBeGreaterThan(256 - 8);
  expect(cut.endsWith('…')).toBe(true);
  expect(text.startsWith(cut.slice(0, -1))).toBe(true);
});

test('what fits stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const kept = boundedText(text, 256);
      if (jsonBytes(text) <= 256) expect(kept).toBe(text);
      else expect(jsonBytes(kept)).toBeLessThanOrEqual(256);
    }),
  );
});
