/** Free rings are made in a directory that every process of the pod may write. */
import fs from 'node:fs';
import { join } from 'node:path';
import { RING_HEADER_BYTES } from '../../../../src/contract.js';
import { makeRingDirectory, RingDirectory } from '../../../../src/shipper/source/rings/directory.js';

/** Bytes that a write takes at most. */
let writeMax = Number.POSITIVE_INFINITY;
/** What another user does, once, after the shipper has looked at the directory. */
let meanwhile = () => {};

jest.mock('node:fs', () => {
  const actual = jest.requireActual('node:fs');
  const writeSync = (fd: number, bytes: Buffer, from = 0, length = bytes.length - from, at: number | null = null) =>
    actual.writeSync(fd, bytes, from, Math.min(length, writeMax), at);
  const fstatSync = (fd: number) => {
    const file = actual.fstatSync(fd);
    meanwhile();
    meanwhile = () => {};
    return file;
  };
  return { ...actual, writeSync, fstatSync };
});

const RING_BYTES = 64 * 1024;
const MAKING = `making-${process.pid}`;
let path: string;
let outside: string;
const problems: string[] = [];
beforeEach(() => {
  path = fs.mkdtempSync('/dev/shm/logtap-rings-');
  outside = join(path, '../', `logtap-outside-${process.pid}`);
  fs.writeFileSync(outside, 'a checkpoint', { mode: 0o600 });
  problems.length = 0;
});
afterEach(() => {
  writeMax = Number.POSITIVE_INFINITY;
  for (const each of [path, outside]) fs.rmSync(each, { recursive: true });
});

const open = () => {
  const onNoRoom = (problem: string) => problems.push(problem);
  return new RingDirectory({ path, ringBytes: RING_BYTES, pool: 1, totalBytes: 10 * RING_BYTES, onNoRoom });
};
const free = () => fs.readdirSync(path).filter((name) => name.startsWith('free-'));

test('a link that a process puts where a ring is made does not cost the shipper a file of its own', () => {
  fs.symlinkSync(outside, join(path, 'making-probe'));
  const directory = open();
  fs.symlinkSync(outside, join(path, MAKING));
  expect(directory.refill(directory.names())).toBe(true);
  expect(free().map((name) => fs.lstatSync(join(path, name)).isFile())).toEqual([true]);
  expect([fs.readFileSync(outside, 'utf8'), fs.statSync(outside).mode & 0o777]).toEqual(['a checkpoint', 0o600]);
});

test('a link that a process puts in place of the directory does not open a directory of the shipper', () => {
  const own = fs.mkdtempSync('/dev/shm/logtap-own-');
  fs.chmodSync(path, 0o755);
  meanwhile = () => {
    fs.rmdirSync(path);
    fs.symlinkSync(own, path);
  };
  expect(open).toThrow(path);
  expect([fs.statSync(own).mode & 0o777, fs.readdirSync(own)]).toEqual([0o700, []]);
  fs.rmdirSync(own);
});

test('the directory is for every user, with any umask', () => {
  const before = process.umask(0o077);
  fs.rmdirSync(path);
  open();
  process.umask(before);
  expect(fs.statSync(path).mode & 0o7777).toBe(0o777);
});

test('neither does a directory there keep rings from being made', () => {
  fs.mkdirSync(join(path, 'making-probe', 'more'), { recursive: true });
  const directory = open();
  fs.mkdirSync(join(path, MAKING, 'more'), { recursive: true });
  expect(directory.refill(directory.names())).toBe(true);
  expect([free().length, problems]).toEqual([1, []]);
});

test('a memory that takes a part of each write gets a whole ring', () => {
  writeMax = 1000;
  const directory = open();
  expect(directory.refill(directory.names())).toBe(true);
  expect(free().map((name) => fs.statSync(join(path, name)).size)).toEqual([RING_HEADER_BYTES + RING_BYTES]);
});

describe('a directory that a process made before the shipper', () => {
  test('of another user, in a volume with a group of its own, is used as it is', () => {
    fs.chmodSync(path, 0o2777);
    const directory = open();
    expect(directory.refill(directory.names())).toBe(true);
    expect(fs.statSync(path).mode & 0o7777).toBe(0o2777);
  });

  test('that its owner has closed to others is opened to them', () => {
    fs.chmodSync(path, 0o1755);
    open();
    expect(fs.statSync(path).mode & 0o7777).toBe(0o777);
  });

  test('is missing: the shipper makes it for any user at once, with any umask', () => {
    const missing = join(path, 'rings');
    const changes: number[] = [];
    const chmod = jest.spyOn(fs, 'fchmodSync').mockImplementation((_, mode) => changes.push(Number(mode)));
    const before = process.umask(0o077);
    try {
      makeRingDirectory(missing);
      expect([fs.statSync(missing).mode & 0o777, changes, process.umask()]).toEqual([0o777, [], 0o077]);
    } finally {
      process.umask(before);
      chmod.mockRestore();
    }
  });

  test.each<[string, (at: string) => void]>([
    ['a link to a directory of the shipper', (at) => fs.symlinkSync(path, at)],
    ['a file', (at) => fs.writeFileSync(at, '')],
  ])('%s is not used, and nothing is made where it leads', (_, put) => {
    const at = join(fs.mkdtempSync(join(path, 'volume-')), 'rings');
    put(at);
    const before = fs.readdirSync(path);
    expect(() => makeRingDirectory(at)).toThrow(/LOGTAP_RING_DIR: .*not a directory/);
    expect(fs.readdirSync(path)).toEqual(before);
  });
});
