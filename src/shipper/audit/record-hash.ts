/**
 * MurmurHash64B of a message, seeded with the place of its record. It finds accidents and changes by hand; it is no signature: two
 * messages with one hash can be made on purpose.
 */

const M = 0x5bd1e995;
/** Bits of the lower half of a place. */
const HALF = 2 ** 32;

/** The lower and the upper half of the last hash, as signed integers. */
export const hashed = new Int32Array(2);

/** Hashes the bytes from `start` up to, not including, `end`; the result is in `hashed`. `view` is of the same bytes. */
export function hashRecord(bytes: Uint8Array, view: DataView, start: number, end: number, place: number): void {
  const length = end - start;
  let h1 = (place >>> 0) ^ length;
  let h2 = Math.floor(place / HALF) | 0;
  let at = start;
  for (const last = end - 8; at <= last; at += 8) {
    h1 = Math.imul(h1, M) ^ mix(view.getInt32(at, true));
    h2 = Math.imul(h2, M) ^ mix(view.getInt32(at + 4, true));
  }
  if (end - at >= 4) {
    h1 = Math.imul(h1, M) ^ mix(view.getInt32(at, true));
    at += 4;
  }
  if (at < end) {
    const rest = end - at;
    if (rest > 2) h2 ^= bytes[at + 2]! << 16;
    if (rest > 1) h2 ^= bytes[at + 1]! << 8;
    h2 = Math.imul(h2 ^ bytes[at]!, M);
  }
  h1 = Math.imul(h1 ^ (h2 >>> 18), M);
  h2 = Math.imul(h2 ^ (h1 >>> 22), M);
  h1 = Math.imul(h1 ^ (h2 >>> 17), M);
  h2 = Math.imul(h2 ^ (h1 >>> 19), M);
  hashed[0] = h2;
  hashed[1] = h1;
}

function mix(word: number): number {
  const k = Math.imul(word, M);
  return Math.imul(k ^ (k >>> 24), M);
}
