/** Lines of UTF-16 are those of Node's own decoder, however the bytes come; their places are those of their bytes in the stream. */
import fc from 'fast-check';
import type { EventSettings } from '../../../../src/shipper/events/room.js';
import { type AssemblerShared, shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import type { ByteOrder } from '../../../../src/shipper/source/frames/utf16/utf16.js';
import { Utf16Assembler } from '../../../../src/shipper/source/frames/utf16/utf16-assembler.js';
import { recordsOf, stdoutOrigin } from '../../../support/batches.js';
import { split } from '../../../support/frames.js';

/** Lines that begin with a letter begin an event. */
const LETTER: EventSettings = {
  maxLines: 1000,
  maxBytes: 100_000,
  idleMs: 1000,
  isFirstLine: ({ bytes, start, end }) => start < end && bytes[start]! >= 0x61,
};
/** Places of one frame, as in decision 1. */
const FRAME = 2 ** 15;

interface Line {
  readonly message: string;
  readonly seq: number;
}

/** Reads frames, the first of which has the number `first`; positions are the numbers of frames. */
class Reader {
  readonly shared: AssemblerShared;
  readonly assembler: Utf16Assembler;
  readonly lines: Line[] = [];

  constructor(
    order: ByteOrder | undefined,
    { lineMaxBytes = 100_000, events }: { lineMaxBytes?: number; events?: EventSettings | undefined } = {},
  ) {
    this.shared = shareAssembly(lineMaxBytes, Number.POSITIVE_INFINITY, events);
    this.assembler = new Utf16Assembler(stdoutOrigin, this.shared, order);
  }

  read(frames: readonly Buffer[], first = 0): this {
    frames.forEach((frame, i) => {
      const number = first + i;
      this.assembler.write(frame, 0, frame.length, 0, (number + 1) * FRAME, 0, number);
      this.#take();
    });
    return this;
  }

  flush(): readonly Line[] {
    this.assembler.flush();
    this.#take();
    return this.lines;
  }

  get messages(): string[] {
    return this.flush().map(({ message }) => message);
  }

  #take(): void {
    const records = recordsOf(this.shared.builder.finish());
    this.lines.push(
      ...records.map(({ message, seq }) => ({ message: Buffer.from(message, 'latin1').toString(), seq })),
    );
  }
}

