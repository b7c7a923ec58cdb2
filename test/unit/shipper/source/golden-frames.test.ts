/** The decoder reads the frames of every version that a library has written: test/vectors has a directory per version. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FRAME_MAGIC, FRAME_VERSION } from '../../../../src/contract.js';
import { BatchBuilder } from '../../../../src/shipper/records/batch-builder.js';
import { FrameDecoder } from '../../../../src/shipper/source/frames/decoder.js';
import { FrameStream } from '../../../../src/shipper/source/frames/frame-stream.js';
import { LossTotals } from '../../../../src/shipper/source/frames/losses/loss-totals.js';
import { messagesOf } from '../../../support/batches.js';

interface GoldenFrame {
  readonly type: 'HELLO' | 'FILE' | 'DATA' | 'LOST';
  readonly stream: number;
  readonly timeNs: string;
  readonly seq: string;
  readonly thread?: number;
  readonly version?: number;
  readonly pid?: number;
  readonly instance?: string;
  readonly process?: string;
  readonly container?: string;
  readonly lostLines?: string;
  readonly lostBytes?: string;
  readonly text?: string;
  readonly hex?: string;
  readonly repeat?: string;
  readonly length?: number;
  readonly then?: string;
}

interface Vector {
  readonly file: string;
  readonly frames?: readonly GoldenFrame[];
  readonly trailing?: number;
  readonly raw?: string;
}

function payloadOf({ text, hex, repeat, length = 0, then = '' }: GoldenFrame): string {
  if (hex !== undefined) return Buffer.from(hex, 'hex').toString('latin1');
  if (repeat !== undefined) return repeat.repeat(length).slice(0, length - then.length) + then;
  return Buffer.from(text ?? '').toString('latin1');
}

const lostOf = ({ lostLines, lostBytes }: GoldenFrame) => ({ lines: Number(lostLines), bytes: Number(lostBytes) });

/** What the decoder has to say about a frame. */
function meaningOf(frame: GoldenFrame): unknown {
  const { type, stream, pid, instance, process, container } = frame;
  switch (type) {
    case 'HELLO':
      // The golden ones say no release: only a library of this project has one.
      return { pid, instance, process, container, frames: frame.version, library: 'unknown', lost: lostOf(frame) };
    case 'FILE':
      return { stream, path: frame.text };
    case 'LOST':
      return { stream, ...lostOf(frame) };
    case 'DATA':
      return {
        ...{ stream, timeMs: Number(frame.timeNs) / 1e6, seq: Number(frame.seq) },
        ...{ thread: frame.thread ?? 0, payload: payloadOf(frame) },
      };
  }
}

const VERSIONS = Array.from({ length: FRAME_VERSION }, (_, i) => i + 1);

describe.each(VERSIONS)('golden frames, version %s', (version) => {
  const directory = join(__dirname, '../../../vectors', `v${version}`);
  const { vectors }: { vectors: readonly Vector[] } = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8'));

  test.each(vectors.filter(({ frames }) => frames !== undefined))('$file', ({ file, frames = [], trailing }) => {
    const bytes = readFileSync(join(directory, file));
    const said: unknown[] = [];
    const decoder = new FrameDecoder({
      hello: (value) => said.push(value),
      file: (stream, path) => said.push({ stream, path }),
      lost: (stream, _, value) => said.push({ stream, ...value }),
      data: (stream, timeMs, seq, chunk, start, end, thread) =>
        said.push({ stream, timeMs, seq, thread, payload: chunk.toString('latin1', start, end) }),
    });
    expect([...bytes.subarray(0, FRAME_MAGIC.length)]).toEqual(FRAME_MAGIC);
    decoder.write(bytes.subarray(FRAME_MAGIC.length));
    expect(said).toEqual(frames.map(meaningOf));
    expect(decoder.isBetweenFrames).toBe(trailing === 0);
  });

  test.each(vectors.filter(({ raw }) => raw !== undefined))('$file', ({ file, raw = '' }) => {
    const builder = new BatchBuilder();
    const shared = {
      builder,
      lineMaxBytes: 1e6,
      partialMaxBytes: 1e6,
      partialBytes: 0,
      unfinished: new Set<never>(),
      eventBytes: 0,
      openEvents: new Set<never>(),
    };
    const connection = new FrameStream(shared, new LossTotals(() => {}));
    connection.write(readFileSync(join(directory, file)), 0);
    connection.end();
    expect(messagesOf(builder.finish())).toEqual(raw.split('\n'));
  });
});
