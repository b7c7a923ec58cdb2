/** The sink of the comparison with peers has to notice a line that is missing, and one that came twice. */
import { mark, SHAPES } from '../../../bench/peers/lines.js';
import { Marks } from '../../../bench/peers/marks.js';
import { ROWS } from '../../../bench/peers/rows.js';

const body = (...lines: string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''));
const document = (...numbers: number[]) => JSON.stringify({ message: numbers.map(mark).join('\n') });

describe('marks of lines', () => {
  test('a line that did not come is missing', () => {
    const marks = new Marks(3);
    expect(marks.take(body('{"index":{}}', document(0), '{"index":{}}', document(2)), true)).toEqual({
      first: 0,
      last: 2,
    });
    expect([marks.seen, marks.twice]).toEqual([2, 0]);
  });

  test('a line in two documents came twice, in one request and in two', () => {
    const marks = new Marks(2);
    marks.take(body('{"index":{}}', document(0), '{"index":{}}', document(0)), true);
    expect([marks.seen, marks.twice]).toEqual([1, 1]);
    expect(marks.take(body('{"index":{}}', document(0), '{"index":{}}', document(1)), true)).toEqual({
      first: 1,
      last: 1,
    });
    expect([marks.seen, marks.twice]).toEqual([2, 2]);
  });

  test('a line in the text and in a field of one document came once', () => {
    const marks = new Marks(2);
    marks.take(body('{"index":{}}', document(0, 1, 0, 1)), true);
    expect([marks.seen, marks.twice]).toEqual([2, 0]);
  });

  test('a request of a service without documents by line is one, and a second copy of it is one too many', () => {
    const marks = new Marks(2);
    const request = Buffer.from(JSON.stringify({ logEvents: [{ message: mark(0) }, { message: mark(1) }] }));
    marks.take(request, false);
    marks.take(request, false);
    expect([marks.seen, marks.twice]).toEqual([2, 2]);
  });

  test('text that only looks like a mark is not one', () => {
    const marks = new Marks(1);
    marks.take(Buffer.from('seq=00000000x seq=000000001 seq='), false);
    expect([marks.seen, marks.twice]).toEqual([0, 0]);
  });
});

test.each(Object.entries(SHAPES))('a line of the shape %s has its number once, and no line end', (_, lineOf) => {
  for (const i of [0, 21, 25, 123_456_789]) {
    expect(lineOf(i).split(mark(i))).toHaveLength(2);
    expect(lineOf(i)).not.toContain('\n');
  }
});

test('no two rows of the comparison have one name', () => {
  expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length);
});
