/** The table of docs/reference/coverage.md: row by platform, cells passed of cells run. Each test file keeps a section of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../test/support/run.js';
import type { Platform, ZooCase } from './case.js';
import { MODES, type Mode } from './targets.js';

const document = join(root, 'docs', 'reference', 'coverage.md');

/** Cells of one row, platform and mode. */
interface Score {
  passed: number;
  run: number;
}

/** Counts cells as they are run. */
export class Coverage {
  readonly #scores = new Map<string, Score>();

  add(row: ZooCase, platform: Platform, mode: Mode, hasPassed: boolean): void {
    const key = keyOf(row, platform, mode);
    const score = this.#scores.get(key) ?? { passed: 0, run: 0 };
    this.#scores.set(key, { passed: score.passed + Number(hasPassed), run: score.run + 1 });
  }

  /** Markdown: a table a family. */
  table(rows: readonly ZooCase[], platforms: readonly Platform[]): string {
    return [...new Set(rows.map(({ family }) => family))]
      .map((family) => this.#tableOf(family, rows, platforms))
      .join('\n\n');
  }

  #tableOf(family: string, rows: readonly ZooCase[], platforms: readonly Platform[]): string {
    const members = rows.filter((row) => row.family === family);
    const used = platforms.filter((platform) =>
      members.some((row) => MODES.some((mode) => this.#scores.has(keyOf(row, platform, mode)))),
    );
    const columns = used.flatMap((platform) => MODES.map((mode) => ({ platform, mode })));
    const lines = members.map((row) => {
      const cells = columns.map(({ platform, mode }) => {
        const score = this.#scores.get(keyOf(row, platform, mode));
        return score === undefined ? '-' : `${score.passed}/${score.run}`;
      });
      const note = row.untouchable === undefined ? '' : ` (left alone: ${row.untouchable})`;
      return `| ${[row.name + note, ...cells].join(' | ')} |`.replaceAll('\n', ' ');
    });
    return [
      `### ${family}`,
      '',
      `| program | ${columns.map(({ platform, mode }) => `${platform} ${mode}`).join(' | ')} |`,
      `|---${'|---:'.repeat(columns.length)}|`,
      ...lines,
    ].join('\n');
  }
}

const keyOf = (row: ZooCase, platform: Platform, mode: Mode) => [row.name, platform, mode].join('\n');

const markers = (section: string) => [`<!-- begin ${section} -->\n`, `\n<!-- end ${section} -->`] as const;

/** The present text of a section of the document. */
function kept(section: string): { before: string; table: string; after: string } {
  const text = readFileSync(document, 'utf8');
  const [begin, end] = markers(section);
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end, from);
  if (!text.includes(begin) || to < 0) throw new Error(`docs/reference/coverage.md has no section '${begin.trim()}'`);
  return { before: text.slice(0, from), table: text.slice(from, to), after: text.slice(to) };
}

/** The document says what was measured; with UPDATE_COVERAGE=1 it is made to. */
export function expectKept(section: string, table: string): void {
  const { before, table: old, after } = kept(section);
  if (old === table) return;
  if (process.env.UPDATE_COVERAGE === '1') {
    writeFileSync(document, before + table + after);
    return;
  }
  const lines = new Set(old.split('\n'));
  const changed = table.split('\n').filter((line) => !lines.has(line));
  throw new Error(
    `docs/reference/coverage.md differs from what was measured; UPDATE_COVERAGE=1 rewrites it. Measured:\n${changed.join('\n')}`,
  );
}
