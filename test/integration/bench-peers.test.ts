/** The comparison with peers, in short: its sink has every line of the product and of the pipeline that it is compared with. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Report } from '../../bench/peers/report.js';

const root = resolve(__dirname, '../..');
const directory = mkdtempSync(join(tmpdir(), 'logtap-peers-'));
afterAll(() => rmSync(directory, { recursive: true }));

function compare(...options: string[]): string {
  const args = [join(root, 'node_modules/tsx/dist/cli.mjs'), join(root, 'bench/main.ts'), 'peers', ...options];
  return execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' });
}

test('the product and a plain pipeline deliver every line once, to OpenSearch and over TLS to CloudWatch Logs', () => {
  const json = join(directory, 'report.json');
  const peers = ['logtap-socket', 'logtap-rings', 'naive-node'];
  const rows = ['stages', 'cloudwatch'];
  compare('--peers', peers.join(','), '--rows', rows.join(','), '--rounds', '1', '--lines', '2000', '--json', json);
  const report: Report = JSON.parse(readFileSync(json, 'utf8'));
  expect(report.rows.map(({ name }) => name)).toEqual(rows);
  for (const { results } of report.rows) {
    expect(
      results.map(({ peer, runs, problem }) => [peer, runs.map(({ lost, twice }) => [lost, twice]), problem]),
    ).toEqual(peers.map((peer) => [peer, [[0, 0]], undefined]));
    for (const { runs } of results) expect(runs[0]!.cpuSeconds).toBeGreaterThan(0);
  }
}, 600_000);

test('a peer that is not on the machine is named, with the way to get it', () => {
  const said = compare('--peers', 'vector', '--rows', 'opensearch', '--rounds', '1', '--lines', '1000');
  expect(said).toContain('without vector: give its program by --peer vector=BINARY');
}, 600_000);
