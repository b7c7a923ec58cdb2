/**
 * Reads some members of a JSON object where it lies in the bytes of a record: no text and no object of the whole. Twin: JSON.parse. What
 * it does not read itself, such as a name with an escape, it leaves to that.
 */
import { isUtf8 } from 'node:buffer';
import { isDigit } from './bytes.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
const BRACE_CLOSE = 0x7d;
const BRACKET = 0x5b;
const BRACKET_CLOSE = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const DOT = 0x2e;
const MINUS = 0x2d;
const PLUS = 0x2b;
const LETTER_E = 0x65;
const LETTER_U = 0x75;
const LOWER = 0x20;

/** In the place of an end. */
const INVALID = -1;
const TOO_DEEP = -2;
const DEPTH_MAX = 50;
/** Texts that are kept, and the longest of them. */
const TEXTS = 256;
const TEXT_MAX = 64;

/** 1 for the bytes at which the scan of a string stops: quotes, backslashes and control characters. */
const STOPS = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte < 0x20 || byte === QUOTE || byte === BACKSLASH),
);
const ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));
const LITERALS: readonly Buffer[] = ['true', 'false', 'null'].map((word) => Buffer.from(word));

/** Of the strings that were scanned last: all their bytes, or-ed, and whether one had an escape. */
let seen = 0;
let hasEscape = false;

/** Whether the bytes are an object, and what is named can be read here; `complex` where JSON.parse has to decide. */
export type Scanned = 'object' | 'none' | 'complex';

interface Name {
  readonly bytes: Buffer;
  readonly index: number;
}

/** Names by their length and their first byte. */
const slotOf = (length: number, first: number): number => ((length << 3) ^ first) & 0xff;

export class JsonScan {
  readonly #names: (Name[] | undefined)[] = new Array(256);
  /** By name: the place of a simple value; an end of 0 where there is none. */
  readonly #start: Int32Array;
  readonly #end: Int32Array;
  #bytes: Uint8Array = Buffer.alloc(0);
  /** The same bytes: many records lie in the same ones. */
  #view: Buffer = Buffer.alloc(0);
  /** Texts that were read, by the place that their length and some of their bytes give them: names come again and again. */
  readonly #texts: string[] = new Array<string>(TEXTS).fill('');

  /** Members by these names are read. */
  constructor(names: readonly string[]) {
    names.forEach((name, index) => {
      const bytes = Buffer.from(name);
      const slot = slotOf(bytes.length, bytes[0]!);
      this.#names[slot] ??= [];
      this.#names[slot].push({ bytes, index });
    });
    this.#start = new Int32Array(names.length);
    this.#end = new Int32Array(names.length);
  }

  /** Of an object in all these bytes. Values are valid until the next call. */
  scan(bytes: Uint8Array, start: number, end: number): Scanned {
    if (bytes[start] !== BRACE) return 'none';
    this.#end.fill(0);
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    seen = 0;
    const at = this.#members(bytes, start + 1, end);
    if (at === INVALID) return 'none';
    if (at < 0) return 'complex';
    if (at !== end) return 'none';
    return seen < 0x80 || isUtf8(bytes.subarray(start, end)) ? 'object' : 'none';
  }

  /** A string or a number; `undefined` for what is neither, or not there. */
  value(index: number): string | number | undefined {
    const end = this.#end[index]!;
    if (end === 0) return undefined;
    const start = this.#start[index]!;
    const first = this.#bytes[start]!;
    if (first === QUOTE) return this.#text(start + 1, end - 1);
    return first === MINUS || isDigit(first) ? Number(this.#view.toString('latin1', start, end)) : undefined;
  }

  #text(from: number, to: number): string {
    const bytes = this.#bytes;
    if (seen >= 0x80) return this.#view.toString('utf8', from, to);
    const length = to - from;
    if (length === 0 || length > TEXT_MAX) return this.#view.toString('latin1', from, to);
    const slot = (length * 7 + bytes[from]! + bytes[to - 1]! * 31 + bytes[from + (length >> 1)]! * 17) % TEXTS;
    const known = this.#texts[slot]!;
    if (known.length === length && isText(bytes, from, known)) return known;
    const text = this.#view.toString('latin1', from, to);
    this.#texts[slot] = text;
    return text;
  }

