/** What a run of the comparison leaves: a file of JSON, from which the page about performance is made. */
import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Run } from './measure.js';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  /** Processes that were running or waiting on average in the minutes of the run: 15 minutes before its end. */
  readonly load: number;
}

export interface Result {
  readonly peer: string;
  readonly runs: readonly Run[];
  /** Why it has no or fewer runs. */
  readonly problem?: string;
}

export interface RowReport {
  readonly name: string;
  readonly title: string;
  readonly lines: number;
  readonly bytes: number;
  readonly results: readonly Result[];
}

export interface Report {
  readonly date: string;
  readonly machine: Machine;
  readonly rounds: number;
  /** As `--lines` was. */
  readonly lines: number;
  readonly peers: readonly { readonly name: string; readonly version: string; readonly input: string }[];
  readonly missing: readonly { readonly name: string; readonly install: string }[];
  readonly rows: readonly RowReport[];
}

/** Without names: of the machine, of its users, of its place. */
export function machineOf(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release().split('.').slice(0, 2).join('.')}`,
    load: Number((loadavg()[2] ?? 0).toFixed(1)),
  };
}
