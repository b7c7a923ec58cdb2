/**
 * Rings that another process has spoiled, beside one that is sound: with any content, the source neither throws nor stops,
 * takes no memory for it, writes nothing outside its rings, and delivers the sound one to the last line.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { RING_HEADER, RING_HEADER_BYTES, RING_NOTES_AT } from '../../../../src/contract.js';
import type { SourceBatch } from '../../../../src/shipper/parts.js';
import { recordsOf } from '../../../support/batches.js';
import { data, hello, magic } from '../../../support/frames.js';
import { freeRing } from '../../../support/ring-receiver.js';
import { CAPACITY, HOSTILE, openRings } from '../../../support/rings.js';

const RUNS = Number(process.env.LOGTAP_TEST_RUNS ?? 100);
jest.setTimeout(240_000 + 2000 * RUNS);

const SOUND = 'ring-7-00000000000000aa-0';
const SPOILED = 'ring-8-00000000000000bb-0';
const at = (word: string) => RING_HEADER.find(({ name }) => name === word)!.offset;

let path: string;
beforeEach(() => {
  path = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

/** A ring with some lines, as a process leaves it. */
function ring(lines: readonly string[], instance: bigint): Buffer {
  const bytes = freeRing(CAPACITY);
  const frames = Buffer.concat([
    magic,
    hello({ instance }),
    ...lines.map((line, i) => data(1, BigInt(i + 1), `${line}\n`)),
  ]);
  frames.copy(bytes, RING_HEADER_BYTES);
  bytes.writeBigUInt64LE(BigInt(frames.length), at('head'));
  return bytes;
}

const SOUND_LINES = ['sound one', 'sound two', 'sound end'];

/** Reads until the sound ring is at its end, or the time is up. */
async function readAll(
  between: () => void = () => {},
  ms = 40,
): Promise<{ sound: string[]; errors: string[]; records: number }> {
  const errors: string[] = [];
  const sound: string[] = [];
  let records = 0;
  const source = openRings(path, {
    pool: 1,
    totalBytes: 1_000_000,
    isOutage: () => true,
    lineIdleMs: 5,
    lingerMs: 0,
    onProtocolError: ({ reason }) => errors.push(reason),
  });
  const stop = new AbortController();
  const end = setTimeout(() => source.close(), ms);
  const batches = source.batches(stop.signal) as AsyncIterable<SourceBatch>;
  for await (const batch of batches) {
    for (const { message, origin } of recordsOf(batch)) {
      records += 1;
      if (origin.startsWith('00000000000000aa-1')) sound.push(message);
    }
    between();
    batch.acknowledge();
  }
  clearTimeout(end);
  return { sound, errors, records };
}

const anyNumber = fc.oneof(fc.constantFrom(...HOSTILE), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const headerPlace = fc.oneof(
  fc.constantFrom(...RING_HEADER.map(({ offset }) => offset)),
  // The checkpoint and the notes of a reader.
  fc.integer({ min: 512, max: 512 + 9 }).map((i) => i * 8),
  fc.constantFrom(RING_NOTES_AT, RING_NOTES_AT + 4),
);
const damage = fc.oneof(
  fc.record({ kind: fc.constant('word' as const), at: headerPlace, value: anyNumber }),
  fc.record({
    kind: fc.constant('word' as const),
    at: fc.nat({ max: 600 }).map((i) => RING_HEADER_BYTES + i),
    value: anyNumber,
  }),
  fc.record({
    kind: fc.constant('bytes' as const),
    at: fc.nat({ max: RING_HEADER_BYTES + 2000 }),
    bytes: fc.uint8Array({ maxLength: 64 }),
  }),
  fc.record({ kind: fc.constant('size' as const), size: fc.nat({ max: RING_HEADER_BYTES + CAPACITY + 5000 }) }),
);
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function spoil(file: string, what: Damage): void {
  if (what.kind === 'size') {
    truncateSync(file, what.size);
    return;
  }
  const bytes = what.kind === 'bytes' ? what.bytes : Buffer.alloc(8);
  if (what.kind === 'word') (bytes as Buffer).writeBigUInt64LE(what.value);
  const fd = openSync(file, 'r+');
  writeSync(fd, bytes, 0, bytes.length, what.at);
  closeSync(fd);
}

describe('a spoiled ring', () => {
  test.each([
    ['before it is found', true],
    ['while it is read', false],
  ])('%s costs the others nothing', async (_, isBefore) => {
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
        rmSync(path, { recursive: true, force: true });
        mkdirSync(path);
        const spoiled = join(path, SPOILED);
        writeFileSync(spoiled, ring(['spoiled one', 'spoiled two'], 0xbbn));
        writeFileSync(join(path, SOUND), ring(SOUND_LINES, 0xaan));
        const apply = () => {
          for (const each of damages) {
            if (statSync(spoiled, { throwIfNoEntry: false }) !== undefined) spoil(spoiled, each);
          }
        };
        if (isBefore) apply();
        let isDone = false;
        const before = process.memoryUsage();
        const { sound, records } = await readAll(() => {
          if (!isBefore && !isDone) apply();
          isDone = true;
        });
        expect(sound).toEqual(SOUND_LINES);
        // No more than what a ring can hold, however long it says that it is.
        expect(records).toBeLessThan(CAPACITY / 2);
        expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(32 * 1024 * 1024);
      }),
      { numRuns: RUNS, ...seed() },
    );
  });
});

