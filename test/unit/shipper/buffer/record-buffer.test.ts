/** The buffer against a model: an array of messages and a position for each sink. */
import fc from 'fast-check';
import type { OnFull } from '../../../../src/catalog/buffer.js';
import { Tally } from '../../../../src/shipper/accounting/tally.js';
import type { Taken } from '../../../../src/shipper/buffer/cursor.js';
import { RecordBuffer } from '../../../../src/shipper/buffer/record-buffer.js';
import { acknowledgeAll, messagesOf, sourceBatchOf, stdoutOrigin } from '../../../support/batches.js';

const never = new AbortController().signal;
const SINKS = ['one', 'two'] as const;
type SinkName = (typeof SINKS)[number];

function newBuffer(maxBytes = 1_000_000, now = () => 0) {
  return new RecordBuffer({ maxBytes, sinks: SINKS, now });
}

type Action =
  | { readonly do: 'append'; readonly messages: readonly string[] }
  | { readonly do: 'take'; readonly sink: SinkName; readonly maxRecords: number; readonly maxBytes: number }
  | { readonly do: 'settle'; readonly sink: SinkName; readonly records: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    do: fc.constant('append' as const),
    messages: fc.array(fc.string({ maxLength: 8, unit: 'grapheme-ascii' }), { maxLength: 6 }),
  }),
  fc.record({
    do: fc.constant('take' as const),
    sink: fc.constantFrom(...SINKS),
    maxRecords: fc.integer({ min: 1, max: 10 }),
    maxBytes: fc.integer({ min: 1, max: 60 }),
  }),
  fc.record({ do: fc.constant('settle' as const), sink: fc.constantFrom(...SINKS), records: fc.nat({ max: 12 }) }),
);

interface ModelCursor {
  position: number;
  out: { readonly taken: Taken; readonly messages: readonly string[]; acknowledged: number } | undefined;
}

const OVERHEAD = 2;

/** The messages that a cursor at this position may hand out. */
function allowed(messages: readonly string[], maxRecords: number, maxBytes: number): readonly string[] {
  let bytes = 0;
  let count = 0;
  for (const message of messages.slice(0, maxRecords)) {
    bytes += message.length + OVERHEAD;
    if (count > 0 && bytes > maxBytes) break;
    count += 1;
  }
  return messages.slice(0, count);
}

/** How many records are taken where they end within a batch, and those before it are two thirds of the limits. */
function wholeBatches(
  most: readonly string[],
  position: number,
  ends: readonly number[],
  { maxRecords, maxBytes }: { readonly maxRecords: number; readonly maxBytes: number },
): number | undefined {
  const end = position + most.length;
  const last = ends.findLast((each) => each > position && each <= end);
  if (last === undefined || last === end) return undefined;
  const records = last - position;
  const bytes = most.slice(0, records).join('').length + records * OVERHEAD;
  return records >= maxRecords * (2 / 3) || bytes >= maxBytes * (2 / 3) ? records : undefined;
}

