import fc from 'fast-check';
import type { Tally } from '../../../src/shipper/accounting/tally.js';
import { Piece } from '../../../src/shipper/records/piece.js';
import { batchOf, messagesOf } from '../../support/batches.js';

const LIMITS = { maxRecords: 100, maxBytes: 1000, recordOverheadBytes: 0 };

function pieceOf(...messages: readonly string[]) {
  const acknowledged: Tally[] = [];
  return {
    piece: Piece.of({ batches: [batchOf(messages)], acknowledge: (tally) => acknowledged.push(tally) }),
    acknowledged,
  };
}

const counts = (tallies: readonly Tally[]) => tallies.map(({ records, bytes }) => [records, bytes]);

test('records that were joined are acknowledged where they were taken', () => {
  const [one, other] = [pieceOf('a', 'bb'), pieceOf('cccc', 'dddddddd')];
  const [joined, rest] = Piece.join([one.piece, other.piece], LIMITS);
  expect([messagesOf(joined.batch), rest]).toEqual([['a', 'bb', 'cccc', 'dddddddd'], []]);
  joined.acknowledge([1, 2]);
  expect([counts(one.acknowledged), counts(other.acknowledged)]).toEqual([[[1, 1]], [[1, 8]]]);
  const left = joined.select([1, 2]);
  left.acknowledge([]);
  expect([counts(one.acknowledged).at(-1), counts(other.acknowledged).at(-1)]).toEqual([
    [1, 2],
    [1, 4],
  ]);
});

test('what was joined and is joined again is in order, and is acknowledged where it was taken', () => {
  const [one, two, three] = [pieceOf('a', 'bb'), pieceOf('ccc'), pieceOf('dddd', 'eeeee')];
  const [joined] = Piece.join([one.piece, two.piece], LIMITS);
  const [all, rest] = Piece.join([joined, three.piece], LIMITS);
  expect([all.count, all.bytesIn({ ...LIMITS, recordOverheadBytes: 10 }), rest]).toEqual([5, 65, []]);
  expect(messagesOf(all.batch)).toEqual(['a', 'bb', 'ccc', 'dddd', 'eeeee']);
  all.acknowledge([1, 4]);
  expect([one, two, three].map(({ acknowledged }) => counts(acknowledged))).toEqual([[[1, 1]], [[1, 3]], [[1, 4]]]);
  all.select([1, 4]).acknowledge([]);
  expect([one, three].map(({ acknowledged }) => counts(acknowledged).at(-1))).toEqual([
    [1, 2],
    [1, 5],
  ]);
});

test('any records that are chosen, in ranges over the ends of takes too, are in order, and are acknowledged where they were taken', () => {
  const takes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(takes, fc.array(fc.boolean(), { minLength: 25, maxLength: 25 }), (sizes, chosen) => {
      let number = 0;
      const taken = sizes.map((size) => pieceOf(...Array.from({ length: size }, () => `${number++}`)));
      const [joined] = Piece.join(
        taken.map(({ piece }) => piece),
        LIMITS,
      );
      const indexes = [...Array(number).keys()].filter((i) => chosen[i]);
      fc.pre(indexes.length > 0);
      const left = joined.select(indexes);
      expect(messagesOf(left.batch)).toEqual(indexes.map(String));
      left.acknowledge([]);
      let first = 0;
      for (const [i, size] of sizes.entries()) {
        const own = indexes.filter((index) => index >= first && index < first + size);
        first += size;
        const bytes = own.reduce((sum, index) => sum + `${index}`.length, 0);
        expect(counts(taken[i]!.acknowledged)).toEqual(own.length === 0 ? [] : [[own.length, bytes]]);
      }
    }),
  );
});

test('pieces that do not fit are not joined, but for the first', () => {
  const pieces = [pieceOf('a'.repeat(2000)), pieceOf('b'), pieceOf('c')].map(({ piece }) => piece);
  const [first, rest] = Piece.join(pieces, LIMITS);
  expect([first.batch.count, rest.length]).toEqual([1, 2]);
  const [others, none] = Piece.join(rest, LIMITS);
  expect([messagesOf(others.batch), none]).toEqual([['b', 'c'], []]);
});

test('a piece that waits holds the columns of its own records alone', () => {
  const { piece } = pieceOf(...Array.from({ length: 1000 }, (_, i) => `message ${i}`));
  const { batch } = piece.select([500]).compact();
  expect(messagesOf(batch)).toEqual(['message 500']);
  const { bytes, start, length, timeMs, seq, origin, formed } = batch;
  for (const column of [bytes, start, length, timeMs, seq, origin, formed]) {
    expect(column.buffer.byteLength).toBe(column.byteLength);
  }
});