  /** From behind the brace on. The end of the object. */
  #members(bytes: Uint8Array, from: number, end: number): number {
    let at = skipSpace(bytes, from, end);
    if (at < end && bytes[at] === BRACE_CLOSE) return at + 1;
    for (;;) {
      if (at >= end || bytes[at] !== QUOTE) return INVALID;
      hasEscape = false;
      const name = at + 1;
      at = stringEnd(bytes, name, end);
      if (at < 0) return at;
      const found = hasEscape ? undefined : this.#nameAt(bytes, name, at - 1);
      let isComplex = hasEscape;
      at = skipSpace(bytes, at, end);
      if (at >= end || bytes[at] !== COLON) return INVALID;
      const start = skipSpace(bytes, at + 1, end);
      hasEscape = false;
      at = valueEnd(bytes, start, end, 1);
      if (at < 0) return at;
      if (found !== undefined) {
        isComplex = hasEscape || bytes[start] === BRACE || bytes[start] === BRACKET;
        this.#start[found.index] = start;
        this.#end[found.index] = at;
      }
      if (isComplex) return TOO_DEEP;
      at = skipSpace(bytes, at, end);
      if (at >= end) return INVALID;
      if (bytes[at] === BRACE_CLOSE) return at + 1;
      if (bytes[at] !== COMMA) return INVALID;
      at = skipSpace(bytes, at + 1, end);
    }
  }

  #nameAt(bytes: Uint8Array, from: number, to: number): Name | undefined {
    const names = this.#names[slotOf(to - from, bytes[from]!)];
    if (names === undefined) return undefined;
    for (const name of names) if (isEqual(bytes, from, to, name.bytes)) return name;
    return undefined;
  }
}

function isEqual(bytes: Uint8Array, from: number, to: number, word: Uint8Array): boolean {
  if (to - from !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word[i]) return false;
  return true;
}

function isText(bytes: Uint8Array, from: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}

function skipSpace(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0a || bytes[at] === 0x0d)) at++;
  return at;
}

/** Behind the quote that ends a string. */
function stringEnd(bytes: Uint8Array, from: number, end: number): number {
  let all = seen;
  let at = from;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    all |= byte;
    if (STOPS[byte] === 0) continue;
    if (byte === QUOTE) {
      seen = all;
      return at + 1;
    }
    if (byte !== BACKSLASH) return INVALID;
    hasEscape = true;
    const next = bytes[at + 1]!;
    if (at + 1 >= end) return INVALID;
    if (next === LETTER_U) {
      for (let digit = at + 2; digit < at + 6; digit++)
        if (digit >= end || !isHexOfAnyCase(bytes[digit]!)) return INVALID;
      at += 5;
    } else if (ESCAPES.has(next)) at += 1;
    else return INVALID;
  }
  return INVALID;
}

const isHexOfAnyCase = (byte: number): boolean =>
  isDigit(byte) || ((byte | LOWER) >= 0x61 && (byte | LOWER) <= 0x66 && byte >= 0x41);

function valueEnd(bytes: Uint8Array, at: number, end: number, depth: number): number {
  if (at >= end) return INVALID;
  switch (bytes[at]) {
    case QUOTE:
      return stringEnd(bytes, at + 1, end);
    case BRACE:
      return depth === DEPTH_MAX ? TOO_DEEP : innerEnd(bytes, at + 1, end, depth + 1, BRACE_CLOSE);
    case BRACKET:
      return depth === DEPTH_MAX ? TOO_DEEP : innerEnd(bytes, at + 1, end, depth + 1, BRACKET_CLOSE);
    default:
      return isDigit(bytes[at]) || bytes[at] === MINUS ? numberEnd(bytes, at, end) : literalEnd(bytes, at, end);
  }
}

/** Behind an array or an object that is in another one. */
function innerEnd(bytes: Uint8Array, from: number, end: number, depth: number, close: number): number {
  let at = skipSpace(bytes, from, end);
  if (at < end && bytes[at] === close) return at + 1;
  for (;;) {
    if (close === BRACE_CLOSE) {
      if (at >= end || bytes[at] !== QUOTE) return INVALID;
      at = stringEnd(bytes, at + 1, end);
      if (at < 0) return at;
      at = skipSpace(bytes, at, end);
      if (at >= end || bytes[at] !== COLON) return INVALID;
      at = skipSpace(bytes, at + 1, end);
    }
    at = valueEnd(bytes, at, end, depth);
    if (at < 0) return at;
    at = skipSpace(bytes, at, end);
    if (at >= end) return INVALID;
    if (bytes[at] === close) return at + 1;
    if (bytes[at] !== COMMA) return INVALID;
    at = skipSpace(bytes, at + 1, end);
  }
}

function literalEnd(bytes: Uint8Array, at: number, end: number): number {
  for (const word of LITERALS) {
    if (at + word.length <= end && isEqual(bytes, at, at + word.length, word)) return at + word.length;
  }
  return INVALID;
}

function digitsEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isDigit(bytes[at])) at++;
  return at === from ? INVALID : at;
}

/** `-12.5e+3`: no zero in front of other digits. */
function numberEnd(bytes: Uint8Array, from: number, end: number): number {
  const first = bytes[from] === MINUS ? from + 1 : from;
  let at = first < end && bytes[first] === 0x30 ? first + 1 : digitsEnd(bytes, first, end);
  if (at >= 0 && at < end && bytes[at] === DOT) at = digitsEnd(bytes, at + 1, end);
  if (at < 0 || at >= end || (bytes[at]! | LOWER) !== LETTER_E) return at;
  const sign = at + 1 < end ? bytes[at + 1] : 0;
  return digitsEnd(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1, end);
}
