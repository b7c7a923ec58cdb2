/**
 * Severities of lines of access logs. Twin: `accessSeverity` in src/shipper/fields/level/access-severity.ts, which says which lines those are.
 * The layout of columns is that of src/shipper/sinks/opensearch/document-columns.ts.
 */

const LINE_MAX: usize = 4096;
const CLIENT_MAX: usize = 15;
const STEP: usize = 16;
/** ` - - [00/AAA/0000:00:00:00 +0000] "`. */
const FORM = memory.data<u8>([
  0x20, 0x2d, 0x20, 0x2d, 0x20, 0x5b, 0x30, 0x30, 0x2f, 0x41, 0x41, 0x41, 0x2f, 0x30, 0x30, 0x30, 0x30, 0x3a, 0x30,
  0x30, 0x3a, 0x30, 0x30, 0x3a, 0x30, 0x30, 0x20, 0x2b, 0x30, 0x30, 0x30, 0x30, 0x5d, 0x20, 0x22,
]);
const FORM_BYTES: usize = 35;
const LOWER = i8x16.splat(0x20);

/** Writes a byte for each record of the columns to `to`: its severity, or 0. */
export function accessSeverities(columns: usize, capacity: usize, count: i32, bytes: usize, to: usize): void {
  const start = columns + (capacity << 4);
  const length = start + (capacity << 2);
  for (let i: usize = 0; i < (count as usize); i++) {
    const from = bytes + load<u32>(start + (i << 2));
    store<u8>(to + i, severityOf(from, from + load<u32>(length + (i << 2))));
  }
}

function severityOf(start: usize, end: usize): u8 {
  if (end - start > LINE_MAX || end === start) return 0;
  const last = load<u8>(end - 1);
  if (last <= 0x20 || last === 0x7d) return 0;
  const form = clientEnd(start, end);
  const request = form + FORM_BYTES;
  if (form === 0 || request >= end || !isForm(form)) return 0;
  const quote = requestEnd(request, end);
  const status = quote + 2;
  if (quote === 0 || status + 3 > end || load<u8>(quote + 1) !== 0x20) return 0;
  const class_ = load<u8>(status);
  if (!isDigit(class_) || !isDigit(load<u8>(status + 1)) || !isDigit(load<u8>(status + 2))) return 0;
  if (status + 3 < end && load<u8>(status + 3) !== 0x20) return 0;
  if (class_ === 0x35) return 17;
  if (class_ === 0x34) return 13;
  return class_ >= 0x31 && class_ <= 0x33 ? 9 : 0;
}

function isDigit(byte: u8): bool {
  return byte - 0x30 < 10;
}

/** 0 where there is none. */
function clientEnd(start: usize, end: usize): usize {
  const limit = min(end, start + CLIENT_MAX + 1);
  let at = start;
  while (at < limit && isDigit(load<u8>(at))) at++;
  if (at === start || at - start > 3 || load<u8>(at) !== 0x2e) return 0;
  while (at < limit && (isDigit(load<u8>(at)) || load<u8>(at) === 0x2e)) at++;
  return at - start > CLIENT_MAX ? 0 : at;
}

function isForm(from: usize): bool {
  for (let i: usize = 0; i < FORM_BYTES; i++) {
    const byte = load<u8>(from + i);
    const asked = load<u8>(FORM + i);
    if (asked === 0x30) {
      if (!isDigit(byte)) return false;
    } else if (asked === 0x41) {
      if ((((byte | 0x20) - 0x61) as u8) > 25) return false;
    } else if (byte !== asked && !(asked === 0x2b && byte === 0x2d)) return false;
  }
  return true;
}

/** The quote that ends the request; 0 where there is none, or where something in the line asks for another look. */
function requestEnd(from: usize, end: usize): usize {
  let quote: usize = 0;
  for (let at = from; at < end; at += STEP) {
    const bytes = v128.load(at);
    const left = end - at;
    const inLine: i32 = left < STEP ? (1 << (left as i32)) - 1 : 0xffff;
    const brackets = v128.or(i8x16.eq(bytes, i8x16.splat(0x5b)), i8x16.eq(bytes, i8x16.splat(0x5d)));
    const stops = v128.or(brackets, i8x16.eq(bytes, i8x16.splat(0x0a)));
    if ((i8x16.bitmask(stops) & inLine) !== 0) return 0;
    if (quote === 0) {
      const quotes = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x22))) & inLine;
      const escapes = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x5c))) & inLine;
      const first = quotes === 0 ? 16 : ctz(quotes);
      if (escapes !== 0 && ctz(escapes) < first) return 0;
      if (quotes !== 0) quote = at + (first as usize);
    }
    const wholeWords: i32 = left < STEP + 3 ? (left < 4 ? 0 : (1 << ((left - 3) as i32)) - 1) : 0xffff;
    const words = v128.and(
      v128.and(i8x16.eq(v128.or(bytes, LOWER), i8x16.splat(0x72)), is(at + 1, 0x61)),
      v128.and(is(at + 2, 0x63), is(at + 3, 0x65)),
    );
    if ((i8x16.bitmask(words) & wholeWords) !== 0) return 0;
  }
  return quote;
}

/** Bytes that are a letter of any case. */
function is(at: usize, letter: i8): v128 {
  return i8x16.eq(v128.or(v128.load(at), LOWER), i8x16.splat(letter));
}
