/** Events against sums: a log stream has no ids, so what was sent twice must be exactly what may have been sent twice. */
import { Ledgers } from '../../../src/audit/ledgers.js';
import { SumAudit } from '../../../src/audit/sums.js';
import { AuditMemory } from '../../../src/shipper/audit/audit-file.js';
import { AuditLog } from '../../../src/shipper/audit/audit-log.js';
import { claimsOfEvents } from '../../../src/shipper/sinks/cloudwatch/claims.js';
import { eventsOf } from '../../../src/shipper/sinks/cloudwatch/events.js';
import { batchOf } from '../../support/batches.js';

const STREAM = 'shop/web-1';
const LONG_MAX = 100;

interface Event {
  readonly timeMs: number;
  readonly message: Buffer;
}

const line = (i: number, message = `line ${i}`) => ({ message, timeMs: i * 1000, seq: i });
const lines = (from: number, count: number) => Array.from({ length: count }, (_, i) => line(from + i));
const events = (records: readonly ReturnType<typeof line>[]): Event[] =>
  records.map(({ message, timeMs }) => ({ timeMs, message: Buffer.from(message) }));

const claimsFor = (records: readonly { message: string | Uint8Array; timeMs: number; seq: number }[]) => {
  const of = eventsOf(batchOf(records), LONG_MAX);
  return claimsOfEvents(of, STREAM, [0, of.count]);
};

let text: AuditMemory;
let log: AuditLog;
beforeEach(() => {
  text = new AuditMemory();
  log = new AuditLog(text, { now: () => 1000 });
});

const ledger = () => new Ledgers({ texts: [text.read()] }).of('cloudwatch');

function audit(stored: readonly Event[], found = new SumAudit()) {
  for (const event of stored) found.event(STREAM, event);
  const { unexplained, explained, ...rest } = found.end(ledger(), () => true);
  return { ...rest, unexplained: unexplained.listed, explained: explained.listed };
}

test('what is stored as claimed is proven, in any order', () => {
  log.sending('cloudwatch', claimsFor(lines(0, 100))).stored();
  log.sending('cloudwatch', claimsFor(lines(100, 100))).stored();
  expect(audit(events(lines(0, 200)).reverse())).toMatchObject({
    claimed: 200,
    found: 200,
    unexplained: [],
    explained: [],
  });
});

test('events are compared as they are sent: long ones in parts, blank ones as a space, bytes that are no characters replaced', () => {
  const records = [line(1, 'é'.repeat(LONG_MAX)), line(2, ''), { ...line(3), message: Buffer.from([0x61, 0xff]) }];
  const { batch, count, start, end, timeMs } = eventsOf(batchOf(records), LONG_MAX);
  log.sending('cloudwatch', claimsFor(records)).stored();
  expect(count).toBeGreaterThan(3);
  const stored = Array.from({ length: count }, (_, i) => {
    const message = Buffer.from(batch.bytes.subarray(start[i], end[i])).toString();
    return { timeMs: timeMs[i]!, message: Buffer.from(message === '' ? ' ' : message) };
  });
  expect(audit(stored)).toMatchObject({ found: count, unexplained: [] });
});

test('a missing event is named by its time', () => {
  log.sending('cloudwatch', claimsFor(lines(0, 50))).stored();
  const { unexplained } = audit(events(lines(0, 50).filter(({ seq }) => seq !== 20)));
  expect(unexplained).toEqual([expect.objectContaining({ kind: 'missing', records: 1, places: [20_000], of: STREAM })]);
});

test('a changed event, and one of another time, are found', () => {
  log.sending('cloudwatch', claimsFor(lines(0, 50))).stored();
  const changed = lines(0, 50).map((each) => (each.seq === 9 ? line(9, 'other') : each));
  expect(audit(events(changed)).unexplained).toEqual([expect.objectContaining({ kind: 'altered' })]);
  const moved = lines(0, 50).map((each) => (each.seq === 9 ? { ...each, timeMs: 9001 } : each));
  expect(audit(events(moved)).unexplained).toEqual([expect.objectContaining({ kind: 'different' })]);
});

describe('lost answers and kills', () => {
  beforeEach(() => {
    log.sending('cloudwatch', claimsFor(lines(0, 20))).lost();
    log.sending('cloudwatch', claimsFor(lines(0, 20))).stored();
  });

  test('the events may be there once or twice', () => {
    expect(audit(events(lines(0, 20)))).toMatchObject({ unexplained: [], explained: [] });
    const twice = [...events(lines(0, 20)), ...events(lines(0, 20))];
    expect(audit(twice)).toMatchObject({ unexplained: [], explained: [{ kind: 'possible_duplicate', records: 20 }] });
  });

  test('three times, or twice without one of them, is unexplained', () => {
    const thrice = [1, 2, 3].flatMap(() => events(lines(0, 20)));
    expect(audit(thrice).unexplained).toEqual([expect.objectContaining({ kind: 'extra', records: 20 })]);
    const without = [...events(lines(0, 20)), ...events(lines(0, 20))].slice(1);
    expect(audit(without).unexplained).toEqual([expect.objectContaining({ kind: 'missing', places: [0] })]);
  });

  test('a lost answer does not explain other events', () => {
    const { unexplained } = audit([...events(lines(0, 20)), ...events(lines(20, 20))]);
    expect(unexplained).not.toEqual([]);
  });

  test('a killed run explains the request that it had sent', () => {
    log.sending('cloudwatch', claimsFor(lines(20, 10)));
    log = new AuditLog(text, { now: () => 2000 });
    log.sending('cloudwatch', claimsFor(lines(20, 15))).stored();
    expect(audit(events(lines(0, 35))).unexplained).toEqual([]);
    expect(audit([...events(lines(0, 35)), ...events(lines(20, 10))]).unexplained).toEqual([]);
    expect(audit([...events(lines(0, 35)), ...events(lines(20, 9))]).unexplained).not.toEqual([]);
  });
});

test('an audit in two parts finds what one in one part finds', () => {
  log.sending('cloudwatch', claimsFor(lines(0, 100))).stored();
  const stored = events(lines(0, 100).filter(({ seq }) => seq !== 70));
  const first = new SumAudit();
  for (const event of stored.slice(0, 33)) first.event(STREAM, event);
  expect(audit(stored.slice(33), new SumAudit(first.found))).toEqual(audit(stored));
});
