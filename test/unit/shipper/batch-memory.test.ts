/**
 * Memory of batches is used again once nothing holds it, and not before. Released memory is overwritten in tests, so the text of a record
 * tells whether its memory is released.
 */
import { Ledger } from '../../../src/shipper/accounting/ledger.js';
import { Tally } from '../../../src/shipper/accounting/tally.js';
import { RecordBuffer } from '../../../src/shipper/buffer/record-buffer.js';
import { deliver, healthySink } from '../../../src/shipper/delivery/deliver.js';
import { runPipeline } from '../../../src/shipper/delivery/pipeline.js';
import { createLog } from '../../../src/shipper/log.js';
import type { RecordBatch, Source, Stage } from '../../../src/shipper/parts.js';
import { BatchBuilder } from '../../../src/shipper/records/batch-builder.js';
import { FULL_BYTES, FULL_RECORDS, LEAST_BYTES } from '../../../src/shipper/records/batch-memory.js';
import { Piece } from '../../../src/shipper/records/piece.js';
import { concat, memoryBytes, select, slice, sourceBatch } from '../../../src/shipper/records/record-batch.js';
import { eventsOf } from '../../../src/shipper/sinks/cloudwatch/events.js';
import { StreamRequests } from '../../../src/shipper/sinks/cloudwatch/requests/stream-requests.js';
import { acknowledgeAll, stdoutOrigin } from '../../support/batches.js';
import { type Step, scriptedSink } from '../../support/scripted-sink.js';

const never = new AbortController().signal;
const NO_LIMITS = { maxRecords: 1e9, maxBytes: 1e9, recordOverheadBytes: 0 };

function add(builder: BatchBuilder, count: number, length: number, from = 0): void {
  for (let i = from; i < from + count; i++) {
    const text = Buffer.from(`record ${i} `.padEnd(length, '.'));
    builder.record(stdoutOrigin, builder.copy(text, 0, text.length), text.length, i, i);
  }
}

/** So many records of a KiB; 320 of them are worth memory that is used again. */
function batchOf(count: number, length = 1024): RecordBatch {
  const builder = new BatchBuilder();
  add(builder, count, length);
  return builder.finish();
}

const textOf = ({ bytes, start, length }: RecordBatch, i: number) =>
  Buffer.from(bytes.subarray(start[i]!, start[i]! + length[i]!)).toString('latin1');

/** Whether each record still has the text, time and place that it was given. */
const isIntact = (batch: RecordBatch, from = 0) =>
  [...batch.length.keys()].every(
    (i) =>
      textOf(batch, i).startsWith(`record ${from + i} `) && batch.timeMs[i] === from + i && batch.seq[i] === from + i,
  );

describe('a builder', () => {
  it('hands full memory over, and goes on in other memory', () => {
    const builder = new BatchBuilder();
    add(builder, 600, 1024);
    const first = builder.finish();
    add(builder, 600, 1024);
    const second = builder.finish();
    expect([first, second].map(({ memory }) => memory !== undefined)).toEqual([true, true]);
    expect(second.bytes.buffer).not.toBe(first.bytes.buffer);
    expect([first, second].map((batch) => isIntact(batch))).toEqual([true, true]);
  });

  it('copies a batch that is small beside the memory', () => {
    const builder = new BatchBuilder();
    add(builder, 600, 1024);
    builder.finish();
    add(builder, 3, 1024);
    const batch = builder.finish();
    expect(batch.memory).toBeUndefined();
    expect(batch.bytes.buffer.byteLength).toBe(3 * 1024);
    expect(isIntact(batch)).toBe(true);
  });

  it.each([
    ['bytes', 30, 100_000],
    ['records', FULL_RECORDS * 2, 100],
    ['bytes of one record', 1, 5_000_000],
  ])('copies a batch of more %s than fit, and hands over the next one', (_, count, length) => {
    const builder = new BatchBuilder();
    add(builder, 600, 1024);
    builder.finish();
    add(builder, count, length);
    const large = builder.finish();
    add(builder, 600, 1024);
    const next = builder.finish();
    expect([large, next].map(({ memory }) => memory !== undefined)).toEqual([false, true]);
    expect([isIntact(large), isIntact(next)]).toEqual([true, true]);
  });

  it('keeps the records that were there before there were many', () => {
    const builder = new BatchBuilder();
    add(builder, 1000, 50);
    add(builder, 400, 1024, 1000);
    const batch = builder.finish();
    expect(batch.memory).toBeDefined();
    expect(isIntact(batch)).toBe(true);
  });

  it('is full before its memory is', () => {
    const builder = new BatchBuilder();
    // A read of 64 KiB may bring the end of a frame of 32 KiB.
    while (!builder.isFull) add(builder, 3, 32 * 1024);
    expect(builder.bytes).toBeGreaterThan(FULL_BYTES);
    expect(builder.finish().memory).toBeDefined();
  });
});

