/** Addresses of mail: `name@host.tld`, also with `%40`, with letters beyond ASCII, and at the end of a sentence. */
import { code, isAlphanumeric, isDigit, isLetter, type Text } from '../bytes.js';

const NAME_MAX = 64;
const HOST_MAX = 253;
const LITERAL_MAX = 50;
const [QUOTE, OPENING, CLOSING, COLON] = ['"', '[', ']', ':'].map(code);
const [DOT, DASH, APOSTROPHE, PLUS, PERCENT, UNDERSCORE, SLASH] = ['.', '-', "'", '+', '%', '_', '/'].map(code);
/** `logo@2x.png` and `user@1000.service` are names of files and units. */
const NO_DOMAINS = new Set(
  (
    'png jpg jpeg gif svg webp ico js mjs cjs ts css map tgz tar gz json html xml jar log txt ' +
    'service socket timer target mount automount slice scope device path swap'
  ).split(' '),
);

export interface Range {
  from: number;
  to: number;
}

/** The address around an `@` (or `%40`) of this length, which begins nowhere before `floor`. `undefined` without one. */
export function emailAround(text: Text, at: number, length: number, floor: number): Range | undefined {
  const from = nameStart(text, at, Math.max(floor, at - NAME_MAX, text.start));
  if (from >= at) return undefined;
  const to = text.at(at + length) === OPENING ? literalEnd(text, at + length) : hostEnd(text, at + length);
  if (to === 0) return undefined;
  // The user of every clone.
  if (at - from === 3 && text.has(from, 'git')) return undefined;
  return { from, to };
}

/** `[192.168.1.1]`, `[IPv6:2001:db8::1]`. */
function literalEnd(text: Text, open: number): number {
  for (let i = open + 1; i < open + LITERAL_MAX; i++) {
    const byte = text.at(i);
    if (byte === CLOSING) return i > open + 3 ? i + 1 : 0;
    if (!isAlphanumeric(byte) && byte !== DOT && byte !== COLON) return 0;
  }
  return 0;
}

/** `"john doe"@`: where the quote opens; `undefined` where it does not. */
function quotedStart(text: Text, close: number, least: number): number | undefined {
  if (!isAlphanumeric(text.at(close - 1))) return undefined;
  for (let i = close - 1; i >= least; i--) {
    const byte = text.at(i);
    if (byte === QUOTE) return isAlphanumeric(text.at(i + 1)) && !isAlphanumeric(text.at(i - 1)) ? i : undefined;
    if (byte === undefined || byte < 0x20) return undefined;
  }
  return undefined;
}

function nameStart(text: Text, at: number, least: number): number {
  let i = at;
  if (text.at(at - 1) === QUOTE) return quotedStart(text, at - 1, least) ?? at;
  // A name in letters of another script, and no other.
  if ((text.at(at - 1) ?? 0) >= 0x80) {
    while (i > least && text.at(i - 1)! >= 0x80) i--;
    if (!isAlphanumeric(text.at(i - 1))) return i;
    i = at;
  }
  while (i > least) {
    const byte = text.at(i - 1)!;
    if (byte >= 0x80) {
      const lead = text.at(i - 2);
      // Letters of two bytes; signs and scripts of three are what stands before an address.
      if (byte > 0xbf || lead === undefined || lead < 0xc3 || lead > 0xdf || i - 2 < least) break;
      i -= 2;
    } else if (isAlphanumeric(byte) || byte === DOT || byte === DASH || byte === PLUS || byte === UNDERSCORE) {
      const escaped = isLetter(byte) || isDigit(byte) ? text.escapeBefore(i) : 0;
      if (escaped === 2 || escaped === 6) break;
      i--;
    } else if (byte === PERCENT || (byte === APOSTROPHE && isLetter(text.at(i - 2)) && isLetter(text.at(i)))) i--;
    else break;
  }
  while (i < at && (text.at(i) === DOT || text.at(i) === DASH || text.at(i) === PERCENT)) i++;
  return i;
}

function hostEnd(text: Text, from: number): number {
  const most = Math.min(text.end, from + HOST_MAX);
  let end = 0;
  let label = from;
  let hasDot = false;
  let i = from;
  for (; i <= most; i++) {
    const byte = i < most ? text.at(i)! : undefined;
    const isWithin = byte !== undefined && (isAlphanumeric(byte) || byte === DASH || byte >= 0xc3);
    const isContinuation = byte !== undefined && byte >= 0x80 && byte < 0xc0 && i > from && text.at(i - 1)! >= 0x80;
    if (isWithin || isContinuation) continue;
    if (i === label || text.at(label) === DASH) break;
    if (hasDot && isTopLevel(text, label, i)) end = i;
    else if (hasDot && byte !== DOT) break;
    if (byte !== DOT) break;
    hasDot = true;
    label = i + 1;
  }
  // A path begins: the registry of an image or a package, not a host of mail.
  return end !== 0 && text.at(end) === SLASH && isDigit(text.at(from)) ? 0 : end;
}

function isTopLevel(text: Text, from: number, to: number): boolean {
  if (to - from < 2) return false;
  const isPunycode = text.hasWord(from, 'xn--');
  for (let i = from; i < to; i++) {
    const byte = text.at(i)!;
    if (!isLetter(byte) && byte < 0x80 && !isPunycode) return false;
  }
  return !NO_DOMAINS.has(text.latin1(from, to).toLowerCase());
}
