/** What lies behind an invalid frame of a connection is counted at once, and once: its process may never come again. */
import type { ReadTotal } from '../../../../src/shipper/accounting/journal-sum.js';
import { shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import { FrameStream } from '../../../../src/shipper/source/frames/frame-stream.js';
import { LossTotals } from '../../../../src/shipper/source/frames/losses/loss-totals.js';
import { ConnectionReads } from '../../../../src/shipper/source/socket/connection-reads.js';
import type { CountedLines } from '../../../../src/shipper/source/socket/read-totals.js';
import { data, frame, hello, magic } from '../../../support/frames.js';

const ONE = '0000000000000abc';
const UNKNOWN = frame({ type: 99 }, Buffer.alloc(0));
const BEHIND = Buffer.concat([UNKNOWN, data(1, 2n, 'two\nthree\n'), data(2, 3n, 'open')]);
const INVALID = { lines: 3, bytes: 14 };

/** A connection on which these bytes come, of a process that an earlier shipper may have read from. */
function read(bytes: Buffer, before?: ReadTotal) {
  const shared = shareAssembly(1000, 1000);
  const losses = new LossTotals(() => {});
  const told: { readonly totals: Record<string, ReadTotal>; readonly counted: CountedLines }[] = [];
  const reads = new ConnectionReads(shared, losses, {
    onRead: (changed, _, counted) => told.push({ totals: Object.fromEntries(changed), counted }),
  });
  const nothing = { lost: new Map(), reads: new Map(before && [[ONE, before]]) };
  reads.remember(nothing as Partial<Parameters<typeof reads.remember>[0]> as Parameters<typeof reads.remember>[0]);
  const connection = new FrameStream(shared, losses, {
    name: 'c0ffee',
    onHello: (greeting) => reads.greet('c0ffee', greeting),
    onFirstFrame: (instance, seq) => reads.hear(instance, seq),
  });
  expect(() => connection.write(bytes, 0)).toThrow();
  reads.refuse(connection, []);
  return { reads, shared, connection, told };
}

test('before any line leaves; its ends are in the total of the process, and those of the lines that wait are not', () => {
  const greeting = Buffer.concat([magic, hello({ handed: 5 }), data(1, 1n, 'one\n')]);
  const { reads, shared, connection, told } = read(Buffer.concat([greeting, BEHIND]));
  expect(told.slice(1)).toEqual([
    { totals: { [ONE]: expect.objectContaining({ lineEnds: 5 + 2 }) }, counted: { invalid: INVALID } },
  ]);
  reads.leave(shared.builder.finish(), [connection]);
  expect(told.slice(2)).toEqual([{ totals: { [ONE]: expect.objectContaining({ lineEnds: 5 + 2 + 1 }) }, counted: {} }]);
});

test('of a peer that has not greeted', () => {
  const { told } = read(Buffer.concat([magic, BEHIND]));
  expect(told).toEqual([{ totals: {}, counted: { invalid: INVALID } }]);
});

test('of a process that does not tell how much it has handed over', () => {
  const { told } = read(Buffer.concat([magic, hello(), data(1, 1n, 'one\n'), BEHIND]));
  expect(told.slice(1)).toEqual([{ totals: {}, counted: { invalid: INVALID } }]);
});

test('what an earlier shipper misses of the process is another count', () => {
  const before = { seq: 1, lines: 3, bytes: 30, lost: { lines: 0, bytes: 0 }, lineEnds: 3 };
  const { told } = read(Buffer.concat([magic, hello({ handed: 5 }), BEHIND]), before);
  expect(told.map(({ counted }) => counted)).toEqual([{ missing: { lines: 2, bytes: 20 } }, { invalid: INVALID }]);
  expect(told.map(({ totals }) => totals[ONE]?.lineEnds)).toEqual([5, 7]);
});
