/**
 * `npm run bench peers`: what lines cost on their way to the service, beside other shippers in the same run.
 *
 *     npm run bench -- peers [--rows NAME,...] [--peers NAME,...] [--rounds N] [--lines N] [--peer NAME=BINARY]... [--json FILE]
 *
 * Peers alternate within a round, and every run is checked at the sink, which knows each line by its number. `--json` adds the
 * rows to those that the file has of earlier runs, so that a run of hours can be done in parts.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createAuthority } from '../../scripts/certificates.js';
import { compile, directory, print } from '../workshop.js';
import { writeLines } from './lines.js';
import { type Input, measure, type Run, type Workplace } from './measure.js';
import type { Found, Missing, Peer } from './peer.js';
import { peersWith } from './programs/index.js';
import { conditions, machineOf, merged, type Report, type RowReport } from './report.js';
import { linesOf, ROWS, type Row } from './rows.js';
import { problemsOf, tableOf } from './table.js';

interface Options {
  readonly rows: readonly Row[];
  readonly rounds: number;
  readonly lines: number;
  readonly peers: readonly Peer[];
  readonly json: string | undefined;
}

function choose<T extends { readonly name: string }>(
  flag: string,
  all: readonly T[],
  given: string | undefined,
): readonly T[] {
  if (given === undefined) return all;
  return given.split(',').map((name) => {
    const found = all.find((each) => each.name === name);
    if (found === undefined)
      throw new Error(`${flag} has '${name}': use some of ${all.map((each) => each.name).join(', ')}`);
    return found;
  });
}

function countOf(flag: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${flag} is '${text}': use a whole number from 1 on`);
  return Number(text);
}

export function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string' },
      peers: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      lines: { type: 'string', default: '1000000' },
      peer: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
    },
  });
  return {
    rows: choose('--rows', ROWS, values.rows),
    peers: choose('--peers', peersWith(values.peer), values.peers),
    rounds: countOf('--rounds', values.rounds),
    lines: countOf('--lines', values.lines),
    json: values.json,
  };
}

type Present = Peer & Found;

function findPeers(peers: readonly Peer[]) {
  const found = peers.map((peer): Peer & (Found | Missing) => ({ ...peer, ...peer.find() }));
  return {
    present: found.filter((peer): peer is Present => 'program' in peer),
    missing: found.filter((peer): peer is Peer & Missing => 'install' in peer),
  };
}

async function measureRow(
  row: Row,
  peers: readonly Present[],
  rounds: number,
  lines: number,
  at: Workplace,
): Promise<RowReport> {
  const input: Input = { file: join(directory, 'lines'), lines: linesOf(row, lines) };
  const bytes = writeLines(input.file, row.shape, input.lines);
  const runs = new Map<string, Run[]>(peers.map(({ name }) => [name, []]));
  const problems = new Map<string, string>();
  for (const peer of peers) {
    const lack = peer.lacks?.(row);
    if (lack !== undefined) problems.set(peer.name, lack);
  }
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers.filter(({ name }) => !problems.has(name))) {
      try {
        runs.get(peer.name)!.push(await measure(peer, peer.program, row, input, at));
      } catch (error) {
        problems.set(peer.name, error instanceof Error ? error.message : String(error));
      }
    }
  }
  const results = peers.map(({ name }) => {
    const problem = problems.get(name);
    return { peer: name, runs: runs.get(name)!, ...(problem === undefined ? {} : { problem }) };
  });
  return { name: row.name, title: row.title, lines: input.lines, bytes, rounds, ...conditions(), results };
}

export async function peers(args: readonly string[]): Promise<void> {
  const { rows, rounds, lines, json, peers: wanted } = optionsOf(args);
  const { present, missing } = findPeers(wanted);
  for (const { name, install } of missing) console.log(`without ${name}: ${install}`);
  const work = join(directory, 'peers');
  mkdirSync(work);
  const authority = createAuthority(work);
  const { cert, key } = authority.issue('service');
  const at: Workplace = { directory: work, replay: compile('replay'), tls: { cert, key, caFile: authority.file } };
  const reports: RowReport[] = [];
  for (const row of rows) {
    const report = await measureRow(row, present, rounds, lines, at);
    reports.push(report);
    print(`${row.title}: ${report.lines.toLocaleString('en')} lines, median of ${rounds}`, tableOf(report));
    for (const problem of problemsOf(report)) console.log(`  ${problem}`);
    // After each row: a run of all takes hours, and what it has is worth keeping.
    if (json !== undefined) write(json, { present, missing, rows: reports });
  }
  rmSync(work, { recursive: true, force: true });
}

interface Results {
  readonly present: readonly Present[];
  readonly missing: readonly (Peer & Missing)[];
  readonly rows: readonly RowReport[];
}

function write(json: string, { present, missing, rows }: Results): void {
  const before: Report | undefined = existsSync(json) ? JSON.parse(readFileSync(json, 'utf8')) : undefined;
  const now: Report = {
    machine: machineOf(),
    peers: present.map(({ name, version, input }) => ({ name, version, input })),
    missing: missing.map(({ name, install }) => ({ name, install })),
    rows,
  };
  writeFileSync(json, `${JSON.stringify(merged(before, now), null, 1)}\n`);
}
