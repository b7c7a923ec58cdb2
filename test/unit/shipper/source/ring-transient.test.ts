/** An errno that passes is a reason to look again: no ring is refused for it, retired or left, and nothing ends. */
import fs from 'node:fs';
import { join } from 'node:path';
import { RING_HEADER, RING_HEADER_BYTES } from '../../../../src/contract.js';
import type { SourceBatch } from '../../../../src/shipper/parts.js';
import { RingDirectory } from '../../../../src/shipper/source/rings/directory.js';
import type { RingSourceOptions } from '../../../../src/shipper/source/rings/options.js';
import type { RingSource } from '../../../../src/shipper/source/rings/source.js';
import { recordsOf } from '../../../support/batches.js';
import { data, hello, magic } from '../../../support/frames.js';
import { openRings } from '../../../support/rings.js';

const NAME = 'ring-42-0000000000000abc-0';
/** Calls that fail, with the code, for as long as it is there. */
const failing = new Map<string, string>();

jest.mock('node:fs', () => {
  const actual = jest.requireActual('node:fs');
  const calls = 'readdirSync openSync fstatSync readSync lstatSync readFileSync writeSync rmSync unlinkSync'.split(' ');
  const wrapped = calls.map((name) => [
    name,
    (...args: unknown[]) => {
      const code = failing.get(name);
      // Only what concerns rings: the test's own files and the runner's go on.
      if (code !== undefined && isOfRings(args[0]))
        throw Object.assign(new Error(`${code}: injected, ${name}`), { code, errno: -1, syscall: name });
      return actual[name](...args);
    },
  ]);
  return { ...actual, ...Object.fromEntries(wrapped) };
});
const isOfRings = (what: unknown) =>
  typeof what === 'number' || String(what).includes('logtap-rings') || what === '/proc/locks';

let path: string;
beforeEach(() => {
  path = fs.mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => {
  failing.clear();
  fs.rmSync(path, { recursive: true, force: true });
});

const at = (word: string) => RING_HEADER.find(({ name }) => name === word)!.offset;

function claim(): number {
  const free = fs.readdirSync(path).find((name) => name.startsWith('free-'))!;
  fs.renameSync(join(path, free), join(path, NAME));
  return fs.openSync(join(path, NAME), 'r+');
}

/** The application's writes do not fail. */
const put = (fd: number, bytes: Buffer, place: number) =>
  jest.requireActual<typeof fs>('node:fs').writeSync(fd, bytes, 0, bytes.length, place);

function write(fd: number, from: number, bytes: Buffer): number {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(from + bytes.length));
  put(fd, bytes, RING_HEADER_BYTES + from);
  put(fd, head, at('head'));
  return from + bytes.length;
}

function isRetired(fd: number): boolean {
  const word = Buffer.alloc(4);
  fs.readSync(fd, word, 0, 4, at('retired'));
  return word.readUInt32LE() !== 0;
}

/** A source, and what it complained of. */
function begin(signal = new AbortController().signal, options: Partial<RingSourceOptions> = {}) {
  const problems: string[] = [];
  const errors: string[] = [];
  const source: RingSource = openRings(path, {
    onNoRoom: (problem) => problems.push(problem),
    onProtocolError: ({ reason }) => errors.push(reason),
    ...options,
  });
  return { source, problems, errors, batches: source.batches(signal)[Symbol.asyncIterator]() };
}

