/** Bounds the memory of what all peers together make the shipper remember: their streams, and the names of these. */

const MAX_BYTES = 16 * 1024 * 1024;
/** A stream without its names: its origin, its assembler, its places in maps. */
const STREAM_BYTES = 512;
/** Of a string's character, where one of them is not Latin. */
const CHARACTER_BYTES = 2;

export class NameRoom {
  readonly #maxBytes: number;
  #usedBytes = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Room for a stream with such names. Returns its bytes, to give back; `undefined` when there is none left. */
  take(...names: readonly string[]): number | undefined {
    const bytes = names.reduce((sum, { length }) => sum + length * CHARACTER_BYTES, STREAM_BYTES);
    if (this.#usedBytes + bytes > this.#maxBytes) return undefined;
    this.#usedBytes += bytes;
    return bytes;
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}
