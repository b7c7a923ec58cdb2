/** Several requests to CloudWatch Logs are out, and answers are lost: events are stored once, or counted. */
import fc from 'fast-check';
import type { RecordBatch, SendResult } from '../../../../src/shipper/parts.js';
import { select } from '../../../../src/shipper/records/record-batch.js';
import { MESSAGE_MAX_BYTES } from '../../../../src/shipper/sinks/cloudwatch/events.js';
import { SETTLE_MS } from '../../../../src/shipper/sinks/cloudwatch/lost-answers.js';
import { batchOf, messagesOf, type PlainRecord, sourceBatchOf, stdoutOrigin } from '../../../support/batches.js';
import { type GetFault, MemoryLogs, openSink, type PutFault, ship } from '../../../support/cloudwatch-memory.js';

const STREAM = 'pod';
const never = new AbortController().signal;
const of = (process: string) => ({ ...stdoutOrigin, id: `${stdoutOrigin.id}${process}`, process });

function setUp(...puts: PutFault[]) {
  const logs = new MemoryLogs();
  logs.puts.push(...puts);
  const counted: string[] = [];
  const sink = openSink(logs, { onPossibleDuplicates: (records) => counted.push(...messagesOf(records)) });
  let seq = 0;
  return {
    logs,
    counted,
    stored: () => logs.stored(STREAM).map(({ message }) => message),
    batch: (timeMs: number, messages: readonly string[], process = 'a') =>
      batchOf(messages.map((message, i) => ({ message, timeMs: timeMs + i, seq: seq++, origin: of(process) }))),
    send: (batch: RecordBatch) => sink.send(batch, never),
    /** As the delivery does: after the pause that is asked for, what is left. */
    async retry(batch: RecordBatch, first: SendResult): Promise<void> {
      let [left, result] = [batch, first];
      while (result.retry.length > 0) {
        logs.clockMs += result.retryAfterMs ?? 1;
        left = select(left, result.retry);
        result = await sink.send(left, never);
      }
    },
  };
}

test('the answers to two requests are lost: the events of both are found', async () => {
  const { logs, counted, stored, batch, send, retry } = setUp('stored, lost', 'stored, lost');
  const batches = [batch(0, ['a', 'b']), batch(10, ['c', 'd'])] as const;
  const [one, two] = await Promise.all(batches.map(send));
  await retry(batches[0], one!);
  await retry(batches[1], two!);
  expect([stored(), counted]).toEqual([['a', 'b', 'c', 'd'], []]);
  expect(logs.clockMs).toBeLessThan(2000);
});

test('a later request is stored meanwhile: what is not there is sent, once, and known again', async () => {
  const { logs, counted, stored, batch, send, retry } = setUp('lost', 'accepted', 'stored, lost');
  const batches = [batch(0, ['a', 'b']), batch(10, ['c', 'd'])] as const;
  const [one] = await Promise.all(batches.map(send));
  await retry(batches[0], one!);
  expect([stored(), counted]).toEqual([['c', 'd', 'a', 'b'], []]);
  expect(logs.clockMs).toBeGreaterThanOrEqual(SETTLE_MS);
});

test('an attempt that the service refuses does not make later events earlier ones', async () => {
  const { counted, stored, batch, send, retry } = setUp('throttled', 'accepted', 'stored, lost');
  const batches = [batch(0, ['a', 'b']), batch(10, ['c', 'd'])] as const;
  const [one] = await Promise.all(batches.map(send));
  await retry(batches[0], one!);
  expect([stored(), counted]).toEqual([['c', 'd', 'a', 'b'], []]);
});

test.each<[PutFault, PutFault, string[]]>([
  ['lost', 'accepted', ['tick']],
  ['accepted', 'lost', ['tick']],
  ['lost', 'stored, lost', ['tick', 'tick']],
  ['stored, lost', 'lost', ['tick', 'tick']],
])('equal events of two processes, %s and %s: one stored event speaks for one of them', async (a, b, expected) => {
  const { counted, stored, batch, send, retry } = setUp(a, b);
  const batches = [batch(5, ['tick'], 'a'), batch(5, ['tick'], 'b')] as const;
  const [one, two] = await Promise.all(batches.map(send));
  await retry(batches[0], one!);
  await retry(batches[1], two!);
  expect(stored().length).toBeGreaterThanOrEqual(2);
  expect(counted).toEqual(expected);
});

