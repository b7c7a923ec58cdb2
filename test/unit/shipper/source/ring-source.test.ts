import {
  ftruncateSync,
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
import {
  FRAME_VERSION,
  RING_HEADER,
  RING_HEADER_BYTES,
  RING_NOTES_AT,
  RING_NOTES_BYTES,
  RING_VERSION,
} from '../../../../src/contract.js';
import type { RingCheckpoint } from '../../../../src/shipper/accounting/acknowledging.js';
import type { SourceBatch } from '../../../../src/shipper/parts.js';
import type { Unread } from '../../../../src/shipper/source/count-unread.js';
import type { Lost } from '../../../../src/shipper/source/frames/decoder.js';
import type { RingSourceOptions } from '../../../../src/shipper/source/rings/options.js';
import type { RingSource } from '../../../../src/shipper/source/rings/source.js';
import { type ReadRecord, recordsOf } from '../../../support/batches.js';
import { data, hello, lost, magic } from '../../../support/frames.js';
import { freeRing } from '../../../support/ring-receiver.js';
import { CAPACITY, openRings } from '../../../support/rings.js';

const at = (word: string) => RING_HEADER.find(({ name }) => name === word)!.offset;
const NAME = 'ring-42-0000000000000abc-0';
let path: string;
beforeEach(() => {
  path = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

function open(errors: string[] = [], options: Partial<RingSourceOptions> = {}) {
  return openRings(path, { onProtocolError: ({ reason }) => errors.push(reason), ...options });
}

function claim(ring = NAME): number {
  const free = readdirSync(path).find((name) => name.startsWith('free-'))!;
  renameSync(join(path, free), join(path, ring));
  return openSync(join(path, ring), 'r+');
}

function word(fd: number, name: string, value: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  writeSync(fd, bytes, 0, name === 'ended' || name === 'exit_status' ? 4 : 8, at(name));
}

function write(fd: number, from: number, bytes: Buffer): number {
  writeSync(fd, bytes, 0, bytes.length, RING_HEADER_BYTES + from);
  word(fd, 'head', from + bytes.length);
  return from + bytes.length;
}

/** Reads until so many records have come; acknowledges the first `acknowledged` batches. */
async function take(source: RingSource, records: number, acknowledged: number): Promise<ReadRecord[]> {
  const read: ReadRecord[] = [];
  const batches: AsyncIterator<SourceBatch> = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
  for (let i = 0; read.length < records; i += 1) {
    const { value, done } = await batches.next();
    if (done) break;
    read.push(...recordsOf(value));
    if (i < acknowledged) value.acknowledge();
  }
  await batches.return?.();
  return read;
}

test.each([0, 1])(
  'a reader that comes after one makes the same records of what was not acknowledged: %i',
  async (acknowledged) => {
    const maker = open();
    const fd = claim();
    maker.close();
    let head = write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\ntwo\nthr'), data(2, 2n, 'err\n')]));
    const first = await take(open(), 3, acknowledged);
    expect(first.map(({ message }) => message)).toEqual(['one', 'two', 'err']);
    head = write(fd, head, data(1, 3n, 'ee\nfour\n'));
    const second = await take(open(), acknowledged === 0 ? 5 : 2, 0);
    expect(second.map(({ message }) => message).sort()).toEqual(
      acknowledged === 0 ? ['err', 'four', 'one', 'three', 'two'] : ['four', 'three'],
    );
    const [three] = second.filter(({ message }) => message === 'three');
    expect(three?.seq).toBe(32768 + 8);
    for (const record of acknowledged === 0 ? first : []) expect(second).toContainEqual(record);
  },
);

test('UTF-16: a reader that comes after one knows the byte order and where characters begin', async () => {
  const charsets = { stdout: 'utf-16' };
  const utf16 = (text: string) => Buffer.from(text, 'utf16le').swap16();
  const maker = open();
  const fd = claim();
  maker.close();
  const begun = [data(1, 1n, utf16('\ufeff上\n')), data(1, 2n, utf16('一').subarray(0, -1)), data(2, 3n, 'err\n')];
  let head = write(fd, 0, Buffer.concat([magic, hello(), ...begun]));
  const first = await take(open([], { charsets }), 2, 1);
  head = write(fd, head, data(1, 4n, utf16('一').subarray(-1)));
  write(fd, head, data(1, 5n, utf16('😀\n上\n')));
  const second = await take(open([], { charsets }), 2, 1);
  const read = [...first, ...second].map(({ message, seq }) => [Buffer.from(message, 'latin1').toString(), seq]);
  expect(read).toEqual([
    ['上', 32768 + 2],
    ['err', 3 * 32768],
    ['一😀', 2 * 32768],
    ['上', 5 * 32768 + 6],
  ]);
});

test('a ring with much to read is read in batches that fit their memory, so that it is used again', async () => {
  const maker = open([], { ringBytes: 4 * 1024 * 1024 });
  const fd = claim();
  maker.close();
  const line = `${'line '.padEnd(199, '.')}\n`;
  const frames = Array.from({ length: 100 }, (_, i) => data(1, BigInt(i + 1), line.repeat(160)));
  write(fd, 0, Buffer.concat([magic, hello(), ...frames]));
  const inMemory: boolean[] = [];
  for await (const { memory } of open([], { lingerMs: 60_000 }).batches(new AbortController().signal)) {
    inMemory.push(memory !== undefined);
    if (inMemory.length === 3) break;
  }
  expect(inMemory).toEqual([true, true, true]);
});

test('a line that fills a batch and waits for its event does not keep the next one from being read', async () => {
  const events = { maxLines: 100, maxBytes: 10_000, idleMs: 600_000 };
  const maker = open([], { ringBytes: 4 * 1024 * 1024 });
  const fd = claim();
  maker.close();
  const frames = Array.from({ length: 70 }, (_, i) => data(1, BigInt(i + 1), 'x'.repeat(10_000)));
  const end = write(fd, 0, Buffer.concat([magic, hello(), ...frames, data(1, 71n, '\n')]));
  const options = { lingerMs: 0, lineMaxBytes: 1024 * 1024, events };
  const batches = open([], options).batches(new AbortController().signal)[Symbol.asyncIterator]();
  const lengths: number[] = [];
  const reading = (async () => {
    while (lengths.length < 2)
      lengths.push(...recordsOf((await batches.next()).value).map(({ message }) => message.length));
  })();
  await sleep(300);
  write(fd, end, Buffer.concat([data(1, 72n, 'one\n'), data(1, 73n, 'two\n')]));
  await reading;
  expect(lengths).toEqual([700_000, 3]);
  await batches.return?.(undefined);
});

test('an ended ring is removed once all of it is acknowledged; the pool is filled up again', async () => {
  const source = open();
  const fd = claim();
  write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\nend')]));
  word(fd, 'ended', 1);
  const stop = new AbortController();
  const messages: string[] = [];
  for await (const batch of source.batches(stop.signal)) {
    expect(readdirSync(path).sort()).toEqual(['free-1', 'free-2', 'losses', NAME]);
    messages.push(...recordsOf(batch).map(({ message }) => message));
    batch.acknowledge();
    stop.abort();
  }
  expect(messages).toEqual(['one', 'end']);
  expect(readdirSync(path)).not.toContain(NAME);
});

test.each([
  [0, 'unknown'],
  [256, 0],
  [256 + 3, 3],
  // Any process may write anything there.
  [0x7fff_ff00 + 255, 255],
  [255, 'unknown'],
])('the status %i of an ended process is told after its last line: %s', async (status, end) => {
  const told: unknown[] = [];
  const source = open([], {
    onWriterEnded: ({ pid, process, container }, how) => told.push([pid, process, container, how]),
  });
  const fd = claim();
  write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\nend')]));
  word(fd, 'exit_status', status);
  word(fd, 'ended', 1);
  const stop = new AbortController();
  const messages: string[] = [];
  for await (const batch of source.batches(stop.signal)) {
    messages.push(...recordsOf(batch).map(({ message }) => message));
    expect(told).toEqual([]);
    batch.acknowledge();
    stop.abort();
  }
  expect(messages).toEqual(['one', 'end']);
  expect(told).toEqual([[42, 'app', 'web', end]]);
});

const isRetired = (fd: number) => {
  const bytes = Buffer.alloc(4);
  readSync(fd, bytes, 0, 4, at('retired'));
  return bytes.readUInt32LE() === 1;
};

test('a process in a small ring of its own that writes much is sent to a free one; one that writes little keeps it', async () => {
  const source = open([], { ringBytes: 4 * CAPACITY, pool: 1 });
  writeFileSync(join(path, NAME), freeRing(CAPACITY));
  const other = 'ring-43-0000000000000abd-0';
  writeFileSync(join(path, other), freeRing(CAPACITY));
  const fds = [NAME, other].map((name) => openSync(join(path, name), 'r+'));
  const much = Array.from({ length: CAPACITY / 2 / 1000 }, (_, i) => data(1, BigInt(i + 1), `${'x'.repeat(999)}\n`));
  write(fds[0]!, 0, Buffer.concat([magic, hello(), ...much]));
  write(fds[1]!, 0, Buffer.concat([magic, hello({ instance: 0xabdn }), data(1, 1n, 'little\n')]));
  const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
  let records = 0;
  let next = batches.next();
  // Looks once per second; the bound is for a source that never does it.
  for (let looks = 0; !isRetired(fds[0]!) && looks < 3000; looks++) {
    const batch = await Promise.race([next, sleep(10)]);
    // Nothing came: it looks again.
    if (batch === undefined) continue;
    records += recordsOf(batch.value).length;
    batch.value.acknowledge();
    next = batches.next();
  }
  expect(isRetired(fds[0]!)).toBe(true);
  expect(records).toBe(much.length + 1);
  expect(isRetired(fds[1]!)).toBe(false);
  source.close();
  while (!(await next).done) next = batches.next();
});

test.each([
  ['writes on: it finds a free ring until the next shipper comes', false],
  ['has ended: no free ring is left', true],
])('after the end of the source, a process that %s', async (_, hasEnded) => {
  const source = open();
  const fd = claim();
  write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
  if (hasEnded) word(fd, 'ended', 1);
  const stop = new AbortController();
  for await (const batch of source.batches(stop.signal)) {
    batch.acknowledge();
    stop.abort();
    source.close();
  }
  expect(isRetired(fd)).toBe(true);
  expect(readdirSync(path).some((name) => name.startsWith('free-'))).toBe(!hasEnded);
});

describe('a process that writes a later version of the frames', () => {
  const LATER = hello({ version: FRAME_VERSION + 1 });

  /** Runs until something was reported, and then to the end. */
  async function readOnce(errors: string[], lost: Lost[]): Promise<Unread> {
    const source = open(errors, { onLost: (loss) => lost.push(loss) });
    const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
    const next = batches.next();
    while (errors.length === 0) await sleep(5);
    expect(source.laterVersions).toBe(1);
    source.close();
    await next;
    return source.unread();
  }

  test('its ring is left to a later shipper, which is told at the end; its losses are counted', async () => {
    const maker = open();
    const fd = claim();
    maker.close();
    write(fd, 0, Buffer.concat([magic, LATER, data(1, 1n, 'one\n')]));
    word(fd, 'lost_lines', 3);
    word(fd, 'lost_bytes', 12);
    const errors: string[] = [];
    const lost: Lost[] = [];
    expect(await readOnce(errors, lost)).toEqual({ records: 0, bytes: 0, rings: 1 });
    expect(errors).toEqual(['version']);
    expect(lost).toEqual([{ lines: 3, bytes: 12 }]);
    expect(isRetired(fd)).toBe(false);
    // The later shipper: this one, which reads the ring's version.
    writeSync(fd, hello(), 0, hello().length, RING_HEADER_BYTES + magic.length);
    expect((await take(open(), 1, 1)).map(({ message }) => message)).toEqual(['one']);
  });

  test('a ring of a later version itself is left as it is, too; its losses are counted', async () => {
    const maker = open();
    const fd = claim();
    maker.close();
    write(fd, 0, Buffer.concat([magic, LATER, data(1, 1n, 'one\n')]));
    word(fd, 'lost_lines', 3);
    word(fd, 'lost_bytes', 12);
    word(fd, 'version', RING_VERSION + 1);
    word(fd, 'header_bytes', 2 * RING_HEADER_BYTES);
    const errors: string[] = [];
    const lost: Lost[] = [];
    expect(await readOnce(errors, lost)).toEqual({ records: 0, bytes: 0, rings: 1 });
    expect(errors).toEqual(['version']);
    expect(lost).toEqual([{ lines: 3, bytes: 12 }]);
    expect(isRetired(fd)).toBe(false);
  });

  test('losses of its ring are counted also by a shipper that ends without a look at it', () => {
    const [errors, lost]: [string[], Lost[]] = [[], []];
    const source = open(errors, { onLost: (each) => lost.push(each) });
    const fd = claim();
    write(fd, 0, Buffer.concat([magic, LATER, data(1, 1n, 'one\n')]));
    word(fd, 'lost_lines', 3);
    word(fd, 'lost_bytes', 12);
    word(fd, 'version', RING_VERSION + 1);
    expect(source.unread()).toEqual({ records: 0, bytes: 0, rings: 1 });
    expect(lost).toEqual([{ lines: 3, bytes: 12 }]);
  });

  test('a ring that a later shipper has read in part is left to the next one of its version', async () => {
    const maker = open();
    const fd = claim();
    maker.close();
    const head = write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
    expect(await take(open(), 1, 1)).toHaveLength(1);
    const notes = Buffer.alloc(RING_NOTES_BYTES);
    readSync(fd, notes, 0, notes.length, RING_NOTES_AT);
    const at = notes.indexOf(`"frames":${FRAME_VERSION}`) + '"frames":'.length;
    expect(at).toBeGreaterThan('"frames":'.length);
    writeSync(fd, String(FRAME_VERSION + 1), RING_NOTES_AT + at);
    write(fd, head, data(1, 2n, 'two\n'));
    const errors: string[] = [];
    expect(await readOnce(errors, [])).toEqual({ records: 0, bytes: 0, rings: 1 });
    expect(errors).toEqual(['version']);
    expect(isRetired(fd)).toBe(false);
    writeSync(fd, String(FRAME_VERSION), RING_NOTES_AT + at);
    expect((await take(open(), 1, 1)).map(({ message }) => message)).toEqual(['two']);
  });

  test.each(['frames', 'ring'])('of the %s: what is done to the ring then ends no shipper', async (what) => {
    const errors: string[] = [];
    const source = open(errors);
    const fd = claim();
    write(fd, 0, Buffer.concat([magic, what === 'frames' ? LATER : hello(), data(1, 1n, 'one\n')]));
    if (what === 'ring') word(fd, 'version', RING_VERSION + 1);
    const next = source.batches(new AbortController().signal)[Symbol.asyncIterator]().next();
    while (errors.length === 0) await sleep(5);
    word(fd, 'head', 0);
    await sleep(1500);
    ftruncateSync(fd, 10);
    await sleep(1500);
    source.close();
    expect((await next).done).toBe(true);
    expect(errors).toEqual(['version']);
  });
});

test('rule 87: a batch that is acknowledged before an earlier one acknowledges nothing of the ring yet', async () => {
  const source = open();
  const fd = claim();
  const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
  const next = async () => (await batches.next()).value as SourceBatch;
  const tail = () => {
    const bytes = Buffer.alloc(8);
    readSync(fd, bytes, 0, 8, at('tail'));
    return Number(bytes.readBigUInt64LE());
  };
  const between = write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
  const first = await next();
  const end = write(fd, between, data(1, 2n, 'two\n'));
  const second = await next();
  second.acknowledge();
  expect(tail()).toBe(0);
  first.acknowledge();
  expect(tail()).toBe(end);
  source.close();
  await batches.next();
});

describe('a kill between the counts of a drop and the checkpoint that forgets the lines', () => {
  const LINES = 60;
  /** Reads lines into batches of one, and returns what a shipper that is killed was about to write for the last one. */
  async function kill(isReleasedEarly: boolean, isWritten: boolean) {
    const planned = new Map<string, RingCheckpoint>();
    const source = open([], {
      lingerMs: 0,
      isOutage: () => isReleasedEarly,
      onAcknowledging(ring) {
        const checkpoint = ring.checkpoint()!;
        planned.set(checkpoint.ring, checkpoint);
        if (isWritten) ring.save();
      },
    });
    const fd = claim();
    const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
    let head = write(fd, 0, Buffer.concat([magic, hello()]));
    const held: SourceBatch[] = [];
    for (let i = 0; i < LINES; i += 1) {
      head = write(fd, head, data(1, BigInt(i + 1), `${String(i).padStart(3, '0')}${'x'.repeat(996)}\n`));
      held.push((await batches.next()).value as SourceBatch);
    }
    held[0]!.acknowledge(true);
    await batches.return?.(undefined);
    return planned;
  }
  /** Lines that the next shipper reads or counts as lost with the killed one. */
  async function found(planned: ReadonlyMap<string, RingCheckpoint>) {
    let lost = 0;
    const source = open([], { planned, onPreviousRunLoss: ({ lines }) => (lost += lines) });
    word(openSync(join(path, NAME), 'r+'), 'ended', 1);
    const stop = new AbortController();
    stop.abort();
    let lines = 0;
    for await (const batch of source.batches(stop.signal)) {
      lines += recordsOf(batch).filter(({ message }) => !message.startsWith('logtap')).length;
    }
    return lines + lost;
  }

  test.each([true, false])('the dropped line is read or counted once: released early %s', async (isReleasedEarly) => {
    expect(await found(await kill(isReleasedEarly, false))).toBe(LINES - 1);
  });

  test.each([true, false])('a checkpoint that was written is not written again: %s', async (isReleasedEarly) => {
    expect(await found(await kill(isReleasedEarly, true))).toBe(LINES - 1);
  });

  test('without the plan it is counted twice', async () => {
    await kill(true, false);
    expect(await found(new Map())).toBe(LINES);
  });
});

test('a batch that is dropped behind one in flight is not read again: the ring notes the lines before it', async () => {
  const source = open();
  const fd = claim();
  const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
  const next = async () => (await batches.next()).value as SourceBatch;
  const between = write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'in flight\n')]));
  const first = await next();
  write(fd, between, data(1, 2n, 'dropped\n'));
  (await next()).acknowledge(true);
  const words = Buffer.alloc(16);
  readSync(fd, words, 0, 16, at('tail') + 32);
  expect([Number(words.readBigUInt64LE()), Number(words.readBigUInt64LE(8))]).toEqual([1, 9]);
  first.acknowledge();
  readSync(fd, words, 0, 16, at('tail') + 32);
  expect(Number(words.readBigUInt64LE())).toBe(0);
  await batches.return?.(undefined);
});

