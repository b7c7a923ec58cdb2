/** What the disk does to a buffer: full, gone, damaged, torn; what a previous run left. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditLog } from '../../../../src/shipper/audit/audit-log.js';
import { type Disk, realDisk } from '../../../../src/shipper/buffer/disk.js';
import { RecordBuffer, type RecordBufferOptions } from '../../../../src/shipper/buffer/record-buffer.js';
import { SegmentStore } from '../../../../src/shipper/buffer/segment-store.js';
import { ConfigError } from '../../../../src/shipper/errors.js';
import type { RecordBatch, SourceBatch } from '../../../../src/shipper/parts.js';
import {
  acknowledgeAll,
  batchOf,
  messagesOf,
  recordsOf,
  sourceBatchOf,
  stdoutOrigin,
} from '../../../support/batches.js';

const never = new AbortController().signal;
const all = { maxRecords: 1000, maxBytes: 1_000_000, recordOverheadBytes: 0 };
const directories: string[] = [];

function newDirectory(): string {
  directories.push(mkdtempSync(join(tmpdir(), 'logtap-spool-')));
  return directories.at(-1)!;
}
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

function open(
  directory: string,
  options: Partial<RecordBufferOptions> = {},
  maxBytes = 1_000_000,
  disk: Disk = realDisk,
) {
  const problems: string[] = [];
  const dropped: unknown[] = [];
  const recovered: unknown[] = [];
  const store = new SegmentStore({
    directory,
    maxBytes,
    cacheBytes: 0,
    onProblem: (code) => problems.push(code),
    disk,
  });
  const buffer = new RecordBuffer({
    maxBytes: 1_000_000,
    sinks: ['one'],
    now: () => 0,
    store,
    onDropped: (sink, reason, { records, bytes }) => dropped.push([sink, reason, records, bytes]),
    onRecovered: (sink, { records, bytes }) => recovered.push([sink, records, bytes]),
    ...options,
  });
  const take = async () => (await buffer.cursor('one').take(all, never))!;
  return { store, buffer, problems, dropped, recovered, take };
}

/** A disk with room for the beginning of a segment, and for no batch, while it is `full.is`. */
function nearlyFull(full: { is: boolean }): Disk {
  return {
    ...realDisk,
    create: (path) => {
      const file = realDisk.create(path);
      const write = (bytes: Buffer, at: number) => {
        if (full.is && bytes.length > 500 && path.endsWith('.segment')) {
          throw Object.assign(new Error('ENOSPC: no room'), { code: 'ENOSPC' });
        }
        file.write(bytes, at);
      };
      const { truncate, sync, syncLater, close } = file;
      return {
        write,
        truncate: truncate.bind(file),
        sync: sync.bind(file),
        syncLater: syncLater.bind(file),
        close: close.bind(file),
        get isLinked() {
          return file.isLinked;
        },
      };
    },
  };
}

const segments = (directory: string) => readdirSync(directory).filter((name) => name.endsWith('.segment'));
const segment = (directory: string) => join(directory, segments(directory)[0]!);

