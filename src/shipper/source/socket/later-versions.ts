/**
 * Connections whose process writes a later version of the frames. They are closed, so that its next lines stay with the
 * process, which counts them or writes them to the original. The lines that the kernel had taken by then are counted, by the
 * present layout of frames; where the later one differs, every line end counts.
 */
import { FRAME_HEADER_BYTES, FRAME_MAGIC, FRAME_MAX_PAYLOAD_BYTES, FRAME_TYPES } from '../../../contract.js';
import type { Lost } from '../frames/decoder.js';
import { NOTHING, plus } from '../frames/lost.js';
import { lineEnds } from '../line-ends.js';

const LF = 10;
const MAGIC = Buffer.from(FRAME_MAGIC);
/** A process connects again within a second, while it writes. */
const REMEMBERED_MS = 60_000;

export interface LaterVersionsOptions {
  readonly onLater?: ((lost: Lost) => void) | undefined;
}

export class LaterVersions {
  readonly #onLater: (lost: Lost) => void;
  #refusedMs: number[] = [];

  constructor({ onLater = () => {} }: LaterVersionsOptions) {
    this.#onLater = onLater;
  }

  /** `chunk` has HELLO, and `rest` is what else was written. Chunks are valid until the next one. */
  refuse(chunk: Buffer, rest: Iterable<Buffer>, nowMs: number): void {
    this.#refusedMs.push(nowMs);
    const reader = new LaterFrames();
    let lost = reader.read(chunk);
    for (const more of rest) lost = plus(lost, reader.read(more));
    if (lost.bytes > 0) this.#onLater(plus(lost, { lines: reader.isInLine ? 1 : 0, bytes: 0 }));
  }

  /** Connections that were refused in the last minute. */
  recent(nowMs: number): number {
    this.#refusedMs = this.#refusedMs.filter((ms) => nowMs - ms < REMEMBERED_MS);
    return this.#refusedMs.length;
  }
}

/** Counts the line ends of DATA frames that come in pieces. */
class LaterFrames {
  /** The beginning of a header. */
  #partial: Buffer = Buffer.alloc(0);
  #lastByte = LF;
  #isFirst = true;
  /** Of the present frame. */
  #payloadBytes = 0;
  #isData = false;
  /** It has another layout. */
  #isUnknown = false;

  /** Whether the last line has no end. */
  get isInLine(): boolean {
    return this.#lastByte !== LF;
  }

  read(chunk: Buffer): Lost {
    let at = 0;
    let bytes = this.#partial.length > 0 ? Buffer.concat([this.#partial, chunk]) : chunk;
    this.#partial = Buffer.alloc(0);
    if (this.#isFirst && bytes.subarray(0, MAGIC.length).equals(MAGIC)) bytes = bytes.subarray(MAGIC.length);
    this.#isFirst = false;
    let counted = NOTHING;
    while (at < bytes.length) {
      if (this.#payloadBytes === 0 && !this.#isUnknown) {
        if (bytes.length - at < FRAME_HEADER_BYTES) {
          this.#partial = Buffer.from(bytes.subarray(at));
          break;
        }
        this.#begin(bytes, at);
        if (!this.#isUnknown) at += FRAME_HEADER_BYTES;
        continue;
      }
      const end = this.#isUnknown ? bytes.length : Math.min(bytes.length, at + this.#payloadBytes);
      if (this.#isUnknown || this.#isData) {
        this.#lastByte = bytes[end - 1]!;
        counted = plus(counted, { lines: lineEnds(bytes, at, end), bytes: end - at });
      }
      this.#payloadBytes -= this.#isUnknown ? 0 : end - at;
      at = end;
    }
    return counted;
  }

  #begin(bytes: Buffer, at: number): void {
    this.#payloadBytes = bytes.readUInt32LE(at);
    const type = bytes[at + 4];
    this.#isData = type === FRAME_TYPES.DATA.value;
    this.#isUnknown =
      this.#payloadBytes > FRAME_MAX_PAYLOAD_BYTES || !Object.values(FRAME_TYPES).some(({ value }) => value === type);
  }
}
