/**
 * Control sequences of terminals (ECMA-48) in a message: `ESC [ … final` (colours, cursor), `ESC ] … BEL` or `ESC ] … ESC \`
 * (titles, links), `ESC P`, `ESC X`, `ESC ^`, `ESC _` as these, and short ones such as `ESC ( B`, `ESC M`. A sequence without its
 * end stays, as it may be text.
 */
export const ESCAPE = 0x1b;
const BELL = 0x07;
const BACKSLASH = 0x5c;
const CONTROL = 0x5b;
/** `]`, `P`, `X`, `^` and `_`: a string follows. */
const STRINGS = new Set([0x5d, 0x50, 0x58, 0x5e, 0x5f]);

/** Behind the sequence that begins at an ESC; the place itself if there is none. */
export function sequenceEnd(bytes: Uint8Array, at: number, end: number): number {
  const kind = at + 1 < end ? bytes[at + 1]! : 0;
  if (kind === CONTROL) return controlEnd(bytes, at, end);
  if (STRINGS.has(kind)) return stringEnd(bytes, at, end);
  // Intermediate bytes, then a final one.
  let i = at + 1;
  while (i < end && bytes[i]! >= 0x20 && bytes[i]! <= 0x2f) i++;
  return i < end && bytes[i]! >= 0x30 && bytes[i]! <= 0x7e ? i + 1 : at;
}

function controlEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at + 2;
  while (i < end && bytes[i]! >= 0x20 && bytes[i]! <= 0x3f) i++;
  return i < end && bytes[i]! >= 0x40 && bytes[i]! <= 0x7e ? i + 1 : at;
}

function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at + 2; i < end; i++) {
    if (bytes[i] === BELL) return i + 1;
    if (bytes[i] === ESCAPE) return i + 1 < end && bytes[i + 1] === BACKSLASH ? i + 2 : at;
    if (bytes[i]! < 0x20) return at;
  }
  return at;
}