test('lines that were released behind an open line are counted by the next reader, although little lies before that line', async () => {
  const source = open([], { lineIdleMs: 600_000 });
  const fd = claim();
  const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
  const inFlight = `${'x'.repeat(900)}\n`;
  const between = write(fd, 0, Buffer.concat([magic, hello(), data(2, 1n, 'open'), data(1, 2n, inFlight)]));
  await batches.next();
  write(fd, between, data(1, 3n, 'dropped\n'));
  ((await batches.next()).value as SourceBatch).acknowledge(true);
  await batches.return?.(undefined);
  const losses: Lost[] = [];
  await take(open([], { onPreviousRunLoss: (each) => losses.push(each) }), 1, 0);
  expect(losses).toEqual([{ lines: 1, bytes: 900 }]);
});

test('what is no ring is refused once, and nothing else suffers', async () => {
  const errors: string[] = [];
  const source = open(errors);
  writeFileSync(join(path, 'ring-7-00000000000000ff-0'), 'nonsense');
  write(claim(), 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
  expect((await take(source, 1, 1)).map(({ message }) => message)).toEqual(['one']);
  expect(errors).toEqual(['ring']);
});

describe('in an outage that is longer than the ring', () => {
  const LINES = 60;
  /** Fills most of the ring, one batch per frame, so many milliseconds apart; acknowledges the first of what was read. */
  async function fill(isOutage: boolean, acknowledged: number, apartMs = 0) {
    let aheadMs = 0;
    const now = () => performance.now() + aheadMs;
    const source = open([], { isOutage: () => isOutage, lingerMs: 0, now });
    const fd = claim();
    const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
    let head = write(fd, 0, Buffer.concat([magic, hello()]));
    const held: SourceBatch[] = [];
    for (let i = 0; i < LINES; i += 1) {
      head = write(fd, head, data(1, BigInt(i + 1), `${String(i).padStart(3, '0')}${'x'.repeat(996)}\n`));
      held.push((await batches.next()).value as SourceBatch);
      aheadMs += apartMs;
    }
    // One more look, after which the last batch is known to be held.
    write(fd, head, data(1, BigInt(LINES + 1), 'end\n'));
    held.push((await batches.next()).value as SourceBatch);
    for (const batch of held.slice(0, acknowledged)) batch.acknowledge();
    await batches.return?.(undefined);
    const tail = Buffer.alloc(8);
    readSync(fd, tail, 0, 8, at('tail'));
    return { tail: Number(tail.readBigUInt64LE()), unacknowledged: unacknowledgedBy(fd), head };
  }
  function unacknowledgedBy(fd: number) {
    const words = Buffer.alloc(16);
    readSync(fd, words, 0, words.length, at('tail') + 32);
    return { lines: Number(words.readBigUInt64LE()), bytes: Number(words.readBigUInt64LE(8)) };
  }
  /** What the next reader finds. */
  async function next(records: number, acknowledged = 0) {
    const previousRunLosses: unknown[] = [];
    const read = await take(
      open([], { onPreviousRunLoss: (each) => previousRunLosses.push(each) }),
      records,
      acknowledged,
    );
    return { previousRunLosses, messages: read.map(({ message }) => message) };
  }

  test('the ring gives room back, and says what it owes: the next reader counts it', async () => {
    const { tail, unacknowledged, head } = await fill(true, 0);
    expect(head - tail).toBeLessThanOrEqual(65_536 / 2);
    expect(unacknowledged.bytes).toBe(unacknowledged.lines * 999);
    const notice = `logtap: up to ${unacknowledged.lines} lines, ${unacknowledged.bytes} bytes lost with a killed shipper`;
    const { previousRunLosses, messages } = await next(LINES - unacknowledged.lines + 2);
    expect(previousRunLosses).toEqual([unacknowledged]);
    expect(messages[0]).toBe(notice);
    expect(messages.slice(1).map((message) => message.slice(0, 3))).toEqual([
      ...Array.from({ length: LINES - unacknowledged.lines }, (_, i) =>
        String(unacknowledged.lines + i).padStart(3, '0'),
      ),
      'end',
    ]);
  });

  test('it keeps more of the lines of a slow process, which a kill would take', async () => {
    const { tail, unacknowledged, head } = await fill(true, 0, 1000);
    expect(head - tail).toBeGreaterThan(65_536 * 0.8);
    expect(head - tail).toBeLessThanOrEqual(65_536 * 0.9);
    const { messages, previousRunLosses } = await next(LINES - unacknowledged.lines + 2);
    expect(previousRunLosses).toEqual([unacknowledged]);
    expect(messages.at(-1)).toBe('end');
  });

  test('the debt is owed until its notice is delivered, however many readers are killed before', async () => {
    const { unacknowledged } = await fill(true, 0);
    for (let kills = 0; kills < 3; kills += 1) expect((await next(1)).previousRunLosses).toEqual([unacknowledged]);
    expect((await next(LINES - unacknowledged.lines + 2, LINES)).previousRunLosses).toEqual([unacknowledged]);
    expect(unacknowledgedBy(openSync(join(path, NAME), 'r'))).toEqual({ lines: 0, bytes: 0 });
  });

  test('lines that only the clock made records of, and lines of events, are owed as well', async () => {
    const events = { maxLines: 100, maxBytes: 10_000, idleMs: 20 };
    const source = open([], { isOutage: () => true, lingerMs: 0, events });
    const fd = claim();
    const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
    let head = write(fd, 0, Buffer.concat([magic, hello()]));
    const held: SourceBatch[] = [];
    const messages = () => held.flatMap((batch) => recordsOf(batch)).map(({ message }) => message.slice(0, 5));
    const trace = 'Error: no\n    at a (/b.js:1:1)\n    at c (/d.js:1:1)\n';
    let lines = 0;
    for (let i = 0; i < 30; i += 1) {
      // Its last line waits for others, alone, until it is idle.
      const text = `first ${'x'.repeat(900)}\n${trace}last ${'x'.repeat(900)}\n`;
      head = write(fd, head, data(1, BigInt(i + 1), text));
      lines += 5;
      for (let tries = 0; tries < 5 && messages().filter((message) => message === 'last ').length <= i; tries += 1) {
        held.push((await batches.next()).value);
      }
    }
    await batches.return?.(undefined);
    const next = open([], { onPreviousRunLoss: ({ lines: lost }) => (lines -= lost), events });
    word(fd, 'ended', 1);
    const stop = new AbortController();
    stop.abort();
    for await (const batch of next.batches(stop.signal)) {
      for (const { message } of recordsOf(batch))
        if (!message.startsWith('logtap')) lines -= message.split('\n').length;
    }
    expect(lines).toBe(0);
  });

  test('messages in UTF-8 may owe more bytes than they had in the ring as UTF-16', async () => {
    const charsets = { stdout: 'utf-16le' };
    const source = open([], { isOutage: () => true, lingerMs: 0, lineMaxBytes: 2000, charsets });
    const fd = claim();
    const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
    let head = write(fd, 0, Buffer.concat([magic, hello()]));
    for (let i = 0; i < 50; i += 1) {
      head = write(fd, head, data(1, BigInt(i + 1), Buffer.from(`${'漢'.repeat(500)}\n`, 'utf16le')));
      await batches.next();
    }
    await batches.return?.(undefined);
    const unacknowledged = unacknowledgedBy(fd);
    expect(unacknowledged.bytes).toBe(unacknowledged.lines * 1500);
    const losses: Lost[] = [];
    await take(open([], { charsets, onPreviousRunLoss: (each) => losses.push(each) }), 1, 0);
    expect(losses).toEqual([unacknowledged]);
  });

  test('what is acknowledged after all is owed no more', async () => {
    const all = await fill(true, 0);
    rmSync(join(path, NAME));
    const some = await fill(true, 10);
    expect(some.tail).toBe(all.tail);
    expect(some.unacknowledged).toEqual({
      lines: all.unacknowledged.lines - 10,
      bytes: all.unacknowledged.bytes - 9990,
    });
    rmSync(join(path, NAME));
    const { tail, unacknowledged, head } = await fill(true, LINES);
    expect(unacknowledged).toEqual({ lines: 0, bytes: 0 });
    expect(tail).toBe(head);
    expect((await next(1)).previousRunLosses).toEqual([]);
  });

  test('also when the outage is known only after all was read', async () => {
    let isOutage = false;
    const source = open([], { isOutage: () => isOutage, lingerMs: 0 });
    const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
    const fd = claim();
    const lines = `${'x'.repeat(999)}\n`.repeat(20);
    write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, lines), data(1, 2n, lines)]));
    await batches.next();
    const waiting = batches.next();
    isOutage = true;
    const tail = Buffer.alloc(8);
    while (tail.readBigUInt64LE() === 0n) {
      await new Promise(setImmediate);
      readSync(fd, tail, 0, 8, at('tail'));
    }
    source.close();
    await waiting;
  });

  test('a sink that is only slow costs no room', async () => {
    expect(await fill(false, 0)).toMatchObject({ tail: 0, unacknowledged: { lines: 0, bytes: 0 } });
  });
});

