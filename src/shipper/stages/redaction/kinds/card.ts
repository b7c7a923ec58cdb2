/** Card numbers: digits that pass Luhn's check, of a known issuer, unbroken or grouped as on a card. */
import { code, isAlphanumeric, isDigit, type Text } from '../bytes.js';

const MAX_DIGITS = 19;
const MIN_DIGITS = 13;
/** Digits of each group but the last, and of the last. */
const GROUPINGS: readonly (readonly number[])[] = [
  [4, 4, 4, 4],
  [4, 6, 5],
  [4, 6, 4],
  [4, 4, 4, 4, 1],
  [4, 4, 4, 4, 2],
  [4, 4, 4, 4, 3],
  [6, 13],
  [8, 8],
];
/** Bytes of `%20`. */
const ENCODED = 3;
const [BLANK, DASH, PLUS, DOT, UNDERSCORE, PERCENT] = [' ', '-', '+', '.', '_', '%'].map(code);

/** The end of a card number that begins here, at a digit with none before it; 0 without one. */
export function cardAt(text: Text, i: number): number {
  // The track of a card: `%B4111...`.
  if (text.isWithinWord(i) && !text.has(i - 2, '%B')) return 0;
  let digits = runOf(text, i, MAX_DIGITS + 1);
  if (digits > MAX_DIGITS) return 0;
  if (digits >= MIN_DIGITS) {
    const end = i + digits;
    return !isJoined(text, i, end) && isNumber(text, i, end, digits) ? end : 0;
  }
  if (digits !== 4 && digits !== 6 && digits !== 8) return 0;
  const separator = text.at(i + digits);
  const width = text.has(i + digits, '%20') ? ENCODED : 1;
  if (width === 1 && separator !== BLANK && separator !== DASH && separator !== PLUS && separator !== DOT) return 0;
  const groups = [digits];
  let end = i + digits;
  const ends = [end];
  while (groups.length < 5 && text.at(end) === separator) {
    if (width === ENCODED && !text.has(end, '%20')) break;
    digits = runOf(text, end + width, MAX_DIGITS + 1);
    if (digits === 0) break;
    end += width + digits;
    groups.push(digits);
    ends.push(end);
  }
  for (let count = groups.length; count > 1; count--) {
    const isKnown = GROUPINGS.some((each) => each.length === count && each.every((size, k) => size === groups[k]));
    if (!isKnown) continue;
    const sum = groups.slice(0, count).reduce((all, size) => all + size, 0);
    const last = ends[count - 1]!;
    if (!isDigit(text.at(last)) && !isJoined(text, i, last) && isNumber(text, i, last, sum)) return last;
  }
  return 0;
}

function runOf(text: Text, i: number, max: number): number {
  let digits = 0;
  while (digits < max && isDigit(text.at(i + digits))) digits++;
  return digits;
}

/** Whether the digits are part of a longer word, number or id: of letters, a fraction, or groups joined by dashes. */
function isJoined(text: Text, from: number, to: number): boolean {
  const [before, after] = [text.at(from - 1), text.at(to)];
  if (isAlphanumeric(after) || after === UNDERSCORE) return true;
  if (after === DOT && isDigit(text.at(to + 1))) return true;
  if (before === DOT && isDigit(text.at(from - 2))) return true;
  if (after === DASH && isAlphanumeric(text.at(to + 1))) return true;
  return before === DASH && isAlphanumeric(text.at(from - 2)) && text.escapeBefore(from - 1) === 0;
}

function isNumber(text: Text, from: number, to: number, count: number): boolean {
  let sum = 0;
  let position = count;
  let prefix = 0;
  for (let i = from; i < to; i++) {
    if (text.at(i) === PERCENT) {
      // No digit of `%20` counts.
      i += ENCODED - 1;
      continue;
    }
    const digit = text.at(i)! - 0x30;
    if (digit < 0 || digit > 9) continue;
    if (position > count - 4) prefix = prefix * 10 + digit;
    const doubled = position % 2 === 0 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
    position--;
  }
  return sum % 10 === 0 && isIssued(prefix, count);
}

/** Ranges of issuers by the first four digits (ISO/IEC 7812): without them every tenth time in milliseconds is a card. */
function isIssued(prefix: number, count: number): boolean {
  const within = (from: number, to: number) => prefix >= from && prefix <= to;
  if (within(4000, 4999)) return count === 13 || count === 16 || count > 17;
  if (within(5100, 5599) || within(2221, 2720) || within(2200, 2204)) return count === 16 || within(2200, 2204);
  if (within(3400, 3499) || within(3700, 3799)) return count === 15;
  if (within(3000, 3059) || prefix === 3095 || within(3600, 3699) || within(3800, 3999)) return count >= 14;
  if (within(3528, 3589)) return count >= 16;
  return within(5000, 5099) || within(5600, 6999) || prefix === 9792;
}
