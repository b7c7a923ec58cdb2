/** A disk buffer that a crash, or another process, has damaged: every record is handed out, or counted, to the last one. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeCheckpoints, encodeCheckpoint } from '../../../../src/shipper/buffer/checkpoint.js';
import { type Disk, realDisk } from '../../../../src/shipper/buffer/disk.js';
import { RecordBuffer } from '../../../../src/shipper/buffer/record-buffer.js';
import { SegmentStore } from '../../../../src/shipper/buffer/segment-store.js';
import { encodeFrame, framesOf, segmentHeader } from '../../../../src/shipper/buffer/segments/segment.js';
import { acknowledgeAll, batchOf, messagesOf, sourceBatchOf } from '../../../support/batches.js';

const BATCH = 10;
const BATCHES = 16;
const RECORDS = BATCH * BATCHES;
const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

function open(directory: string, disk: Disk = realDisk) {
  const said: string[] = [];
  const count = { recovered: 0, dropped: 0 };
  const onProblem = (code: string, message: string) => said.push(`${code} ${message}`);
  const store = new SegmentStore({ directory, maxBytes: 40_000, cacheBytes: 0, sync: 'off', onProblem, disk });
  const buffer = new RecordBuffer({
    maxBytes: 1_000_000,
    sinks: ['one'],
    now: () => 0,
    store,
    onDropped: (_, reason, { records }) => {
      expect(reason).toBe('spool_corrupt');
      count.dropped += records;
    },
    onRecovered: (_, { records }) => {
      count.recovered += records;
    },
    sleep: () => new Promise(setImmediate),
  });
  return { store, buffer, said, count };
}

/** What a previous run left that was killed: several segments, of which some records were acknowledged. */
async function killed(acknowledged = 0): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-damaged-'));
  directories.push(directory);
  const { buffer, store } = open(directory);
  for (let i = 0; i < BATCHES; i++) {
    buffer.append(sourceBatchOf(Array.from({ length: BATCH }, (_, j) => `${i * BATCH + j} `.padEnd(100, 'x'))));
  }
  for (let left = acknowledged; left > 0; left -= BATCH) await take(buffer, BATCH);
  jest.advanceTimersByTime(1000);
  store.abandon();
  return directory;
}

/** What a sink takes and acknowledges; `undefined` when there is nothing now. */
async function take(buffer: RecordBuffer, maxRecords: number): Promise<number[] | undefined> {
  const abort = new AbortController();
  setImmediate(() => setImmediate(() => abort.abort()));
  const taken = await buffer.cursor('one').take({ maxRecords, maxBytes: 1e6, recordOverheadBytes: 0 }, abort.signal);
  if (taken === undefined) return undefined;
  acknowledgeAll(taken);
  return messagesOf(taken.batch).map((message) => Number.parseInt(message, 10));
}

/** All that is there; `taken` were taken before. */
async function drain({ buffer, store, count }: ReturnType<typeof open>, taken = 0): Promise<number[]> {
  const numbers: number[] = [];
  for (let tries = 0; buffer.cursor('one').held.records > 0 && tries < 1000; tries++) {
    numbers.push(...((await take(buffer, 1000)) ?? []));
  }
  expect(count.recovered).toBe(taken + numbers.length + count.dropped);
  buffer.end();
  store.abandon();
  return numbers;
}

const numbersUpTo = (end: number) => Array.from({ length: end }, (_, i) => i);
const segmentsOf = (directory: string) => {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.segment'))
    .map((name) => join(directory, name));
};
const frames = (path: string) =>
  [...framesOf(readFileSync(path))].map(({ at, frame }) => ({ at, count: frame.batch.count }));
const recordsIn = (path: string) => frames(path).reduce((sum, { count }) => sum + count, 0);

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'performance', 'Date'] });
});
afterEach(() => {
  jest.useRealTimers();
});

