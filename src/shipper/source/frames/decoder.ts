/**
 * Bytes of a framed connection, the magic already taken off, to calls on a FrameReader. Survives any split of the
 * stream; throws a ProtocolError at the first byte that breaks the format, after which the connection is of no use.
 * Layout and limits are those of contract.ts.
 */
import { releaseOf } from '../../../catalog/release.js';
import {
  EXIT_STATUS_KNOWN,
  FIRST_FILE_STREAM,
  FRAME_FLAGS,
  FRAME_HEADER_BYTES,
  FRAME_MAX_BYTES,
  FRAME_MAX_PAYLOAD_BYTES,
  FRAME_SEQ_END,
  FRAME_TYPES,
  FRAME_VERSION,
  HELLO_PAYLOAD_BYTES,
  LOST_PAYLOAD_BYTES,
} from '../../../contract.js';
import { ProtocolError } from '../../errors.js';
import { boundedText, NAME_MAX_BYTES, PATH_MAX_BYTES } from './bounded-text.js';

/** Who writes. */
export interface Hello {
  readonly pid: number;
  /** 16 hexadecimal digits that name the process permanently. */
  readonly instance: string;
  readonly process: string;
  readonly container: string;
  /** Version of its frames. */
  readonly frames: number;
  /** Release of its library, such as `0.1.0`, or `unknown`. */
  readonly library: string;
  readonly lost: Lost;
  /** Line ends that it had handed over to sockets before this connection; absent where it does not say. */
  readonly handed?: number | undefined;
}

/** Totals of what a process could not hand over since it started. */
export interface Lost {
  readonly lines: number;
  readonly bytes: number;
}

/** Takes what the frames carry. Byte ranges are valid during the call only. */
export interface FrameReader {
  hello(hello: Hello): void;
  file(stream: number, path: string): void;
  /** `thread` is the tag of the thread that wrote it, 0 where it is unknown. */
  data(
    stream: number,
    timeMs: number,
    seq: number,
    bytes: Buffer,
    start: number,
    end: number,
    thread: number,
    continues: boolean,
  ): void;
  /** `stream` is 0 where the totals belong to none in particular. */
  lost(stream: number, timeMs: number, lost: Lost): void;
  /** The process ends with this exit status; it may still write a little. */
  ends?(status: number): void;
}

const TWO_32 = 2 ** 32;
/** `seq * 2^15 + offset` has to stay exact in a double. */
const SEQ_HIGH_END = FRAME_SEQ_END / TWO_32;

export class FrameDecoder {
  readonly #reader: FrameReader;
  /** The beginning of a frame whose end has not arrived. */
  #partial: Buffer | undefined;
  #partialLength = 0;
  #greeted: boolean;
  #framePosition: number;
  #nextPosition: number;
  /** From the invalid frame on. */
  #unread: readonly Buffer[] = [];

  /**
   * @param start position in the stream of the first byte that `write` will get
   * @param greeted whether HELLO lies before it
   */
  constructor(reader: FrameReader, { start = 0, greeted = false } = {}) {
    this.#reader = reader;
    this.#greeted = greeted;
    this.#framePosition = start;
    this.#nextPosition = start;
  }

  /** Position in the stream of the frame that is being read, or was read last. */
  get framePosition(): number {
    return this.#framePosition;
  }

  /** Position behind the last whole frame, also where the next one is invalid. */
  get nextPosition(): number {
    return this.#nextPosition;
  }

  /** Whether the stream may end here: not within a frame. */
  get isBetweenFrames(): boolean {
    return this.#partialLength === 0;
  }

  /** After `write` has thrown: the bytes that it got and did not read, from the invalid frame on. As long as the chunk is valid. */
  get unread(): readonly Buffer[] {
    return this.#unread;
  }

  write(chunk: Buffer): void {
    const held = this.#partialLength;
    const position = this.#nextPosition;
    try {
      this.#read(chunk);
    } catch (error) {
      const read = this.#nextPosition - position;
      const isHeld = held > 0 && read === 0;
      this.#unread = isHeld ? [this.#partial!.subarray(0, held), chunk] : [chunk.subarray(read - held)];
      throw error;
    }
  }

