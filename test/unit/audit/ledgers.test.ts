/** Ledgers as they come: files, the log of a shipper, the same run twice. */
import { Ledgers, readLedgers } from '../../../src/audit/ledgers.js';
import { AuditMemory } from '../../../src/shipper/audit/audit-file.js';
import { AuditLog } from '../../../src/shipper/audit/audit-log.js';
import { claimOf } from '../../../src/shipper/audit/claim.js';

const CLAIM = '["0000000000000abc-1",1,1,0,9,10,"2d","ff",7]';
const RUN = ['["run","00000001",1000]', `["kept","opensearch",${CLAIM}]`];
const END = '["end",{"balanced":true}]';
const storedOf = (texts: readonly string[]) =>
  new Ledgers({ texts }).of('opensearch').stored.map(({ claim }) => claim.count);

test('lines of the log of a shipper, with what kubectl puts before them', () => {
  const log = [...RUN, END].map((line) => `[pod/web-1/logtap] 2026-11-28T14:00:00Z {"audit":${line}}`);
  const text = ['{"level":"info","message":"listening"}', ...log, '{"message":"stopped"}', ''].join('\n');
  const ledgers = new Ledgers({ texts: [text] });
  expect(storedOf([text])).toEqual([10]);
  expect(ledgers.isFinal).toBe(true);
});

describe('lines of two shippers that alternate in one log', () => {
  const ledgersOf = (lines: readonly string[]) =>
    new Ledgers({ texts: [[...lines.map((line) => `web-1  | {"audit":${line}}`), ''].join('\n')] });
  const [one, other] = ['00000001', '00000002'].map((run) => {
    const audit = new AuditLog(new AuditMemory(), { now: () => 1000 });
    audit.sending('opensearch', [claimOf(JSON.parse(CLAIM.replace('abc-1', run)))!]).stored();
    audit.counted('dropped', 'opensearch', 'memory', [claimOf(JSON.parse(CLAIM.replace('abc-1', `${run}-lost`)))!]);
    audit.end({ run });
    return audit.summary;
  });
  const found = (ledgers: Ledgers) =>
    ledgers.runs.map(({ run, totals, stored, counted }) => {
      const claims = [...stored.values()].flatMap(({ settled }) => [...settled.values()]);
      const lost = [...counted.values()].flatMap((each) => [...each.claims.values()]);
      return { run, totals, of: [...claims, ...lost].map(({ of }) => of) };
    });

  test('each claim and each end belongs to its own run', () => {
    const alternating = one!.flatMap((line, i) => [line, other![i]!]);
    const apart = ledgersOf([...one!, ...other!]);
    expect(found(ledgersOf(alternating))).toEqual(found(apart));
    expect(found(apart).map(({ of }) => of)).toEqual([
      ['000000000000000000001', '000000000000000000001-lost'],
      ['000000000000000000002', '000000000000000000002-lost'],
    ]);
    expect(ledgersOf(alternating).unreadable).toBe(0);
  });

  test('a line of a run whose beginning the log lacks belongs to no other run', () => {
    const ledgers = ledgersOf([...one!, ...other!.slice(1)]);
    expect(found(ledgers)).toEqual(found(ledgersOf(one!)));
    expect(ledgers.unreadable).toBe(other!.length - 1);
  });
});

test('a run that is in two texts, or twice in one, is one run; the one with its end counts', () => {
  const part = [...RUN, ''].join('\n');
  const whole = [RUN[0], RUN[1], RUN[1]!.replace(',1,1,0,9,', ',2,2,0,9,'), END, ''].join('\n');
  for (const texts of [[part, whole], [whole, part], [part + whole]]) expect(storedOf(texts)).toEqual([10, 10]);
});

test('a run without an end is not final: it was killed, or runs', () => {
  expect(new Ledgers({ texts: [[...RUN, ''].join('\n')] }).isFinal).toBe(false);
});

test('of two shippers, one that still runs is not final, nor killed, although the other started later and has ended', () => {
  const later = [...RUN, END].map((line) => line.replace('"00000001",1000', '"00000002",2000'));
  const ledgers = new Ledgers({ texts: [RUN, later].map((lines) => lines.join('\n')) });
  expect(ledgers.isFinal).toBe(false);
  expect(ledgers.runs.map((run) => ledgers.stateOf(run))).toEqual(['open', 'ended']);
});

test('standard input is not read twice', async () => {
  expect(await readLedgers({ ledgers: ['-'] }, { texts: ['known'] })).toEqual({ texts: ['known'], missing: [] });
});

test('a ledger that cannot be read is named', async () => {
  await expect(readLedgers({ ledgers: ['/nowhere/audit.ndjson'] })).rejects.toThrow(
    '--ledger /nowhere/audit.ndjson cannot be read: ENOENT',
  );
});

test('ledgers of pods come behind the others; a pod that has none is named, also if it had one later', async () => {
  const answers = [
    [
      { namespace: 'shop', pod: 'a', text: 'of a' },
      { namespace: 'shop', pod: 'b', problem: 'it is gone' },
    ],
    [
      { namespace: 'shop', pod: 'a', problem: 'it is gone' },
      { namespace: 'shop', pod: 'b', text: 'of b' },
    ],
  ];
  const request = { ledgers: ['-'], pods: { selection: 'all', read: async () => answers.shift()! } };
  const first = await readLedgers(request, { texts: ['known'] });
  expect(first).toEqual({ texts: ['known', 'of a'], missing: [{ pod: 'shop/b', reason: 'it is gone' }] });
  const { texts, missing } = await readLedgers(request, first);
  expect([texts, missing?.map(({ pod }) => pod)]).toEqual([
    ['known', 'of b'],
    ['shop/b', 'shop/a'],
  ]);
});