describe('memory', () => {
  it('is overwritten when it is released, with all that shares it, and has other records afterwards', () => {
    const batch = batchOf(400);
    const [part, some] = [slice(batch, 100, 200), select(batch, [1, 2])];
    expect([part.memory, some.memory]).toEqual([batch.memory, batch.memory]);
    batch.memory!.release();
    expect([isIntact(batch), isIntact(part, 100), textOf(some, 0).startsWith('record 1 ')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(batchOf(400).bytes.buffer).toBe(batch.bytes.buffer);
  });

  it('is not released while one holds it', () => {
    const batch = batchOf(400);
    batch.memory!.hold();
    batch.memory!.release();
    expect(isIntact(batch)).toBe(true);
    batch.memory!.release();
    expect(isIntact(batch)).toBe(false);
  });

  it('is never released once it is kept', () => {
    const batch = batchOf(400);
    batch.memory!.keep();
    for (let i = 0; i < 3; i++) batch.memory!.release();
    expect(isIntact(batch)).toBe(true);
  });

  it('counts whole', () => {
    expect(memoryBytes(batchOf(400))).toBeGreaterThan(FULL_BYTES);
    expect(memoryBytes(batchOf(3))).toBeLessThan(8 * 1024);
  });

  it('of joined batches is their own', () => {
    const [one, other] = [batchOf(400), batchOf(400)];
    const joined = concat([one, other]);
    one.memory!.release();
    other.memory!.release();
    expect(joined.memory).toBeDefined();
    expect([isIntact(slice(joined, 0, 400)), isIntact(slice(joined, 400, 800))]).toEqual([true, true]);
    expect(LEAST_BYTES).toBeLessThan(joined.bytes.byteLength);
  });
});

describe('a buffer', () => {
  it('releases a batch when the last sink has acknowledged the last record, and not before', async () => {
    const buffer = new RecordBuffer({ maxBytes: 1e9, sinks: ['one', 'other'], now: () => 0 });
    const batch = batchOf(400);
    buffer.append(sourceBatch(batch, () => {}));
    const [one, other] = [buffer.cursor('one'), buffer.cursor('other')];
    const half = { ...NO_LIMITS, maxRecords: 200 };
    const takes = [await one.take(half, never), await one.take(half, never), await other.take(NO_LIMITS, never)];
    expect(takes.map((taken) => taken?.batch.count)).toEqual([200, 200, 400]);
    const intact = takes.map((taken) => {
      const before = isIntact(batch);
      taken!.acknowledge(Tally.of(taken!.batch));
      return before;
    });
    expect(intact).toEqual([true, true, true]);
    expect(isIntact(batch)).toBe(false);
  });
});

describe('a piece', () => {
  const taken = (batches: readonly RecordBatch[]) => {
    const tallies: number[] = [];
    const piece = Piece.of({ batches, acknowledge: ({ records }) => tallies.push(records) });
    return { piece, tallies };
  };

  it('releases its copy of several batches once all of its records are acknowledged, part by part', () => {
    const { piece, tallies } = taken([batchOf(400), batchOf(400)]);
    const { batch } = piece;
    const [first, rest] = [[...batch.length.keys()].slice(0, 300), [...batch.length.keys()].slice(300)];
    // A trial, as a look at what may leave: it is never acknowledged.
    piece.select(first);
    const [one, other] = [piece.select(first), piece.select(rest)];
    one.acknowledge([]);
    expect(textOf(batch, 799)).toMatch(/^record 399 /);
    other.acknowledge([]);
    expect(tallies).toEqual([300, 500]);
    expect(textOf(batch, 799)).not.toMatch(/^record 399 /);
  });

  it('that waits for its place is in memory of its own, and counts with that alone', () => {
    const { piece } = taken([batchOf(400)]);
    const { batch } = piece;
    const waits = piece.select([7]).compact();
    batch.memory!.release();
    expect(textOf(waits.batch, 0)).toMatch(/^record 7 /);
    expect([waits.batch.timeMs[0], waits.batch.seq[0]]).toEqual([7, 7]);
    expect(waits.batch.memory).toBeUndefined();
    expect(waits.memoryBytes).toBeLessThan(8 * 1024);
  });

  it('leaves the memory of a single batch to the buffer', () => {
    const { piece } = taken([batchOf(400)]);
    const { batch } = piece;
    piece.acknowledge([]);
    expect(isIntact(batch)).toBe(true);
  });
});

test('requests to CloudWatch Logs that may be like a lost one keep their records', () => {
  const requests = new StreamRequests();
  const batches = [batchOf(400), batchOf(400)];
  const [first, second] = batches.map((batch) => {
    const begun = requests.begin(() => []);
    const request = { logStream: 'stream', events: eventsOf(batch, 1e6), from: 0, to: batch.count };
    requests.left(request);
    return { begun, request };
  });
  // The buffer releases what is acknowledged, in order.
  requests.settled(second!.request, 399);
  requests.end(second!.begun, undefined);
  batches[1]!.memory!.release();
  expect(isIntact(batches[1]!)).toBe(true);
  requests.settled(first!.request, 399);
  requests.end(first!.begun, undefined);
  batches[0]!.memory!.release();
  expect(requests.isIdle).toBe(true);
  expect(batches.map((batch) => isIntact(batch))).toEqual([false, false]);
});

describe('a delivery', () => {
  /** Whether the records that a sink was sent are still what they were, once all are acknowledged. */
  async function isKept(releasesBatches: boolean, script: readonly Step[]): Promise<boolean> {
    const sink = { ...scriptedSink(script), releasesBatches };
    const sent: RecordBatch[] = [];
    const send = sink.send.bind(sink);
    sink.send = (batch, signal) => {
      sent.push(batch);
      return send(batch, signal);
    };
    const buffer = new RecordBuffer({ maxBytes: 1e9, sinks: [sink.name], now: () => 0 });
    buffer.append(sourceBatch(batchOf(400), () => {}));
    buffer.close();
    const ledger = new Ledger([sink.name]);
    const log = createLog({ write: () => {}, now: () => 0 });
    const options = { sink, cursor: buffer.cursor(sink.name), ledger, log, health: healthySink(), now: () => 0 };
    const waits = { sleep: async () => {}, random: () => 0.5, attemptMs: 10 };
    await deliver({ ...options, ...waits, hurry: never, deadline: never });
    expect(sent).toHaveLength(script.length);
    return isIntact(sent[0]!);
  }

  it('leaves memory to be released when the sink has answered', async () => {
    expect(await isKept(true, ['ok'])).toBe(false);
  });

  it('keeps memory of which a sink does not say that it reads it no longer', async () => {
    expect(await isKept(false, ['ok'])).toBe(true);
  });

  it.each([
    ['was given up', 'hang'],
    ['failed', 'throw'],
    ['left some records', { retry: [1], failure: { code: '429', detail: 'too many' } }],
  ] as const)('keeps memory of a send that %s: it may go on reading', async (_, step) => {
    expect(await isKept(true, [step, 'ok'])).toBe(true);
  });
});

test('records that pass stages are kept: a stage may wait with some of them', async () => {
  const withheld: RecordBatch[] = [];
  const stage: Stage = {
    name: 'waits',
    apply(batch, withhold) {
      withheld.push(select(batch, [0]));
      withhold(withheld[0]!, 'first');
      return slice(batch, 1, batch.count);
    },
  };
  const buffer = new RecordBuffer({ maxBytes: 1e9, sinks: ['one'], now: () => 0 });
  const source: Source = {
    async *batches() {
      yield sourceBatch(batchOf(400), () => {});
    },
  };
  const ledger = new Ledger(['one']);
  await runPipeline({ sources: [source], stages: [stage], buffer, ledger, deliveries: [], stop: never, cutOff: never });
  acknowledgeAll((await buffer.cursor('one').take(NO_LIMITS, never))!);
  expect(isIntact(withheld[0]!)).toBe(true);
});
