/**
 * What lies in a ring behind an invalid frame, or behind the last place that its header gave before that became invalid. Nothing
 * reads it, so it is counted: as the most that it can be.
 */
import { UNKNOWN_RELEASE } from '../../../../catalog/release.js';
import { FRAME_VERSION } from '../../../../contract.js';
import { ProtocolError } from '../../../errors.js';
import type { Lost } from '../../frames/decoder.js';
import { NOTHING } from '../../frames/losses/lost.js';
import type { Progress } from '../../frames/stream-options.js';
import { UnreadFrames } from '../../unread-frames.js';
import type { RingName } from '../directory.js';
import type { RingFile } from '../file.js';

/** So many bytes are looked through for lines. Rings have 8 MiB unless larger ones are configured. */
export const LOOK_BYTES = 64 * 1024 * 1024;

export interface Behind {
  readonly unread: Lost;
  readonly end: number;
}

/**
 * From `start` on, in a ring that is read up to `read`, and whose process had the room up to `roomEnd`. Bytes that were cut off, or are
 * too many, count as one line. Throws the system's errors.
 */
export function lookBehind(file: RingFile, start: number, read: number, roomEnd: number): Behind {
  const end = Math.max(start, headOf(file, read) ?? roomEnd);
  const frames = new UnreadFrames({ isLater: false });
  let got = 0;
  for (const piece of file.pieces(start, Math.min(end, start + LOOK_BYTES))) {
    frames.read(piece);
    got += piece.length;
  }
  const { lines, bytes } = frames.total;
  const missing = end - start - got;
  return { unread: { lines: lines + (missing > 0 ? 1 : 0), bytes: bytes + missing }, end };
}

/** `undefined` where the header has nonsense. */
function headOf(file: RingFile, read: number): number | undefined {
  try {
    return file.state(read).head;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** The progress of a reader that finds nothing more in the ring. Where no HELLO was valid, its name tells whose it is. */
export function atEnd(known: Progress | undefined, { pid, instance }: RingName, end: number): Progress {
  const unnamed = { pid, instance, process: '', container: '', frames: FRAME_VERSION, library: UNKNOWN_RELEASE };
  const { hello, files } = known ?? { hello: { ...unnamed, lost: NOTHING }, files: new Map() };
  return { hello, files, position: end, assembled: [] };
}
