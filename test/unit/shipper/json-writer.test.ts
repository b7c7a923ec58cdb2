import fc from 'fast-check';
import { JsonWriter } from '../../../src/shipper/records/json-writer.js';

function written(message: Buffer): { json: string; size: number } {
  const writer = new JsonWriter();
  writer.raw(Buffer.from('"'));
  const size = writer.string(message, 0, message.length);
  writer.raw(Buffer.from('"'));
  return { json: writer.bytes.toString('latin1'), size };
}

/** Bytes from which valid, overlong, truncated, surrogate and too large sequences come together often. */
const awkward = fc.constantFrom(
  0x00,
  0x0a,
  0x1f,
  0x22,
  0x41,
  0x5c,
  0x7f,
  0x80,
  0x8f,
  0x90,
  0x9f,
  0xa0,
  0xbf,
  0xc0,
  0xc2,
  0xc3,
  0xdf,
  0xe0,
  0xe2,
  0xed,
  0xef,
  0xf0,
  0xf3,
  0xf4,
  0xf5,
  0xff,
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map(Buffer.from),
  fc.array(awkward, { maxLength: 40 }).map(Buffer.from),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text)),
);

describe('JsonWriter.string', () => {
  test('writes what JSON.parse reads as the same text, invalid bytes replaced as Node replaces them', () => {
    fc.assert(
      fc.property(bytes, (message) => {
        const { json, size } = written(message);
        const text = message.toString();
        expect(JSON.parse(Buffer.from(json, 'latin1').toString())).toBe(text);
        expect(size).toBe(Buffer.byteLength(text));
      }),
      { numRuns: 2000 },
    );
  });

  test('every pair of bytes', () => {
    for (let first = 0x80; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const message = Buffer.of(first, second, 0x80, 0x41);
        expect(JSON.parse(Buffer.from(written(message).json, 'latin1').toString())).toBe(message.toString());
      }
    }
  });

  test('escapes as JSON.stringify does', () => {
    const all = String.fromCharCode(...Array.from({ length: 128 }, (_, i) => i));
    expect(written(Buffer.from(all)).json).toBe(JSON.stringify(all));
  });

  test('keeps a byte order mark and line separators', () => {
    const text = '\ufeff\u2028\u2029é€😀';
    expect(Buffer.from(written(Buffer.from(text)).json, 'latin1').toString()).toBe(`"${text}"`);
  });

  test('reads its range only', () => {
    const writer = new JsonWriter();
    writer.string(Buffer.from('aé€'), 1, 4);
    // é, then the first byte of € that has no end within the range.
    expect(writer.bytes.toString()).toBe('é\ufffd');
  });
});

describe('JsonWriter', () => {
  test('writes times as RFC 3339 with microseconds', () => {
    const writer = new JsonWriter();
    const timestamp = (timeMs: number) => {
      writer.truncate(0);
      writer.timestamp(timeMs);
      return writer.bytes.toString();
    };
    expect(timestamp(0)).toBe('1970-01-01T00:00:00.000000Z');
    expect(timestamp(Date.UTC(2026, 10, 23, 7, 21, 44, 123) + 0.456)).toBe('2026-11-23T07:21:44.123456Z');
    expect(timestamp(Date.UTC(2026, 1, 28, 23, 59, 59, 999) + 0.9996)).toBe('2026-03-01T00:00:00.000000Z');
    // The last time that a frame can carry.
    expect(timestamp(Number(2n ** 64n - 1n) / 1e6)).toMatch(/^2554-07-21T23:34:33\.709552Z$/);
  });

  test('times agree with Date to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 18_446_744_073_709 }), (timeMs) => {
        const writer = new JsonWriter();
        writer.timestamp(timeMs);
        expect(writer.bytes.toString()).toBe(new Date(timeMs).toISOString().replace('Z', '000Z'));
      }),
    );
  });

  test('grows, and takes back what went too far', () => {
    const writer = new JsonWriter();
    writer.raw(Buffer.alloc(100_000, 'x'));
    const { length } = writer;
    writer.integer(2 ** 53 - 1);
    writer.truncate(length);
    writer.integer(0);
    expect(writer.bytes.toString()).toBe(`${'x'.repeat(100_000)}0`);
  });
});
