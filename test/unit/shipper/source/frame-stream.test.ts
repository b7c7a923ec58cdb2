import fc from 'fast-check';
import { ProtocolError } from '../../../../src/shipper/errors.js';
import type { Origin } from '../../../../src/shipper/parts.js';
import { BatchBuilder } from '../../../../src/shipper/records/batch-builder.js';
import { recordAt } from '../../../../src/shipper/records/record-batch.js';
import { type AssemblerShared, shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import type { Lost } from '../../../../src/shipper/source/frames/decoder.js';
import { FrameStream } from '../../../../src/shipper/source/frames/frame-stream.js';
import { LossTotals } from '../../../../src/shipper/source/frames/losses/loss-totals.js';
import { NameRoom } from '../../../../src/shipper/source/frames/name-room.js';
import { messagesOf, recordsOf } from '../../../support/batches.js';
import { data, file, hello, lost, magic, split } from '../../../support/frames.js';

function open(losses: Lost[] = [], totals = new LossTotals((value) => losses.push(value))) {
  const shared: AssemblerShared = {
    builder: new BatchBuilder(),
    lineMaxBytes: 1000,
    partialMaxBytes: 1_000_000,
    partialBytes: 0,
    unfinished: new Set(),
    eventBytes: 0,
    openEvents: new Set(),
  };
  return { connection: new FrameStream(shared, totals, { wallMs: () => 5 }), builder: shared.builder };
}

describe('Connection: times', () => {
  const DAY = 86_400_000;
  const NOW = Date.UTC(2026, 10, 28);

  function timesOf(...times: readonly number[]) {
    const { connection, builder, replaced } = openAt(NOW);
    connection.write(
      Buffer.concat([
        magic,
        hello(),
        ...times.map((time, i) => data(1, BigInt(i + 1), 'x\n', BigInt(time) * 1_000_000n)),
      ]),
      0,
    );
    return { times: [...builder.finish().timeMs], replaced };
  }

  function openAt(now: number) {
    const shared = shareAssembly(1000);
    const replaced: number[] = [];
    const options = { wallMs: () => now, onTimeReplaced: (ms: number) => replaced.push(ms) };
    return {
      connection: new FrameStream(shared, new LossTotals(() => {}), options),
      builder: shared.builder,
      replaced,
    };
  }

  test.each([NOW, NOW + DAY, NOW - 31 * DAY, NOW - 1])('%d is believed', (time) => {
    expect(timesOf(time)).toEqual({ times: [time], replaced: [] });
  });

  test.each([0, 1, NOW - 31 * DAY - 1, NOW + DAY + 1, 18_446_744_073_709])(
    '%d is not: the present is there',
    (time) => {
      expect(timesOf(NOW - 5, time, time, NOW)).toEqual({ times: [NOW - 5, NOW, NOW, NOW], replaced: [NOW, NOW] });
    },
  );
});

test('property: a line that keeps too much of the stream is cut at the same place, however the bytes come', () => {
  const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.integer({ min: 1, max: 60 }), fc.boolean()), {
    minLength: 1,
  });
  const recordsFrom = (chunks: readonly Buffer[]) => {
    const shared = shareAssembly(1000);
    const options = { wallMs: () => 5, heldMaxBytes: 200 };
    const stream = new FrameStream(shared, new LossTotals(() => {}), options);
    for (const chunk of chunks) {
      stream.write(chunk, 0);
      stream.cutHeld();
    }
    stream.end();
    return recordsOf(shared.builder.finish()).map(({ origin, seq, message }) => [origin, seq, message]);
  };
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1 }), (writes, lengths) => {
      const all = writes.map(([stream, length, ends], i) =>
        data(stream, BigInt(i + 1), 'x'.repeat(length) + (ends ? '\n' : '')),
      );
      const bytes = Buffer.concat([magic, hello(), ...all]);
      const chunks: Buffer[] = [];
      for (let at = 0, i = 0; at < bytes.length; i += 1) {
        const length = lengths[i % lengths.length]!;
        chunks.push(bytes.subarray(at, at + length));
        at += length;
      }
      expect(recordsFrom(chunks)).toEqual(recordsFrom([bytes]));
    }),
  );
  const long = Array.from({ length: 9 }, (_, i) => data(1, BigInt(i + 1), 'x'.repeat(20)));
  expect(recordsFrom([magic, hello(), ...long]).map(([, , message]) => (message as string).length)).toEqual([100, 80]);
});

