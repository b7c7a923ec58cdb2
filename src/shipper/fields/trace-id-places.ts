/** Whether the text of a line can have ids of traces and spans: most have none, and need not become a string then. */

import { isDigit, isLetter, isUpper } from '../records/bytes.js';

const LINE_FEED = 0x0a;
const BRACKET = 0x5b;
const BRACKET_CLOSE = 0x5d;
/** Two ids of 16 digits and the sign between them, the shortest pair in brackets. */
const PAIR_BYTES = 33;

/** Of a byte: part of a pair of ids, or the first letter of what names one. */
const PLAIN = 0;
const OF_A_PAIR = 1;
const LETTER_R = 2;
const SPECIAL = 3;
const CLASSES = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x72 || byte === 0x52) return LETTER_R;
  if (byte === LINE_FEED || byte === BRACKET || byte === BRACKET_CLOSE) return SPECIAL;
  const isSign = byte === 0x5f || byte === 0x2e || byte === 0x2c || byte === 0x2d;
  return isLetter(byte) || isDigit(byte) || isSign ? OF_A_PAIR : PLAIN;
});

/** False only where `idsInText` finds none in the line from `from` on. */
export function mayHaveIds(bytes: Uint8Array, from: number, end: number): boolean {
  let open = end;
  for (let i = from; i < end; i++) {
    const byte = bytes[i]!;
    const each = CLASSES[byte]!;
    if (each === OF_A_PAIR) continue;
    if (each === PLAIN) open = end;
    else if (each === LETTER_R) {
      if (isTrace(bytes, i, byte)) return true;
    } else if (byte === BRACKET) open = i;
    else if (byte === BRACKET_CLOSE) {
      if (i - open > PAIR_BYTES) return true;
      open = end;
      // Where the second line belongs to the first, it is read with it.
    } else return isUpper(bytes[i + 1]) && isUpper(bytes[i + 2]);
  }
  return false;
}

/** `race` or `RACE`, of `trace`. */
const isTrace = (bytes: Uint8Array, at: number, first: number): boolean => {
  const isSmall = first & 0x20;
  return bytes[at + 1] === (0x41 | isSmall) && bytes[at + 2] === (0x43 | isSmall) && bytes[at + 3] === (0x45 | isSmall);
};
