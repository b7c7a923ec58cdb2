import fc from 'fast-check';
import { BatchBuilder } from '../../../../src/shipper/records/batch-builder.js';
import type { AssemblerShared } from '../../../../src/shipper/source/frames/assembly.js';
import { LineAssembler } from '../../../../src/shipper/source/frames/line-assembler.js';
import { recordsOf, stdoutOrigin } from '../../../support/batches.js';
import { split } from '../../../support/frames.js';

function shared(options: Partial<AssemblerShared> = {}): AssemblerShared {
  return {
    builder: new BatchBuilder(),
    lineMaxBytes: 1000,
    partialMaxBytes: 1_000_000,
    partialBytes: 0,
    unfinished: new Set(),
    eventBytes: 0,
    openEvents: new Set(),
    ...options,
  };
}

/** Assembles chunks of one contiguous stream; `seq` is the byte offset, as for raw peers. */
function assemble(chunks: readonly Buffer[], options: Partial<AssemblerShared> = {}) {
  const state = shared(options);
  const assembler = new LineAssembler(stdoutOrigin, state);
  let offset = 0;
  for (const chunk of chunks) {
    assembler.write(chunk, 0, chunk.length, 0, offset, 0);
    offset += chunk.length;
  }
  assembler.flush();
  return { records: recordsOf(state.builder.finish()), state };
}

/** What the lines are, worked out the slow way: one record a line, its seq the place of its first byte. */
function expected(bytes: Buffer) {
  const lines: { message: string; seq: number }[] = [];
  let seq = 0;
  const parts = bytes.toString('latin1').split('\n');
  parts.forEach((line, i) => {
    // Only before a line feed it belongs to the end of the line.
    const isEnded = i < parts.length - 1;
    lines.push({ message: isEnded && line.endsWith('\r') ? line.slice(0, -1) : line, seq });
    seq += line.length + 1;
  });
  if (parts.at(-1) === '') lines.pop();
  return lines;
}

/** Few different bytes, so that line ends, multi-byte characters and invalid bytes meet. */
const text = fc
  .array(fc.constantFrom('\n', '\n', '\r', 'a', 'bc', 'é', '€', '😀', '\0'), { maxLength: 120 })
  .map((parts) => Buffer.from(parts.join('')));
const bytes = fc.oneof(text, fc.uint8Array({ maxLength: 200 }).map(Buffer.from));

