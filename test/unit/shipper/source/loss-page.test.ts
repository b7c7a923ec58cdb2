/** The page of losses, as processes of the pod may leave it. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { LOSS_PAGE_BYTES, LOSS_PAGE_MAGIC, LOSS_SLOT_BYTES } from '../../../../src/contract.js';
import type { PreviousCounts } from '../../../../src/shipper/accounting/journal-sum.js';
import type { Lost } from '../../../../src/shipper/source/frames/decoder.js';
import { LossTotals } from '../../../../src/shipper/source/frames/losses/loss-totals.js';
import { LossPage } from '../../../../src/shipper/source/loss-page.js';
import { SocketSource } from '../../../../src/shipper/source/socket/source.js';
import { openRings } from '../../../support/rings.js';

/** What a process does, once, before the shipper gives its page the name. */
let meanwhile = () => {};

jest.mock('node:fs', () => {
  const actual = jest.requireActual('node:fs');
  const linkSync = (from: string, to: string) => {
    meanwhile();
    meanwhile = () => {};
    return actual.linkSync(from, to);
  };
  return { ...actual, linkSync };
});

let directory: string;
let path: string;
const problems: string[] = [];
beforeEach(() => {
  directory = fs.mkdtempSync('/dev/shm/logtap-losses-');
  path = join(directory, 'losses');
  problems.length = 0;
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

/** Stores totals as a process does. */
function store(slot: number, instance: bigint, lines: bigint, bytes: bigint): void {
  const words = Buffer.alloc(24);
  for (const [i, word] of [instance, lines, bytes].entries()) words.writeBigUInt64LE(word, i * 8);
  const fd = fs.openSync(path, 'r+');
  fs.writeSync(fd, words, 0, words.length, slot * LOSS_SLOT_BYTES);
  fs.closeSync(fd);
}

/** A shipper, after earlier ones that have counted `known`. */
function shipper(known: ReadonlyMap<string, Lost> = new Map()) {
  const kept = new Map(known);
  const broken: string[] = [];
  let lines = 0;
  const totals = new LossTotals((lost) => (lines += lost.lines), {
    known,
    onTotal: (instance, total) => kept.set(instance, total),
    onProtocolError: ({ message }) => broken.push(message),
  });
  const page = new LossPage(path, (problem) => problems.push(problem));
  const look = () => page.look((instance, total) => totals.update(instance, total));
  look();
  return { look, kept, broken, lines: () => lines };
}

test('a page is made for every user, with any umask, and one that is there stays', () => {
  const before = process.umask(0o077);
  shipper();
  process.umask(before);
  const { mode, size, ino } = fs.statSync(path);
  expect([mode & 0o777, size, fs.readdirSync(directory)]).toEqual([0o666, LOSS_PAGE_BYTES, ['losses']]);
  const first = fs.readFileSync(path);
  expect([...first.subarray(24, 32)]).toEqual(LOSS_PAGE_MAGIC);
  expect(first.readBigUInt64LE(0)).not.toBe(0n);
  shipper();
  expect(fs.statSync(path).ino).toBe(ino);
  expect(fs.readFileSync(path)).toEqual(first);
});

test('totals count once, however often they are read, and by however many shippers', () => {
  const first = shipper();
  store(1, 11n, 3n, 30n);
  store(0, fs.readFileSync(path).readBigUInt64LE(0), 5n, 50n);
  first.look();
  first.look();
  expect(first.lines()).toBe(8);
  store(1, 11n, 4n, 40n);
  first.look();
  expect(first.lines()).toBe(9);
  const second = shipper(first.kept);
  expect(second.lines()).toBe(0);
  store(2, 12n, 1n, 10n);
  second.look();
  expect([second.lines(), problems]).toEqual([1, []]);
});

test('the shipper looks at its start, and up to its end', async () => {
  shipper();
  store(1, 11n, 3n, 30n);
  const lost: number[] = [];
  const source = openRings(directory, { onLost: ({ lines }) => lost.push(lines) });
  expect(lost).toEqual([3]);
  store(2, 12n, 2n, 20n);
  const { done } = await source.batches(AbortSignal.abort()).next();
  expect([done, lost]).toEqual([true, [3, 2]]);
});

test('the shipper looks beside its socket once it knows what earlier ones have counted, and up to its end', async () => {
  const socket = join(directory, 'a.sock');
  path = `${socket}.losses`;
  shipper();
  store(1, 11n, 3n, 30n);
  store(2, 12n, 4n, 40n);
  const lost: number[] = [];
  const source = new SocketSource({
    ...{ path: socket, lineMaxBytes: 1000, lingerMs: 10, lineIdleMs: 1000, onProtocolError: () => {} },
    onLost: ({ lines }) => lost.push(lines),
  });
  await source.listen();
  const known = { total: { lines: 3, bytes: 30 }, unreported: { lines: 0, bytes: 0 } };
  source.remember({ lost: new Map([['000000000000000b', known]]), reads: new Map() } as unknown as PreviousCounts);
  source.watchLosses();
  const stop = new AbortController();
  const ended = source.batches(stop.signal).next();
  expect(lost).toEqual([4]);
  store(3, 13n, 2n, 20n);
  stop.abort();
  expect([(await ended).done, lost]).toEqual([true, [4, 2]]);
});

test('a total that no process can have reached counts as one broken report, and hides no other', () => {
  const { look, lines, broken } = shipper();
  store(1, 11n, 2n ** 63n, 2n ** 64n - 1n);
  look();
  store(2, 12n, 2n, 20n);
  look();
  expect([lines(), broken.length]).toEqual([2, 1]);
});

const secret = () => join(directory, 'of the shipper');
function linkToSecret(): void {
  fs.writeFileSync(secret(), Buffer.alloc(LOSS_PAGE_BYTES, 1));
  fs.symlinkSync(secret(), path);
}

test.each<[string, () => void]>([
  ['a link', linkToSecret],
  ['a pipe', () => execFileSync('mkfifo', [path])],
  ['a directory', () => fs.mkdirSync(join(path, 'more'), { recursive: true })],
  ['a short file', () => fs.writeFileSync(path, 'short')],
  ['a file without the magic', () => fs.writeFileSync(path, Buffer.alloc(LOSS_PAGE_BYTES, 1))],
])('%s in its place is replaced', (_, make) => {
  make();
  const { look, lines } = shipper();
  store(1, 11n, 3n, 30n);
  look();
  expect([lines(), problems]).toEqual([3, []]);
  expect(fs.lstatSync(path).isFile()).toBe(true);
  if (fs.existsSync(secret())) expect(fs.readFileSync(secret())).toEqual(Buffer.alloc(LOSS_PAGE_BYTES, 1));
});

test('one that other users cannot write is made theirs, and stays', () => {
  shipper();
  const old = fs.statSync(path).ino;
  store(1, 11n, 3n, 30n);
  fs.chmodSync(path, 0o600);
  expect(shipper().lines()).toBe(3);
  const { mode, ino } = fs.statSync(path);
  expect([mode & 0o777, ino]).toEqual([0o666, old]);
});

test('one that has another name, too, is read once, and replaced: its mode may not be for others', () => {
  shipper();
  const other = join(directory, 'other');
  store(1, 11n, 3n, 30n);
  fs.linkSync(path, other);
  fs.chmodSync(path, 0o600);
  const next = shipper();
  next.look();
  expect([next.lines(), problems]).toEqual([3, []]);
  expect([fs.statSync(other).mode & 0o777, fs.statSync(path).mode & 0o777]).toEqual([0o600, 0o666]);
  store(1, 11n, 4n, 40n);
  next.look();
  expect(next.lines()).toBe(4);
});

test('a page that is removed is made again', () => {
  const { look, lines } = shipper();
  fs.rmSync(path);
  look();
  store(1, 11n, 1n, 10n);
  look();
  expect(lines()).toBe(1);
});

test('a page that a process makes at the same moment stays, as others may have mapped it', () => {
  shipper();
  const ours = join(directory, 'of a process');
  fs.renameSync(path, ours);
  meanwhile = () => {
    fs.renameSync(ours, path);
    store(1, 11n, 3n, 30n);
  };
  expect(shipper().lines()).toBe(3);
  expect(fs.readdirSync(directory)).toEqual(['losses']);
});
