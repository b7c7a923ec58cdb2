/** The minutes that an audit is about, and the claims about them. */
import type { AuditRequest } from '../cli/audit/audit-module.js';
import type { Claim } from '../shipper/parts.js';
import { type Findings, minutesOf } from './findings.js';
import { keyOf, type Ledgers, type RunClaim, type SinkLedger } from './ledgers.js';
import type { Window } from './service/stored.js';

const MINUTE_MS = 60_000;

export interface InWindow {
  readonly window: Window;
  readonly ledger: SinkLedger;
  /** Claims that are only partly in the window: nothing can be said about them. */
  readonly outside: readonly RunClaim[];
}

/** As ledgers name it. */
export const sinkOf = ({ sink, service }: Pick<AuditRequest, 'sink' | 'service'>): string => sink ?? service.kind;

/** Without bounds: all minutes of the ledgers. Bounds are rounded outwards, to whole minutes. */
export function windowOf(
  ledgers: Ledgers,
  sink: string,
  { sinceMs, untilMs }: Pick<AuditRequest, 'sinceMs' | 'untilMs'>,
): InWindow {
  const all = ledgers.of(sink);
  const claims = [...all.stored, ...all.open].map(({ claim }) => claim);
  const first = claims.reduce((least, { minute }) => Math.min(least, minute), Number.POSITIVE_INFINITY);
  const last = claims.reduce((most, { lastMinute }) => Math.max(most, lastMinute + 1), 0);
  const from = sinceMs === undefined ? (claims.length === 0 ? 0 : first) : Math.floor(sinceMs / MINUTE_MS);
  const to = Math.max(from + 1, untilMs === undefined ? last : Math.ceil(untilMs / MINUTE_MS));
  const touches = ({ claim }: { readonly claim: Claim }) => claim.minute < to && claim.lastMinute >= from;
  const isInside = ({ claim }: { readonly claim: Claim }) => claim.minute >= from && claim.lastMinute < to;
  const stored = all.stored.filter(touches);
  const outside = stored.filter((each) => !isInside(each));
  return {
    window: { from, to },
    ledger: {
      stored: stored.filter(isInside),
      open: all.open.filter(touches),
      counted: all.counted.filter(touches),
      outside,
    },
    outside,
  };
}

/** What the ledgers say, and do not say, apart from claims. */
export function addLedgerFindings(
  findings: Findings,
  ledgers: Ledgers,
  { sink, window, ledger, outside }: InWindow & { readonly sink: string },
): void {
  for (const { run, records } of ledgers.unclaimed(sink)) {
    const reason = 'the run delivered more records than its ledger has claims of: a part of the ledger is missing';
    findings.unproven.add({ kind: 'incomplete_ledger', run, records, reason });
  }
  for (const { claim, run } of outside) {
    findings.unproven.add({ kind: 'outside_window', of: claim.of, run, records: claim.count, ...minutesOf(claim) });
  }
  for (const { records, minute } of ledgers.forgotten) {
    if (minute >= window.from)
      findings.unproven.add({ kind: 'forgotten', records, ...minutesOf({ minute: window.from, lastMinute: minute }) });
  }
  for (const { pod, reason } of ledgers.missing) {
    findings.unproven.add({ kind: 'no_ledger', records: 0, reason: `pod ${pod}: ${reason}` });
  }
  if (ledgers.unreadable > 0) {
    const reason = `${ledgers.unreadable} lines of the ledgers are damaged, or of a later release: what they claim is not known`;
    findings.unproven.add({ kind: 'damaged_ledger', records: 0, reason });
  }
  if (findings.claimed === 0 && findings.explained.listed.some(({ kind }) => kind === 'unsettled')) {
    const reason =
      'every claim changed during the audit, because the shippers run. Audit minutes that are over: --until';
    findings.unproven.add({ kind: 'nothing_settled', records: 0, reason });
  }
  if (ledger.stored.length + ledger.open.length + outside.length === 0) {
    const others = ledgers.ofContainers(sink);
    const hint = others.length > 0 ? `. They have claims of ${others.join(', ')}: name one with --sink` : '';
    const reason =
      ledgers.runs.length === 0
        ? 'the ledgers have no run of a shipper: name its audit.ndjson, the URL of its /audit, or its log with the end'
        : `the ledgers have no claim about this service in these minutes${hint}`;
    findings.unproven.add({ kind: 'no_claims', records: 0, reason });
  }
  for (const { run, totals } of ledgers.runs) {
    if ((totals as { balanced?: unknown } | undefined)?.balanced === false)
      findings.unexplained.add({
        kind: 'unbalanced',
        run,
        records: 0,
        reason: 'what the run read is not what it delivered, dropped and held',
      });
  }
}

/** Whether a claim has the same sums in the ledgers that were read before the service. */
export function settledIn(
  before: readonly { readonly run: string; readonly claim: Claim }[],
): (each: RunClaim) => boolean {
  const sums = new Map(before.map((each) => [keyOf(each), each.claim]));
  return (each) => {
    const known = sums.get(keyOf(each));
    return known !== undefined && known.count === each.claim.count && known.digest === each.claim.digest;
  };
}