async function messagesOf(batches: AsyncIterator<SourceBatch>): Promise<string[]> {
  const { value } = await batches.next();
  const messages = recordsOf(value).map(({ message }) => message);
  value.acknowledge();
  return messages;
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe.each([
  ['readdirSync', 'EMFILE'],
  ['readdirSync', 'ESTALE'],
  ['openSync', 'ENFILE'],
  ['fstatSync', 'ESTALE'],
  ['openSync', 'EACCES'],
  ['readSync', 'EIO'],
  ['readSync', 'ENOMEM'],
  ['lstatSync', 'EIO'],
])('%s fails with %s', (call, code) => {
  test('a ring that comes meanwhile is read when it has passed', async () => {
    const { source, problems, errors, batches } = begin();
    const fd = claim();
    write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
    failing.set(call, code);
    const waiting = messagesOf(batches);
    await turns(5);
    failing.clear();
    expect(await waiting).toEqual(['one']);
    expect(errors).toEqual([]);
    for (const problem of problems) expect(problem).toContain(code);
    source.close();
    await batches.next();
  });
});

test('who cannot see the locks does not take a ring for left', async () => {
  const { source, errors, batches } = begin();
  const fd = claim();
  failing.set('readFileSync', 'EMFILE');
  put(fd, Buffer.from([1]), at('locked'));
  const head = write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
  expect(await messagesOf(batches)).toEqual(['one']);
  const waiting = messagesOf(batches);
  await turns(20);
  expect(isRetired(fd)).toBe(false);
  write(fd, head, data(1, 2n, 'two\n'));
  expect(await waiting).toEqual(['two']);
  expect(errors).toEqual([]);
  source.close();
  await batches.next();
});

test.each(['EIO', 'ENOMEM', 'ESTALE'])('an open ring that cannot be read for a while (%s) is read on', async (code) => {
  const { source, problems, errors, batches } = begin();
  const fd = claim();
  const head = write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
  expect(await messagesOf(batches)).toEqual(['one']);
  failing.set('readSync', code);
  write(fd, head, data(1, 2n, 'two\n'));
  const waiting = messagesOf(batches);
  while (problems.length === 0) await turns(1);
  failing.clear();
  expect(isRetired(fd)).toBe(false);
  expect(await waiting).toEqual(['two']);
  expect(errors).toEqual([]);
  expect(problems.at(-1)).toContain(code);
  source.close();
  await batches.next();
});

test('a line whose ring cannot be read when it is idle goes on with what is read later', async () => {
  const idleMs = 100_000;
  let ms = 0;
  const now = () => {
    ms += 1;
    return ms;
  };
  const { source, problems, batches } = begin(undefined, { lineIdleMs: idleMs, now });
  const fd = claim();
  const head = write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\ntw')]));
  expect(await messagesOf(batches)).toEqual(['one']);
  failing.set('readSync', 'EIO');
  write(fd, head, data(1, 2n, 'o\n'));
  ms += 2 * idleMs;
  const waiting = messagesOf(batches);
  while (problems.length < 3) await turns(1);
  failing.clear();
  expect(await waiting).toEqual(['two']);
  source.close();
  await batches.next();
});

test('a ring whose header cannot be written is not taken for retired: what comes after is read', async () => {
  const { source, errors, batches } = begin();
  const fd = claim();
  const head = write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
  expect(await messagesOf(batches)).toEqual(['one']);
  failing.set('writeSync', 'EIO');
  put(fd, Buffer.from([1]), at('ended'));
  const waiting = messagesOf(batches);
  await turns(10);
  write(fd, head, data(1, 2n, 'two\n'));
  expect(await waiting).toEqual(['two']);
  failing.clear();
  source.close();
  expect((await batches.next()).done).toBe(true);
  expect(isRetired(fd)).toBe(true);
  expect(errors).toEqual([]);
});

test.each([
  ['openSync', 'EMFILE'],
  ['openSync', 'EACCES'],
  ['readdirSync', 'ENFILE'],
  ['readSync', 'EIO'],
])('a stop while %s fails with %s does not pass for the end', async (call, code) => {
  const stop = new AbortController();
  const { errors, batches } = begin(stop.signal);
  const fd = claim();
  write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
  put(fd, Buffer.from([1]), at('ended'));
  failing.set(call, code);
  const waiting = messagesOf(batches);
  stop.abort();
  // Longer than the quiet after which reading ends.
  await turns(30);
  failing.clear();
  expect(await waiting).toEqual(['one']);
  expect((await batches.next()).done).toBe(true);
  expect(errors).toEqual([]);
});

test.each([
  ['openSync', 'EMFILE'],
  ['readdirSync', 'ENFILE'],
  ['readSync', 'EIO'],
])('a close while %s fails with %s leaves the ring to the next shipper', async (call, code) => {
  const first = begin();
  const fd = claim();
  write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\n')]));
  failing.set(call, code);
  failing.set('rmSync', 'EIO');
  first.source.close();
  expect((await first.batches.next()).done).toBe(true);
  failing.clear();
  expect(isRetired(fd)).toBe(false);
  const next = begin();
  expect(await messagesOf(next.batches)).toEqual(['one']);
  expect([...first.errors, ...next.errors]).toEqual([]);
  next.source.close();
  await next.batches.next();
});

test('what is left in rings is counted and stays there; a ring that cannot be read is reported', async () => {
  const { source, problems, batches } = begin();
  const fd = claim();
  // Claimed after the last look.
  fs.renameSync(join(path, NAME), join(path, 'late'));
  source.close();
  expect((await batches.next()).done).toBe(true);
  fs.renameSync(join(path, 'late'), join(path, NAME));
  write(fd, 0, Buffer.concat([magic, hello(), data(1, 1n, 'one\ntwo\nrest')]));
  failing.set('openSync', 'EMFILE');
  expect(source.unread()).toEqual({ records: 0, bytes: 0, rings: 1 });
  expect(problems.at(-1)).toContain('EMFILE');
  failing.clear();
  expect(source.unread()).toEqual({ records: 3, bytes: 10, rings: 0 });
  const next = begin();
  expect(await messagesOf(next.batches)).toEqual(['one', 'two']);
  next.source.close();
  while (!(await next.batches.next()).done);
});

test('without a look at the sizes of rings no larger one is made, and reading goes on', () => {
  const problems: string[] = [];
  const onNoRoom = (problem: string) => problems.push(problem);
  const directory = new RingDirectory({ path, ringBytes: 65_536, pool: 0, totalBytes: 10_000_000, onNoRoom });
  fs.writeFileSync(join(path, NAME), '');
  failing.set('lstatSync', 'EIO');
  expect(directory.makeFor('0000000000000abc', 65_536, [NAME])).toBe(false);
  expect(problems).toEqual([expect.stringContaining('EIO')]);
});
