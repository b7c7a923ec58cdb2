/** Several requests are out to a place that is read by milliseconds, and by arrival within one: the order of each stream is kept. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { realDisk } from '../../../src/shipper/buffer/disk.js';
import { SegmentStore } from '../../../src/shipper/buffer/segment-store.js';
import type { RecordBatch, Sink } from '../../../src/shipper/parts.js';
import { recordAt } from '../../../src/shipper/records/record-batch.js';
import { type PlainRecord, sourceBatchOf, stdoutOrigin } from '../../support/batches.js';
import { deliverOpen, endDeliveries, type OpenRequest } from '../../support/open-requests.js';

interface Line {
  readonly origin: string;
  readonly ms: number;
  readonly seq: number;
}

const linesOf = (batch: RecordBatch): Line[] =>
  Array.from({ length: batch.count }, (_, i) => {
    const { origin, timeMs, seq } = recordAt(batch, i);
    return { origin: origin.id, ms: Math.floor(timeMs), seq };
  });

interface ReadError {
  code: string | undefined;
  good: number;
}

const directories: string[] = [];
afterEach(async () => {
  await endDeliveries();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A buffer on disk, of which readings fail while `code` is set: all but the next `good` ones. */
function diskWithErrors() {
  const error: ReadError = { code: undefined, good: 0 };
  const directory = mkdtempSync(join(tmpdir(), 'logtap-time-order-'));
  directories.push(directory);
  const readAt: typeof realDisk.readAt = (...asked) => {
    if (error.code !== undefined && error.good-- <= 0) throw Object.assign(new Error('injected'), { code: error.code });
    return realDisk.readAt(...asked);
  };
  const disk = { ...realDisk, readAt };
  const sizes = { maxBytes: 1_000_000, cacheBytes: 0 };
  const store = new SegmentStore({ ...sizes, directory, sync: 'off', onProblem: () => {}, disk });
  return { error, store };
}

function setUp(requestsMax: number, maxRecords: number, more: Partial<Sink> = {}, store?: SegmentStore) {
  const delivery = deliverOpen(linesOf, maxRecords, { requestsMax, isReadByTime: true, ...more }, store);
  const { ledger, buffer } = delivery;
  return {
    ...delivery,
    append: (records: readonly PlainRecord[]) => {
      ledger.countRead(buffer.append(sourceBatchOf(records)));
    },
  };
}

const of = (id: string) => ({ ...stdoutOrigin, id });
const at = (...times: readonly number[]) =>
  times.map((timeMs, i): PlainRecord => ({ message: `${timeMs}`, timeMs, seq: timeMs * 1000 + i, origin: of('a') }));
const times = ({ seen }: OpenRequest<Line[]>) => seen.map(({ ms }) => ms);

/** So that several may be out. */
async function warm(setup: ReturnType<typeof setUp>): Promise<void> {
  for (let i = 0; i < 4; i++) {
    setup.append(at(-10 + i));
    await setup.settle();
    await setup.answer(0);
  }
}

test('a full request ends before its last millisecond, which leaves with the next one', async () => {
  const setup = setUp(4, 6);
  await warm(setup);
  setup.append(at(1, 1.2, 2, 2.1, 3, 3.1, 3.2, 3.3, 4, 4.1, 5, 5.1, 6));
  await setup.settle();
  expect(setup.open.map(times)).toEqual([
    [1, 1, 2, 2],
    [3, 3, 3, 3],
    [4, 4, 5, 5],
    // No more came beside these.
    [6],
  ]);
});

test('a process that goes on later in the same millisecond waits for it, and others go on', async () => {
  const setup = setUp(4, 4);
  await warm(setup);
  setup.append(at(1, 2, 3));
  await setup.settle();
  expect(setup.open.map(times)).toEqual([[1, 2], [3]]);
  setup.append(at(3.5, 3.6, 4, 4, 5, 6));
  await setup.settle();
  expect(setup.open.map(times)).toEqual([[1, 2], [3], [4, 4], [5]]);
  await setup.answer(1);
  // Its answer is not booked before that of the first.
  expect(setup.open.map(times)).toEqual([[1, 2], [4, 4], [5]]);
  await setup.answer(0);
  expect(setup.open.map(times)).toEqual([[4, 4], [5], [3, 3], [6]]);
});

test('few records leave whole', async () => {
  const setup = setUp(4, 40);
  await warm(setup);
  setup.append(at(1, 2, 3));
  await setup.settle();
  expect(setup.open.map(times)).toEqual([[1, 2, 3]]);
});

test('records of one millisecond in which a request is full wait for it; those of others do not', async () => {
  const setup = setUp(4, 4);
  await warm(setup);
  setup.append(at(7, 7, 7, 7, 7, 7));
  setup.append([8, 9].map((timeMs) => ({ message: 'b', timeMs, origin: of('b') })));
  await setup.settle();
  expect(setup.open.map(times)).toEqual([[7, 7, 7, 7], [8], [9]]);
  await setup.answer(0);
  expect(setup.open.map(times)).toEqual([[8], [9], [7, 7]]);
  setup.buffer.close();
  await setup.settle();
  while (setup.open.length > 0) await setup.answer(0);
  await setup.running;
  expect(setup.totals()).toMatchObject({ held: 0, balanced: true });
});

