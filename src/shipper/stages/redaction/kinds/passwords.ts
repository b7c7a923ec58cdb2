/** Secrets that are known by the names of their keys: `key=value`, `key: value`, JSON, XML, headers, query strings, options. */
import { code, isAlphanumeric, isBlank, isDigit, type Text } from '../bytes.js';
import { Name, nameBefore } from './key-names.js';
import { lineEnd, type Opening, openingAt, type Value, wholeValue } from './values.js';

const [BACKSLASH, DOUBLE, SINGLE, BACKTICK, SLASH, EQUALS, GREATER, LESS, COLON, CLOSING, BRACE, BRACKET, STAR] = [
  '\\',
  '"',
  "'",
  '`',
  '/',
  '=',
  '>',
  '<',
  ':',
  ']',
  '{',
  '[',
  '*',
].map(code);
/** A shorter value of a key such as `token` is one of a parser or a grammar, unless it has letters and digits. */
const SECRET_MIN = 8;
const MIXED_MIN = 4;
/** Of blanks, quotes and backslashes between a key and its sign. */
const GAP_MAX = 8;
const COMMA = code(',');

/** The name of the key before a sign (`=` or `:`), behind blanks, quotes and a closing bracket; 0 without one. */
export function keyBefore(text: Text, sign: number): Name | 0 {
  let i = sign;
  const least = Math.max(text.start, sign - GAP_MAX);
  while (i > least && isGap(text.at(i - 1))) i--;
  return nameBefore(text, i);
}

function isGap(byte: number | undefined): boolean {
  return (
    isBlank(byte) ||
    byte === DOUBLE ||
    byte === SINGLE ||
    byte === BACKTICK ||
    byte === BACKSLASH ||
    byte === CLOSING ||
    // `:=`
    byte === COLON
  );
}

/** Where a value may begin behind the first character of a sign: `=>` and `==` are signs, too; `==x` is a value. */
export function behindSign(text: Text, at: number): number {
  if (text.at(at) === GREATER) return at + 1;
  return text.at(at) === EQUALS && isBlank(text.at(at + 1)) ? at + 1 : at;
}

/** The secret of a key; `undefined` where the value is none. */
export function secretOf(text: Text, name: Name, at: number): Value | undefined {
  if (name === Name.COOKIE) return cookie(text, at);
  const opening = argumentOr(text, openingAt(text, at));
  const first = text.at(opening.from);
  if (first === undefined || isPlaceholder(text, opening)) return undefined;
  if (!opening.isQuoted && (first === BRACE || text.has(opening.from, '--'))) return undefined;
  // The first of a list.
  if (!opening.isQuoted && first === BRACKET)
    return name === Name.PASSWORD ? listed(text, opening.from + 1) : undefined;
  if (name === Name.PWD && isPath(text, opening.from)) return undefined;
  const value = wholeValue(text, opening);
  const { from, to } = value;
  if (from >= to) return undefined;
  if (name === Name.PASS) return isDigits(text, from, to) ? undefined : value;
  if (name === Name.SECRET || name === Name.AWS) return isLong(text, from, to) ? value : undefined;
  return value;
}

const FUNCTION_MAX = 32;

/** The quoted argument of a function, `PASSWORD('x')`; otherwise the value as it is. */
function argumentOr(text: Text, opening: Opening): Opening {
  if (opening.isQuoted) return opening;
  let i = opening.from;
  while (i < opening.from + FUNCTION_MAX && (isAlphanumeric(text.at(i)) || text.at(i) === 0x5f)) i++;
  if (i === opening.from || text.at(i) !== code('(')) return opening;
  const argument = openingAt(text, i + 1);
  return argument.isQuoted ? argument : opening;
}

function isLong(text: Text, from: number, to: number): boolean {
  if (to - from >= SECRET_MIN) return true;
  if (to - from < MIXED_MIN) return false;
  let [hasLetter, hasDigit] = [false, false];
  for (let i = from; i < to; i++) {
    if (isDigit(text.at(i))) hasDigit = true;
    else if (isAlphanumeric(text.at(i))) hasLetter = true;
  }
  return hasLetter && hasDigit;
}

/** A member of a list, unless it is a list or an object itself. */
function listed(text: Text, at: number): Value | undefined {
  const opening = openingAt(text, at);
  const first = text.at(opening.from);
  if (!opening.isQuoted && (first === BRACE || first === BRACKET || first === CLOSING)) return undefined;
  if (first === undefined || isPlaceholder(text, opening)) return undefined;
  const value = opening.isQuoted ? wholeValue(text, opening) : bareMember(text, opening.from);
  return value.from < value.to ? value : undefined;
}

function bareMember(text: Text, from: number): Value {
  const to = wordEnd(text, from);
  return { from, to, next: to };
}

/** Behind the last character of a word. */
export function wordEnd(text: Text, from: number): number {
  let to = from;
  while (!isWordEnd(text, to)) to++;
  return to;
}

