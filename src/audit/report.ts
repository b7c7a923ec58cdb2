/** The answer of an audit, as text and as JSON. */
import type { AuditAnswer, AuditVerdict } from '../cli/audit/audit-module.js';
import type { Finding, Findings } from './findings.js';
import { minutesOf } from './findings.js';
import type { Ledgers, SinkLedger } from './ledgers.js';
import type { Window } from './service/stored.js';

export interface ReportOptions {
  readonly service: string;
  readonly window: Window;
  readonly ledgers: Ledgers;
  readonly ledger: SinkLedger;
  readonly findings: Findings;
}

interface Gap {
  readonly fate: string;
  readonly reason: string;
  readonly of: string;
  readonly records: number;
  readonly from: number;
  readonly to: number;
  readonly since: string;
  readonly until: string;
}

/** Gaps that are listed one by one. */
const GAPS_MAX = 1000;

export function report(options: ReportOptions, format: 'text' | 'json'): AuditAnswer {
  const { service, window, ledgers, findings } = options;
  const verdict = verdictOf(findings);
  const gaps = gapsOf(options.ledger);
  const answer = {
    verdict,
    service,
    ...minutesOf({ minute: window.from, lastMinute: window.to - 1 }),
    claimed: findings.claimed,
    found: findings.found,
    others: findings.others,
    runs: ledgers.runs.map((book) => {
      const { run, startedMs, totals } = book;
      return {
        ...{ run, started: new Date(startedMs).toISOString(), state: ledgers.stateOf(book) },
        ...(typeof totals === 'object' && totals !== null && { dropped: (totals as { dropped?: unknown }).dropped }),
      };
    }),
    gaps: { records: gaps.reduce((sum, { records }) => sum + records, 0), listed: gaps.slice(0, GAPS_MAX) },
    unexplained: findings.unexplained,
    explained: findings.explained,
    unproven: findings.unproven,
  };
  return { verdict, text: format === 'json' ? `${JSON.stringify(answer)}\n` : textOf(answer, gaps) };
}

function verdictOf({ unexplained, unproven }: Findings): AuditVerdict {
  if (unexplained.findings > 0) return 'unexplained';
  return unproven.findings > 0 ? 'unproven' : 'proven';
}

function gapsOf({ counted }: SinkLedger): readonly Gap[] {
  return counted.map(({ fate, reason, claim }) => {
    const { of, count, from, to } = claim;
    return { fate, reason, of, records: fate === 'recalled' ? -count : count, from, to, ...minutesOf(claim) };
  });
}

interface Answer {
  readonly verdict: AuditVerdict;
  readonly service: string;
  readonly since: string;
  readonly until: string;
  readonly claimed: number;
  readonly found: number;
  readonly others: number;
  readonly runs: readonly {
    readonly run: string;
    readonly started: string;
    readonly state: string;
    readonly dropped?: unknown;
  }[];
  readonly unexplained: Findings['unexplained'];
  readonly explained: Findings['explained'];
  readonly unproven: Findings['unproven'];
}

function textOf(answer: Answer, gaps: readonly Gap[]): string {
  const { verdict, service, since, until, claimed, found, others, runs } = answer;
  const lines = [
    `${verdict.toUpperCase()}  ${service}, ${since} to ${until}`,
    `  ${claimed} records claimed, ${found} found, ${others} documents of others`,
    ...runs.map(({ run, started, state, dropped }) => {
      const lost =
        dropped !== undefined && JSON.stringify(dropped) !== '{}' ? `, dropped ${JSON.stringify(dropped)}` : '';
      return `  run ${run}, started ${started}, ${state}${lost}`;
    }),
  ];
  for (const [title, { listed, findings, records }] of Object.entries({
    unexplained: answer.unexplained,
    explained: answer.explained,
    unproven: answer.unproven,
  })) {
    if (findings === 0) continue;
    lines.push(`${title}: ${records} records`, ...listed.map((finding) => `  ${findingText(finding)}`));
    if (findings > listed.length) lines.push(`  and ${findings - listed.length} more`);
  }
  if (gaps.length > 0) {
    lines.push('counted, and not stored:');
    for (const { fate, reason, of, records, from, to, since: first, until: last } of gaps.slice(0, GAPS_MAX))
      lines.push(`  ${fate} (${reason}): ${records} of ${of}, places ${from} to ${to}, ${first} to ${last}`);
    if (gaps.length > GAPS_MAX) lines.push(`  and ${gaps.length - GAPS_MAX} more`);
  }
  return `${lines.join('\n')}\n`;
}

function findingText({ kind, of, run, records, from, to, since, until, places, ids, reason }: Finding): string {
  const parts = [`${kind}: ${records}`];
  if (of !== undefined) parts.push(`of ${of}`);
  if (places !== undefined) parts.push(`place ${places.join(', ')}`);
  else if (from !== undefined) parts.push(`places ${from} to ${to}`);
  if (since !== undefined) parts.push(`${since} to ${until}`);
  if (run !== undefined) parts.push(`run ${run}`);
  if (ids !== undefined) parts.push(ids.join(' '));
  if (reason !== undefined) parts.push(reason);
  return parts.join(', ');
}
