/** What the benchmarks share: compiled programs, a table. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(__dirname, '..');
export const library = join(root, 'dist', 'native', process.arch === 'arm64' ? 'aarch64' : 'x86_64', 'liblogtap.so');
export const shipper = join(root, 'dist', 'shipper', 'main.js');

/** Files of a run; in memory where the machine has a tmpfs for that, so that no disk is measured. */
export const directory = mkdtempSync(join(process.platform === 'linux' ? '/dev/shm' : tmpdir(), 'logtap-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

export function compile(name: string): string {
  const program = join(directory, name);
  execFileSync('gcc', ['-O2', '-pthread', '-o', program, join(root, 'bench', 'programs', `${name}.c`)]);
  return program;
}

export function print(title: string, rows: readonly (readonly string[])[]): void {
  console.log(`\n${title}`);
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows) console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`);
}

/** Where a tapped program hands its lines over. */
export type Target = `ring:${string}` | `socket:${string}`;

/** The environment of a program that hands over every line as frames, and writes none itself. */
export const tapped = (target: Target) => ({
  LD_PRELOAD: library,
  LLT_TAP_INTO: '1',
  LLT_TARGET: target,
  LLT_FORMAT: 'frame',
  LLT_SUPPRESS_STDOUT: 'true',
});