function encode(text: string, order: ByteOrder, mark = ''): Buffer {
  const bytes = Buffer.from(mark + text, 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
}

/** The slow way, by Node's decoder: one record a line, its place that of its first byte. */
function expected(frames: readonly Buffer[], order: ByteOrder): Line[] {
  const bytes = Buffer.concat(frames);
  const text = new TextDecoder(`utf-16${order}`).decode(bytes);
  const markBytes = order === 'le' ? [0xff, 0xfe] : [0xfe, 0xff];
  let offset = bytes.subarray(0, 2).equals(Buffer.from(markBytes)) ? 2 : 0;
  const lines = text.split('\n');
  const found = lines.map((line, i) => {
    const seq = placeOf(frames, offset);
    offset += (line.length + 1) * 2;
    return { message: i < lines.length - 1 && line.endsWith('\r') ? line.slice(0, -1) : line, seq };
  });
  if (found.at(-1)!.message === '') found.pop();
  return found;
}

function placeOf(frames: readonly Buffer[], offset: number): number {
  let left = offset;
  for (const [number, frame] of frames.entries()) {
    if (left < frame.length) return (number + 1) * FRAME + left;
    left -= frame.length;
  }
  return Number.NaN;
}

const isMark = (text: string) => text.startsWith('\ufeff') || text.startsWith('\ufffe');
const pieces = [
  '\n',
  '\n',
  '\r\n',
  '\r',
  'a',
  'bc',
  'é',
  '€',
  'ਊ\u0100',
  '上',
  '一',
  '😀',
  '\ud83d',
  '\ude00',
  '\0',
  '\u0a00',
];
const text = fc
  .oneof(fc.array(fc.constantFrom(...pieces), { maxLength: 80 }), fc.array(fc.string({ unit: 'binary' })))
  .map((parts) => parts.join(''))
  .filter((each) => !isMark(each) && !each.includes('\n\ufeff') && !each.includes('\n\ufffe'));
const order = fc.constantFrom<ByteOrder>('le', 'be');
const cuts = fc.array(fc.nat(), { maxLength: 30 });
const frames = (bytes: Buffer, places: readonly number[]) => split(bytes, places).filter(({ length }) => length > 0);

test('gives the lines of Node’s decoder at the places of their first bytes, however the bytes are cut', () => {
  fc.assert(
    fc.property(text, order, fc.constantFrom('', '\ufeff'), fc.boolean(), cuts, (input, by, mark, isOdd, places) => {
      const bytes = Buffer.concat([encode(input, by, mark), Buffer.alloc(isOdd ? 1 : 0, 0x41)]);
      const all = frames(bytes, places);
      expect(new Reader(by).read(all).flush()).toEqual(expected(all, by));
      if (mark !== '') expect(new Reader(undefined).read(all).flush()).toEqual(expected(all, by));
    }),
    { seed: 16, numRuns: 2000 },
  );
});

test('a byte at a time', () => {
  const bytes = encode('one\r\n😀\n\ud83dx\n\ude00', 'be', '\ufeff');
  const all = [...bytes].map((byte) => Buffer.of(byte));
  expect(new Reader(undefined).read(all).flush()).toEqual(expected(all, 'be'));
});

describe('a reader that goes on', () => {
  const lines = fc.constantFrom(
    'one 一\n',
    'ääää一一一一一\n',
    'java: 😀\n\tat go\r\n\tat up\n',
    '\n',
    'x\ud83d\n',
    '  indented ä\n',
  );

  test.each([
    ['lines', {}],
    ['events', { events: LETTER }],
    ['parts of lines', { lineMaxBytes: 9 }],
  ])('makes the same records, wherever the one before was killed: %s', (_, options) => {
    fc.assert(
      fc.property(fc.array(lines), order, cuts, fc.nat(), (input, by, places, kill) => {
        const all = frames(encode(input.join(''), by, '\ufeff'), places);
        if (all.length === 0) return;
        const whole = new Reader(undefined, options).read(all).flush();
        const killedAt = kill % all.length;
        const before = new Reader(undefined, options).read(all.slice(0, killedAt));
        const { assembledSeq, unfinishedPosition = killedAt, learnedOrder } = before.assembler;
        const after = new Reader(undefined, options);
        if (assembledSeq > 0) after.assembler.skipBefore(assembledSeq, learnedOrder);
        after.read(all.slice(unfinishedPosition), unfinishedPosition);
        expect([...before.lines, ...after.flush()]).toEqual(whole);
      }),
      { seed: 17, numRuns: 1500 },
    );
  });

  test('knows the byte order of a stream without a line end', () => {
    const [first, second] = [encode('\ufeff一\n', 'be'), encode('上', 'be')];
    const before = new Reader(undefined).read([first!]);
    const after = new Reader(undefined);
    after.assembler.skipBefore(before.assembler.assembledSeq, before.assembler.learnedOrder);
    expect(after.read([second!], 1).messages).toEqual(['上']);
  });

  test('begins at an odd place of a frame, behind a frame of which it needs nothing', () => {
    const bytes = encode('ab\ncd\n', 'le');
    // The frame begins with the second half of `b`.
    const all = [bytes.subarray(0, 3), bytes.subarray(3)];
    const after = new Reader('le');
    const place = 2 * FRAME + 3;
    after.assembler.skipBefore(place);
    expect(after.read(all).flush()).toEqual([{ message: 'cd', seq: place }]);
  });
});

test('lines that are too long are cut between characters, at the places of their parts', () => {
  const input = fc.array(fc.constantFrom('a', 'é', '一', '😀', '\n'), { minLength: 20, maxLength: 200 });
  fc.assert(
    fc.property(input, order, cuts, (parts, by, places) => {
      const bytes = encode(parts.join(''), by);
      const all = frames(bytes, places);
      const found = new Reader(by, { lineMaxBytes: 9 }).read(all).flush();
      for (const { message, seq } of found) {
        expect(Buffer.byteLength(message)).toBeLessThanOrEqual(9);
        const [number, offset] = [Math.floor(seq / FRAME) - 1, seq % FRAME];
        const at = all.slice(0, number).reduce((sum, { length }) => sum + length, offset);
        expect(bytes.subarray(at, at + message.length * 2)).toEqual(encode(message, by));
      }
      expect(found.map(({ message }) => message).join('')).toBe(parts.join('').replaceAll('\n', ''));
    }),
    { seed: 18 },
  );
});

describe('over a gap', () => {
  const over = (before: Buffer, after: readonly Buffer[], by: ByteOrder = 'le') => {
    const reader = new Reader(by).read([before]);
    reader.assembler.closeEvents();
    return reader.read(after, 5).messages;
  };

  test.each(['le', 'be'] as const)('the next write begins a character (%s)', (by) => {
    const before = encode('one\ntw', by);
    expect(over(before.subarray(0, -1), [encode('three\nfour', by), encode(' five\n', by)], by)).toEqual([
      'one',
      't\ufffdthree',
      'four five',
    ]);
  });

  test.each(['le', 'be'] as const)('or its line feeds tell that it does not (%s)', (by) => {
    const after = encode('xy\nthree\nfour', by).subarray(1);
    expect(over(encode('one\n', by), [after, encode(' five\n', by)], by)).toEqual(['one', 'y', 'three', 'four five']);
  });

  test('half a pair becomes U+FFFD', () => {
    expect(over(encode('one \ud83d', 'le'), [encode('two\n', 'le')])).toEqual(['one \ufffdtwo']);
  });
});

test('a flush within a character replaces it, and what follows is read on', () => {
  const bytes = encode('one two\n', 'le');
  const reader = new Reader('le').read([bytes.subarray(0, 7)]);
  reader.assembler.flush();
  expect(reader.read([bytes.subarray(7)], 1).messages).toEqual(['one\ufffd', 'two']);
});

describe('a mark', () => {
  test('tells the order of a stream, and is no part of a record', () => {
    for (const by of ['le', 'be'] as const)
      expect(new Reader(undefined).read([encode('\ufeffä\n', by)]).flush()).toEqual([{ message: 'ä', seq: FRAME + 2 }]);
  });

  test('may come in two writes', () => {
    const bytes = encode('\ufeff一', 'be');
    expect(new Reader(undefined).read([bytes.subarray(0, 1), bytes.subarray(1)]).messages).toEqual(['一']);
  });

  test('tells it anew where a program begins its file anew', () => {
    const writes = [encode('\ufeffone\n', 'le'), encode('\ufefftwo\n', 'be'), encode('three\n', 'be')];
    expect(new Reader(undefined).read(writes).messages).toEqual(['one', 'two', 'three']);
  });

  test('within a line is a character', () => {
    const writes = [encode('a', 'le'), encode('\ufeffb\n\ufeffc\n', 'le')];
    expect(new Reader(undefined).read(writes).messages).toEqual(['a\ufeffb', '\ufeffc']);
  });

  test('of the other order is a character where the order is known', () => {
    expect(new Reader('le').read([encode('\ufeff', 'be')]).messages).toEqual(['\ufffe']);
  });

  test.each([
    ['le', 'plain text'],
    ['be', 'plain text'],
    ['le', '一上下\n'],
    ['be', '一上下\n'],
    ['le', '漢字'],
    ['be', 'a'],
  ] as const)('is not needed where line feeds or upper bytes tell the order (%s, %j)', (by, input) => {
    const bytes = encode(input, by);
    for (const all of [[bytes], [bytes.subarray(0, 1), bytes.subarray(1)]])
      expect(new Reader(undefined).read(all).messages).toEqual([input.trimEnd()]);
  });
});