describe('numbers that any process of the pod can write', () => {
  const name = (number: number) => `ring-42-0000000000000abc-${number}`;
  /** A ring of the process with such frames, ended. */
  function make(number: number, ...frames: readonly Buffer[]): number {
    const bytes = freeRing(CAPACITY);
    const content = Buffer.concat([magic, hello(), ...frames]);
    content.copy(bytes, RING_HEADER_BYTES);
    bytes.writeBigUInt64LE(BigInt(content.length), at('head'));
    bytes.writeUInt32LE(1, at('ended'));
    writeFileSync(join(path, name(number)), bytes);
    return content.length;
  }
  /** Its process has not ended: nothing removes it before the test writes on. */
  function stillWritten(number: number): number {
    const fd = openSync(join(path, name(number)), 'r+');
    word(fd, 'ended', 0);
    return fd;
  }
  const messages = (read: readonly ReadRecord[]) => read.map(({ message }) => message);

  test.each([
    ['far ahead', 2n ** 37n],
    ['just ahead', 100n],
    ['of the very next frame', 3n],
  ])('a frame number %s makes nothing of the next ring known: every line of it is read', async (_, forged) => {
    make(0, data(1, 1n, 'one\n', 1n), data(1, forged, 'forged\n', 2n));
    make(1, data(1, 2n, 'two\n', 3n), data(1, 3n, 'three\n', 4n), data(1, 4n, 'four\n', 5n));
    const skipped: unknown[] = [];
    const source = open([], { onSkipped: (...each) => skipped.push(each) });
    expect(messages(await take(source, 5, 9))).toEqual(['one', 'forged', 'two', 'three', 'four']);
    expect(skipped).toEqual([]);
  });

  test('the frame that a process writes again into its next ring is read once, and the other is counted', async () => {
    const again = data(1, 2n, 'two\n', 2n);
    make(0, data(1, 1n, 'one\n', 1n), again);
    make(1, again, data(1, 3n, 'three\n', 3n));
    const skipped: unknown[] = [];
    const source = open([], { onSkipped: (...each) => skipped.push(each) });
    expect(messages(await take(source, 3, 9))).toEqual(['one', 'two', 'three']);
    expect(skipped).toEqual([['written_again', 4]]);
  });

  test('an unfinished line at the end of a ring comes before the lines of the next ring', async () => {
    make(0, data(1, 1n, 'unfinished', 1n));
    // Something is missing between the two.
    make(1, data(1, 3n, 'next\n', 2n));
    expect(messages(await take(open(), 2, 9))).toEqual(['unfinished', 'next']);
  });

  test('a jump in the numbers is counted; frames in order are not', async () => {
    let gaps = 0;
    make(0, data(1, 5n, 'one\n'), data(2, 6n, 'two\n'), data(1, 9n, 'three\n'), data(1, 10n, 'four\n'));
    expect(messages(await take(open([], { onGap: () => gaps++ }), 4, 9))).toHaveLength(4);
    expect(gaps).toBe(1);
  });

  /** A checkpoint, with the notes of a reader before, at the beginning of the frames. */
  function spoil({ acknowledged = 0, unacknowledged = 0n, counted = 0n, lost = 0n }): void {
    const fd = openSync(join(path, name(0)), 'r+');
    const page = Buffer.alloc(64);
    page.writeBigUInt64LE(BigInt(magic.length + hello().length));
    page.writeUInt32LE(1, 8);
    page.writeUInt32LE(1, 12);
    for (const offset of [16, 24]) page.writeBigUInt64LE(counted, offset);
    for (const offset of [32, 40]) page.writeBigUInt64LE(unacknowledged, offset);
    page.writeUInt32LE(1, 48);
    page.writeDoubleLE(acknowledged, 56);
    writeSync(fd, page, 0, page.length, at('tail'));
    const about = { pid: 1, instance: '0000000000000abc', process: 'a', container: 'c', lost: { lines: 0, bytes: 0 } };
    const notes = Buffer.from(`    ${JSON.stringify({ hello: about, files: [] })}`);
    notes.writeUInt32LE(notes.length - 4);
    writeSync(fd, notes, 0, notes.length, RING_NOTES_AT);
    word(fd, 'lost_lines', Number(lost));
    word(fd, 'lost_bytes', Number(lost));
  }

  test('a place up to which all is acknowledged hides nothing that comes later, and what it hides is counted', async () => {
    const end = make(0, data(1, 1n, 'one\n'));
    spoil({ acknowledged: 2 ** 50 });
    const fd = stillWritten(0);
    const skipped: unknown[] = [];
    const source = open([], { onSkipped: (...each) => skipped.push(each) });
    const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
    const next = batches.next();
    await new Promise((resolve) => setTimeout(resolve, 0));
    write(fd, end, data(1, 2n, 'two\n'));
    expect(messages(recordsOf((await next).value as SourceBatch))).toEqual(['two']);
    expect(skipped).toEqual([['settled', 4]]);
    await batches.return?.(undefined);
  });

  test.each([2n ** 53n, 2n ** 40n, 1_000_000n])(
    'a debt of %i lines in a ring of some bytes is none',
    async (unacknowledged) => {
      make(0, data(1, 1n, 'one\n'));
      spoil({ unacknowledged });
      const previousRunLosses: unknown[] = [];
      expect(
        messages(await take(open([], { onPreviousRunLoss: (each) => previousRunLosses.push(each) }), 1, 9)),
      ).toEqual(['one']);
      expect(previousRunLosses).toEqual([]);
    },
  );

  test('a total that claims to be counted already hides no later loss', async () => {
    const end = make(0, data(1, 1n, 'one\n'));
    spoil({ counted: 2n ** 53n, lost: 7n });
    const fd = stillWritten(0);
    const losses: unknown[] = [];
    // Its first batch waits for what is written next.
    const source = open([], { onLost: (each) => losses.push(each), lingerMs: 1000 });
    const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
    const next = batches.next();
    await new Promise((resolve) => setTimeout(resolve, 0));
    word(fd, 'lost_lines', 9);
    word(fd, 'lost_bytes', 9);
    write(fd, end, data(1, 2n, 'two\n'));
    await next;
    expect(losses).toEqual([{ lines: 2, bytes: 2 }]);
    await batches.return?.(undefined);
  });
});

