import { mkdtempSync, openSync, readdirSync, readSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RING_HEADER, RING_HEADER_BYTES } from '../../../../src/contract.js';
import type { SourceBatch } from '../../../../src/shipper/parts.js';
import { RingSource } from '../../../../src/shipper/source/ring-source.js';
import { type ReadRecord, recordsOf } from '../../../support/batches.js';
import { data, hello, magic } from '../../../support/frames.js';

const at = (word: string) => RING_HEADER.find(({ name }) => name === word)!.offset;
const NAME = 'ring-42-0000000000000abc-0';
let path: string;
beforeEach(() => {
  path = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

function open(errors: string[] = []) {
  return new RingSource({
    path,
    ringBytes: 65_536,
    pool: 2,
    totalBytes: 10_000_000,
    onNoRoom: () => {},
    lineMaxBytes: 1000,
    lineIdleMs: 10_000,
    lingerMs: 5,
    onLost: () => {},
    onProtocolError: ({ reason }) => errors.push(reason),
  });
}

function claim(): number {
  const free = readdirSync(path).find((name) => name.startsWith('free-'))!;
  renameSync(join(path, free), join(path, NAME));
  return openSync(join(path, NAME), 'r+');
}

function word(fd: number, name: string, value: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  writeSync(fd, bytes, 0, name === 'ended' ? 4 : 8, at(name));
}

function write(fd: number, from: number, bytes: Buffer): number {
  writeSync(fd, bytes, 0, bytes.length, RING_HEADER_BYTES + from);
  word(fd, 'head', from + bytes.length);
  return from + bytes.length;
}

/** Reads until so many records have come; releases the first `released` batches. */
async function take(source: RingSource, records: number, released: number): Promise<ReadRecord[]> {
  const read: ReadRecord[] = [];
  const batches: AsyncIterator<SourceBatch> = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
  for (let i = 0; read.length < records; i += 1) {
    const { value, done } = await batches.next();
    if (done) break;
    read.push(...recordsOf(value));
    if (i < released) value.release();
  }
  await batches.return?.();
  return read;
}

test.each([0, 1])(
  'a reader that comes after one makes the same records of what was not released: %i',
  async (released) => {
    const maker = open();
    const fd = claim();
    maker.close();
    let head = write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\ntwo\nthr'), data(2, 2n, 'err\n')]));
    const first = await take(open(), 3, released);
    expect(first.map(({ message }) => message)).toEqual(['one', 'two', 'err']);
    head = write(fd, head, data(1, 3n, 'ee\nfour\n'));
    const second = await take(open(), released === 0 ? 5 : 2, 0);
    expect(second.map(({ message }) => message).sort()).toEqual(
      released === 0 ? ['err', 'four', 'one', 'three', 'two'] : ['four', 'three'],
    );
    const [three] = second.filter(({ message }) => message === 'three');
    expect(three?.seq).toBe(32768 + 8);
    for (const record of released === 0 ? first : []) expect(second).toContainEqual(record);
  },
);

test('an ended ring is removed once all of it is released; the pool is filled up again', async () => {
  const source = open();
  const fd = claim();
  write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\nend')]));
  word(fd, 'ended', 1);
  const stop = new AbortController();
  const messages: string[] = [];
  for await (const batch of source.batches(stop.signal)) {
    expect(readdirSync(path).sort()).toEqual(['bell', 'free-1', 'free-2', NAME]);
    messages.push(...recordsOf(batch).map(({ message }) => message));
    batch.release();
    stop.abort();
  }
  expect(messages).toEqual(['one', 'end']);
  expect(readdirSync(path)).not.toContain(NAME);
});

test('rule 87: a batch that is released before an earlier one releases nothing of the ring yet', async () => {
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
  second.release();
  expect(tail()).toBe(0);
  first.release();
  expect(tail()).toBe(end);
  source.close();
  await batches.next();
});

test('what is no ring is refused once, and nothing else suffers', async () => {
  const errors: string[] = [];
  const source = open(errors);
  writeFileSync(join(path, 'ring-7-00000000000000ff-0'), 'nonsense');
  write(claim(), 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
  expect((await take(source, 1, 1)).map(({ message }) => message)).toEqual(['one']);
  expect(errors).toEqual(['ring']);
});
