/**
 * A level word in the head of a line. The head precedes the message: times, groups in brackets, process ids,
 * host and program of syslog, names of loggers, and punctuation. The first ordinary word ends it.
 */

import { isDigit, isLetter, isUpper } from '../../records/bytes.js';
import { isAt, isBlank, skipBlanks, skipEscape, skipEscapes, skipLetters } from '../bytes.js';
import { groupEnd, head, isAllUpper, isMonthOrDay, nameEnd, numberEnd } from './head.js';
import { isPairAt, levelOfPairs } from './level-of-keys.js';
import { isRequest, levelOfAccess, levelOfIis } from './level-of-status.js';
import { levelOfBegin, levelOfClass } from './level-of-trace.js';
import { type Severity, severityOfLetter, severityOfWord } from './severity.js';

const COLON = 0x3a;
const BAR = 0x7c;
const TAB = 0x09;
const SPACE = 0x20;
const MINUS = 0x2d;
const SLASH = 0x2f;
const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const BRACKET = 0x5b;
const BRACKET_CLOSE = 0x5d;
const BRACE = 0x7b;

/** A head is at most this long. */
const HEAD_MAX = 320;
const LOG = Buffer.from('LOG');
const OF_A_MESSAGE: readonly Buffer[] = ['DETAIL', 'HINT', 'STATEMENT', 'CONTEXT', 'QUERY', 'LOCATION'].map((word) =>
  Buffer.from(word),
);
const INFO: Severity = 9;

export const levelOfHead = (bytes: Uint8Array, start: number, end: number): Severity =>
  levelWithin(bytes, start, end) || (head.hasTime ? levelBeforeBlanks(bytes, start, end) : 0);

function levelWithin(bytes: Uint8Array, start: number, recordEnd: number): Severity {
  head.end = recordEnd;
  head.hasTime = false;
  head.hasGroup = false;
  head.isAccess = false;
  head.hasHost = false;
  head.words = 0;
  const end = Math.min(recordEnd, start + HEAD_MAX);
  let separator = 0;
  for (let i = start; i < end; ) {
    const byte = bytes[i]!;
    if (byte === LINE_FEED) return 0;
    const behindEscape = byte === 0x1b ? skipEscape(bytes, i, end) : i;
    if (behindEscape > i) {
      i = behindEscape;
    } else if (isBlank(byte)) {
      if (byte === TAB) separator = TAB;
      i++;
    } else if (byte === BRACKET || byte === 0x28 || byte === 0x3c || byte === BRACE) {
      const close = groupEnd(bytes, i, end);
      if (close < 0) return 0;
      if (byte === BRACE && bytes[i + 1] === QUOTE) return 0;
      const severity = levelOfGroup(bytes, i + 1, close);
      if (severity > 0) return severity;
      head.hasGroup = true;
      separator = 0;
      i = close + 1;
      const isFirst = head.words === 0 && head.hasTime && isRequest(bytes, i + 1);
      if (head.isAccess || isFirst) return levelOfAccess(bytes, i, recordEnd);
    } else if (isLetter(byte)) {
      const severity = levelOfWordAt(bytes, i, end, separator);
      if (severity > 0) return severity;
      const ofClass = head.words <= 1 ? levelOfClass(bytes, i, recordEnd) : 0;
      const ofTrace = ofClass || (head.hasTime && head.words <= 2 ? levelOfBegin(bytes, i, recordEnd) : 0);
      if (ofTrace > 0) return ofTrace;
      if (head.hasTime && isPairAt(bytes, i, end))
        return levelOfPairs(bytes, i, recordEnd) || levelBehindPairs(bytes, i, end);
      const next = nameEnd(bytes, i, end);
      if (next < 0) return 0;
      head.words += 1;
      separator = 0;
      i = next;
    } else if (isDigit(byte)) {
      i = numberEnd(bytes, i, end);
      head.words += 1;
      separator = 0;
    } else if (isPunctuation(byte)) {
      separator = byte;
      i++;
    } else {
      return 0;
    }
  }
  return 0;
}

