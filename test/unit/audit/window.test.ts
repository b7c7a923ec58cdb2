/** Parts of what there is: minutes of which a claim has others too, ledgers that are damaged or not there, shippers that run. */
import { ExactAudit } from '../../../src/audit/exact.js';
import { Findings } from '../../../src/audit/findings.js';
import { Ledgers } from '../../../src/audit/ledgers.js';
import { SumAudit } from '../../../src/audit/sums.js';
import { addLedgerFindings, settledIn, windowOf } from '../../../src/audit/window.js';
import { claimsOf, lineOf, merged } from '../../../src/shipper/audit/claim.js';
import type { Claim } from '../../../src/shipper/parts.js';
import { batchOf, stdoutOrigin } from '../../support/batches.js';

const MINUTE = 60_000;
const ORIGIN = '0000000000000abc-1';

const recordsOf = (minutes: readonly number[]) =>
  minutes.map((minute) => ({
    message: `line ${minute}`,
    seq: minute,
    timeMs: minute * MINUTE,
    origin: { ...stdoutOrigin, id: ORIGIN },
  }));
const claimsFor = (minutes: readonly number[]) => claimsOf(batchOf(recordsOf(minutes)), { withMessages: true });
const documents = (minutes: readonly number[]) =>
  recordsOf(minutes).map(({ message, seq, timeMs }) => ({
    ...{ of: ORIGIN, place: seq, timeMs },
    ...{ message: Buffer.from(message), id: `logs/${ORIGIN}-${seq}` },
  }));
const RUN = '["run","00000001",1000]';
const kept = (claims: readonly Claim[], sink = 'opensearch') => JSON.stringify(['kept', sink, ...claims.map(lineOf)]);
const end = (delivered: number) => JSON.stringify(['end', { balanced: true, delivered: { opensearch: delivered } }]);

function unprovenOf(text: string, { isSettled = true, texts = [text] } = {}): readonly string[] {
  const ledgers = new Ledgers({ texts });
  const inWindow = windowOf(ledgers, 'opensearch', {});
  const audit = new ExactAudit(inWindow.ledger, () => isSettled);
  const findings = audit.end();
  addLedgerFindings(findings, ledgers, { ...inWindow, sink: 'opensearch' });
  return findings.unproven.listed.map(({ kind }) => kind);
}

describe('a window that cuts the claim of an hour', () => {
  const hour = claimsFor([60, 70, 80, 90]).reduce(merged);
  const minutes = claimsFor([119, 120, 121]);

  test('OpenSearch: documents of the claim are not judged, and the claim is unproven; those of whole claims are judged', () => {
    const ledgers = new Ledgers({ texts: [[RUN, kept([hour, ...minutes]), ''].join('\n')] });
    const inWindow = windowOf(ledgers, 'opensearch', { sinceMs: 75 * MINUTE });
    const audited = (found: readonly number[]) => {
      const audit = new ExactAudit(inWindow.ledger, () => true);
      for (const each of documents(found)) audit.record(each);
      const findings = audit.end();
      addLedgerFindings(findings, ledgers, { ...inWindow, sink: 'opensearch' });
      return [findings.unexplained, findings.unproven].map(({ listed }) => listed.map(({ kind }) => kind as string));
    };
    expect(audited([80, 90, 119, 120, 121])).toEqual([[], ['outside_window']]);
    expect(audited([80, 90, 119, 121])).toEqual([['missing'], ['outside_window']]);
    expect(audited([80, 90, 119, 120, 121, 122])).toEqual([['unclaimed'], ['outside_window']]);
  });

  test('CloudWatch: events of the claim are not judged', () => {
    const ledgers = new Ledgers({ texts: [[RUN, kept([hour, ...minutes], 'cloudwatch'), ''].join('\n')] });
    const { ledger, outside } = windowOf(ledgers, 'cloudwatch', { sinceMs: 75 * MINUTE });
    expect(outside).toHaveLength(1);
    const audit = new SumAudit();
    for (const { timeMs, message } of documents([80, 90])) audit.event(ORIGIN, { timeMs, message });
    const { unexplained } = audit.end(ledger, () => true);
    expect(unexplained.listed.map(({ since }) => since)).toEqual(
      minutes.map(({ minute }) => new Date(minute * MINUTE).toISOString()),
    );
  });
});

