/**
 * A ring that no reader can begin with: its header is none, or its checkpoint or notes are nonsense. Its bytes tell how many lines it
 * holds: exactly, where its words lead over whole frames, or else at most. A header claims nothing that the bytes do not hold.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { FRAME_MAGIC, RING_HEADER_BYTES, RING_MAGIC, RING_VERSION } from '../../../../contract.js';
import { codeOf } from '../../../errors.js';
import type { Lost } from '../../frames/decoder.js';
import { least, NOTHING } from '../../frames/losses/lost.js';
import { lineEnds } from '../../line-ends.js';
import { UnreadFrames } from '../../unread-frames.js';
import { countAt, offsetOf } from '../words.js';
import { LOOK_BYTES } from './behind.js';

export interface RefusedRing {
  readonly name: string;
  /** Of its file, with the header. */
  readonly bytes: number;
  /** At most. */
  readonly unread: Lost;
  /** Released in an outage, and gone with a killed shipper. */
  readonly gone: Lost;
  /** Why it held more, or may hold more, and nothing tells how many lines: it was cut off, or is too large to look through. */
  readonly uncounted: Uncounted | undefined;
}

/** Whether there is anything to count. */
export const isAnything = ({ unread, gone, uncounted }: RefusedRing): boolean =>
  unread.lines > 0 || gone.bytes > 0 || uncounted !== undefined;

export type Uncounted = 'cut' | 'size';

const TAIL_AT = offsetOf('tail');
/** As far as the counts of the checkpoint. */
const WORDS_BYTES = TAIL_AT + 48;
const PIECE_BYTES = 64 * 1024;
const MAGIC = Buffer.from(FRAME_MAGIC);
/** Names of what is no file, or gone. */
const NO_FILE: ReadonlySet<string> = new Set(['ENOENT', 'ELOOP', 'EISDIR', 'ENXIO']);
const LF = 10;

export class RefusedFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #bytes: number;
  readonly #words = Buffer.alloc(WORDS_BYTES);

  /** `undefined` where there is no file. Throws the system's errors, which may pass. */
  static open(path: string): RefusedFile | undefined {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if (NO_FILE.has(codeOf(error))) return undefined;
      throw error;
    }
    try {
      if (fstatSync(fd).isFile()) return new RefusedFile(path, fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
    return undefined;
  }

  private constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
    this.#bytes = fstatSync(fd).size;
    if (this.#bytes < RING_HEADER_BYTES) return;
    readSync(fd, this.#words, 0, WORDS_BYTES, 0);
    // A process that still writes into it goes on elsewhere.
    const retired = Buffer.alloc(4);
    retired.writeUInt32LE(1);
    writeSync(fd, retired, 0, 4, offsetOf('retired'));
  }

  /** Whether it has another name, under which it is read, or refused. */
  get isElsewhere(): boolean {
    return fstatSync(this.#fd).nlink > 1;
  }

  /** The process's total that is counted, and the present one; `undefined` without a header to believe. */
  get lost(): { readonly counted: Lost; readonly total: Lost } | undefined {
    if (!this.#hasHeader) return undefined;
    const lostAt = offsetOf('lost_lines');
    const total = { lines: countAt(this.#words, lostAt), bytes: countAt(this.#words, lostAt + 8) };
    const counted = { lines: countAt(this.#words, TAIL_AT + 16), bytes: countAt(this.#words, TAIL_AT + 24) };
    return { counted: least(counted, total), total };
  }

  /** Throws the system's errors. */
  look(): Omit<RefusedRing, 'name'> {
    const bytes = this.#bytes;
    if (bytes < RING_HEADER_BYTES) return { bytes, unread: NOTHING, gone: NOTHING, uncounted: 'cut' };
    const { unread, isCut } = this.#known() ?? this.#most();
    const isShort = this.#isRing && countAt(this.#words, offsetOf('capacity')) > this.#capacity;
    const uncounted = isCut || isShort ? 'cut' : this.#capacity > LOOK_BYTES ? 'size' : undefined;
    return { bytes, unread, gone: this.#gone, uncounted };
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Whether it is gone. Another file that has taken its name stays. */
  remove(): boolean {
    try {
      if (lstatSync(this.#path).ino !== fstatSync(this.#fd).ino) return true;
      unlinkSync(this.#path);
      return true;
    } catch (error) {
      return codeOf(error) === 'ENOENT';
    }
  }

  get #capacity(): number {
    return this.#bytes - RING_HEADER_BYTES;
  }

  get #isRing(): boolean {
    const isOurs = RING_MAGIC.every((byte, i) => this.#words[i] === byte);
    return isOurs && this.#words.readUInt32LE(offsetOf('version')) === RING_VERSION;
  }

  get #hasHeader(): boolean {
    return this.#isRing && countAt(this.#words, offsetOf('capacity')) === this.#capacity;
  }

  /** A header may claim any number: no more than the ring has room for. */
  get #gone(): Lost {
    if (!this.#hasHeader) return NOTHING;
    const gone = { lines: countAt(this.#words, TAIL_AT + 32), bytes: countAt(this.#words, TAIL_AT + 40) };
    return gone.lines <= this.#capacity && gone.bytes <= this.#capacity ? gone : NOTHING;
  }

  /** What lies between the words of reader and writer; `undefined` where these are not frames. */
  #known(): { readonly unread: Lost; readonly isCut: false } | undefined {
    const tail = countAt(this.#words, TAIL_AT);
    const head = countAt(this.#words, offsetOf('head'));
    if (head === 0 || tail > head || head - tail > Math.min(this.#capacity, LOOK_BYTES)) return undefined;
    const frames = new UnreadFrames({ isLater: false });
    let isFirst = tail === 0;
    for (const piece of this.#pieces(tail, head)) {
      const start = isFirst && piece.subarray(0, MAGIC.length).equals(MAGIC) ? MAGIC.length : 0;
      frames.read(piece.subarray(start));
      isFirst = false;
    }
    return frames.isBetweenFrames ? { unread: frames.total, isCut: false } : undefined;
  }

  /** Every line that bytes may have ended, delivered or not, and the bytes behind the last one. Zeros at the end were never written. */
  #most(): { readonly unread: Lost; readonly isCut: boolean } {
    const end = Math.min(this.#capacity, LOOK_BYTES);
    let [lines, bytes, at, last] = [0, 0, 0, LF];
    for (const piece of this.#pieces(0, end)) {
      let written = piece.length;
      while (written > 0 && piece[written - 1] === 0) written -= 1;
      lines += lineEnds(piece, 0, written);
      if (written > 0) {
        bytes = at + written;
        last = piece[written - 1]!;
      }
      at += piece.length;
    }
    return { unread: { lines: lines + (last === LF ? 0 : 1), bytes }, isCut: at < end };
  }

  /** Each is valid until the next one. */
  *#pieces(from: number, end: number): Generator<Buffer> {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - from));
    for (let at = from; at < end; ) {
      const offset = at % this.#capacity;
      const length = Math.min(end - at, this.#capacity - offset, piece.length);
      const got = readSync(this.#fd, piece, 0, length, RING_HEADER_BYTES + offset);
      if (got === 0) return;
      yield piece.subarray(0, got);
      at += got;
    }
  }
}