/** `- | : * > # / ! = , + ;` and closing brackets. */
const isPunctuation = (byte: number): boolean =>
  byte === MINUS ||
  byte === BAR ||
  byte === COLON ||
  byte === 0x2a ||
  byte === 0x3e ||
  byte === 0x2c ||
  byte === BRACKET_CLOSE ||
  byte === 0x29 ||
  byte === 0x7d ||
  byte === 0x23 ||
  byte === SLASH ||
  byte === 0x2b ||
  byte === 0x40;

/** Elixir puts pairs between time and level: `14:08:44.123 request_id=abc [error] `. */
function levelBehindPairs(bytes: Uint8Array, from: number, end: number): Severity {
  let at = from;
  while (at < end && isPairAt(bytes, at, end)) {
    while (at < end && !isBlank(bytes[at])) {
      if (bytes[at] === QUOTE) return 0;
      at++;
    }
    at = skipBlanks(bytes, at, end);
  }
  if (isUpper(bytes[at])) {
    // PostgreSQL puts them in front, too: `user=bob,db=shop ERROR:  `.
    const to = skipLetters(bytes, at, end);
    if (bytes[to] !== COLON || !isBlank(bytes[to + 1])) return 0;
    return severityOfWord(bytes, at, to) || levelOfPostgres(bytes, at, to, COLON);
  }
  const close = bytes[at] === BRACKET ? groupEnd(bytes, at, end) : -1;
  return close < 0 ? 0 : severityOfWord(bytes, at + 1, close);
}

/** A word that is a level here, by its case and its neighbours. */
function levelOfWordAt(bytes: Uint8Array, from: number, end: number, separator: number): Severity {
  const to = skipLetters(bytes, from, end);
  const next = to < end ? bytes[to]! : 0;
  if (to - from === 1) return levelOfLetterAt(bytes, from, end, separator);
  const severity = severityOfWord(bytes, from, to) || levelOfPostgres(bytes, from, to, next);
  if (severity === 0) {
    if (next === SPACE && bytes[to + 1] === SLASH) return ofIis(bytes, from, to);
    return isLogOfNest(bytes, from, to, end) ? INFO : 0;
  }
  // winston and others give the level its colour.
  if (next === 0x1b && head.words === 0 && bytes[from - 1] === 0x6d) return severity;
  const isCapital = isAllUpper(bytes, from, to);
  const after = to + 1 < end ? bytes[to + 1]! : 0;
  const isEnd = next === 0 || isBlank(next) || next === LINE_FEED || next === 0x0d || next === 0x1b;
  if (next === COLON)
    return isCapital || isBlank(after) || after === 0 || after === 0x1b ? notConfig(severity, isCapital) : 0;
  if (next === BAR) return severity;
  if (isCapital) {
    if (head.words === 0 && !head.hasGroup && separator === 0)
      return isEnd && isOpening(bytes, from, to, end) ? severity : 0;
    const isHeaded = head.hasTime || head.hasGroup || (separator === BAR && head.words > 0);
    const isParted = isEnd || next === SLASH || next === BRACKET || next === MINUS || next === 0x2c || next === 0x28;
    return isHeaded && isParted ? severity : 0;
  }
  if (!isEnd) return 0;
  // `error - message`, of Next.js.
  if (head.words === 0 && !head.hasTime && !head.hasGroup)
    return separator === 0 && isDashed(bytes, to, end) ? severity : 0;
  if (!(head.hasTime || head.hasGroup)) return 0;
  if (separator === TAB && (next === TAB || next === 0x20 || next === 0x1b)) return severity;
  if (next === 0x1b && bytes[from - 1] === 0x6d) return severity;
  // `Info                  CBS`, in a column of its own.
  const isColumn = isBlank(bytes[to + 1]) && isBlank(bytes[to + 2]) && isUpper(bytes[from]) && head.hasTime;
  if (isColumn) return severity;
  // `- error - ` and `| error |`.
  const behind = skipBlanks(bytes, to, end);
  return (separator === MINUS || separator === BAR) && (bytes[behind] === MINUS || bytes[behind] === BAR)
    ? severity
    : 0;
}

