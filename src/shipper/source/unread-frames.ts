/**
 * At most how many lines are in frames that nothing reads, because one of them is invalid or of a later version. By the present
 * layout, line ends of DATA frames count, and those of frames of an unknown type. Where frames have another layout, every line end
 * counts.
 */
import { FRAME_HEADER_BYTES, FRAME_MAX_PAYLOAD_BYTES, FRAME_TYPES } from '../../contract.js';
import type { Lost } from './frames/decoder.js';
import { lineEnds } from './line-ends.js';

const LF = 10;
const TYPES: ReadonlySet<number> = new Set(Object.values(FRAME_TYPES).map(({ value }) => value));

export class UnreadFrames {
  readonly #isLater: boolean;
  /** The beginning of a header. */
  #partial: Buffer = Buffer.alloc(0);
  /** Bytes of the present frame that are still to come. */
  #payloadBytes = 0;
  #type = 0;
  #stream = 0;
  /** From here on the layout is another one. */
  #isUnknown = false;
  /** Streams whose last line has no end. */
  readonly #inLine = new Set<number>();
  #isInUnknownLine = false;
  #lineEnds = 0;
  #bytes = 0;

  /** `isLater`: of a later version, so that a frame of an unknown type says that the layout is another one. */
  constructor({ isLater }: { readonly isLater: boolean }) {
    this.#isLater = isLater;
  }

  /** Whether the last bytes ended a frame. */
  get isBetweenFrames(): boolean {
    return this.#payloadBytes === 0 && this.#partial.length === 0 && !this.#isUnknown;
  }

  get lineEnds(): number {
    return this.#lineEnds;
  }

  /** Lines, with those that have no end, and their bytes. */
  get total(): Lost {
    const inLine = this.#isUnknown ? Number(this.#isInUnknownLine) : this.#inLine.size;
    return { lines: this.#lineEnds + inLine, bytes: this.#bytes };
  }

  /** The next bytes of the stream, from the beginning of a frame on. They are valid during the call only. */
  read(chunk: Buffer): void {
    const bytes = this.#partial.length > 0 ? Buffer.concat([this.#partial, chunk]) : chunk;
    this.#partial = Buffer.alloc(0);
    for (let at = 0; at < bytes.length; ) {
      if (this.#payloadBytes > 0 || this.#isUnknown) {
        const end = this.#isUnknown ? bytes.length : Math.min(bytes.length, at + this.#payloadBytes);
        this.#take(bytes, at, end);
        this.#payloadBytes -= this.#isUnknown ? 0 : end - at;
        at = end;
      } else if (bytes.length - at < FRAME_HEADER_BYTES) {
        this.#partial = Buffer.from(bytes.subarray(at));
        break;
      } else {
        this.#begin(bytes, at);
        if (!this.#isUnknown) at += FRAME_HEADER_BYTES;
      }
    }
  }

  #begin(bytes: Buffer, at: number): void {
    this.#payloadBytes = bytes.readUInt32LE(at);
    this.#type = bytes[at + 4]!;
    this.#stream = bytes.readUInt16LE(at + 6);
    this.#isUnknown = this.#payloadBytes > FRAME_MAX_PAYLOAD_BYTES || (this.#isLater && !TYPES.has(this.#type));
  }

  #take(bytes: Buffer, start: number, end: number): void {
    const isData = this.#type === FRAME_TYPES.DATA.value;
    if (!this.#isUnknown && !isData && TYPES.has(this.#type)) return;
    this.#lineEnds += lineEnds(bytes, start, end);
    this.#bytes += end - start;
    const isInLine = bytes[end - 1] !== LF;
    if (this.#isUnknown) this.#isInUnknownLine = isInLine;
    else if (isData && isInLine) this.#inLine.add(this.#stream);
    else if (isData) this.#inLine.delete(this.#stream);
  }
}
