/** Where the value of a key begins and ends: quoted, also inside JSON that is a string of JSON, or bare. */
import { code, isAlphanumeric, isBlank, isLetter, isSpace, type Text } from '../bytes.js';
import { encodedQuoteAt } from './encoded-quotes.js';

export interface Value {
  readonly from: number;
  readonly to: number;
  /** Where to look on: behind its closing quote. */
  readonly next: number;
}

/** Where a value begins; its end is looked for only when it may be a secret, so that no byte is read for two keys. */
export interface Opening {
  readonly from: number;
  readonly isQuoted: boolean;
  /** Of the backslashes before the opening quote. */
  readonly depth: number;
  /** The opening quote, where it is encoded: `%22`. */
  readonly encoded?: string | undefined;
}

const [BACKSLASH, DOUBLE, SINGLE, BACKTICK, LESS, GREATER, COMMA, SEMICOLON, AMPERSAND] = [
  '\\',
  '"',
  "'",
  '`',
  '<',
  '>',
  ',',
  ';',
  '&',
].map(code);
const [EQUALS, COLON] = ['=', ':'].map(code);
const CLOSERS = new Set([')', ']', '}'].map(code));
const PREFIXES = new Set([...'bBuUrRfFnNeE'].map(code));
const KEY_MAX = 64;

const isQuote = (byte: number | undefined) => byte === DOUBLE || byte === SINGLE || byte === BACKTICK;

/** The beginning of the value behind blanks and an opening quote. */
export function openingAt(text: Text, at: number): Opening {
  let i = at;
  while (isBlank(text.at(i))) i++;
  // `b'x'` and `u'x'` of Python, `N'x'` and `E'x'` of SQL.
  if (PREFIXES.has(text.at(i) ?? 0) && isQuote(text.at(i + 1))) i++;
  const encoded = encodedQuoteAt(text, i);
  if (encoded !== undefined) return { from: i + encoded.length, isQuoted: true, depth: 0, encoded };
  const depth = backslashes(text, i);
  const isQuoted = isQuote(text.at(i + depth));
  return { from: isQuoted ? i + depth + 1 : i, isQuoted, depth };
}

/** The whole value; empty where there is none. */
export function wholeValue(text: Text, { from, isQuoted, depth, encoded }: Opening): Value {
  const closing = encoded === undefined ? undefined : closingAt(text, from, encoded);
  if (closing !== undefined) return { from, to: closing, next: closing + encoded!.length };
  if (isQuoted && encoded === undefined) return quoted(text, from - 1, depth);
  const to = bareEnd(text, from);
  return { from, to, next: to };
}

const ENCODED_MAX = 256;

function closingAt(text: Text, from: number, encoded: string): number | undefined {
  const stop = Math.min(text.end, from + ENCODED_MAX);
  for (let i = from; i < stop; i++) if (text.has(i, encoded)) return i;
  return undefined;
}

function backslashes(text: Text, i: number): number {
  let count = 0;
  while (text.at(i + count) === BACKSLASH) count++;
  return count;
}

/** Up to the quote that as many backslashes escape, or fewer: those close a string around this one. */
function quoted(text: Text, open: number, depth: number): Value {
  const quote = text.at(open);
  const from = open + 1;
  let run = 0;
  let i = from;
  for (; i < text.end; i++) {
    const byte = text.at(i);
    if (byte === BACKSLASH) {
      run++;
      continue;
    }
    if (byte === quote && (depth === 0 ? run % 2 === 0 : run <= depth)) break;
    // In a string of JSON a single quote is one of the text, and the string ends before it.
    if (byte === DOUBLE && quote !== DOUBLE && run <= depth && isStringEnd(text, i + 1)) break;
    run = 0;
  }
  const isClosed = i < text.end;
  const to = isClosed && depth > 0 ? i - run : i;
  return { from, to, next: isClosed ? i + 1 : i };
}

const BRACED_MAX = 128;
const CLOSING_BRACE = code('}');
const NEWLINE = 0x0a;
const NO_TEXT = new Set([...'"\'{=:\\'].map(code));

