/** Several requests of one sink are out at once: when each may leave, and in which order they are booked. */
import fc from 'fast-check';
import { Ledger } from '../../../src/shipper/accounting/ledger.js';
import { RecordBuffer } from '../../../src/shipper/buffer/record-buffer.js';
import { type DeliverOptions, deliver, healthySink } from '../../../src/shipper/delivery/deliver.js';
import { createLog } from '../../../src/shipper/log.js';
import type { SendResult, Sink } from '../../../src/shipper/parts.js';
import { messagesOf, sourceBatchOf } from '../../support/batches.js';

const MAX_RECORDS = 4;
const TAKEN: SendResult = { retry: [], rejected: [] };
const BUSY: Pick<SendResult, 'failure'> = { failure: { code: '429', detail: 'busy' } };

/** A request that a test has to answer. */
interface Open {
  readonly messages: readonly string[];
  answer(result: SendResult): void;
}

interface Setup {
  readonly open: Open[];
  /** Messages of every request, in the order in which they left. */
  readonly sent: string[][];
  /** Sources that may forget their batch, by its first message. */
  readonly acknowledged: string[];
  readonly running: Promise<void>;
  readonly ledger: Ledger;
  readonly buffer: RecordBuffer;
  readonly deadline: AbortController;
  append(...messages: string[]): void;
  /** Lets everything happen that waits for nothing. */
  settle(): Promise<void>;
  /** Answers the open request with this message. */
  answer(message: string, result?: SendResult): Promise<void>;
}

const ends: (() => Promise<void>)[] = [];

