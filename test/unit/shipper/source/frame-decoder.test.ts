import fc from 'fast-check';
import { releaseBits } from '../../../../src/catalog/release.js';
import { FRAME_MAX_PAYLOAD_BYTES, FRAME_TYPES, FRAME_VERSION } from '../../../../src/contract.js';
import { ProtocolError } from '../../../../src/shipper/errors.js';
import { FrameDecoder, type FrameReader } from '../../../../src/shipper/source/frames/decoder.js';
import { data, file, frame, hello, lost, split } from '../../../support/frames.js';

/** Everything the frames said, as plain values. */
function recorder(): { reader: FrameReader; said: unknown[] } {
  const said: unknown[] = [];
  return {
    said,
    reader: {
      hello: (value) => said.push(value),
      file: (stream, path) => said.push({ stream, path }),
      data: (stream, timeMs, seq, bytes, start, end, thread) =>
        said.push({ stream, timeMs, seq, thread, bytes: bytes.toString('latin1', start, end) }),
      lost: (stream, _, value) => said.push({ stream, ...value }),
      ends: (status) => said.push({ ends: status }),
    },
  };
}

function decode(chunks: readonly Buffer[]): unknown[] {
  const { reader, said } = recorder();
  const decoder = new FrameDecoder(reader);
  for (const chunk of chunks) decoder.write(chunk);
  return said;
}

const anyFrame = fc.oneof(
  fc
    .record({
      stream: fc.integer({ min: 1, max: 65535 }),
      seq: fc.bigInt({ min: 1n, max: 2n ** 38n - 1n }),
      thread: fc.integer({ min: 0, max: 65535 }),
    })
    .chain(({ stream, seq, thread }) =>
      fc.uint8Array({ maxLength: 300 }).map((payload) => ({
        bytes: data(stream, seq, payload, 1_700_000_000_123_456_789n, thread),
        means: {
          stream,
          timeMs: Number(1_700_000_000_123_456_789n) / 1e6,
          seq: Number(seq),
          thread,
          bytes: Buffer.from(payload).toString('latin1'),
        },
      })),
    ),
  fc.record({ lines: fc.integer({ min: 0 }), bytes: fc.integer({ min: 0 }) }).map(({ lines, bytes }) => ({
    bytes: lost(BigInt(lines), BigInt(bytes)),
    means: { stream: 0, lines, bytes },
  })),
  fc.string({ minLength: 1, maxLength: 50 }).map((path) => ({ bytes: file(16, path), means: { stream: 16, path } })),
);

