/** Counts outlive a shipper that is killed, and are reported once. */
import fs, {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CountJournal, JOURNAL_NAME } from '../../../src/shipper/accounting/count-journal.js';
import type { ReadTotal } from '../../../src/shipper/accounting/journal-sum.js';
import { Ledger } from '../../../src/shipper/accounting/ledger.js';
import { tellRemovedSinks } from '../../../src/shipper/accounting/removed-sinks.js';
import { Tally } from '../../../src/shipper/accounting/tally.js';
import { ConfigError } from '../../../src/shipper/errors.js';
import { createLog } from '../../../src/shipper/log.js';
import { EMPTY } from '../../support/empty.js';

const ONE = '00000000000000a1';
const OTHER = '00000000000000b2';
const out = (records: number, bytes = records * 10) => Tally.ofStream('stdout', { records, bytes });

let directory: string;
let path: string;
const problems: string[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lt-counts-'));
  path = join(directory, JOURNAL_NAME);
  problems.length = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = () => new CountJournal(directory, { onProblem: (problem) => problems.push(problem) });
/** The ledger of the next shipper. */
const next = () => {
  const ledger = new Ledger(['a', 'b']);
  const journal = open();
  ledger.carryOn(journal);
  return { ledger, journal, totals: ledger.totals(() => new Tally()) };
};

test('possible duplicates of a killed shipper are counted by the next one, in no sum', () => {
  next().ledger.countPossibleDuplicates('a', out(4));
  const { ledger, journal, totals } = next();
  expect(totals).toMatchObject({ possibleDuplicates: { a: 4 }, delivered: { a: 0 }, balanced: true });
  expect(totals).not.toHaveProperty('recovered');
  expect(ledger.statement(() => new Tally()).sinks.a).toMatchObject({ possibleDuplicates: { records: 4, bytes: 40 } });
  journal.reported();
  expect(next().totals).not.toHaveProperty('possibleDuplicates');
});

test('lines in frames of a later version outlive each kill until they are reported', () => {
  next().ledger.countLaterVersion({ lines: 3, bytes: 30 });
  next().ledger.countLaterVersion({ lines: 1, bytes: 10 });
  const { ledger, journal, totals } = next();
  expect(totals).toMatchObject({ dropped: { application: { later_version: 4 } } });
  expect(ledger.statement(() => new Tally()).application.dropped).toEqual({
    not_handed_over: { records: 0, bytes: 0 },
    later_version: { records: 4, bytes: 40 },
  });
  journal.reported();
  expect(next().totals.dropped).toEqual({});
});

test('lines behind invalid frames outlive each kill until they are reported', () => {
  for (const lines of [3, 1]) {
    const { ledger } = next();
    ledger.countInvalidFrames({ lines, bytes: 10 * lines });
    ledger.keep();
  }
  const { ledger, journal, totals } = next();
  expect(totals).toMatchObject({ dropped: { application: { invalid_frames: 4 } } });
  expect(ledger.statement(() => new Tally()).application.dropped).toMatchObject({
    invalid_frames: { records: 4, bytes: 40 },
  });
  journal.reported();
  expect(next().totals.dropped).toEqual({});
});

test('a damaged ring is counted once, with its name until it is removed', () => {
  const ring = {
    ...{ name: 'ring-1-0000000000000001-0', bytes: 500, unread: { lines: 3, bytes: 30 } },
    ...{ gone: { lines: 2, bytes: 20 }, uncounted: 'cut' as const },
  };
  next().ledger.countRefusedRing(ring);
  // Killed before the ring is removed.
  const { ledger, journal, totals } = next();
  const counted = {
    dropped: { application: { invalid_frames: 3 }, hold: { shipper_killed: 2 } },
    uncountedRings: { cut: { rings: 1, bytes: 500 } },
  };
  expect(totals).toMatchObject(counted);
  expect(ledger.statement(() => new Tally()).application.uncountedRings).toEqual(counted.uncountedRings);
  expect([...journal.previous.refusedRings]).toEqual([ring.name]);
  journal.reported();
  // It could not be removed: the next shipper still knows it.
  const reported = next();
  expect([...reported.journal.previous.refusedRings]).toEqual([ring.name]);
  expect([reported.totals.dropped, reported.totals.uncountedRings]).toEqual([{}, undefined]);
  reported.ledger.removedRing(ring.name);
  expect(next().journal.previous.refusedRings.size).toBe(0);
});

test('what a killed shipper counted is in the ledgers of all that come after it, until one reports', () => {
  const { ledger, journal } = next();
  journal.lost(ONE, { lines: 3, bytes: 30 });
  ledger.keepLostWithPreviousRun({ lines: 7, bytes: 70 });
  ledger.countDropped('a', 'full_drop_oldest', out(5));
  ledger.countUndelivered('deadLettered', 'b', 'mapping', out(2));
  ledger.keepUndelivered('deadLettered', 'b', 'mapping', out(2));
  ledger.keep();
  const dropped = { application: { not_handed_over: 3 }, hold: { shipper_killed: 7 }, a: { full_drop_oldest: 5 } };
  for (let kills = 0; kills < 3; kills += 1) {
    expect(next().totals).toMatchObject({ dropped, deadLettered: { b: { mapping: 2 } }, balanced: true });
  }
  next().ledger.reported();
  expect(next().totals).toMatchObject({ dropped: EMPTY, balanced: true });
  expect(next().totals.deadLettered).toBeUndefined();
});

test('counts for a sink that is removed are told in the log', () => {
  const { ledger } = next();
  ledger.countDropped('b', 'full_drop_oldest', out(5));
  ledger.countDropped('a', 'full_drop_oldest', out(3));
  ledger.keep();
  const lines: string[] = [];
  tellRemovedSinks(open().previous, ['a'], createLog({ write: (line) => lines.push(line), now: Date.now }));
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ sink: 'b', fate: 'dropped', reason: 'full_drop_oldest', records: 5 }),
  ]);
});

