/**
 * Classes of ASCII bytes. A place outside of a record, whether it reads as `undefined` or as -1, has none: no comparison with
 * `undefined` holds. It is not asked for by itself, because every byte of a line passes here.
 */

export const isDigit = (byte: number | undefined): boolean => byte! >= 0x30 && byte! <= 0x39;
/** A digit, or a letter from a to f, in lower case. */
export const isHex = (byte: number | undefined): boolean => isDigit(byte) || (byte! >= 0x61 && byte! <= 0x66);
export const isUpper = (byte: number | undefined): boolean => byte! >= 0x41 && byte! <= 0x5a;
export const isLetter = (byte: number | undefined): boolean => (byte! | 0x20) >= 0x61 && (byte! | 0x20) <= 0x7a;