// A send that is out has timers.
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function setUp(requestsMax: number | undefined, more: Partial<Sink> = {}): Setup {
  const open: Open[] = [];
  const sent: string[][] = [];
  const acknowledged: string[] = [];
  const [deadline, hurry] = [new AbortController(), new AbortController()];
  const sink: Sink = {
    name: 'open',
    limits: { maxRecords: MAX_RECORDS, maxBytes: 1_000_000, recordOverheadBytes: 0 },
    ...(requestsMax !== undefined && { requestsMax }),
    send: (batch, signal) =>
      new Promise((resolve, reject) => {
        const messages = messagesOf(batch);
        sent.push(messages);
        open.push({ messages, answer: resolve });
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
    async close() {},
    ...more,
  };
  const ledger = new Ledger([sink.name]);
  const buffer = new RecordBuffer({ maxBytes: 1_000_000, sinks: [sink.name], now: () => 0 });
  const options: DeliverOptions = {
    ...{ sink, ledger, cursor: buffer.cursor(sink.name), health: healthySink(), now: () => 0, random: () => 0.5 },
    log: createLog({ write: () => {}, now: () => 0 }),
    sleep: async () => {},
    attemptMs: 60_000,
    hurry: hurry.signal,
    deadline: deadline.signal,
  };
  const settle = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const running = deliver(options);
  ends.push(() => {
    deadline.abort();
    return running;
  });
  return {
    ...{ open, sent, acknowledged, ledger, buffer, deadline, settle, running },
    append: (...messages) => {
      ledger.countRead(buffer.append(sourceBatchOf(messages, () => acknowledged.push(messages[0]!))));
    },
    answer: async (message, result = TAKEN) => {
      const at = open.findIndex(({ messages }) => messages.includes(message));
      if (at < 0) throw new Error(`no request with ${message} is out, but ${JSON.stringify(open)}`);
      open.splice(at, 1)[0]!.answer(result);
      await settle();
    },
  };
}

const outOf = ({ open }: Setup) => open.map(({ messages }) => messages[0]);
const full = (name: string) => Array.from({ length: MAX_RECORDS }, (_, i) => `${name}${i}`);
const totals = ({ ledger, buffer }: Setup) => ledger.totals(() => buffer.cursor('open').held);

/** Good answers, until so many requests are out. */
async function grow(setup: Setup, to: number): Promise<void> {
  for (const name of 'ghijklmnopqrst') setup.append(...full(name));
  await setup.settle();
  while (setup.open.length < to) await setup.answer(setup.open[0]!.messages[0]!);
}

test('one more with each good answer, up to the bound of the sink', async () => {
  const setup = setUp(3);
  for (let i = 0; i < 12; i++) setup.append(...full(`${String.fromCharCode(97 + i)}`));
  await setup.settle();
  expect(outOf(setup)).toEqual(['a0']);
  await setup.answer('a0');
  expect(outOf(setup)).toEqual(['b0', 'c0']);
  await setup.answer('b0');
  expect(outOf(setup)).toEqual(['c0', 'd0', 'e0']);
  await setup.answer('c0');
  expect(outOf(setup)).toEqual(['d0', 'e0', 'f0']);
});

test('a sink that does not ask for more has one request out', async () => {
  const setup = setUp(undefined);
  for (const name of ['a', 'b', 'c']) setup.append(...full(name));
  await setup.settle();
  await setup.answer('a0');
  expect(outOf(setup)).toEqual(['b0']);
});

test('beside another one leaves only a good part of a full request; the last records need not wait for more', async () => {
  const setup = setUp(3, { limits: { maxRecords: 8, maxBytes: 1_000_000, recordOverheadBytes: 0 } });
  setup.append('a');
  await setup.settle();
  await setup.answer('a');
  setup.append('b');
  await setup.settle();
  setup.append('c');
  await setup.settle();
  expect(outOf(setup)).toEqual(['b']);
  setup.append('d');
  await setup.settle();
  expect(setup.open.map(({ messages }) => messages)).toEqual([['b'], ['c', 'd']]);
  await setup.answer('b');
  setup.append('e');
  await setup.settle();
  expect(outOf(setup)).toEqual(['c']);
  setup.buffer.close();
  await setup.settle();
  expect(outOf(setup)).toEqual(['c', 'e']);
  await setup.answer('e');
  await setup.answer('c');
  await setup.running;
  expect(totals(setup)).toMatchObject({ delivered: { open: 5 }, held: 0, balanced: true });
});

test('long records are a good part by their bytes', async () => {
  const setup = setUp(2, { limits: { maxRecords: 1000, maxBytes: 32, recordOverheadBytes: 1 } });
  setup.append('a');
  await setup.settle();
  await setup.answer('a');
  setup.append('b');
  await setup.settle();
  setup.append('long long long');
  await setup.settle();
  expect(outOf(setup)).toEqual(['b', 'long long long']);
});

test('answers are booked in the order in which the requests left', async () => {
  const setup = setUp(3);
  await grow(setup, 3);
  const before = [...setup.acknowledged];
  await setup.answer(setup.open[2]!.messages[0]!);
  await setup.answer(setup.open[1]!.messages[0]!);
  expect(setup.acknowledged).toEqual(before);
  const [oldest, ...others] = setup.sent.slice(-3).map(([first]) => first!);
  await setup.answer(oldest!);
  expect(setup.acknowledged).toEqual([...before, oldest, ...others]);
});

test('after a failure no other leaves before all that are out are settled, and half as many leave then', async () => {
  const setup = setUp(4);
  await grow(setup, 4);
  const [one, two, three, four] = outOf(setup) as string[];
  await setup.answer(two!);
  await setup.answer(one!, { retry: [1, 3], rejected: [], ...BUSY });
  // What is retried leaves again, alone.
  const again = [one!.replace('0', '1'), one!.replace('0', '3')];
  expect(setup.open.map(({ messages }) => messages)).toEqual([full(three![0]!), full(four![0]!), again]);
  await setup.answer(again[0]!);
  expect(outOf(setup)).toEqual([three, four]);
  await setup.answer(three!);
  expect(outOf(setup)).toEqual([four]);
  await setup.answer(four!);
  // Half of four, and the good answers since.
  expect(setup.open.length).toBeGreaterThan(1);
});

test('in trouble there is one', async () => {
  const setup = setUp(4);
  await grow(setup, 4);
  const busy = { retry: [0, 1, 2, 3], rejected: [], ...BUSY };
  for (const first of outOf(setup)) await setup.answer(first!, busy);
  for (let i = 0; i < 8; i++) {
    expect(setup.open).toHaveLength(1);
    await setup.answer(outOf(setup)[0]!, busy);
  }
});

test('behind records that the deadline leaves nothing counts as refused: the next run gets it again', async () => {
  const setup = setUp(2);
  await grow(setup, 2);
  const [one, two] = outOf(setup) as string[];
  const before = totals(setup);
  await setup.answer(two!, { retry: [], rejected: [{ index: 0, reason: 'empty' }] });
  setup.deadline.abort();
  await setup.answer(one!, { retry: [0, 1, 2, 3], rejected: [], ...BUSY });
  await setup.running;
  const { delivered, dropped, held, balanced } = totals(setup);
  expect({ dropped, balanced }).toEqual({ dropped: {}, balanced: true });
  expect(delivered.open! - before.delivered.open!).toBe(3);
  expect(held).toBe(before.held - 3);
});

test('with any answers in any order: every record once, booked in order, and the books balance', async () => {
  const step = fc.record({ which: fc.nat(), refuse: fc.nat({ max: 9 }), retry: fc.nat({ max: 9 }) });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 40 }), async (max, steps) => {
      const setup = setUp(max);
      for (let i = 0; i < 10; i++) setup.append(...full(`${i} `));
      setup.buffer.close();
      await setup.settle();
      const done = new Map<string, number>();
      const answers = [...steps];
      while (setup.open.length > 0) {
        expect(setup.open.length).toBeLessThanOrEqual(max);
        const { which, refuse, retry } = answers.shift() ?? { which: 0, refuse: 9, retry: 9 };
        const { messages } = setup.open[which % setup.open.length]!;
        const again = [retry].filter((i) => i < messages.length);
        const rejected = [refuse].filter((i) => i < messages.length && i !== retry);
        messages.forEach((message, i) => {
          if (!again.includes(i)) done.set(message, (done.get(message) ?? 0) + 1);
        });
        await setup.answer(messages[0]!, {
          retry: again,
          rejected: rejected.map((index) => ({ index, reason: 'empty' })),
          ...(again.length > 0 && BUSY),
        });
      }
      await setup.running;
      expect([...done.values()]).toEqual(Array.from({ length: 40 }, () => 1));
      expect(setup.acknowledged).toEqual(Array.from({ length: 10 }, (_, i) => `${i} 0`));
      expect(totals(setup)).toMatchObject({ held: 0, balanced: true });
    }),
    { numRuns: 60 },
  );
});
