/** The page about performance says what a run found: also what was lost, what is missing, and which aim was not reached. */
import type { Run } from '../../../bench/peers/measure.js';
import { merged, type Report, type RowReport } from '../../../bench/peers/report.js';
import { performancePage } from '../../../scripts/performance-page.js';

const run = (cpuSeconds: number, more: Partial<Run> = {}): Run => ({
  ...{ cpuSeconds, seconds: 2, idleMb: 50, peakMb: 80, wireBytes: 2000, lost: 0, twice: 0 },
  ...more,
});
const row = (name: string, results: RowReport['results']): RowReport => ({
  ...{ name, title: `row ${name}`, lines: 10, bytes: 1000, rounds: 3, date: '2026-11-29', load: 0.5, results },
});
const report = (...rows: RowReport[]): Report => ({
  machine: { processor: 'a processor', cores: 2, memoryGb: 16, kernel: 'Linux 6.1' },
  peers: [{ name: 'naive-node', version: 'Node 20', input: 'socket' }],
  missing: [{ name: 'vector', install: 'give it' }],
  rows,
});

test('a table has medians with their range, and the worst loss of all rounds', () => {
  const runs = [run(3e-5), run(1e-5, { lost: 7 }), run(2e-5)];
  const page = performancePage(report(row('x', [{ peer: 'naive-node', runs }])));
  expect(page).toContain('| naive-node | 2.00 (1.00 to 3.00) | x1.00 | 20.0 | 50, 80 | 200 | 5 | 7 | 0 |  |');
  expect(page).toContain('- Without vector: give it.');
});

test('a peer that did not run is in the table, and its reason below', () => {
  const page = performancePage(report(row('x', [{ peer: 'rsyslog', runs: [], problem: 'it has no output' }])));
  expect(page).toContain('| rsyslog | not run |');
  expect(page).toContain('- rsyslog: it has no output');
});

test('an aim is reached or missed by the share of the reference', () => {
  const of = (socket: number, rings: number) =>
    performancePage(
      report(
        row('opensearch', [
          { peer: 'logtap-socket', runs: [run(socket)] },
          { peer: 'logtap-rings', runs: [run(rings)] },
          { peer: 'naive-node', runs: [run(1)] },
        ]),
      ),
    );
  expect(of(0.09, 0.1)).toContain('| x0.09 | x0.09: reached | x0.10: **missed** |');
});

test('a further run replaces the rows of the same names, and keeps the others', () => {
  const before = report(row('a', []), row('b', [{ peer: 'naive-node', runs: [run(1)] }]));
  const now = report(row('b', []));
  expect(merged(before, now).rows).toEqual([before.rows[0], now.rows[0]]);
  const found = { ...now, peers: [{ name: 'vector', version: '1', input: 'files' }], missing: [] };
  expect(merged(before, found)).toMatchObject({ peers: [{ name: 'naive-node' }, { name: 'vector' }], missing: [] });
});
