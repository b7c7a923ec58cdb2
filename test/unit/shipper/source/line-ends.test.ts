import { lineEnds } from '../../../../src/shipper/source/line-ends.js';

test.each([
  ['', 0],
  ['a', 0],
  ['\n', 1],
  ['a\nb\n', 2],
  ['a\n\nb', 2],
  ['\n\n\n', 3],
  ['no end at all', 0],
])('%j has %i, with others around it', (text, count) => {
  const bytes = Buffer.from(`\n\n${text}\nmore\n`);
  expect(lineEnds(bytes, 2, 2 + Buffer.byteLength(text))).toBe(count);
});
