/** Rings that no reader can begin with: what they hold is counted once, as far as their bytes tell, before they are removed. */
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { RING_HEADER, RING_HEADER_BYTES, RING_NOTES_AT } from '../../../../src/contract.js';
import type { Lost } from '../../../../src/shipper/source/frames/decoder.js';
import type { RingSourceOptions } from '../../../../src/shipper/source/rings/options.js';
import type { RefusedRing } from '../../../../src/shipper/source/rings/unread/refused.js';
import { data, hello, magic } from '../../../support/frames.js';
import { freeRing } from '../../../support/ring-receiver.js';
import { CAPACITY, openRings } from '../../../support/rings.js';

const NAME = 'ring-42-0000000000000abc-0';
const at = (word: string) => RING_HEADER.find(({ name }) => name === word)!.offset;
const GREETING = Buffer.concat([magic, hello()]);
const LINES = Buffer.concat([GREETING, data(1, 1n, 'one\ntwo\n'), data(2, 2n, 'three'), data(1, 0x0a0an, 'four\n')]);
const KNOWN: Lost = { lines: 4, bytes: 8 + 5 + 5 };
/** Every byte of the frames that may end a line, and what is behind the last of them. */
const MOST = (bytes: Buffer): Lost => ({ lines: bytes.filter((byte) => byte === 10).length, bytes: bytes.length });

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync('/dev/shm/logtap-rings-');
  path = join(directory, NAME);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A ring with these bytes, as a process leaves it, and with words of its header changed. */
function put(bytes: Buffer, words: Readonly<Record<string, bigint>> = {}, name = NAME): Buffer {
  const ring = freeRing(CAPACITY);
  bytes.copy(ring, RING_HEADER_BYTES);
  ring.writeBigUInt64LE(BigInt(bytes.length), at('head'));
  for (const [word, value] of Object.entries(words)) {
    const { type } = RING_HEADER.find(({ name: known }) => known === word)!;
    if (type === 'u32') ring.writeUInt32LE(Number(value), at(word));
    else ring.writeBigUInt64LE(value, at(word));
  }
  writeFileSync(join(directory, name), ring);
  return ring;
}

interface Found {
  readonly errors: readonly string[];
  readonly refused: readonly (RefusedRing & { readonly isThere: boolean })[];
  readonly removed: readonly string[];
  readonly lost: readonly Lost[];
  readonly records: number;
}

/** One shipper, until nothing more comes. */
async function ship(options: Partial<RingSourceOptions> = {}): Promise<Found> {
  const errors: string[] = [];
  const refused: Found['refused'][number][] = [];
  const removed: string[] = [];
  const lost: Lost[] = [];
  let records = 0;
  const source = openRings(directory, {
    onProtocolError: ({ reason }) => errors.push(reason),
    onRefused: (ring) => refused.push({ ...ring, isThere: existsSync(join(directory, ring.name)) }),
    onRefusedRemoved: (name) => removed.push(name),
    onLost: (more) => lost.push(more),
    ...options,
  });
  const stop = new AbortController();
  stop.abort();
  for await (const batch of source.batches(stop.signal)) {
    records += batch.count;
    batch.acknowledge();
  }
  return { errors, refused, removed, lost, records };
}

const of = (unread: Lost, more: Partial<RefusedRing> = {}) => ({
  ...{ name: NAME, bytes: RING_HEADER_BYTES + CAPACITY, unread, gone: { lines: 0, bytes: 0 }, uncounted: undefined },
  ...more,
  isThere: true,
});

test.each([
  ['magic', { magic: 0n }],
  ['version', { version: 0n }],
  ['size of its header', { header_bytes: 1n }],
  ['capacity', { capacity: 1n }],
])('with another %s: its lines are counted before it is removed', async (_, words) => {
  put(LINES, words);
  expect(await ship()).toEqual({
    ...{ errors: ['ring'], refused: [of(KNOWN)], removed: [NAME] },
    lost: [],
    records: 0,
  });
  expect(existsSync(path)).toBe(false);
});

test('while its count cannot be kept, it stays, and counts once', async () => {
  put(LINES, { magic: 0n });
  expect(await ship({ isKept: () => false })).toMatchObject({ errors: ['ring'], refused: [of(KNOWN)], removed: [] });
  expect(existsSync(path)).toBe(true);
  const isKept = jest.fn(() => true).mockReturnValueOnce(false);
  expect(await ship({ isKept })).toMatchObject({ errors: ['ring'], refused: [of(KNOWN)], removed: [NAME] });
  expect(existsSync(path)).toBe(false);
});

test('lines before the place up to which all is acknowledged do not count', async () => {
  const delivered = Buffer.concat([GREETING, data(1, 1n, 'one\ntwo\n')]);
  put(LINES, { magic: 0n, tail: BigInt(delivered.length) });
  expect((await ship()).refused).toEqual([of({ lines: 2, bytes: 10 })]);
  put(LINES, { magic: 0n, tail: BigInt(LINES.length) });
  expect(await ship()).toMatchObject({ errors: ['ring'], refused: [] });
  expect(existsSync(path)).toBe(false);
});

