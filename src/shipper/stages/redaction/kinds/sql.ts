/** Passwords of SQL, whose keyword has no sign behind it: `IDENTIFIED BY x`, `PASSWORD 'x'`, `PASSWORD('x')`. */
import { code, isAlphanumeric, isBlank, type Text } from '../bytes.js';
import { Name, nameBefore } from './key-names.js';
import { isPlaceholder, wordEnd } from './passwords.js';
import { openingAt, type Value, wholeValue } from './values.js';

const [OPEN, QUESTION, COLON, UNDERSCORE] = ['(', '?', ':', '_'].map(code);
/** Of blanks between two words. */
const BLANKS_MAX = 16;

/** What may stand between `BY` and the password. */
const WORDS_BEHIND = ['password', 'values'];
/** Behind `BY` these are no password. */
const NO_PASSWORD = ['random', 'globally', 'externally'];

/** The password behind a `BY` that ends at this letter, if `IDENTIFIED` is in front of it. */
export function identifiedBy(text: Text, y: number): Value | undefined {
  if (!text.hasWord(y - 1, 'by') || !isBlank(text.at(y + 1))) return undefined;
  if (!isIdentified(text, y - 1)) return undefined;
  let opening = openingAt(text, y + 1);
  for (const word of WORDS_BEHIND) {
    if (!opening.isQuoted && isWord(text, opening.from, word)) opening = openingAt(text, opening.from + word.length);
  }
  const first = text.at(opening.from);
  // A parameter of a prepared statement is none.
  if (first === undefined || (!opening.isQuoted && (first === QUESTION || first === COLON))) return undefined;
  if (NO_PASSWORD.some((word) => !opening.isQuoted && isWord(text, opening.from, word))) return undefined;
  if (isPlaceholder(text, opening)) return undefined;
  if (opening.isQuoted) return wholeValue(text, opening);
  if (!isStatement(text, y - 1)) return undefined;
  const to = wordEnd(text, opening.from);
  return opening.from < to ? { from: opening.from, to, next: to } : undefined;
}

/** Whether `IDENTIFIED`, or `IDENTIFIED WITH plugin`, is in front of this place. */
function isIdentified(text: Text, at: number): boolean {
  const last = wordBefore(text, at);
  if (isWord(text, last, 'identified')) return true;
  const keyword = wordBefore(text, last);
  return isWord(text, keyword, 'with') && isWord(text, wordBefore(text, keyword), 'identified');
}

/** Words in front of the name of a user. */
const USERS = ['user', 'role', 'login'];

/** Without quotes, `identified by` may be prose: a statement has it in capitals, or the name of a user in front of it. */
function isStatement(text: Text, by: number): boolean {
  if (text.has(wordBefore(text, by), 'IDENTIFIED')) return true;
  const user = wordBefore(text, wordBefore(text, by));
  const before = wordBefore(text, user);
  return USERS.some((word) => isWord(text, before, word)) || isWord(text, wordBefore(text, before), 'connect');
}

const WORD_MAX = 64;

/** Where the word in front of this place begins, behind blanks; the place itself without one. */
function wordBefore(text: Text, at: number): number {
  let end = at;
  while (end > at - BLANKS_MAX && isBlank(text.at(end - 1))) end--;
  if (end === at) return at;
  let from = end;
  while (from > end - WORD_MAX && isLetterOfWord(text.at(from - 1))) from--;
  // A name in quotes is skipped as a whole.
  if (from === end)
    while (from > end - WORD_MAX && !isBlank(text.at(from - 1)) && text.at(from - 1) !== undefined) from--;
  return from;
}

const isLetterOfWord = (byte: number | undefined) => isAlphanumeric(byte) || byte === UNDERSCORE;
const isWord = (text: Text, at: number, word: string): boolean =>
  text.hasWord(at, word) && !isLetterOfWord(text.at(at + word.length));

/** The password that begins with this single quote, behind `PASSWORD` and blanks or a bracket. */
export function quotedPassword(text: Text, quote: number): Value | undefined {
  let i = quote;
  if (text.at(i - 1) === OPEN) i--;
  else if (!isBlank(text.at(i - 1))) return undefined;
  while (i > quote - BLANKS_MAX && isBlank(text.at(i - 1))) i--;
  if (nameBefore(text, i) !== Name.PASSWORD) return undefined;
  const opening = openingAt(text, quote);
  if (!opening.isQuoted || isPlaceholder(text, opening)) return undefined;
  const value = wholeValue(text, opening);
  return value.from < value.to ? value : undefined;
}
