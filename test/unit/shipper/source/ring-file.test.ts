/** One ring and its reader: a kill in the middle of a checkpoint, and a sleep. */
import fs, { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FIRST_FILE_STREAM, RING_HEADER } from '../../../../src/contract.js';
import { shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import { LossTotals } from '../../../../src/shipper/source/frames/losses/loss-totals.js';
import { freeHeader, RingFile } from '../../../../src/shipper/source/rings/file.js';
import { RingReader } from '../../../../src/shipper/source/rings/reader.js';

const NOTHING = { lines: 0, bytes: 0 };
const at = (word: string) => RING_HEADER.find(({ name }) => name === word)!.offset;
const TAIL = at('tail');
const CAPACITY = 4096;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logtap-ring-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const progress = (position: number, ...files: readonly [number, string][]) => ({
  position,
  assembled: [],
  hello: {
    pid: 42,
    instance: '0000000000000abc',
    process: 'app',
    container: 'web',
    lost: NOTHING,
    frames: 1,
    library: '0.1.0',
  },
  files: new Map(files),
});

const checkpoint = (file: RingFile, ...state: Parameters<RingFile['plan']>) => file.save(file.plan(...state)!);

test('notes that no checkpoint followed are not valid', () => {
  const path = join(directory, 'ring');
  writeFileSync(path, Buffer.concat([freeHeader(CAPACITY), Buffer.alloc(CAPACITY)]));
  const file = new RingFile(path);
  for (const position of [100, 200, 300]) {
    const kept = [FIRST_FILE_STREAM, `/var/log/${position}`] as const;
    checkpoint(file, progress(position, [...kept]), NOTHING, NOTHING);
    const page = Buffer.alloc(4096);
    const fd = openSync(path, 'r+');
    readSync(fd, page, 0, page.length, TAIL);
    checkpoint(file, progress(position + 50, [...kept], [FIRST_FILE_STREAM + 1, '/var/log/later']), NOTHING, NOTHING);
    // The kill came between the notes and the checkpoint.
    writeSync(fd, page, 0, page.length, TAIL);
    closeSync(fd);
    const next = new RingFile(path);
    expect(next.resume().progress).toMatchObject({ position, files: new Map([[...kept]]) });
    next.close();
    checkpoint(file, progress(position + 60), NOTHING, NOTHING);
  }
  file.close();
});

test('no checkpoint follows notes that cannot be written now', () => {
  const path = join(directory, 'ring');
  writeFileSync(path, Buffer.concat([freeHeader(CAPACITY), Buffer.alloc(CAPACITY)]));
  const file = new RingFile(path);
  const failing = jest.spyOn(fs, 'writeSync').mockImplementationOnce(() => {
    throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' });
  });
  expect(file.plan(progress(100), NOTHING, NOTHING)).toBeUndefined();
  failing.mockRestore();
  checkpoint(file, progress(200), NOTHING, NOTHING);
  const next = new RingFile(path);
  expect(next.resume().progress).toMatchObject({ position: 200, hello: { process: 'app' } });
  next.close();
  file.close();
});

test('a reader to which something came meanwhile does not sleep', () => {
  const path = join(directory, 'ring');
  writeFileSync(path, Buffer.concat([freeHeader(CAPACITY), Buffer.alloc(CAPACITY)]));
  const ring = { name: 'ring', pid: 42, instance: '0000000000000abc', number: 0 };
  const reader = new RingReader(ring, path, shareAssembly(1000, 1000), new LossTotals(() => {}), 0);
  expect(reader.sleep()).toBe(true);
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(8n);
  const fd = openSync(path, 'r+');
  writeSync(fd, head, 0, head.length, at('head'));
  closeSync(fd);
  expect(reader.sleep()).toBe(false);
  reader.leave();
});

test('a head before the place that was read is nonsense', () => {
  const path = join(directory, 'ring');
  writeFileSync(path, Buffer.concat([freeHeader(CAPACITY), Buffer.alloc(CAPACITY)]));
  const file = new RingFile(path);
  expect(file.state(0).head).toBe(0);
  expect(() => file.state(1)).toThrow('its head is at 0, and 1');
  file.close();
});
