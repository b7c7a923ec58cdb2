/** The text of `logtap status`: a line per pod, then what is wrong with each, with the remedy. */
import { printable } from '../../printable.js';
import type { PodStatus, SinkStatus } from './cluster-module.js';

const HEADINGS = ['POD', 'READY', 'VERSION', 'RESTARTS', 'IN', 'OUT', 'HELD', 'OLDEST', 'LOST'] as const;

export function statusTable(rows: readonly PodStatus[]): string {
  const hasNamespaces = new Set(rows.map(({ namespace }) => namespace)).size > 1;
  const nameOf = ({ namespace, pod }: PodStatus) => (hasNamespaces ? `${namespace}/${pod}` : pod);
  const cells = [HEADINGS, ...rows.map((row) => cellsOf(row, nameOf(row)))];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  const table = cells.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
  const problems = rows.flatMap((row) => problemsOf(row).map((problem) => `${nameOf(row)}: ${problem}`));
  return `${[...table, ...(problems.length === 0 ? [] : ['', ...problems])].map(printable).join('\n')}\n`;
}

function cellsOf(row: PodStatus, name: string): string[] {
  const { state, restarts } = row;
  if (state === undefined) return [name, 'unknown', '-', String(restarts), '-', '-', '-', '-', '-'];
  const { version = '-', problems = [], read, held = 0, oldestHeldSeconds = 0, sinks = [] } = state;
  return [
    name,
    problems.length === 0 ? 'yes' : 'no',
    version,
    String(restarts),
    String(read?.records ?? 0),
    deliveredBy(sinks),
    String(held),
    held === 0 ? '-' : age(oldestHeldSeconds),
    String(lostOf(row)),
  ];
}

/** Sinks have their own numbers: each gets every record. */
function deliveredBy(sinks: readonly SinkStatus[]): string {
  if (sinks.length === 1) return String(sinks[0]!.delivered.records);
  return sinks.map(({ name, delivered }) => `${name} ${delivered.records}`).join(', ') || '0';
}

/** Records that are in no service, in all places and for all reasons. */
export function lostOf({ state }: PodStatus): number {
  const places = Object.values(state?.ledger?.dropped ?? {});
  return places.reduce((total, reasons) => total + Object.values(reasons).reduce((sum, count) => sum + count, 0), 0);
}

function age(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function problemsOf({ state, problem }: PodStatus): readonly string[] {
  if (state === undefined) return [problem ?? 'its state is not known'];
  const { problems = [], losses = [], sinks = [] } = state;
  const failing = sinks.filter(({ failures = 0, lastError }) => failures > 0 && lastError !== undefined);
  return [
    ...problems,
    ...failing.map(({ name, lastError }) => `${name}: ${lastError!.detail} (${age(lastError!.secondsAgo)} ago)`),
    ...losses.map((loss) => `lost: ${loss}`),
  ];
}