type Segments = readonly string[];
const middle = (segments: Segments) => segments[segments.length >> 1]!;
const last = (segments: Segments) => segments.at(-1)!;
const DAMAGES: readonly [what: string, damage: (segments: Segments) => number][] = [
  ['the first segment is missing', (all) => lost(all[0]!, (path) => rmSync(path))],
  ['one in the middle is missing', (all) => lost(middle(all), (path) => rmSync(path))],
  ['the last one is missing', (all) => lost(last(all), (path) => rmSync(path))],
  ['the first one is empty', (all) => lost(all[0]!, (path) => writeFileSync(path, ''))],
  ['one in the middle is empty', (all) => lost(middle(all), (path) => writeFileSync(path, ''))],
  ['the last one is empty', (all) => lost(last(all), (path) => writeFileSync(path, ''))],
  ['one in the middle is zeros', (all) => lost(middle(all), (path) => writeFileSync(path, Buffer.alloc(4096)))],
  ['one in the middle is garbage', (all) => lost(middle(all), (path) => writeFileSync(path, 'LTB1'.repeat(999)))],
  ['one in the middle is a directory', (all) => lost(middle(all), (path) => rmSync(path) ?? mkdirSync(path))],
  ['one in the middle is a socket', (all) => lost(middle(all), (path) => rmSync(path) ?? socketAt(path))],
  // Read as a whole it would take all memory.
  ['one in the middle is longer than any', (all) => lost(middle(all), (path) => truncateSync(path, 3 * 1024 ** 3))],
  ['all of them are missing', (all) => all.reduce((sum, path) => sum + lost(path, rmSync), 0)],
  ['one in the middle is cut between batches', (all) => cut(middle(all), 0)],
  ['one in the middle is cut within a batch', (all) => cut(middle(all), 100)],
  ['the last one is cut between batches', (all) => cut(last(all), 0)],
  ['the last one is cut within a batch', (all) => cut(last(all), 100)],
  ['a batch in the middle is damaged', (all) => flip(middle(all), 1)],
  ['the first batch of a segment is damaged', (all) => flip(middle(all), 0)],
  ['a header is damaged', (all) => zero(middle(all))],
  ['a file is copied to a lower number', (all) => copy(middle(all), '0000000000000007')],
  ['a file is copied to a higher number', (all) => copy(middle(all), '0000000000000999')],
  ['a file has a number that no record can have', (all) => write(all, '9999999999999999')],
  ['a file has a number far away', (all) => write(all, '0900719925474099')],
];

function socketAt(path: string): void {
  const script = 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($ARGV[0])) or die';
  execFileSync('perl', ['-MSocket', '-e', script, path]);
}

function lost(path: string, damage: (path: string) => void): number {
  const records = recordsIn(path);
  damage(path);
  return records;
}

function cut(path: string, more: number): number {
  const all = frames(path);
  const half = all.slice(all.length >> 1);
  truncateSync(path, half[0]!.at + more);
  return half.reduce((sum, { count }) => sum + count, 0);
}

function flip(path: string, frame: number): number {
  const bytes = readFileSync(path);
  const { at, count } = frames(path)[frame]!;
  bytes[at + 500]! ^= 0xff;
  writeFileSync(path, bytes);
  return count;
}

function zero(path: string): number {
  writeFileSync(path, readFileSync(path).fill(0, 0, 16));
  return 0;
}

function copy(path: string, name: string): number {
  copyFileSync(path, join(path, '..', `${name}.segment`));
  return 0;
}

function write(segments: Segments, name: string): number {
  writeFileSync(join(segments[0]!, '..', `${name}.segment`), 'x');
  return 0;
}

describe('a spool of which', () => {
  test.each(DAMAGES)('%s', async (_, damage) => {
    const directory = await killed();
    const missing = damage(segmentsOf(directory));
    const life = open(directory);
    const numbers = await drain(life);
    expect(life.count.dropped).toBe(missing);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.length).toBe(RECORDS - missing);
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
    // The loss is counted once.
    const next = open(directory);
    expect(await drain(next)).toEqual([]);
    expect(next.count).toEqual({ recovered: 0, dropped: 0 });
  });

  test.each([1, 2, 3])('the first %i batches were acknowledged: they are not missing', async (batches) => {
    const directory = await killed(batches * BATCH);
    const positions = decodeCheckpoints(readFileSync(join(directory, 'checkpoint.json'), 'utf8'))!.positions;
    const life = open(directory);
    expect((await drain(life)).length).toBe(RECORDS - positions.one!);
    expect(life.count.dropped).toBe(0);
  });
});

