/** The audit ledger: what a run notes, what a kill leaves of it, and how it stays short. */
import { AuditBook } from '../../../../src/shipper/audit/audit-book.js';
import { AuditMemory } from '../../../../src/shipper/audit/audit-file.js';
import { AuditLog } from '../../../../src/shipper/audit/audit-log.js';
import { claimsOf, merged } from '../../../../src/shipper/audit/claim.js';
import { linesOf, shortened } from '../../../../src/shipper/audit/shorten.js';
import type { Claim } from '../../../../src/shipper/parts.js';
import { batchOf, stdoutOrigin } from '../../../support/batches.js';

const claims = (from: number, count = 10, minute = 0, of = stdoutOrigin.id): readonly Claim[] =>
  claimsOf(
    batchOf(
      Array.from({ length: count }, (_, i) => ({
        message: `line ${from + i}`,
        seq: from + i,
        timeMs: minute * 60_000,
        origin: { ...stdoutOrigin, id: of },
      })),
    ),
    { withMessages: true },
  );

function opened(text = new AuditMemory()) {
  return { text, log: new AuditLog(text, { now: () => 1000 }) };
}

function bookOf(text: string): AuditBook {
  const book = new AuditBook();
  book.addText(text);
  return book;
}

const runsOf = (text: string) => [...bookOf(text).runs.values()];
const storedOf = (text: string, sink = 'opensearch') =>
  runsOf(text).map(({ stored }) => [...(stored.get(sink)?.values() ?? [])]);

test('what is acknowledged becomes one claim of the run', () => {
  const { text, log } = opened();
  log.sending('opensearch', claims(0)).stored();
  log.sending('opensearch', claims(10)).stored();
  expect(storedOf(text.read())).toEqual([[merged(claims(0)[0]!, claims(10)[0]!)]]);
  expect(runsOf(text.read())[0]!.open.size).toBe(0);
});

test('of a request that is acknowledged in part, only that part is claimed', () => {
  const { text, log } = opened();
  log.sending('opensearch', claims(0)).stored(claims(0, 4));
  expect(storedOf(text.read())).toEqual([[claims(0, 4)[0]]]);
});

test('after a kill the request is open, with the exact sums of what may be stored', () => {
  const { text, log } = opened();
  log.sending('opensearch', claims(0)).stored();
  log.sending('opensearch', claims(10));
  const [run] = runsOf(text.read());
  expect([...run!.open.values()]).toEqual([{ sink: 'opensearch', claims: claims(10), lost: 0, isOut: true }]);
  expect(run!.totals).toBeUndefined();
});

test('a line that a kill has cut off costs that line, and not the next run', () => {
  const { text, log } = opened();
  log.sending('opensearch', claims(0)).stored();
  text.append('["sent",7,"opensea');
  opened(text).log.sending('opensearch', claims(50)).stored();
  expect(storedOf(text.read())).toEqual([[claims(0)[0]], [claims(50)[0]]]);
});

test('a lost answer counts each time it was lost, and stays open when the request is stored at last', () => {
  const { text, log } = opened();
  log.sending('cloudwatch', claims(0)).lost();
  log.sending('cloudwatch', claims(0)).lost();
  log.sending('cloudwatch', claims(0)).stored();
  const [run] = runsOf(text.read());
  expect([...run!.open.values()]).toEqual([{ sink: 'cloudwatch', claims: claims(0), lost: 2, isOut: false }]);
  expect([...run!.stored.get('cloudwatch')!.values()]).toEqual(claims(0));
});

test.each(['opensearch', 'opensearch@web'])(
  'with ids a lost answer of %s leaves nothing open once the request is stored',
  (sink) => {
    const { text, log } = opened();
    log.sending(sink, claims(0)).lost();
    log.sending(sink, claims(0)).stored();
    expect(runsOf(text.read())[0]!.open.size).toBe(0);
  },
);

test('a refused request leaves nothing', () => {
  const { text, log } = opened();
  log.sending('cloudwatch', claims(0)).none();
  const [run] = runsOf(text.read());
  expect([run!.open.size, [...(run!.stored.get('cloudwatch')?.values() ?? [])]]).toEqual([0, []]);
});

test('what is not stored has its places under its reason', () => {
  const { text, log } = opened();
  log.counted('deadLettered', 'opensearch', 'mapper_parsing_exception', claims(3, 2));
  log.counted('withheld', '*', 'rule', claims(9, 1));
  log.end({ balanced: true });
  const [run] = runsOf(text.read());
  expect(
    [...run!.counted.values()].map(({ fate, reason, claims: map }) => [fate, reason, [...map.values()][0]!.count]),
  ).toEqual([
    ['deadLettered', 'mapper_parsing_exception', 2],
    ['withheld', 'rule', 1],
  ]);
  expect(run!.totals).toEqual({ balanced: true });
});

test('a book in few entries is the same book', () => {
  const { text, log } = opened();
  for (let i = 0; i < 300; i++) log.sending('opensearch', claims(i * 10, 10, i % 7)).stored();
  log.sending('cloudwatch', claims(0)).lost();
  log.sending('cloudwatch', claims(0));
  log.counted('dropped', 'opensearch', 'full_drop_oldest', claims(1, 1));
  const short = linesOf(bookOf(text.read()));
  expect(bookOf(short)).toEqual(bookOf(text.read()));
  expect(short.length).toBeLessThan(text.read().length / 10);
});