  #read(chunk: Buffer): void {
    let at = this.#partialLength > 0 ? this.#complete(chunk) : 0;
    while (chunk.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + this.#payloadLength(chunk, at);
      if (end > chunk.length) break;
      this.#frame(chunk, at, end);
      at = end;
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length);
  }

  /** Fills the partial frame up from the chunk and reads it when whole. Returns how far the chunk was used. */
  #complete(chunk: Buffer): number {
    let at = 0;
    if (this.#partialLength < FRAME_HEADER_BYTES) {
      at = this.#keep(chunk, 0, Math.min(chunk.length, FRAME_HEADER_BYTES - this.#partialLength));
      if (this.#partialLength < FRAME_HEADER_BYTES) return at;
    }
    const partial = this.#partial!;
    const length = FRAME_HEADER_BYTES + this.#payloadLength(partial, 0);
    at = this.#keep(chunk, at, Math.min(chunk.length, at + length - this.#partialLength));
    if (this.#partialLength === length) {
      this.#partialLength = 0;
      this.#frame(partial, 0, length);
    }
    return at;
  }

  #keep(chunk: Buffer, start: number, end: number): number {
    this.#partial ??= Buffer.allocUnsafe(FRAME_MAX_BYTES);
    this.#partialLength += chunk.copy(this.#partial, this.#partialLength, start, end);
    return end;
  }

  #end(flags: number, status: number | undefined): void {
    if ((flags & FRAME_FLAGS.ENDS.value) !== 0 && status !== undefined) this.#reader.ends?.(status);
  }

  #payloadLength(bytes: Buffer, at: number): number {
    const length = bytes.readUInt32LE(at);
    if (length > FRAME_MAX_PAYLOAD_BYTES) {
      throw new ProtocolError('length', `a frame of ${length} bytes; at most ${FRAME_MAX_PAYLOAD_BYTES} are allowed`);
    }
    return length;
  }

  #frame(bytes: Buffer, at: number, end: number): void {
    this.#framePosition = this.#nextPosition;
    this.#take(bytes, at, end);
    this.#nextPosition += end - at;
  }

  #take(bytes: Buffer, at: number, end: number): void {
    const type = bytes[at + 4]!;
    const stream = bytes.readUInt16LE(at + 6);
    const start = at + FRAME_HEADER_BYTES;
    if (!this.#greeted && type !== FRAME_TYPES.HELLO.value) {
      throw new ProtocolError('hello', `a frame of type ${type} before HELLO`);
    }
    switch (type) {
      case FRAME_TYPES.DATA.value: {
        const high = bytes.readUInt16LE(at + 20);
        if (high >= SEQ_HIGH_END) throw new ProtocolError('seq', 'a sequence number above 2^38');
        const seq = high * TWO_32 + bytes.readUInt32LE(at + 16);
        const timeMs = readUInt64(bytes, at + 8) / 1e6;
        const continues = (bytes[at + 5]! & FRAME_FLAGS.CONTINUES.value) !== 0;
        this.#reader.data(stream, timeMs, seq, bytes, start, end, bytes.readUInt16LE(at + 22), continues);
        return;
      }
      case FRAME_TYPES.LOST.value:
        if (end - start !== LOST_PAYLOAD_BYTES) throw new ProtocolError('lost', `LOST of ${end - start} bytes`);
        this.#reader.lost(stream, readUInt64(bytes, at + 8) / 1e6, readLost(bytes, start));
        this.#end(bytes[at + 5]!, exitStatusOf(bytes.readUInt32LE(at + 16)));
        return;
      case FRAME_TYPES.FILE.value:
        if (stream < FIRST_FILE_STREAM || end === start || end - start > PATH_MAX_BYTES) {
          throw new ProtocolError('file', `FILE with id ${stream} and a path of ${end - start} bytes`);
        }
        this.#reader.file(stream, boundedText(bytes.toString('utf8', start, end), PATH_MAX_BYTES));
        return;
      case FRAME_TYPES.HELLO.value:
        if (this.#greeted) throw new ProtocolError('hello', 'a second HELLO');
        this.#reader.hello(readHello(bytes, start, end, bytes.readUIntLE(at + 16, 6)));
        this.#greeted = true;
        return;
      default:
        throw new ProtocolError('type', `a frame of unknown type ${type}`);
    }
  }
}

/** Of the word that a writer gives; `undefined` where it does not know. */
export const exitStatusOf = (word: number): number | undefined =>
  (word & EXIT_STATUS_KNOWN) === 0 ? undefined : word & (EXIT_STATUS_KNOWN - 1);

/** Throws a ProtocolError for frames that this shipper does not read. */
export function checkVersion(version: number): void {
  if (version >= 1 && version <= FRAME_VERSION) return;
  const rule = `this shipper reads 1 to ${FRAME_VERSION}; replace the shipper by one of the library's release (logtap upgrade)`;
  throw new ProtocolError('version', `frame version ${version}; ${rule}`);
}

function readHello(bytes: Buffer, start: number, end: number, seq: number): Hello {
  if (end - start < HELLO_PAYLOAD_BYTES) throw new ProtocolError('hello', `HELLO of ${end - start} bytes`);
  const version = bytes.readUInt16LE(start);
  checkVersion(version);
  const name = start + HELLO_PAYLOAD_BYTES;
  const container = name + bytes.readUInt16LE(start + 2);
  if (container + bytes.readUInt16LE(start + 4) !== end) {
    throw new ProtocolError('hello', 'HELLO whose names do not add up to its length');
  }
  return {
    pid: bytes.readUInt32LE(start + 8),
    instance: bytes
      .readBigUInt64LE(start + 24)
      .toString(16)
      .padStart(16, '0'),
    process: boundedText(bytes.toString('utf8', name, container), NAME_MAX_BYTES),
    container: boundedText(bytes.toString('utf8', container, end), NAME_MAX_BYTES),
    frames: version,
    library: releaseOf(bytes.readUInt16LE(start + 6)),
    lost: readLost(bytes, start + 32),
    handed: seq > 0 ? seq - 1 : undefined,
  };
}

function readLost(bytes: Buffer, at: number): Lost {
  return { lines: readUInt64(bytes, at), bytes: readUInt64(bytes, at + 8) };
}

function readUInt64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * TWO_32 + bytes.readUInt32LE(at);
}
