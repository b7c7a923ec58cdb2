/** Lost answers of CloudWatch Logs: events are stored once, or counted. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { SourceBatch } from '../../../../src/shipper/parts.js';
import { ReplacedTimes } from '../../../../src/shipper/records/replaced-times.js';
import { MESSAGE_MAX_BYTES } from '../../../../src/shipper/sinks/cloudwatch/events.js';
import { SETTLE_MS } from '../../../../src/shipper/sinks/cloudwatch/lost-answers.js';
import { batchOf, type PlainRecord, sourceBatchOf, stdoutOrigin } from '../../../support/batches.js';
import {
  type GetFault,
  MemoryLogs,
  openSink,
  type PutFault,
  type Shipped,
  type Stored,
  ship,
} from '../../../support/cloudwatch-memory.js';

/** Lines at rising times. */
const lines = (...messages: readonly string[]): SourceBatch =>
  sourceBatchOf(messages.map((message, i) => ({ message, timeMs: 1000 + i })));
const directory = mkdtempSync(join(tmpdir(), 'logtap-lost-answers-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const OWN = 'pod';
const delivery = { retry: [], rejected: [] };
const never = new AbortController().signal;
const stored = (logs: MemoryLogs, stream = OWN) => logs.stored(stream).map(({ message }) => message);
const repeated = ({ ledger }: Shipped) => ledger.sinks.get('cloudwatch')!.possibleDuplicates.records;
const delivered = ({ ledger }: Shipped) => ledger.sinks.get('cloudwatch')!.delivered.records;

function logsOf(puts: readonly PutFault[], gets: readonly GetFault[] = []): MemoryLogs {
  const logs = new MemoryLogs();
  logs.puts.push(...puts);
  logs.gets.push(...gets);
  return logs;
}

describe('an answer is lost', () => {
  test.each<PutFault>(['stored, lost', 'stored, 500'])('%s: the events are found, and not resent', async (fault) => {
    const logs = logsOf([fault]);
    const shipped = await ship(logs, [lines('a', 'b', 'c')]);
    expect(stored(logs)).toEqual(['a', 'b', 'c']);
    expect([repeated(shipped), delivered(shipped)]).toEqual([0, 3]);
    expect(shipped.waitedMs).toBeLessThan(2000);
  });

  test.each<PutFault>(['lost', '500'])('%s: the events are absent long enough, and sent', async (fault) => {
    const logs = logsOf([fault]);
    const shipped = await ship(logs, [lines('a', 'b')]);
    expect(stored(logs)).toEqual(['a', 'b']);
    expect([repeated(shipped), delivered(shipped)]).toEqual([0, 2]);
    expect(shipped.waitedMs).toBeGreaterThanOrEqual(SETTLE_MS);
  });

  test('events that become readable late are waited for', async () => {
    const logs = logsOf(['stored, lost']);
    logs.delayMs = SETTLE_MS - 2000;
    const shipped = await ship(logs, [lines('a', 'b')]);
    expect([stored(logs), repeated(shipped)]).toEqual([['a', 'b'], 0]);
  });

  test.each<PutFault>(['throttled', 'unreached'])('%s: nothing was stored, so nothing is read', async (fault) => {
    const logs = logsOf([fault, fault]);
    const shipped = await ship(logs, [lines('a')]);
    expect([stored(logs), repeated(shipped), logs.reads]).toEqual([['a'], 0, 0]);
  });

  test('the answer to the second attempt is lost, too', async () => {
    const logs = logsOf(['lost', 'stored, lost']);
    const shipped = await ship(logs, [lines('a', 'b')]);
    expect([stored(logs), repeated(shipped)]).toEqual([['a', 'b'], 0]);
  });

  test('half of a request is stored: the other half is sent', async () => {
    const logs = logsOf(['half stored, lost']);
    const shipped = await ship(logs, [lines('a', 'b', 'c', 'd')]);
    expect([stored(logs), repeated(shipped)]).toEqual([['a', 'b', 'c', 'd'], 0]);
  });

  test('equal lines of one time count as often as there are', async () => {
    const twins = sourceBatchOf(['a', 'a', 'a', 'b'].map((message) => ({ message, timeMs: 5 })));
    for (const [fault, expected] of [
      ['stored, lost', 4],
      ['half stored, lost', 4],
      ['lost', 4],
    ] as const) {
      const logs = logsOf([fault]);
      const shipped = await ship(logs, [twins]);
      expect([stored(logs).length, repeated(shipped)]).toEqual([expected, 0]);
    }
  });

  test('a line like one that an earlier request has stored is no proof: it is sent, and counted', async () => {
    const twins = sourceBatchOf(['a', 'a'].map((message) => ({ message, timeMs: 5 })));
    for (const [fault, expected] of [
      ['lost', ['a', 'a']],
      ['stored, lost', ['a', 'a', 'a']],
    ] as const) {
      const logs = logsOf(['accepted', fault]);
      const shipped = await ship(logs, [twins], { maxRecords: 1 });
      expect([stored(logs), repeated(shipped)]).toEqual([expected, 1]);
    }
  });

  test('a line of its own time speaks for the one that could be another', async () => {
    const batch = sourceBatchOf([5, 5, 6].map((timeMs) => ({ message: 'a', timeMs })));
    const logs = logsOf(['accepted', 'stored, lost']);
    // The first line goes alone, and the other two in the request whose answer is lost.
    const first = sourceBatchOf([{ message: 'a', timeMs: 5, seq: 9 }]);
    const shipped = await ship(logs, [first, batch], { maxRecords: 3 });
    expect(stored(logs)).toHaveLength(4 + repeated(shipped));
  });
});

describe('undecided events are sent and counted', () => {
  test('without the right to read, which is logged once', async () => {
    const logs = logsOf(['stored, lost', 'lost'], ['denied']);
    const shipped = await ship(logs, [lines('a', 'b')]);
    expect([stored(logs), repeated(shipped), logs.reads]).toEqual([['a', 'b', 'a', 'b'], 4, 1]);
    expect(shipped.notices).toEqual([expect.stringContaining('logs:GetLogEvents')]);
  });

  test.each<GetFault>(['throttled', '500', 'lost'])('reads stay %s, but not permanently', async (fault) => {
    const logs = logsOf(['stored, lost'], [fault]);
    const shipped = await ship(logs, [lines('a')]);
    expect([stored(logs), repeated(shipped)]).toEqual([['a', 'a'], 1]);
    expect(logs.reads).toBeLessThan(10);
  });

  test.each<GetFault>(['throttled', '500', 'lost', 'unreached'])(
    'reads are %s for a while: the events are found',
    async (fault) => {
      const logs = logsOf(['stored, lost'], [fault, fault, 'accepted']);
      const shipped = await ship(logs, [lines('a')]);
      expect([stored(logs), repeated(shipped)]).toEqual([['a'], 0]);
    },
  );

  test('a service that is not reached takes no events either: no bound', async () => {
    const logs = logsOf(['stored, lost'], [...Array<GetFault>(40).fill('unreached'), 'accepted']);
    const shipped = await ship(logs, [lines('a')]);
    expect([stored(logs), repeated(shipped)]).toEqual([['a'], 0]);
  });

  test('there is no time to wait while the shipper stops', async () => {
    const logs = logsOf(['stored, lost']);
    logs.delayMs = 60_000;
    const shipped = await ship(logs, [lines('a')], { isHurried: true });
    expect([stored(logs), repeated(shipped)]).toEqual([['a', 'a'], 1]);
    expect(shipped.waitedMs).toBeLessThan(2000);
  });

  test('a policy of data protection hides what the line was', async () => {
    const logs = logsOf(['stored, lost']);
    logs.masked = /\d+/;
    const shipped = await ship(logs, [lines('card 4711', 'b')]);
    expect([stored(logs), repeated(shipped)]).toEqual([['card 4711', 'b', 'card 4711'], 1]);
  });
});

describe('log streams', () => {
  test('another writer writes between', async () => {
    const logs = logsOf(['stored, lost']);
    const foreign = Array.from({ length: 50 }, (_, i): Stored => ({ timestamp: 990 + i, message: `other ${i}` }));
    logs.store('all', foreign);
    logs.pageEvents = 7;
    logs.emptyPages = 1;
    const batch = lines(...Array.from({ length: 9 }, (_, i) => `line ${i}`));
    const shipped = await ship(logs, [batch], { stream: 'all' });
    expect(stored(logs, 'all').slice(50)).toHaveLength(9);
    expect(repeated(shipped)).toBe(0);
  });

  test("another writer's line with the same text and time is no proof in a shared log stream", async () => {
    const logs = logsOf(['lost']);
    logs.store('all', [{ timestamp: 1000, message: 'tick' }]);
    const shipped = await ship(logs, [lines('tick')], { stream: 'all' });
    expect([stored(logs, 'all'), repeated(shipped)]).toEqual([['tick', 'tick'], 1]);
  });

  test('the others go on while one is looked at', async () => {
    const logs = logsOf(['lost']);
    const origin = (stream: 'stdout' | 'stderr') => ({ ...stdoutOrigin, id: `${stdoutOrigin.id}${stream}`, stream });
    const batch = sourceBatchOf([
      { message: 'a', timeMs: 1, origin: origin('stdout') },
      { message: 'b', timeMs: 2, origin: origin('stderr') },
      { message: 'c', timeMs: 3, origin: origin('stdout') },
    ]);
    const shipped = await ship(logs, [batch], { stream: '{pod}/{stream}' });
    expect([stored(logs, 'pod/stdout'), stored(logs, 'pod/stderr'), repeated(shipped)]).toEqual([['a', 'c'], ['b'], 0]);
  });

  test('a page too many of other lines: what was not seen is undecided', async () => {
    const logs = logsOf(['stored, lost']);
    logs.pageEvents = 1;
    logs.store(
      OWN,
      Array.from({ length: 40 }, (): Stored => ({ timestamp: 1001, message: 'other' })),
    );
    const shipped = await ship(logs, [lines('a', 'b')]);
    expect(stored(logs).filter((message) => message !== 'other')).toHaveLength(2 + repeated(shipped));
    expect(repeated(shipped)).toBeGreaterThan(0);
  });
});

describe('long lines', () => {
  const long = 'x'.repeat(MESSAGE_MAX_BYTES) + 'y'.repeat(MESSAGE_MAX_BYTES) + 'z'.repeat(10);

  test.each<[string, PutFault[]]>([
    ['the answer to a middle part is lost after it was stored', ['accepted', 'stored, lost']],
    ['a middle part is lost', ['accepted', 'lost']],
    ['a middle part is refused for the moment', ['accepted', 'throttled']],
    ['the answer to the first part is lost', ['stored, lost']],
    ['every answer is lost', ['stored, lost', 'stored, lost', 'stored, lost']],
  ])('%s: each part is stored once', async (_, puts) => {
    const logs = logsOf(puts);
    const shipped = await ship(logs, [lines('before', long, 'after')]);
    const all = stored(logs);

    expect(all.join('') === `before${long}after`).toBe(true);
    expect([repeated(shipped), delivered(shipped)]).toEqual([0, 3]);
  });
});

describe('after a kill', () => {
  const texts = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  const restarted = { previousUntilMs: 2000 };

  test.each<PutFault>(['stored, lost', 'lost'])('the last request was %s: nothing is stored twice', async (fault) => {
    const logs = logsOf([fault]);
    const killed = await ship(logs, [lines(...texts)], { killAfterWaits: 1 });
    expect(killed.held).toBe(20);
    const shipped = await ship(logs, [lines(...texts)], restarted);
    expect([stored(logs), repeated(shipped)]).toEqual([texts, 0]);
  });

  test('batches are cut otherwise', async () => {
    const logs = logsOf(['accepted', 'stored, lost']);
    await ship(logs, [lines(...texts)], { killAfterWaits: 1, maxRecords: 10 });
    const shipped = await ship(logs, [lines(...texts)], { ...restarted, maxRecords: 15 });
    // Five lines are too few to be certain of.
    expect(stored(logs)).toEqual([...texts, ...texts.slice(15)]);
    expect(repeated(shipped)).toBe(5);
  });

  test('lines of after the start are sent without a look', async () => {
    const logs = logsOf([]);
    const shipped = await ship(logs, [lines('a', 'b')], { previousUntilMs: 1000 });
    expect([stored(logs).length, repeated(shipped), logs.reads]).toEqual([2, 0, 0]);
  });

  describe('with a note of the records that have left', () => {
    let notesDirectory: string;
    beforeEach(() => {
      notesDirectory = mkdtempSync(join(tmpdir(), 'logtap-notes-'));
    });
    afterEach(() => rmSync(notesDirectory, { recursive: true, force: true }));

    test('records that have not left are sent at once, and those that have are found', async () => {
      const logs = logsOf(['stored, lost']);
      await ship(logs, [lines(...texts)], { killAfterWaits: 1, maxRecords: 10, notesDirectory });
      const shipped = await ship(logs, [lines(...texts)], { ...restarted, notesDirectory });
      expect([stored(logs), repeated(shipped)]).toEqual([texts, 0]);
      expect(shipped.waitedMs).toBeLessThan(SETTLE_MS / 2);
    });

    test('a request that is not found is waited for', async () => {
      const logs = logsOf(['stored, lost']);
      logs.delayMs = SETTLE_MS - 2000;
      await ship(logs, [lines(...texts)], { killAfterWaits: 1, maxRecords: 10, notesDirectory });
      const shipped = await ship(logs, [lines(...texts)], { ...restarted, notesDirectory });
      expect([stored(logs), repeated(shipped)]).toEqual([texts, 0]);
    });

    test('nothing is looked for where the service had answered that it stored nothing', async () => {
      const logs = logsOf(['throttled', 'throttled']);
      await ship(logs, [lines(...texts)], { killAfterWaits: 1, notesDirectory });
      const shipped = await ship(logs, [lines(...texts)], { ...restarted, notesDirectory });
      expect([stored(logs), repeated(shipped), logs.reads]).toEqual([texts, 0, 0]);
    });

    test('each later shipper knows of all before', async () => {
      const logs = logsOf(['stored, lost', 'throttled']);
      logs.delayMs = SETTLE_MS - 2000;
      await ship(logs, [lines(...texts)], { killAfterWaits: 1, notesDirectory });
      await ship(logs, [lines(...texts)], { ...restarted, killAfterWaits: 1, notesDirectory });
      const shipped = await ship(logs, [lines(...texts)], { ...restarted, notesDirectory });
      expect([stored(logs), repeated(shipped)]).toEqual([texts, 0]);
    });

    test('records do not leave while the note can be neither written nor removed', async () => {
      const logs = logsOf([]);
      const batch = sourceBatchOf(['a']);
      const sink = openSink(logs, { notesDirectory, onPossibleDuplicates: () => {} });
      rmSync(notesDirectory, { recursive: true });
      // A name in a file is neither a file nor missing.
      writeFileSync(notesDirectory, '');
      expect(await sink.send(batch, never)).toMatchObject({ retry: [0], failure: { code: 'note' } });
      expect(stored(logs)).toEqual([]);
      rmSync(notesDirectory);
      mkdirSync(notesDirectory);
      expect(await sink.send(batch, never)).toEqual(delivery);
    });
  });

  test('a record that was left on disk and in a ring is sent once, although no reading has it yet', async () => {
    const logs = logsOf([]);
    logs.delayMs = 5000;
    const copies = [lines('a', 'b'), lines('a', 'b')];
    const shipped = await ship(logs, copies, { ...restarted, maxRecords: 2 });
    expect([stored(logs), repeated(shipped), delivered(shipped)]).toEqual([['a', 'b'], 0, 4]);
  });

  test('a record that was left on disk and in a ring is sent once, although one request would have both', async () => {
    const logs = logsOf([]);
    const copies = [lines('a', 'b'), lines('a', 'b')];
    const shipped = await ship(logs, copies, { ...restarted, maxRecords: 4 });
    expect([stored(logs), repeated(shipped), delivered(shipped)]).toEqual([['a', 'b'], 0, 4]);
  });

  test('a record that the service rejects is rejected in its second copy, too; the one beside it is sent once', async () => {
    const logs = logsOf([]);
    // Until then no reading has what is stored.
    Object.assign(logs, { delayMs: 5000, retainedFromMs: 1001 });
    const shipped = await ship(logs, [lines('a', 'b'), lines('a', 'b')], { ...restarted, maxRecords: 2 });
    const dropped = shipped.ledger.sinks.get('cloudwatch')!.dropped.get('expired')?.records;
    expect([stored(logs), repeated(shipped), delivered(shipped), dropped]).toEqual([['b'], 0, 2, 2]);
  });

  test('a first copy is stored while the second one is looked for: it is sent once', async () => {
    const logs = logsOf([]);
    const repeats: number[] = [];
    const onPossibleDuplicates = ({ count }: { readonly count: number }) => repeats.push(count);
    const sink = openSink(logs, { ...restarted, onPossibleDuplicates });
    // One look decides, and no reading has what is stored now.
    Object.assign(logs, { clockMs: SETTLE_MS, delayMs: 5000 });
    const read = logs.getLogEvents.bind(logs);
    logs.getLogEvents = async (page) => {
      const isSecond = logs.reads === 1;
      const reading = await read(page);
      if (isSecond) await first;
      return reading;
    };
    const copy = () => batchOf([{ message: 'a', timeMs: 1000 }]);
    const first = sink.send(copy(), never);
    expect(await Promise.all([first, sink.send(copy(), never)])).toEqual([delivery, delivery]);
    expect([stored(logs), logs.reads, repeats]).toEqual([['a'], 2, []]);
  });

  test.each<PutFault>(['lost', 'throttled', 'unreached'])(
    'a request of this run that was %s is no copy of itself: it is sent, and stored once',
    async (fault) => {
      const logs = logsOf([fault]);
      const shipped = await ship(logs, [lines('a', 'b')], restarted);
      expect([stored(logs), repeated(shipped), delivered(shipped)]).toEqual([['a', 'b'], 0, 2]);
    },
  );

  test('a record that was left twice, once with more lines, is no copy', async () => {
    const logs = logsOf([]);
    await ship(logs, [lines('a', 'b'), lines('a', 'b and more')], { ...restarted, maxRecords: 2 });
    expect(stored(logs)).toContain('b and more');
  });

  test('lines of a time to come are of before: the wall clock was set back', async () => {
    const aheadMs = Date.now() + 86_400_000;
    const ahead = () => sourceBatchOf(texts.map((message, i) => ({ message, timeMs: aheadMs + i })));
    const logs = logsOf(['stored, lost']);
    await ship(logs, [ahead()], { killAfterWaits: 1 });
    const shipped = await ship(logs, [ahead()], { previousUntilMs: Date.now() });
    expect([stored(logs), repeated(shipped)]).toEqual([texts, 0]);
  });

  describe('the clock was set back by days, so lines get the time of reading', () => {
    async function setBack(...written: readonly { readonly message: string; readonly agoMs: number }[]) {
      const aheadMs = Date.now() + 3 * 86_400_000;
      const ahead = texts.map((message, i) => ({ message, timeMs: aheadMs + i }));
      const logs = logsOf(['stored, lost']);
      await ship(logs, [sourceBatchOf(ahead)], { killAfterWaits: 1 });
      // A line of a millisecond after it is not one to come.
      const nowMs = Date.now() - 10;
      const replacedTimes = new ReplacedTimes();
      replacedTimes.add(nowMs);
      const read = texts.map((message) => ({ message, timeMs: nowMs }));
      const others = written.map(({ message, agoMs }) => ({ message, timeMs: nowMs - agoMs }));
      const shipped = await ship(logs, [sourceBatchOf([...read, ...others])], {
        previousUntilMs: nowMs,
        replacedTimes,
      });
      return { logs, shipped };
    }

    test('no reading can find them: they are counted without a wait, and lines of this run are not', async () => {
      const { logs, shipped } = await setBack({ message: 'new', agoMs: -1 });
      expect([stored(logs), repeated(shipped)]).toEqual([[...texts, ...texts, 'new'], 20]);
      expect(shipped.waitedMs).toBe(0);
    });

    test('a line of before beside them is waited for, and is absent; they are not', async () => {
      const { logs, shipped } = await setBack({ message: 'unsent', agoMs: 1 });
      expect([stored(logs).length, repeated(shipped)]).toEqual([41, 20]);
    });
  });

  test('without the right to read, the lines of before are counted', async () => {
    const logs = logsOf([], ['denied']);
    const shipped = await ship(logs, [lines('a', 'b', 'c')], { previousUntilMs: 1002 });
    expect([stored(logs).length, repeated(shipped)]).toEqual([3, 2]);
  });
});

test('any faults: everything is stored, and what is stored twice is counted', async () => {
  const put = fc.constantFrom<PutFault>(
    'stored, lost',
    'half stored, lost',
    'lost',
    'stored, 500',
    '500',
    'throttled',
    'unreached',
    'accepted',
  );
  const get = fc.constantFrom<GetFault>(
    'denied',
    'throttled',
    '500',
    'lost',
    'unreached',
    'accepted',
    'accepted',
    'accepted',
  );
  const record = fc.record({ message: fc.constantFrom('', 'a', 'b', 'c'), timeMs: fc.integer({ min: 0, max: 4 }) });
  const cases = fc.record({
    records: fc.array(record, { minLength: 1, maxLength: 12 }),
    ...{ puts: fc.array(put, { maxLength: 12 }), gets: fc.array(get, { maxLength: 6 }) },
    delayMs: fc.integer({ min: 0, max: SETTLE_MS - 1000 }),
    foreign: fc.array(record, { maxLength: 6 }),
    stream: fc.constantFrom(undefined, 'all'),
    ...{
      pageEvents: fc.integer({ min: 1, max: 5 }),
      emptyPages: fc.integer({ min: 0, max: 1 }),
      maxRecords: fc.integer({ min: 1, max: 5 }),
    },
    killAfterWaits: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
    hasNote: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      cases,
      async ({ records, puts, gets, delayMs, foreign, stream, pageEvents, emptyPages, maxRecords, ...kill }) => {
        const { killAfterWaits, hasNote } = kill;
        const notesDirectory = hasNote ? mkdtempSync(join(directory, 'history-')) : undefined;
        const logs = logsOf(puts, [...gets, 'accepted']);
        Object.assign(logs, { delayMs, pageEvents, emptyPages });
        const name = stream ?? OWN;
        // In a log stream of its own there is no other writer.
        // Texts of chance would not be alike.
        const others =
          stream === undefined
            ? []
            : foreign.map(({ message, timeMs }) => ({ message: `other ${message}`, timestamp: timeMs }));
        logs.store(name, others);
        const written = records.map((each, seq): PlainRecord => ({ ...each, seq }));
        const options = { maxRecords, notesDirectory, ...(stream !== undefined && { stream }) };
        let counted = 0;
        if (killAfterWaits !== undefined) {
          const killed = await ship(logs, [sourceBatchOf(written)], { ...options, killAfterWaits });
          counted += repeated(killed);
          written.splice(0, killed.position);
        }
        const previousUntilMs = killAfterWaits === undefined ? {} : { previousUntilMs: 10 };
        const shipped = await ship(logs, [sourceBatchOf(written)], { ...options, ...previousUntilMs });
        counted += repeated(shipped);
        const left = logs.stored(name).map(({ timestamp, message }) => `${timestamp} ${message}`);
        for (const { timestamp, message } of others) left.splice(left.indexOf(`${timestamp} ${message}`), 1);
        for (const { timeMs, message } of records) {
          const at = left.indexOf(`${timeMs} ${message || ' '}`);
          expect(at).toBeGreaterThanOrEqual(0);
          left.splice(at, 1);
        }
        expect(left.length).toBeLessThanOrEqual(counted);
        expect(shipped.held).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});
