/** The words for lost lines, and the counts of the processes that write. */
import { lossTexts } from '../../../src/shipper/accounting/losses.js';
import { WriterCounts } from '../../../src/shipper/accounting/writer-counts.js';
import { batchOf, stdoutOrigin } from '../../support/batches.js';

describe('a loss', () => {
  const textOf = (dropped: Record<string, Record<string, number>>, settings = {}) => lossTexts({ dropped }, settings);

  test('nothing, where nothing is lost', () => {
    expect(textOf({ application: { not_handed_over: 0 }, opensearch: {} })).toEqual([]);
  });

  test.each([
    [
      'opensearch',
      'mapper_parsing_exception',
      {},
      /^opensearch: 3 dropped \(mapper_.*set LOGTAP_DEAD_LETTER_FILE to keep/,
    ],
    ['opensearch', '400', { deadLetterFile: '/d' }, /LOGTAP_DEAD_LETTER_FILE='\/d' could not be written/],
    ['application', 'not_handed_over', {}, /^application: 3 dropped .*LOGTAP_RING_BYTES.*LLT_ON_FULL=block/],
    ['application', 'later_version', {}, /logtap upgrade/],
    ['application', 'invalid_frames', {}, /another process of the pod.*the-ring-is-damaged/],
    ['hold', 'shipper_killed', {}, /set LOGTAP_SPOOL_DIR/],
    ['hold', 'shipper_killed', { spoolDir: '/s' }, /LOGTAP_SPOOL_SYNC=always/],
    ['one', 'full_drop_oldest', {}, /LOGTAP_ON_FULL=block/],
    ['one', 'full_drop_newest', {}, /LOGTAP_ON_FULL=block/],
    ['one', 'spool_corrupt', {}, /check the disk/],
    ['stdout', 'reader_gone', {}, /reader of the pipe has ended/],
  ])('at %s for %s with %j names its remedy', (where, reason, settings, says) => {
    expect(textOf({ [where]: { [reason]: 3 } }, settings)).toEqual([expect.stringMatching(says)]);
  });
});

test('damaged rings with an unknown number of lines', () => {
  const uncountedRings = { cut: { rings: 1, bytes: 5 }, size: { rings: 2, bytes: 2 ** 34 } };
  expect(lossTexts({ dropped: {}, uncountedRings }, {})).toEqual([
    expect.stringMatching(
      /^application: an unknown number of lines in 1 damaged ring of 5 bytes dropped \(cut\): .*the-ring-is-damaged/,
    ),
    expect.stringMatching(
      /^application: an unknown number of lines in 2 damaged rings of 17179869184 bytes dropped \(size\): /,
    ),
  ]);
});

describe('processes', () => {
  const originOf = (n: number, stream: 'stdout' | 'stderr' = 'stdout') => ({
    ...{ ...stdoutOrigin, stream, pid: n },
    id: `${String(n).padStart(16, '0')}-${stream}`,
  });

  test('their records by stream, the one that was read last first', () => {
    let now = 5;
    const counts = new WriterCounts(() => now);
    expect(counts.lastReadMs).toBeUndefined();
    counts.note({ instance: '0'.repeat(16), pid: 9, process: 'quiet', container: 'web' });
    counts.add(batchOf([{ message: 'a', origin: originOf(1) }]));
    now = 6;
    counts.add(
      batchOf([
        { message: 'b', origin: originOf(2) },
        { message: 'c', origin: originOf(1) },
        { message: 'd', origin: originOf(1, 'stderr') },
      ]),
    );
    counts.add(batchOf([]));
    expect(counts.all.map(({ pid, records, lastReadMs }) => [pid, records, lastReadMs])).toEqual([
      [1, { stdout: 2, stderr: 1, file: 0 }, 6],
      [2, { stdout: 1, stderr: 0, file: 0 }, 6],
      [9, { stdout: 0, stderr: 0, file: 0 }, undefined],
    ]);
    expect([counts.seen, counts.lastReadMs]).toEqual([3, 6]);
  });

  test('a process is seen once, by its records or by its connection', () => {
    const counts = new WriterCounts(() => 1);
    const instance = '1'.padStart(16, '0');
    counts.add(batchOf([{ message: 'a', origin: originOf(1) }]));
    counts.note({ instance, pid: 1, process: 'app', container: 'web' });
    expect(counts.seen).toBe(1);
    expect(counts.all[0]!.records.stdout).toBe(1);
  });

  test('many short processes: all are counted, the last ones kept', () => {
    const counts = new WriterCounts(() => 1);
    for (let n = 0; n < 3000; n++) counts.add(batchOf([{ message: 'a', origin: originOf(n) }]));
    expect(counts.seen).toBe(3000);
    expect(counts.all).toHaveLength(1000);
    expect(counts.all[0]!.pid).toBe(2999);
  });
});
