/**
 * The buffer on a disk that forgets and fails, against a model: what was synced is handed out, after any crash; what was
 * not is counted, as far as anything tells that it was there; nothing is counted that was handed out, or could be later.
 */
import fc from 'fast-check';
import type { SpoolSync } from '../../../../src/catalog/buffer.js';
import type { Taken } from '../../../../src/shipper/buffer/cursor.js';
import { RecordBuffer } from '../../../../src/shipper/buffer/record-buffer.js';
import { SegmentStore } from '../../../../src/shipper/buffer/segment-store.js';
import { acknowledgeAll, batchOf, messagesOf } from '../../../support/batches.js';
import { CrashDisk } from '../../../support/crash-disk.js';
import { holdsInHistories } from '../../../support/histories.js';

const SINKS = ['one', 'two'] as const;
type SinkName = (typeof SINKS)[number];
const DISK = 8000;
const TRANSIENT = ['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EACCES', 'ESTALE', 'EAGAIN'] as const;

type Action =
  | { readonly do: 'append'; readonly sizes: readonly number[] }
  | { readonly do: 'deliver'; readonly sink: SinkName; readonly maxRecords: number; readonly isAcknowledged: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'kill' | 'end' }
  | { readonly do: 'crash'; readonly seed: number }
  | {
      readonly do: 'fail';
      readonly code: string | undefined;
      readonly calls: readonly string[];
      readonly path?: string;
    };

const actions = ({ isCrashing, isFailing }: { isCrashing: boolean; isFailing: boolean }): fc.Arbitrary<Action[]> => {
  const some: fc.WeightedArbitrary<Action>[] = [
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        sizes: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('deliver' as const),
        sink: fc.constantFrom(...SINKS),
        maxRecords: fc.integer({ min: 1, max: 12 }),
        isAcknowledged: fc.boolean(),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(250, 1500) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('kill' as const, 'end' as const) }) },
  ];
  if (isCrashing) some.push({ weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), seed: fc.nat() }) });
  const calls = ['readFile', 'readAt', 'write', 'create', 'sync', 'syncLater', 'rename', 'remove', 'syncDirectory'];
  if (isFailing) {
    some.push({
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('fail' as const),
        code: fc.option(fc.constantFrom(...TRANSIENT, 'ENOSPC'), { nil: undefined }),
        calls: fc.subarray(calls, { minLength: 1 }),
      }),
    });
  }
  return fc.array(fc.oneof(...some), { maxLength: 60 });
};

class History {
  readonly disk = new CrashDisk();
  /** Bytes of each record, by its number. */
  sent = 0;
  /** Records that a crash cannot take: synced, or still in rings and sockets, which a test of the buffer does not have. */
  synced = 0;
  /** Numbers that may have been lost with memory, or with what was not synced. */
  readonly mayBeLost = new Set<number>();
  /** Those that the disk has not taken, which are buffered in memory. */
  #inMemory = new Set<number>();
  /** Those that it has taken later, and may not have synced. */
  #late = new Set<number>();
  readonly seen: Record<SinkName, Set<number>> = { one: new Set(), two: new Set() };
  readonly dropped: Record<SinkName, number> = { one: 0, two: 0 };
  life = { one: books(), two: books() };
  #hasCrashed = false;
  #hasFailed = false;
  #out: Partial<Record<SinkName, Taken>> = {};
  #buffer!: RecordBuffer;
  #store!: SegmentStore;

  constructor(readonly sync: SpoolSync) {
    this.#open();
  }

  async step(step: Action): Promise<void> {
    if (step.do === 'append') this.#append(step.sizes);
    else if (step.do === 'deliver') await this.#deliver(step.sink, step.maxRecords, step.isAcknowledged);
    else if (step.do === 'wait') await this.#wait(step.ms);
    else if (step.do === 'fail') {
      this.#hasFailed = true;
      const { code, calls, path: part = '' } = step;
      this.disk.fails = (call, path) => (calls.includes(call) && path.includes(part) ? code : undefined);
    } else this.#reopen(step);
    this.#check();
  }

