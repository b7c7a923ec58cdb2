/**
 * Places are counted in bytes of the stream. Where a stream is converted before its lines are found, a message has another
 * number of bytes, and its own text tells how many they were.
 */
export interface SourceUnits {
  /** How many bytes of the stream these were. */
  lengthOf(bytes: Uint8Array, from: number, to: number): number;
  /** Where the bytes end that were so many bytes of the stream. */
  offsetOf(bytes: Uint8Array, from: number, length: number): number;
}

/** Of UTF-8: each byte is one of the stream. */
export const SAME_BYTES: SourceUnits = {
  lengthOf: (_, from, to) => to - from,
  offsetOf: (_, from, length) => from + length,
};

/** Of UTF-8 that was UTF-16: two bytes a character, four where UTF-8 has four, too. U+FFFD replaces one unit. */
export const UTF16_UNITS: SourceUnits = {
  lengthOf(bytes, from, to) {
    let length = 0;
    for (let i = from; i < to; i++) length += unitBytes(bytes[i]!);
    return length;
  },
  offsetOf(bytes, from, length) {
    let at = from;
    for (let left = length; at < bytes.length; at++) {
      const more = unitBytes(bytes[at]!);
      if (more > 0 && left <= 0) break;
      left -= more;
    }
    return at;
  },
};

/** Of the character that this byte begins; nothing for those that continue one. */
const unitBytes = (byte: number): number => (byte >= 0xf0 ? 4 : (byte & 0xc0) === 0x80 ? 0 : 2);