test('counts of several shippers add up, and totals of a process do not', () => {
  for (let life = 1; life <= 3; life += 1) {
    const { ledger, journal } = next();
    journal.lost(ONE, { lines: life, bytes: 10 * life });
    journal.lost(OTHER, { lines: 1, bytes: 10 });
    ledger.countDropped('a', 'x', out(life));
    ledger.keep();
  }
  expect(next().totals.dropped).toEqual({ application: { not_handed_over: 4 }, a: { x: 6 } });
});

test('a ring is saved after the entry with its counts, and once', () => {
  const { ledger, journal } = next();
  const [before, after] = [Buffer.from('before'), Buffer.from('after')];
  const steps: string[] = [];
  const ring = {
    checkpoint: () => ({ ring: 'ring-1', before, after }),
    save: () => steps.push(readFileSync(path, 'utf8').includes('full_drop_oldest') ? 'saved' : 'too early'),
    saveOwed: () => steps.push('owed'),
  };
  ledger.acknowledging(ring);
  ledger.acknowledging(ring);
  ledger.countDropped('a', 'full_drop_oldest', out(5));
  ledger.keep();
  ledger.keep();
  expect(steps).toEqual(['saved']);
  journal.lost(ONE, { lines: 1, bytes: 1 });
  // Once for each start until a shipper has opened the ring, however many are killed before.
  for (let kills = 0; kills < 3; kills += 1) {
    expect(open().previous.checkpoints.get('ring-1')).toEqual({ ring: 'ring-1', before, after });
  }
  expect(next().totals.dropped).toEqual({ application: { not_handed_over: 1 }, a: { full_drop_oldest: 5 } });
});

test('without counts a ring is saved, and nothing is written to the journal', () => {
  const { ledger } = next();
  let saved = 0;
  const size = statSync(path).size;
  ledger.acknowledging({ checkpoint: () => undefined, save: () => (saved += 1), saveOwed: () => {} });
  ledger.keep();
  expect([saved, statSync(path).size]).toEqual([1, size]);
});

test('a count of records that are still buffered is not kept: the next shipper reads and counts them itself', () => {
  next().ledger.countDropped('a', 'x', out(5));
  expect(next().totals.dropped).toEqual({});
});

