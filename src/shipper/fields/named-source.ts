/** Whether a line can name a logger or a thread, by its first bytes: most lines of servers cannot, and need no layout then. */

import { isDigit, isLetter, isUpper } from '../records/bytes.js';
import { skipLetters } from './bytes.js';

const COLON = 0x3a;
const COMMA = 0x2c;
const DASH = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const LESS = 0x3c;
const GREATER = 0x3e;
const SPACE = 0x20;
const BRACKET = 0x5b;
const BRACKET_CLOSE = 0x5d;
const ESCAPE = 0x1b;

/**
 * Whether a layout with a logger or a thread may fit the line from `from` on. Those begin with a time, with a level, with milliseconds in
 * front of a thread, or with a mark of klog, Ruby, .NET or syslog. True where it takes more than the first bytes to tell.
 */
export function mayNameSource(bytes: Uint8Array, from: number, end: number): boolean {
  const first = bytes[from]!;
  if (isDigit(first)) return mayBeTime(bytes, from, end);
  if (isUpper(first)) return mayBeLevelOrDate(bytes, from, end);
  // `fail: `; any other word in small letters begins no layout.
  if (isLetter(first)) return bytes[from + 4] === COLON || hasEscapeNear(bytes, from, end);
  // `<6>`, or a time in angle brackets; `<34>` is a priority of syslog.
  if (first === LESS) return bytes[from + 2] === GREATER || !isPriority(bytes, from + 1);
  return true;
}

/** `2026-11-28 `, `28/11/2026 `, `28-Nov-2026 `, `261128 `, `14:08:44`, or `467 [main]`. An IPv4 address is none of these. */
function mayBeTime(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from;
  while (at < end && isDigit(bytes[at])) at++;
  const digits = at - from;
  const next = at < end ? bytes[at] : SPACE;
  if (next === SPACE || next === ESCAPE) return true;
  if (next === COLON) return digits <= 2 && (isDigit(bytes[at + 1]) || bytes[at + 1] === ESCAPE);
  return (
    (digits === 4 && (next === DASH || next === SLASH || next === DOT)) ||
    (digits <= 2 && (next === DASH || next === SLASH))
  );
}

/** `INFO  [`, `INFO 2026-`, `WARNING:`, `I1128 `, `I, [`, `Nov 28 `, or a word in colour. */
function mayBeLevelOrDate(bytes: Uint8Array, from: number, end: number): boolean {
  let at = skipLetters(bytes, from, end);
  const next = bytes[at];
  if (next === COLON || next === COMMA || next === BRACKET_CLOSE || next === ESCAPE) return true;
  if (isDigit(next)) return at - from === 1;
  if (!isSpace(next)) return false;
  if (at - from === 3) return true;
  while (at < end && isSpace(bytes[at])) at++;
  return isDigit(bytes[at]) || bytes[at] === BRACKET || bytes[at] === ESCAPE;
}

/** What `\s` may match, and more: a blank of another script has several bytes. */
const isSpace = (byte: number | undefined): boolean => (byte! <= SPACE && byte !== ESCAPE) || byte! >= 0x80;

function isPriority(bytes: Uint8Array, from: number): boolean {
  let at = from;
  while (at < from + 3 && isDigit(bytes[at])) at++;
  return at > from && bytes[at] === GREATER;
}

/** A colour in a word takes part in no layout: it may be any word without it. */
function hasEscapeNear(bytes: Uint8Array, from: number, end: number): boolean {
  for (let at = from + 1; at < Math.min(end, from + 5); at++) if (bytes[at] === ESCAPE) return true;
  return false;
}