describe('Connection: UTF-16', () => {
  const utf16 = (text: string) => Buffer.from(text, 'utf16le');

  function messages(...chunks: readonly Buffer[]): string[] {
    const shared = shareAssembly(1000, undefined, undefined, { stdout: 'utf-16le', file: 'utf-16' });
    const connection = new FrameStream(shared, new LossTotals(() => {}), { wallMs: () => 5 });
    for (const chunk of chunks) connection.write(chunk, 0);
    connection.end();
    return messagesOf(shared.builder.finish());
  }

  test('each stream has its own character set, and half a character of one waits for no other', () => {
    const frames = [
      data(1, 1n, utf16('ä\n').subarray(0, 3)),
      data(2, 2n, 'é\n'),
      data(1, 3n, utf16('ä\n').subarray(3)),
    ];
    expect(messages(magic, hello(), ...frames)).toEqual(['é', 'ä']);
  });

  test('a file that is opened anew begins anew', () => {
    const old = [file(16, '/a.log'), data(16, 1n, utf16('\ufeffone').subarray(0, -1))];
    const anew = [file(16, '/a.log'), data(16, 2n, utf16('\ufefftwo\n').swap16())];
    expect(messages(magic, hello(), ...old, ...anew)).toEqual(['on\ufffd', 'two']);
  });

  test('writes that are missing leave no character in two halves', () => {
    const frames = [data(1, 1n, utf16('one\ntwo').subarray(0, -1)), data(1, 9n, utf16('three\n'))];
    expect(messages(magic, hello(), ...frames)).toEqual(['one', 'tw\ufffdthree']);
    const [before, after] = frames;
    expect(messages(magic, hello(), before!, lost(1n, 5n), after!)).toContain('three');
  });

  test('of a peer without frames', () => {
    const bytes = utf16('one\r\n漢字');
    expect(messages(...[...bytes].map((byte) => Buffer.of(byte)))).toEqual(['one', '漢字']);
  });
});

describe('Connection: raw lines', () => {
  test.each([
    ['text', 'one\ntwo'],
    ['a beginning of the magic', magic.toString('latin1', 0, 5)],
    ['five bytes of the magic, then something else', `${magic.toString('latin1', 0, 5)}x`],
    ['fewer than eight bytes', 'hi'],
  ])('%s, however it is cut', (_, input) => {
    const bytes = Buffer.from(input, 'latin1');
    for (const chunks of [[bytes], [...bytes].map((byte) => Buffer.of(byte))]) {
      const { connection, builder } = open();
      for (const chunk of chunks) connection.write(chunk, 0);
      connection.end();
      const batch = builder.finish();
      const text = Array.from({ length: batch.count }, (__, i) =>
        Buffer.from(recordAt(batch, i).message).toString('latin1'),
      );
      expect(text.join('\n')).toBe(input);
    }
  });

  test('seven bytes of the magic, then something else, are two lines', () => {
    const { connection, builder } = open();
    connection.write(Buffer.concat([magic.subarray(0, 7), Buffer.from('x')]), 0);
    connection.end();
    expect(recordsOf(builder.finish()).map(({ message }) => message)).toEqual(['\x89LTP', '\x1ax']);
  });

  test('a peer that idles within the magic is raw, and goes on as such', () => {
    const { connection, builder } = open();
    connection.write(magic.subarray(0, 3), 0);
    expect(connection.isUndecided).toBe(true);
    connection.decideRaw();
    expect(connection.isUndecided).toBe(false);
    connection.write(Buffer.from('x\n'), 0);
    const batch = builder.finish();
    expect(Buffer.from(recordAt(batch, 0).message)).toEqual(Buffer.concat([magic.subarray(0, 3), Buffer.from('x')]));
  });

  test('each connection is an origin of its own; seq is the byte offset', () => {
    const origins = ['a\nb\n', 'a\nb\n'].map((text) => {
      const { connection, builder } = open();
      connection.write(Buffer.from(text), 5);
      const batch = builder.finish();
      expect([...batch.seq]).toEqual([0, 2]);
      expect([...batch.timeMs]).toEqual([5, 5]);
      return batch.origins[0] as Origin;
    });
    expect(origins[0]).toMatchObject({ stream: 'stdout', pid: 0, process: '', container: '' });
    expect(origins[0]?.id).not.toBe(origins[1]?.id);
  });
});

