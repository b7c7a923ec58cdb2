/** Secrets that are known by the names of their keys: `key=value`, `key: value`, JSON, XML, headers, query strings, options. */
import { code, isAlphanumeric, isBlank, isDigit, isLetter, isToken, type Text } from '../bytes.js';
import { encodedQuoteBefore } from './encoded-quotes.js';
import { Name, nameBefore } from './key-names.js';
import { isPair } from './tokens.js';
import { blockAt, braced, lineEnd, type Opening, openingAt, type Value, wholeValue } from './values.js';

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
/** Of 32 bytes in Base64. */
const SIGNATURE_MIN = 43;
/** Of blanks, quotes and backslashes between a key and its sign. */
const GAP_MAX = 8;
const COMMA = code(',');

/** The name of the key before a sign (`=` or `:`), behind blanks, quotes and a closing bracket; 0 without one. */
export function keyBefore(text: Text, sign: number): Name | 0 {
  return nameBefore(text, gapBefore(text, sign));
}

/** Where the gap between a key and its sign begins. */
function gapBefore(text: Text, sign: number): number {
  const least = Math.max(text.start, sign - GAP_MAX);
  let i = sign;
  while (i > least) {
    if (isGap(text.at(i - 1))) {
      i--;
      continue;
    }
    const quote = encodedQuoteBefore(text, i);
    if (quote === undefined || i - quote.length < least) break;
    i -= quote.length;
  }
  return i;
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
  if (text.has(at, '&gt;')) return at + '&gt;'.length;
  return text.at(at) === EQUALS && isBlank(text.at(at + 1)) ? at + 1 : at;
}

/** The secret of a key; `undefined` where the value is none. */
export function secretOf(text: Text, name: Name, at: number): Value | undefined {
  if (name === Name.COOKIE) return cookie(text, at);
  const opening = argumentOr(text, openingAt(text, at));
  const first = text.at(opening.from);
  if (first === undefined || isPlaceholder(text, opening)) return undefined;
  if (first === NEWLINE && name === Name.PASSWORD && text.at(at - 1) === COLON)
    return onNextLine(text, opening.from + 1);
  if (!opening.isQuoted && first === BRACE)
    return name === Name.SECRET ? undefined : (memberOf(text, opening.from) ?? braced(text, opening.from));
  if (!opening.isQuoted && text.has(opening.from, '--')) return undefined;
  // The first of a list.
  if (!opening.isQuoted && first === BRACKET)
    return name === Name.PASSWORD || name === Name.PASS ? listed(text, opening.from + 1) : undefined;
  if (name === Name.PWD && isPath(text, opening.from)) return undefined;
  const value = blockAt(text, opening) ?? wholeValue(text, opening);
  const { from, to } = value;
  if (from >= to) return undefined;
  if (name === Name.PASS) return isDigits(text, from, to) || text.has(at - GO_PASS.length, GO_PASS) ? undefined : value;
  if (name === Name.SIGNATURE) return to - from >= SIGNATURE_MIN ? value : undefined;
  if (name === Name.QUERY)
    return isInQuery(text, at) && to - from >= CODE_MIN && hasDigit(text, from, to) ? value : undefined;
  if (name === Name.PAIR) return to - from >= SECRET_MIN && isPair(text, from, to) ? value : undefined;
  if (name === Name.SECRET && !opening.isQuoted && isProse(text, from, to)) return undefined;
  if (name === Name.SECRET || name === Name.AWS) return isLong(text, from, to) ? value : undefined;
  return value;
}

/** Of codes that are exchanged for a token; `?code=404` and `?code=DE` are none. */
const CODE_MIN = 16;
const NEWLINE = 0x0a;
const [QUESTION, AMPERSAND] = ['?', '&'].map(code);

/** Whether the name in front of this sign begins a parameter of a URL. */
function isInQuery(text: Text, at: number): boolean {
  let i = at - 2;
  while (isLetter(text.at(i))) i--;
  return text.at(i) === QUESTION || text.at(i) === AMPERSAND;
}

function hasDigit(text: Text, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (isDigit(text.at(i))) return true;
  return false;
}

/** Whether these are the first words of a sentence: `invalid token: unexpected end of input`. */
function isProse(text: Text, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (text.at(i)! < 0x61 || text.at(i)! > 0x7a) return false;
  return isBlank(text.at(to)) && isLetter(text.at(to + 1));
}

const LINE_MAX = 128;

/** A word that is all of the next line, and no key, item or bracket. */
function onNextLine(text: Text, begin: number): Value | undefined {
  let from = begin;
  while (isBlank(text.at(from))) from++;
  let to = from;
  for (; to < from + LINE_MAX; to++) {
    const byte = text.at(to);
    if (byte === undefined || byte <= 0x20) break;
    if (byte === COLON || byte === EQUALS || byte === BRACE || byte === BRACKET || byte === LESS) return undefined;
  }
  const isLine = text.at(to) === undefined || text.at(to) === NEWLINE || text.at(to) === 0x0d;
  return isLine && to > from && !isPlaceholder(text, { from, isQuoted: false, depth: 0 })
    ? { from, to, next: to }
    : undefined;
}