/** The next member of a list behind a secret of it; `undefined` without one. */
export function nextListed(text: Text, at: number): Value | undefined {
  let i = at;
  while (isBlank(text.at(i))) i++;
  return text.at(i) === COMMA ? listed(text, i + 1) : undefined;
}

/** So far is the name of a cookie looked for. */
const COOKIE_NAME_MAX = 128;

function cookie(text: Text, at: number): Value | undefined {
  const { from } = openingAt(text, at);
  for (let i = from; i < from + COOKIE_NAME_MAX; i++) {
    const byte = text.at(i);
    if (byte === EQUALS && i > from) {
      const to = lineEnd(text, from);
      return { from, to, next: to };
    }
    if (!isAlphanumeric(byte) && byte !== 0x2d && byte !== 0x5f && byte !== 0x2e) break;
  }
  return undefined;
}

const WORDS = ['null', 'none', 'nil', 'true', 'false', 'undefined', 'yes', 'no'];
const HIDDEN = [
  'redacted',
  'filtered',
  'hidden',
  'masked',
  'removed',
  'secret',
  'protected',
  'sensitive',
  'password',
  'none',
  'null',
];
const STARS_MAX = 64;

/** What programs print instead of a secret, or where there is none: `null`, `****`, `[FILTERED]`, `${PASSWORD}`. */
export function isPlaceholder(text: Text, { from, isQuoted }: Opening): boolean {
  const first = text.at(from);
  if (!isQuoted && WORDS.some((word) => text.hasWord(from, word) && isWordEnd(text, from + word.length))) return true;
  if (first === STAR) {
    let i = from;
    while (i < from + STARS_MAX && text.at(i) === STAR) i++;
    return isWordEnd(text, i);
  }
  if (text.has(from, '${') || text.has(from, '{{') || text.has(from, '$(')) return true;
  if (first !== BRACKET && first !== LESS) return false;
  return HIDDEN.some((word) => text.hasWord(from + 1, word));
}

function isWordEnd(text: Text, i: number): boolean {
  const byte = text.at(i);
  return byte === undefined || byte <= 0x20 || ENDS.has(byte);
}

const ENDS = new Set([...'"\',;&)}]<>\\'].map(code));

function isDigits(text: Text, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!isDigit(text.at(i))) return false;
  return true;
}

/** `/home`, `~/x`, `C:\x`. */
function isPath(text: Text, from: number): boolean {
  const first = text.at(from);
  return first === SLASH || first === code('~') || text.at(from + 1) === COLON;
}

/** Where the value of an element of XML begins behind a `>`: its tag ends with such a name and has no attributes. */
export function elementBefore(text: Text, greater: number): Name | 0 {
  const name = nameBefore(text, greater);
  if (name === 0) return 0;
  for (let i = greater - 1; i > greater - TAG_MAX; i--) {
    const byte = text.at(i);
    if (byte === LESS) return text.at(i + 1) === SLASH ? 0 : name;
    if (!isAlphanumeric(byte) && byte !== COLON && byte !== 0x2d && byte !== 0x5f && byte !== 0x2e) return 0;
  }
  return 0;
}

const TAG_MAX = 64;

/** Where an option `--password`, or `-password`, ends that begins here and is followed by a blank; 0 without one. */
export function optionAt(text: Text, i: number): number {
  const begin = text.has(i, '--') ? i + 2 : i + 1;
  const before = text.at(i - 1);
  if (begin === i + 2 ? isAlphanumeric(before) : before !== undefined && !isBlank(before)) return 0;
  let at = begin;
  while (at < i + TAG_MAX && (isAlphanumeric(text.at(at)) || NAME_SIGNS.has(text.at(at) ?? 0))) at++;
  if (at === begin || !isBlank(text.at(at))) return 0;
  // `--name = value` is a key with its sign.
  return (text.at(at + 1) === EQUALS || text.at(at + 1) === COLON) && isBlank(text.at(at + 2)) ? 0 : at;
}

const NAME_SIGNS = new Set([...'-_.'].map(code));

const URL_ENDS = new Set([...' \t\n\r/?#"\'<>\\`|'].map(code));
/** A user without a password that is as long is a token. */
const TOKEN_MIN = 16;

/** The password of a URL (or a user that is a token) whose `://` begins here. `undefined` without one. */
export function urlPassword(text: Text, colon: number): { readonly from: number; readonly to: number } | undefined {
  if (!text.has(colon, '://')) return undefined;
  const begin = colon + 3;
  let at = 0;
  let split = 0;
  for (let i = begin; i < text.end; i++) {
    const byte = text.at(i)!;
    if (URL_ENDS.has(byte)) break;
    if (byte === code('@')) at = i;
    else if (byte === COLON && split === 0) split = i;
  }
  if (at === 0) return undefined;
  if (split !== 0 && split < at)
    return split + 1 < at && !text.has(split + 1, '***@') ? { from: split + 1, to: at } : undefined;
  let digits = 0;
  for (let i = begin; i < at; i++) if (isDigit(text.at(i))) digits++;
  return digits > 0 && at - begin >= TOKEN_MIN ? { from: begin, to: at } : undefined;
}
