/**
 * One ring as its reader sees it: header words, bytes, and the checkpoint from which another reader can go on.
 *
 * The page of `tail` is the checkpoint, written by one `pwrite`; numbers are little endian:
 *
 *       0  u64  tail: every frame before it is acknowledged
 *       8  u32  which half of the notes is valid: 0 none, 1, 2
 *      12  u32  N, how many streams follow
 *      16  u64  lost_lines that are counted
 *      24  u64  lost_bytes that are counted
 *      32  u64  lines before tail that are unacknowledged: released in an outage, so that the process could go on
 *      40  u64  their bytes
 *      48  N times: u32 stream, u32 byte order that a mark told (0 none, 1 little, 2 big endian), f64 place before which all
 *          bytes of the stream are assembled
 *
 * More streams than the page has room for are left out: a reader that goes on may then see the end of an assembled line of
 * such a stream as a line of its own.
 *
 * A half of the notes is a u32 length and JSON: the HELLO and the files that lie before `tail`. They are written to the
 * half that is not valid, and become valid by the next checkpoint. Files for which there is no room are left out.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { UNKNOWN_RELEASE } from '../../../catalog/release.js';
import {
  FIRST_FILE_STREAM,
  RING_HEADER_BYTES,
  RING_MAGIC,
  RING_NOTES_AT,
  RING_NOTES_BYTES,
  RING_VERSION,
} from '../../../contract.js';
import type { RingCheckpoint } from '../../accounting/acknowledging.js';
import { codeOf, ProtocolError } from '../../errors.js';
import { boundedText, NAME_MAX_BYTES, PATH_MAX_BYTES } from '../frames/bounded-text.js';
import { checkVersion, exitStatusOf, type Hello, type Lost } from '../frames/decoder.js';
import type { Progress } from '../frames/stream-options.js';
import { BYTE_ORDERS, type ByteOrder } from '../frames/utf16/utf16.js';
import { lockKey } from './file-locks.js';
import { countAt, offsetOf } from './words.js';

const VERSION_AT = offsetOf('version');
const HEADER_BYTES_AT = offsetOf('header_bytes');
const CAPACITY_AT = offsetOf('capacity');
const ENDED_AT = offsetOf('ended');
const LOCKED_AT = offsetOf('locked');
const EXIT_STATUS_AT = offsetOf('exit_status');
const HEAD_AT = offsetOf('head');
const LOST_LINES_AT = offsetOf('lost_lines');
const LOST_BYTES_AT = offsetOf('lost_bytes');
const SLEEP_EPOCH_AT = offsetOf('sleep_epoch');
const RETIRED_AT = offsetOf('retired');
const RETIRED = 1;
const CUT = 2;
const TAIL_AT = offsetOf('tail');
/** Words of the maker, the writer and the reader but for the checkpoint. */
const WORDS_BYTES = RETIRED_AT + 4;
const CHECKPOINT_BYTES = 48;
const STREAM_BYTES = 16;
const STREAMS_MAX = Math.floor((4096 - CHECKPOINT_BYTES) / STREAM_BYTES);
const HALF_BYTES = RING_NOTES_BYTES / 2;
const CAPACITY_MAX = 1024 ** 3;
const PIECE_BYTES = 64 * 1024;

/** The writer's words. */
export interface RingState {
  readonly head: number;
  readonly isEnded: boolean;
  /** From 0 to 255; `undefined` where the process does not say. */
  readonly exitStatus: number | undefined;
  /** Whether the process says that it has locked the ring. */
  readonly isLocked: boolean;
  readonly lost: Lost;
}

/** The state that the previous reader left. */
export interface Resumed {
  readonly progress: Progress | undefined;
  readonly lost: Lost;
  /** Before its position, and gone with that reader. */
  readonly unacknowledged: Lost;
}

/** Of this ring. */
export type PlannedCheckpoint = Omit<RingCheckpoint, 'ring'>;

/** Positions only rise, and lines are acknowledged once: a ring never comes back to the words of an earlier checkpoint. */
const isNext = ({ before, after }: PlannedCheckpoint, page: Buffer): boolean =>
  before.equals(page.subarray(0, CHECKPOINT_BYTES)) && after.length >= CHECKPOINT_BYTES && after.length <= page.length;