describe('LineAssembler', () => {
  test('gives the same lines, at the same places, however the bytes are cut', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 20 }), (input, cuts) => {
        const { records, state } = assemble(split(input, cuts));
        expect(records.map(({ message, seq }) => ({ message, seq }))).toEqual(expected(input));
        expect(state.partialBytes).toBe(0);
        expect(state.unfinished.size).toBe(0);
      }),
    );
  });

  test('cuts over-long lines at the same places however the bytes are cut, and loses none', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 20 }), fc.integer({ min: 4, max: 12 }), (input, cuts, max) => {
        const { records } = assemble(split(input, cuts), { lineMaxBytes: max });
        expect(records).toEqual(assemble([input], { lineMaxBytes: max }).records);
        // Put where their places say, the parts are the input, less line ends.
        const copy = Buffer.alloc(input.length, '\n');
        for (const { message, seq } of records) copy.write(message, seq, 'latin1');
        expect(copy.toString('latin1')).toBe(input.toString('latin1').replaceAll('\r\n', '\n\n'));
        for (const { message } of records) expect(message.length).toBeLessThanOrEqual(max);
      }),
    );
  });

  test('a line of exactly the limit is one record, one byte more are two', () => {
    const at = (length: number) =>
      assemble([Buffer.from(`${'x'.repeat(length)}\n`)], { lineMaxBytes: 10 }).records.map((r) => r.message.length);
    expect(at(10)).toEqual([10]);
    expect(at(11)).toEqual([10, 1]);
    expect(at(30)).toEqual([10, 10, 10]);
  });

  test.each([
    ['é', 9],
    ['€', 8],
    ['€', 9],
    ['😀', 7],
    ['😀', 8],
    ['😀', 9],
  ])('does not cut %s that starts at byte %i of 10', (character, position) => {
    const line = `${'x'.repeat(position)}${character}y`;
    const { records } = assemble([Buffer.from(line)], { lineMaxBytes: 10 });
    expect(records.map((r) => Buffer.from(r.message, 'latin1').toString())).toEqual([
      'x'.repeat(position),
      `${character}y`,
    ]);
  });

  test('cuts where it must when there are only continuation bytes', () => {
    const { records } = assemble([Buffer.alloc(25, 0x80)], { lineMaxBytes: 10 });
    expect(records.map((r) => r.message.length)).toEqual([10, 10, 5]);
  });

  test.each([
    ['before a line feed belongs to the end of the line', 'a\r\n\n\r\nb\r\n', ['a', '', '', 'b']],
    ['and only the last one does', 'a\r\r\n\r\r\n', ['a\r', '\r']],
    ['within a line stays', '10%\r20%\r\n\rx\n', ['10%\r20%', '\rx']],
    ['at the end of all stays', 'a\r', ['a\r']],
  ])('a carriage return %s', (_, input, lines) => {
    for (const chunks of [[Buffer.from(input)], [...Buffer.from(input)].map((byte) => Buffer.of(byte))]) {
      expect(assemble(chunks).records.map(({ message }) => message)).toEqual(lines);
    }
  });

  test('a carriage return that is one byte too many makes no record of its own', () => {
    for (const input of ['x'.repeat(10), 'x'.repeat(20), `${'x'.repeat(9)}é`]) {
      const bytes = Buffer.from(`${input}\r\nnext\r\n`);
      for (const chunks of [[bytes], [...bytes].map((byte) => Buffer.of(byte))]) {
        const { records } = assemble(chunks, { lineMaxBytes: 10 });
        expect(records.every(({ message }) => message.length > 0 && !message.includes('\r'))).toBe(true);
        expect(records.at(-1)?.message).toBe('next');
      }
    }
  });

  describe('a line that waited', () => {
    /** Texts at times; an empty one is a look after the idle time. */
    function timed(...writes: readonly (readonly [text: string, timeMs: number])[]) {
      const state = shared({ lineAgeMs: 5000 });
      const assembler = new LineAssembler(stdoutOrigin, state);
      let offset = 0;
      for (const [text, timeMs] of writes) {
        const bytes = Buffer.from(text);
        if (text === '') assembler.interrupt();
        assembler.write(bytes, 0, bytes.length, timeMs, offset, 0);
        offset += bytes.length;
      }
      assembler.flush();
      expect(state.partialBytes).toBe(0);
      expect(state.unfinished.size).toBe(0);
      return recordsOf(state.builder.finish()).map(({ message, timeMs, seq }) => [message, timeMs, seq]);
    }

    test.each([
      ['a line feed', '\n'],
      ['a line feed after a carriage return', '\r\n'],
    ])('is ended by %s that comes alone, without another record', (_, end) => {
      expect(timed(['abc', 0], ['', 0], [`${end}next\n`, 9])).toEqual([
        ['abc', 0, 0],
        ['next', 9, 3 + end.length],
      ]);
      expect(timed(['abc', 0], ['', 0], [end, 9], [end, 9])).toEqual([
        ['abc', 0, 0],
        ['', 9, 3 + end.length],
      ]);
    });

    test('is ended by both, also when it waits between them', () => {
      expect(timed(['abc\r', 0], ['', 0], ['\n', 9], ['d\n', 9])).toEqual([
        ['abc', 0, 0],
        ['d', 9, 5],
      ]);
      expect(timed(['abc', 0], ['', 0], ['\r', 9], ['', 9], ['\n', 9], ['\n', 10])).toEqual([
        ['abc', 0, 0],
        ['', 10, 5],
      ]);
    });

    test('goes on as another record', () => {
      expect(timed(['abc', 0], ['', 0], ['def', 9], ['ghi\n', 9])).toEqual([
        ['abc', 0, 0],
        ['defghi', 9, 3],
      ]);
    });

    test('while it grows is cut where a write came too late, by the times of the writes', () => {
      const ticks = Array.from({ length: 60 }, (_, i) => [`\r ${i} %`, i * 200] as const);
      const records = timed(...ticks, [' done\n', 12_000]);
      expect(records.map(([, timeMs]) => timeMs)).toEqual([0, 5000, 10_000]);
      expect(records.map(([message]) => message).join('')).toBe(`${ticks.map(([text]) => text).join('')} done`);
    });

    test('is not cut by writes in time, nor when their clock goes back', () => {
      expect(timed(['a', 1000], ['b', 5999], ['c', 0], ['d\n', 5999])).toEqual([['abcd', 1000, 0]]);
    });
  });

  test('a line has the time and the place of its first byte', () => {
    const state = shared();
    const assembler = new LineAssembler(stdoutOrigin, state);
    const first = Buffer.from('one\ntw');
    const second = Buffer.from('o\nthree\n');
    assembler.write(first, 0, first.length, 1000.5, 32768, 0);
    assembler.write(second, 0, second.length, 2000.25, 65536, 0);
    expect(recordsOf(state.builder.finish())).toEqual([
      { message: 'one', timeMs: 1000.5, seq: 32768, origin: stdoutOrigin.id },
      { message: 'two', timeMs: 1000.5, seq: 32772, origin: stdoutOrigin.id },
      { message: 'three', timeMs: 2000.25, seq: 65538, origin: stdoutOrigin.id },
    ]);
  });

  test('makes a record of an unfinished line when all of them together pass their bound', () => {
    const state = shared({ partialMaxBytes: 10 });
    const one = new LineAssembler(stdoutOrigin, state);
    const two = new LineAssembler(stdoutOrigin, state);
    one.write(Buffer.from('123456'), 0, 6, 0, 0, 0);
    two.write(Buffer.from('78901'), 0, 5, 0, 0, 0);
    expect(recordsOf(state.builder.finish()).map((r) => r.message)).toEqual(['78901']);
    expect(state.partialBytes).toBe(6);
    expect([...state.unfinished]).toEqual([one]);
  });
});
