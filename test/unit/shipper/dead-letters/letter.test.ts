import fc from 'fast-check';
import { decodeLetter, encodeLetter } from '../../../../src/shipper/dead-letters/letter.js';
import type { Origin } from '../../../../src/shipper/parts.js';
import { batchOf, stdoutOrigin } from '../../../support/batches.js';

const encode = (message: string | Uint8Array, timeMs = 0, seq = 0, origin: Origin = stdoutOrigin) =>
  encodeLetter('opensearch', 0, batchOf([{ message, timeMs, seq, origin }]), { index: 0, reason: 'too_large' });

describe('a dead letter', () => {
  test('is one line that says who refused what, and why', () => {
    const batch = batchOf(['first', { message: 'line\n2 é', timeMs: 1_763_900_000_123.25, seq: 9 }]);
    const rejected = { index: 1, reason: 'mapper_parsing_exception', code: '400', detail: 'failed to parse' };
    const line = encodeLetter('opensearch', 1_763_900_001_000, batch, rejected);
    expect(line.endsWith('}\n')).toBe(true);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(JSON.parse(line)).toEqual({
      time: '2025-11-23T12:13:21.000Z',
      sink: 'opensearch',
      reason: 'mapper_parsing_exception',
      code: '400',
      detail: 'failed to parse',
      record: {
        timestamp: '2025-11-23T12:13:20.123250Z',
        message: 'line\n2 é',
        stream: 'stdout',
        container: 'web',
        process: 'app',
        pid: 42,
        origin: '0000000000000abc-1',
        seq: 9,
      },
    });
  });

  test('rule 92: bytes that are not UTF-8 are kept as they are, in base64', () => {
    const bytes = Buffer.from([0x61, 0xff, 0xfe, 0x0a]);
    const { record } = JSON.parse(encode(bytes)) as { record: Record<string, unknown> };
    expect(record).toMatchObject({ messageBase64: bytes.toString('base64') });
    expect(record).not.toHaveProperty('message');
  });

  test('gives the record back as it was, with any content', () => {
    const origins: fc.Arbitrary<Origin> = fc.oneof(
      fc.constant(stdoutOrigin),
      fc.record({
        id: fc.stringMatching(/^[0-9a-f]{16}-[0-9]{1,3}$/),
        stream: fc.constant('file' as const),
        path: fc.string({ unit: 'grapheme' }).map((text) => `/${text}`),
        pid: fc.nat(),
        process: fc.string(),
        container: fc.string(),
      }),
    );
    const micros = fc.integer({ min: 0, max: 4_000_000_000_000_000 });
    fc.assert(
      fc.property(fc.uint8Array(), micros, fc.maxSafeNat(), origins, (message, time, seq, origin) => {
        const letter = decodeLetter(encode(message, time / 1000, seq, origin));
        expect(Buffer.from(letter.record.message).equals(message)).toBe(true);
        expect(letter.record.origin).toEqual(origin);
        expect([letter.sink, letter.record.seq]).toEqual(['opensearch', seq]);
        expect(Math.round(letter.record.timeMs * 1000)).toBe(time);
      }),
    );
  });

  test.each([
    ['', 'JSON'],
    ['null', 'no dead letter'],
    ['{"sink":"opensearch"}', 'no dead letter'],
    [encode('x').replace('"message"', '"text"'), "'message'"],
    [encode('x').replace('stdout', 'stdin'), "'stdin'"],
    [encode('x').replace('"seq":0', '"seq":-1'), "'seq'"],
    [encode('x').replace('"seq":0', '"seq":"0"'), "'seq'"],
    [encode('x').replace('.000000Z', 'Z'), "'timestamp'"],
    [encode('x').replace('0000000000000abc-1', '"}}\\n{"delete":{}'.replaceAll('"', '\\"')), "'origin'"],
  ])('%j is none', (line, problem) => {
    expect(() => decodeLetter(line)).toThrow(problem);
  });
});
