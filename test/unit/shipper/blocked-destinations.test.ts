/** A place of a sink that takes nothing holds its own records, in order, and no others. */
import fc from 'fast-check';
import { Ledger } from '../../../src/shipper/accounting/ledger.js';
import { RecordBuffer } from '../../../src/shipper/buffer/record-buffer.js';
import { type DeliverOptions, deliver, healthySink } from '../../../src/shipper/delivery/deliver.js';
import { createLog } from '../../../src/shipper/log.js';
import type { RecordBatch, SendResult, Sink } from '../../../src/shipper/parts.js';
import { messagesOf, sourceBatchOf } from '../../support/batches.js';

const failure = { code: 'AccessDeniedException', detail: 'not authorized' };
const placeOf = (message: string) => message[0]!;

interface Setup {
  /** Messages of each request. */
  readonly sent: string[][];
  /** What each place has taken. */
  readonly stored: Map<string, string[]>;
  readonly options: DeliverOptions;
  readonly buffer: RecordBuffer;
  readonly ledger: Ledger;
  readonly clock: { ms: number };
  readonly deadline: AbortController;
  readonly hurry: AbortController;
  append(messages: readonly string[], acknowledge?: () => void): void;
}

/** A sink with one place per first letter, each of which answers as `isOpen` says. Waits move the clock, and end at once. */
function setUp(
  isOpen: (place: string, ms: number, request: number) => boolean,
  more: Partial<DeliverOptions> = {},
  limits: Partial<Sink['limits']> = {},
): Setup {
  const clock = { ms: 0 };
  const sent: string[][] = [];
  const stored = new Map<string, string[]>();
  const sink: Sink = {
    name: 'places',
    limits: { maxRecords: 100, maxBytes: 1_000_000, recordOverheadBytes: 0, ...limits },
    destinations: (batch) => messagesOf(batch).map(placeOf),
    async send(batch: RecordBatch): Promise<SendResult> {
      const messages = messagesOf(batch);
      sent.push(messages);
      const isTaken = messages.map((message) => isOpen(placeOf(message), clock.ms, sent.length));
      messages.forEach((message, i) => {
        const place = placeOf(message);
        if (isTaken[i]) stored.set(place, [...(stored.get(place) ?? []), message]);
      });
      const retry = [...messages.keys()].filter((i) => !isTaken[i]);
      const places = [...new Set(retry.map((i) => placeOf(messages[i]!)))];
      const blocked = places.map((destination) => ({ destination, failure, retryAfterMs: 5000 }));
      return { retry, rejected: [], ...(retry.length > 0 && { failure, blocked }) };
    },
    async close() {},
  };
  const ledger = new Ledger([sink.name]);
  const buffer = new RecordBuffer({ maxBytes: 1_000_000, sinks: [sink.name], now: () => clock.ms });
  const [deadline, hurry] = [new AbortController(), new AbortController()];
  const options: DeliverOptions = {
    ...{
      sink,
      ledger,
      cursor: buffer.cursor(sink.name),
      health: healthySink(),
      now: () => clock.ms,
      random: () => 0.5,
    },
    log: createLog({ write: () => {}, now: () => 0 }),
    attemptMs: 60_000,
    hurry: hurry.signal,
    deadline: deadline.signal,
    // Ends when everything else has had its turn.
    sleep: async (ms, signal) => {
      for (let turn = 0; turn < 20 && !signal.aborted; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (!signal.aborted) clock.ms += Math.max(1, ms);
    },
    ...more,
  };
  const append = (messages: readonly string[], acknowledge?: () => void) => {
    ledger.countRead(buffer.append(sourceBatchOf(messages, acknowledge)));
  };
  return { sent, stored, options, buffer, ledger, clock, deadline, hurry, append };
}

const totals = ({ ledger, buffer }: Setup) => ledger.totals(() => buffer.cursor('places').held);

test('the others go on while one place is closed; when it opens, its records follow in order', async () => {
  const setup = setUp((place, ms) => place === 'a' || ms > 20_000, {}, { maxRecords: 2 });
  setup.append(['a1', 'b1', 'b2', 'a2', 'a3', 'b3']);
  setup.append(['b4', 'a4']);
  setup.buffer.close();
  await deliver(setup.options);
  expect(setup.stored.get('a')).toEqual(['a1', 'a2', 'a3', 'a4']);
  expect(setup.stored.get('b')).toEqual(['b1', 'b2', 'b3', 'b4']);
  // All of the open place were taken before the other was asked a second time.
  const last = setup.sent.findIndex((messages) => messages.includes('a4'));
  expect(
    setup.sent
      .slice(0, last)
      .flat()
      .filter((message) => message === 'b1'),
  ).toHaveLength(1);
  expect(totals(setup)).toMatchObject({ delivered: { places: 8 }, held: 0, balanced: true });
  expect(setup.options.health.failures).toBe(0);
});

test('what waits is joined: many small batches go in few requests', async () => {
  const setup = setUp((place, ms) => place === 'a' || ms > 20_000);
  for (let i = 0; i < 50; i++) {
    setup.append([`a${i}`, `b${i}`]);
  }
  setup.buffer.close();
  await deliver({
    ...setup.options,
    sink: { ...setup.options.sink, limits: { ...setup.options.sink.limits, maxRecords: 4 } },
  });
  expect(setup.stored.get('b')).toEqual(Array.from({ length: 50 }, (_, i) => `b${i}`));
  const alone = setup.sent.filter((messages) => messages.every((message) => placeOf(message) === 'b'));
  expect(alone.slice(-5, -1).map(({ length }) => length)).toEqual([4, 4, 4, 4]);
});

test('the sink is not ready while a place is closed, and says which', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ write: (line) => lines.push(JSON.parse(line)), now: () => 0 });
  const seen: number[] = [];
  const setup = setUp(
    (place, ms) => {
      seen.push(setup.options.health.failures);
      return place === 'a' || ms > 20_000;
    },
    { log },
    { maxRecords: 1 },
  );
  setup.append(['b1', 'a1', 'a2', 'a3']);
  setup.buffer.close();
  await deliver(setup.options);
  expect(seen.slice(0, 4)).toEqual([0, 1, 1, 1]);
  expect(lines[0]).toMatchObject({ destination: 'b', error: 'AccessDeniedException', attempt: 1 });
  expect(setup.options.health.failures).toBe(0);
});

