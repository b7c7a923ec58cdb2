/** Tokens with a form of their own: JSON web tokens, bearer and basic credentials, keys of AWS. */
import {
  code,
  isAlphanumeric,
  isBase64,
  isBase64Url,
  isBlank,
  isDigit,
  isHex,
  isToken,
  isUpper,
  type Text,
} from '../bytes.js';

const [DOT, EQUALS, UNDERSCORE, PLUS, SLASH] = ['.', '=', '_', '+', '/'].map(code);
/** Of a header that is decoded. */
const HEADER_MAX = 4096;

const endOfRun = (text: Text, from: number, is: (byte: number | undefined) => boolean): number => {
  let i = from;
  while (is(text.at(i))) i++;
  return i;
};

/** `eyJ…` in two to five parts; 0 unless the first two are JSON, or the first names an algorithm. */
export function jwtAt(text: Text, i: number): number {
  if (isBase64Url(text.at(i - 1)) && text.escapeBefore(i) === 0) return 0;
  if (!text.has(i, 'eyJ')) return 0;
  const headerEnd = endOfRun(text, i, isBase64Url);
  if (text.at(headerEnd) !== DOT) return 0;
  let parts = 1;
  let end = headerEnd;
  while (parts < 5 && text.at(end) === DOT) {
    const next = endOfRun(text, end + 1, isBase64Url);
    // An algorithm `none` has an empty signature, and an encrypted token may have an empty key.
    if (next === end + 1 && !(parts === 2 && !isAlphanumeric(text.at(next)) && text.at(next) !== DOT) && parts !== 1)
      break;
    end = next;
    parts++;
  }
  if (parts < 2) return 0;
  if (text.has(headerEnd + 1, 'eyJ')) return end;
  if (parts < 3 || headerEnd - i > HEADER_MAX) return 0;
  const header = Buffer.from(text.latin1(i, headerEnd), 'base64url').toString('latin1');
  return /"(?:alg|enc)"\s*:/.test(header) ? end : 0;
}

export type Scheme = 'bearer' | 'basic';
export interface Credential {
  readonly from: number;
  readonly to: number;
}

/** The credential behind a scheme that begins here. In a header, any value is one. */
export function credentialAt(text: Text, i: number, scheme: Scheme, isHeader: boolean): Credential | undefined {
  if (!text.hasWord(i, scheme) || text.isWithinWord(i)) return undefined;
  let from = i + scheme.length;
  if (text.hasWord(from, '%20')) from += 3;
  else from = endOfRun(text, from, isBlank);
  if (from === i + scheme.length) return undefined;
  let to = endOfRun(text, from, isToken);
  // A sentence ends.
  while (to > from && (text.at(to - 1) === DOT || text.at(to - 1) === code(':'))) to--;
  if (to === from) return undefined;
  const isCredential = isHeader || (scheme === 'bearer' ? isRandom(text, from, to) : isPair(text, from, to));
  return isCredential ? { from, to } : undefined;
}

/** Words of a sentence have no digits and few capitals. */
function isRandom(text: Text, from: number, to: number): boolean {
  if (to - from < 8) return false;
  let digits = 0;
  let capitals = 0;
  for (let i = from; i < to; i++) {
    if (isDigit(text.at(i))) digits++;
    else if (isUpper(text.at(i))) capitals++;
    // The next key and its value.
    else if (text.at(i) === EQUALS && i + 1 < to && text.at(i + 1) !== EQUALS) return false;
  }
  return digits > 0 || (to - from >= 16 && capitals * 4 >= to - from);
}

/** Whether it is `user:password` in Base64. */
export function isPair(text: Text, from: number, to: number): boolean {
  if (to - from < 4 || to - from > HEADER_MAX) return false;
  const pair = Buffer.from(text.latin1(from, to), 'base64');
  let hasColon = false;
  for (const byte of pair) {
    if (byte < 0x20 || byte === 0x7f) return false;
    hasColon ||= byte === 0x3a;
  }
  return hasColon;
}

const ACCESS_KEY = 20;
const SECRET_KEY = 40;

/** The id of an access key of AWS. */
export function accessKeyAt(text: Text, i: number): number {
  if (!['AKIA', 'ASIA', 'ABIA', 'ACCA'].some((prefix) => text.has(i, prefix)) || text.isWithinWord(i)) return 0;
  for (let k = i + 4; k < i + ACCESS_KEY; k++) {
    const byte = text.at(k);
    if (!isUpper(byte) && !(isDigit(byte) && byte! >= code('2') && byte! <= code('7'))) return 0;
  }
  const after = text.at(i + ACCESS_KEY);
  return isAlphanumeric(after) || after === UNDERSCORE || after === EQUALS ? 0 : i + ACCESS_KEY;
}

/**
 * The next secret key of AWS from here: 40 characters of Base64 in a run of their own, with capitals, small letters and
 * digits. That is also the form of other things: a caller asks only where it has found the id of an access key.
 */
export function nextSecretKey(text: Text, from: number): Credential | undefined {
  for (let i = from; i < text.end; ) {
    const end = endOfRun(text, i, isBase64);
    if (end - i === SECRET_KEY && isMixed(text, i, end) && text.at(end) !== EQUALS) return { from: i, to: end };
    i = end + 1;
  }
  return undefined;
}

function isMixed(text: Text, from: number, to: number): boolean {
  let [capitals, small, digits, isHexadecimal] = [0, 0, 0, true];
  for (let i = from; i < to; i++) {
    const byte = text.at(i)!;
    if (!isHex(byte)) isHexadecimal = false;
    if (isDigit(byte)) digits++;
    else if (isUpper(byte)) capitals++;
    else if (byte !== PLUS && byte !== SLASH) small++;
  }
  return !isHexadecimal && capitals > 0 && small > 0 && digits > 0;
}
