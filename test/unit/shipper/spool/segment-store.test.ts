/** What the disk does to a hold: full, gone, damaged, torn; what an earlier life left. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../../../src/shipper/errors.js';
import { Hold, type HoldOptions } from '../../../../src/shipper/spool/hold.js';
import { SegmentStore } from '../../../../src/shipper/spool/segment-store.js';
import { batchOf, messagesOf, recordsOf, settleAll, sourceBatchOf, stdoutOrigin } from '../../../support/batches.js';

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

function open(directory: string, options: Partial<HoldOptions> = {}, maxBytes = 1_000_000) {
  const problems: string[] = [];
  const dropped: unknown[] = [];
  const recovered: unknown[] = [];
  const store = new SegmentStore({ directory, maxBytes, cacheBytes: 0, onProblem: (code) => problems.push(code) });
  const hold = new Hold({
    maxBytes: 1_000_000,
    sinks: ['one'],
    now: () => 0,
    store,
    onDropped: (sink, reason, { records, bytes }) => dropped.push([sink, reason, records, bytes]),
    onRecovered: (sink, { records, bytes }) => recovered.push([sink, records, bytes]),
    ...options,
  });
  const take = async () => (await hold.lane('one').take(all, never))!;
  return { store, hold, problems, dropped, recovered, take };
}

const segments = (directory: string) => readdirSync(directory).filter((name) => name.endsWith('.segment'));
const segment = (directory: string) => join(directory, segments(directory)[0]!);

describe('a hold on disk', () => {
  test('gives all columns back after a kill, and the source was let go at once', async () => {
    const directory = newDirectory();
    const file = { ...stdoutOrigin, id: 'other', stream: 'file' as const, path: '/var/log/ä.log' };
    const records = [
      { message: 'a', timeMs: 1.25, seq: 2 ** 52, origin: file },
      { message: Buffer.from([0, 255, 10]), timeMs: 2, seq: 5 },
      { message: '', timeMs: 3, seq: 6, origin: file },
    ];
    const before = open(directory);
    let released = 0;
    before.hold.append({ ...batchOf(records), release: () => released++ });
    expect(released).toBe(1);
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
    first.hold.append(sourceBatchOf(['whole']));
    first.store.abandon();
    const path = segment(directory);
    const { size } = statSync(path);
    appendFileSync(path, readFileSync(path).subarray(16, -3));
    const second = open(directory);
    expect(second.problems).toEqual(['spool_torn']);
    expect(statSync(path).size).toBe(size);
    second.hold.append(sourceBatchOf(['next']));
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
    before.hold.append(sourceBatchOf(['one']));
    const at = statSync(segment(directory)).size;
    before.hold.append(sourceBatchOf(['two', 'LTB1 is in here']));
    before.hold.append(sourceBatchOf(['three']));
    before.store.abandon();
    const bytes = readFileSync(segment(directory));
    bytes[at + offset]! ^= 0xff;
    writeFileSync(segment(directory), bytes);
    const after = open(directory);
    expect(after.hold.lane('one').held.records).toBe(4);
    const taken = await after.take();
    expect(messagesOf(taken.batch)).toEqual(['one']);
    settleAll(taken);
    expect(messagesOf((await after.take()).batch)).toEqual(['three']);
    expect(after.dropped).toEqual([['one', 'spool_corrupt', 2, 0]]);
    expect(after.hold.lane('one').held.records).toBe(1);
    after.store.abandon();
  });

  test('damage while it runs is counted when it is read', async () => {
    const directory = newDirectory();
    const { hold, dropped, take, store } = open(directory);
    hold.append(sourceBatchOf(['gone', 'too']));
    const bytes = readFileSync(segment(directory));
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(segment(directory), bytes);
    hold.append(sourceBatchOf(['here']));
    expect(messagesOf((await take()).batch)).toEqual(['here']);
    expect(dropped).toEqual([['one', 'spool_corrupt', 2, 7]]);
    expect(hold.lane('one').held).toMatchObject({ records: 1, bytes: 4 });
    store.abandon();
  });

  test('what the disk does not take is held in memory, in order, and the source keeps it', async () => {
    const directory = newDirectory();
    const { hold, problems, take, store } = open(directory);
    rmSync(directory, { recursive: true });
    let released = 0;
    hold.append(sourceBatchOf(['memory'], () => released++));
    expect([problems, released]).toEqual([['ENOENT'], 0]);
    const taken = await take();
    expect(messagesOf(taken.batch)).toEqual(['memory']);
    settleAll(taken);
    expect(released).toBe(1);
    store.abandon();
  });

  test('blocks at the bound of the disk until a segment is free', async () => {
    const { hold, take, store } = open(newDirectory(), {}, 8000);
    while (hold.fullness < 1) hold.append(sourceBatchOf(['x'.repeat(500)]));
    let hasRoom = false;
    const room = hold.room(never).then(() => {
      hasRoom = true;
    });
    await new Promise(setImmediate);
    expect(hasRoom).toBe(false);
    settleAll(await take());
    await room;
    expect(hold.fullness).toBeLessThan(1);
    store.abandon();
  });

  test('goes on where the checkpoint is; a sink that is new gets all that is there', async () => {
    const directory = newDirectory();
    const before = open(directory);
    before.hold.append(sourceBatchOf(['a', 'bb', 'ccc']));
    settleAll((await before.hold.lane('one').take({ ...all, maxRecords: 1 }, never))!);
    before.hold.end();
    const after = open(directory, { sinks: ['one', 'new'] });
    expect(after.recovered).toEqual([
      ['one', 2, 5],
      ['new', 3, 6],
    ]);
    expect(messagesOf((await after.take()).batch)).toEqual(['bb', 'ccc']);
    expect(messagesOf((await after.hold.lane('new').take(all, never))!.batch)).toEqual(['a', 'bb', 'ccc']);
    after.store.abandon();
  });

  test('what is out for one sink stays on disk when another has settled it', async () => {
    const directory = newDirectory();
    const sinks = ['one', 'two'];
    const before = open(directory, { sinks }, 8000);
    const messages = ['a', 'b', 'c'].map((letter) => letter.repeat(1500));
    for (const message of messages) before.hold.append(sourceBatchOf([message]));
    await before.take();
    settleAll((await before.hold.lane('two').take(all, never))!);
    before.store.abandon();
    const after = open(directory, { sinks }, 8000);
    expect(messagesOf((await after.take()).batch)).toEqual(messages);
    after.store.abandon();
  });

  test('a checkpoint that cannot be read costs repetition, not records', async () => {
    const directory = newDirectory();
    const before = open(directory);
    before.hold.append(sourceBatchOf(['a', 'b']));
    settleAll((await before.hold.lane('one').take({ ...all, maxRecords: 1 }, never))!);
    before.hold.end();
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
