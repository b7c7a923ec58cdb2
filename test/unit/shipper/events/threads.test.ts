/** Threads that write to one stream at the same time, and readers that begin anew while an event is open. */
import fc from 'fast-check';
import type { EventSettings } from '../../../../src/shipper/events/room.js';
import { shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import { StreamAssembler } from '../../../../src/shipper/source/frames/stream-assembler.js';
import { AUTO } from '../../../events/trial.js';
import { type ReadRecord, recordsOf, stdoutOrigin } from '../../../support/batches.js';

const PLACES = 32_768;

interface Frame {
  readonly text: string;
  readonly thread: number;
  readonly timeMs: number;
}

class Reader {
  readonly shared;
  readonly assembler: StreamAssembler;

  constructor(settings: EventSettings = AUTO) {
    this.shared = shareAssembly(1_000_000, Number.POSITIVE_INFINITY, settings);
    this.assembler = new StreamAssembler(stdoutOrigin, this.shared);
  }

  read(frames: readonly Frame[], from = 0, to = frames.length): void {
    for (let n = from; n < to; n++) {
      const { text, thread, timeMs } = frames[n]!;
      const bytes = Buffer.from(text, 'latin1');
      this.assembler.write(bytes, 0, bytes.length, timeMs, (n + 1) * PLACES, timeMs, n, false, thread);
    }
  }

  records(): ReadRecord[] {
    return recordsOf(this.shared.builder.finish());
  }
}

const trace = (id: number): string[] => [
  `java.lang.IllegalStateException: order ${id}\n`,
  `\tat shop.Orders.handle${id}(Orders.java:${id})\n`,
  `\tat shop.Orders.run${id}(Orders.java:9)\n`,
  `Caused by: java.io.IOException: disk ${id}\n`,
  `\tat shop.Disk.read${id}(Disk.java:3)\n`,
  '\t... 2 more\n',
];
const textOf = (lines: readonly string[]) => lines.join('').trimEnd();

/** A thread's events, line by line. */
const thread = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 99 }).map((id) => [`2026-11-28 10:00:00 INFO order ${id}\n`]),
    fc.integer({ min: 0, max: 99 }).map(trace),
    fc.integer({ min: 0, max: 99 }).map((id) => trace(id).map((line) => `app_${id}  | ${line}`)),
    fc.integer({ min: 0, max: 99 }).map((id) => [`app_${id}  | order accepted\n`]),
    fc.integer({ min: 0, max: 99 }).map((id) => ['fragment ', `of ${id}`, '\n']),
    fc.integer({ min: 0, max: 99 }).map((id) => [`failed: ${id}\n`, `  with ${id}\n`]),
    fc.integer({ min: 0, max: 99 }).map((id) => [`{"order":${id}}\n`]),
  ),
  { maxLength: 6 },
);

/** Threads that take turns in any order; who writes next, and how much later. */
const mixed = fc
  .tuple(
    fc.array(thread, { minLength: 1, maxLength: 4 }),
    fc.array(fc.tuple(fc.nat(3), fc.constantFrom(0, 1, 20)), { maxLength: 200 }),
  )
  .map(([threads, turns]) => {
    const left = threads.map((events) => events.flat());
    const frames: Frame[] = [];
    let timeMs = 0;
    const take = (i: number) => {
      const text = left[i % left.length]!.shift();
      if (text !== undefined) frames.push({ text, thread: (i % left.length) + 1, timeMs });
    };
    for (const [i, ms] of turns) {
      timeMs += ms;
      take(i);
    }
    left.forEach((_, i) => {
      while (left[i]!.length > 0) take(i);
    });
    return { threads, frames };
  });