  /** With a disk that works, all that is left goes out. */
  async drain(): Promise<void> {
    this.disk.fails = () => undefined;
    for (const sink of SINKS) {
      while (this.#buffer.cursor(sink).held.records > 0) {
        await this.#deliver(sink, 7, true);
        this.#check();
      }
    }
    this.#buffer.end();
    for (const sink of SINKS) {
      const missing = Array.from({ length: this.sent }, (_, i) => i).filter((i) => !this.seen[sink].has(i));
      expect(missing.filter((i) => !this.mayBeLost.has(i))).toEqual([]);
      // Without a crash nothing is lost on disk. After one, no more is counted than can have been lost, though some of it
      // may have been delivered shortly before; unless the disk could not take it down that it was counted.
      if (!this.#hasCrashed) expect(this.dropped[sink]).toBe(0);
      else if (!this.#hasFailed) expect(this.dropped[sink]).toBeLessThanOrEqual(this.mayBeLost.size);
    }
    expect(this.disk.names('/spool').filter((name) => name.endsWith('.segment'))).toEqual([]);
  }

  abandon(): void {
    this.#store.abandon();
  }

  #open(): void {
    this.life = { one: books(), two: books() };
    const { fails } = this.disk;
    // These end the start.
    const isSetting = (call: string, path: string) =>
      path.endsWith('probe') || (call === 'readFile' && path.endsWith('checkpoint.json'));
    this.disk.fails = (call, path) => (isSetting(call, path) ? undefined : fails(call, path));
    const options = { directory: '/spool', maxBytes: DISK, cacheBytes: 1000, onProblem: () => {} };
    this.#store = new SegmentStore({ ...options, sync: this.sync, disk: this.disk });
    this.#buffer = new RecordBuffer({
      maxBytes: 1_000_000,
      sinks: SINKS,
      now: () => 0,
      store: this.#store,
      onDropped: (sink, _, { records }) => {
        this.dropped[sink as SinkName] += records;
        this.life[sink as SinkName].dropped += records;
      },
      onRecovered: (sink, { records }) => {
        this.life[sink as SinkName].recovered += records;
      },
      // As long as it takes: the test aborts.
      sleep: (_, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    });
    this.disk.fails = fails;
  }

  #append(sizes: readonly number[]): void {
    const first = this.sent;
    const records = sizes.map((size, i) => ({ message: `${first + i}:`.padEnd(size, 'x'), seq: first + i }));
    this.sent += sizes.length;
    for (const sink of SINKS) this.life[sink].read += sizes.length;
    let isOnDisk = false;
    this.#buffer.append({
      ...batchOf(records),
      acknowledge: () => {
        isOnDisk = true;
        for (const { seq } of records) if (this.#inMemory.delete(seq)) this.#late.add(seq);
      },
    });
    if (!isOnDisk) for (const { seq } of records) this.#inMemory.add(seq);
    if (this.sync === 'always') this.synced = this.sent;
  }

  async #deliver(sink: SinkName, maxRecords: number, isAcknowledged: boolean): Promise<void> {
    const out = this.#out[sink];
    if (out !== undefined) {
      delete this.#out[sink];
      this.#acknowledge(sink, out);
      return;
    }
    if (this.#buffer.cursor(sink).held.records === 0) return;
    const abort = new AbortController();
    const taking = this.#buffer.cursor(sink).take({ maxRecords, maxBytes: 2000, recordOverheadBytes: 1 }, abort.signal);
    setImmediate(() => abort.abort());
    const taken = await taking;
    if (taken === undefined) return;
    for (const message of messagesOf(taken.batch)) this.seen[sink].add(Number.parseInt(message, 10));
    if (isAcknowledged) this.#acknowledge(sink, taken);
    else this.#out[sink] = taken;
  }

  #acknowledge(sink: SinkName, taken: Taken): void {
    this.life[sink].acknowledged += taken.batch.count;
    acknowledgeAll(taken);
  }

  async #wait(ms: number): Promise<void> {
    const [sent, fails] = [this.sent, this.disk.fails];
    for (let waited = 0; waited < ms; waited += 250) {
      jest.advanceTimersByTime(250);
      for (let i = 0; i < 12; i++) await new Promise(setImmediate);
    }
    // A second after the last write all is synced, unless the disk fails.
    if (
      ms > 1000 &&
      ['sync', 'syncLater', 'write', 'syncDirectory'].every((call) => fails(call as 'sync', '') === undefined)
    ) {
      this.synced = Math.max(this.synced, sent);
      this.#late.clear();
    }
  }

  #reopen(step: Action): void {
    if (step.do === 'end') this.#buffer.end();
    else this.#store.abandon();
    for (const number of this.#inMemory) this.mayBeLost.add(number);
    this.#inMemory = new Set();
    if (step.do === 'crash') {
      this.#hasCrashed = true;
      for (let number = this.sync === 'off' ? 0 : this.synced; number < this.sent; number++) this.mayBeLost.add(number);
      for (const number of this.sync === 'always' ? [] : this.#late) this.mayBeLost.add(number);
      let state = step.seed;
      this.disk.crash(() => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32;
      });
    }
    this.#out = {};
    this.#open();
  }

  /** The books of this life. */
  #check(): void {
    for (const sink of SINKS) {
      const { read, recovered, acknowledged, dropped } = this.life[sink];
      const { records } = this.#buffer.cursor(sink).held;
      expect(records).toBeGreaterThanOrEqual(0);
      expect(read + recovered).toBe(acknowledged + dropped + records);
    }
  }
}

