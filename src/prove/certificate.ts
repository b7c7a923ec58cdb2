/** What a proof found: sums, checks, and the certificate as text. */
import type { Certificate, Check, ProofSums } from '../cli/prove/prove-module.js';
import { hashOf, type Seen } from './lines.js';
import type { LastLine } from './proof-shipper.js';

export interface Found {
  readonly proof: string;
  /** By writer, the number of its lines. */
  readonly written: readonly number[];
  readonly stored: Seen;
  readonly original: Seen;
  /** Of all shippers that ended in order. */
  readonly lastLines: readonly LastLine[];
  readonly end: { readonly code: number | null; readonly last: LastLine | undefined };
  readonly auditVerdict: string;
}

/** Reasons under which lines are counted that came to the original output: they are not missing. */
const NOT_HANDED_OVER = 'not_handed_over';

export function sumsOf({ proof, written, stored, original, lastLines }: Found): ProofSums {
  const sums = { stored: 0, copies: 0, original: 0, missing: 0 };
  for (const [writer, lines] of written.entries()) {
    for (let number = 1; number <= lines; number++) {
      const times = stored.count(writer, number);
      const passed = original.count(writer, number);
      if (times > 0) sums.stored += 1;
      if (times > 1) sums.copies += times - 1;
      if (passed > 0) sums.original += 1;
      if (times + passed === 0) sums.missing += 1;
    }
  }
  const all = written.reduce((total, lines) => total + lines, 0);
  return {
    ...{ written: all, sha256: hashOf(proof, written), ...sums },
    possibleDuplicates: possibleDuplicatesOf(lastLines),
    counted: countedOf(lastLines),
  };
}

const possibleDuplicatesOf = (lastLines: readonly LastLine[]) =>
  lastLines
    .flatMap(({ possibleDuplicates = {} }) => Object.values(possibleDuplicates))
    .reduce((total, count) => total + count, 0);

/** By fate and reason. A last line takes over the counts of shippers that were killed before it. */
function countedOf(lastLines: readonly LastLine[]): Record<string, number> {
  const counted: Record<string, number> = {};
  const add = (name: string, count: number) => {
    counted[name] = (counted[name] ?? 0) + count;
  };
  for (const { withheld = {}, dropped, deadLettered = {} } of lastLines) {
    for (const [reason, count] of Object.entries(withheld)) add(`withheld: ${reason}`, count);
    for (const [fate, places] of Object.entries({ dropped, 'dead-lettered': deadLettered })) {
      for (const [place, reasons] of Object.entries(places)) {
        for (const [reason, count] of Object.entries(reasons)) add(`${fate} in ${place}: ${reason}`, count);
      }
    }
  }
  return counted;
}

export function checksOf({ end, auditVerdict }: Found, sums: ProofSums): Check[] {
  const { written, stored, copies, possibleDuplicates, original, missing, counted } = sums;
  const isPassed = (name: string) => name.endsWith(NOT_HANDED_OVER);
  const sumOf = (matches: (name: string) => boolean) =>
    Object.entries(counted).reduce((sum, [name, count]) => sum + (matches(name) ? count : 0), 0);
  const lost = sumOf((name) => !isPassed(name));
  const passed = sumOf(isPassed);
  return [
    {
      name: 'every line is stored, in the original output, or counted',
      // What a killed shipper alone had is counted as the most that it can have been.
      holds: written > 0 && missing <= lost,
      detail: `${written} written, ${stored} stored, ${original} in the original output, ${missing} in neither, ${lost} counted as not stored`,
    },
    {
      name: 'no line is stored twice without being counted',
      // Only CloudWatch Logs, which has no ids, can have any.
      holds: copies <= possibleDuplicates,
      detail: `${copies} copies, ${possibleDuplicates} counted as possible duplicates`,
    },
    {
      name: 'what was not handed over is in the original output',
      holds: passed === original,
      detail: `${passed} counted as not handed over, ${original} in the original output`,
    },
    {
      name: 'the last shipper ended with balanced books and nothing held',
      holds: end.code === 0 && end.last?.balanced === true && end.last.held === 0,
      detail: `exit code ${end.code}, held ${end.last?.held ?? 'unknown'}, balanced ${end.last?.balanced ?? 'unknown'}`,
    },
    { name: 'the audit of the service', holds: auditVerdict === 'proven', detail: auditVerdict },
  ];
}

export function certificateText(certificate: Certificate): string {
  const { proof, verdict, began, ended, versions, service, settings, faults, sums, checks, audit } = certificate;
  const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));
  return `${[
    `${verdict.toUpperCase()}  proof ${proof}, ${began} to ${ended}`,
    `  service   ${'url' in service ? `${service.url}, index ${service.index}` : `log group ${service.logGroup}`}`,
    `  versions  ${list(Object.entries(versions).map(([name, version]) => `${name} ${version}`))}`,
    `  settings  ${list(settings)}`,
    'faults:',
    ...faults.map(({ kind, at, detail }) => `  ${at}  ${kind}: ${detail}`),
    'lines:',
    `  ${sums.written} written, SHA-256 ${sums.sha256}`,
    `  ${sums.stored} stored, with ${sums.copies} further copies; ${sums.original} in the original output; ${sums.missing} in neither`,
    ...Object.entries(sums.counted).map(([name, count]) => `  ${count} ${name}`),
    'checks:',
    ...checks.map(({ name, holds, detail }) => `  ${holds ? 'holds' : 'FAILS'}  ${name}: ${detail}`),
    ...(verdict === 'proven' ? [] : ['audit:', `  ${JSON.stringify(audit)}`]),
  ].join('\n')}\n`;
}
