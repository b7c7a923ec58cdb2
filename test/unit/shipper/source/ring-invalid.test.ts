/** Rings with a part that no reader can read: the lines before it are delivered, and the lines behind it counted once, as an upper bound. */
import { ftruncateSync, mkdtempSync, openSync, readdirSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RING_HEADER, RING_HEADER_BYTES } from '../../../../src/contract.js';
import type { RingCheckpoint } from '../../../../src/shipper/accounting/acknowledging.js';
import type { Lost } from '../../../../src/shipper/source/frames/decoder.js';
import type { RingSourceOptions } from '../../../../src/shipper/source/rings/options.js';
import { recordsOf } from '../../../support/batches.js';
import { data, frame, hello, magic } from '../../../support/frames.js';
import { CAPACITY, openRings } from '../../../support/rings.js';

const NAME = 'ring-42-0000000000000abc-0';
const at = (word: string) => RING_HEADER.find(({ name }) => name === word)!.offset;
const UNKNOWN = frame({ type: 99, seq: 2n }, Buffer.from('?'));
const GREETING = Buffer.concat([magic, hello()]);
const LONG = Buffer.from(data(1, 2n, 'x'));
LONG.writeUInt32LE(0xffff_ffff, 0);

let path: string;
beforeEach(() => {
  path = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

function setWord(fd: number, name: string, value: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  writeSync(fd, bytes, 0, name === 'ended' ? 4 : 8, at(name));
}

function isRetired(fd: number): boolean {
  const bytes = Buffer.alloc(4);
  readSync(fd, bytes, 0, 4, at('retired'));
  return bytes.readUInt32LE() === 1;
}

/** A process has a ring with these bytes. */
function ringOf(bytes: Buffer): number {
  openRings(path).close();
  const free = readdirSync(path).find((name) => name.startsWith('free-'))!;
  renameSync(join(path, free), join(path, NAME));
  const fd = openSync(join(path, NAME), 'r+');
  writeSync(fd, bytes, 0, bytes.length, RING_HEADER_BYTES);
  setWord(fd, 'head', bytes.length);
  return fd;
}

const isThere = () => readdirSync(path).includes(NAME);

interface Found {
  readonly messages: readonly string[];
  readonly errors: readonly string[];
  /** What is counted, and whether the ring was there then. */
  readonly counted: readonly (Lost & { readonly isThere: boolean })[];
}

/** One shipper, until nothing more comes; `isKilled`: before it acknowledges. */
async function ship(options: Partial<RingSourceOptions> = {}, isKilled = false, during = () => {}): Promise<Found> {
  const found = { messages: [] as string[], errors: [] as string[], counted: [] as Found['counted'][number][] };
  const source = openRings(path, {
    onProtocolError: ({ reason }) => found.errors.push(reason),
    onInvalidFrames: (lost) => found.counted.push({ ...lost, isThere: isThere() }),
    ...options,
  });
  during();
  const stop = new AbortController();
  stop.abort();
  const batches = [];
  for await (const batch of source.batches(stop.signal)) {
    batches.push(batch);
    found.messages.push(...recordsOf(batch).map(({ message }) => message));
  }
  if (!isKilled) for (const batch of batches) batch.acknowledge();
  return found;
}

const notice = (lines: number, bytes: number) =>
  `logtap: up to ${lines} lines, ${bytes} bytes not read behind an invalid frame`;

test.each([
  ['of an unknown type', UNKNOWN, 'type', { lines: 1, bytes: 1 + 7 }],
  ['with a length beyond the limit', LONG, 'length', { lines: 1, bytes: LONG.length + data(1, 3n, 'unread\n').length }],
  ['of a file that was not announced', data(20, 2n, 'a\nb'), 'stream', { lines: 3, bytes: 3 + 7 }],
  ['that greets once more', hello(), 'hello', { lines: 1, bytes: 7 }],
])('a frame %s: the lines behind it are counted before its ring is removed', async (_, invalid, reason, lost) => {
  const fd = ringOf(Buffer.concat([GREETING, data(1, 1n, 'one\nrest'), invalid, data(1, 3n, 'unread\n')]));
  expect(await ship()).toEqual({
    messages: ['one', 'rest', notice(lost.lines, lost.bytes)],
    errors: [reason],
    counted: [{ ...lost, isThere: true }],
  });
  expect([isRetired(fd), isThere()]).toEqual([true, false]);
});

test('a frame that is cut off by the end of a ring, and a line in each stream that has no end', async () => {
  const fd = ringOf(Buffer.concat([GREETING, UNKNOWN, data(1, 3n, 'o'), data(2, 4n, 'e'), data(1, 5n, 'ut\n')]));
  setWord(fd, 'ended', 1);
  expect((await ship()).counted).toEqual([{ lines: 2, bytes: 6, isThere: true }]);
  const cut = Buffer.concat([GREETING, data(1, 1n, 'one\n'), data(1, 2n, 'two\nthree\n').subarray(0, -3)]);
  setWord(ringOf(cut), 'ended', 1);
  expect(await ship()).toMatchObject({ errors: ['truncated'], counted: [{ lines: 2, bytes: 7, isThere: true }] });
});

test('without a greeting there is no process to notice it, and it is counted', async () => {
  ringOf(Buffer.concat([magic, data(1, 1n, 'one\n')]));
  expect(await ship()).toEqual({
    messages: [],
    errors: ['hello'],
    counted: [{ lines: 1, bytes: 4, isThere: true }],
  });
  expect(isThere()).toBe(false);
});

test('nothing behind it is nothing to count', async () => {
  ringOf(Buffer.concat([GREETING, data(1, 1n, 'one\n'), hello()]));
  expect(await ship()).toEqual({ messages: ['one'], errors: ['hello'], counted: [] });
  expect(isThere()).toBe(false);
});

test('a head that is nonsense: as far as its process had room', async () => {
  const bytes = Buffer.concat([GREETING, data(1, 1n, 'one\n')]);
  const fd = ringOf(Buffer.concat([bytes, data(1, 2n, 'two\nthree\n')]));
  setWord(fd, 'head', bytes.length);
  const during = () => setTimeout(() => setWord(fd, 'head', 10 * CAPACITY), 30);
  expect(await ship({}, false, during)).toMatchObject({
    messages: ['one', notice(2, 10)],
    errors: ['ring'],
    counted: [{ lines: 2, bytes: 10 }],
  });
});

test('bytes that another process has cut off count as one line', async () => {
  const bytes = Buffer.concat([GREETING, data(1, 1n, 'one\n')]);
  const fd = ringOf(bytes);
  const during = () => {
    ftruncateSync(fd, RING_HEADER_BYTES + bytes.length);
    setWord(fd, 'head', bytes.length + 500);
  };
  expect(await ship({}, false, () => setTimeout(during, 30))).toMatchObject({
    messages: ['one', notice(1, 500)],
    errors: ['ring'],
    counted: [{ lines: 1, bytes: 500 }],
  });
});

test('a killed shipper: the next one makes the same records, and counts it', async () => {
  ringOf(Buffer.concat([GREETING, data(1, 1n, 'one\n'), UNKNOWN, data(1, 3n, 'unread\n')]));
  const first = await ship({}, true);
  expect(first.counted).toEqual([]);
  expect(await ship()).toEqual({ ...first, counted: [{ lines: 1, bytes: 8, isThere: true }] });
});

test.each([
  ['with', GREETING],
  ['without', magic],
])('a kill between the count and the end of the ring, %s a greeting: it is not counted again', async (_, greeting) => {
  ringOf(Buffer.concat([greeting, data(1, 1n, 'one\n'), UNKNOWN, data(1, 3n, 'unread\n')]));
  const planned = new Map<string, RingCheckpoint>();
  const first = await ship({
    onAcknowledging(ring) {
      const checkpoint = ring.checkpoint()!;
      planned.set(checkpoint.ring, checkpoint);
    },
  });
  expect(first.counted.length).toBe(1);
  expect(isThere()).toBe(true);
  expect(await ship({ planned })).toEqual({ messages: [], errors: [], counted: [] });
  expect(isThere()).toBe(false);
});

test.each([true, false])(
  'lines that no shipper has delivered when it ends are unread: found before %s',
  async (isFound) => {
    ringOf(Buffer.concat([GREETING, data(1, 1n, 'one\n'), UNKNOWN, data(1, 3n, 'unread\n')]));
    const source = openRings(path);
    const stop = new AbortController();
    stop.abort();
    let records = 0;
    if (isFound) for await (const batch of source.batches(stop.signal)) records += batch.count;
    expect(records).toBe(isFound ? 2 : 0);
    expect(source.unread()).toMatchObject({ records: isFound ? 1 : 2, rings: 0 });
  },
);

test('the process writes on in its next ring, and its lines are read', async () => {
  ringOf(Buffer.concat([GREETING, data(1, 1n, 'one\n'), UNKNOWN]));
  renameSync(join(path, NAME), join(path, 'kept'));
  const next = ringOf(Buffer.concat([GREETING, data(1, 3n, 'three\n')]));
  renameSync(join(path, NAME), join(path, NAME.replace(/0$/, '1')));
  renameSync(join(path, 'kept'), join(path, NAME));
  setWord(next, 'ended', 1);
  expect((await ship()).messages).toEqual(['one', 'three']);
});
