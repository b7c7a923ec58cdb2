/** Classes of bytes for scans of records. A place at or behind the end of a record is the byte 0 of no class. */
import { isDigit, isLetter } from '../records/bytes.js';

export const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;
export const isNameByte = (byte: number | undefined): boolean =>
  isLetter(byte) || isDigit(byte) || byte === 0x5f || byte === 0x2e || byte === 0x2d || byte === 0x40;

export function skipBlanks(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isBlank(bytes[at])) at++;
  return at;
}

/** Behind blanks, empty lines, which some runtimes begin a trace with, and the mark that a file of UTF-8 may begin with. */
export function recordBegin(bytes: Uint8Array, start: number, end: number): number {
  const from = skipSpace(bytes, start, end);
  const isMark = bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf;
  return isMark ? skipSpace(bytes, Math.min(from + 3, end), end) : from;
}

/** Behind blanks and line ends. */
export function skipSpace(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && (isBlank(bytes[at]) || bytes[at] === 0x0a || bytes[at] === 0x0d)) at++;
  return at;
}

export function skipLetters(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isLetter(bytes[at])) at++;
  return at;
}

/** Place of the quote that ends a string of JSON. */
export function stringEnd(bytes: Uint8Array, from: number, limit: number): number {
  let at = from;
  while (at < limit && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1;
  return at;
}

/** Whether these bytes are at a place. */
export function isAt(bytes: Uint8Array, at: number, end: number, word: Uint8Array): boolean {
  if (at < 0 || at + word.length > end) return false;
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
}

/** Value of the digits from a place on; -1 without any, or with more than nine. */
export function numberAt(bytes: Uint8Array, from: number, end: number): number {
  let value = 0;
  let at = from;
  for (; at < end && isDigit(bytes[at]); at++) {
    if (at - from >= 9) return -1;
    value = value * 10 + bytes[at]! - 0x30;
  }
  return at === from ? -1 : value;
}

/** Behind a terminal's escape sequence such as a colour, or `from` where there is none. */
export function skipEscape(bytes: Uint8Array, from: number, end: number): number {
  if (bytes[from] !== 0x1b || bytes[from + 1] !== 0x5b) return from;
  let at = from + 2;
  while (at < end && at - from < 16 && (isDigit(bytes[at]) || bytes[at] === 0x3b)) at++;
  return at < end && isLetter(bytes[at]) ? at + 1 : from;
}

/** Behind one or several of them. */
export function skipEscapes(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  for (let next = skipEscape(bytes, at, end); next > at; next = skipEscape(bytes, at, end)) at = next;
  return at;
}
