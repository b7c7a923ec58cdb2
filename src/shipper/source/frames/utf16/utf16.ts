/**
 * UTF-16 to UTF-8, and the questions about its bytes that lines need answered before. A line feed is 0A 00 (little endian) or
 * 00 0A (big endian), where a character may begin.
 */
export const BYTE_ORDERS = ['le', 'be'] as const;
export type ByteOrder = (typeof BYTE_ORDERS)[number];

const MARK = 0xfeff;
/** The mark, read in the wrong order; no character. */
const SWAPPED_MARK = 0xfffe;
const LINE_FEED = 0x0a;

export const unitAt = (bytes: Uint8Array, at: number, order: ByteOrder): number =>
  order === 'le' ? bytes[at]! | (bytes[at + 1]! << 8) : (bytes[at]! << 8) | bytes[at + 1]!;

export const isHighSurrogate = (unit: number): boolean => (unit & 0xfc00) === 0xd800;
export const isLowSurrogate = (unit: number): boolean => (unit & 0xfc00) === 0xdc00;

/** The order that a mark at this place tells; `undefined` if there is none. */
export function markAt(bytes: Uint8Array, at: number): ByteOrder | undefined {
  const unit = unitAt(bytes, at, 'le');
  if (unit === MARK) return 'le';
  return unit === SWAPPED_MARK ? 'be' : undefined;
}

/** Whole units. A surrogate without its other half becomes U+FFFD. */
export function toUtf8(bytes: Buffer, from: number, to: number, order: ByteOrder): Buffer {
  const units = order === 'le' ? bytes.subarray(from, to) : Buffer.from(bytes.subarray(from, to)).swap16();
  return Buffer.from(units.toString('utf16le'));
}

/** Without a mark: the order in which there are line feeds, or else in which the upper bytes are zero. Little endian on doubt. */
export function likelyOrder(bytes: Uint8Array, from: number, to: number): ByteOrder {
  let feeds = 0;
  let zeros = 0;
  for (let at = from; at + 1 < to; at += 2) {
    const [first, second] = [bytes[at]!, bytes[at + 1]!];
    if (second === 0 && first === LINE_FEED) feeds += 1;
    if (first === 0 && second === LINE_FEED) feeds -= 1;
    zeros += Number(second === 0) - Number(first === 0);
  }
  return (feeds || zeros) < 0 ? 'be' : 'le';
}

/**
 * Whether characters begin at the second byte and not at the first one, as the line feeds tell. Without any, the first byte
 * begins one: programs write whole characters.
 */
export function isShifted(bytes: Uint8Array, from: number, to: number, order: ByteOrder): boolean {
  let shifted = 0;
  for (let at = from; at + 1 < to; at++) {
    if (unitAt(bytes, at, order) === LINE_FEED) shifted += (at - from) % 2 === 1 ? 1 : -1;
  }
  return shifted > 0;
}