/** ODBC and JDBC: `PWD={a;b}`; no object, nor a map of keys. */
export function braced(text: Text, brace: number): Value | undefined {
  for (let i = brace + 1; i < brace + BRACED_MAX; i++) {
    const byte = text.at(i);
    if (byte === CLOSING_BRACE) return i > brace + 1 ? { from: brace + 1, to: i, next: i + 1 } : undefined;
    if (byte === undefined || byte <= 0x20 || NO_TEXT.has(byte)) return undefined;
  }
  return undefined;
}

/** A block of YAML: `|` or `>-`, then lines with an indent. */
export function blockAt(text: Text, { from, isQuoted }: Opening): Value | undefined {
  const first = text.at(from);
  if (isQuoted || (first !== code('|') && first !== GREATER)) return undefined;
  let i = from + 1;
  while (text.at(i) === code('-') || text.at(i) === code('+')) i++;
  const begin = i + 1;
  let to = 0;
  while (text.at(i) === NEWLINE && isBlank(text.at(i + 1))) {
    i++;
    while (i < text.end && text.at(i) !== NEWLINE) i++;
    to = i;
  }
  return to === 0 ? undefined : { from: begin, to, next: to };
}

/** Whether a quote before this place ended a string of JSON: an end, a comma, a colon or a closing bracket follows. */
function isStringEnd(text: Text, at: number): boolean {
  let i = at;
  while (isSpace(text.at(i))) i++;
  const byte = text.at(i);
  return byte === COMMA || byte === COLON || byte === undefined || CLOSERS.has(byte);
}

/** A bare value ends at a blank, a quote, or where the next key, a closing bracket or an escape of JSON begins. */
function bareEnd(text: Text, from: number): number {
  let i = from;
  for (; i < text.end; i++) {
    const byte = text.at(i)!;
    if (isSpace(byte) || byte === DOUBLE || byte === SINGLE || byte === LESS) break;
    if (byte === BACKSLASH) {
      if (text.at(i + 1) !== BACKSLASH) break;
      i++;
    } else if (CLOSERS.has(byte) || byte === GREATER) {
      if (!isAlphanumeric(text.at(i + 1))) break;
    } else if (byte === COMMA || byte === SEMICOLON || byte === AMPERSAND) {
      if (endsValue(text, i + 1)) break;
    }
  }
  return Math.min(i, text.end);
}

/** Whether behind a separator there is nothing of a value: a blank, the end, or a key with its sign. */
function endsValue(text: Text, from: number): boolean {
  const first = text.at(from);
  if (first === undefined || isSpace(first) || isQuote(first) || first === BACKSLASH) return true;
  for (let i = from; i < from + KEY_MAX; i++) {
    const byte = text.at(i);
    if (byte === EQUALS || byte === COLON) return i > from;
    if (!isAlphanumeric(byte) && byte !== 0x5f && byte !== 0x2d && byte !== 0x2e && byte !== 0x25)
      return byte === undefined && isLetter(first);
  }
  return false;
}

/**
 * To the end of the line: of text, of a string of JSON, or of the message. With parameters (`realm="r"`), the quotes of those
 * do not end it.
 */
export function lineEnd(text: Text, from: number, hasParameters = false): number {
  let i = from;
  for (; i < text.end; i++) {
    const byte = text.at(i)!;
    if (byte === 0x0a || byte === 0x0d) break;
    const isEscape = byte === BACKSLASH && text.at(i + 1) === DOUBLE;
    if (byte === DOUBLE || isEscape) {
      const close = hasParameters && text.at(i - 1) === EQUALS ? parameterEnd(text, i, isEscape) : 0;
      if (close === 0) break;
      i = close;
    } else if (byte === SINGLE) break;
    else if (byte === BACKSLASH) {
      if (text.at(i + 1) !== BACKSLASH) break;
      i++;
    }
  }
  return Math.min(i, text.end);
}

const PARAMETER_MAX = 1024;

/** The closing quote of a parameter; 0 without one that is escaped alike. */
function parameterEnd(text: Text, open: number, isEscaped: boolean): number {
  const from = isEscaped ? open + 2 : open + 1;
  for (let i = from; i < from + PARAMETER_MAX; i++) {
    const byte = text.at(i);
    if (byte === undefined || byte === 0x0a) return 0;
    if (byte === DOUBLE) return (text.at(i - 1) === BACKSLASH) === isEscaped ? i : 0;
  }
  return 0;
}
