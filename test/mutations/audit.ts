/** Faults in the audit: in what a shipper claims, and in how that is compared with a service. */
import { type Mutation, unit } from './mutation.js';

const IN = 'src/audit';
const LEDGER = 'src/shipper/audit';
const auditTest = (...names: readonly string[]) => names.map((name) => `test/unit/audit/${name}.test.ts`);
const EXACT = auditTest('exact');

export const AUDIT: readonly Mutation[] = [
  {
    fault: 'one missing record is no difference',
    file: `${IN}/judge.ts`,
    text: 'if (count < claim.count) {',
    by: 'if (count < claim.count - 1) {',
    foundBy: EXACT,
  },
  {
    fault: 'a record that is stored twice in one index counts once',
    file: `${IN}/same-time.ts`,
    text: '    this.#onDuplicate(stored, [same.record.id, stored.id]);\n',
    by: '',
    foundBy: EXACT,
  },
  {
    fault: 'a copy under a foreign id is a document of others',
    file: `${IN}/same-time.ts`,
    text: 'if (same !== undefined) this.#onDuplicate({',
    by: 'if (same === undefined) this.#onDuplicate({',
    foundBy: EXACT,
  },
  {
    fault: 'a request of a killed run explains any number of records',
    file: `${IN}/exact.ts`,
    text: 'each.found < each.claim.count && covers(',
    by: 'covers(',
    foundBy: EXACT,
  },
  {
    fault: 'a resumed audit forgets which records requests of a killed run have explained',
    file: `${IN}/exact.ts`,
    text: 'each.found = Math.min(each.claim.count, left.get(key) ?? 0);',
    by: 'each.found = 0;',
    foundBy: EXACT,
  },
  {
    fault: 'documents of a claim that the window cuts are unclaimed',
    file: `${IN}/exact.ts`,
    text: 'if (isClaimed || this.#outside.get(of)?.some((claim) => covers(claim, minute, place))) return;',
    by: 'if (isClaimed) return;',
    foundBy: auditTest('window'),
  },
  {
    fault: 'a lost answer explains any events, if there are as many',
    file: `${IN}/sums.ts`,
    text: 'const difference = compare(some.reduce(merged, claim), there);',
    by: 'const difference = claim.count + repeated === there?.count ? undefined : compare(some.reduce(merged, claim), there);',
    foundBy: auditTest('sums'),
  },
  {
    fault: 'a damaged line of a ledger is ignored',
    file: `${IN}/ledgers.ts`,
    text: '    if (!isCut) unreadable += 1;\n',
    by: '    void isCut;\n',
    foundBy: auditTest('window'),
  },
  {
    fault: 'a ledger that lacks claims of a run is whole',
    file: `${IN}/ledgers.ts`,
    text: 'if (records > 0) yield { run, records };',
    by: 'if (records > 0 && run === undefined) yield { run, records };',
    foundBy: auditTest('window'),
  },
  {
    fault: 'claims behind a request that is out are merged with those before it',
    file: `${LEDGER}/stored-claims.ts`,
    text: 'const isFull = ahead.length > AHEAD_MAX;',
    by: 'const isFull = true;',
    foundBy: auditTest('killed-runs'),
  },
  {
    fault: 'a ledger that is shortened merges claims behind a request that is out',
    file: `${LEDGER}/audit-book.ts`,
    text: '[...stored.ahead.values()].flat()',
    by: '[]',
    foundBy: auditTest('killed-runs'),
  },
  {
    fault: 'records that are retried are noted as not stored',
    file: 'src/shipper/delivery/note-sending.ts',
    text: '    if (retry.length > 0) ledger.audit!.sending(sink.name, sink.claims!(batch, retry)).lost();\n',
    by: '',
    foundBy: EXACT,
  },
  {
    fault: 'the last bytes of a message are no part of its hash',
    file: `${LEDGER}/record-hash.ts`,
    text: '  if (at < end) {\n',
    by: '  if (at > end) {\n',
    foundBy: unit('audit/claim'),
  },
  {
    fault: 'the place of a record is no part of its hash',
    file: `${LEDGER}/record-hash.ts`,
    text: 'let h1 = (place >>> 0) ^ length;',
    by: 'let h1 = length;',
    foundBy: [...unit('audit/claim'), ...EXACT],
  },
];
