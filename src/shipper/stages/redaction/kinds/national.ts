/** National ids, each by its own check, where it has one. All begin at a digit with none before it, or two letters earlier. */
import { code, isAlphanumeric, isDigit, isUpper, type Text } from '../bytes.js';

const [BLANK, DASH, DOT, SLASH, UNDERSCORE] = [' ', '-', '.', '/', '_'].map(code);

const digit = (text: Text, i: number) => text.at(i)! - 0x30;

/** Reads digits by a pattern in which `0` is a digit, and `-` one of the separators, the same throughout. */
function digitsBy(
  text: Text,
  i: number,
  pattern: string,
  separators: readonly (number | undefined)[],
): string | undefined {
  let digits = '';
  let separator: number | undefined;
  for (let k = 0; k < pattern.length; k++) {
    const byte = text.at(i + k);
    if (pattern[k] === '0') {
      if (!isDigit(byte)) return undefined;
      digits += String.fromCharCode(byte!);
    } else {
      if (!separators.includes(byte) || (separator !== undefined && separator !== byte)) return undefined;
      separator = byte;
    }
  }
  return digits;
}

function isEnd(text: Text, i: number): boolean {
  const byte = text.at(i);
  if (isAlphanumeric(byte) || byte === UNDERSCORE) return false;
  return !((byte === DASH || byte === DOT) && isAlphanumeric(text.at(i + 1)));
}

function isBegin(text: Text, i: number): boolean {
  if (text.isWithinWord(i)) return false;
  const before = text.at(i - 1);
  return !((before === DASH || before === DOT) && isAlphanumeric(text.at(i - 2)));
}

/** United States: 123-45-6789, in the ranges that are issued. Without separators it is any number. */
export function ssnAt(text: Text, i: number): number {
  const digits = digitsBy(text, i, '000-00-0000', [DASH, BLANK]);
  if (digits === undefined || !isEnd(text, i + 11) || !isBegin(text, i)) return 0;
  const [area, group, serial] = [digits.slice(0, 3), digits.slice(3, 5), digits.slice(5)];
  const isIssued = area !== '000' && area !== '666' && area < '900' && group !== '00' && serial !== '0000';
  return isIssued ? i + 11 : 0;
}

/** Brazil: 123.456.789-09 or without separators, with two check digits. */
export function cpfAt(text: Text, i: number): number {
  const isPlain = isDigit(text.at(i + 3));
  const length = isPlain ? 11 : 14;
  let digits = '';
  for (let k = 0; k < length; k++) {
    const byte = text.at(i + k);
    const expected = isPlain ? undefined : k === 3 || k === 7 ? DOT : k === 11 ? DASH : undefined;
    if (expected === undefined ? !isDigit(byte) : byte !== expected) return 0;
    if (expected === undefined) digits += String.fromCharCode(byte!);
  }
  if (!isEnd(text, i + length) || !isBegin(text, i) || /^(\d)\1*$/.test(digits)) return 0;
  const check = (count: number) => {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += Number(digits[k]) * (count + 1 - k);
    return ((sum * 10) % 11) % 10;
  };
  return check(9) === Number(digits[9]) && check(10) === Number(digits[10]) ? i + length : 0;
}

/** Spain: eight digits, or a letter and seven (residents), and the letter that they give. Looked for from its digits. */
export function dniAt(text: Text, i: number): number {
  const before = text.at(i - 1);
  const isResident = before === code('X') || before === code('Y') || before === code('Z');
  const count = isResident ? 7 : 8;
  let number = isResident ? before! - code('X') : 0;
  for (let k = 0; k < count; k++) {
    if (!isDigit(text.at(i + k))) return 0;
    number = number * 10 + digit(text, i + k);
  }
  const at = text.at(i + count) === DASH ? i + count + 1 : i + count;
  if (!isUpper(text.at(at)) || !isEnd(text, at + 1) || !isBegin(text, isResident ? i - 1 : i)) return 0;
  return text.at(at) === 'TRWAGMYFPDXBNJZSQVHLCKE'.charCodeAt(number % 23) ? at + 1 : 0;
}

/** France: 13 digits and a key of two, with or without blanks: sex, year, month, department, commune, number. */
export function nirAt(text: Text, i: number): number {
  const first = text.at(i);
  if (first !== code('1') && first !== code('2')) return 0;
  const isPlain = isDigit(text.at(i + 1));
  const pattern = isPlain ? '000000000000000' : '0-00-00-00-000-000-00';
  const digits = digitsBy(text, i, pattern, [BLANK]);
  if (digits === undefined || !isEnd(text, i + pattern.length) || !isBegin(text, i)) return 0;
  const month = Number(digits.slice(3, 5));
  if (month < 1 || (month > 12 && month < 20) || (month > 42 && month < 50)) return 0;
  return 97 - Number(BigInt(digits.slice(0, 13)) % 97n) === Number(digits.slice(13)) ? i + pattern.length : 0;
}

/** United Kingdom: AB 12 34 56 C. Begins two letters before its first digit, or three with a blank. */
export function ninoAt(text: Text, i: number): { readonly from: number; readonly to: number } | undefined {
  const isSpaced = text.at(i - 1) === BLANK;
  const from = isSpaced ? i - 3 : i - 2;
  const prefix = [text.at(from), text.at(from + 1)];
  if (!prefix.every(isUpper) || text.isWithinWord(from)) return undefined;
  const letters = String.fromCharCode(...(prefix as number[]));
  if (!/^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]$/.test(letters) || /^(?:BG|GB|NK|KN|TN|NT|ZZ)$/.test(letters))
    return undefined;
  const digits = digitsBy(text, i, isSpaced ? '00-00-00' : '000000', [BLANK]);
  if (digits === undefined) return undefined;
  let at = i + (isSpaced ? 8 : 6);
  if (isSpaced && text.at(at) === BLANK) at++;
  const suffix = text.at(at);
  const isSuffix = suffix !== undefined && suffix >= code('A') && suffix <= code('D');
  return isSuffix && isEnd(text, at + 1) && text.at(at + 1) !== SLASH ? { from, to: at + 1 } : undefined;
}