const isDashed = (bytes: Uint8Array, from: number, end: number): boolean => {
  const dash = skipBlanks(bytes, from, end);
  return dash > from && bytes[dash] === MINUS && isBlank(bytes[dash + 1]);
};

/** `config: ` is an ordinary word but for java.util.logging, which writes it in capitals; so are other words. */
const notConfig = (severity: Severity, isCapital: boolean): Severity =>
  isCapital || severity === 1 || severity === 5 || severity === 9 || severity >= 10 ? severity : 0;

/** Words that begin a line as its level, and are not part of a sentence: `INFO  [main] ...`. A method of HTTP is none. */
function isOpening(bytes: Uint8Array, from: number, to: number, end: number): boolean {
  const behind = skipBlanks(bytes, to, end);
  const length = to - from;
  const isCommon =
    length >= 4 &&
    length <= 8 &&
    !isAt(bytes, from, to, FAIL) &&
    !isAt(bytes, from, to, NOTE) &&
    !isAt(bytes, from, to, FINE) &&
    !isAt(bytes, from, to, SYSTEM);
  return isCommon && behind < end && bytes[behind] !== SLASH;
}
const FAIL = Buffer.from('FAIL');
const NOTE = Buffer.from('NOTE');
const FINE = Buffer.from('FINE');
const SYSTEM = Buffer.from('SYSTEM');

/** `I | `, of etcd, and `E NETWORK  [conn1]`, of MongoDB. */
function levelOfLetterAt(bytes: Uint8Array, from: number, end: number, separator: number): Severity {
  // MongoDB's `D2`.
  const after = isDigit(bytes[from + 1]) ? from + 2 : from + 1;
  if (!head.hasTime || !isBlank(bytes[after]) || separator !== 0) return 0;
  const behind = skipBlanks(bytes, after, end);
  if (bytes[behind] === BAR) return severityOfLetter(bytes[from]);
  const to = skipLetters(bytes, behind, end);
  const group = skipBlanks(bytes, to, end);
  const isNone = bytes[behind] === MINUS && bytes[skipBlanks(bytes, behind + 1, end)] === BRACKET;
  const isComponent = to - behind >= 2 && isAllUpper(bytes, behind, to) && group > to && bytes[group] === BRACKET;
  return isComponent || isNone ? severityOfLetter(bytes[from]) : 0;
}

/** Two blanks behind the colon, as PostgreSQL writes them: of `... bob shop psql ERROR:  ` the words before are any. */
function levelBeforeBlanks(bytes: Uint8Array, start: number, end: number): Severity {
  const limit = Math.min(end, start + HEAD_MAX) - 2;
  for (let at = start; at < limit && bytes[at] !== LINE_FEED; at++) {
    if (bytes[at] !== COLON || bytes[at + 1] !== SPACE || bytes[at + 2] !== SPACE) continue;
    // `DEBUG1` to `DEBUG5`.
    const to = isDigit(bytes[at - 1]) ? at - 1 : at;
    let from = to;
    while (from > start && isUpper(bytes[from - 1])) from--;
    if (from > start && (isLetter(bytes[from - 1]) || bytes[from - 1] === 0x5f)) return 0;
    return severityOfWord(bytes, from, to) || levelOfPostgres(bytes, from, to, COLON);
  }
  return 0;
}

const ofIis = (bytes: Uint8Array, from: number, to: number): Severity =>
  head.hasTime && isAllUpper(bytes, from, to) ? levelOfIis(bytes, to, head.end) : 0;

/** `[Nest] 1  - 11/28/2026, 10:00:00 AM     LOG [NestFactory] `. */
function isLogOfNest(bytes: Uint8Array, from: number, to: number, end: number): boolean {
  if (!head.hasTime || !head.hasGroup || to - from !== LOG.length || !isAt(bytes, from, to, LOG)) return false;
  return (
    bytes[skipBlanks(bytes, skipEscapes(bytes, skipBlanks(bytes, skipEscapes(bytes, to, end), end), end), end)] ===
    BRACKET
  );
}

