/** The programs of a directory as text for people: a line each, then each obstacle once with its remedy. */
import { printable } from '../../printable.js';
import type { Diagnostic, Verdict } from '../verdict.js';
import type { RootProgram, RootReport } from './programs.js';

/** Of names in one line of text. */
const NAMES_MAX = 20;

export function rootVerdict({ programs }: RootReport): Verdict {
  if (programs.every(({ verdict }) => verdict === 'can be tapped')) return 'can be tapped';
  return programs.every(({ verdict }) => verdict === 'cannot be tapped') ? 'cannot be tapped' : 'can be tapped in part';
}

const SHORT: Readonly<Record<Verdict, string>> = {
  'can be tapped': 'yes',
  'can be tapped in part': 'in part',
  'cannot be tapped': 'no',
};

export function formatRoot(report: RootReport): string {
  const { root, programs, unreadable, limit } = report;
  const cells = [['TAPPED', 'KIND', 'PROGRAM'], ...programs.map(cellsOf)];
  const widths = [0, 1].map((column) => Math.max(...cells.map((line) => line[column]!.length)));
  const count = (wanted: Verdict) => programs.filter(({ verdict }) => verdict === wanted).length;
  const lines = [
    ...cells.map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')),
    ...obstacles(programs),
    ...(unreadable.length === 0
      ? []
      : ['', `cannot be read: ${named(unreadable)}`, '  remedy: Run logtap doctor as root.']),
    ...(limit === undefined ? [] : ['', `not complete: ${limit}`]),
    '',
    `${root}: ${programs.length} programs: ${count('can be tapped')} can be tapped, ${count('can be tapped in part')} in part, ${count('cannot be tapped')} cannot`,
    `verdict: ${rootVerdict(report)}`,
  ];
  return `${lines.map((line) => printable(line)).join('\n')}\n`;
}

function cellsOf({ path, kind, startedBy, verdict }: RootProgram): string[] {
  return [SHORT[verdict], kind, startedBy.length === 0 ? path : `${path} (${startedBy.join(' -> ')})`];
}

const named = (paths: readonly string[]): string =>
  paths.length <= NAMES_MAX
    ? paths.join(', ')
    : `${paths.slice(0, NAMES_MAX).join(', ')} and ${paths.length - NAMES_MAX} others (-o json lists all)`;

/** Each once, with the programs that have it. */
function obstacles(programs: readonly RootProgram[]): string[] {
  const found = new Map<string, { readonly finding: Diagnostic; readonly paths: string[] }>();
  for (const { path, findings } of programs) {
    for (const finding of findings.filter(({ weight }) => weight !== 'note')) {
      const known = found.get(finding.seen);
      if (known === undefined) found.set(finding.seen, { finding, paths: [path] });
      else known.paths.push(path);
    }
  }
  return [...found.values()].flatMap(({ finding: { weight, seen, why, remedy }, paths }) => [
    '',
    `${weight} the tap: ${seen}`,
    `  in:     ${named(paths)}`,
    `  why:    ${why}`,
    `  remedy: ${remedy}`,
  ]);
}
