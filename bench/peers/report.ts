/** What a run of the comparison leaves: a file of JSON, from which the page about performance is made. */
import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Run } from './measure.js';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
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
  readonly rounds: number;
  readonly date: string;
  /** Processes that were running or waiting to run, on average over the last five minutes of the row. */
  readonly load: number;
  readonly results: readonly Result[];
}

export interface Report {
  readonly machine: Machine;
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
  };
}

/** When, and how busy the machine was. */
export const conditions = () => ({
  date: new Date().toISOString().slice(0, 10),
  load: Number((loadavg()[1] ?? 0).toFixed(1)),
});

/** Adds a run to the results of earlier ones: it replaces their rows of the same names. */
export function merged(before: Report | undefined, now: Report): Report {
  const rows = new Map([...(before?.rows ?? []), ...now.rows].map((row) => [row.name, row]));
  const peers = new Map([...(before?.peers ?? []), ...now.peers].map((peer) => [peer.name, peer]));
  const missing = new Map([...(before?.missing ?? []), ...now.missing].map((peer) => [peer.name, peer]));
  return {
    machine: now.machine,
    peers: [...peers.values()],
    missing: [...missing.values()].filter(({ name }) => !peers.has(name)),
    rows: [...rows.values()],
  };
}
