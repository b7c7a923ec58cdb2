/** The order in which the buffer writes, syncs and removes: what a crash of the machine leaves depends on it. */
import { CheckpointFile } from '../../../../src/shipper/buffer/checkpoint.js';
import type { Disk, DiskFile } from '../../../../src/shipper/buffer/disk.js';
import { RecordBuffer } from '../../../../src/shipper/buffer/record-buffer.js';
import { SegmentStore } from '../../../../src/shipper/buffer/segment-store.js';
import { acknowledgeAll, sourceBatchOf } from '../../../support/batches.js';
import { CrashDisk } from '../../../support/crash-disk.js';

const never = new AbortController().signal;

/** A disk that notes what happens to the checkpoint, and which files are removed. */
function noted() {
  const disk = new CrashDisk();
  const calls: string[] = [];
  const create = disk.create.bind(disk);
  const remove = disk.remove.bind(disk);
  const files: Partial<Disk> = {
    create(path) {
      const file = create(path);
      if (!path.includes('checkpoint')) return file;
      const write: DiskFile['write'] = (bytes, at) => {
        calls.push(`write at ${at}`);
        file.write(bytes, at);
      };
      const sync = () => {
        calls.push('sync');
        file.sync();
      };
      const syncLater = async () => {
        await file.syncLater();
        calls.push('sync');
      };
      return { ...file, isLinked: true, truncate: file.truncate, close: file.close, write, sync, syncLater };
    },
    remove(path) {
      if (path.endsWith('.segment')) calls.push('remove');
      remove(path);
    },
  };
  return { disk: Object.assign(disk, files), calls };
}

test('a checkpoint is never written over the one that is synced', async () => {
  const { disk, calls } = noted();
  const checkpoint = new CheckpointFile(disk, '/spool', true);
  const state = (end: number) => ({ end, positions: { one: end }, skipped: {}, removed: [] });
  checkpoint.commit(state(1));
  calls.length = 0;
  for (let end = 2; end < 6; end++) {
    if (end % 2 === 0) checkpoint.commit(state(end));
    else await checkpoint.commitLater(state(end));
  }
  const written = calls.filter((call) => call !== 'sync');
  expect(written).toHaveLength(4);
  // Each is synced before the next is written, so two in a row may not have one place.
  expect(written.slice(1).filter((place, i) => place === written[i])).toEqual([]);
});

test('a segment is removed after a checkpoint that says so is synced', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  const { disk, calls } = noted();
  const store = new SegmentStore({ directory: '/spool', maxBytes: 100_000, cacheBytes: 0, disk, onProblem: () => {} });
  const buffer = new RecordBuffer({ maxBytes: 1_000_000, sinks: ['one'], now: () => 0, store });
  buffer.append(sourceBatchOf(['x'.repeat(20_000)]));
  buffer.append(sourceBatchOf(['y']));
  calls.length = 0;
  const taken = await buffer.cursor('one').take({ maxRecords: 1, maxBytes: 1e6, recordOverheadBytes: 0 }, never);
  acknowledgeAll(taken!);
  await jest.advanceTimersByTimeAsync(1000);
  jest.useRealTimers();
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  expect(calls).toContain('remove');
  expect(calls.slice(0, calls.indexOf('remove')).at(-1)).toBe('sync');
  store.abandon();
});
