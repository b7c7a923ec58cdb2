/** The hold against a model: an array of messages and a position for each sink. */
import fc from 'fast-check';
import type { OnFull } from '../../../../src/catalog/buffer.js';
import { Tally } from '../../../../src/shipper/accounting/tally.js';
import { Hold } from '../../../../src/shipper/spool/hold.js';
import type { Taken } from '../../../../src/shipper/spool/lane.js';
import { messagesOf, settleAll, sourceBatchOf } from '../../../support/batches.js';

const never = new AbortController().signal;
const SINKS = ['one', 'two'] as const;
type SinkName = (typeof SINKS)[number];

function newHold(maxBytes = 1_000_000, now = () => 0) {
  return new Hold({ maxBytes, sinks: SINKS, now });
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

interface ModelLane {
  position: number;
  out: { readonly taken: Taken; readonly messages: readonly string[]; settled: number } | undefined;
}

const OVERHEAD = 2;

/** The messages that a lane at this position may hand out. */
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

describe('Hold', () => {
  test('rules 87, 88: behaves as the model, whatever is done in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const hold = newHold();
        const all: string[] = [];
        const ends: number[] = [];
        const released: number[] = [];
        const lanes: Record<SinkName, ModelLane> = {
          one: { position: 0, out: undefined },
          two: { position: 0, out: undefined },
        };
        for (const step of actions) {
          if (step.do === 'append') {
            all.push(...step.messages);
            const end = all.length;
            if (step.messages.length > 0) ends.push(end);
            hold.append(
              sourceBatchOf(step.messages, () => {
                if (step.messages.length > 0) released.push(end);
              }),
            );
          } else if (step.do === 'take') {
            const model = lanes[step.sink];
            if (model.out !== undefined || model.position === all.length) continue;
            const limits = { maxRecords: step.maxRecords, maxBytes: step.maxBytes, recordOverheadBytes: OVERHEAD };
            const taken = (await hold.lane(step.sink).take(limits, never))!;
            const messages = messagesOf(taken.batch);
            expect(messages).toEqual(allowed(all.slice(model.position), step.maxRecords, step.maxBytes));
            model.out = { taken, messages, settled: 0 };
          } else {
            const model = lanes[step.sink];
            if (model.out === undefined) continue;
            const { taken, messages, settled } = model.out;
            const next = messages.slice(settled, settled + step.records);
            taken.settle(Tally.of(taken.batch, settled, settled + next.length));
            model.out.settled += next.length;
            if (model.out.settled === messages.length) {
              model.position += messages.length;
              model.out = undefined;
            }
          }
          for (const sink of SINKS) {
            const { position, out } = lanes[sink];
            const held = all.slice(position + (out?.settled ?? 0));
            expect(hold.lane(sink).held.records).toBe(held.length);
            expect(hold.lane(sink).held.bytes).toBe(held.join('').length);
          }
          const settledByAll = Math.min(lanes.one.position, lanes.two.position);
          expect(released).toEqual(ends.filter((end) => end <= settledByAll));
        }
      }),
    );
  });

  test('hands out a view of one held batch without copying its bytes', async () => {
    const hold = newHold();
    const batch = sourceBatchOf(['a', 'bb', 'ccc']);
    hold.append(batch);
    const taken = await hold.lane('one').take({ maxRecords: 2, maxBytes: 100, recordOverheadBytes: 0 }, never);
    expect(taken?.batch.bytes).toBe(batch.bytes);
    expect(messagesOf(taken!.batch)).toEqual(['a', 'bb']);
  });

  test('take waits for records, and ends when there will be none', async () => {
    const hold = newHold();
    const limits = { maxRecords: 10, maxBytes: 100, recordOverheadBytes: 0 };
    const waiting = hold.lane('one').take(limits, never);
    hold.append(sourceBatchOf(['late']));
    const taken = await waiting;
    expect(messagesOf(taken!.batch)).toEqual(['late']);
    settleAll(taken!);
    const atEnd = hold.lane('one').take(limits, never);
    hold.close();
    expect(await atEnd).toBeUndefined();
    // The other lane still gets what was there before the close.
    expect(messagesOf((await hold.lane('two').take(limits, never))!.batch)).toEqual(['late']);
  });

  test('take and room end on abort', async () => {
    const hold = newHold(1);
    const abort = new AbortController();
    const take = hold.lane('one').take({ maxRecords: 1, maxBytes: 1, recordOverheadBytes: 0 }, abort.signal);
    abort.abort();
    expect(await take).toBeUndefined();
    hold.append(sourceBatchOf(['x']));
    await hold.room(abort.signal);
  });

  test('rule 89: there is no room from the bound on, until every sink has settled', async () => {
    const hold = newHold(3000);
    const limits = { maxRecords: 10, maxBytes: 100, recordOverheadBytes: 0 };
    hold.append(sourceBatchOf(['x']));
    await hold.room(never);
    hold.append(sourceBatchOf(['y']));
    expect(hold.fullness).toBeGreaterThanOrEqual(1);
    let hasRoom = false;
    const room = hold.room(never).then(() => {
      hasRoom = true;
    });
    settleAll((await hold.lane('one').take(limits, never))!);
    await new Promise(setImmediate);
    expect(hasRoom).toBe(false);
    settleAll((await hold.lane('two').take(limits, never))!);
    await room;
    expect(hold.fullness).toBe(0);
  });

  test('knows when its oldest record came', async () => {
    let now = 10;
    const hold = newHold(1_000_000, () => now);
    const lane = hold.lane('one');
    expect(lane.oldestMs).toBeUndefined();
    hold.append(sourceBatchOf(['a']));
    now = 20;
    hold.append(sourceBatchOf(['b']));
    expect(lane.oldestMs).toBe(10);
    const taken = await lane.take({ maxRecords: 1, maxBytes: 100, recordOverheadBytes: 0 }, never);
    settleAll(taken!);
    expect(lane.oldestMs).toBe(20);
  });
});