describe('RecordBuffer', () => {
  test('rules 87, 88: behaves as the model, with any calls in any order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const buffer = newBuffer();
        const all: string[] = [];
        const ends: number[] = [];
        const acknowledged: number[] = [];
        const cursors: Record<SinkName, ModelCursor> = {
          one: { position: 0, out: undefined },
          two: { position: 0, out: undefined },
        };
        for (const step of actions) {
          if (step.do === 'append') {
            all.push(...step.messages);
            const end = all.length;
            if (step.messages.length > 0) ends.push(end);
            buffer.append(
              sourceBatchOf(step.messages, () => {
                if (step.messages.length > 0) acknowledged.push(end);
              }),
            );
          } else if (step.do === 'take') {
            const model = cursors[step.sink];
            if (model.out !== undefined || model.position === all.length) continue;
            const limits = { maxRecords: step.maxRecords, maxBytes: step.maxBytes, recordOverheadBytes: OVERHEAD };
            const taken = (await buffer.cursor(step.sink).take(limits, never))!;
            const messages = messagesOf(taken.batch);
            const most = allowed(all.slice(model.position), step.maxRecords, step.maxBytes);
            expect(messages).toEqual(most.slice(0, wholeBatches(most, model.position, ends, step) ?? most.length));
            model.out = { taken, messages, acknowledged: 0 };
          } else {
            const model = cursors[step.sink];
            if (model.out === undefined) continue;
            const { taken, messages, acknowledged } = model.out;
            const next = messages.slice(acknowledged, acknowledged + step.records);
            taken.acknowledge(Tally.of(taken.batch, acknowledged, acknowledged + next.length));
            model.out.acknowledged += next.length;
            if (model.out.acknowledged === messages.length) {
              model.position += messages.length;
              model.out = undefined;
            }
          }
          for (const sink of SINKS) {
            const { position, out } = cursors[sink];
            const held = all.slice(position + (out?.acknowledged ?? 0));
            expect(buffer.cursor(sink).held.records).toBe(held.length);
            expect(buffer.cursor(sink).held.bytes).toBe(held.join('').length);
          }
          const acknowledgedByAll = Math.min(cursors.one.position, cursors.two.position);
          expect(acknowledged).toEqual(ends.filter((end) => end <= acknowledgedByAll));
        }
      }),
    );
  });

  test('hands out a view of one buffered batch without copying its bytes', async () => {
    const buffer = newBuffer();
    const batch = sourceBatchOf(['a', 'bb', 'ccc']);
    buffer.append(batch);
    const taken = await buffer.cursor('one').take({ maxRecords: 2, maxBytes: 100, recordOverheadBytes: 0 }, never);
    expect(taken?.batch.bytes).toBe(batch.bytes);
    expect(messagesOf(taken!.batch)).toEqual(['a', 'bb']);
  });

  test('take waits for records, and ends when there will be none', async () => {
    const buffer = newBuffer();
    const limits = { maxRecords: 10, maxBytes: 100, recordOverheadBytes: 0 };
    const waiting = buffer.cursor('one').take(limits, never);
    buffer.append(sourceBatchOf(['late']));
    const taken = await waiting;
    expect(messagesOf(taken!.batch)).toEqual(['late']);
    acknowledgeAll(taken!);
    const atEnd = buffer.cursor('one').take(limits, never);
    buffer.close();
    expect(await atEnd).toBeUndefined();
    // The other cursor still gets what was there before the close.
    expect(messagesOf((await buffer.cursor('two').take(limits, never))!.batch)).toEqual(['late']);
  });

  test('take and room end on abort', async () => {
    const buffer = newBuffer(1);
    const abort = new AbortController();
    const take = buffer.cursor('one').take({ maxRecords: 1, maxBytes: 1, recordOverheadBytes: 0 }, abort.signal);
    abort.abort();
    expect(await take).toBeUndefined();
    buffer.append(sourceBatchOf(['x']));
    await buffer.room(abort.signal);
  });

  test('rule 89: there is no room from the bound on, until every sink has acknowledged', async () => {
    const buffer = newBuffer(3000);
    const limits = { maxRecords: 10, maxBytes: 100, recordOverheadBytes: 0 };
    buffer.append(sourceBatchOf(['x']));
    await buffer.room(never);
    buffer.append(sourceBatchOf(['y']));
    expect(buffer.fullness).toBeGreaterThanOrEqual(1);
    let hasRoom = false;
    const room = buffer.room(never).then(() => {
      hasRoom = true;
    });
    acknowledgeAll((await buffer.cursor('one').take(limits, never))!);
    await new Promise(setImmediate);
    expect(hasRoom).toBe(false);
    acknowledgeAll((await buffer.cursor('two').take(limits, never))!);
    await room;
    expect(buffer.fullness).toBe(0);
  });

  test('knows when its oldest record came', async () => {
    let now = 10;
    const buffer = newBuffer(1_000_000, () => now);
    const cursor = buffer.cursor('one');
    expect(cursor.oldestMs).toBeUndefined();
    buffer.append(sourceBatchOf(['a']));
    now = 20;
    buffer.append(sourceBatchOf(['b']));
    expect(cursor.oldestMs).toBe(10);
    const taken = await cursor.take({ maxRecords: 1, maxBytes: 100, recordOverheadBytes: 0 }, never);
    acknowledgeAll(taken!);
    expect(cursor.oldestMs).toBe(20);
  });
});

