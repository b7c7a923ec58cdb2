/** The grammar of JSON, RFC 8259, as strict as `JSON.parse`, in a text of one line. */
import { sequenceLength } from './text';

/** A value that nests deeper is none here. */
const DEPTH_MAX: i32 = 40;
const STEP: usize = 16;

/** Whether the last string had an escape. */
export let hasEscape: bool = false;
/** Whether a string of this text may have bytes beyond ASCII. */
let isWide: bool = false;

export function beginText(): void {
  isWide = false;
}

export function isDigit(byte: u8): bool {
  return byte - 0x30 < 10;
}

/** A line feed between members would end the line of a document. */
export function skipSpace(from: usize, end: usize): usize {
  let at = from;
  while (at < end) {
    const byte = load<u8>(at);
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) break;
    at++;
  }
  return at;
}

/** Behind the quote that ends a string; 0 where none does. Whether it had an escape is in `hasEscape`. */
export function stringEnd(from: usize, end: usize): usize {
  hasEscape = false;
  let at = from;
  while (at < end) {
    const bytes = v128.load(at);
    const stops = v128.or(
      i8x16.lt_u(bytes, i8x16.splat(0x20)),
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
    );
    // Of bytes behind the end, too: then all are looked at once more.
    if (i8x16.bitmask(bytes) !== 0) isWide = true;
    const mask = i8x16.bitmask(stops);
    if (mask === 0) {
      at += STEP;
      continue;
    }
    at += ctz(mask) as usize;
    if (at >= end) return 0;
    const byte = load<u8>(at);
    if (byte === 0x22) return at + 1;
    if (byte !== 0x5c || at + 1 >= end) return 0;
    hasEscape = true;
    const next = load<u8>(at + 1);
    if (next === 0x75) {
      if (at + 6 > end) return 0;
      for (let digit = at + 2; digit < at + 6; digit++) if (!isHex(load<u8>(digit))) return 0;
      at += 6;
    } else if (isEscape(next)) at += 2;
    else return 0;
  }
  return 0;
}

function isHex(byte: u8): bool {
  return isDigit(byte) || (((byte | 0x20) - 0x61) as u8) < 6;
}

/** `"`, `\`, `/`, `b`, `f`, `n`, `r` or `t`. */
function isEscape(byte: u8): bool {
  if (byte === 0x22 || byte === 0x5c || byte === 0x2f || byte === 0x62) return true;
  return byte === 0x66 || byte === 0x6e || byte === 0x72 || byte === 0x74;
}

/** Behind a value; 0 where there is none. */
export function valueEnd(at: usize, end: usize, depth: i32 = 1): usize {
  if (at >= end) return 0;
  const first = load<u8>(at);
  if (first === 0x22) return stringEnd(at + 1, end);
  if (first === 0x7b || first === 0x5b) return depth === DEPTH_MAX ? 0 : innerEnd(at + 1, end, depth + 1, first + 2);
  if (first === 0x2d || isDigit(first)) return numberEnd(at, end);
  return literalEnd(at, end, first);
}

function innerEnd(from: usize, end: usize, depth: i32, close: u8): usize {
  let at = skipSpace(from, end);
  if (at < end && load<u8>(at) === close) return at + 1;
  while (at < end) {
    if (close === 0x7d) {
      if (load<u8>(at) !== 0x22) return 0;
      at = stringEnd(at + 1, end);
      if (at === 0) return 0;
      at = skipSpace(at, end);
      if (at >= end || load<u8>(at) !== 0x3a) return 0;
      at = skipSpace(at + 1, end);
    }
    at = valueEnd(at, end, depth);
    if (at === 0) return 0;
    at = skipSpace(at, end);
    if (at >= end) return 0;
    const next = load<u8>(at);
    if (next === close) return at + 1;
    if (next !== 0x2c) return 0;
    at = skipSpace(at + 1, end);
  }
  return 0;
}

/** `true`, `false` and `null`, as little-endian numbers. */
function literalEnd(at: usize, end: usize, first: u8): usize {
  if (at + 4 > end) return 0;
  const four = load<u32>(at);
  if (four === 0x65757274 || four === 0x6c6c756e) return at + 4;
  return first === 0x66 && at + 5 <= end && load<u32>(at + 1) === 0x65736c61 ? at + 5 : 0;
}

function digitsEnd(from: usize, end: usize): usize {
  let at = from;
  while (at < end && isDigit(load<u8>(at))) at++;
  return at === from ? 0 : at;
}

/** `-12.5e+3`: no zero in front of other digits. */
function numberEnd(from: usize, end: usize): usize {
  const first = load<u8>(from) === 0x2d ? from + 1 : from;
  let at = first < end && load<u8>(first) === 0x30 ? first + 1 : digitsEnd(first, end);
  if (at !== 0 && at < end && load<u8>(at) === 0x2e) at = digitsEnd(at + 1, end);
  if (at === 0 || at >= end || (load<u8>(at) | 0x20) !== 0x65) return at;
  at += 1;
  if (at < end && (load<u8>(at) === 0x2b || load<u8>(at) === 0x2d)) at += 1;
  return digitsEnd(at, end);
}

/** Whether the text that was begun is UTF-8. */
export function isWellFormed(from: usize, end: usize): bool {
  if (!isWide) return true;
  let at = from;
  while (at < end) {
    const mask = i8x16.bitmask(v128.load(at));
    if (mask === 0) {
      at += STEP;
      continue;
    }
    at += ctz(mask) as usize;
    if (at >= end) return true;
    const length = sequenceLength(at, end);
    if (length <= 0) return false;
    at += length as usize;
  }
  return true;
}