describe('a buffer on disk', () => {
  test('gives all columns back after a kill, and the source was let go at once', async () => {
    const directory = newDirectory();
    const file = { ...stdoutOrigin, id: 'other', stream: 'file' as const, path: '/var/log/ä.log' };
    const records = [
      { message: 'a', timeMs: 1.25, seq: 2 ** 52, origin: file },
      { message: Buffer.from([0, 255, 10]), timeMs: 2, seq: 5 },
      { message: '', timeMs: 3, seq: 6, origin: file },
    ];
    const before = open(directory);
    let acknowledged = 0;
    before.buffer.append({ ...batchOf(records), acknowledge: () => acknowledged++ });
    expect(acknowledged).toBe(1);
    before.store.abandon();
    const after = open(directory);
    const { batch } = await after.take();
    expect(recordsOf(batch)).toEqual(recordsOf(batchOf(records)));
    expect(batch.origins).toEqual([file, stdoutOrigin]);
    expect(after.recovered).toEqual([['one', 3, 4]]);
    expect(after.problems).toEqual([]);
    after.store.abandon();
  });

  test('a tail that a killed writer left is cut off, and what comes after it is kept', async () => {
    const directory = newDirectory();
    const first = open(directory);
    first.buffer.append(sourceBatchOf(['whole']));
    first.store.abandon();
    const path = segment(directory);
    const { size } = statSync(path);
    appendFileSync(path, readFileSync(path).subarray(16, -3));
    const second = open(directory);
    expect(second.problems).toEqual(['spool_torn']);
    expect(statSync(path).size).toBe(size);
    second.buffer.append(sourceBatchOf(['next']));
    second.store.abandon();
    const third = open(directory);
    expect(third.problems).toEqual([]);
    expect(messagesOf((await third.take()).batch)).toEqual(['whole', 'next']);
    third.store.abandon();
  });

  test.each([
    ['its length', 4 + 1],
    ['its checksum', 8],
    ['its columns', 40],
    ['its mark', 0],
  ])('a batch with %s damaged is skipped and counted; its neighbours are not touched', async (_, offset) => {
    const directory = newDirectory();
    const before = open(directory);
    before.buffer.append(sourceBatchOf(['one']));
    const at = statSync(segment(directory)).size;
    before.buffer.append(sourceBatchOf(['two', 'LTB1 is in here']));
    before.buffer.append(sourceBatchOf(['three']));
    before.store.abandon();
    const bytes = readFileSync(segment(directory));
    bytes[at + offset]! ^= 0xff;
    writeFileSync(segment(directory), bytes);
    const after = open(directory);
    expect(after.buffer.cursor('one').held.records).toBe(4);
    const taken = await after.take();
    expect(messagesOf(taken.batch)).toEqual(['one']);
    acknowledgeAll(taken);
    expect(messagesOf((await after.take()).batch)).toEqual(['three']);
    expect(after.dropped).toEqual([['one', 'spool_corrupt', 2, 0]]);
    expect(after.buffer.cursor('one').held.records).toBe(1);
    after.store.abandon();
  });

  test('damage while it runs is counted when it is read', async () => {
    const directory = newDirectory();
    const { buffer, dropped, take, store } = open(directory);
    buffer.append(sourceBatchOf(['gone', 'too']));
    const bytes = readFileSync(segment(directory));
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(segment(directory), bytes);
    buffer.append(sourceBatchOf(['here']));
    expect(messagesOf((await take()).batch)).toEqual(['here']);
    expect(dropped).toEqual([['one', 'spool_corrupt', 2, 7]]);
    expect(buffer.cursor('one').held).toMatchObject({ records: 1, bytes: 4 });
    store.abandon();
  });

  test('what the disk does not take is buffered in memory, in order, and the source keeps it', async () => {
    const directory = newDirectory();
    const { buffer, problems, take, store } = open(directory);
    rmSync(directory, { recursive: true });
    let acknowledged = 0;
    buffer.append(sourceBatchOf(['memory'], () => acknowledged++));
    expect([problems, acknowledged]).toEqual([['ENOENT'], 0]);
    const taken = await take();
    expect(messagesOf(taken.batch)).toEqual(['memory']);
    acknowledgeAll(taken);
    expect(acknowledged).toBe(1);
    store.abandon();
  });

  test('what the disk has refused is written with the next batch that it takes, and the source is let go', async () => {
    const directory = newDirectory();
    const before = open(directory, { sinks: ['one', 'two'] });
    rmSync(directory, { recursive: true });
    let acknowledged = 0;
    before.buffer.append(sourceBatchOf(['memory', 'alone'], () => acknowledged++));
    const taken = (await before.buffer.cursor('two').take({ ...all, maxRecords: 1 }, never))!;
    acknowledgeAll(taken);
    expect([before.buffer.refusedRecords, acknowledged]).toEqual([2, 0]);
    mkdirSync(directory);
    before.buffer.append(sourceBatchOf(['disk']));
    expect([before.buffer.refusedRecords, acknowledged]).toEqual([0, 1]);
    before.store.abandon();
    const after = open(directory, { sinks: ['one', 'two'] });
    expect(messagesOf((await after.take()).batch)).toEqual(['memory', 'alone', 'disk']);
    expect(messagesOf((await after.buffer.cursor('two').take(all, never))!.batch)).toEqual(['alone', 'disk']);
    after.store.abandon();
  });

  test.each([
    ['at once', false],
    ['in the run after', true],
  ])('what the disk has refused and took later counts where its segment is lost, %s', async (_, hasRunBetween) => {
    const directory = newDirectory();
    const before = open(directory);
    rmSync(directory, { recursive: true });
    before.buffer.append(sourceBatchOf(['memory', 'alone']));
    mkdirSync(directory);
    before.buffer.append(sourceBatchOf(['disk']));
    before.store.abandon();
    if (hasRunBetween) open(directory).store.abandon();
    rmSync(segment(directory));
    const after = open(directory);
    expect(messagesOf((await after.take()).batch)).toEqual(['disk']);
    expect(after.dropped).toEqual([['one', 'spool_corrupt', 2, 0]]);
    after.store.abandon();
  });

  test('what the disk has never taken is no part of any count', async () => {
    const directory = newDirectory();
    const before = open(directory);
    before.buffer.append(sourceBatchOf(['disk']));
    rmSync(directory, { recursive: true });
    before.buffer.append(sourceBatchOf(['memory', 'alone']));
    mkdirSync(directory);
    before.store.put(3, batchOf([{ message: 'next' }]), 1);
    before.store.abandon();
    const after = open(directory);
    expect(messagesOf((await after.take()).batch)).toEqual(['next']);
    // Its file went with the directory.
    expect(after.dropped).toEqual([['one', 'spool_corrupt', 1, 0]]);
    after.store.abandon();
  });

  describe('of a segment with a gap alone, which is removed', () => {
    /** A record on disk, and three behind it in memory that a segment says are not on disk. */
    function behindGap() {
      const large = 'x'.repeat(500);
      const directory = newDirectory();
      const full = { is: false };
      const before = open(directory, {}, undefined, nearlyFull(full));
      before.buffer.append(sourceBatchOf(['disk']));
      full.is = true;
      before.buffer.append(sourceBatchOf([large, 'memory']));
      before.buffer.append(sourceBatchOf([large]));
      return { directory, full, before };
    }

    test('the numbers that no record on disk has are no part of any count in the runs after', async () => {
      const { directory, before } = behindGap();
      before.store.abandon();
      const between = open(directory);
      between.buffer.append(sourceBatchOf(['next']));
      between.store.commit();
      between.store.abandon();
      const after = open(directory);
      const { batch } = await after.take();
      expect([messagesOf(batch), after.dropped]).toEqual([['disk', 'next'], []]);
      after.store.abandon();
    });

    test('those that the disk took later count where they are lost', async () => {
      const { directory, full, before } = behindGap();
      before.store.commit();
      full.is = false;
      before.buffer.append(sourceBatchOf(['next']));
      expect(before.buffer.refusedRecords).toBe(0);
      before.store.abandon();
      const [, late] = segments(directory);
      rmSync(join(directory, late!));
      const after = open(directory);
      const taken = [await after.take(), await after.take()].flatMap(({ batch }) => messagesOf(batch));
      expect(taken).toEqual(['disk', 'next']);
      expect(after.dropped).toEqual([['one', 'spool_corrupt', 3, 0]]);
      after.store.abandon();
    });
  });

  test('what the disk takes at the end counts where it is lost, though a segment behind it begins', async () => {
    const directory = newDirectory();
    const full = { is: true };
    const before = open(directory, {}, 8000, nearlyFull(full));
    const messages = ['first', 'second', 'third'].map((message) => message.padEnd(1000));
    for (const message of messages) before.buffer.append(sourceBatchOf([message]));
    full.is = false;
    before.buffer.end();
    const hasSecond = (name: string) => readFileSync(join(directory, name)).includes('second');
    rmSync(join(directory, segments(directory).find(hasSecond)!));
    const after = open(directory);
    const taken = [await after.take(), await after.take()].flatMap(({ batch }) => messagesOf(batch));
    expect(taken).toEqual([messages[0], messages[2]]);
    expect(after.dropped).toEqual([['one', 'spool_corrupt', 1, 0]]);
    after.store.abandon();
  });

  test('what the disk refuses to the end is told', () => {
    const directory = newDirectory();
    const { buffer } = open(directory, { sinks: ['one', 'two'] });
    buffer.append(sourceBatchOf(['disk']));
    rmSync(directory, { recursive: true });
    buffer.append(sourceBatchOf(['memory', 'alone']));
    buffer.end();
    expect(buffer.refusedRecords).toBe(2);
  });

  test('blocks at the bound of the disk until a segment is free', async () => {
    const { buffer, take, store } = open(newDirectory(), {}, 8000);
    while (buffer.fullness < 1) buffer.append(sourceBatchOf(['x'.repeat(500)]));
    let hasRoom = false;
    const room = buffer.room(never).then(() => {
      hasRoom = true;
    });
    await new Promise(setImmediate);
    expect(hasRoom).toBe(false);
    acknowledgeAll(await take());
    await room;
    expect(buffer.fullness).toBeLessThan(1);
    store.abandon();
  });

  test('goes on where the checkpoint is; a sink that is new gets all that is there', async () => {
    const directory = newDirectory();
    const before = open(directory);
    before.buffer.append(sourceBatchOf(['a', 'bb', 'ccc']));
    acknowledgeAll((await before.buffer.cursor('one').take({ ...all, maxRecords: 1 }, never))!);
    before.buffer.end();
    const after = open(directory, { sinks: ['one', 'new'] });
    expect(after.recovered).toEqual([
      ['one', 2, 5],
      ['new', 3, 6],
    ]);
    expect(messagesOf((await after.take()).batch)).toEqual(['bb', 'ccc']);
    expect(messagesOf((await after.buffer.cursor('new').take(all, never))!.batch)).toEqual(['a', 'bb', 'ccc']);
    after.store.abandon();
  });

  test('a sink that is removed is told with the records that it may have lacked, and one that lacked none is not', async () => {
    const directory = newDirectory();
    const before = open(directory, { sinks: ['one', 'two', 'three'] });
    before.buffer.append(sourceBatchOf(['a', 'b', 'c']));
    const cursor = (name: string) => before.buffer.cursor(name);
    acknowledgeAll((await cursor('two').take({ ...all, maxRecords: 1 }, never))!);
    acknowledgeAll((await cursor('three').take(all, never))!);
    before.buffer.end();
    const removed: unknown[] = [];
    const onRemovedSink = (...told: unknown[]) => removed.push(told);
    const after = open(directory, { onRemovedSink });
    expect(removed).toEqual([['two', 2]]);
    after.buffer.end();
    open(directory, { onRemovedSink }).store.abandon();
    expect(removed).toHaveLength(1);
  });

  test('what is out for one sink stays on disk when another has acknowledged it', async () => {
    const directory = newDirectory();
    const sinks = ['one', 'two'];
    const before = open(directory, { sinks }, 8000);
    const messages = ['a', 'b', 'c'].map((letter) => letter.repeat(1500));
    for (const message of messages) before.buffer.append(sourceBatchOf([message]));
    await before.take();
    acknowledgeAll((await before.buffer.cursor('two').take(all, never))!);
    before.store.abandon();
    const after = open(directory, { sinks }, 8000);
    expect(messagesOf((await after.take()).batch)).toEqual(messages);
    after.store.abandon();
  });

  test('a checkpoint that cannot be read now ends the start; the next one goes on where it is', async () => {
    const directory = newDirectory();
    const before = open(directory);
    before.buffer.append(sourceBatchOf(['a', 'b']));
    acknowledgeAll((await before.buffer.cursor('one').take({ ...all, maxRecords: 1 }, never))!);
    before.buffer.end();
    const readFile = (path: string) => {
      if (path.endsWith('checkpoint.json')) throw Object.assign(new Error('EIO'), { code: 'EIO', errno: -5 });
      return realDisk.readFile(path);
    };
    const options = { directory, maxBytes: 1_000_000, cacheBytes: 0, onProblem: () => {} };
    const store = new SegmentStore({ ...options, disk: { ...realDisk, readFile } });
    const buffer = { maxBytes: 1_000_000, sinks: ['one'], now: () => 0, onDropped: () => {}, onRecovered: () => {} };
    expect(() => new RecordBuffer({ ...buffer, store })).toThrow(ConfigError);
    const after = open(directory);
    expect(messagesOf((await after.take()).batch)).toEqual(['b']);
    after.store.abandon();
  });

  test('a damaged checkpoint costs repetition, not records', async () => {
    const directory = newDirectory();
    const before = open(directory);
    before.buffer.append(sourceBatchOf(['a', 'b']));
    acknowledgeAll((await before.buffer.cursor('one').take({ ...all, maxRecords: 1 }, never))!);
    before.buffer.end();
    writeFileSync(join(directory, 'checkpoint.json'), '{"version":1,"pos');
    const after = open(directory);
    expect(after.problems).toEqual(['spool_checkpoint']);
    expect(messagesOf((await after.take()).batch)).toEqual(['a', 'b']);
    after.store.abandon();
  });

  test('a directory that cannot be written is a problem of the settings', () => {
    const path = join(newDirectory(), 'file');
    writeFileSync(path, '');
    expect(() => open(join(path, 'spool'))).toThrow(ConfigError);
  });
});

