/**
 * Numbers, times and JSON strings as bytes. Twins: `JsonWriter` in src/shipper/records/json-writer.ts, which says why.
 *
 * Sixteen bytes are read and written at a time, so up to 15 behind a source are read, and behind a destination overwritten.
 */

const CONTROL_END = i8x16.splat(0x20);
const QUOTES = i8x16.splat(0x22);
const BACKSLASHES = i8x16.splat(0x5c);
const STEP: usize = 16;

const HEX: usize = memory.data<u8>([48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102]);
/** `00` to `99`. */
const PAIRS: usize = memory.data(200, 4);
for (let i: u8 = 0; i < 100; i++) {
  store<u8>(PAIRS + ((i as usize) << 1), 0x30 + i / 10);
  store<u8>(PAIRS + ((i as usize) << 1) + 1, 0x30 + (i % 10));
}

export function copy(to: usize, from: usize, bytes: usize): usize {
  for (let i: usize = 0; i < bytes; i += STEP) v128.store(to + i, v128.load(from + i));
  return to + bytes;
}

/** Two digits. */
function pair(to: usize, value: u32): void {
  store<u16>(to, load<u16>(PAIRS + ((value as usize) << 1)));
}

function digitsOf(value: u32): usize {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1_000) return 3;
  if (value < 10_000) return 4;
  if (value < 100_000) return 5;
  if (value < 1_000_000) return 6;
  if (value < 10_000_000) return 7;
  if (value < 100_000_000) return 8;
  return value < 1_000_000_000 ? 9 : 10;
}

/** The last digits of a number, ending at `end`. */
function digits(end: usize, value: u32, count: usize): void {
  let to = end;
  let left = value;
  for (; count > 1; count -= 2) {
    const rest = left / 100;
    to -= 2;
    pair(to, left - rest * 100);
    left = rest;
  }
  if (count === 1) store<u8>(to - 1, (0x30 + (left % 10)) as u8);
}

const BILLION: u64 = 1_000_000_000;

/** A whole number from 0 to 2^53. Returns its end. */
export function integer(to: usize, value: u64): usize {
  if (value < BILLION) {
    const count = digitsOf(value as u32);
    digits(to + count, value as u32, count);
    return to + count;
  }
  const end = integer(to, value / BILLION);
  digits(end + 9, (value % BILLION) as u32, 9);
  return end + 9;
}

/** Length of a time. */
export const TIME_BYTES: usize = 27;
/** The last time that was written. */
const TIME: usize = memory.data(32, 16);
let lastMs: f64 = NaN;
let lastSecond: u64 = u64.MAX_VALUE;

/** `2026-11-23T07:21:44.123456Z`. Returns its end. */
export function timestamp(to: usize, timeMs: f64): usize {
  if (timeMs !== lastMs) setTime(timeMs);
  return copy(to, TIME, TIME_BYTES);
}

function setTime(timeMs: f64): void {
  lastMs = timeMs;
  // Halves up, as JavaScript rounds.
  const exact = timeMs * 1000;
  const whole = Math.floor(exact);
  const micros = (exact - whole >= 0.5 ? whole + 1 : whole) as u64;
  const second = micros / 1_000_000;
  if (second !== lastSecond) {
    lastSecond = second;
    setSecond(second);
  }
  const fraction = (micros - second * 1_000_000) as u32;
  pair(TIME + 20, fraction / 10_000);
  pair(TIME + 22, (fraction / 100) % 100);
  pair(TIME + 24, fraction % 100);
}

/** Days to a date as Howard Hinnant's `civil_from_days` has it: years begin in March, so that a leap day ends one. */
function setSecond(second: u64): void {
  const days = (second / 86_400) as u32;
  const rest = (second % 86_400) as u32;
  const shifted = days + 719_468;
  const era = shifted / 146_097;
  const ofEra = shifted % 146_097;
  const yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365;
  const ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const marchMonth = (5 * ofYear + 2) / 153;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  pair(TIME, year / 100);
  pair(TIME + 2, year % 100);
  store<u8>(TIME + 4, 0x2d);
  pair(TIME + 5, month);
  store<u8>(TIME + 7, 0x2d);
  pair(TIME + 8, ofYear - (153 * marchMonth + 2) / 5 + 1);
  store<u8>(TIME + 10, 0x54);
  pair(TIME + 11, rest / 3600);
  store<u8>(TIME + 13, 0x3a);
  pair(TIME + 14, (rest / 60) % 60);
  store<u8>(TIME + 16, 0x3a);
  pair(TIME + 17, rest % 60);
  store<u8>(TIME + 19, 0x2e);
  store<u8>(TIME + 26, 0x5a);
}

/** Bytes that replacements added to the last string, in UTF-8. */
export let grown: i32 = 0;

/** Message bytes as the inside of a JSON string. Returns its end. */
export function jsonText(to: usize, from: usize, end: usize): usize {
  grown = 0;
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    // Bytes from 0x80 are negative.
    const care = v128.or(
      i8x16.lt_s(bytes, CONTROL_END),
      v128.or(i8x16.eq(bytes, QUOTES), i8x16.eq(bytes, BACKSLASHES)),
    );
    const mask = i8x16.bitmask(care);
    const plain = mask === 0 ? STEP : (ctz(mask) as usize);
    if (plain >= end - from) return to + (end - from);
    from += plain;
    to += plain;
    if (mask === 0) continue;
    const byte = load<u8>(from);
    if (byte < 0x80) {
      to = escapeByte(to, byte);
      from += 1;
      continue;
    }
    const length = sequenceLength(from, end);
    if (length > 0) {
      store<u32>(to, load<u32>(from));
      to += length;
      from += length;
    } else {
      // U+FFFD.
      store<u32>(to, 0xbdbfef);
      to += 3;
      from -= length;
      grown += 3 + (length as i32);
    }
  }
  return to;
}

function escapeByte(to: usize, byte: u8): usize {
  let short: u16 = 0;
  if (byte === 0x22 || byte === 0x5c) short = byte;
  else if (byte === 0x09) short = 0x74;
  else if (byte === 0x0a) short = 0x6e;
  else if (byte === 0x0d) short = 0x72;
  else if (byte === 0x08) short = 0x62;
  else if (byte === 0x0c) short = 0x66;
  if (short !== 0) {
    store<u16>(to, 0x5c | (short << 8));
    return to + 2;
  }
  // `\u00`.
  store<u32>(to, 0x3030755c);
  store<u8>(to + 4, load<u8>(HEX + ((byte >> 4) as usize)));
  store<u8>(to + 5, load<u8>(HEX + ((byte & 15) as usize)));
  return to + 6;
}

/** As `sequenceLength` in json-writer.ts. */
export function sequenceLength(at: usize, end: usize): isize {
  const first = load<u8>(at);
  if (first < 0xc2 || first > 0xf4) return -1;
  const second: u8 = at + 1 < end ? load<u8>(at + 1) : 0;
  if (first < 0xe0) return (second & 0xc0) === 0x80 ? 2 : -1;
  const least: u8 = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most: u8 = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return -1;
  if (at + 2 >= end || (load<u8>(at + 2) & 0xc0) !== 0x80) return -2;
  if (first < 0xf0) return 3;
  return at + 3 < end && (load<u8>(at + 3) & 0xc0) === 0x80 ? 4 : -3;
}
