/** The counts of a run in words, and whether lines are lost. */
import { type Account, countsText, isLost, joined, ofKilled, shownOf } from '../../../../src/cli/run/counts.js';
import { EMPTY } from '../../../support/empty.js';

const account = (totals: Partial<Account['totals']>, others: Partial<Account> = {}): Account => ({
  totals: { read: 0, delivered: { stdout: 0 }, dropped: {}, held: 0, ...totals },
  losses: [],
  problems: [],
  joinedLines: 0,
  ...others,
});

test.each<[string, Account]>([
  ['14 lines: 14 delivered', account({ read: 14, delivered: { stdout: 14 } })],
  ['1 line: 1 delivered', account({ read: 1, delivered: { stdout: 1 } })],
  ['0 lines: 0 delivered', account({})],
  ['17 lines in 14 records: 14 delivered', account({ read: 14, delivered: { a: 14 } }, { joinedLines: 3 })],
  [
    '14 lines: 8 delivered, 1 dead-lettered (bad), 2 dropped (reader_gone), 3 withheld (rule_1)',
    account({
      read: 14,
      delivered: { a: 8 },
      deadLettered: { a: { bad: 1 } },
      dropped: { a: { reader_gone: 2, none: 0 } },
      withheld: { rule_1: 3 },
    }),
  ],
  [
    '10 lines: a: 5 delivered; b: 3 delivered, 2 dropped (x), 4 lost (not_handed_over), 1 unread, 1 ring unreadable',
    account({
      ...{ read: 5, delivered: { a: 5, b: 3 }, unread: 1, unreadRings: 1 },
      dropped: { b: { x: 2 }, application: { not_handed_over: 4 } },
    }),
  ],
  ['3 lines: 1 delivered, 2 held', account({ read: 3, delivered: { a: 1 }, held: 2 })],
])('%s', (text, given) => {
  expect(countsText(given)).toBe(text);
});

test.each<[boolean, Partial<Account['totals']>, readonly string[]]>([
  [false, { read: 3, withheld: { rule_1: 3 } }, []],
  [false, { read: 3, deadLettered: { a: { bad: 3 } } }, []],
  [true, { read: 3, held: 1 }, []],
  [true, { unread: 1 }, []],
  [true, { unreadRings: 1 }, []],
  [true, {}, ['a: 1 dropped']],
])('lost: %s for %j and %j', (expected, totals, losses) => {
  expect(isLost(account(totals, { losses }))).toBe(expected);
});

test('what one shipper held, the next one has read: it is counted once', () => {
  const first = account({ read: 10, delivered: { a: 7 }, held: 3, withheld: { r: 1 } });
  const second = account({ read: 5, delivered: { a: 4 }, held: 1, withheld: { r: 2 }, dropped: { a: { x: 1 } } });
  expect(joined(first, second).totals).toMatchObject({
    ...{ read: 12, delivered: { a: 11 }, held: 1, withheld: { r: 3 }, dropped: { a: { x: 1 } } },
  });
  expect(joined(undefined, second)).toBe(second);
});

test('of a killed shipper only what it delivered counts: its journal has the rest', () => {
  const killed = account({ read: 9, delivered: { a: 6 }, held: 2, dropped: { a: { x: 1 } } }, { losses: ['a'] });
  expect(ofKilled(killed)).toMatchObject({
    losses: [],
    totals: { read: 6, delivered: { a: 6 }, dropped: EMPTY, held: 0 },
  });
});

test('the shown lines are those that stdout has', () => {
  const after = account({ read: 5, delivered: { stdout: 4 }, held: 1, dropped: { stdout: { x: 2 } } });
  expect(shownOf(after, 100).totals).toMatchObject({ read: 103, delivered: { stdout: 100 } });
});
