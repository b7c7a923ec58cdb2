/** The table of a row: medians, and from the least to the most where runs differ. */
import { median } from '../median.js';
import type { Run } from './measure.js';
import type { Result, RowReport } from './report.js';

/** What every other peer is divided by. */
export const REFERENCE = 'naive-node';

export const COLUMNS = [
  'peer',
  'CPU s per million lines',
  `of ${REFERENCE}`,
  'CPU s per GB',
  'idle, peak MB',
  'bytes per line on the wire',
  'lines/s',
  'lost',
  'twice',
  'delay, worst ms',
] as const;

const medianOf = (runs: readonly Run[], pick: (run: Run) => number) => median(runs.map(pick));

/** Of a number that is small or large: three digits. */
const short = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  return `${short(median(values))} (${short(sorted[0]!)} to ${short(sorted.at(-1)!)})`;
}

/** The most of any run: a loss in one of three is a loss. */
const worst = (runs: readonly Run[], pick: (run: Run) => number) => Math.max(...runs.map(pick));

function delayOf(runs: readonly Run[]): string {
  const each = runs.flatMap(({ delayMs }) => (delayMs === undefined ? [] : [delayMs]));
  if (each.length === 0) return '';
  return `${median(each.map((delay) => delay.median))}, ${Math.max(...each.map((delay) => delay.worst))}`;
}

/** Median CPU seconds per line, or undefined without a run. */
export function costOf({ runs }: Result, lines: number): number | undefined {
  return runs.length === 0 ? undefined : medianOf(runs, ({ cpuSeconds }) => cpuSeconds) / lines;
}

/** The cells of a peer, by COLUMNS. */
function cells(result: Result, { lines, bytes, results }: RowReport): string[] {
  const { peer, runs } = result;
  const cost = costOf(result, lines);
  if (cost === undefined) return [peer, 'not run'];
  const reference = results.find((each) => each.peer === REFERENCE);
  const naive = reference === undefined ? undefined : costOf(reference, lines);
  return [
    peer,
    spread(runs.map(({ cpuSeconds }) => (cpuSeconds * 1e6) / lines)),
    naive === undefined ? '' : `x${short(cost / naive)}`,
    short((cost * lines * 1e9) / bytes),
    `${medianOf(runs, ({ idleMb }) => idleMb).toFixed(0)}, ${medianOf(runs, ({ peakMb }) => peakMb).toFixed(0)}`,
    (medianOf(runs, ({ wireBytes }) => wireBytes) / lines).toFixed(0),
    Math.round(lines / medianOf(runs, ({ seconds }) => seconds)).toLocaleString('en'),
    worst(runs, ({ lost }) => lost).toLocaleString('en'),
    worst(runs, ({ twice }) => twice).toLocaleString('en'),
    delayOf(runs),
  ];
}

export function tableOf(row: RowReport): string[][] {
  return [[...COLUMNS], ...row.results.map((result) => cells(result, row))];
}

/** Why peers have no or fewer runs, by reason. */
export function problemsOf({ results }: RowReport): string[] {
  const peers = new Map<string, string[]>();
  for (const { peer, problem } of results) {
    if (problem !== undefined) peers.set(problem, [...(peers.get(problem) ?? []), peer]);
  }
  return [...peers].map(([problem, names]) => `${names.join(', ')}: ${problem}`);
}
