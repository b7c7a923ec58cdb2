/**
 * Each fault in one cell; `npm run matrix` runs it in all, and chooses cells by LOGTAP_MATRIX: `FAULT|SINK|TRANSPORT|HOLDING`,
 * each a name or empty; FAULT may be the name of a group. Rows of the table are appended to the file LOGTAP_MATRIX_ROWS.
 * The tests are one file per service: most of their time is spent in waits, so two files run at the same time.
 */
import { appendFileSync } from 'node:fs';
import { describeWith } from '../support/capability.js';
import { type Stage, type Sum, useStage } from '../support/fault-scene.js';
import type { SinkName } from '../support/fault-service.js';
import { temporaryDirectory, until } from '../support/run.js';
import { type Cell, type Fault, PATIENT } from './catalogue/fault.js';
import { ALL, type Entry, shortForm } from './catalogue/index.js';

const nameOf = ({ fault, cell }: Entry) => [fault.name, cell.sink, cell.transport, cell.holding].join('|');

function selected(): readonly Entry[] {
  const wanted = process.env.LOGTAP_MATRIX?.split('|');
  if (wanted === undefined) return shortForm();
  const [fault = '', sink = '', transport = '', holding = ''] = wanted;
  return ALL.filter(({ group, fault: { name }, cell }) => {
    return (
      ['', group, name].includes(fault) &&
      ['', cell.sink].includes(sink) &&
      ['', cell.transport].includes(transport) &&
      ['', cell.holding].includes(holding)
    );
  });
}

/** The rule of the matrix. */
function verify(sum: Sum, fault: Fault, cell: Cell): void {
  const { fates = [], gapBytes = () => 0 } = fault;
  const { unexplained, missingBytes } = sum;
  const gap = gapBytes(cell);
  const unexpected = Object.keys(sum.fates).filter((fate) => !fates.includes(fate));
  // A notice of a killed shipper says "up to": the service may have stored the last of those lines.
  const least = sum.fates.shipper_killed === undefined ? 0 : Number.NEGATIVE_INFINITY;
  expect(sum).toMatchObject({
    balanced: true,
    ...(fault.remains ? { code: 74, held: expect.any(Number) } : { code: 0, held: 0 }),
    // With a shipper that nothing of survives, the counts that it was told of are gone as well.
    ...(gap === 0 && { original: sum.fates.not_handed_over ?? 0 }),
  });
  expect(unexpected).toEqual([]);
  expect(unexplained).toBeGreaterThanOrEqual(least);
  if (unexplained > 0) expect(missingBytes).toBeLessThanOrEqual(gap);
  expect(sum.repeated).toBeLessThanOrEqual(cell.sink === 'opensearch' ? 0 : sum.possibleDuplicates);
  fault.expect?.(sum, cell);
}

/** The selected cells of these sinks, a test each. */
export function testCells(sinks: readonly SinkName[], needs: readonly string[]): void {
  const cells = selected().filter(({ cell }) => sinks.includes(cell.sink));
  if (cells.length === 0) {
    test('no cell of these sinks is selected', () => expect(process.env.LOGTAP_MATRIX).toBeDefined());
    return;
  }
  describeWith(needs, 'every line is stored, or counted', () => {
    const stage = useStage();
    test.each(cells.map((entry) => [nameOf(entry), entry] as const))('%s', (_, entry) => runCell(stage, entry));
  });
}

async function runCell(stage: Stage, entry: Entry): Promise<void> {
  const { group, fault, cell } = entry;
  const service = await stage.service(cell.sink);
  const directory = temporaryDirectory();
  const { undo, ...options } = (await fault.prepare?.(directory, service)) ?? {};
  let verdict = 'failed';
  let sum: Sum | undefined;
  try {
    const scene = stage.set(service, { ...options, directory, transport: cell.transport, holding: cell.holding });
    await scene.ship();
    scene.write({ ...PATIENT, lines: 2000, per: 100, pauseSeconds: 0.03 });
    await until('the first lines are stored', async () => (await scene.counts()).delivered > 0);
    await fault.happen(scene, service, cell);
    sum = await scene.sum();
    verify(sum, fault, cell);
    verdict = 'passed';
  } finally {
    stage.scene.close();
    await undo?.();
    const rows = process.env.LOGTAP_MATRIX_ROWS;
    if (rows !== undefined)
      appendFileSync(
        rows,
        `${JSON.stringify({ place: ALL.indexOf(entry), group, fault: fault.name, ...cell, verdict, ...sum })}\n`,
      );
  }
}