function books() {
  return { read: 0, recovered: 0, acknowledged: 0, dropped: 0 };
}

describe.each([
  ['interval', { isCrashing: true, isFailing: false }],
  ['always', { isCrashing: true, isFailing: false }],
  ['interval', { isCrashing: false, isFailing: true }],
  ['off', { isCrashing: false, isFailing: true }],
  ['interval', { isCrashing: true, isFailing: true }],
] as const)('a buffer that syncs: %s, %p', (sync, faults) => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'performance', 'Date'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test.each([
    ['of a fixed seed', { seed: 1 }],
    ['of a seed of its own, printed on failure', {}],
  ])('keeps what was synced in histories %s', async (_, seed) => {
    await holdsInHistories(actions(faults), (steps) => run(sync, steps), { numRuns: 200, ...seed });
  });

  const append: Action = { do: 'append', sizes: [200, 200, 200] };
  const deliver = (sink: SinkName): Action => ({ do: 'deliver', sink, maxRecords: 3, isAcknowledged: true });
  const both = SINKS.map(deliver);
  const wait: Action = { do: 'wait', ms: 1500 };
  const repeated = (steps: readonly Action[], times: number) => Array.from({ length: times }, () => steps).flat();

  const seeds = sync === 'off' ? [] : Array.from({ length: 20 }, (_, seed) => seed);
  if (seeds.length > 0)
    test.each(seeds)('counts nothing that was delivered, and removed for room: %i', async (seed) => {
      const steps = [...repeated([append], 9), wait, ...repeated(both, 9 - (seed % 3))];
      const history = await run(sync, [...steps, { do: 'crash', seed: seed * 7919 }]);
      expect(history.dropped).toEqual({ one: 0, two: 0 });
    });

  test('counts nothing that memory held between what the disk has taken', async () => {
    const full: Action = { do: 'fail', code: 'ENOSPC', calls: ['write'] };
    const failing: Action = { do: 'fail', code: 'EIO', calls: ['create'], path: '03.segment' };
    const history = await run(sync, [append, full, append, failing, append, { do: 'kill' }]);
    expect(history.dropped).toEqual({ one: 0, two: 0 });
    expect(history.mayBeLost).toEqual(new Set([3, 4, 5]));
    expect(history.seen.one).toEqual(new Set([0, 1, 2, 6, 7, 8]));
  });

  test('what memory held while the disk was full is on disk with the next batch', async () => {
    const fail = (code: string | undefined): Action => ({ do: 'fail', code, calls: ['write'] });
    const steps = [append, fail('ENOSPC'), append, append, fail(undefined), append, { do: 'kill' } as const];
    const history = await run(sync, steps);
    expect(history.dropped).toEqual({ one: 0, two: 0 });
    expect(history.mayBeLost.size).toBe(0);
    expect(history.seen.one.size).toBe(12);
  });

  test('or at the end, and one that was delivered meanwhile does not count as missing', async () => {
    const fail = (code: string | undefined): Action => ({ do: 'fail', code, calls: ['write'] });
    const steps = [append, fail('ENOSPC'), append, append, ...both, ...both, fail(undefined), { do: 'end' } as const];
    const history = await run(sync, steps);
    expect(history.dropped).toEqual({ one: 0, two: 0 });
    expect(history.mayBeLost.size).toBe(0);
    expect(history.seen.one.size).toBe(9);
  });
});

async function run(sync: SpoolSync, steps: readonly Action[]): Promise<History> {
  const history = new History(sync);
  try {
    for (const step of steps) await history.step(step);
    await history.drain();
  } finally {
    history.abandon();
  }
  return history;
}
