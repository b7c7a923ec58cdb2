/** The reader of ELF files on files that are cut, changed or invented: it answers or says what is wrong, never more. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { ElfError, type ReadAt, readElf } from '../../../src/doctor/elf.js';

/** Small, and changed in every way below. */
const small = readFileSync('/bin/true');

interface Reading {
  readonly readAt: ReadAt;
  bytes: number;
}

/** Answers what is there, as a file would, and counts. */
function reading(file: Uint8Array): Reading {
  const state: Reading = {
    bytes: 0,
    readAt: (offset, length) => {
      const piece = file.subarray(Math.min(offset, file.length), Math.min(offset + length, file.length));
      state.bytes += piece.length;
      return piece;
    },
  };
  return state;
}

/** Either an answer of the promised shape, or an ElfError with a message. */
function expectAnswerOrReason(file: Uint8Array): void {
  try {
    const elf = readElf(reading(file).readAt);
    expect(['executable', 'shared', 'other']).toContain(elf.type);
    expect(elf.machine).toMatch(/^\w+( \d+)?$/);
    for (const text of [...elf.needed, ...elf.ioUringCalls]) expect(typeof text).toBe('string');
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    expect(error.message.length).toBeGreaterThan(10);
  }
}

describe('readElf', () => {
  test('reads only a small part of the program that runs this test', () => {
    const file = readFileSync(process.execPath);
    const state = reading(file);
    const elf = readElf(state.readAt);
    expect(elf).toMatchObject({ form: '64-bit little-endian', isGo: false });
    expect(elf.interpreter).toMatch(/^\/lib/);
    expect(elf.needed).toEqual(expect.arrayContaining([expect.stringMatching(/^libc\./)]));
    expect(state.bytes).toBeLessThan(file.length / 5);
  });

  test('every beginning of a program, byte for byte', () => {
    for (let length = 0; length < 1200; length += 1) expectAnswerOrReason(small.subarray(0, length));
    for (let length = 1200; length < small.length; length += 97) expectAnswerOrReason(small.subarray(0, length));
  });

  test('a program with changed bytes in its headers', () => {
    const place = fc.record({ at: fc.nat(1023), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 12 }), (changes) => {
        const file = Buffer.from(small);
        for (const { at, value } of changes) file[at] = value;
        expectAnswerOrReason(file);
      }),
      { numRuns: 3000 },
    );
  });

  test('a program with an extreme number in one word of its tables', () => {
    const telling = [0n, 1n, 0x7fn, 0xffffn, 0x7fffffffn, 0xffffffffn, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
    const sections = Number(small.readBigUInt64LE(40));
    const words = [
      ...Array.from({ length: 200 }, (_, i) => i * 4),
      ...Array.from({ length: 400 }, (_, i) => sections + i * 4),
    ];
    for (const at of words.filter((offset) => offset + 8 <= small.length)) {
      for (const value of telling) {
        const file = Buffer.from(small);
        file.writeBigUInt64LE(value, at);
        expectAnswerOrReason(file);
      }
    }
  });

  test('any bytes after the magic of ELF', () => {
    const header = fc.uint8Array({ minLength: 0, maxLength: 4096 });
    fc.assert(
      fc.property(header, (rest) => expectAnswerOrReason(Buffer.concat([small.subarray(0, 20), rest]))),
      { numRuns: 3000 },
    );
  });

  test('tables of a hostile size are rejected before they are read', () => {
    const file = Buffer.from(small);
    const segments = Number(file.readBigUInt64LE(32));
    const count = file.readUInt16LE(56);
    const dynamic = Array.from({ length: count }, (_, i) => segments + i * 56).find(
      (at) => file.readUInt32LE(at) === 2,
    );
    file.writeBigUInt64LE(2n ** 40n, (dynamic ?? 0) + 32);
    expect(() => readElf(reading(file).readAt)).toThrow(
      new ElfError('the dynamic section claims 1099511627776 bytes, which no linker writes'),
    );
  });

  test.each([
    ['a text', 'a text that is long enough', 'it is not an ELF file'],
    ['an empty file', '', 'the ELF header should have 20 bytes at offset 0, but the file ends before'],
  ])('%s', (_, text, message) => {
    expect(() => readElf(reading(Buffer.from(text)).readAt)).toThrow(new ElfError(message));
  });
});
