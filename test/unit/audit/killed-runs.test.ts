/** Shippers that are killed with requests in flight, again and again: every record that is removed afterwards is missed. */
import { ExactAudit } from '../../../src/audit/exact.js';
import { Ledgers } from '../../../src/audit/ledgers.js';
import type { StoredRecord } from '../../../src/audit/service/stored.js';
import { AuditBook } from '../../../src/shipper/audit/audit-book.js';
import { AuditMemory } from '../../../src/shipper/audit/audit-file.js';
import { AuditLog, type NotedRequest } from '../../../src/shipper/audit/audit-log.js';
import { claimsOf } from '../../../src/shipper/audit/claim.js';
import { shortened, wholeRuns } from '../../../src/shipper/audit/shorten.js';
import { batchOf, stdoutOrigin } from '../../support/batches.js';
import { Chance } from '../../support/redaction/random.js';

const ORIGIN = '0000000000000abc-1';
const RECORDS = 60;
const IN_FLIGHT = 4;

const timeOf = (place: number) => place * 1500;
const documentOf = (place: number): StoredRecord => ({
  of: ORIGIN,
  place,
  timeMs: timeOf(place),
  message: Buffer.from(`line ${place}`),
  id: `logs/${ORIGIN}-${place}`,
});
const claims = (places: readonly number[]) =>
  claimsOf(
    batchOf(
      places.map((place) => ({
        message: `line ${place}`,
        seq: place,
        timeMs: timeOf(place),
        origin: { ...stdoutOrigin, id: ORIGIN },
      })),
    ),
    { withMessages: true },
  );

const bookOf = (text: string): AuditBook => {
  const book = new AuditBook();
  book.addText(text);
  return book;
};

/** What a service has after shippers that were killed, each of which read again from the first record without an answer. */
function history(seed: number): { readonly ledger: string; readonly stored: ReadonlySet<number> } {
  const chance = new Chance(seed);
  const isSo = (percent: number) => chance.below(100) < percent;
  const text = new AuditMemory();
  const stored = new Set<number>();
  let acknowledged = 0;
  for (let run = 0; acknowledged < RECORDS; run++) {
    const log = new AuditLog(text, { now: () => 1000 + run });
    const done = new Set<number>();
    const out: { places: number[]; request: NotedRequest }[] = [];
    let next = acknowledged;
    while (acknowledged < RECORDS) {
      // As a ledger that has grown to its bound.
      if (isSo(10)) text.replace(shortened(bookOf(text.read()), 1e9));
      if (run < 4 && isSo(4)) break;
      if (out.length < IN_FLIGHT && next < RECORDS && isSo(60)) {
        const places = Array.from({ length: Math.min(1 + chance.below(9), RECORDS - next) }, (_, i) => next + i);
        next += places.length;
        out.push({ places, request: log.sending('opensearch', claims(places)) });
      } else if (out.length > 0) {
        const [{ places, request }] = out.splice(chance.below(out.length), 1) as [(typeof out)[number]];
        for (const place of places) stored.add(place);
        if (isSo(15)) {
          // The answer is lost, and the request leaves again.
          request.lost();
          out.push({ places, request: log.sending('opensearch', claims(places)) });
          continue;
        }
        request.stored();
        for (const place of places) done.add(place);
        while (done.has(acknowledged)) acknowledged += 1;
      }
    }
    // Of what was out, the service may have any.
    for (const { places } of out) for (const place of places) if (isSo(50)) stored.add(place);
    if (acknowledged >= RECORDS) log.end({});
  }
  return { ledger: text.read(), stored };
}

function unexplained(ledger: string, places: Iterable<number>): readonly string[] {
  const audit = new ExactAudit(new Ledgers({ texts: [ledger] }).of('opensearch'), () => true);
  for (const place of [...places].sort((one, other) => one - other)) audit.record(documentOf(place));
  return audit.end().unexplained.listed.map(({ kind }) => kind);
}

describe.each(Array.from({ length: 20 }, (_, i) => i + 1))('history %i', (seed) => {
  const { ledger, stored } = history(seed);

  test.each([
    ['the file', ledger],
    // With all minutes of a run in one.
    ['the log of the last shipper', shortened(wholeRuns(bookOf(ledger)), 1e9)],
  ])('by %s', (_, text) => {
    expect(unexplained(text, stored)).toEqual([]);
    const hidden = [...stored].filter((removed) => {
      return (
        unexplained(
          text,
          [...stored].filter((place) => place !== removed),
        ).length === 0
      );
    });
    expect(hidden).toEqual([]);
  });
});

test('while one record waits for long, its ledger does not grow with the others, and they are settled once it is there', () => {
  const log = new AuditLog(new AuditMemory(), { now: () => 1000 });
  log.sending('opensearch', claims([0])).lost();
  for (let place = 1; place < 500; place++) log.sending('opensearch', claims([place])).stored();
  const claimsNow = () => [...[...bookOf(log.text).runs.values()][0]!.stored.get('opensearch')!.values()];
  expect(claimsNow().length).toBeLessThan(100);
  log.sending('opensearch', claims([0])).stored();
  expect(claimsNow().map(({ minute }) => minute)).toEqual([...new Set(claimsNow().map(({ minute }) => minute))]);
});