/** A test of Go that passed: `--- PASS: TestPay (0.00s)`. */
const GO_PASS = '--- PASS:';

/** Members that hold the value itself: of forms, and of DynamoDB. */
const MEMBERS = ['value', 'plaintext', 'S'];

/** The text of the first member of an object: `{"value":"x"}`, `{ value: 'x' }`. */
function memberOf(text: Text, brace: number): Value | undefined {
  const { from } = openingAt(text, brace + 1);
  const member = MEMBERS.find((name) => text.has(from, name) && !isAlphanumeric(text.at(from + name.length)));
  if (member === undefined) return undefined;
  let sign = from + member.length;
  while (sign < text.end && sign < from + member.length + GAP_MAX && isGap(text.at(sign)) && text.at(sign) !== COLON)
    sign++;
  if (text.at(sign) !== COLON) return undefined;
  const opening = openingAt(text, sign + 1);
  if (!opening.isQuoted || isPlaceholder(text, opening)) return undefined;
  const value = wholeValue(text, opening);
  return value.from < value.to ? value : undefined;
}

const FUNCTION_MAX = 32;

/** The quoted argument of a function, `PASSWORD('x')`; otherwise the value as it is. */
function argumentOr(text: Text, opening: Opening): Opening {
  if (opening.isQuoted) return opening;
  let i = opening.from;
  while (i < opening.from + FUNCTION_MAX && (isAlphanumeric(text.at(i)) || text.at(i) === 0x5f)) i++;
  if (i === opening.from || text.at(i) !== code('(')) return opening;
  // PHP prints `string(6) "s3cret"`.
  let length = i + 1;
  while (isDigit(text.at(length))) length++;
  const argument = openingAt(text, length > i + 1 && text.at(length) === code(')') ? length + 1 : i + 1);
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

/** `"name": "password", "value":`: the name of the value whose sign this is; 0 where it has none. */
export function valueKeyBefore(text: Text, sign: number): Name | 0 {
  let i = gapBefore(text, sign);
  if (!text.hasWord(i - 5, 'value') || isAlphanumeric(text.at(i - 6))) return 0;
  i -= 5;
  const stop = Math.max(text.start, i - BETWEEN_MAX);
  const end = i;
  while (i > stop && BETWEEN.has(text.at(i - 1)!)) i--;
  const name = i < end ? nameBefore(text, i) : 0;
  return name === Name.COOKIE || name === Name.AUTHORIZATION || name === Name.PWD ? 0 : name;
}
/** Between the name and the key of its value. */
const BETWEEN_MAX = 32;
const BETWEEN = new Set([...' \t\n\r"\',;\\-'].map(code));
/** A token that has no name of a scheme before it. */
const [BARE_TOKEN_MIN, BARE_TOKEN_MAX] = [16, 512];

/** The value of `Authorization`, if it is one word that is no word of a language. */
export function tokenOf(text: Text, at: number): Value | undefined {
  const { from } = openingAt(text, at);
  let [to, digits] = [from, 0];
  for (; to < from + BARE_TOKEN_MAX && text.at(to) !== COLON && isToken(text.at(to)); to++) {
    if (isDigit(text.at(to))) digits++;
  }
  const isWord = isWordEnd(text, to) && !isBlank(text.at(to));
  return isWord && to - from >= BARE_TOKEN_MIN && digits > 1 ? { from, to, next: to } : undefined;
}

/** So far is the name of a cookie looked for. */
const COOKIE_NAME_MAX = 128;

function cookie(text: Text, at: number): Value | undefined {
  let { from } = openingAt(text, at);
  if (text.at(from) === BRACKET) from = openingAt(text, from + 1).from;
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

export function isDigits(text: Text, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!isDigit(text.at(i))) return false;
  return true;
}

/** `/home`, `~/x`, `C:\x`. */
function isPath(text: Text, from: number): boolean {
  const first = text.at(from);
  return first === SLASH || first === code('~') || text.at(from + 1) === COLON;
}

/** The name of the value behind the `>` of an element of XML: of `<password>`, `<Password type="x">`, `<entry key="password">`. */
export function elementBefore(text: Text, greater: number): Name | 0 {
  const last = text.at(greater - 1);
  if (last === DOUBLE || last === SINGLE) return attributedBefore(text, greater);
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

/** Of an element with attributes: its own name, or that in its last attribute. */
function attributedBefore(text: Text, greater: number): Name | 0 {
  for (let i = greater - 2; i > greater - TAG_MAX; i--) {
    const byte = text.at(i);
    if (byte === GREATER || byte === undefined) return 0;
    if (byte !== LESS) continue;
    let end = i + 1;
    while (end < greater && !isBlank(text.at(end))) end++;
    return nameBefore(text, end) || nameBefore(text, greater - 1);
  }
  return 0;
}