describe('FrameDecoder', () => {
  test.each<[flags: number, word: bigint, said: object[]]>([
    [2, 256n, [{ ends: 0 }]],
    [2, 256n + 3n, [{ ends: 3 }]],
    [2, 3n, []],
    [2, 0n, []],
    [0, 256n + 3n, []],
  ])('reads the end of a process from LOST: flags %i, word %i', (flags, seq, said) => {
    const bytes = frame({ type: FRAME_TYPES.LOST.value, flags, seq }, Buffer.alloc(16));
    expect(decode([hello(), bytes]).slice(1)).toEqual([{ stream: 0, lines: 0, bytes: 0 }, ...said]);
  });

  test('reads HELLO', () => {
    const bytes = hello({
      pid: 7,
      instance: 0xfeedn,
      process: 'nginx',
      container: 'wéb',
      version: 1,
      library: releaseBits('0.2.3'),
      lostLines: 3n,
      lostBytes: 2n ** 40n,
    });
    expect(decode([bytes])).toEqual([
      {
        ...{ pid: 7, instance: '000000000000feed', process: 'nginx', container: 'wéb' },
        ...{ frames: 1, library: '0.2.3', lost: { lines: 3, bytes: 2 ** 40 } },
      },
    ]);
  });

  test('keeps the fraction of a millisecond', () => {
    const [, said] = decode([hello(), data(1, 1n, 'x', 1_700_000_000_123_456_789n)]) as [unknown, { timeMs: number }];
    expect(said.timeMs).toBeCloseTo(1_700_000_000_123.4568, 3);
  });

  test('reads the same frames however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 40 }), (frames, cuts) => {
        const bytes = Buffer.concat([hello(), ...frames.map((f) => f.bytes)]);
        expect(decode(split(bytes, cuts)).slice(1)).toEqual(frames.map((f) => f.means));
      }),
    );
  });

  test('reads frames that come byte by byte', () => {
    const bytes = Buffer.concat([hello(), data(2, 5n, 'a line\n'), lost(1n, 2n)]);
    expect(decode([...bytes].map((byte) => Buffer.of(byte)))).toEqual(decode([bytes]));
  });

  test('reads the tag of the thread', () => {
    const threads = [258, 0, 65_535, 1];
    const frames = threads.map((thread, i) => data(1, BigInt(i + 1), 'x', 0n, thread));
    expect(decode([hello(), ...frames]).slice(1)).toMatchObject(threads.map((thread, i) => ({ thread, seq: i + 1 })));
  });

  test('reads it too where it goes on behind a HELLO that another has read', () => {
    const { reader, said } = recorder();
    const decoder = new FrameDecoder(reader, { start: 4096, greeted: true });
    decoder.write(data(1, 2n ** 38n - 1n, 'x', 0n, 7));
    expect(said).toMatchObject([{ seq: 2 ** 38 - 1, thread: 7 }]);
  });

  test('reads the longest frame there may be, and refuses one byte more', () => {
    const longest = 'x'.repeat(FRAME_MAX_PAYLOAD_BYTES);
    expect(decode(split(Buffer.concat([hello(), data(1, 1n, longest)]), [100, 20_000]))[1]).toMatchObject({
      bytes: longest,
    });
    expect(() => decode([hello(), data(1, 1n, `${longest}x`).subarray(0, 24)])).toThrow(ProtocolError);
  });

  test.each([
    ['hello', 'DATA before HELLO', data(1, 1n, 'x')],
    ['hello', 'two HELLOs', Buffer.concat([hello(), hello()])],
    ['hello', 'a HELLO too short', frame({ type: FRAME_TYPES.HELLO.value }, Buffer.alloc(47))],
    ['hello', 'names that do not add up', frame({ type: 1 }, Buffer.concat([hello().subarray(24), Buffer.of(0)]))],
    ['version', 'a version to come', hello({ version: FRAME_VERSION + 1 })],
    ['version', 'version 0', hello({ version: 0 })],
    ['type', 'an unknown type', Buffer.concat([hello(), frame({ type: 9 }, Buffer.alloc(0))])],
    ['length', 'a huge length', Buffer.concat([hello(), Buffer.alloc(24, 0xff)])],
    [
      'lost',
      'LOST of a wrong size',
      Buffer.concat([hello(), frame({ type: FRAME_TYPES.LOST.value }, Buffer.alloc(15))]),
    ],
    ['file', 'a file id that is a stream', Buffer.concat([hello(), file(15, '/x')])],
    ['file', 'an empty path', Buffer.concat([hello(), file(16, '')])],
    ['file', 'a path longer than Linux knows', Buffer.concat([hello(), file(16, `/${'x'.repeat(4096)}`)])],
    ['seq', 'a number that a double cannot hold', Buffer.concat([hello(), data(1, 2n ** 38n, 'x')])],
  ])('refuses, reason %s: %s', (reason, _, bytes) => {
    for (const chunks of [[bytes], [...bytes].map((byte) => Buffer.of(byte))]) {
      let error: unknown;
      try {
        decode(chunks);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(ProtocolError);
      expect((error as ProtocolError).reason).toBe(reason);
    }
  });

  test('ends on garbage with a ProtocolError and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), fc.array(fc.nat()), (garbage, cuts) => {
        try {
          decode([hello(), ...split(Buffer.from(garbage), cuts)]);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });

  test('knows whether it is between frames', () => {
    const decoder = new FrameDecoder(recorder().reader);
    const bytes = hello();
    decoder.write(bytes.subarray(0, 10));
    expect(decoder.isBetweenFrames).toBe(false);
    decoder.write(bytes.subarray(10));
    expect(decoder.isBetweenFrames).toBe(true);
  });
});