/** Header of an unclaimed ring. */
export function freeHeader(capacity: number): Buffer {
  const header = Buffer.alloc(RING_HEADER_BYTES);
  header.set(RING_MAGIC);
  header.writeUInt32LE(RING_VERSION, VERSION_AT);
  header.writeUInt32LE(RING_HEADER_BYTES, HEADER_BYTES_AT);
  header.writeBigUInt64LE(BigInt(capacity), CAPACITY_AT);
  return header;
}

export class RingFile {
  readonly path: string;
  readonly capacity: number;
  /** Its name among locked files. */
  readonly lockKey: string;
  readonly isRetiredAtStart: boolean;
  readonly isCutAtStart: boolean;
  readonly #fd: number;
  readonly #words = Buffer.alloc(WORDS_BYTES);
  readonly #checkpoint = Buffer.alloc(4096);
  #sleepEpoch: bigint;
  #half = 0;
  #notes = '';
  /** The words of the checkpoint in the file, but for the streams. */
  #written: Buffer = Buffer.alloc(0);

  /** Opens a ring. Throws a ProtocolError when it is none; of a later version, with the reason `version`, and it stays as it is. */
  constructor(path: string) {
    this.path = path;
    this.#fd = open(path);
    let isWritten = false;
    try {
      const stat = fstatSync(this.#fd);
      isWritten = stat.isFile() && stat.size >= RING_HEADER_BYTES;
      if (!stat.isFile()) throw new ProtocolError('ring', `${path} is no file`);
      this.#readWords();
      const words = this.#words;
      this.capacity = stat.size - RING_HEADER_BYTES;
      const hasMagic = RING_MAGIC.every((byte, i) => words[i] === byte);
      const version = words.readUInt32LE(VERSION_AT);
      if (hasMagic && version > RING_VERSION) {
        isWritten = false;
        const rule = `this shipper reads ${RING_VERSION}; replace the shipper by one of the library's release (logtap upgrade)`;
        throw new ProtocolError('version', `${path} is a ring of version ${version}; ${rule}`);
      }
      const isRing =
        hasMagic &&
        version === RING_VERSION &&
        words.readUInt32LE(HEADER_BYTES_AT) === RING_HEADER_BYTES &&
        this.capacity > 0 &&
        this.capacity <= CAPACITY_MAX &&
        Number(words.readBigUInt64LE(CAPACITY_AT)) === this.capacity;
      if (!isRing) throw new ProtocolError('ring', `${path} is no ring of version ${RING_VERSION}`);
      this.lockKey = lockKey(stat);
      this.isRetiredAtStart = words.readUInt32LE(RETIRED_AT) !== 0;
      this.isCutAtStart = words.readUInt32LE(RETIRED_AT) === CUT;
      this.#sleepEpoch = words.readBigUInt64LE(SLEEP_EPOCH_AT);
    } catch (error) {
      // A process that writes into it must not go on: it will not be read.
      if (error instanceof ProtocolError && isWritten) this.retire();
      closeSync(this.#fd);
      throw error;
    }
  }

  /** The writer's words as they are now; `from` is how far the caller has read. Throws a ProtocolError for nonsense. */
  state(from: number): RingState {
    this.#readWords();
    const words = this.#words;
    const head = Number(words.readBigUInt64LE(HEAD_AT));
    if (head < from || head - from > this.capacity || !Number.isSafeInteger(head)) {
      throw new ProtocolError('ring', `${this.path}: its head is at ${head}, and ${from} of ${this.capacity} are read`);
    }
    return {
      head,
      isEnded: words.readUInt32LE(ENDED_AT) !== 0,
      exitStatus: exitStatusOf(words.readUInt32LE(EXIT_STATUS_AT)),
      isLocked: words.readUInt32LE(LOCKED_AT) !== 0,
      lost: {
        lines: countAt(words, LOST_LINES_AT),
        bytes: countAt(words, LOST_BYTES_AT),
      },
    };
  }

  /** Reads bytes from `from` on, up to `head` or as many as fit without going round. Answers how many. */
  read(into: Buffer, from: number, head: number): number {
    const offset = from % this.capacity;
    const length = Math.min(head - from, this.capacity - offset, into.length);
    const got = readSync(this.#fd, into, 0, length, RING_HEADER_BYTES + offset);
    if (got !== length)
      throw new ProtocolError('ring', `${this.path} was cut off: ${got} of ${length} bytes at ${from}`);
    return got;
  }

  /** The bytes from `from` up to `end`, as far as the file has them. Each is valid until the next one. */
  *pieces(from: number, end: number): Generator<Buffer> {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - from));
    for (let at = from; at < end; ) {
      const offset = at % this.capacity;
      const length = Math.min(end - at, this.capacity - offset, piece.length);
      const got = readSync(this.#fd, piece, 0, length, RING_HEADER_BYTES + offset);
      if (got === 0) return;
      yield piece.subarray(0, got);
      at += got;
    }
  }

  /** The next write sends a wake-up. Look at the head once more after this. */
  sleep(): void {
    this.#sleepEpoch = BigInt.asUintN(64, this.#sleepEpoch + 1n);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(this.#sleepEpoch);
    this.#write(bytes, SLEEP_EPOCH_AT);
  }

  /** The next write goes elsewhere. Look at the head once more after this. False when it cannot be written now. */
  retire(): boolean {
    return this.#retire(RETIRED);
  }

  /** An unfinished line at its end is a record, also for readers after this one. */
  cut(): void {
    this.#retire(CUT);
  }

  #retire(how: number): boolean {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(how);
    return this.#write(bytes, RETIRED_AT);
  }

  /** Where the reader before this one was. `planned`: the checkpoint that a kill may have kept it from writing. */
  resume(planned?: PlannedCheckpoint): Resumed {
    const page = this.#checkpoint;
    readSync(this.#fd, page, 0, page.length, TAIL_AT);
    if (planned !== undefined && isNext(planned, page)) {
      this.#write(planned.after, TAIL_AT);
      page.set(planned.after);
    }
    this.#written = Buffer.from(page.subarray(0, CHECKPOINT_BYTES));
    const position = Number(page.readBigUInt64LE(0));
    const lost = { lines: countAt(page, 16), bytes: countAt(page, 24) };
    const unacknowledged = { lines: countAt(page, 32), bytes: countAt(page, 40) };
    this.#half = page.readUInt32LE(8);
    if (position === 0 || this.#half === 0) return { progress: undefined, lost, unacknowledged };
    const count = page.readUInt32LE(12);
    const places = Array.from({ length: Math.min(count, STREAMS_MAX) }, (_, i) =>
      page.readDoubleLE(CHECKPOINT_BYTES + i * STREAM_BYTES + 8),
    );
    const isRight = this.#half <= 2 && count <= STREAMS_MAX && places.every((place) => Number.isSafeInteger(place));
    if (!isRight) throw new ProtocolError('ring', `${this.path}: no checkpoint`);
    const assembled = places.map((place, i): [number, number, ByteOrder?] => {
      const entry = CHECKPOINT_BYTES + i * STREAM_BYTES;
      const order = BYTE_ORDERS[page.readUInt32LE(entry + 4) - 1];
      return order === undefined ? [page.readUInt32LE(entry), place] : [page.readUInt32LE(entry), place, order];
    });
    return { progress: { position, assembled, ...this.#readNotes() }, lost, unacknowledged };
  }

  /**
   * The checkpoint that says: all frames before the position are acknowledged, but for the unacknowledged lines. Once it is
   * saved, the writer may have the room. `undefined` while its notes cannot be written.
   */
  plan(
    { position, assembled, hello, files }: Progress,
    lost: Lost,
    unacknowledged: Lost,
  ): PlannedCheckpoint | undefined {
    if (!this.#keepsNotes(hello, files)) return undefined;
    const page = this.#checkpoint;
    const count = Math.min(assembled.length, STREAMS_MAX);
    page.writeBigUInt64LE(BigInt(position), 0);
    page.writeUInt32LE(this.#half, 8);
    page.writeUInt32LE(count, 12);
    page.writeBigUInt64LE(BigInt(lost.lines), 16);
    page.writeBigUInt64LE(BigInt(lost.bytes), 24);
    page.writeBigUInt64LE(BigInt(unacknowledged.lines), 32);
    page.writeBigUInt64LE(BigInt(unacknowledged.bytes), 40);
    for (let i = 0; i < count; i++) {
      const [stream, seq, order] = assembled[i]!;
      const entry = CHECKPOINT_BYTES + i * STREAM_BYTES;
      page.writeUInt32LE(stream, entry);
      page.writeUInt32LE(order === undefined ? 0 : BYTE_ORDERS.indexOf(order) + 1, entry + 4);
      page.writeDoubleLE(seq, entry + 8);
    }
    const after = Buffer.from(page.subarray(0, CHECKPOINT_BYTES + count * STREAM_BYTES));
    return { before: this.#written, after };
  }

  save({ after }: PlannedCheckpoint): void {
    if (this.#write(after, TAIL_AT)) this.#written = after.subarray(0, CHECKPOINT_BYTES);
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Closes and removes it; another file that has taken its name stays. */
  remove(): void {
    try {
      const { ino } = fstatSync(this.#fd);
      if (lstatSync(this.path).ino === ino) unlinkSync(this.path);
    } catch {
      // Another shipper did, or it is not ours to remove: it is retired and read either way.
    }
    this.close();
  }

  /** All pages of a ring are there: a write fails where it was cut, which the next look finds, or for now. */
  #write(bytes: Uint8Array, at: number): boolean {
    try {
      return writeSync(this.#fd, bytes, 0, bytes.length, at) === bytes.length;
    } catch {
      // A failed write acknowledges nothing.
      return false;
    }
  }

  #readWords(): void {
    const got = readSync(this.#fd, this.#words, 0, WORDS_BYTES, 0);
    if (got !== WORDS_BYTES) throw new ProtocolError('ring', `${this.path} has ${got} bytes of a header`);
  }

  #readNotes(): Pick<Progress, 'hello' | 'files'> {
    const half = Buffer.alloc(HALF_BYTES);
    readSync(this.#fd, half, 0, HALF_BYTES, RING_NOTES_AT + (this.#half - 1) * HALF_BYTES);
    const length = half.readUInt32LE(0);
    try {
      const { hello, files } = JSON.parse(half.toString('utf8', 4, 4 + length));
      const known = { hello: helloOf(hello), files: filesOf(files) };
      // A later shipper has read the ring before this one.
      checkVersion(known.hello.frames);
      return known;
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      throw new ProtocolError('ring', `${this.path}: no notes: ${(error as Error).message}`);
    }
  }

  /** Whether they are in the file, for the next checkpoint to make valid. */
  #keepsNotes(hello: Hello, files: ReadonlyMap<number, string>): boolean {
    const entries = [...files];
    let notes = JSON.stringify({ hello, files: entries });
    while (Buffer.byteLength(notes) > HALF_BYTES - 4 && entries.length > 0) {
      entries.shift();
      notes = JSON.stringify({ hello, files: entries });
    }
    if (notes === this.#notes) return true;
    const half = Buffer.alloc(4 + Buffer.byteLength(notes));
    half.writeUInt32LE(half.length - 4);
    half.write(notes, 4);
    const other = this.#half === 1 ? 2 : 1;
    if (!this.#write(half, RING_NOTES_AT + (other - 1) * HALF_BYTES)) return false;
    this.#half = other;
    this.#notes = notes;
    return true;
  }
}

/** Throws a ProtocolError for a path that can never be a ring. Other errors may pass. */
function open(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (!['ELOOP', 'EISDIR', 'ENXIO'].includes(codeOf(error))) throw error;
    throw new ProtocolError('ring', `${path} is no file: ${codeOf(error)}`);
  }
}

/** A HELLO from JSON, checked: any process of the pod can write the notes. */
function helloOf(value: Hello): Hello {
  // The notes of a shipper before 0.1.0 have neither of the last two.
  const { pid, instance, process, container, lost, frames = 1, library = UNKNOWN_RELEASE } = value;
  const isRight =
    Number.isSafeInteger(pid) &&
    /^[0-9a-f]{16}$/.test(instance) &&
    typeof process === 'string' &&
    typeof container === 'string' &&
    Number.isSafeInteger(frames) &&
    typeof library === 'string' &&
    Number.isSafeInteger(lost.lines) &&
    Number.isSafeInteger(lost.bytes);
  if (!isRight) throw new Error('no HELLO');
  const name = (text: string) => boundedText(text, NAME_MAX_BYTES);
  const names = { process: name(process), container: name(container), library: name(library) };
  return { pid, instance, ...names, frames, lost };
}

function filesOf(entries: [number, string][]): ReadonlyMap<number, string> {
  for (const [stream, path] of entries) {
    if (Number.isInteger(stream) && stream >= FIRST_FILE_STREAM && typeof path === 'string') continue;
    throw new Error('no FILE');
  }
  return new Map(entries.map(([stream, path]) => [stream, boundedText(path, PATH_MAX_BYTES)]));
}