/** LOGTAP_TEST_SEED repeats a run. */
function seed(): { seed?: number } {
  return process.env.LOGTAP_TEST_SEED === undefined ? {} : { seed: Number(process.env.LOGTAP_TEST_SEED) };
}

test.each(HOSTILE)('%d in every word of a header, one by one: none of them harms another ring', async (value) => {
  const words = RING_HEADER.map(({ name }) => name);
  words.forEach((word, i) => {
    const spoiled = ring(['spoiled one'], BigInt(0xe00 + i));
    spoiled.writeBigUInt64LE(value, at(word));
    writeFileSync(join(path, `ring-8-0000000000000e${i.toString(16).padStart(2, '0')}-0`), spoiled);
  });
  writeFileSync(join(path, SOUND), ring(SOUND_LINES, 0xaan));
  // Long enough for rings to be put to sleep.
  const { sound, errors } = await readAll(() => {}, 150);
  expect(sound).toEqual(SOUND_LINES);
  // Magic, version, size of header, capacity: nothing but the right one is a ring.
  expect(errors.length).toBeGreaterThanOrEqual(value === BigInt(CAPACITY) ? 3 : 4);
});

test('a process that speaks for another one is not heard, and sent elsewhere', async () => {
  const forged = join(path, SPOILED);
  writeFileSync(forged, ring(['forged'], 0xaan));
  writeFileSync(join(path, SOUND), ring(SOUND_LINES, 0xaan));
  const { sound, errors } = await readAll();
  expect(sound).toEqual(SOUND_LINES);
  expect(errors).toEqual(['instance']);
});

test('a checkpoint with a place that is none is refused, and its process sent elsewhere', async () => {
  for (const [i, place] of [Number.NaN, Number.POSITIVE_INFINITY, 1e300, 0.5].entries()) {
    const bytes = ring(['one'], BigInt(0xe00 + i));
    bytes.writeBigUInt64LE(8n, at('tail'));
    bytes.writeUInt32LE(1, at('tail') + 8);
    bytes.writeUInt32LE(1, at('tail') + 12);
    bytes.writeDoubleLE(place, at('tail') + 48 + 8);
    writeFileSync(join(path, `ring-8-0000000000000e0${i}-0`), bytes);
  }
  writeFileSync(join(path, SOUND), ring(SOUND_LINES, 0xaan));
  const fd = openSync(join(path, 'ring-8-0000000000000e00-0'), 'r');
  const { sound, errors } = await readAll();
  expect(sound).toEqual(SOUND_LINES);
  expect(errors).toEqual(['ring', 'ring', 'ring', 'ring']);
  expect(readFileSync(fd).readUInt32LE(at('retired'))).toBe(1);
  closeSync(fd);
});

test('what is no ring, under the name of one, is left alone', async () => {
  const elsewhere = mkdtempSync('/dev/shm/logtap-elsewhere-');
  const precious = join(elsewhere, 'precious');
  writeFileSync(precious, ring(['not ours'], 0xccn));
  const original = readFileSync(precious);
  const name = (i: number) => join(path, `ring-9-00000000000000c${i}-0`);
  symlinkSync(precious, name(0));
  symlinkSync('/dev/zero', name(1));
  mkdirSync(name(2));
  execFileSync('mkfifo', [name(3)]);
  writeFileSync(name(4), '');
  writeFileSync(name(5), ring(['of another'], 0xdden));
  chmodSync(name(5), 0o000);
  for (let i = 0; i < 2000; i += 1) writeFileSync(join(path, `some-file-${i}`), '');
  writeFileSync(join(path, SOUND), ring(SOUND_LINES, 0xaan));
  // Through several looks: each is refused once.
  const { sound, errors } = await readAll(() => {}, 2500);
  expect(sound).toEqual(SOUND_LINES);
  expect([...new Set(errors)].sort()).toEqual(['instance', 'ring']);
  expect(errors.length).toBeLessThanOrEqual(6);
  expect(errors.length).toBeGreaterThanOrEqual(4);
  expect(readFileSync(precious).equals(original)).toBe(true);
  rmSync(elsewhere, { recursive: true });
});
