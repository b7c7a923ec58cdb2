/** A line as bytes, with the few questions that the grammar asks. One object serves all lines of a source. */
import { isDigit, isLetter } from '../records/bytes.js';

const BLANK = 0x20;
const TAB = 0x09;
const RETURN = 0x0d;

export class Line {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  #wordEnd = -1;

  set(bytes: Uint8Array, start: number, end: number): this {
    this.bytes = bytes;
    this.start = start;
    this.#wordEnd = -1;
    // Of a line end within an event a `\r` may be left.
    this.end = end > start && bytes[end - 1] === RETURN ? end - 1 : end;
    return this;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** -1 beyond its end. */
  at(index: number): number {
    const i = this.start + index;
    return i < this.end ? this.bytes[i]! : -1;
  }

  last(back = 0): number {
    const i = this.end - 1 - back;
    return i >= this.start ? this.bytes[i]! : -1;
  }

  /** Index behind its first word. */
  get wordEnd(): number {
    if (this.#wordEnd < 0) {
      let i = this.start;
      while (i < this.end && this.bytes[i]! > BLANK) i++;
      this.#wordEnd = i - this.start;
    }
    return this.#wordEnd;
  }

  /** Whether the text is at `index`. */
  has(text: string, index = 0): boolean {
    const from = this.start + index;
    if (index < 0 || from + text.length > this.end) return false;
    for (let i = 0; i < text.length; i++) if (this.bytes[from + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  endsWith(text: string): boolean {
    return this.length >= text.length && this.has(text, this.length - text.length);
  }

  /** Index of the text among the first `within` bytes; -1 where it is not. */
  indexOf(text: string, from = 0, within = SCAN_BYTES): number {
    const { bytes, start } = this;
    const first = text.charCodeAt(0);
    const stop = start + Math.min(this.length, within) - text.length;
    // Most places are decided here, without a call.
    for (let i = start + from; i <= stop; i++) if (bytes[i] === first && this.has(text, i - start)) return i - start;
    return -1;
  }

  includes(text: string, within = SCAN_BYTES): boolean {
    return this.indexOf(text, 0, within) >= 0;
  }

  /** How many blanks and tabs it begins with. */
  get indent(): number {
    let i = 0;
    while (this.at(i) === BLANK || this.at(i) === TAB) i++;
    return i;
  }

  /** How many digits are at `index`. */
  digits(index: number): number {
    let i = index;
    while (isDigit(this.at(i))) i++;
    return i - index;
  }
}

/** No question looks further into a line: a long one costs no more. */
const SCAN_BYTES = 400;

/** Of an identifier. */
export const isWord = (byte: number): boolean => isLetter(byte) || isDigit(byte) || byte === 0x5f || byte === 0x24;
