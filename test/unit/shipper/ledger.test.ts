import { Ledger } from '../../../src/shipper/accounting/ledger.js';
import { Tally } from '../../../src/shipper/accounting/tally.js';
import { batchOf, stdoutOrigin } from '../../support/batches.js';

const stderrOrigin = { ...stdoutOrigin, id: 'e', stream: 'stderr' } as const;
const batch = batchOf(['aaa', { message: 'b', origin: stderrOrigin }, { message: 'cc', origin: stderrOrigin }]);
const nothing = new Tally();

describe('the ledger', () => {
  test('rule 95: says of each stream what became of it', () => {
    const ledger = new Ledger(['one']);
    ledger.countRead(Tally.of(batch));
    ledger.countDelivered('one', Tally.of(batch, 0, 1));
    ledger.countDropped('one', 'too_old', Tally.of(batch, 1, 2));
    expect(ledger.statement(() => Tally.of(batch, 2))).toEqual({
      read: { stdout: { records: 1, bytes: 3 }, stderr: { records: 2, bytes: 3 } },
      application: { dropped: { not_handed_over: { records: 0, bytes: 0 } } },
      hold: { dropped: { shipper_killed: { records: 0, bytes: 0 } } },
      sinks: {
        one: {
          recovered: { records: 0, bytes: 0 },
          delivered: { records: 1, bytes: 3 },
          deadLettered: {},
          dropped: { too_old: { records: 1, bytes: 1 } },
          held: { records: 1, bytes: 2 },
          streams: {
            stdout: { read: 1, delivered: 1, deadLettered: 0, dropped: 0, held: 0 },
            stderr: { read: 2, delivered: 0, deadLettered: 0, dropped: 1, held: 1 },
          },
          balanced: true,
        },
      },
      balanced: true,
    });
  });

  test('is not balanced when a record of one stream is booked under another, though the sum is right', () => {
    const ledger = new Ledger(['one']);
    ledger.countRead(Tally.of(batch));
    ledger.countDelivered('one', Tally.of(batch, 0, 1));
    ledger.countDelivered('one', Tally.of(batch, 0, 1));
    ledger.countDelivered('one', Tally.of(batch, 0, 1));
    expect(ledger.totals(() => nothing)).toMatchObject({ read: 3, delivered: { one: 3 }, held: 0, balanced: false });
  });

  test('has what is withheld as a part of every sink’s sum, less what was recalled, which is none where all was', () => {
    const ledger = new Ledger(['one', 'two']);
    ledger.countRead(Tally.of(batch));
    ledger.countWithheld('recorder', Tally.of(batch));
    expect(ledger.totals(() => nothing)).toMatchObject({ withheld: { recorder: 3 }, balanced: true });
    ledger.countRecalled('recorder', Tally.of(batch, 1));
    const held = Tally.of(batch, 1);
    expect(ledger.statement(() => held)).toMatchObject({
      withheld: { recorder: { records: 1, bytes: 3 } },
      sinks: {
        one: { streams: { stdout: { read: 1, withheld: 1, held: 0 }, stderr: { read: 2, withheld: 0, held: 2 } } },
      },
      balanced: true,
    });
    ledger.countRecalled('recorder', Tally.of(batch, 0, 1));
    expect(ledger.totals(() => Tally.of(batch))).not.toHaveProperty('withheld');
    expect(ledger.totals(() => nothing).balanced).toBe(false);
  });

  test('is not balanced at all when one sink is not', () => {
    const ledger = new Ledger(['one', 'two']);
    ledger.countRead(Tally.of(batch));
    ledger.countDelivered('one', Tally.of(batch));
    expect(ledger.totals(() => nothing).balanced).toBe(false);
    ledger.countDelivered('two', Tally.of(batch));
    expect(ledger.totals(() => nothing).balanced).toBe(true);
  });
});