describe('Connection: frames', () => {
  const stream = Buffer.concat([
    magic,
    hello({ instance: 0xabcn, pid: 42 }),
    data(1, 1n, 'out one\nout t', 1_000_000n),
    data(2, 2n, 'err one\n', 2_000_000n),
    file(16, '/var/log/app.log'),
    data(16, 3n, 'from the file\n', 3_000_000n),
    data(1, 4n, 'wo\n', 4_000_000n),
  ]);

  test('interleaved streams come apart, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (cuts) => {
        const { connection, builder } = open();
        for (const chunk of split(stream, cuts)) connection.write(chunk, 0);
        connection.end();
        const batch = builder.finish();
        const records = Array.from({ length: batch.count }, (_, i) => {
          const { message, origin, seq, timeMs } = recordAt(batch, i);
          return [Buffer.from(message).toString(), origin.id, origin.stream, origin.path, seq, timeMs];
        });
        expect(records).toEqual([
          ['out one', '0000000000000abc-1', 'stdout', undefined, 32768, 1],
          ['err one', '0000000000000abc-2', 'stderr', undefined, 2 * 32768, 2],
          ['from the file', '0000000000000abc-16', 'file', '/var/log/app.log', 3 * 32768, 3],
          ['out two', '0000000000000abc-1', 'stdout', undefined, 32768 + 8, 1],
        ]);
      }),
    );
  });

  test('two files on one connection, written in turn, are two streams in order', () => {
    const { connection, builder } = open();
    const frames = [
      magic,
      hello(),
      file(16, '/logs/a.log'),
      data(16, 1n, 'a1\na2 be'),
      file(17, '/logs/b.log'),
      data(17, 2n, 'b1\nb2 be'),
      data(16, 3n, 'gun\na3\n'),
      data(17, 4n, 'gun\nb3\n'),
    ];
    connection.write(Buffer.concat(frames), 0);
    connection.end();
    const batch = builder.finish();
    const byFile: Record<string, string[]> = {};
    for (let i = 0; i < batch.count; i++) {
      const { message, origin } = recordAt(batch, i);
      const name = `${origin.id} ${origin.path}`;
      byFile[name] = [...(byFile[name] ?? []), Buffer.from(message).toString()];
    }
    expect(byFile).toEqual({
      '0000000000000abc-16 /logs/a.log': ['a1', 'a2 begun', 'a3'],
      '0000000000000abc-17 /logs/b.log': ['b1', 'b2 begun', 'b3'],
    });
  });

  test('counts what was lost once, over repeated totals and reconnects', () => {
    const losses: Lost[] = [];
    const totals = new LossTotals((value) => losses.push(value));
    const first = open(losses, totals).connection;
    first.write(Buffer.concat([magic, hello({ instance: 1n }), lost(3n, 30n), lost(3n, 30n), lost(5n, 45n)]), 0);
    const again = open(losses, totals).connection;
    again.write(Buffer.concat([magic, hello({ instance: 1n, lostLines: 5n, lostBytes: 50n }), lost(4n, 40n)]), 0);
    const other = open(losses, totals).connection;
    other.write(Buffer.concat([magic, hello({ instance: 2n, lostLines: 1n, lostBytes: 2n })]), 0);
    expect(losses).toEqual([
      { lines: 3, bytes: 30 },
      { lines: 2, bytes: 15 },
      { lines: 0, bytes: 5 },
      { lines: 1, bytes: 2 },
    ]);
  });

  test('does not glue a line together over a gap', () => {
    const { connection, builder } = open();
    connection.write(Buffer.concat([magic, hello(), data(1, 1n, 'begin'), lost(1n, 9n), data(1, 3n, 'end\n')]), 0);
    const notice = expect.stringMatching(/^logtap: 1 lines, 9 bytes not captured between \S+Z and \S+Z$/);
    expect(messagesOf(builder.finish())).toEqual(['begin', notice, 'end']);
  });

  test('a report that nothing more was lost leaves the line whole', () => {
    const { connection, builder } = open();
    connection.write(
      Buffer.concat([magic, hello(), lost(1n, 9n), data(1, 1n, 'be'), lost(1n, 9n), data(1, 2n, 'gin\n')]),
      0,
    );
    const notice = expect.stringMatching(/^logtap: 1 lines, 9 bytes not captured before \S+Z$/);
    expect(messagesOf(builder.finish())).toEqual([notice, 'begin']);
  });

  test('says in the stream what was lost before it began', () => {
    const { connection, builder } = open();
    connection.write(Buffer.concat([magic, hello({ lostLines: 2n, lostBytes: 20n }), data(1, 1n, 'then\n')]), 1000);
    expect(messagesOf(builder.finish())).toEqual([
      'logtap: 2 lines, 20 bytes not captured before 1970-01-01T00:00:00.005Z',
      'then',
    ]);
  });

  describe('notices of a process that goes on elsewhere', () => {
    const INSTANCE = '0000000000000abc';
    const notices = (builder: BatchBuilder) =>
      messagesOf(builder.finish()).flatMap(
        (text) => /^logtap: (\d+) lines, (\d+) bytes/.exec(text)?.slice(1).join(' ') ?? [],
      );
    const greeting = (lines: bigint, bytes: bigint) => [magic, hello({ lostLines: lines, lostBytes: bytes })];

    function readBy(totals: LossTotals, ...frames: readonly Buffer[]): string[] {
      const { connection, builder } = open([], totals);
      for (const each of frames) connection.write(each, 0);
      return notices(builder);
    }

    test('a loss between two rings is told by the second, though its header told the total before', () => {
      const totals = new LossTotals(() => {});
      expect(readBy(totals, ...greeting(0n, 0n), lost(1n, 10n))).toEqual(['1 10']);
      totals.update(INSTANCE, { lines: 4, bytes: 40 });
      expect(readBy(totals, ...greeting(4n, 40n), lost(6n, 60n))).toEqual(['3 30', '2 20']);
    });

    test('a total that came without a ring is told by the first one', () => {
      const totals = new LossTotals(() => {});
      totals.update(INSTANCE, { lines: 4, bytes: 40 });
      expect(readBy(totals, ...greeting(4n, 40n))).toEqual(['4 40']);
    });

    test('an earlier connection that is read later tells nothing twice', () => {
      const totals = new LossTotals(() => {});
      const first = open([], totals);
      first.connection.write(Buffer.concat(greeting(0n, 0n)), 0);
      expect(readBy(totals, ...greeting(4n, 40n))).toEqual(['4 40']);
      first.connection.write(lost(3n, 30n), 0);
      expect(notices(first.builder)).toEqual([]);
    });

    test('losses that an earlier shipper has counted before the greeting are told no more', () => {
      const totals = new LossTotals(() => {}, { known: new Map([[INSTANCE, { lines: 4, bytes: 40 }]]) });
      totals.update(INSTANCE, { lines: 5, bytes: 50 });
      expect(readBy(totals, ...greeting(5n, 50n))).toEqual(['1 10']);
    });

    test('losses behind the greeting are told again: the shipper that counted them may have been killed', () => {
      const totals = new LossTotals(() => {}, { known: new Map([[INSTANCE, { lines: 4, bytes: 40 }]]) });
      expect(readBy(totals, ...greeting(1n, 10n), lost(3n, 30n), lost(5n, 50n))).toEqual(['2 20', '2 20']);
    });
  });

  test.each([
    ['stream', 'an unknown stream', data(3, 1n, 'x')],
    ['stream', 'a file that was not announced', data(16, 1n, 'x')],
  ])('refuses, reason %s: DATA of %s, and keeps what came before', (reason, _, bad) => {
    const { connection, builder } = open();
    expect(() => connection.write(Buffer.concat([magic, hello(), data(1, 1n, 'a\nb'), bad]), 0)).toThrow(
      expect.objectContaining({ reason }),
    );
    connection.end();
    expect(messagesOf(builder.finish())).toEqual(['a', 'b']);
  });

  test('bounds the files that one peer can announce', () => {
    const { connection } = open();
    const files = Array.from({ length: 5000 }, (_, i) => file(16 + i, `/${i}`));
    expect(() => connection.write(Buffer.concat([magic, hello(), ...files]), 0)).toThrow(ProtocolError);
  });

  test.each([
    ['all bits set', 2n ** 64n - 1n],
    ['more than a machine can write', 2n ** 52n],
  ])('a loss of %s is neither counted nor said; the lines are read', (_, claimed) => {
    const losses: Lost[] = [];
    const { connection, builder } = open(losses);
    const greeting = hello({ lostLines: claimed, lostBytes: claimed });
    connection.write(
      Buffer.concat([magic, greeting, data(1, 1n, 'one\n'), lost(claimed, claimed), data(1, 2n, 'two\n')]),
      0,
    );
    expect(losses).toEqual([]);
    expect(messagesOf(builder.finish())).toEqual(['one', 'two']);
  });

  test('names are cut before any record repeats them', () => {
    const { connection, builder } = open();
    const name = '\x01'.repeat(15_000);
    connection.write(
      Buffer.concat([
        magic,
        hello({ process: name, container: name }),
        file(16, `/${'\x01'.repeat(4000)}`),
        data(16, 1n, 'x\n'),
      ]),
      0,
    );
    const [origin] = builder.finish().origins;
    expect(Buffer.byteLength(JSON.stringify(origin))).toBeLessThan(256 + 256 + 4096 + 200);
  });

  describe('the names of all peers together', () => {
    const shared = shareAssembly(1000);
    const losses = new LossTotals(() => {});
    const paths = (count: number) => Array.from({ length: count }, (_, i) => file(16 + i, `/${i}`.padEnd(1500, 'x')));
    const announce = (names: NameRoom, files: readonly Buffer[]) => {
      const connection = new FrameStream(shared, losses, { names });
      connection.write(Buffer.concat([magic, hello(), ...files]), 0);
      return connection;
    };
    const refused = expect.objectContaining({ reason: 'names' });

    test('are bounded, and a peer that ends gives its part back', () => {
      const names = new NameRoom(40_000, 5000);
      const first = announce(names, paths(8));
      expect(() => announce(names, paths(8))).toThrow(refused);
      first.end();
      const again = new NameRoom(40_000, 5000);
      for (let i = 0; i < 20; i++) announce(again, paths(8)).end();
    });

    test('are no reason to refuse a peer that has few', () => {
      const names = new NameRoom(40_000, 5000);
      expect(() => announce(names, paths(20))).toThrow(refused);
      for (let i = 0; i < 20; i++) announce(names, paths(1));
      expect(() => announce(names, paths(2))).toThrow(refused);
    });

    test('count once, however often a file is announced', () => {
      const names = new NameRoom(40_000, 5000);
      announce(names, Array.from({ length: 1000 }, () => paths(2)).flat());
    });
  });

  test('a connection that has a name of its own takes no ids of the process for which it speaks', () => {
    const shared = shareAssembly(1000);
    const connection = new FrameStream(shared, new LossTotals(() => {}), { name: 'mine' });
    connection.write(Buffer.concat([magic, hello({ lostLines: 1n, lostBytes: 2n }), data(1, 1n, 'x\n')]), 0);
    expect(shared.builder.finish().origins.map(({ id }) => id)).toEqual([
      expect.stringMatching(/^mine-0-0-[0-9a-f]{8}$/),
      'mine-1',
    ]);
  });

  test('a notice has the id that it had before only if it is the same: a later shipper may tell of a loss at another time', () => {
    const tellAt = (wallMs: number) => {
      const shared = shareAssembly(1000);
      const stream = new FrameStream(shared, new LossTotals(() => {}), { wallMs: () => wallMs });
      stream.write(Buffer.concat([magic, hello(), data(1, 1n, 'x\n')]), 0);
      stream.lostAtLast({ lines: 1, bytes: 2 });
      stream.previousRunLost({ lines: 3, bytes: 4 }, 500);
      stream.invalidFrames({ lines: 5, bytes: 6 });
      const notices = recordsOf(shared.builder.finish()).filter(({ message }) => message.startsWith('logtap: '));
      expect(notices).toHaveLength(3);
      return notices.map(({ origin, seq }) => `${origin} ${seq}`);
    };
    expect(tellAt(1000)).toEqual(tellAt(1000));
    for (const id of tellAt(2000)) expect(tellAt(1000)).not.toContain(id);
  });

  test('an end within a frame is an error, after the lines are safe', () => {
    const { connection, builder } = open();
    connection.write(Buffer.concat([magic, hello(), data(1, 1n, 'last words'), data(1, 2n, 'cut').subarray(0, 26)]), 0);
    expect(() => connection.end()).toThrow(expect.objectContaining({ reason: 'truncated' }));
    expect(messagesOf(builder.finish())).toEqual(['last words']);
  });
});
