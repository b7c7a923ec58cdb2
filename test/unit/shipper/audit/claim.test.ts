/** Sums over records: the hash, the depth at which bytes are hashed, and what may be told from a difference of sums. */
import { claimOf, claimsOf, lineOf, merged, minuteOf, weightOf } from '../../../../src/shipper/audit/claim.js';
import { hashed, hashRecord } from '../../../../src/shipper/audit/record-hash.js';
import { batchOf, stdoutOrigin } from '../../../support/batches.js';

const MINUTE = 60_000;

function hashOf(bytes: Buffer, place: number): string {
  hashRecord(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, place);
  return ((BigInt(hashed[1]! >>> 0) << 32n) | BigInt(hashed[0]! >>> 0)).toString(16).padStart(16, '0');
}

// From another implementation, with whole numbers of any size.
test.each([
  ['', 0, '0000000000000000'],
  ['a', 0, '716e41e3dff50b85'],
  ['ab', 1, 'fba062805d212bcb'],
  ['abc', 2 ** 31, 'b5daa11eb063fd8f'],
  ['abcd', 2 ** 32, '6c4d816134d91b22'],
  ['abcdefg', 2 ** 40 + 5, '88d0b953529b6f3a'],
  ['abcdefgh', 2 ** 53 - 1, '9a835e90f81d7994'],
  ['2026-11-28 INFO started', 32768 * 77 + 12, '64bf688f09652c90'],
])('%p at place %d has the hash of MurmurHash64B', (text, place, expected) => {
  expect(hashOf(Buffer.from(text), place)).toBe(expected);
  // Wherever it lies in its slab.
  expect(hashOf(Buffer.from(`xyz${text}`).subarray(3), place)).toBe(expected);
});

test('claims are by origin and minute, with the records in any order', () => {
  const other = { ...stdoutOrigin, id: '0000000000000abc-2' };
  const batch = batchOf([
    { message: 'one', seq: 5, timeMs: 0 },
    { message: 'two', seq: 9, timeMs: MINUTE },
    { message: 'three', seq: 7, timeMs: MINUTE - 1, origin: other },
    { message: 'four', seq: 11, timeMs: MINUTE - 1 },
  ]);
  const claims = claimsOf(batch, { withMessages: true });
  expect(claims.map(({ of, minute, from, to, count, places }) => [of, minute, from, to, count, places])).toEqual([
    ['0000000000000abc-1', 0, 5, 11, 2, 16n],
    ['0000000000000abc-1', 1, 9, 9, 1, 9n],
    ['0000000000000abc-2', 0, 7, 7, 1, 7n],
  ]);
});

test('the minute is that of the time as it is stored, in microseconds', () => {
  expect(minuteOf(MINUTE - 0.001)).toBe(0);
  expect(minuteOf(MINUTE - 0.0001)).toBe(1);
});

test.each([
  ['a byte that is no character', Buffer.from([0x61, 0xff, 0x62])],
  ['the first half of a character', Buffer.from('é').subarray(0, 1)],
  ['a surrogate', Buffer.from([0xed, 0xa0, 0x80])],
])('%s is hashed as it is stored', (_, message) => {
  const sent = claimsOf(batchOf([{ message, seq: 3 }]), { withMessages: true });
  const stored = claimsOf(batchOf([{ message: message.toString(), seq: 3 }]), { withMessages: true });
  expect(sent).toEqual(stored);
});

test('two halves of a character that lie side by side are two invalid messages', () => {
  const whole = Buffer.from('é');
  const halves = [whole.subarray(0, 1), whole.subarray(1)];
  const side = claimsOf(batchOf(halves.map((message, seq) => ({ message, seq }))), { withMessages: true });
  const stored = claimsOf(batchOf(halves.map((message, seq) => ({ message: message.toString(), seq }))), {
    withMessages: true,
  });
  expect(side).toEqual(stored);
});

test('sums of parts are the sum of the whole, in any order', () => {
  const records = Array.from({ length: 1000 }, (_, i) => ({
    message: `line ${i}`,
    seq: i * 32768 + 2 ** 45,
    timeMs: 1,
  }));
  const [whole] = claimsOf(batchOf(records), { withMessages: true });
  const [first] = claimsOf(batchOf(records.slice(0, 300)), { withMessages: true });
  const [second] = claimsOf(batchOf(records.slice(300).reverse()), { withMessages: true });
  expect(merged(second!, first!)).toEqual(whole);
  expect(claimOf(JSON.parse(JSON.stringify(lineOf(whole!))))).toEqual(whole);
});

test('a missing record is the difference of the places, and a changed one that of the weighted sums', () => {
  const records = Array.from({ length: 50 }, (_, i) => ({ message: `line ${i}`, seq: i * 7 + 1 }));
  const [claim] = claimsOf(batchOf(records), { withMessages: true });
  const [without] = claimsOf(batchOf(records.filter(({ seq }) => seq !== 50)), { withMessages: true });
  expect(claim!.places - without!.places).toBe(50n);
  const changed = records.map((each) => (each.seq === 50 ? { ...each, message: 'another' } : each));
  const [found] = claimsOf(batchOf(changed), { withMessages: true });
  const delta = Number(BigInt.asUintN(32, found!.digest - claim!.digest));
  const weighted = (found!.weighted - claim!.weighted) >>> 0;
  const places = records.map(({ seq }) => seq).filter((seq) => Math.imul(delta, weightOf(seq)) >>> 0 === weighted);
  expect(places).toEqual([50]);
});

test.each([
  ['no array', 'text'],
  ['a count below 0', ['a-1', 1, 1, 0, 0, -1, '0', '0', 0]],
  ['a sum that is no number', ['a-1', 1, 1, 0, 0, 1, 'x', '0', 0]],
  ['a sum that is too long', ['a-1', 1, 1, 0, 0, 1, '0', '10000000000000000', 0]],
  ['too few members', ['a-1', 1, 1]],
])('%s is no claim', (_, line) => {
  expect(claimOf(line)).toBeUndefined();
});
