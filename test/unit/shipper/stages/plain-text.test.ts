/** Messages in other character sets and with sequences of terminals become plain UTF-8, and no other byte changes. */
import fc from 'fast-check';
import { BYTES_SETTINGS } from '../../../../src/catalog/records/bytes.js';
import type { Origin } from '../../../../src/shipper/parts.js';
import { PlainText } from '../../../../src/shipper/stages/bytes/plain-text.js';
import { batchOf, messagesOf, recordsOf, stdoutOrigin } from '../../../support/batches.js';

const stage = (charset: string | undefined, removesAnsi = false) =>
  new PlainText({ charsets: charset === undefined ? {} : BYTES_SETTINGS.charset.parse(charset), removesAnsi });
const convert = (charset: string, message: readonly number[]) =>
  messagesOf(stage(charset).apply(batchOf([{ message: Uint8Array.from(message) }])))[0];

test.each([
  ['windows-1252', [0x80, 0x20, 0x92, 0xe9], '€ ’é'],
  ['latin1', [0xe4], 'ä'],
  ['iso-8859-15', [0xa4], '€'],
  ['shift_jis', [0x93, 0xfa, 0x96, 0x7b, 0xb1, 0x5c], '日本ｱ\\'],
  ['gb18030', [0xd6, 0xd0, 0xce, 0xc4, 0x81, 0x30, 0x81, 0x30], '中文\u0080'],
  ['euc-kr', [0xc7, 0xd1, 0xb1, 0xdb], '한글'],
  ['big5', [0xa4, 0xa4], '中'],
  ['koi8-r', [0xd0, 0xd2], 'пр'],
  ['iso-2022-jp', [0x1b, 0x24, 0x42, 0x46, 0x7c, 0x1b, 0x28, 0x42], '日'],
  ['EUC-KR', [0x41], 'A'],
])('%s', (charset, bytes, text) => {
  expect(convert(charset, bytes)).toBe(text);
});

describe('a line feed is no part of another character', () => {
  const all = ['shift_jis', 'gb18030', 'gbk', 'big5', 'euc-kr', 'euc-jp', 'iso-2022-jp'];
  const high = Array.from({ length: 0x80 }, (_, i) => 0x80 + i);
  const decoded = (charset: string, bytes: readonly number[]) => {
    try {
      return new TextDecoder(charset, { fatal: true }).decode(Uint8Array.from(bytes));
    } catch {
      return undefined;
    }
  };
  /** What may come before the last byte of a character. */
  const beginnings = (charset: string): number[][] => [
    ...(charset === 'iso-2022-jp' ? high.map((byte) => [0x1b, 0x24, 0x42, byte - 0x80]) : high.map((byte) => [byte])),
    ...(charset === 'gb18030' ? high.map((byte) => [0x81, 0x30, byte]) : []),
    ...(charset === 'euc-jp' ? high.map((byte) => [0x8f, byte]) : []),
  ];
  /** Of two bytes, and what shifts to them. Two shifts in a row are not valid. */
  const pair = (charset: string, first: number, second: number) =>
    charset === 'iso-2022-jp'
      ? [0x1b, 0x24, 0x42, first & 0x7f, second & 0x7f, 0x1b, 0x28, 0x42, 0x20]
      : [first, second];

  test.each(all)('%s', (charset) => {
    for (const bytes of beginnings(charset)) expect(decoded(charset, [...bytes, 0x0a]) ?? '\n').toMatch(/\n$/);
  });

  test.each(all)('so lines of %s are those of the whole text', (charset) => {
    const characters = high
      .filter((first) => (first & 0x7f) > 0x20)
      .flatMap((first) => [0x41, 0x5c, 0x7c, 0xa1, 0xb2, 0xd0].map((second) => pair(charset, first, second)))
      .filter((bytes) => decoded(charset, bytes) !== undefined);
    expect(characters.length).toBeGreaterThan(100);
    const line = fc.array(fc.constantFrom(...characters, [0x61], [0x20]), { maxLength: 10 }).map((each) => each.flat());
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        const whole = decoded(charset, lines.flatMap((each) => [...each, 0x0a]).slice(0, -1));
        expect(lines.map((each) => convert(charset, each))).toEqual(whole?.split('\n'));
      }),
      { seed: 5 },
    );
  });
});

