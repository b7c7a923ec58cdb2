/**
 * Every fault in every cell, with the services and programs of test/faults. Prints the table; the whole run writes
 * docs/internals/reliability.md.
 *
 *     tsx scripts/matrix.ts                      all cells
 *     tsx scripts/matrix.ts FAULT [SINK [TRANSPORT [HOLDING]]]
 *                                                these cells only; '' is any. FAULT may be a group of the page
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Row, reliabilityPage, rowsOfTable } from './reliability-page.js';

const root = join(__dirname, '..');
const PAGE = join(root, 'docs/internals/reliability.md');

/** A test per cell; each appends its row to the file. */
function runCells(wanted: readonly string[], file: string): number | null {
  const args = [require.resolve('jest/bin/jest'), '--selectProjects', 'faults', '--runInBand', '--forceExit'];
  const env = {
    ...process.env,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    LOGTAP_MATRIX: wanted.join('|'),
    LOGTAP_MATRIX_ROWS: file,
  };
  return spawnSync(
    process.execPath,
    [...args, '--', 'test/faults/opensearch.test.ts', 'test/faults/cloudwatch.test.ts'],
    {
      cwd: root,
      env,
      stdio: 'inherit',
    },
  ).status;
}

function main(wanted: readonly string[]): void {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-matrix-'));
  try {
    const file = join(directory, 'rows.ndjson');
    const status = runCells(wanted, file);
    const rows = existsSync(file)
      ? readFileSync(file, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line): Row => JSON.parse(line))
          // Those of several services come at the same time.
          .sort((one, other) => one.place - other.place)
      : [];
    if (rows.length === 0) throw new Error(`no cell is named '${wanted.join(' ')}'`);
    console.log(rowsOfTable(rows).join('\n'));
    const sum = (count: (row: Row) => number | undefined) => rows.reduce((total, row) => total + (count(row) ?? 0), 0);
    const failed = rows.filter(({ verdict }) => verdict !== 'passed').length;
    console.log(
      `${rows.length} cells, ${failed} failed; ${sum(({ written }) => written)} lines written, ${sum(({ unexplained }) => Math.max(0, unexplained ?? 0))} unexplained`,
    );
    if (wanted.length === 0) writeFileSync(PAGE, reliabilityPage(rows));
    process.exitCode = status ?? 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

main(process.argv.slice(2));