test('withheld records of acknowledged batches outlive a kill, less those that were sent later', () => {
  for (let run = 1; run <= 2; run += 1) {
    const { ledger } = next();
    ledger.keepWithheld('rule_1', out(5));
    ledger.keepWithheld('recorder', out(3));
    ledger.keepWithheld('recorder', new Tally().minus(out(2)));
    ledger.keep();
  }
  expect(next().totals).toMatchObject({
    withheld: { rule_1: 10, recorder: 2 },
    recovered: { a: 12, b: 12 },
    balanced: true,
  });
  next().ledger.reported();
  expect(next().totals).not.toHaveProperty('withheld');
});

test.each([
  ['["withheld"]'],
  ['["withheld",7,{"stdout":[1,1]}]'],
  ['["withheld","x",{"stdout":[1.5,1]}]'],
  ['["withheld","x",{"stdin":[1,1]}]'],
  ['["withheld","x",null]'],
])('%s counts nothing', (entry) => {
  next();
  appendFileSync(path, `${entry}\n`);
  expect(next().totals).toMatchObject({ dropped: EMPTY, balanced: true });
  expect(next().totals.withheld ?? {}).toEqual({});
});

test('a total that was reported is known, and only what comes on top is counted', () => {
  next().journal.lost(ONE, { lines: 3, bytes: 30 });
  next().ledger.reported();
  const { journal } = next();
  expect(journal.previous.lost.get(ONE)).toEqual({
    total: { lines: 3, bytes: 30 },
    unreported: { lines: 0, bytes: 0 },
  });
  journal.lost(ONE, { lines: 5, bytes: 50 });
  expect(next().totals.dropped).toEqual({ application: { not_handed_over: 2 } });
});

test('a line that a kill has cut off is no entry, and those before it are', () => {
  next().journal.lost(ONE, { lines: 3, bytes: 30 });
  appendFileSync(path, `["lost","${OTHER}",9`);
  expect(next().totals.dropped).toEqual({ application: { not_handed_over: 3 } });
});

test.each([
  ['no JSON', 'nonsense\n'],
  ['no entries', '{}\n[]\n[1]\nnull\n"lost"\n'],
  ['numbers that cannot be', `["lost","${ONE}",1e300,1]\n["gone",-1,5]\n["dropped","a","x",{"stdout":[0.5,1]}]\n`],
  ['names that cannot be', '["lost","x",1,1]\n["dropped",7,"x",{}]\n["dropped","a","x",{"stdin":[1,1]}]\n'],
  ['a sink that there is not', '["dropped","other","x",{"stdout":[1,1]}]\n'],
])('a file with %s counts nothing', (_, text) => {
  writeFileSync(path, text);
  expect(next().totals).toMatchObject({
    read: 0,
    dropped: expect.not.objectContaining({ application: expect.anything() }),
    balanced: true,
  });
});

test.each([0o666, 0o620, 0o602])('a file that others may write, mode %o, counts nothing', (mode) => {
  writeFileSync(path, `["lost","${ONE}",3,30]\n`);
  chmodSync(path, mode);
  expect(next().totals.dropped).toEqual({});
});

test('a link in its place is not followed', () => {
  const target = join(directory, 'target');
  writeFileSync(target, `["lost","${ONE}",3,30]\n`);
  symlinkSync(target, path);
  const { totals, journal } = next();
  journal.lost(OTHER, { lines: 1, bytes: 1 });
  expect(totals.dropped).toEqual({});
  expect(readFileSync(target, 'utf8')).toBe(`["lost","${ONE}",3,30]\n`);
});

test('counts that cannot be read now end the start, and are those of the next one that can read them', () => {
  next().journal.lost(ONE, { lines: 3, bytes: 30 });
  const failing = jest.spyOn(fs, 'readFileSync').mockImplementationOnce(() => {
    throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
  });
  expect(open).toThrow(ConfigError);
  failing.mockRestore();
  expect(next().totals.dropped).toEqual({ application: { not_handed_over: 3 } });
});

test("another user's file that cannot be opened counts nothing, and ends no start", () => {
  next().journal.lost(ONE, { lines: 3, bytes: 30 });
  const geteuid = jest.spyOn(process, 'geteuid').mockReturnValue(process.geteuid!() + 1);
  const failing = jest.spyOn(fs, 'openSync').mockImplementationOnce(() => {
    throw Object.assign(new Error('EACCES: permission denied, open'), { code: 'EACCES' });
  });
  const journal = open();
  failing.mockRestore();
  geteuid.mockRestore();
  expect(journal.isContinued).toBe(false);
  expect(journal.previous.lost.size).toBe(0);
});