/** PostgreSQL's own words: `LOG:  `, and what adds to a message. */
function levelOfPostgres(bytes: Uint8Array, from: number, to: number, next: number): Severity {
  if (!head.hasTime || next !== COLON) return 0;
  if (to - from === LOG.length && isAt(bytes, from, to, LOG)) return INFO;
  for (const word of OF_A_MESSAGE) if (word.length === to - from && isAt(bytes, from, to, word)) return INFO;
  return 0;
}

/** Of `[ERROR]`, `[core:error]`, `[2026-11-28T14:08:44Z ERROR app]`, `[14:08:44 ERR]`, `[..: ERROR/MainProcess]`. */
function levelOfGroup(bytes: Uint8Array, start: number, end: number): Severity {
  let i = skipBlanks(bytes, start, end);
  const behind = skipEscapes(bytes, i, end);
  i = behind;
  let hasTime = false;
  while (i < end && (isDigit(bytes[i]) || isMonthOrDay(bytes, i, end))) {
    if (isDigit(bytes[i])) {
      const to = numberEnd(bytes, i, end);
      hasTime ||= head.hasTime;
      if (isAccessTime(bytes, start)) head.isAccess = head.words > 0;
      i = to;
    } else {
      i += 3;
    }
    while (i < end && (isBlank(bytes[i]) || bytes[i] === COLON || bytes[i] === 0x2c)) i++;
    i = skipEscapes(bytes, skipBlanks(bytes, skipEscapes(bytes, i, end), end), end);
  }
  const isFirst = i === behind;
  let to = skipLetters(bytes, i, end);
  if (to === i) return 0;
  // `[E]`, of Beego and Gitea.
  if (to === end && to - i === 1 && head.hasTime) return severityOfLetter(bytes[i]);
  let severity = severityOfWord(bytes, i, to);
  if (severity === 0) {
    // `module:error`, of Apache.
    if (!isFirst) return 0;
    let at = i;
    while (at < end && (isLetter(bytes[at]) || isDigit(bytes[at]) || bytes[at] === 0x5f)) at++;
    if (bytes[at] !== COLON || at - i > 32) return 0;
    to = skipLetters(bytes, at + 1, end);
    severity = severityOfWord(bytes, at + 1, to);
    // Apache has eight levels of trace.
    return to === end || (isDigit(bytes[to]) && to + 1 === end) ? severity : 0;
  }
  // PostgreSQL's and the terminal's rest.
  const blanks = skipBlanks(bytes, skipEscapes(bytes, to, end), end);
  const rest = skipBlanks(bytes, skipEscapes(bytes, blanks, end), end);
  if (rest === end || (isDigit(bytes[to]) && to + 1 === end)) return severity;
  if (!isAllUpper(bytes, i, to)) return 0;
  if (hasTime) return severity;
  // `[ERROR:gpu.cc(12)]`, of Chromium and Flutter.
  if (bytes[to] === COLON && isFirst && isLetter(bytes[to + 1])) return severity;
  if (bytes[to] === SLASH) return severity;
  return isDigit(bytes[rest]) && rest > to && bytes[rest + 2] !== 0x20
    ? severity
    : to - i < 6 && isFirst && isPath(bytes, rest, end)
      ? severity
      : 0;
}

/** `app::module` or `app`: where env_logger of Rust says which part of a program writes, in a crate's name. */
function isPath(bytes: Uint8Array, from: number, end: number): boolean {
  for (let i = from; i < end; i++) {
    const byte = bytes[i]!;
    if (!(byte >= 0x61 && byte <= 0x7a) && !isDigit(byte) && byte !== 0x5f && byte !== COLON) return false;
  }
  return true;
}

/** `28/Nov/2026:`. */
const isAccessTime = (bytes: Uint8Array, at: number): boolean =>
  isDigit(bytes[at]) &&
  isDigit(bytes[at + 1]) &&
  bytes[at + 2] === SLASH &&
  isLetter(bytes[at + 3]) &&
  bytes[at + 6] === SLASH;
