/** Classes of bytes, and where words begin in text that may be JSON or part of a URL. */

const DIGIT = 1;
const UPPER = 2;
const LOWER = 4;
const BASE64 = 8;
const BASE64URL = 16;
const TOKEN = 32;
const BLANK = 64;
const HEX = 128;

const CLASSES = new Uint8Array(256);

function mark(characters: string, flag: number): void {
  for (const character of characters) CLASSES[character.charCodeAt(0)]! |= flag;
}

const digits = '0123456789';
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
mark(digits, DIGIT | HEX);
mark(upper, UPPER);
mark(lower, LOWER);
mark('abcdefABCDEF', HEX);
mark(`${digits}${lower}${upper}+/`, BASE64);
mark(`${digits}${lower}${upper}-_`, BASE64URL);
// RFC 6750, and what others add.
mark(`${digits}${lower}${upper}-._~+/=:`, TOKEN);
mark(' \t', BLANK);

// Nothing is read outside of a message: `undefined` has no class, and equals no byte.
const has = (byte: number | undefined, flags: number) => byte !== undefined && (CLASSES[byte]! & flags) !== 0;
export const isDigit = (byte: number | undefined): boolean => has(byte, DIGIT);
export const isUpper = (byte: number | undefined): boolean => has(byte, UPPER);
export const isLetter = (byte: number | undefined): boolean => has(byte, UPPER | LOWER);
export const isAlphanumeric = (byte: number | undefined): boolean => has(byte, DIGIT | UPPER | LOWER);
export const isHex = (byte: number | undefined): boolean => has(byte, HEX);
export const isBase64 = (byte: number | undefined): boolean => has(byte, BASE64);
export const isBase64Url = (byte: number | undefined): boolean => has(byte, BASE64URL);
export const isToken = (byte: number | undefined): boolean => has(byte, TOKEN);
export const isBlank = (byte: number | undefined): boolean => has(byte, BLANK);
export const isSpace = (byte: number | undefined): boolean => byte !== undefined && byte <= 0x20;

export const code = (character: string): number => character.charCodeAt(0);
const BACKSLASH = code('\\');
const PERCENT = code('%');
const UNDERSCORE = code('_');

/** The bytes of one message. Reads outside of it give `undefined`. */
export class Text {
  bytes: Uint8Array = new Uint8Array();
  start = 0;
  end = 0;

  at(i: number): number | undefined {
    return i >= this.start && i < this.end ? this.bytes[i] : undefined;
  }

  /** Whether these ASCII characters, given in lower case, are at a place, in any case. */
  hasWord(i: number, word: string): boolean {
    if (i < this.start || i + word.length > this.end) return false;
    for (let k = 0; k < word.length; k++) {
      const byte = this.bytes[i + k]!;
      if ((isUpper(byte) ? byte | 0x20 : byte) !== word.charCodeAt(k)) return false;
    }
    return true;
  }

  /** Whether exactly these ASCII characters are at a place. */
  has(i: number, characters: string): boolean {
    if (i < this.start || i + characters.length > this.end) return false;
    for (let k = 0; k < characters.length; k++) if (this.bytes[i + k] !== characters.charCodeAt(k)) return false;
    return true;
  }

  latin1(from: number, to: number): string {
    let text = '';
    for (let i = from; i < to; i++) text += String.fromCharCode(this.bytes[i]!);
    return text;
  }

  /** Whether a word goes on across this place, to the left: an escape such as `\n` or `%3D` ends one. */
  isWithinWord(i: number): boolean {
    const before = this.at(i - 1);
    if (!isAlphanumeric(before) && before !== UNDERSCORE) return false;
    return this.escapeBefore(i) === 0;
  }

  /** The length of an escape that ends at this place: `\n` or `\u0026` of JSON, `\x22` of nginx, or `%3D` of a URL; 0 without one. */
  escapeBefore(i: number): number {
    if (this.#isEscape(i - 2) && 'nrtbf'.includes(String.fromCharCode(this.at(i - 1)!))) return 2;
    if (this.at(i - 3) === PERCENT && isHex(this.at(i - 2)) && isHex(this.at(i - 1))) return 3;
    if (this.#isEscape(i - 4) && this.at(i - 3) === code('x') && isHex(this.at(i - 2)) && isHex(this.at(i - 1)))
      return 4;
    if (!this.#isEscape(i - 6) || this.at(i - 5) !== code('u')) return 0;
    return [i - 4, i - 3, i - 2, i - 1].every((k) => isHex(this.at(k))) ? 6 : 0;
  }

  /** Whether a backslash is here that no other one escapes. */
  #isEscape(i: number): boolean {
    return this.at(i) === BACKSLASH && this.at(i - 1) !== BACKSLASH;
  }
}
