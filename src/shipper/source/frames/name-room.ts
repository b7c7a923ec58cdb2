/**
 * Bounds the memory of what all peers together make the shipper remember: their streams, and the names of these. Each peer
 * has a share of its own, so that none with many names shuts out the others.
 */

const MAX_BYTES = 16 * 1024 * 1024;
/** Some fifty files. */
const SHARE_BYTES = 32 * 1024;
/** A stream without its names: its origin, its assembler, its places in maps. */
const STREAM_BYTES = 512;
/** Of a string's character, where one of them is not Latin. */
const CHARACTER_BYTES = 2;

/** Memory of a stream with such names. */
export const streamBytes = (...names: readonly string[]): number =>
  names.reduce((sum, { length }) => sum + length * CHARACTER_BYTES, STREAM_BYTES);

export class NameRoom {
  readonly #maxBytes: number;
  readonly #shareBytes: number;
  #usedBytes = 0;

  constructor(maxBytes = MAX_BYTES, shareBytes = SHARE_BYTES) {
    this.#maxBytes = maxBytes;
    this.#shareBytes = shareBytes;
  }

  /** Room for so much more, for a peer that has `heldBytes`. Whether there is some. */
  take(bytes: number, heldBytes: number): boolean {
    if (heldBytes + bytes > this.#shareBytes && this.#usedBytes + bytes > this.#maxBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}
