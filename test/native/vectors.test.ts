/** The golden frames: the library's frame.c writes those of its version, and an independent decoder reads all versions. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FRAME_VERSION } from '../../src/contract.js';
import { program } from '../support/native-programs.js';
import { root, temporaryDirectory } from '../support/run.js';
import { decodeFrames, type Frame, readHello, readLost } from '../support/tap-receiver.js';

interface VectorFrame {
  readonly type: string;
  readonly thread?: number;
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

const VERSIONS = Array.from({ length: FRAME_VERSION }, (_, i) => i + 1);
const directoryOf = (version: number) => join(root, 'test', 'vectors', `v${version}`);

function vectorsOf(version: number): Vector[] {
  return JSON.parse(readFileSync(join(directoryOf(version), 'index.json'), 'utf8')).vectors;
}

/** A frame in the words of index.json. */
function describeFrame(frame: Frame): object {
  const { type, stream, flags, thread } = frame;
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
  return { ...common, ...(thread === 0 ? {} : { thread }), payload: frame.payload.toString('hex') };
}

/** The same for the expected side: payloads, however they are given, as hexadecimal. */
function expectedFrame({ text, hex, repeat, length, then = '', thread = 0, ...given }: VectorFrame): object {
  const rest = thread === 0 ? given : { ...given, thread };
  // The release of the library is that of a build, so no golden frame names one.
  if (rest.type === 'HELLO') return { ...rest, library: 0 };
  if (rest.type === 'LOST') return rest;
  if (hex !== undefined) return { ...rest, payload: hex };
  if (repeat === undefined) return { ...rest, payload: Buffer.from(text ?? '').toString('hex') };
  return { ...rest, payload: Buffer.concat([Buffer.alloc(length ?? 0, repeat), Buffer.from(then)]).toString('hex') };
}

test('frame.c writes the golden frames of its version byte for byte, and no others', () => {
  const directory = directoryOf(FRAME_VERSION);
  const out = temporaryDirectory();
  execFileSync(program('vectors', 'glibc', ['handover/frame.c', 'base/text.c']), [out]);
  const golden = readdirSync(directory).filter((name) => name.endsWith('.bin'));
  expect(golden.sort()).toEqual(
    vectorsOf(FRAME_VERSION)
      .map(({ file }) => file)
      .sort(),
  );
  expect(readdirSync(out).sort()).toEqual(golden);
  for (const name of golden) {
    expect(readFileSync(join(out, name)).equals(readFileSync(join(directory, name)))).toBe(true);
  }
});

describe.each(VERSIONS)('golden frames of version %s', (version) => {
  const vectors = vectorsOf(version);
  const bytesOf = (file: string) => readFileSync(join(directoryOf(version), file));

  test.each(vectors.filter(({ frames }) => frames !== undefined))('$file says what index.json says', (vector) => {
    const { frames, trailing } = decodeFrames(bytesOf(vector.file));
    expect(frames.map(describeFrame)).toEqual(vector.frames?.map(expectedFrame));
    expect(trailing).toBe(vector.trailing);
  });

  test('raw bytes are not taken for frames', () => {
    const raw = vectors.filter((vector) => vector.raw !== undefined);
    expect(raw.length).toBeGreaterThan(0);
    for (const { file, raw: text } of raw) {
      expect(bytesOf(file).toString()).toBe(text);
      expect(() => decodeFrames(bytesOf(file))).toThrow('magic');
    }
  });
});