describe('when it is full', () => {
  const limits = { maxRecords: 1, maxBytes: 100, recordOverheadBytes: 0 };
  /** Room for two batches. */
  const open = (onFull: OnFull) => {
    const dropped: unknown[] = [];
    const onDropped = (sink: string, reason: string, { records, bytes }: Tally) =>
      dropped.push([sink, reason, records, bytes]);
    return { dropped, buffer: new RecordBuffer({ maxBytes: 4000, sinks: SINKS, now: () => 0, onFull, onDropped }) };
  };

  test('rule 89: drop-oldest drops the oldest of each sink, not what is out, and never waits', async () => {
    const { buffer, dropped } = open('drop-oldest');
    buffer.append(sourceBatchOf(['a', 'bb']));
    const out = (await buffer.cursor('one').take(limits, never))!;
    buffer.append(sourceBatchOf(['ccc']));
    await buffer.room(never);
    expect(messagesOf(out.batch)).toEqual(['a']);
    expect(dropped).toEqual([
      ['one', 'full_drop_oldest', 1, 2],
      ['two', 'full_drop_oldest', 2, 3],
    ]);
    expect(buffer.cursor('one').held).toMatchObject({ records: 2, bytes: 4 });
    acknowledgeAll(out);
    expect(messagesOf((await buffer.cursor('one').take(limits, never))!.batch)).toEqual(['ccc']);
    expect(messagesOf((await buffer.cursor('two').take(limits, never))!.batch)).toEqual(['ccc']);
  });

  test.each(['drop-oldest', 'drop-newest'] as const)('%s: what another sink gets is not lost', (onFull) => {
    const told: [string, string, number][] = [];
    const buffer = new RecordBuffer({
      ...{ maxBytes: 1, sinks: SINKS, now: () => 0, onFull },
      isForOf: (sink) => (container) => (sink === 'one') === (container === 'web'),
      onDropped: (sink, _, { records }) => told.push([sink, 'dropped', records]),
      onElsewhere: (sink, { records }) => told.push([sink, 'elsewhere', records]),
    });
    const db = { ...stdoutOrigin, container: 'db' };
    const mixed = () => sourceBatchOf(['w', { message: 'd', origin: db }, { message: 'e', origin: db }]);
    buffer.append(mixed());
    buffer.append(mixed());
    expect(told).toEqual([
      ['one', 'dropped', 1],
      ['one', 'elsewhere', 2],
      ['two', 'dropped', 2],
      ['two', 'elsewhere', 1],
    ]);
  });

  test('drop-oldest takes nothing from a sink that keeps up', async () => {
    const { buffer, dropped } = open('drop-oldest');
    for (const message of ['a', 'b', 'c', 'd']) {
      buffer.append(sourceBatchOf([message]));
      const taken = (await buffer.cursor('one').take(limits, never))!;
      expect(messagesOf(taken.batch)).toEqual([message]);
      acknowledgeAll(taken);
    }
    expect(dropped.length).toBeGreaterThan(0);
    expect(dropped).toEqual(dropped.map(() => ['two', 'full_drop_oldest', 1, 1]));
  });

  test('rule 89: drop-newest drops what comes, for every sink, and lets the source go on', async () => {
    const { buffer, dropped } = open('drop-newest');
    buffer.append(sourceBatchOf(['a']));
    buffer.append(sourceBatchOf(['b']));
    let acknowledged = 0;
    buffer.append(sourceBatchOf(['ccc', 'd'], () => acknowledged++));
    await buffer.room(never);
    expect(acknowledged).toBe(1);
    expect(dropped).toEqual(SINKS.map((sink) => [sink, 'full_drop_newest', 2, 4]));
    expect(messagesOf((await buffer.cursor('one').take({ ...limits, maxRecords: 9 }, never))!.batch)).toEqual([
      'a',
      'b',
    ]);
  });
});
