import { Ledger } from '../../../src/shipper/accounting/ledger.js';
import { RecordBuffer } from '../../../src/shipper/buffer/record-buffer.js';
import { type DeliverOptions, deliver, healthySink } from '../../../src/shipper/delivery/deliver.js';
import { createLog } from '../../../src/shipper/log.js';
import type { RecordBatch, Rejected } from '../../../src/shipper/parts.js';
import { messagesOf, sourceBatchOf } from '../../support/batches.js';
import { EMPTY } from '../../support/empty.js';
import { type ScriptedSink, type Step, scriptedSink } from '../../support/scripted-sink.js';

interface Setup extends Pick<DeliverOptions, 'health' | 'ledger'> {
  readonly sink: ScriptedSink;
  readonly buffer: RecordBuffer;
  readonly sleeps: number[];
  readonly lines: Record<string, unknown>[];
  readonly hurry: AbortController;
  readonly deadline: AbortController;
  readonly options: DeliverOptions;
  run(): Promise<void>;
}

function setUp(script: readonly Step[], messages: readonly string[], limits = {}, attemptMs = 60_000): Setup {
  const sink = scriptedSink(script, limits);
  const buffer = new RecordBuffer({ maxBytes: 1_000_000, sinks: [sink.name], now: () => 0 });
  const batch = sourceBatchOf(messages);
  const ledger = new Ledger([sink.name]);
  ledger.countRead(buffer.append(batch));
  buffer.close();
  const sleeps: number[] = [];
  const lines: Record<string, unknown>[] = [];
  const [hurry, deadline] = [new AbortController(), new AbortController()];
  const health = healthySink();
  const options: DeliverOptions = {
    sink,
    cursor: buffer.cursor(sink.name),
    ledger,
    log: createLog({ write: (line) => lines.push(JSON.parse(line)), now: () => 0 }),
    health,
    now: () => 0,
    sleep: async (ms) => {
      sleeps.push(ms);
    },
    random: () => 0.5,
    attemptMs,
    hurry: hurry.signal,
    deadline: deadline.signal,
  };
  return { sink, buffer, ledger, health, sleeps, lines, hurry, deadline, options, run: () => deliver(options) };
}

const totals = ({ ledger, buffer, sink }: Setup) => ledger.totals(() => buffer.cursor(sink.name).held);