describe('a checkpoint', () => {
  const forged = (end: number, position: number) =>
    encodeCheckpoint(99, { end, positions: { one: position }, skipped: {}, removed: [] });
  const huge = Number.MAX_SAFE_INTEGER;
  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['garbage', '{{{'],
    ['of zeros', '\0'.repeat(4096)],
    ['null', 'null'],
    ['without positions', '{"version":2,"number":1,"end":5}'],
    ['without a checksum', `{"version":1,"end":${huge},"positions":{"one":${huge - 1}}}`],
    ['of a version that is not known', forged(RECORDS, RECORDS).replace('"version":2', '"version":3')],
    ['with a changed number', forged(RECORDS, RECORDS).replace(/"one":\d+/, '"one":7')],
    ['with numbers that cannot be', forged(huge, huge - 1)],
    ['with a position after its end', forged(RECORDS, RECORDS + 1)],
    ['with an end that the disk has no room for', forged(1e6, 0)],
  ])('%s costs repetition, not records, and nothing is counted', async (_, text) => {
    const directory = await killed(2 * BATCH);
    const path = join(directory, 'checkpoint.json');
    if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
    const life = open(directory);
    expect((await drain(life)).length).toBe(RECORDS);
    expect(life.count.dropped).toBe(0);
    expect(life.said.some((each) => each.startsWith('spool_checkpoint'))).toBe(true);
  });

  test('half of which a crash has damaged is read from the other half', async () => {
    const directory = await killed(2 * BATCH);
    const path = join(directory, 'checkpoint.json');
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0, 8192));
    const life = open(directory);
    await drain(life);
    expect(life.said).toEqual([]);
  });
});

