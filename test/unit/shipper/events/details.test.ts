/** The lines by which PostgreSQL explains an error are found by steps of up to three bytes: none may be stepped over. */
import fc from 'fast-check';
import { isDetail } from '../../../../src/shipper/events/families/data.js';
import { Line } from '../../../../src/shipper/events/line.js';

const WORDS = ['DETAIL', 'HINT', 'CONTEXT', 'STATEMENT', 'QUERY', 'LOCATION'];
const WITHIN = 160;

/** By the first `:  ` among the first bytes of the line. */
function isDetailText(text: string): boolean {
  const head = text.slice(0, WITHIN);
  const colon = head.indexOf(':  ');
  return colon > 0 && WORDS.some((word) => head.slice(0, colon).endsWith(word));
}

const piece = fc.oneof(
  fc.constantFrom(':', ' ', ':  ', ': ', '  ', '::', ...WORDS),
  fc.nat(70).map((length) => 'x'.repeat(length)),
);

test('a line is a detail exactly if the first colon with two blanks is behind such a word', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(3), (pieces, before) => {
      const text = pieces.join('');
      // Within a slab: bytes of other lines are around it.
      const slab = Buffer.from(`${':  '.slice(0, before)}${text}:  DETAIL:  `);
      const line = new Line().set(slab, before, before + text.length);
      expect([text, isDetail(line)]).toEqual([text, isDetailText(text)]);
    }),
    { numRuns: 2000 },
  );
});
