/** A process that is sent to another ring within a line goes on with the line there: it stays one record for every reader of the rings. */
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { RING_HEADER, RING_HEADER_BYTES } from '../../../../src/contract.js';
import type { SourceBatch } from '../../../../src/shipper/parts.js';
import type { RingSourceOptions } from '../../../../src/shipper/source/rings/options.js';
import { type ReadRecord, recordsOf } from '../../../support/batches.js';
import { data, file, type HelloFields, hello, magic } from '../../../support/frames.js';
import { freeRing } from '../../../support/ring-receiver.js';
import { CAPACITY, openRings } from '../../../support/rings.js';

const at = (word: string) => RING_HEADER.find(({ name }) => name === word)!.offset;
const TIME_MS = Date.now() - 1000;
const TIME = BigInt(TIME_MS) * 1_000_000n;
const nameOf = (number: number) => `ring-42-0000000000000abc-${number}`;
let path: string;
beforeEach(() => {
  path = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

/** A ring with these frames. Its process has ended with the last one only. */
function make(number: number, frames: readonly Buffer[], isLast = false, fields: HelloFields = {}): void {
  const content = Buffer.concat([magic, hello(fields), ...frames]);
  const bytes = freeRing(CAPACITY);
  content.copy(bytes, RING_HEADER_BYTES);
  bytes.writeBigUInt64LE(BigInt(content.length), at('head'));
  bytes.writeUInt32LE(isLast ? 1 : 0, at('ended'));
  writeFileSync(join(path, `making-${number}`), bytes);
  renameSync(join(path, `making-${number}`), join(path, nameOf(number)));
}

const rings = () => readdirSync(path).filter((name) => name.startsWith('ring-'));

/** A shipper that acknowledges its first batches and is killed, or ends once all is read. Returns what it made records of. */
async function ship(acknowledged = Infinity, until = Infinity, options: Partial<RingSourceOptions> = {}) {
  const read: ReadRecord[] = [];
  const source = openRings(path, { lingerMs: 0, ...options });
  const batches: AsyncIterator<SourceBatch> = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
  source.close();
  for (let i = 0; read.length < until; i += 1) {
    const { value, done } = await batches.next();
    if (done) break;
    read.push(...recordsOf(value));
    if (i < acknowledged) value.acknowledge();
  }
  await batches.return?.();
  return read;
}
const messages = (read: readonly ReadRecord[]) => read.map(({ message }) => message);

test('the line is one record, at the place of its first byte, with the time of its first write', async () => {
  make(0, [data(1, 1n, 'one\ntw', TIME + 5_000_000n), data(2, 2n, 'prob', TIME + 6_000_000n)]);
  make(1, [data(1, 3n, 'o\nthree\n', TIME + 7_000_000n), data(2, 4n, 'lem\n', TIME + 8_000_000n)], true);
  const read = await ship();
  expect(read.map(({ message, seq, origin, timeMs }) => [message, seq, origin, Math.round(timeMs)]).sort()).toEqual([
    ['one', 32768, '0000000000000abc-1', TIME_MS + 5],
    ['problem', 2 * 32768, '0000000000000abc-2', TIME_MS + 6],
    ['three', 3 * 32768 + 2, '0000000000000abc-1', TIME_MS + 7],
    ['two', 32768 + 4, '0000000000000abc-1', TIME_MS + 5],
  ]);
  expect(rings()).toEqual([]);
});

test('over three rings, the second of which has none of its ends', async () => {
  make(0, [data(1, 1n, 'a')]);
  make(1, [data(1, 2n, 'b')]);
  make(2, [data(1, 3n, 'c\n')], true);
  expect(messages(await ship())).toEqual(['abc']);
  expect(rings()).toEqual([]);
});

test('of a log file that is announced in both rings; a file with another path is another', async () => {
  make(0, [file(16, '/a.log'), data(16, 1n, 'be'), file(17, '/b.log'), data(17, 2n, 'old')]);
  make(1, [file(16, '/a.log'), data(16, 3n, 'gun\n'), file(17, '/c.log'), data(17, 4n, 'new\n')], true);
  expect(messages(await ship()).sort()).toEqual(['begun', 'new', 'old']);
});

test.each([8, 9, 10, 11, 12, 15, 16, 17])(
  'a line that is longer than a record goes on, too: %i bytes before the second ring',
  async (length) => {
    const line = 'abcdefghijklmnopqrstuvwxyz';
    make(0, [data(1, 1n, line.slice(0, length))]);
    make(1, [data(1, 2n, `${line.slice(length)}\n`), data(1, 3n, 'next\n')], true);
    expect(messages(await ship(Infinity, Infinity, { lineMaxBytes: 8 }))).toEqual([
      ...['abcdefgh', 'ijklmnop', 'qrstuvwx', 'yz', 'next'],
    ]);
    expect(rings()).toEqual([]);
  },
);

test('an event goes on, too', async () => {
  make(0, [data(1, 1n, 'Exception in thread "main" java.lang.Error: no\n\tat a.B.c(B.java:1)\n')]);
  make(1, [data(1, 2n, '\tat a.B.d(B.java:2)\nnext\n')], true);
  const events = { idleMs: 10_000, maxBytes: 10_000, maxLines: 100 } as unknown as RingSourceOptions['events'];
  const read = messages(await ship(Infinity, Infinity, { events }));
  expect(read[0]).toContain('B.java:2');
});

/** Adds a frame behind what a ring has. */
function add(number: number, frame: Buffer): void {
  const fd = openSync(join(path, nameOf(number)), 'r+');
  const word = Buffer.alloc(8);
  readSync(fd, word, 0, 8, at('head'));
  const head = Number(word.readBigUInt64LE());
  writeSync(fd, frame, 0, frame.length, RING_HEADER_BYTES + head);
  word.writeBigUInt64LE(BigInt(head + frame.length));
  writeSync(fd, word, 0, 8, at('head'));
  closeSync(fd);
}

test('a frame that comes into a ring after its line went on is read from the next ring, where it is once more', async () => {
  make(0, [data(1, 1n, 'one\ntw')]);
  make(1, [data(1, 2n, 'o')]);
  const errors: string[] = [];
  const options = { lineIdleMs: 600_000, onProtocolError: ({ reason }: { reason: string }) => errors.push(reason) };
  const batches = openRings(path, options).batches(new AbortController().signal)[Symbol.asyncIterator]();
  expect(recordsOf((await batches.next()).value)).toHaveLength(1);
  const next = batches.next();
  // Until both are read, and beyond the next look at all rings.
  await sleep(300);
  add(0, data(1, 3n, ' late\n'));
  await sleep(1500);
  add(1, data(1, 3n, ' late\n'));
  expect(messages(recordsOf((await next).value))).toEqual(['two late']);
  expect(errors).toEqual([]);
  await batches.return?.(undefined);
});

test('the frame that is in both rings is read once, also where another ring was before them', async () => {
  make(0, [data(1, 1n, 'one\n')]);
  make(1, [data(1, 2n, 'tw')]);
  make(2, [data(1, 2n, 'tw'), data(1, 3n, 'o\n')], true);
  expect(messages(await ship())).toEqual(['one', 'two']);
});

describe('is cut', () => {
  test.each([
    ['where numbers between are missing', [data(1, 1n, 'one')], [data(1, 3n, 'two\n')], {}],
    [
      'where the next ring says that bytes are missing',
      [data(1, 1n, 'one')],
      [data(1, 2n, 'two\n')],
      { lostBytes: 5n },
    ],
    ['where the process has another name', [data(1, 1n, 'one')], [data(1, 2n, 'two\n')], { process: 'other' }],
  ])('%s', async (_, first, second, fields) => {
    make(0, first);
    make(1, second, true, fields);
    const read = messages(await ship()).filter((message) => !message.startsWith('logtap: '));
    expect(read).toEqual(['one', 'two']);
    expect(rings()).toEqual([]);
  });

  test('where there is no room for another ring: at once, so that there is', async () => {
    make(0, [data(1, 1n, 'one\ntw')]);
    make(1, [data(1, 2n, 'o\n')], true);
    const batches = openRings(path, { maxRings: 1, lineIdleMs: 600_000 })
      .batches(new AbortController().signal)
      [Symbol.asyncIterator]();
    const read: ReadRecord[] = [];
    while (read.length < 3) {
      const { value } = await batches.next();
      read.push(...recordsOf(value));
      value.acknowledge();
    }
    expect(messages(read)).toEqual(['one', 'tw', 'o']);
    await batches.return?.(undefined);
  });

  test('where no other ring comes: once it has been idle, and its ring is removed', async () => {
    make(0, [data(1, 1n, 'one\ntwo')]);
    const batches = openRings(path, { lineIdleMs: 40 }).batches(new AbortController().signal)[Symbol.asyncIterator]();
    // Sent to another one, which never comes.
    const fd = openSync(join(path, nameOf(0)), 'r+');
    const retired = Buffer.from([1]);
    writeSync(fd, retired, 0, 1, at('retired'));
    const read: ReadRecord[] = [];
    while (read.length < 2) {
      const { value } = await batches.next();
      read.push(...recordsOf(value));
      value.acknowledge();
    }
    expect(messages(read)).toEqual(['one', 'two']);
    await batches.return?.(undefined);
    expect(rings()).toEqual([]);
  });
});

describe('a shipper that comes after one that was killed', () => {
  test.each([0, 1, 2])('makes the same record of it: %i batches were acknowledged', async (acknowledged) => {
    make(0, [data(1, 1n, 'one\ntw')]);
    make(1, [data(1, 2n, 'o\nthree\n')]);
    const first = await ship(acknowledged, 3);
    make(2, [data(1, 3n, 'four\n')], true);
    const second = await ship();
    const two = [...first, ...second].filter(({ message }) => message === 'two');
    expect(new Set(two.map(({ seq }) => seq))).toEqual(new Set([32768 + 4]));
    expect([...new Set(messages([...first, ...second]))]).toEqual(['one', 'two', 'three', 'four']);
    expect(rings()).toEqual([]);
  });

  test('keeps all parts of it while it has no end, although lines before it are acknowledged', async () => {
    make(0, [data(1, 1n, 'line\n'.repeat(100)), data(1, 2n, 'tw')]);
    make(1, [data(1, 3n, 'o, three')]);
    const source = openRings(path, { lingerMs: 300 });
    const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
    const { value } = await batches.next();
    expect(recordsOf(value)).toHaveLength(100);
    value.acknowledge();
    await batches.return?.(undefined);
    make(2, [data(1, 4n, ' and four\n')], true);
    expect(messages(await ship())).toEqual(['two, three and four']);
    expect(rings()).toEqual([]);
  });

  test('property: any bytes, cut into any writes and rings, with any kills, are the same records', async () => {
    const lines = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\r', ' '), maxLength: 12 }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(
        lines,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 5 })), { maxLength: 3 }),
        async (texts, lengths, moves, kills) => {
          const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
          let ring: Buffer[] = [];
          const all = [ring];
          for (let from = 0, i = 0; from < bytes.length; i += 1) {
            const length = lengths[i % lengths.length]!;
            ring.push(data(1, BigInt(i + 1), bytes.subarray(from, from + length)));
            from += length;
            if (!moves[i % moves.length]) continue;
            ring = [];
            all.push(ring);
          }
          for (const [i, frames] of all.entries()) make(i, frames, i === all.length - 1);
          const read: ReadRecord[] = [];
          for (const [acknowledged, until] of kills) read.push(...(await ship(acknowledged, until)));
          read.push(...(await ship()));
          const bySeq = new Map<number, Set<string>>();
          for (const { seq, message } of read) bySeq.set(seq, (bySeq.get(seq) ?? new Set()).add(message));
          const found = [...bySeq].sort(([one], [other]) => one - other).map(([, each]) => [...each]);
          expect(found).toEqual(texts.map((text) => [text.replace(/\r$/, '')]));
          expect(rings()).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('property: where a shipper ends between two rings the line is cut, for all that come after it, and no byte is missing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: 1, maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 5 })), { maxLength: 12 }),
        async (text, lengths, kills) => {
          const bytes = Buffer.from(`${text}\n`);
          const read: ReadRecord[] = [];
          for (let from = 0, i = 0; from < bytes.length; i += 1) {
            const length = lengths[i % lengths.length]!;
            const isLast = from + length >= bytes.length;
            make(i, [data(1, BigInt(i + 1), bytes.subarray(from, from + length))], isLast);
            from += length;
            const [acknowledged, until] = kills[i] ?? [];
            if (acknowledged !== undefined) read.push(...(await ship(acknowledged, until)));
          }
          read.push(...(await ship()));
          const bySeq = new Map(read.map(({ seq, message }) => [seq, message]));
          for (const { seq, message } of read) expect(bySeq.get(seq)).toBe(message);
          const found = [...bySeq].sort(([one], [other]) => one - other).map(([, message]) => message);
          expect(found.join('')).toBe(text.replaceAll('\n', ''));
          expect(rings()).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });
});
