/**
 * What takes the place of a find: `[redacted:KIND]`, or with a keyed hash `[redacted:KIND:0123456789abcdef]`. Neither has a
 * character that JSON would escape; in the place of a number of JSON it is put in quotes. So JSON stays JSON.
 */
import { createHmac } from 'node:crypto';
import { code, isDigit, isSpace, type Text } from './bytes.js';

/** Characters of the hash: 64 bits. */
const HASH_LENGTH = 16;
const [QUOTE, BACKSLASH, COLON, COMMA, MINUS] = ['"', '\\', ':', ',', '-'].map(code);
const [BRACE, BRACKET, CLOSING_BRACE, CLOSING_BRACKET] = ['{', '[', '}', ']'].map(code);
const AFTER_NUMBER = new Set([',', '}', ']'].map(code));
/** Of JSON; a longer one is no number that a program writes. */
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const NUMBER_MAX = 400;
const SEPARATORS = /[ -]/g;

/** Makes the bytes that replace a secret. */
export type Replace = (name: string, found: Uint8Array) => Uint8Array;

export const withMark: Replace = (name) => markOf(name);

const marks = new Map<string, Uint8Array>();
function markOf(name: string): Uint8Array {
  const known = marks.get(name) ?? Buffer.from(`[redacted:${name}]`);
  marks.set(name, known);
  return known;
}

/** Numbers are hashed without the blanks and dashes between their digits: however they are written, the hash is the same. */
export const withHash =
  (key: Uint8Array): Replace =>
  (name, found) => {
    const secret = Buffer.from(found.buffer, found.byteOffset, found.byteLength);
    const bytes = isDigit(secret[secret.length - 1]) ? secret.toString('latin1').replace(SEPARATORS, '') : secret;
    const hash = createHmac('sha256', key).update(bytes).digest('hex').slice(0, HASH_LENGTH);
    return Buffer.from(`[redacted:${name}:${hash}]`);
  };

/** Tells numbers of JSON from other text; ranges are asked for in their order. */
export class JsonNumbers {
  readonly #text: Text;
  #at = -1;
  #isInString = false;
  #isJson = false;

  constructor(text: Text) {
    this.#text = text;
  }

  begin(): void {
    this.#at = -1;
    this.#isInString = false;
  }

  /** Where the number begins, at its minus, of which this range has the digits, if it is a value of JSON; -1 where it is none. */
  beginOf(from: number, to: number): number {
    const begin = this.#text.at(from - 1) === MINUS ? from - 1 : from;
    if (!this.#isNumber(begin, to)) return -1;
    this.#readTo(begin);
    return this.#isJson && !this.#isInString ? begin : -1;
  }

  #isNumber(from: number, to: number): boolean {
    const text = this.#text;
    let before = from - 1;
    while (isSpace(text.at(before))) before--;
    let after = to;
    while (isSpace(text.at(after))) after++;
    const sign = text.at(before);
    if ((sign !== COLON && sign !== BRACKET && sign !== COMMA) || !AFTER_NUMBER.has(text.at(after) ?? 0)) return false;
    return to - from <= NUMBER_MAX && NUMBER.test(text.latin1(from, to));
  }

  #readTo(place: number): void {
    const text = this.#text;
    if (this.#at === -1) {
      this.#at = text.start;
      while (this.#at < text.end && text.at(this.#at) !== BRACE && text.at(this.#at) !== BRACKET) this.#at++;
      this.#isJson = isValueBegin(text, this.#at + 1) && endsWithBracket(text);
    }
    for (; this.#at < place; this.#at++) {
      const byte = text.at(this.#at);
      if (byte === QUOTE) this.#isInString = !this.#isInString;
      else if (byte === BACKSLASH && this.#isInString) this.#at++;
    }
  }
}

function endsWithBracket(text: Text): boolean {
  let end = text.end;
  while (isSpace(text.at(end - 1))) end--;
  const last = text.at(end - 1);
  return last === CLOSING_BRACE || last === CLOSING_BRACKET;
}

/** Whether JSON goes on so behind a bracket: `[main]` and `{name=x}` are no JSON. */
function isValueBegin(text: Text, from: number): boolean {
  let i = from;
  while (isSpace(text.at(i))) i++;
  const byte = text.at(i);
  return byte === QUOTE || byte === BRACE || byte === BRACKET || byte === MINUS || isDigit(byte);
}