describe('threads of a stream', () => {
  test('have their own traces, which leave in the order of their first bytes', () => {
    fc.assert(
      fc.property(mixed, ({ threads, frames }) => {
        const reader = new Reader();
        reader.read(frames);
        reader.assembler.flush();
        const records = reader.records();
        const expected = threads.flatMap((events) => events.map(textOf));
        expect(records.map(({ message }) => message).sort()).toEqual([...expected].sort());
        const seqs = records.map(({ seq }) => seq);
        expect(seqs).toEqual([...seqs].sort((one, other) => one - other));
        expect(reader.shared.eventBytes).toBe(0);
        expect([...reader.shared.openEvents].some(({ isOpen }) => isOpen)).toBe(false);
        expect(reader.assembler.unfinishedPosition).toBeUndefined();
      }),
    );
  });

  test('mix their traces where no tag tells them apart', () => {
    const [one, other] = [trace(1), trace(2)];
    const frames = one.flatMap((text, i) => [text, other[i]!].map((each) => ({ text: each, thread: 0, timeMs: 0 })));
    const reader = new Reader();
    reader.read(frames);
    reader.assembler.flush();
    expect(reader.records().map(({ message }) => message)).not.toContain(textOf(one));
  });

  test('a buffer that several threads fill is read as one stream: the rest of a line may come from another', () => {
    const block = `${'x'.repeat(4090)}\nfirst`;
    const reader = new Reader();
    reader.read([
      { text: block, thread: 1, timeMs: 0 },
      { text: ' half\n', thread: 2, timeMs: 1 },
    ]);
    reader.assembler.flush();
    expect(reader.records().map(({ message }) => message)).toContain('first half');
  });

  test('a thread that stays silent within an event holds the others no longer than the idle time of writes', () => {
    const reader = new Reader({ ...AUTO, idleMs: 1000 });
    const frames: Frame[] = [{ text: trace(1)[0]!, thread: 1, timeMs: 0 }];
    for (let i = 1; i <= 12; i++) frames.push({ text: `order ${i}\n`, thread: 2, timeMs: i * 100 });
    reader.read(frames);
    expect(reader.records().map(({ message }) => message)).toContain('order 5');
  });

  test('a thread that stays silent holds no more than a thousand records of others', () => {
    const reader = new Reader();
    const frames: Frame[] = [{ text: trace(1)[0]!, thread: 1, timeMs: 0 }];
    for (let i = 1; i <= 1010; i++) frames.push({ text: `order ${i}\n`, thread: 2, timeMs: 0 });
    reader.read(frames);
    expect(reader.records().length).toBeGreaterThan(900);
  });
});

function withoutCut(frames: readonly Frame[]): ReadRecord[] {
  const whole = new Reader();
  whole.read(frames);
  whole.assembler.flush();
  return whole.records();
}

/** Of a reader that ends after some frames, and of another that begins where it was. */
function afterCut(frames: readonly Frame[], cut: number): ReadRecord[] {
  const first = new Reader();
  const until = frames.length === 0 ? 0 : cut % (frames.length + 1);
  first.read(frames, 0, until);
  const position = first.assembler.unfinishedPosition ?? until;
  const settled = first.assembler.assembledSeq;
  const before = first.records();
  const second = new Reader();
  second.assembler.skipBefore(settled);
  second.read(frames, position);
  second.assembler.flush();
  const byName = new Map(before.map((record) => [record.seq, record]));
  for (const record of second.records()) {
    const known = byName.get(record.seq);
    if (known !== undefined) expect(record).toEqual(known);
    byName.set(record.seq, record);
  }
  return [...byName.values()].sort((one, other) => one.seq - other.seq);
}

describe('a reader that begins anew', () => {
  test('where one before it was makes the same records, none twice and none different', () => {
    fc.assert(
      fc.property(mixed, fc.nat(), ({ frames }, cut) => {
        expect(afterCut(frames, cut)).toEqual(withoutCut(frames));
      }),
    );
  });

  /** The last write begins within a line, and an event begins within the write. */
  const WITHIN_TEXT = ['x?\n', 'x?\n', 'x?', 'x?\n  File "a.py", line 1, in f\nx?\n\tat a.B.c(D.java:1)\n'].map(
    (text) => ({
      ...{ text, thread: 1, timeMs: 0 },
    }),
  );
  test('within a write, or at a write that began within a line', () => {
    const line = fc.constantFrom(
      'x?',
      '',
      '2026-11-28 10:00:00 INFO one',
      '2026-11-28 10:00:00 INFO two',
      'java.lang.Error: x',
      '\tat a.B.c(D.java:1)',
      'Caused by: java.io.IOException: y',
      'Traceback (most recent call last):',
      '  File "a.py", line 1, in f',
      'ValueError: x',
      '{"a":1}',
    );
    const write = fc.tuple(fc.array(line, { minLength: 1, maxLength: 6 }), fc.constantFrom('\n', '\n', '\n', ''));
    const frames = fc
      .array(write, { minLength: 1, maxLength: 6 })
      .map((all) => all.map(([lines, end]) => ({ text: lines.join('\n') + end, thread: 1, timeMs: 0 })))
      .map((all) => all.filter(({ text }) => text !== ''));
    fc.assert(
      fc.property(frames, fc.nat(), (all, cut) => {
        expect(afterCut(all, cut)).toEqual(withoutCut(all));
      }),
      { numRuns: 1000, examples: [[WITHIN_TEXT, 1_862_270_969]] },
    );
  });
});