test('more than may wait for a place holds the others, too; and nothing is lost', async () => {
  const setup = setUp((place, ms) => place === 'a' || ms > 20_000, { blockedMaxBytes: 10_000 }, { maxRecords: 2 });
  for (let i = 0; i < 30; i++) setup.append([`a${i}`, `b${i} ${'x'.repeat(1000)}`]);
  setup.buffer.close();
  const before = new Set<string>();
  const { send } = setup.options.sink;
  const sink: Sink = {
    ...setup.options.sink,
    send: (batch, signal) => {
      if (setup.clock.ms < 20_000) for (const message of setup.stored.get('a') ?? []) before.add(message);
      return send(batch, signal);
    },
  };
  await deliver({ ...setup.options, sink });
  expect(before.size).toBeGreaterThan(1);
  expect(before.size).toBeLessThan(10);
  expect(totals(setup)).toMatchObject({ delivered: { places: 60 }, held: 0, balanced: true });
});

test('at the deadline what waits is buffered, and is not acknowledged', async () => {
  const acknowledged: string[] = [];
  const setup = setUp((place) => place === 'a', {
    sleep: async (ms) => {
      setup.clock.ms += ms;
      if (setup.clock.ms > 60_000) setup.deadline.abort();
    },
  });
  setup.append(['a1', 'b1'], () => acknowledged.push('first'));
  setup.append(['a2'], () => acknowledged.push('second'));
  setup.buffer.close();
  await deliver(setup.options);
  expect(totals(setup)).toMatchObject({ delivered: { places: 2 }, held: 1, balanced: true });
  expect(acknowledged).toEqual([]);
});

test('while the shipper stops a place is asked at least twice a second', async () => {
  const setup = setUp((place, ms) => place === 'a' || ms > 3000);
  setup.append(['a1', 'b1']);
  setup.buffer.close();
  setup.hurry.abort();
  await deliver(setup.options);
  expect(setup.sent.length).toBeGreaterThanOrEqual(6);
  expect(totals(setup)).toMatchObject({ delivered: { places: 2 }, held: 0 });
});

test('with any place open at any time: each place has its records once and in order, and the books balance', async () => {
  const lengths = fc.array(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 6 }), { maxLength: 12 });
  const closed = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 30 })), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(lengths, closed, fc.integer({ min: 1, max: 5 }), async (batches, faults, maxRecords) => {
      const isOpen = (place: string, _: number, request: number) =>
        !faults.some(([which, when]) => which === place && when === request);
      const setup = setUp(isOpen, { blockedMaxBytes: 20_000 }, { maxRecords });
      let number = 0;
      const wanted: Record<string, string[]> = { a: [], b: [], c: [] };
      for (const places of batches) {
        const messages = places.map((place) => `${place}${number++}`);
        for (const message of messages) wanted[placeOf(message)]!.push(message);
        setup.append(messages);
      }
      setup.buffer.close();
      await deliver(setup.options);
      for (const [place, messages] of Object.entries(wanted)) expect(setup.stored.get(place) ?? []).toEqual(messages);
      expect(totals(setup)).toMatchObject({ held: 0, balanced: true });
      expect(setup.buffer.fullness).toBe(0);
    }),
    { numRuns: 60 },
  );
});
