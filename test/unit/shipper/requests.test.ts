/** Several requests of one sink are out at once: when each may leave, and in which order they are booked. */
import fc from 'fast-check';
import type { RecordBatch, SendResult, Sink } from '../../../src/shipper/parts.js';
import { messagesOf, sourceBatchOf } from '../../support/batches.js';
import { deliverOpen, endDeliveries } from '../../support/open-requests.js';

const MAX_RECORDS = 4;
const BUSY: Pick<SendResult, 'failure'> = { failure: { code: '429', detail: 'busy' } };

// A send that is out has timers.
afterEach(endDeliveries);

function setUp(requestsMax: number | undefined, more: Partial<Sink> = {}) {
  /** Messages of every request, in the order in which they left. */
  const sent: string[][] = [];
  /** Sources that may forget their batch, by its first message. */
  const acknowledged: string[] = [];
  const see = (batch: RecordBatch): readonly string[] => {
    const messages = messagesOf(batch);
    sent.push(messages);
    return messages;
  };
  const delivery = deliverOpen(see, MAX_RECORDS, { ...(requestsMax !== undefined && { requestsMax }), ...more });
  const { open, ledger, buffer } = delivery;
  return {
    ...delivery,
    ...{ sent, acknowledged },
    append: (...messages: string[]) => {
      ledger.countRead(buffer.append(sourceBatchOf(messages, () => acknowledged.push(messages[0]!))));
    },
    /** Answers the open request with this message. */
    answer: async (message: string, result?: SendResult) => {
      const at = open.findIndex(({ seen }) => seen.includes(message));
      if (at < 0) throw new Error(`no request with ${message} is out, but ${JSON.stringify(open)}`);
      await delivery.answer(at, result);
    },
  };
}

type Setup = ReturnType<typeof setUp>;

const outOf = ({ open }: Setup) => open.map(({ seen }) => seen[0]);
const full = (name: string) => Array.from({ length: MAX_RECORDS }, (_, i) => `${name}${i}`);

/** Good answers, until so many requests are out. */
async function grow(setup: Setup, to: number): Promise<void> {
  for (const name of 'ghijklmnopqrst') setup.append(...full(name));
  await setup.settle();
  while (setup.open.length < to) await setup.answer(setup.open[0]!.seen[0]!);
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
  expect(setup.open.map(({ seen }) => seen)).toEqual([['b'], ['c', 'd']]);
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
  expect(setup.totals()).toMatchObject({ delivered: { open: 5 }, held: 0, balanced: true });
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
  await setup.answer(setup.open[2]!.seen[0]!);
  await setup.answer(setup.open[1]!.seen[0]!);
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
  expect(setup.open.map(({ seen }) => seen)).toEqual([full(three![0]!), full(four![0]!), again]);
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
  const before = setup.totals();
  await setup.answer(two!, { retry: [], rejected: [{ index: 0, reason: 'empty' }] });
  setup.deadline.abort();
  await setup.answer(one!, { retry: [0, 1, 2, 3], rejected: [], ...BUSY });
  await setup.running;
  const { delivered, dropped, held, balanced } = setup.totals();
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
        const { seen: messages } = setup.open[which % setup.open.length]!;
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
      expect(setup.totals()).toMatchObject({ held: 0, balanced: true });
    }),
    { numRuns: 60 },
  );
});
