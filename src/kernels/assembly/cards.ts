/**
 * Marks the messages in which a card number can be. Twin: `Scanner` in src/shipper/stages/redaction/scanner.ts, which finds them: the mark
 * is 0 only where it finds none. The layout is that of src/shipper/stages/redaction/card-marks.ts.
 */

/** The fewest digits of a card. */
const DIGITS_MIN: i32 = 13;
const STEP: usize = 48;
const ZERO = i8x16.splat(0x30);
const TEN = i8x16.splat(10);
const BLANK = i8x16.splat(0x20);
/** What may be between the digits: a blank, `%` of `%20`, `+`, `-` and `.`, by the place behind a blank. */
const BETWEEN: usize = memory.data<u8>([255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 255, 0, 255, 255, 0]);

/** Writes a byte for each message to `marks`. `starts` and `lengths` are of u32. */
export function markCards(starts: usize, lengths: usize, count: i32, bytes: usize, marks: usize): void {
  for (let i: usize = 0; i < (count as usize); i++) {
    const from = bytes + load<u32>(starts + (i << 2));
    store<u8>(marks + i, mayHaveCard(from, from + load<u32>(lengths + (i << 2))) ? 1 : 0);
  }
}

function mayHaveCard(from: usize, end: usize): bool {
  // A run across the end of one look is seen whole in the next.
  for (let at = from; at < end; ) {
    let next = STEP;
    let runs = bitsAt(at) | (bitsAt(at + 16) << 16) | (bitsAt(at + 32) << 32) | (bitsAt(at + 48) << 48);
    // Bits at which 13 in a row begin.
    runs &= runs >> 1;
    runs &= runs >> 2;
    runs &= runs >> 4;
    runs &= runs >> 5;
    while (runs !== 0) {
      const begin = ctz(runs);
      let place = at + (begin as usize);
      if (place >= end) return false;
      let digits: i32 = 0;
      while (place < end && isPart(load<u8>(place))) {
        if (load<u8>(place) >= 0x30) digits++;
        place++;
      }
      if (digits >= DIGITS_MIN) return true;
      next = max(STEP, place - at);
      if (place - at >= 64) break;
      runs &= u64.MAX_VALUE << ((place - at) as u64);
    }
    at += next;
  }
  return false;
}

/** Bits of the bytes that may be part of a number. */
function bitsAt(at: usize): u64 {
  const bytes = v128.load(at);
  const digits = i8x16.lt_u(i8x16.sub(bytes, ZERO), TEN);
  const between = i8x16.swizzle(v128.load(BETWEEN), i8x16.sub(bytes, BLANK));
  return i8x16.bitmask(v128.or(digits, between)) as u64;
}

function isPart(byte: u8): bool {
  if (((byte - 0x30) as u8) < 10) return true;
  return ((byte - 0x20) as u8) < 16 && load<u8>(BETWEEN + ((byte - 0x20) as usize)) !== 0;
}
