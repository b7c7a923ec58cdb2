import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SentNote } from '../../../../src/shipper/sinks/unsettled/sent-note.js';
import { batchOf, stdoutOrigin } from '../../../support/batches.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logtap-sent-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const first = () => new SentNote({ directory, sink: 'cloudwatch', isContinued: false });
const next = () => new SentNote({ directory, sink: 'cloudwatch', isContinued: true });
const originOf = (n: number) => ({ ...stdoutOrigin, id: `${String(n).padStart(16, '0')}-1` });
const batch = (count: number, origin = stdoutOrigin) =>
  batchOf(Array.from({ length: count }, (_, seq) => ({ message: 'a', seq, timeMs: 1000 + seq, origin })));
const all = batch(10);
const mayHave = (note: SentNote, records = all) =>
  Array.from({ length: records.count }, (_, i) => i).filter((i) => note.mayHave(records, i));

test('nothing has left before the first request, of any origin', () => {
  first();
  expect(mayHave(next())).toEqual([]);
});

test('what is about to leave is noted before it does', () => {
  first().leave(all, [3, 1, 4]);
  expect(mayHave(next())).toEqual([0, 1, 2, 3, 4]);
  expect(mayHave(next(), batch(10, originOf(2)))).toEqual([]);
});

test('what is not stored is taken out again, and what may be stays', () => {
  const note = first();
  const [one, two, three] = [
    [0, 1],
    [2, 3],
    [4, 5],
  ].map((records) => note.leave(all, records));
  note.absent(three!);
  expect(mayHave(next())).toEqual([0, 1, 2, 3]);
  note.stays(one!);
  note.absent(two!);
  expect(mayHave(next())).toEqual([0, 1]);
});

test('a shipper that is killed before it sends anything leaves the note of the one before', () => {
  first().leave(all, [0, 1]);
  next();
  expect(mayHave(next())).toEqual([0, 1]);
});

test('of more origins than are noted one by one, the latest time counts', () => {
  const note = first();
  for (let n = 0; n < 1030; n++) {
    const records = batchOf([{ message: 'a', seq: 5, timeMs: n, origin: originOf(n) }]);
    note.stays(note.leave(records, [0]));
  }
  const later = next();
  const of = (n: number, seq: number, timeMs: number) =>
    later.mayHave(batchOf([{ message: 'a', seq, timeMs, origin: originOf(n) }]), 0);
  expect([of(0, 5, 0), of(1029, 5, 1029), of(1029, 6, 1029)]).toEqual([true, true, false]);
  // Not noted any more: by its time it may have been.
  expect([of(9999, 0, 3), of(9999, 0, 2000)]).toEqual([true, false]);
});

test('a record without a time is of any', () => {
  const note = first();
  const records = batchOf([{ message: 'a', seq: 0, timeMs: Number.NaN }]);
  note.stays(note.leave(records, [0]));
  expect(mayHave(next(), records)).toEqual([0]);
});

test.each<[string, (path: string) => void]>([
  ['is missing', (path) => rmSync(path)],
  ['is empty', (path) => writeFileSync(path, '')],
  ['is nonsense', (path) => writeFileSync(path, '{"untilMs":"soon","last":[]}')],
  ['has numbers that are none', (path) => writeFileSync(path, '{"untilMs":"-Infinity","last":[["a",["b",1]]]}')],
  ['is far too long', (path) => writeFileSync(path, `{"untilMs":"-Infinity","last":[]}${' '.repeat(2 ** 20)}`)],
  [
    'is a directory',
    (path) => {
      rmSync(path);
      mkdirSync(join(path, 'within'), { recursive: true });
    },
  ],
  [
    'is a link',
    (path) => {
      rmSync(path);
      writeFileSync(join(directory, 'elsewhere'), '{"untilMs":"-Infinity","last":[]}');
      symlinkSync('elsewhere', path);
    },
  ],
])('where it %s, each record may have left, also for the shippers after', (_, spoil) => {
  first();
  const [name] = readdirSync(directory);
  spoil(join(directory, name!));
  expect(mayHave(next())).toHaveLength(10);
  next().leave(all, [0]);
  expect(mayHave(next())).toHaveLength(10);
});

test('two sinks have a note each', () => {
  first().leave(all, [0]);
  new SentNote({ directory, sink: 'audit', isContinued: false });
  expect(mayHave(next())).toEqual([0]);
});
