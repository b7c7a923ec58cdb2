import {
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { RING_HEADER, RING_HEADER_BYTES } from '../../../../src/contract.js';
import type { SourceBatch } from '../../../../src/shipper/parts.js';
import type { RingSourceOptions } from '../../../../src/shipper/source/rings/options.js';
import { recordsOf } from '../../../support/batches.js';
import { data, hello, magic } from '../../../support/frames.js';
import { CAPACITY, openRings } from '../../../support/rings.js';

const INSTANCE = '0000000000000abc';
const OWN = `free-${INSTANCE}`;
const at = (word: string) => RING_HEADER.find(({ name }) => name === word)!.offset;
/** Each scan is due. */
const STEP_MS = 1000;
let path: string;
beforeEach(() => {
  path = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

const claim = (free: string, number: number, instance = INSTANCE): number => {
  const name = join(path, `ring-42-${instance}-${number}`);
  renameSync(join(path, free), name);
  return openSync(name, 'r+');
};

const wordOf = (fd: number, name: string): number => {
  const bytes = Buffer.alloc(4);
  readSync(fd, bytes, 0, 4, at(name));
  return bytes.readUInt32LE(0);
};

function tailOf(fd: number): number {
  const bytes = Buffer.alloc(8);
  readSync(fd, bytes, 0, 8, at('tail'));
  return Number(bytes.readBigUInt64LE());
}

function write(fd: number, from: number, bytes: Buffer): number {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(from + bytes.length));
  writeSync(fd, bytes, 0, bytes.length, RING_HEADER_BYTES + from);
  writeSync(fd, head, 0, 8, at('head'));
  return from + bytes.length;
}

/** So many bytes of lines, or a few less. */
const lines = (first: bigint, bytes: number) =>
  Buffer.concat(Array.from({ length: Math.floor(bytes / 1024) }, (_, i) => data(1, first + BigInt(i), line(i))));
const line = (i: number) => `${String(i).padStart(900, '.')}\n`;

/** A source whose clock is a second later after each batch, so that it looks at everything before the next one. */
function reading(options: Partial<RingSourceOptions> = {}) {
  let aheadMs = 0;
  const source = openRings(path, { now: () => performance.now() + aheadMs, lingerMs: 0, ...options });
  const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
  return {
    async next(): Promise<SourceBatch> {
      const { value } = await batches.next();
      aheadMs += STEP_MS;
      return value;
    },
    end: () => batches.return?.(undefined),
  };
}

const anyFree = () => readdirSync(path).find((name) => name.startsWith('free-'))!;

/** What is seen after batches from a ring with so many bytes of lines, of which none is acknowledged. */
async function watch(bytes: number, options: Partial<RingSourceOptions> = {}) {
  const source = reading(options);
  const ring = claim(anyFree(), 0);
  let head = write(ring, 0, Buffer.concat([magic, hello(), lines(1n, bytes)]));
  await source.next();
  for (let i = 0; i < 2 && wordOf(ring, 'retired') === 0; i++) {
    head = write(ring, head, data(1, BigInt(1000 + i), 'more\n'));
    await source.next();
  }
  // At the end free rings are removed.
  const sizes = new Map(readdirSync(path).map((name) => [name, statSync(join(path, name)).size]));
  await source.end();
  return { sizes, isRetired: wordOf(ring, 'retired') !== 0 };
}

test('a ring that is half full of lines that wait for an answer gives way to one of four times the size', async () => {
  const { sizes, isRetired } = await watch(CAPACITY * 0.7);
  expect(sizes.get(OWN)).toBe(RING_HEADER_BYTES + 4 * CAPACITY);
  expect(isRetired).toBe(true);
});

test.each<[string, number, Partial<RingSourceOptions>]>([
  ['it is less than half full', CAPACITY * 0.3, {}],
  ['a larger one would be more than a quarter of the room for all', CAPACITY * 0.7, { totalBytes: 8 * CAPACITY - 1 }],
  ['new processes need the room', CAPACITY * 0.7, { totalBytes: 16 * CAPACITY, pool: 12 }],
  // Then its room is released without an acknowledgement.
  ['sinks have failed for long', CAPACITY * 0.7, { isOutage: () => true, isLongOutage: () => true }],
])('a ring stays as it is where %s', async (_, bytes, options) => {
  const { sizes, isRetired } = await watch(bytes, options);
  expect(sizes.has(OWN)).toBe(false);
  expect(isRetired).toBe(false);
});

test('while sinks begin to fail, a ring gives way to a larger one and keeps its lines for the shipper after a kill', async () => {
  const source = reading({ isOutage: () => true, isLongOutage: () => false });
  const before = claim(anyFree(), 0);
  const bytes = Buffer.concat([magic, hello(), lines(1n, CAPACITY * 0.7)]);
  let head = write(before, 0, bytes);
  const { count } = await source.next();
  for (let i = 0; i < 3; i++) {
    if (wordOf(before, 'retired') === 0) head = write(before, head, data(1, BigInt(1000 + i), 'more\n'));
    else write(claim(OWN, 1), 0, Buffer.concat([magic, hello(), data(1, 2000n, 'in the larger ring\n')]));
    if (recordsOf(await source.next()).some(({ message }) => message === 'in the larger ring')) break;
  }
  await source.end();
  expect(wordOf(before, 'retired')).toBe(1);
  const losses: unknown[] = [];
  const next = reading({ onPreviousRunLoss: (loss) => losses.push(loss) });
  expect(recordsOf(await next.next()).length).toBeGreaterThanOrEqual(count);
  await next.end();
  expect(losses).toEqual([]);
});

test('a ring that is about to give way to a larger one releases nothing', async () => {
  let nowMs = 0;
  const source = openRings(path, { now: () => nowMs, lingerMs: 0, isOutage: () => true, isLongOutage: () => false });
  const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
  const before = claim(anyFree(), 0);
  let head = write(before, 0, Buffer.concat([magic, hello(), lines(1n, CAPACITY * 0.7)]));
  await batches.next();
  // No look for rings is due.
  for (const seq of [1000n, 1001n]) {
    head = write(before, head, data(1, seq, 'more\n'));
    await batches.next();
  }
  expect([wordOf(before, 'retired'), tailOf(before)]).toEqual([0, 0]);
  nowMs += STEP_MS;
  write(before, head, data(1, 1002n, 'more\n'));
  await batches.next();
  await batches.return?.(undefined);
  expect([wordOf(before, 'retired'), tailOf(before)]).toEqual([1, 0]);
});

test('a ring that its process has left releases nothing: that would give room to no line', async () => {
  let isOutage = false;
  const source = reading({ isOutage: () => isOutage, isLongOutage: () => true });
  const before = claim(anyFree(), 0);
  const bytes = Buffer.concat([magic, hello(), lines(1n, CAPACITY * 0.7)]);
  write(before, 0, bytes);
  writeSync(before, Buffer.from([1, 0, 0, 0]), 0, 4, at('retired'));
  await source.next();
  isOutage = true;
  write(claim(anyFree(), 1), 0, Buffer.concat([magic, hello(), data(1, 2000n, 'in the next ring\n')]));
  expect(recordsOf(await source.next()).map(({ message }) => message)).toEqual(['in the next ring']);
  await source.end();
  expect(tailOf(before)).toBe(0);
});

test('in an outage a ring for which there is no larger one releases room', async () => {
  const source = reading({ isOutage: () => true, isLongOutage: () => false, totalBytes: 6 * CAPACITY });
  const ring = claim(anyFree(), 0);
  const head = write(ring, 0, Buffer.concat([magic, hello(), lines(1n, CAPACITY * 0.7)]));
  await source.next();
  write(ring, head, data(1, 1000n, 'more\n'));
  await source.next();
  await source.end();
  expect(tailOf(ring)).toBeGreaterThan(0);
  expect(wordOf(ring, 'retired')).toBe(0);
});

test('a ring of twice the size is made where there is no room for four times', async () => {
  const { sizes } = await watch(CAPACITY * 0.7, { totalBytes: 8 * CAPACITY, pool: 1 });
  expect(sizes.get(OWN)).toBe(RING_HEADER_BYTES + 2 * CAPACITY);
});

test('of many processes that are held up each gets a part of the room', async () => {
  const source = reading({ totalBytes: 32 * (RING_HEADER_BYTES + CAPACITY), pool: 8 });
  const instances = Array.from({ length: 8 }, (_, i) => `000000000000000${i}`);
  const rings = instances.map((instance) => claim(anyFree(), 0, instance));
  const heads = rings.map((ring, i) => {
    const greeting = hello({ instance: BigInt(`0x${instances[i]}`) });
    return write(ring, 0, Buffer.concat([magic, greeting, lines(1n, CAPACITY * 0.7)]));
  });
  await source.next();
  rings.forEach((ring, i) => {
    write(ring, heads[i]!, data(1, 1000n, 'more\n'));
  });
  await source.next();
  const larger = readdirSync(path).filter((name) => instances.some((instance) => name === `free-${instance}`));
  await source.end();
  expect(larger).toHaveLength(8);
});

test('lines in the larger ring follow those before, also for a reader that comes after a kill', async () => {
  const killed = reading();
  const before = claim(anyFree(), 0);
  const head = write(before, 0, Buffer.concat([magic, hello(), lines(1n, CAPACITY * 0.7)]));
  const first = (await killed.next()).count;
  write(before, head, data(1, 1000n, 'more\n'));
  await killed.next();
  write(claim(OWN, 1), 0, Buffer.concat([magic, hello(), data(1, 1001n, 'in the larger ring\n')]));
  expect(recordsOf(await killed.next()).map(({ message }) => message)).toEqual(['in the larger ring']);
  await killed.end();
  const next = reading();
  const again: string[] = [];
  while (again.length < first + 2) again.push(...recordsOf(await next.next()).map(({ message }) => message));
  await next.end();
  expect(again.slice(first)).toEqual(['more', 'in the larger ring']);
});

test('where new processes find no room, a larger ring that is hardly used is given back', async () => {
  const totalBytes = 8 * (RING_HEADER_BYTES + CAPACITY);
  const source = reading({ totalBytes, pool: 2 });
  const before = claim(anyFree(), 0);
  const head = write(before, 0, Buffer.concat([magic, hello(), lines(1n, CAPACITY * 0.7)]));
  const first = await source.next();
  write(before, head, data(1, 1000n, 'more\n'));
  const second = await source.next();
  const larger = claim(OWN, 1);
  const begun = write(larger, 0, Buffer.concat([magic, hello(), data(1, 1001n, 'in the larger ring\n')]));
  const third = await source.next();
  for (const batch of [first, second, third]) batch.acknowledge();
  // Others take the room.
  writeFileSync(join(path, 'making-other'), '');
  truncateSync(join(path, 'making-other'), totalBytes);
  rmSync(join(path, anyFree()));
  write(larger, begun, data(1, 1002n, 'more\n'));
  (await source.next()).acknowledge();
  await source.end();
  expect(wordOf(larger, 'retired')).toBe(1);
});

test('several rings that grow at once stay within the room for all', async () => {
  const totalBytes = 16 * (RING_HEADER_BYTES + CAPACITY);
  const source = reading({ totalBytes, pool: 4 });
  const instances = Array.from({ length: 4 }, (_, i) => `${i}`.repeat(16));
  const rings = instances.map((instance) => claim(anyFree(), 0, instance));
  const heads = rings.map((ring, i) =>
    write(ring, 0, Buffer.concat([magic, hello({ instance: BigInt(`0x${instances[i]}`) }), lines(1n, CAPACITY * 0.7)])),
  );
  const isGrowing = () => rings.some((ring) => wordOf(ring, 'retired') !== 0);
  for (let i = 0; i < 10 && !isGrowing(); i++) {
    for (const [k, ring] of rings.entries()) heads[k] = write(ring, heads[k]!, data(1, BigInt(1000 + i), 'more\n'));
    await source.next();
  }
  const sizes = readdirSync(path)
    .filter((name) => /^(ring|free)-/.test(name))
    .map((name) => statSync(join(path, name)).size);
  await source.end();
  expect(isGrowing()).toBe(true);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(totalBytes);
});