describe('ledgers', () => {
  const lines = [RUN, kept(claimsFor([1])), kept(claimsFor([2])), end(2)];
  const whole = [...lines, ''].join('\n');

  test('a whole one is proof', () => {
    expect(unprovenOf(whole)).toEqual([]);
    expect(unprovenOf(['{"message":"started"}', ...lines.map((line) => `{"audit":${line}}`), ''].join('\n'))).toEqual(
      [],
    );
  });

  test.each([
    ['a character of a line', whole.replace('["kept"', '["kept')],
    ['the first character of a line', whole.replace('["kept"', '?"kept"')],
    [
      'the number of a claim',
      whole.replace(/"opensearch",\["0000000000000abc-1",1,/, '"opensearch",["0000000000000abc-1",-1,'),
    ],
    ['a line of an unknown kind', whole.replace('["kept"', '["guarded"')],
    [
      'a line of a log',
      ['{"message":"started"}', ...lines.map((line) => `{"audit":${line}}`)].join('\n').replace(',1,1,', ',1,'),
    ],
    ['its beginning', whole.split('\n').slice(1).join('\n')],
  ])('one that is damaged is no proof: %s', (_, text) => {
    expect(unprovenOf(text)).toContain('damaged_ledger');
  });

  test('one of which lines are missing is no proof, although each that is there is whole', () => {
    expect(unprovenOf([lines[0], lines[1], lines[3], ''].join('\n'))).toEqual(['incomplete_ledger']);
  });

  test('a line that a kill cut off was not noted', () => {
    const cut = kept(claimsFor([3])).slice(0, 20);
    expect(unprovenOf([RUN, kept(claimsFor([1])), cut].join('\n'))).toEqual([]);
    expect(unprovenOf([RUN, cut, RUN.replace('00000001', '00000002'), kept(claimsFor([1])), ''].join('\n'))).toEqual(
      [],
    );
  });

  test('one of a shipper that runs ends with its present counts', () => {
    expect(unprovenOf([...lines.slice(0, 3), '["now",{"balanced":true}]', ''].join('\n'))).toEqual([]);
  });

  test('the claims of the sink of a container are those of no other; where there are no others, it is named', () => {
    const ledgers = new Ledgers({ texts: [whole.replaceAll('"opensearch"', '"opensearch@web"')] });
    const unprovenOfSink = (sink: string) => {
      const findings = new Findings();
      addLedgerFindings(findings, ledgers, { ...windowOf(ledgers, sink, {}), sink });
      return findings.unproven.listed.map(({ reason }) => reason);
    };
    expect(unprovenOfSink('opensearch@web')).toEqual([]);
    expect(unprovenOfSink('opensearch')).toEqual([
      expect.stringContaining('claims of opensearch@web: name one with --sink'),
    ]);
  });

  test('a pod without one is named', () => {
    const ledgers = new Ledgers({ texts: [whole], missing: [{ pod: 'shop/web-2', reason: 'it is gone' }] });
    const findings = new Findings();
    addLedgerFindings(findings, ledgers, { ...windowOf(ledgers, 'opensearch', {}), sink: 'opensearch' });
    expect(findings.unproven.listed).toEqual([{ kind: 'no_ledger', records: 0, reason: 'pod shop/web-2: it is gone' }]);
  });

  test('where every claim changed meanwhile, nothing is proven', () => {
    expect(unprovenOf([RUN, kept(claimsFor([1])), ''].join('\n'), { isSettled: false })).toEqual(['nothing_settled']);
  });
});

test('two claims of a minute are settled by themselves', () => {
  const [before, behind] = [claimsFor([5]), claimsFor([5]).map((claim) => ({ ...claim, from: 9, to: 9 }))];
  const known = [...before, ...behind].map((claim) => ({ run: '1', claim }));
  expect(known.map(settledIn(known))).toEqual([true, true]);
  expect(known.map(settledIn(known.slice(0, 1)))).toEqual([true, false]);
});