describe('places of what a full buffer on disk drops', () => {
  const line = (seq: number) => ({ message: 'x'.repeat(300), timeMs: 0, seq });
  const batch = (first: number) => sourceOf(batchOf([line(first), line(first + 1), line(first + 2)]));
  const sourceOf = (records: RecordBatch): SourceBatch => ({ ...records, acknowledge: () => {} });
  const limits = { ...all, maxRecords: 2 };

  /** The places that were told, and how many records were dropped. */
  function dropping(directory: string, maxBytes: number) {
    const told: { seqs: number[]; from: number; to: number }[] = [];
    let records = 0;
    const options: Partial<RecordBufferOptions> = {
      onFull: 'drop-oldest',
      placesOf: AuditLog.places,
      onDropped: (_sink, _reason, dropped, places) => {
        records += dropped.records;
        for (const { from, to, count } of places) {
          told.push({ seqs: Array.from({ length: count }, (_, i) => from + i), from, to });
          expect(to - from + 1).toBe(count);
        }
      },
    };
    return {
      ...open(directory, options, maxBytes),
      places: () => told.flatMap(({ seqs }) => seqs),
      dropped: () => records,
    };
  }

  test('are those of every record that is dropped, also of a batch that is begun, and of a previous run', async () => {
    const directory = newDirectory();
    const first = dropping(directory, 3000);
    first.buffer.append(batch(0));
    // Two of the three are in flight: they stay.
    const taken = await first.buffer.cursor('one').take(limits, never);
    expect(taken!.batch.count).toBe(2);
    for (let seq = 3; first.dropped() < 4; seq += 3) first.buffer.append(batch(seq));
    expect(first.places()).toEqual([2, 3, 4, 5]);
    first.store.abandon();

    const second = dropping(directory, 3000);
    for (let seq = 100; second.dropped() < 6; seq += 3) second.buffer.append(batch(seq));
    expect(second.places()).toHaveLength(second.dropped());
    // What was in flight when the first one was killed is the oldest now.
    expect(second.places().slice(0, 3)).toEqual([0, 1, 6]);
    second.store.abandon();
  });
});