test.each([
  ['a head that is nonsense', { head: 2n ** 64n - 1n }],
  ['a head before its tail', { magic: 0n, head: 20n, tail: 30n }],
  ['a head farther than the ring is large', { head: BigInt(CAPACITY + 1) }],
  ['a header of zeros', { magic: 0n, version: 0n, header_bytes: 0n, capacity: 0n, head: 0n }],
  ['a tail within a frame', { magic: 0n, tail: 90n }],
])('%s: as many lines as its bytes may have ended', async (_, words) => {
  put(LINES, words);
  expect((await ship()).refused).toEqual([of(MOST(LINES))]);
});

test('bytes behind the last line end are a line', async () => {
  const open = Buffer.concat([GREETING, data(1, 1n, 'open')]);
  put(open, { magic: 0n, head: 0n });
  expect((await ship()).refused).toEqual([of({ ...MOST(open), lines: MOST(open).lines + 1 })]);
});

test('no claim of a header counts more than the bytes of the ring hold', async () => {
  put(Buffer.alloc(0), { magic: 0n, head: 2n ** 40n, lost_lines: 5n, lost_bytes: 5n });
  expect(await ship()).toMatchObject({ refused: [], lost: [] });
  const ring = put(LINES, { head: 2n ** 40n, tail: 2n ** 40n });
  ring.writeUInt32LE(1, at('tail') + 8);
  // Lines that a killed shipper had.
  ring.writeBigUInt64LE(2n ** 40n, at('tail') + 32);
  ring.writeBigUInt64LE(2n ** 40n, at('tail') + 40);
  writeFileSync(path, ring);
  expect(await ship()).toMatchObject({ errors: ['ring'], refused: [] });
});

test('what its process lost, and what a killed shipper had of it, where only the notes are damaged', async () => {
  const tail = BigInt(GREETING.length);
  const ring = put(LINES, { tail, lost_lines: 9n, lost_bytes: 90n });
  ring.writeUInt32LE(1, at('tail') + 8);
  for (const [place, count] of [3n, 30n, 2n, 20n].entries()) ring.writeBigUInt64LE(count, at('tail') + 16 + 8 * place);
  ring.write('no notes', RING_NOTES_AT);
  writeFileSync(path, ring);
  expect(await ship()).toMatchObject({
    refused: [of(KNOWN, { gone: { lines: 2, bytes: 20 } })],
    lost: [{ lines: 6, bytes: 60 }],
  });
});

describe('a ring of which nothing tells how many lines are missing', () => {
  test.each([0, 100, RING_HEADER_BYTES - 1])('that was cut off at %d', async (bytes) => {
    put(LINES);
    truncateSync(path, bytes);
    expect((await ship()).refused).toEqual([of({ lines: 0, bytes: 0 }, { bytes, uncounted: 'cut' })]);
    expect(existsSync(path)).toBe(false);
  });

  test('that was cut off among its lines: the others count', async () => {
    put(LINES);
    const bytes = RING_HEADER_BYTES + LINES.length - 3;
    truncateSync(path, bytes);
    const left = LINES.subarray(0, -3);
    const most = MOST(left);
    expect((await ship()).refused).toEqual([of({ ...most, lines: most.lines + 1 }, { bytes, uncounted: 'cut' })]);
  });

  test('that is larger than what is looked through', async () => {
    put(LINES, { magic: 0n });
    const bytes = 2 ** 34;
    truncateSync(path, bytes);
    writeFileSync(path, 'x', { flag: 'r+' });
    expect((await ship()).refused).toMatchObject([{ bytes, uncounted: 'size' }]);
  });
});

describe('once', () => {
  test('also where a kill came before its removal', async () => {
    put(LINES, { magic: 0n });
    expect(await ship({ refused: new Set([NAME]) })).toMatchObject({ refused: [], removed: [NAME] });
    expect(existsSync(path)).toBe(false);
  });

  test('while it cannot be looked through, it waits', async () => {
    put(LINES, { magic: 0n });
    const full = Object.assign(new Error('EIO'), { errno: -5, code: 'EIO' });
    let looks = 0;
    const onRefused = () => {
      looks += 1;
      if (looks === 1) throw full;
    };
    expect((await ship({ onRefused })).errors).toEqual(['ring']);
    expect([looks, existsSync(path)]).toEqual([2, false]);
  });

  test('where two names have the same file', async () => {
    put(LINES, { magic: 0n });
    linkSync(path, join(directory, 'ring-9-00000000000000cc-0'));
    const { errors, refused } = await ship();
    expect([errors, refused.map(({ unread }) => unread)]).toEqual([['ring', 'ring'], [KNOWN]]);
  });

  test('by a shipper that ends without a look at it', () => {
    put(LINES, { magic: 0n });
    const refused: RefusedRing[] = [];
    const source = openRings(directory, { onRefused: (ring) => refused.push(ring) });
    expect(source.unread()).toEqual({ records: 0, bytes: 0, rings: 0 });
    expect(refused).toMatchObject([{ unread: KNOWN }]);
  });
});

test('what is no file has no lines, and stays', async () => {
  const precious = join(directory, 'precious');
  writeFileSync(precious, 'one\n');
  symlinkSync(precious, path);
  mkdirSync(join(directory, 'ring-9-00000000000000cc-0'));
  expect(await ship()).toMatchObject({ errors: ['ring', 'ring'], refused: [], removed: [] });
  expect([existsSync(path), readFileSync(precious, 'utf8')]).toEqual([true, 'one\n']);
});
