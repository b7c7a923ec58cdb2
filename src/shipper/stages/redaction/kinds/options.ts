/** Options of command lines that name a secret: `--password x`, `"--password", "x"`, `[--password, x]`. */
import { code, isAlphanumeric, isBlank, type Text } from '../bytes.js';
import { nameBefore } from './key-names.js';
import { wordEnd } from './passwords.js';
import { openingAt } from './values.js';

const [BACKSLASH, DOUBLE, SINGLE, COMMA, EQUALS, COLON, BRACKET, CLOSING] = [
  '\\',
  '"',
  "'",
  ',',
  '=',
  ':',
  '[',
  ']',
].map(code);
const NAME_SIGNS = new Set([...'-_.'].map(code));
/** Longest option. */
const OPTION_MAX = 64;

/** Where the value of an option begins in a list of arguments, `"--password", "x"` or `[--password, x]`; 0 without one. */
export function listedOptionValue(text: Text, option: number, end: number): number {
  if (text.at(end) === COMMA) return isBareMember(text, option, end + 1) ? end + 1 : 0;
  if (text.at(option - 1) !== DOUBLE && text.at(option - 1) !== SINGLE) return 0;
  let i = end;
  while (text.at(i) === BACKSLASH) i++;
  if (text.at(i) !== text.at(option - 1)) return 0;
  i++;
  while (isBlank(text.at(i))) i++;
  if (text.at(i) !== COMMA) return 0;
  const value = openingAt(text, i + 1);
  // The next option.
  return value.isQuoted && text.at(value.from) !== code('-') ? i + 1 : 0;
}

/** So far in front of an option is the bracket of its list looked for. */
const LIST_MAX = 256;

/** Whether a word that is no option follows, and both are in brackets, as Java and Python's logs print a list. */
function isBareMember(text: Text, option: number, at: number): boolean {
  const first = text.at(at + 1);
  if (!isBlank(text.at(at)) || first === undefined || first === code('-') || isBlank(first)) return false;
  const to = wordEnd(text, at + 1);
  if (text.at(to) !== COMMA && text.at(to) !== CLOSING) return false;
  for (let i = option - 1; i > option - LIST_MAX; i--) {
    const byte = text.at(i);
    if (byte === BRACKET) return true;
    if (byte === undefined || byte === CLOSING || byte === 0x0a) return false;
  }
  return false;
}

/** Where an option `--password`, or `-password`, ends that begins here; 0 without one. */
export function optionAt(text: Text, i: number): number {
  const begin = text.has(i, '--') ? i + 2 : i + 1;
  const before = text.at(i - 1);
  if (begin === i + 2 ? isAlphanumeric(before) : before !== undefined && !isBlank(before)) return 0;
  let at = begin;
  while (at < i + OPTION_MAX && (isAlphanumeric(text.at(at)) || NAME_SIGNS.has(text.at(at) ?? 0))) at++;
  if (at === begin) return 0;
  if (!isBlank(text.at(at))) return begin === i + 2 && listedOptionValue(text, i, at) > 0 ? at : 0;
  // `--name = value` is a key with its sign.
  return (text.at(at + 1) === EQUALS || text.at(at + 1) === COLON) && isBlank(text.at(at + 2)) ? 0 : at;
}

const OPTION_WORDS = [
  'is',
  'are',
  'was',
  'must',
  'and',
  'or',
  'can',
  'cannot',
  'has',
  'may',
  'should',
  'requires',
  'option',
];

/** Whether an option that ends here is named and not given: `--password is required`, `[--password PASSWORD]`. */
export function isOfSentence(text: Text, end: number): boolean {
  let from = end;
  while (isBlank(text.at(from))) from++;
  const to = wordEnd(text, from);
  if (OPTION_WORDS.some((word) => word.length === to - from && text.has(from, word))) return true;
  if (text.at(to) !== CLOSING || nameBefore(text, to) === 0) return false;
  for (let i = from; i < to; i++) if (text.at(i)! >= 0x61 && text.at(i)! <= 0x7a) return false;
  return true;
}
