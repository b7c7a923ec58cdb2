/**
 * Memory of the shipper with its default bounds: idle, under full load, and in an outage that fills its buffer. Fails where it
 * takes a fifth more than its aim.
 *
 *     npm run bench -- memory [--rows NAME,...] [--lines N] [--buffer-mib N] [--idle-aim MB] [--peak-aim MB]
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createAuthority } from '../scripts/certificates.js';
import { writeLines } from './peers/lines.js';
import { type Input, measure, type Run, type Workplace } from './peers/measure.js';
import type { Peer } from './peers/peer.js';
import { logtapRings, logtapSocket } from './peers/programs/logtap.js';
import type { Row } from './peers/rows.js';
import { compile, directory, print } from './workshop.js';

const BOUND = 1.2;
const BEYOND = 'TOO MUCH: ';

/** In MB. */
interface Aims {
  readonly idle: number;
  readonly peak: number;
}

const OPENSEARCH = { service: 'opensearch', shape: 'access' } as const;
const CLOUDWATCH = { service: 'cloudwatch', shape: 'access' } as const;
/** At 150 bytes per line, 450,000 lines fill a buffer of 64 MiB. */
const OUTAGE = { outageSeconds: 5, isWritePerLine: true } as const;
const ROWS: readonly Row[] = [
  { ...OPENSEARCH, name: 'opensearch', title: 'OpenSearch, full load' },
  { ...OPENSEARCH, name: 'writes', title: 'OpenSearch, full load, one write per line', isWritePerLine: true },
  { ...CLOUDWATCH, name: 'cloudwatch', title: 'CloudWatch Logs, full load' },
  { ...OPENSEARCH, ...OUTAGE, name: 'opensearch-outage', title: 'OpenSearch, outage of 5 s' },
  { ...CLOUDWATCH, ...OUTAGE, name: 'cloudwatch-outage', title: 'CloudWatch Logs, outage of 5 s' },
];

/** What it takes too much of, or nothing. */
function excess({ idleMb, peakMb }: Run, aims: Aims): string[] {
  const beyond = (what: string, mb: number, aim: number) =>
    mb > aim * BOUND ? [`${what} ${mb.toFixed(0)} MB, more than ${(aim * BOUND).toFixed(0)}`] : [];
  return [...beyond('idle', idleMb, aims.idle), ...beyond('peak', peakMb, aims.peak)];
}

async function measureRow(row: Row, peer: Peer, input: Input, at: Workplace, aims: Aims): Promise<string[]> {
  const run = await measure(peer, '', row, input, at);
  if (run.lost > 0 || run.twice > 0) throw new Error(`${row.title}: ${run.lost} lines lost, ${run.twice} twice`);
  const problems = excess(run, aims);
  const verdict = problems.length === 0 ? 'within its bound' : `${BEYOND}${problems.join('; ')}`;
  return [row.title, peer.input, run.idleMb.toFixed(0), run.peakMb.toFixed(0), verdict];
}

function optionsOf(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: ROWS.map(({ name }) => name).join() },
      lines: { type: 'string', default: '1000000' },
      'buffer-mib': { type: 'string' },
      'idle-aim': { type: 'string', default: '50' },
      'peak-aim': { type: 'string', default: '90' },
    },
  });
  const wanted = values.rows.split(',');
  const bufferMib = values['buffer-mib'];
  return {
    rows: ROWS.filter(({ name }) => wanted.includes(name)).map((row) =>
      bufferMib === undefined ? row : { ...row, bufferMib: Number(bufferMib) },
    ),
    lines: Number(values.lines),
    aims: { idle: Number(values['idle-aim']), peak: Number(values['peak-aim']) },
  };
}

export async function memory(args: readonly string[]): Promise<void> {
  const { rows, lines, aims } = optionsOf(args);
  const work = join(directory, 'memory');
  mkdirSync(work);
  const authority = createAuthority(work);
  const { cert, key } = authority.issue('service');
  const at: Workplace = { directory: work, replay: compile('replay'), tls: { cert, key, caFile: authority.file } };
  const input: Input = { file: join(work, 'lines'), lines };
  writeLines(input.file, 'access', lines);
  const table = [['', 'source', 'idle MB', 'peak MB', '']];
  for (const row of rows) {
    for (const peer of [logtapSocket, logtapRings]) table.push(await measureRow(row, peer, input, at, aims));
  }
  print(`Memory, ${lines.toLocaleString('en')} lines; aims: idle ${aims.idle}, peak ${aims.peak} MB`, table);
  const failed = table.filter(([, , , , verdict]) => verdict?.startsWith(BEYOND));
  if (failed.length > 0) throw new Error(failed.map((cells) => cells.join(', ')).join('\n'));
}