describe('when it is full', () => {
  const limits = { maxRecords: 1, maxBytes: 100, recordOverheadBytes: 0 };
  /** Room for two batches. */
  const open = (onFull: OnFull) => {
    const dropped: unknown[] = [];
    const onDropped = (sink: string, reason: string, { records, bytes }: Tally) =>
      dropped.push([sink, reason, records, bytes]);
    return { dropped, hold: new Hold({ maxBytes: 4000, sinks: SINKS, now: () => 0, onFull, onDropped }) };
  };

  test('rule 89: drop-oldest drops the oldest of each sink, not what is out, and never waits', async () => {
    const { hold, dropped } = open('drop-oldest');
    hold.append(sourceBatchOf(['a', 'bb']));
    const out = (await hold.lane('one').take(limits, never))!;
    hold.append(sourceBatchOf(['ccc']));
    await hold.room(never);
    expect(messagesOf(out.batch)).toEqual(['a']);
    expect(dropped).toEqual([
      ['one', 'full_drop_oldest', 1, 2],
      ['two', 'full_drop_oldest', 2, 3],
    ]);
    expect(hold.lane('one').held).toMatchObject({ records: 2, bytes: 4 });
    settleAll(out);
    expect(messagesOf((await hold.lane('one').take(limits, never))!.batch)).toEqual(['ccc']);
    expect(messagesOf((await hold.lane('two').take(limits, never))!.batch)).toEqual(['ccc']);
  });

  test('drop-oldest takes nothing from a sink that keeps up', async () => {
    const { hold, dropped } = open('drop-oldest');
    for (const message of ['a', 'b', 'c', 'd']) {
      hold.append(sourceBatchOf([message]));
      const taken = (await hold.lane('one').take(limits, never))!;
      expect(messagesOf(taken.batch)).toEqual([message]);
      settleAll(taken);
    }
    expect(dropped.length).toBeGreaterThan(0);
    expect(dropped).toEqual(dropped.map(() => ['two', 'full_drop_oldest', 1, 1]));
  });

  test('rule 89: drop-newest drops what comes, for every sink, and lets the source go on', async () => {
    const { hold, dropped } = open('drop-newest');
    hold.append(sourceBatchOf(['a']));
    hold.append(sourceBatchOf(['b']));
    let released = 0;
    hold.append(sourceBatchOf(['ccc', 'd'], () => released++));
    await hold.room(never);
    expect(released).toBe(1);
    expect(dropped).toEqual(SINKS.map((sink) => [sink, 'full_drop_newest', 2, 4]));
    expect(messagesOf((await hold.lane('one').take({ ...limits, maxRecords: 9 }, never))!.batch)).toEqual(['a', 'b']);
  });
});