test('the file stays small, however much is counted', () => {
  const { ledger, journal } = next();
  for (let i = 1; i <= 120_000; i += 1) journal.lost(ONE, { lines: i, bytes: i });
  ledger.countDropped('a', 'x', out(1));
  ledger.keep();
  expect(statSync(path).size).toBeLessThan(4.5 * 1024 * 1024);
  expect(next().totals.dropped).toEqual({ application: { not_handed_over: 120_000 }, a: { x: 1 } });
  expect(statSync(path).size).toBeLessThan(100_000);
});

/** From now on the files of the directory have no more bytes together than now. */
function fillDisk() {
  const { writeSync } = fs;
  const used = () => fs.readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  const most = used();
  return jest.spyOn(fs, 'writeSync').mockImplementation(((
    fd: number,
    bytes: Buffer,
    ...at: [number, number, number]
  ) => {
    const [, length, position] = at;
    if (used() + Math.max(0, position + length - fs.fstatSync(fd).size) <= most) return writeSync(fd, bytes, ...at);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  }) as typeof writeSync);
}

test.each([
  ['from the first entry on', 0, 6000],
  ['in the middle of the room for entries', 700, 6000],
  ['and the next shippers start on it', 3, 2000],
])('a full disk refuses no count: %s', (_, before, each) => {
  let { journal } = next();
  for (let i = 1; i <= before; i += 1) journal.lost(ONE, { lines: i, bytes: i });
  const full = fillDisk();
  // More than the room of several files.
  for (let i = before + 1; i <= 6000; i += 1) {
    journal.lost(ONE, { lines: i, bytes: i });
    if (i % each === 0) journal = next().journal;
  }
  expect(problems).toEqual([]);
  full.mockRestore();
  journal.lost(OTHER, { lines: 1, bytes: 1 });
  expect(next().totals.dropped).toEqual({ application: { not_handed_over: 6001 } });
});

test.each([
  ['nothing', 0],
  ['half', 0.5],
])('a count of which a failing disk takes %s is in the file with the next one', (_, part) => {
  const { journal } = next();
  const { writeSync } = fs;
  const failing = jest.spyOn(fs, 'writeSync').mockImplementation(((
    fd: number,
    bytes: Buffer,
    from: number,
    length: number,
    at: number,
  ) => {
    writeSync(fd, bytes, from, Math.floor(length * part), at);
    throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' });
  }) as unknown as typeof writeSync);
  journal.lost(ONE, { lines: 3, bytes: 30 });
  failing.mockRestore();
  expect(problems).toEqual([expect.stringMatching(/counts cannot be kept in .*EIO/)]);
  journal.lost(OTHER, { lines: 1, bytes: 10 });
  expect(next().totals.dropped).toEqual({ application: { not_handed_over: 4 } });
});

describe('while the disk refuses the counts of lines', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function refused() {
    const { ledger } = next();
    const steps: string[] = [];
    const has = () => readFileSync(path, 'utf8').includes('full_drop_oldest');
    const ring = {
      checkpoint: () => ({ ring: 'ring-1', before: Buffer.from('before'), after: Buffer.from('after') }),
      save: () => steps.push(has() ? 'saved' : 'forgotten'),
      saveOwed: () => steps.push('owed'),
    };
    const failing = jest.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' });
    });
    ledger.acknowledging(ring);
    ledger.countDropped('a', 'full_drop_oldest', out(5));
    ledger.keep();
    return { ledger, steps, failing };
  }

  test('their ring keeps them until a later attempt, which no other count has to bring', () => {
    const { ledger, steps, failing } = refused();
    ledger.keep();
    expect(steps).toEqual(['owed', 'owed']);
    failing.mockRestore();
    jest.advanceTimersByTime(1000);
    expect(steps).toEqual(['owed', 'owed', 'saved']);
    expect(open().previous.checkpoints.has('ring-1')).toBe(true);
    expect(next().totals.dropped).toEqual({ a: { full_drop_oldest: 5 } });
  });

  test('for long, the ring gives room to new lines; the counts are kept as soon as the disk takes them', () => {
    const { steps, failing } = refused();
    jest.advanceTimersByTime(60_000);
    expect(new Set(steps)).toEqual(new Set(['owed', 'forgotten']));
    failing.mockRestore();
    jest.advanceTimersByTime(1000);
    expect(next().totals.dropped).toEqual({ a: { full_drop_oldest: 5 } });
  });

  test('a last line has them, and the ring forgets its lines', () => {
    const { ledger, steps } = refused();
    ledger.reported();
    expect(steps.at(-1)).toBe('forgotten');
  });

  test('of a total of an application alone, the next attempt comes by itself', () => {
    const { journal } = next();
    const failing = jest.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' });
    });
    journal.lost(ONE, { lines: 2, bytes: 20 });
    failing.mockRestore();
    jest.advanceTimersByTime(1000);
    expect(next().totals.dropped).toEqual({ application: { not_handed_over: 2 } });
  });
});

