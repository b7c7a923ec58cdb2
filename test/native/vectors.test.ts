/** The golden frames: what the library's frame.c writes, and what an independent decoder reads in them. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../support/native-programs.js';
import { root, temporaryDirectory } from '../support/run.js';
import { decodeFrames, type Frame, readHello, readLost } from '../support/tap-receiver.js';

const directory = join(root, 'test', 'vectors', 'v1');

interface VectorFrame {
  readonly type: string;
  readonly text?: string;
  readonly hex?: string;
  readonly repeat?: string;
  readonly length?: number;
  readonly then?: string;
}

interface Vector {
  readonly file: string;
  readonly raw?: string;
  readonly frames?: readonly VectorFrame[];
  readonly trailing?: number;
}

const { vectors } = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')) as { vectors: Vector[] };

/** A frame in the words of index.json. */
function describeFrame(frame: Frame): object {
  const { type, stream, flags } = frame;
  const common = { type, stream, flags, timeNs: String(frame.timeNs), seq: String(frame.seq) };
  if (type === 'HELLO') {
    const { startTicks, lost, ...who } = readHello(frame);
    const totals = { lostLines: String(lost.lines), lostBytes: String(lost.bytes) };
    return { ...common, ...who, startTicks: String(startTicks), ...totals };
  }
  if (type === 'LOST') {
    const { lines, bytes } = readLost(frame);
    return { ...common, lostLines: String(lines), lostBytes: String(bytes) };
  }
  return { ...common, payload: frame.payload.toString('hex') };
}

/** The same for the expected side: payloads, however they are given, as hexadecimal. */
function expectedFrame({ text, hex, repeat, length, then = '', ...rest }: VectorFrame): object {
  if (rest.type === 'HELLO' || rest.type === 'LOST') return rest;
  if (hex !== undefined) return { ...rest, payload: hex };
  if (repeat === undefined) return { ...rest, payload: Buffer.from(text ?? '').toString('hex') };
  return { ...rest, payload: Buffer.concat([Buffer.alloc(length ?? 0, repeat), Buffer.from(then)]).toString('hex') };
}

describe('golden frames', () => {
  test('frame.c writes them byte for byte, and no others', () => {
    const out = temporaryDirectory();
    execFileSync(program('vectors', 'glibc', ['handover/frame.c', 'base/text.c']), [out]);
    const golden = readdirSync(directory).filter((name) => name.endsWith('.bin'));
    expect(golden.sort()).toEqual(vectors.map(({ file }) => file).sort());
    expect(readdirSync(out).sort()).toEqual(golden);
    for (const name of golden) {
      expect(readFileSync(join(out, name)).equals(readFileSync(join(directory, name)))).toBe(true);
    }
  });

  test.each(vectors.filter(({ frames }) => frames !== undefined))('$file says what index.json says', (vector) => {
    const { frames, trailing } = decodeFrames(readFileSync(join(directory, vector.file)));
    expect(frames.map(describeFrame)).toEqual(vector.frames?.map(expectedFrame));
    expect(trailing).toBe(vector.trailing);
  });

  test('raw bytes are not taken for frames', () => {
    const raw = vectors.filter((vector) => vector.raw !== undefined);
    expect(raw.length).toBeGreaterThan(0);
    for (const { file, raw: text } of raw) {
      const bytes = readFileSync(join(directory, file));
      expect(bytes.toString()).toBe(text);
      expect(() => decodeFrames(bytes)).toThrow('magic');
    }
  });
});