describe('deliver', () => {
  test('sends all in order, within the limits', async () => {
    const setup = setUp(['ok'], ['a', 'b', 'c', 'd', 'e'], { maxRecords: 2 });
    await setup.run();
    expect(setup.sink.sent).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(totals(setup)).toMatchObject({
      read: 5,
      delivered: { scripted: 5 },
      dropped: EMPTY,
      held: 0,
      balanced: true,
    });
    expect(setup.sleeps).toEqual([]);
  });

  test('rule 90: sends only what must be retried, in order, before anything new', async () => {
    const script: Step[] = [{ retry: [1, 3] }, { retry: [1] }, 'ok'];
    const setup = setUp(script, ['a', 'b', 'c', 'd', 'e', 'f'], { maxRecords: 5 });
    await setup.run();
    expect(setup.sink.sent).toEqual([['a', 'b', 'c', 'd', 'e'], ['b', 'd'], ['d'], ['f']]);
    expect(totals(setup)).toMatchObject({ delivered: { scripted: 6 }, balanced: true });
  });

  test('rule 93: waits longer and longer while nothing gets through, and starts anew after progress', async () => {
    const script: Step[] = ['throw', 'throw', 'throw', { retry: [1] }, 'throw', 'ok', 'throw', 'ok'];
    const setup = setUp(script, ['a', 'b', 'c'], { maxRecords: 2 });
    await setup.run();
    // Half of 200 ms doubling, as random() is 0.5.
    expect(setup.sleeps).toEqual([100, 200, 400, 100, 200, 100]);
    expect(setup.health.failures).toBe(0);
    expect([...setup.health.retries]).toEqual([
      ['ECONNREFUSED', 5],
      ['retry', 1],
    ]);
  });

  test('a pause of the sink, which waits to know what became of a request, lets the waits after failures begin anew', async () => {
    const failure = { code: 'lost_answer', detail: 'not there yet', isPause: true };
    const pause: Step = { retry: [0], retryAfterMs: 4000, failure };
    const setup = setUp(['throw', 'throw', 'throw', pause, pause, pause, 'throw', 'throw', 'ok'], ['a']);
    const failures: number[] = [];
    await deliver({
      ...setup.options,
      sleep: async (ms) => {
        setup.sleeps.push(ms);
        failures.push(setup.health.failures);
      },
    });
    expect(setup.sleeps).toEqual([100, 200, 400, 4100, 4100, 4100, 100, 200]);
    // For rings and readiness it takes nothing meanwhile.
    expect(failures).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('honours what the service asks for, and still spreads', async () => {
    const setup = setUp([{ retry: [0], retryAfterMs: 5000 }, 'ok'], ['a']);
    await setup.run();
    expect(setup.sleeps).toEqual([5100]);
  });

  test('counts what is permanently rejected, with its reason, and says so', async () => {
    const rejected = [
      { index: 0, reason: 'too_old' },
      { index: 2, reason: 'too_old' },
      { index: 3, reason: 'empty' },
    ];
    const setup = setUp([{ rejected, retry: [1] }, 'ok'], ['aa', 'b', 'cc', '', 'd']);
    await setup.run();
    expect(setup.sink.sent[1]).toEqual(['b']);
    expect(totals(setup)).toEqual({
      read: 5,
      delivered: { scripted: 2 },
      dropped: { scripted: { too_old: 2, empty: 1 } },
      held: 0,
      streams: { scripted: { stdout: { read: 5, delivered: 2, deadLettered: 0, dropped: 3, held: 0 } } },
      balanced: true,
    });
    expect(setup.ledger.sinks.get('scripted')?.dropped.get('too_old')).toMatchObject({ records: 2, bytes: 4 });
    expect(setup.ledger.sinks.get('scripted')?.delivered).toMatchObject({ records: 2, bytes: 2 });
    expect(setup.lines).toContainEqual(expect.objectContaining({ level: 'warn', reason: 'too_old', records: 2 }));
  });

  test.each([true, false])('rule 29: what is permanently rejected is a dead letter, written: %s', async (isWritten) => {
    const rejected = [
      { index: 0, reason: 'too_old' },
      { index: 2, reason: 'empty', code: '400' },
    ];
    const setup = setUp([{ rejected, retry: [1] }, 'ok'], ['aa', 'b', '']);
    const written: unknown[] = [];
    const write = (sink: string, batch: RecordBatch, letters: readonly Rejected[]) => {
      written.push([sink, messagesOf(batch), letters]);
      return isWritten ? 'kept' : 'dropped';
    };
    await deliver({ ...setup.options, deadLetters: { write } });
    expect(written).toEqual([['scripted', ['aa', 'b', ''], rejected]]);
    const counts = { scripted: { too_old: 1, empty: 1 } };
    expect(totals(setup)).toMatchObject({
      ...(isWritten ? { deadLettered: counts, dropped: EMPTY } : { dropped: counts }),
      delivered: { scripted: 1 },
      balanced: true,
    });
  });

  test('what cannot be a dead letter now is retried, and is acknowledged once it is one', async () => {
    const refused = { rejected: [{ index: 1, reason: 'empty' }] };
    const setup = setUp([{ ...refused, retry: [2] }, { rejected: [{ index: 0, reason: 'empty' }] }], ['aa', '', 'b']);
    const answers = ['later', 'kept'] as const;
    let asked = 0;
    await deliver({ ...setup.options, deadLetters: { write: () => answers[asked++]! } });
    expect(setup.sink.sent).toEqual([
      ['aa', '', 'b'],
      ['', 'b'],
    ]);
    expect(totals(setup)).toMatchObject({
      delivered: { scripted: 2 },
      deadLettered: { scripted: { empty: 1 } },
      dropped: EMPTY,
      balanced: true,
    });
  });

  test('rule 98: says what failed, how often, when it tries again', async () => {
    const setup = setUp(['throw', 'throw', 'ok'], ['a']);
    await setup.run();
    // The second failure is the same, so it is not printed.
    expect(setup.lines).toEqual([
      {
        time: '1970-01-01T00:00:00.000Z',
        level: 'error',
        message: 'scripted: nothing listens',
        sink: 'scripted',
        error: 'ECONNREFUSED',
        attempt: 1,
        nextAttemptMs: 100,
      },
    ]);
  });

  test('rule 95: is balanced while part of a batch is still to go, and when the deadline cuts it off', async () => {
    const setup = setUp([{ retry: [1, 2] }, 'throw'], ['a', 'b', 'c']);
    setup.sleeps.push = (...ms) => {
      const streams = { scripted: { stdout: { read: 3, delivered: 1, deadLettered: 0, dropped: 0, held: 2 } } };
      const expected = { read: 3, delivered: { scripted: 1 }, dropped: {}, held: 2, streams, balanced: true };
      expect(totals(setup)).toEqual(expected);
      if (setup.sink.sent.length === 3) setup.deadline.abort();
      return ms.length;
    };
    await setup.run();
    expect(setup.sink.sent).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
      ['b', 'c'],
    ]);
    expect(totals(setup)).toMatchObject({ held: 2, balanced: true });
  });

  test('rule 44: a send that never answers, and ignores its signal, is given up', async () => {
    jest.useFakeTimers();
    try {
      const setup = setUp(['hang', 'ok'], ['a'], {}, 30_000);
      const running = setup.run();
      await jest.advanceTimersByTimeAsync(30_999);
      expect(setup.sink.sent).toHaveLength(1);
      await jest.advanceTimersByTimeAsync(1);
      await running;
      expect(setup.sink.sent).toEqual([['a'], ['a']]);
      expect([...setup.health.retries.keys()]).toEqual(['timeout']);
    } finally {
      jest.useRealTimers();
    }
  });

  test('rule 45: what is out is cut off by the end of the grace time, not by the stop', async () => {
    const setup = setUp(['ok'], ['a']);
    const states: string[] = [];
    const send: DeliverOptions['sink']['send'] = async (_, signal) => {
      setup.hurry.abort();
      states.push(signal.aborted ? 'cut off' : 'goes on');
      setup.deadline.abort();
      states.push(signal.aborted ? 'cut off' : 'goes on');
      return { retry: [0], rejected: [] };
    };
    await deliver({ ...setup.options, sink: { ...setup.sink, send } });
    expect(states).toEqual(['goes on', 'cut off']);
    expect(totals(setup)).toMatchObject({ held: 1, balanced: true });
  });

  test('rule 94: waits are short while the shipper stops', async () => {
    const setup = setUp([{ retry: [0], retryAfterMs: 60_000 }, 'ok'], ['a']);
    setup.hurry.abort();
    await setup.run();
    expect(setup.sleeps).toEqual([500]);
  });
});