describe('notices of losses', () => {
  const noticesOf = (records: readonly ReadRecord[]) =>
    records.map(({ message }) => message).filter((message) => message.startsWith('logtap: '));
  const sum = (...losses: readonly string[]) =>
    losses.map((each) => expect.stringMatching(new RegExp(`^logtap: ${each} not captured`)));

  test('tell each loss once, over two rings of a process and their headers', async () => {
    const source = open();
    const first = claim();
    write(first, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n'), lost(1n, 10n)]));
    word(first, 'lost_lines', 3);
    word(first, 'lost_bytes', 30);
    const second = claim('ring-42-0000000000000abc-1');
    word(second, 'lost_lines', 7);
    word(second, 'lost_bytes', 70);
    write(second, 0, Buffer.concat([magic, hello({ lostLines: 6n, lostBytes: 60n }), data(1, 8n, 'two\n')]));
    word(second, 'ended', 1);
    const read = await take(source, 6, 6);
    const told = sum('1 lines, 10 bytes', '2 lines, 20 bytes', '3 lines, 30 bytes', '1 lines, 10 bytes');
    expect(noticesOf(read)).toEqual(told);
  });

  test('go on after a restart where they were', async () => {
    const maker = open();
    const fd = claim();
    maker.close();
    word(fd, 'lost_lines', 4);
    word(fd, 'lost_bytes', 40);
    const head = write(
      fd,
      0,
      Buffer.concat([magic, hello(), data(1, 1n, 'one\n'), lost(1n, 10n), data(1, 3n, 'two\n')]),
    );
    expect(noticesOf(await take(open(), 3, 1))).toEqual(sum('1 lines, 10 bytes'));
    const after = write(fd, head, Buffer.concat([lost(3n, 30n), data(1, 6n, 'three\n')]));
    const unacknowledged = await take(open(), 2, 0);
    expect(noticesOf(unacknowledged)).toEqual(sum('2 lines, 20 bytes'));
    write(fd, after, Buffer.concat([lost(4n, 40n), data(1, 8n, 'four\n')]));
    const read = await take(open(), 4, 0);
    expect(noticesOf(read)).toEqual(sum('2 lines, 20 bytes', '1 lines, 10 bytes'));
    expect(read).toContainEqual(expect.objectContaining({ ...unacknowledged[0], timeMs: expect.any(Number) }));
  });
});

test('more rings than may be open: those that are idle give way, and every line of all of them is read', async () => {
  const files = Array.from({ length: 9 }, (_, i) => {
    const bytes = freeRing(CAPACITY);
    const content = Buffer.concat([magic, hello({ instance: BigInt(i + 1) }), data(1, 1n, `line ${i}\n`)]);
    content.copy(bytes, RING_HEADER_BYTES);
    bytes.writeBigUInt64LE(BigInt(content.length), at('head'));
    const file = join(path, `ring-1-${String(i + 1).padStart(16, '0')}-0`);
    writeFileSync(file, bytes);
    return file;
  });
  let ms = 0;
  const rooms: string[] = [];
  // A clock on which every look is a second after the one before.
  const source = open([], { maxRings: 2, now: () => (ms += 1001), onNoRoom: (problem) => rooms.push(problem) });
  const read: string[] = [];
  for await (const batch of source.batches(new AbortController().signal)) {
    read.push(...recordsOf(batch).map(({ message }) => message));
    batch.acknowledge();
    if (read.length === files.length) source.close();
  }
  expect(read.sort()).toEqual(files.map((_, i) => `line ${i}`));
  expect(rooms).toContain('more than 2 rings are in use: some wait to be read');
  expect(readdirSync(path).filter((name) => name.startsWith('ring-'))).toEqual([]);
});

test('a ring that another file has replaced under its name does not take that one along', async () => {
  const source = open();
  const fd = claim();
  write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
  word(fd, 'ended', 1);
  const batches = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
  const first = (await batches.next()).value as SourceBatch;
  const bytes = freeRing(CAPACITY);
  const content = Buffer.concat([magic, hello(), data(1, 2n, 'two\n')]);
  content.copy(bytes, RING_HEADER_BYTES);
  bytes.writeBigUInt64LE(BigInt(content.length), at('head'));
  writeFileSync(join(path, 'new'), bytes);
  renameSync(join(path, 'new'), join(path, NAME));
  first.acknowledge();
  const second = (await batches.next()).value as SourceBatch;
  expect([first, second].flatMap((batch) => recordsOf(batch).map(({ message }) => message))).toEqual(['one', 'two']);
  await batches.return?.(undefined);
});