test('equal events of two processes, both stored: both are found', async () => {
  const { counted, stored, batch, send, retry } = setUp('stored, lost', 'stored, lost');
  const batches = [batch(5, ['tick', 'x'], 'a'), batch(5, ['tick', 'y'], 'b')] as const;
  const [one, two] = await Promise.all(batches.map(send));
  await retry(batches[0], one!);
  await retry(batches[1], two!);
  expect([stored(), counted]).toEqual([['tick', 'x', 'tick', 'y'], []]);
});

test('a request that leaves during a reading is no proof', async () => {
  const { logs, counted, stored, batch, send, retry } = setUp('lost');
  const lost = batch(5, ['tick'], 'a');
  const first = await send(lost);
  const { getLogEvents } = logs;
  logs.getLogEvents = async (page) => {
    logs.getLogEvents = getLogEvents;
    await send(batch(5, ['tick'], 'b'));
    return getLogEvents.call(logs, page);
  };
  await retry(lost, first);
  expect([stored(), counted]).toEqual([['tick', 'tick'], ['tick']]);
});

test('the first part of a long line is stored: a later request does not make the shipper forget it', async () => {
  const { counted, stored, batch, send, retry } = setUp('accepted', 'accepted', 'throttled');
  const long = 'x'.repeat(MESSAGE_MAX_BYTES) + 'y'.repeat(10);
  const batches = [batch(0, [long]), batch(10, ['after'])] as const;
  const [one] = await Promise.all(batches.map(send));
  await retry(batches[0], one!);
  expect(stored().map((message) => message.length)).toEqual([MESSAGE_MAX_BYTES, 5, 10]);
  expect(counted).toEqual([]);
});

test('any faults, any order of answers: everything is stored, and what is stored twice is counted', async () => {
  const put = fc.constantFrom<PutFault>(
    ...(['stored, lost', 'half stored, lost', 'lost', 'stored, 500', '500', 'throttled', 'unreached'] as const),
    ...Array<PutFault>(7).fill('accepted'),
  );
  const get = fc.constantFrom<GetFault>(
    'throttled',
    '500',
    'lost',
    'unreached',
    ...Array<GetFault>(4).fill('accepted'),
  );
  const turns = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }));
  // As the delivery keeps it: no time of one process is in two requests. Texts of two processes may be the same.
  const record = fc.record({ message: fc.constantFrom('', 'a', 'b'), process: fc.constantFrom('a', 'b') });
  const cases = fc.record({
    records: fc.array(record, { minLength: 4, maxLength: 24 }),
    ...{ puts: fc.array(put, { maxLength: 14 }), gets: fc.array(get, { maxLength: 4 }) },
    turns: fc.array(turns, { maxLength: 14 }),
    delayMs: fc.integer({ min: 0, max: SETTLE_MS - 1000 }),
    ...{ maxRecords: fc.integer({ min: 1, max: 4 }), requestsMax: fc.integer({ min: 2, max: 6 }) },
    killAfterWaits: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ records, puts, gets, turns: times, delayMs, killAfterWaits, ...limits }) => {
      const logs = new MemoryLogs();
      logs.puts.push(...puts);
      logs.gets.push(...gets, 'accepted');
      logs.turns.push(...times);
      logs.delayMs = delayMs;
      const clocks = { a: 0, b: 0 };
      const written = records.map(({ message, process }, seq): PlainRecord => {
        clocks[process as 'a' | 'b'] += 1;
        return { message, timeMs: clocks[process as 'a' | 'b'], seq, origin: of(process) };
      });
      const all = [...written];
      let counted = 0;
      if (killAfterWaits !== undefined) {
        const killed = await ship(logs, [sourceBatchOf(written)], { ...limits, killAfterWaits });
        counted += killed.ledger.sinks.get('cloudwatch')!.possibleDuplicates.records;
        written.splice(0, killed.position);
      }
      const previous = killAfterWaits === undefined ? {} : { previousUntilMs: 1000 };
      const shipped = await ship(logs, [sourceBatchOf(written)], { ...limits, ...previous });
      counted += shipped.ledger.sinks.get('cloudwatch')!.possibleDuplicates.records;
      const left = logs.stored(STREAM).map(({ timestamp, message }) => `${timestamp} ${message}`);
      for (const { timeMs, message } of all) {
        const at = left.indexOf(`${timeMs} ${message || ' '}`);
        expect(at).toBeGreaterThanOrEqual(0);
        left.splice(at, 1);
      }
      expect(left.length).toBeLessThanOrEqual(counted);
      expect(shipped.held).toBe(0);
    }),
    { numRuns: 300 },
  );
});