describe('a segment that cannot be read now', () => {
  const failing = (code: string, isFailing: (path: string) => boolean): Disk => {
    const check = (path: string) => {
      if (isFailing(path)) throw Object.assign(new Error(`${code}: ${path}`), { code });
    };
    return {
      ...realDisk,
      readFile: (path) => check(path) ?? realDisk.readFile(path),
      readAt: (path, at, bytes) => check(path) ?? realDisk.readAt(path, at, bytes),
    };
  };

  test.each(
    ['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EACCES', 'ESTALE', 'EAGAIN'].flatMap((code) => {
      return (['first', 'middle', 'last'] as const).map((which) => [code, which] as const);
    }),
  )('(%s, the %s one) is waited for, and comes in its order', async (code, which) => {
    const directory = await killed();
    const all = segmentsOf(directory);
    const bad = { first: all[0]!, middle: middle(all), last: last(all) }[which];
    let isBad = true;
    const life = open(
      directory,
      failing(code, (path) => isBad && path === bad),
    );
    const before = (await take(life.buffer, RECORDS)) ?? [];
    // All that is before it, and no more.
    const index = all.indexOf(bad);
    expect(before).toEqual(numbersUpTo(all.slice(0, index).reduce((sum, path) => sum + recordsIn(path), 0)));
    expect(await take(life.buffer, RECORDS)).toBeUndefined();
    expect(life.buffer.cursor('one').isUnreadable).toBe(true);
    isBad = false;
    const rest = await drain(life, before.length);
    expect(life.buffer.cursor('one').isUnreadable).toBe(false);
    expect([...before, ...rest]).toEqual(numbersUpTo(RECORDS));
    expect(life.count).toEqual({ recovered: RECORDS, dropped: 0 });
  });

  test('in the next run either is still there', async () => {
    const directory = await killed();
    const bad = middle(segmentsOf(directory));
    for (let i = 0; i < 3; i++) {
      const { buffer, store, count } = open(
        directory,
        failing('EACCES', (path) => path === bad),
      );
      buffer.append(sourceBatchOf([`${RECORDS + i}`]));
      expect([count.recovered, count.dropped]).toEqual([RECORDS + i, 0]);
      buffer.end();
      store.abandon();
    }
    expect(readdirSync(directory)).toContain(bad.slice(directory.length + 1));
    const life = open(directory);
    expect(await drain(life)).toEqual(numbersUpTo(RECORDS + 3));
    expect(life.count.dropped).toBe(0);
  });

  test.each([
    [1, 0],
    [1, 1],
    [2, 1],
  ])(
    'and whose records are all acknowledged: after %i such runs of %i new records none is missing',
    async (runs, written) => {
      const directory = await killed(RECORDS);
      const before = open(directory);
      before.buffer.append(sourceBatchOf(['0']));
      expect(await take(before.buffer, 1)).toEqual([0]);
      before.store.abandon();
      const bad = last(segmentsOf(directory));
      expect(recordsIn(bad)).toBe(1);
      for (let i = 0; i < runs; i++) {
        const { buffer, store } = open(
          directory,
          failing('EIO', (path) => path === bad),
        );
        for (let j = 0; j < written; j++) buffer.append(sourceBatchOf([`${i}`]));
        store.abandon();
      }
      const life = open(directory);
      expect(await drain(life)).toEqual(numbersUpTo(runs * written));
      expect(life.count).toEqual({ recovered: runs * written, dropped: 0 });
      expect(life.said.filter((each) => each.startsWith('spool_corrupt'))).toEqual([]);
    },
  );

  /** Two segments, of which the first was acknowledged, as a kill leaves them before it was removed. */
  async function killedBeforeRemoval() {
    const directory = mkdtempSync(join(tmpdir(), 'logtap-damaged-'));
    directories.push(directory);
    const { buffer, store } = open(directory);
    const batch = (first: number) =>
      sourceBatchOf(Array.from({ length: 60 }, (_, i) => `${first + i} `.padEnd(100, 'x')));
    buffer.append(batch(0));
    buffer.append(batch(60));
    expect(await take(buffer, 60)).toHaveLength(60);
    store.abandon();
    expect(segmentsOf(directory)).toHaveLength(2);
    return directory;
  }

  test.each([
    ['within a second', () => jest.advanceTimersByTime(1000)],
    ['at the end', ({ buffer }: ReturnType<typeof open>) => buffer.end()],
  ])('and has no record that is needed is read as soon as that works, and removed: %s', async (_, wait) => {
    const directory = await killedBeforeRemoval();
    let isBad = true;
    const life = open(
      directory,
      failing('EMFILE', (path) => isBad && path.endsWith('.segment')),
    );
    isBad = false;
    expect(await take(life.buffer, 60)).toEqual(Array.from({ length: 60 }, (_, i) => 60 + i));
    wait(life);
    expect(segmentsOf(directory)).toEqual([]);
    expect(life.count).toEqual({ recovered: 60, dropped: 0 });
    life.store.abandon();
  });

  test('and has no record that is needed stays as long as it cannot be read', async () => {
    const directory = await killedBeforeRemoval();
    const [bad] = segmentsOf(directory);
    const life = open(
      directory,
      failing('EIO', (path) => path === bad),
    );
    expect(await take(life.buffer, 60)).toHaveLength(60);
    jest.advanceTimersByTime(5000);
    expect(segmentsOf(directory)).toEqual([bad]);
    life.store.abandon();
  });

  test('and turns out to have records that are needed stays until they are delivered', async () => {
    const directory = await killedBeforeRemoval();
    const [copied = '', other = ''] = segmentsOf(directory);
    copyFileSync(other, copied);
    let isBad = true;
    const life = open(
      directory,
      failing('EMFILE', (path) => isBad && path === copied),
    );
    isBad = false;
    jest.advanceTimersByTime(1000);
    expect(segmentsOf(directory)).toContain(copied);
    expect(await drain(life)).toHaveLength(60);
    expect(segmentsOf(directory)).toEqual([]);
  });

  test('and is followed by a number that is not believed is waited for', async () => {
    const directory = await killed();
    const bad = last(segmentsOf(directory));
    const far = encodeFrame(1e9, batchOf([{ message: `${RECORDS} far`, seq: 0 }]));
    writeFileSync(join(directory, '0000001000000000.segment'), Buffer.concat([segmentHeader(), far]));
    let isBad = true;
    const life = open(
      directory,
      failing('EMFILE', (path) => isBad && path === bad),
    );
    const before = (await take(life.buffer, RECORDS)) ?? [];
    expect(before.length).toBeLessThan(RECORDS);
    isBad = false;
    expect([...before, ...(await drain(life, before.length))]).toEqual(numbersUpTo(RECORDS + 1));
    expect(segmentsOf(directory)).toEqual([]);
  });

  test('and is removed meanwhile is lost, and counted', async () => {
    const directory = await killed();
    const bad = middle(segmentsOf(directory));
    const missing = recordsIn(bad);
    const life = open(
      directory,
      failing('EIO', (path) => path === bad && readdirSync(directory).includes(bad.slice(directory.length + 1))),
    );
    rmSync(bad);
    expect((await drain(life)).length).toBe(RECORDS - missing);
    expect(life.count.dropped).toBe(missing);
  });
});