test('a directory that is gone is reported, and stops nothing', () => {
  const { ledger, journal } = next();
  rmSync(directory, { recursive: true });
  journal.reported();
  ledger.countDropped('a', 'x', out(1));
  ledger.keep();
  const lostWithPreviousRun = new CountJournal(join(directory, 'none'), {
    onProblem: (problem) => problems.push(problem),
  });
  lostWithPreviousRun.lost(ONE, { lines: 1, bytes: 1 });
  expect(problems[0]).toMatch(/counts cannot be kept in .*ENOENT/);
  directory = mkdtempSync(join(tmpdir(), 'lt-counts-'));
});

const readOf = (seq: number, lines: number) =>
  new Map([[ONE, { seq, lines, bytes: lines * 10, lost: { lines: 0, bytes: 0 } }]]);

test('lines from sockets that no sink had acknowledged are counted by the next shippers, until one reports', () => {
  const { ledger } = next();
  ledger.keepRead(readOf(8, 8), { lines: 8, bytes: 80 });
  ledger.keepSettled({ lines: 5, bytes: 50 });
  ledger.keep();
  for (let kills = 0; kills < 2; kills += 1) {
    const { journal, totals } = next();
    expect(totals.dropped).toEqual({ hold: { shipper_killed: 5 } });
    expect(journal.previous.reads).toEqual(readOf(8, 8));
  }
  next().journal.reported();
  const { journal, totals } = next();
  expect(totals.dropped).toEqual({});
  // What the process loses after an orderly end is in its own count.
  expect(journal.previous.reads.size).toBe(0);
});

test('what was read of a process that tells its total is known after an orderly end, too', () => {
  const [[, total]] = [...readOf(8, 8)] as [[string, ReadTotal]];
  const reads = new Map([[ONE, { ...total, lineEnds: 7 }]]);
  next().ledger.keepRead(reads, { lines: 8, bytes: 80 });
  next().journal.reported();
  const { journal, totals } = next();
  expect(totals.dropped).toEqual({});
  expect(journal.previous.reads).toEqual(reads);
});

test('lines that a last line has reported as held are not lost with the shipper that follows', () => {
  const { ledger } = next();
  ledger.keepRead(readOf(8, 8), { lines: 8, bytes: 80 });
  ledger.reported();
  expect(next().totals.dropped).toEqual({});
});

test('frames that are missed are kept beyond the next kill', () => {
  next().ledger.keepRead(readOf(8, 8), { lines: 0, bytes: 0 }, { missing: { lines: 4, bytes: 40 } });
  const { journal, totals } = next();
  expect(totals.dropped).toEqual({ hold: { shipper_killed: 4 } });
  expect(journal.previous.reads).toEqual(readOf(8, 8));
});

test('lines from sockets that are counted are in one entry with the total that has them', () => {
  const { ledger } = next();
  const path = join(directory, JOURNAL_NAME);
  const entries = () => readFileSync(path, 'utf8').trim().split(/\n\s*/).filter(Boolean).length;
  const before = entries();
  ledger.keepRead(readOf(8, 8), { lines: 3, bytes: 30 }, { invalid: { lines: 4, bytes: 40 } });
  expect(entries()).toBe(before + 1);
  const { journal, totals } = next();
  expect(totals.dropped).toEqual({ application: { invalid_frames: 4 }, hold: { shipper_killed: 3 } });
  expect(journal.previous.reads).toEqual(readOf(8, 8));
});