test('records that have waited for their millisecond leave request by request', async () => {
  const setup = setUp(4, 4);
  await warm(setup);
  for (const fraction of [0, 0.1, 0.2]) {
    setup.append(
      [0, 1, 2, 3].map((seq) => ({ message: 'a', timeMs: 7 + fraction, seq: fraction * 100 + seq, origin: of('a') })),
    );
    await setup.settle();
  }
  const seqs = () => setup.open.map(({ seen }) => seen.map(({ seq }) => seq));
  expect(seqs()).toEqual([[0, 1, 2, 3]]);
  await setup.answer(0);
  expect(seqs()).toEqual([[10, 11, 12, 13]]);
  await setup.answer(0);
  expect(seqs()).toEqual([[20, 21, 22, 23]]);
});

describe.each([
  ['that the disk lost', 'ENOENT'],
  ['that the disk does not give now', 'EIO'],
])('records behind which there are only records %s', (_, code) => {
  test('leave once the request of their millisecond is settled', async () => {
    const { error, store } = diskWithErrors();
    const setup = setUp(4, 4, {}, store);
    setup.append(at(1, 1, 2, 3));
    await setup.settle();
    expect(setup.open.map(times)).toEqual([[1, 1, 2]]);
    setup.append(at(4, 5, 6));
    error.code = code;
    await setup.answer(0);
    expect(setup.open.map(times)).toEqual([[3]]);
    await finish(setup, error, store, code === 'EIO' ? [4, 5, 6] : []);
  });

  test('leave beside others', async () => {
    const { error, store } = diskWithErrors();
    const setup = setUp(4, 4, {}, store);
    await warm(setup);
    Object.assign(error, { code, good: 1 });
    setup.append(at(1, 1, 2, 3));
    setup.append(at(4, 5, 6));
    await setup.settle();
    expect(setup.open.map(times)).toEqual([[1, 1, 2], [3]]);
    await setup.answer(1);
    await finish(setup, error, store, code === 'EIO' ? [4, 5, 6] : []);
  });
});

/** The disk is well again: all that it still has leaves. */
async function finish(
  setup: ReturnType<typeof setUp>,
  error: ReadError,
  store: SegmentStore,
  left: readonly number[],
): Promise<void> {
  await setup.answer(0);
  error.code = undefined;
  await setup.settle();
  const sent: number[] = [];
  while (setup.open.length > 0) {
    sent.push(...times(setup.open[0]!));
    await setup.answer(0);
  }
  expect(sent).toEqual(left);
  setup.buffer.close();
  await setup.running;
  setup.buffer.end();
  store.abandon();
  expect(setup.totals()).toMatchObject({ held: 0, balanced: true });
}

test('a sink that is read in another way has full requests', async () => {
  const setup = setUp(4, 4, { isReadByTime: false });
  await warm(setup);
  setup.append(at(7, 7, 7, 7, 7, 7, 7, 7));
  await setup.settle();
  expect(setup.open.map(times)).toEqual([
    [7, 7, 7, 7],
    [7, 7, 7, 7],
  ]);
});

test('with any answers in any order: each stream is read in its order, every record once, and the books balance', async () => {
  const record = fc.record({ origin: fc.constantFrom('a', 'b', 'c'), step: fc.constantFrom(0, 0, 0, 0.4, 1, 3) });
  const step = fc.record({ which: fc.nat(), isTaken: fc.constantFrom(true, true, true, false) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(record, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 }),
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 2, max: 9 }),
      async (batches, steps, requestsMax, maxRecords) => {
        const setup = setUp(requestsMax, maxRecords);
        const clocks = new Map<string, number>();
        let seq = 0;
        for (const batch of batches) {
          setup.append(
            batch.map(({ origin, step }) => {
              const timeMs = (clocks.get(origin) ?? 0) + step;
              clocks.set(origin, timeMs);
              return { message: `${seq}`, timeMs, seq: seq++, origin: of(origin) };
            }),
          );
        }
        await setup.settle();
        setup.buffer.close();
        await setup.settle();
        /** In the order of arrival, which is that of the answers: it may be any. */
        const arrived: Line[] = [];
        const answers = [...steps];
        while (setup.open.length > 0) {
          const { which, isTaken } = answers.shift() ?? { which: 0, isTaken: true };
          const index = which % setup.open.length;
          const { seen: lines } = setup.open[index]!;
          if (isTaken) arrived.push(...lines);
          const retry = isTaken ? [] : lines.map((_, i) => i);
          const failure = { code: '429', detail: 'busy' };
          await setup.answer(index, { retry, rejected: [], ...(!isTaken && { failure }) });
        }
        await setup.running;
        expect(arrived).toHaveLength(seq);
        const read = [...arrived].sort((one, other) => one.ms - other.ms);
        for (const origin of clocks.keys()) {
          const own = read.filter((line) => line.origin === origin).map((line) => line.seq);
          expect(own).toEqual([...own].sort((one, other) => one - other));
        }
        expect(setup.totals()).toMatchObject({ held: 0, balanced: true });
      },
    ),
    { numRuns: 200 },
  );
});