test('each line of iso-2022-jp begins in ASCII, though the line before did not return to it', () => {
  expect(convert('iso-2022-jp', [0x1b, 0x24, 0x42, 0x46, 0x7c])).toBe('日');
  expect(convert('iso-2022-jp', [0x46, 0x7c])).toBe('F|');
});

test('UTF-16 is UTF-8 already', () => {
  expect(convert('utf-16le', [0xe6, 0xbc, 0xa2])).toBe('漢');
});

test('a message that is not valid in its character set stays as it is', () => {
  const batch = batchOf([{ message: Uint8Array.of(0x41, 0xff) }]);
  expect(stage('euc-kr').apply(batch)).toBe(batch);
  expect(recordsOf(stage('shift_jis').apply(batch))).toEqual(recordsOf(batch));
});

test('each stream has its own character set', () => {
  const stderr: Origin = { ...stdoutOrigin, id: '0000000000000abc-2', stream: 'stderr' };
  const message = Uint8Array.of(0xc7, 0xd1);
  const batch = batchOf([{ message }, { message, origin: stderr }]);
  expect(messagesOf(stage('stdout:euc-kr,stderr:windows-1252').apply(batch))).toEqual(['한', 'ÇÑ']);
  expect(messagesOf(stage('euc-kr,stderr:latin1').apply(batch))).toEqual(['한', 'ÇÑ']);
});

test('all columns but the bytes stay, and a batch without anything to do is the same one', () => {
  const batch = batchOf([
    { message: 'one', timeMs: 5.25, seq: 3 },
    { message: Uint8Array.of(0xe9), timeMs: 6, seq: 8 },
  ]);
  expect(recordsOf(stage('latin1').apply(batch))).toEqual([
    { message: 'one', timeMs: 5.25, seq: 3, origin: stdoutOrigin.id },
    { message: '\xc3\xa9', timeMs: 6, seq: 8, origin: stdoutOrigin.id },
  ]);
  const plain = batchOf(['one', 'zwei é']);
  expect(stage('utf-8', true).apply(plain)).toBe(plain);
});

describe('sequences of terminals', () => {
  const strip = (text: string) => messagesOf(stage(undefined, true).apply(batchOf([text])))[0];

  test.each([
    ['\x1b[31mred\x1b[0m', 'red'],
    ['\x1b[1;38;5;196mbold\x1b[m', 'bold'],
    ['\x1b[38:2::255:0:0mx', 'x'],
    ['50 %\x1b[K', '50 %'],
    ['\x1b[?25lhidden\x1b[?25h', 'hidden'],
    ['\x1b]0;title\x07text', 'text'],
    ['\x1b]8;;https://h\x1b\\link\x1b]8;;\x1b\\', 'link'],
    ['\x1b(Bx\x1bMy\x1b7z', 'xyz'],
    ['\x1bP1$r0m\x1b\\x', 'x'],
    ['a\x1b[31', 'a\x1b[31'],
    ['a\x1b', 'a\x1b'],
    ['a\x1b]0;no end', 'a\x1b]0;no end'],
    ['a\x1b]0;no\tend\x07', 'a\x1b]0;no\tend\x07'],
    ['\x1b[31\x1b[0mx', '\x1b[31x'],
    ['é\x1b[0m\u{1f600}', 'é\u{1f600}'],
    ['[31m', '[31m'],
  ])('%j', (text, plain) => {
    expect(strip(text)).toBe(plain);
  });

  test('are all that changes', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((each) => !each.includes('\x1b'));
    const sequence = fc.constantFrom('\x1b[0m', '\x1b[1;31m', '\x1b]0;t\x07', '\x1b(B', '\x1b[2K');
    fc.assert(
      fc.property(fc.array(fc.tuple(sequence, text)), (parts) => {
        expect(strip(parts.map(([a, b]) => a + b).join(''))).toBe(parts.map(([, b]) => b).join(''));
      }),
      { seed: 3 },
    );
  });
});

test.each([
  ['ebcdic', 'is no character set that is known here'],
  ['', 'is no character set'],
  ['stdin:utf-8', 'is no character set'],
])('%j is refused', (charset, problem) => {
  expect(() => BYTES_SETTINGS.charset.parse(charset)).toThrow(problem);
});
