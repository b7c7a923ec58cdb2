/**
 * Every row of the zoo in every cell: without the library it does what it states; with it the same, and every byte is
 * captured or accounted for, however its target behaves.
 */
import { describeWith } from '../../../test/support/capability.js';
import type { Platform, ZooCase } from './case.js';
import { cases } from './cases/index.js';
import { Coverage, expectKept } from './coverage.js';
import { judge } from './judge.js';
import { runCase } from './run-case.js';
import { type Cell, MODES, type Mode, type Target, targetsOf, title } from './targets.js';

const PLATFORMS: readonly Platform[] = ['glibc', 'musl', 'aarch64'];
/** Most of a cell is waiting for small programs to start and end. */
const AT_ONCE = 3;

const coverage = new Coverage();
let tested = 0;

/** What the run with the target present tells the others. */
interface Present {
  readonly writers: number;
  readonly halfBytes: number;
}

/** Runs one cell; answers what is wrong with it. */
async function tryCell(row: ZooCase, platform: Platform, cell?: Cell, present?: Present) {
  const halfBytes = present?.halfBytes ?? 1;
  const observed = await runCase(row, platform, cell, { halfBytes });
  const { complaints, writers } = judge(row, cell, observed, present?.writers);
  const name = cell === undefined ? 'without the library' : title(cell);
  if (cell !== undefined) coverage.add(row, platform, cell.mode, complaints.length === 0);
  const received = observed.connections.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return {
    complaints: complaints.map((complaint) => `${name}: ${complaint}`),
    present: { writers, halfBytes: Math.max(1, Math.floor(received / 2)) },
  };
}

async function tryMode(row: ZooCase, platform: Platform, mode: Mode): Promise<string[]> {
  const { complaints: failures, present } = await tryCell(row, platform, { mode, target: 'present' });
  const waiting: Target[] = targetsOf(platform).filter((target) => target !== 'present');
  const work = async () => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      failures.push(...(await tryCell(row, platform, { mode, target }, present)).complaints);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failures;
}

const runsOn = (row: ZooCase, platform: Platform) =>
  platform === 'glibc' ? (row.platforms ?? ['glibc']).includes('glibc') : (row.platforms ?? []).includes(platform);
const neededBy = (platform: Platform) => (platform === 'musl' || platform === 'aarch64' ? [platform] : []);
const entries = PLATFORMS.flatMap((platform) =>
  cases.filter((row) => runsOn(row, platform)).map((row) => ({ row, platform })),
);

for (const { row, platform } of entries) {
  describeWith([...(row.needs ?? []), ...neededBy(platform)], `${row.family}: ${row.name}, ${platform}`, () => {
    let untapped: Promise<readonly string[]> | undefined;
    test.each(MODES)('%s', async (mode) => {
      untapped ??= tryCell(row, platform).then(({ complaints }) => complaints);
      // A row that is wrong about its own program proves nothing.
      expect(await untapped).toEqual([]);
      expect(await tryMode(row, platform, mode)).toEqual([]);
    });
    afterAll(() => {
      tested += 1;
    });
  });
}

test('names are unique', () => {
  const names = cases.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test('docs/reference/coverage.md says what was measured', () => {
  const table = coverage.table(cases, PLATFORMS);
  process.stderr.write(`${table}\n`);
  // With a filter on the command line, or without some capability, it is not the whole table.
  if (tested === entries.length) expectKept('zoo', table);
});
