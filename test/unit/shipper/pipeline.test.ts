/** Batches on their way through stages into the buffer: the books balance at any time, and the source is acknowledged. */
import { Ledger } from '../../../src/shipper/accounting/ledger.js';
import { RecordBuffer } from '../../../src/shipper/buffer/record-buffer.js';
import { runPipeline } from '../../../src/shipper/delivery/pipeline.js';
import type { RecordBatch, Source, Stage } from '../../../src/shipper/parts.js';
import { select } from '../../../src/shipper/records/record-batch.js';
import { acknowledgeAll, batchOf, messagesOf, sourceBatchOf } from '../../support/batches.js';

const never = new AbortController().signal;
const LIMITS = { maxRecords: 1000, maxBytes: 100_000, recordOverheadBytes: 0 };

/** Withholds messages that begin with this letter. */
const without = (letter: string, isLate = false): Stage => ({
  name: `without ${letter}`,
  apply(batch, withhold) {
    const isLeft = messagesOf(batch).map((message) => !message.startsWith(letter));
    const indexes = (left: boolean) => [...isLeft.keys()].filter((i) => isLeft[i] === left);
    const judge = (): RecordBatch => {
      if (isLeft.includes(false)) withhold(select(batch, indexes(false)), letter);
      return select(batch, indexes(true));
    };
    return isLate ? new Promise((resolve) => setImmediate(() => resolve(judge()))) : judge();
  },
});

function setUp(stages: readonly Stage[], batches: readonly (readonly string[])[]) {
  const acknowledged: number[] = [];
  const source: Source = {
    async *batches() {
      for (const [i, messages] of batches.entries()) yield sourceBatchOf(messages, () => acknowledged.push(i));
    },
  };
  const ledger = new Ledger(['one']);
  const buffer = new RecordBuffer({ maxBytes: 1_000_000, sinks: ['one'], now: () => 0 });
  const statement = () => ledger.statement((name) => buffer.cursor(name).held);
  const run = () =>
    runPipeline({ sources: [source], stages, buffer, ledger, deliveries: [], stop: never, cutOff: never });
  const all = async () => {
    const taken = await buffer.cursor('one').take(LIMITS, never);
    return taken === undefined ? [] : messagesOf(taken.batch);
  };
  return { acknowledged, ledger, buffer, statement, run, all };
}

test('stages follow each other; what each withholds is counted, and balances', async () => {
  const { run, statement, all } = setUp(
    [without('a'), without('b')],
    [
      ['a1', 'b1', 'c1'],
      ['c2', 'a2'],
    ],
  );
  await run();
  expect(await all()).toEqual(['c1', 'c2']);
  expect(statement()).toMatchObject({
    read: { stdout: { records: 5 } },
    withheld: { a: { records: 2, bytes: 4 }, b: { records: 1, bytes: 2 } },
    sinks: { one: { streams: { stdout: { read: 5, withheld: 3, held: 2 } }, balanced: true } },
  });
});

test('a batch of which nothing is left acknowledges its source at once; another one when it is delivered', async () => {
  const { run, acknowledged, buffer } = setUp([without('a')], [['b'], ['a'], ['a', 'b']]);
  await run();
  expect(acknowledged).toEqual([1]);
  acknowledgeAll((await buffer.cursor('one').take(LIMITS, never))!);
  expect(acknowledged).toEqual([1, 0, 2]);
});

test('what is withheld is kept for the next shipper before the source forgets the batch, and not sooner', async () => {
  const { run, buffer, ledger, acknowledged } = setUp([without('a')], [['a1', 'b'], ['a2']]);
  const kept: unknown[] = [];
  ledger.keepWithheld = (reason, { records }) => kept.push([reason, records, [...acknowledged]]);
  await run();
  expect(kept).toEqual([['a', 1, []]]);
  acknowledgeAll((await buffer.cursor('one').take(LIMITS, never))!);
  expect(kept).toEqual([
    ['a', 1, []],
    ['a', 1, [1]],
  ]);
});

test('while a stage waits the books balance, too', async () => {
  const { run, statement, ledger } = setUp([without('a', true)], [['a', 'b']]);
  const running = run();
  const seen: unknown[] = [];
  for (let i = 0; i < 5; i++) {
    seen.push([ledger.read.records, statement().balanced]);
    await new Promise(setImmediate);
  }
  await running;
  expect(seen).toEqual(
    expect.arrayContaining([
      [0, true],
      [2, true],
    ]),
  );
  expect(seen).not.toContainEqual([expect.anything(), false]);
});

test('what a stage has left at the end passes the stages behind it', async () => {
  const last: Stage = { name: 'last', apply: (batch) => batch, end: () => batchOf(['a9', 'b9']) };
  const { run, all, statement } = setUp([without('b'), last, without('a')], [['c']]);
  await run();
  expect(await all()).toEqual(['c', 'b9']);
  expect(statement().withheld).toEqual({ a: { records: 1, bytes: 2 } });
});