test('a book in few entries still knows which records wait for a later request', () => {
  const { text, log } = opened();
  log.sending('cloudwatch', claims(0)).lost();
  log.sending('cloudwatch', claims(0, 4)).lost();
  const waitingIn = (written: string) => {
    const [run] = runsOf(written);
    return [...run!.open].map(([k, { sink, claims: sent }]) => run!.storedIn(sink).waitingOf(k, sent));
  };
  expect(waitingIn(text.read())).toEqual([[6], [4]]);
  expect(waitingIn(linesOf(bookOf(text.read())))).toEqual([[6], [4]]);
});

test('old minutes become hours before anything is forgotten, and no record leaves the sums', () => {
  const { text, log } = opened();
  for (let minute = 0; minute < 3000; minute++) log.sending('opensearch', claims(minute * 10, 10, minute)).stored();
  const book = bookOf(text.read());
  const short = shortened(book, 20_000);
  expect(short.length).toBeLessThanOrEqual(20_000);
  const [kept] = storedOf(short);
  expect(kept!.reduce((sum, { count }) => sum + count, 0)).toBe(30_000);
  // The last hour is still there by minutes.
  expect(kept!.filter(({ minute, lastMinute }) => minute === lastMinute && minute > 2939)).toHaveLength(60);
  expect(bookOf(short).forgotten.claims).toBe(0);
});

test('what has no room is forgotten from the oldest on, and the book says how much', () => {
  const { text, log } = opened();
  for (let i = 0; i < 3000; i++)
    log.sending('opensearch', claims(0, 1, i, `000000000000${String(i).padStart(4, '0')}-1`)).stored();
  const book = bookOf(shortened(bookOf(text.read()), 50_000));
  const kept = [...[...book.runs.values()][0]!.stored.get('opensearch')!.values()];
  expect(kept.length + book.forgotten.claims).toBe(3000);
  expect(book.forgotten.records).toBe(book.forgotten.claims);
  expect(Math.min(...kept.map(({ minute }) => minute))).toBeGreaterThan(book.forgotten.minute);
});

test('requests whose answers were lost are forgotten from the oldest on, where they have no room; one that is out is not', () => {
  const { text, log } = opened();
  const out = log.sending('cloudwatch', claims(0));
  for (let i = 1; i <= 1000; i++) log.sending('cloudwatch', claims(i * 10, 10, i)).lost();
  const short = shortened(bookOf(text.read()), 20_000);
  expect(short.length).toBeLessThanOrEqual(20_000);
  const book = bookOf(short);
  const open = [...[...book.runs.values()][0]!.open.values()];
  const [first, ...lost] = open.map(({ claims }) => claims[0]!);
  expect([first, lost.at(-1)]).toEqual([claims(0)[0], claims(10_000, 10, 1000)[0]]);
  expect(lost.length + book.forgotten.claims).toBe(1000);
  expect(book.forgotten.minute).toBe(lost[0]!.minute - 1);
  out.stored();
});

test('requests that were out when their run was killed are forgotten, too', () => {
  const text = new AuditMemory();
  for (let run = 0; run < 300; run++) opened(text).log.sending('cloudwatch', claims(run * 10, 10, run));
  expect(shortened(bookOf(text.read()), 10_000).length).toBeLessThanOrEqual(10_000);
});

test('a ledger is within its bound however many answers are lost, and a request that leaves again is in it', () => {
  const { text, log } = opened();
  const [one] = claims(0, 1);
  const wide = (minute: number) =>
    Array.from({ length: 1000 }, (_, i) => ({ ...one!, of: `origin-${i}`, minute, lastMinute: minute }));
  const again = claims(0);
  let largest = 0;
  for (let minute = 1; minute <= 60; minute++) {
    log.sending('cloudwatch', wide(minute)).lost();
    log.sending('cloudwatch', again).lost();
    largest = Math.max(largest, text.bytes);
  }
  log.sending('cloudwatch', again).stored();
  expect(largest).toBeLessThan(2.2 * 1024 * 1024);
  expect(storedOf(text.read(), 'cloudwatch').flat()).toEqual(again);
});

test('a ledger that grows for long stays within its bound', () => {
  const { text, log } = opened();
  for (let i = 0; i < 20_000; i++) log.sending('opensearch', claims(i, 1, i % 5)).stored();
  expect(text.bytes).toBeLessThan(2 * 1024 * 1024 + 1000);
  const sum = storedOf(text.read())[0]!.reduce((total, { count }) => total + count, 0);
  expect(sum).toBe(20_000);
});

test.each([
  'no JSON',
  '{"run":1}',
  '["run"]',
  '["kept","opensearch",1]',
  '["stored",99]',
  '["sent","x"]',
  '["fate","other","a","b"]',
  '[]',
])('a line that is no entry is ignored: %s', (line) => {
  const { text, log } = opened();
  log.sending('opensearch', claims(0)).stored();
  const before = storedOf(text.read());
  text.append(`${line}\n`);
  expect(storedOf(text.read())).toEqual(before);
});
