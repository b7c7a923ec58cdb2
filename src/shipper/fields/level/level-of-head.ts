/**
 * A level word in the head of a line. The head precedes the message: times, groups in brackets, process ids,
 * host and program of syslog, names of loggers, and punctuation. The first ordinary word ends it.
 */

import { isDigit, isLetter, isUpper } from '../../records/bytes.js';
import { isAt, isBlank, skipBlanks, skipEscape, skipLetters } from '../bytes.js';
import { isPairAt, levelOfPairs } from './level-of-keys.js';
import { isRequest, levelOfAccess, levelOfIis } from './level-of-status.js';
import { levelOfClass } from './level-of-trace.js';
import { type Severity, severityOfLetter, severityOfWord } from './severity.js';

const COLON = 0x3a;
const BAR = 0x7c;
const TAB = 0x09;
const MINUS = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const BRACKET = 0x5b;
const BRACKET_CLOSE = 0x5d;
const BRACE = 0x7b;

/** A head is at most this long, and a group in it as well. */
const HEAD_MAX = 320;
const GROUP_MAX = 200;
/** A number of so many digits is a date, a time, or the seconds of one. */
const TIME_DIGITS = 6;
const MONTHS_AND_DAYS = new Set(
  'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Mon Tue Wed Thu Fri Sat Sun'
    .split(' ')
    .map((name) => (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2)),
);
const LOG = Buffer.from('LOG');
const OF_A_MESSAGE: readonly Buffer[] = ['DETAIL', 'HINT', 'STATEMENT', 'CONTEXT', 'QUERY', 'LOCATION'].map((word) =>
  Buffer.from(word),
);
/** Names of loggers and threads that no sign tells from ordinary words. */
const NAMES: readonly Buffer[] = ['root', 'main'].map((word) => Buffer.from(word));
const INFO: Severity = 9;

/** The state of a scan; one object for all scans, which run one at a time. */
const head = { end: 0, hasTime: false, hasGroup: false, isAccess: false, hasHost: false, words: 0 };

export function levelOfHead(bytes: Uint8Array, start: number, recordEnd: number): Severity {
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
      if (ofClass > 0) return ofClass;
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
  if (severity === 0) return next === 0x20 && bytes[to + 1] === SLASH ? ofIis(bytes, from, to) : 0;
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
  if (!isEnd || !(head.hasTime || head.hasGroup)) return 0;
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
  if (!head.hasTime || !isBlank(bytes[from + 1]) || separator !== 0) return 0;
  const behind = skipBlanks(bytes, from + 1, end);
  if (bytes[behind] === BAR) return severityOfLetter(bytes[from]);
  const to = skipLetters(bytes, behind, end);
  const group = skipBlanks(bytes, to, end);
  const isComponent = to - behind >= 2 && isAllUpper(bytes, behind, to) && group > to && bytes[group] === BRACKET;
  return isComponent ? severityOfLetter(bytes[from]) : 0;
}

const ofIis = (bytes: Uint8Array, from: number, to: number): Severity =>
  head.hasTime && isAllUpper(bytes, from, to) ? levelOfIis(bytes, to, head.end) : 0;

/** PostgreSQL's own words: `LOG:  `, and what adds to a message. */
function levelOfPostgres(bytes: Uint8Array, from: number, to: number, next: number): Severity {
  if (!head.hasTime || next !== COLON) return 0;
  if (to - from === LOG.length && isAt(bytes, from, to, LOG)) return INFO;
  for (const word of OF_A_MESSAGE) if (word.length === to - from && isAt(bytes, from, to, word)) return INFO;
  return 0;
}

function isAllUpper(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!isUpper(bytes[i])) return false;
  return true;
}

/** Place of the bracket that closes a group on this line; -1 without one. */
function groupEnd(bytes: Uint8Array, open: number, end: number): number {
  const opening = bytes[open]!;
  const closing = opening === 0x28 ? 0x29 : opening + 2;
  const limit = Math.min(end, open + GROUP_MAX);
  let depth = 0;
  for (let i = open; i < limit; i++) {
    if (bytes[i] === LINE_FEED) return -1;
    // An escape of a terminal has a bracket of its own.
    const behind = skipEscape(bytes, i, limit);
    if (behind > i) i = behind - 1;
    else if (bytes[i] === opening) depth += 1;
    else if (bytes[i] === closing && --depth === 0) return i;
  }
  return -1;
}

/** Of `[ERROR]`, `[core:error]`, `[2026-11-28T14:08:44Z ERROR app]`, `[14:08:44 ERR]`, `[..: ERROR/MainProcess]`. */
function levelOfGroup(bytes: Uint8Array, start: number, end: number): Severity {
  let i = skipBlanks(bytes, start, end);
  const behind = skipEscape(bytes, skipEscape(bytes, i, end), end);
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
    i = skipBlanks(bytes, skipEscape(bytes, i, end), end);
    i = skipEscape(bytes, i, end);
  }
  const isFirst = i === behind;
  let to = skipLetters(bytes, i, end);
  if (to === i) return 0;
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
  const blanks = skipBlanks(bytes, skipEscape(bytes, to, end), end);
  const rest = skipBlanks(bytes, skipEscape(bytes, blanks, end), end);
  if (rest === end || (isDigit(bytes[to]) && to + 1 === end)) return severity;
  if (!isAllUpper(bytes, i, to)) return 0;
  if (hasTime) return severity;
  if (bytes[to] === SLASH) return severity;
  return isDigit(bytes[rest]) && rest > to && bytes[rest + 2] !== 0x20
    ? severity
    : hasPath(bytes, rest, end)
      ? severity
      : 0;
}

/** `app::module`: where env_logger of Rust says which part of a program writes. */
function hasPath(bytes: Uint8Array, from: number, end: number): boolean {
  for (let i = from; i + 1 < end; i++) {
    if (isBlank(bytes[i])) return false;
    if (bytes[i] === COLON && bytes[i + 1] === COLON) return true;
  }
  return false;
}

/** `28/Nov/2026:`. */
const isAccessTime = (bytes: Uint8Array, at: number): boolean =>
  isDigit(bytes[at]) &&
  isDigit(bytes[at + 1]) &&
  bytes[at + 2] === SLASH &&
  isLetter(bytes[at + 3]) &&
  bytes[at + 6] === SLASH;

const isMonthOrDay = (bytes: Uint8Array, at: number, end: number): boolean =>
  at + 3 < end &&
  !isLetter(bytes[at + 3]) &&
  MONTHS_AND_DAYS.has((bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!);

/** Behind a token that begins with a digit; notes whether it may be a time. */
function numberEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  let isTime = false;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (
      isBlank(byte) ||
      byte === LINE_FEED ||
      byte === 0x1b ||
      byte === BRACKET ||
      byte === BRACKET_CLOSE ||
      byte === BAR ||
      byte === 0x28 ||
      byte === 0x29
    )
      break;
    // `1.7643e+09`, as zap writes seconds.
    if (byte === 0x65 && bytes[at + 1] === 0x2b) isTime = true;
    if ((byte === COLON || byte === MINUS || byte === SLASH) && isDigit(bytes[at + 1])) isTime = true;
    // `28-Nov-2026`.
    if (byte === MINUS && isLetter(bytes[at + 1]) && at - from <= 2) isTime = true;
  }
  let digits = from;
  while (digits < at && isDigit(bytes[digits])) digits++;
  if (isTime || digits - from >= TIME_DIGITS) head.hasTime = true;
  return at;
}

/** Behind a word that may be part of a head; -1 where it is an ordinary word. */
function nameEnd(bytes: Uint8Array, from: number, end: number): number {
  if (isMonthOrDay(bytes, from, end)) return from + 3;
  let at = from;
  let isName = false;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (isBlank(byte) || byte === LINE_FEED || byte === BAR || byte === BRACKET || byte === 0x28 || byte === 0x1b)
      break;
    if (!isLetter(byte)) isName = true;
    // `production.ERROR: `, of Monolog.
    if (byte === DOT && levelOfChannel(bytes, at + 1, end) > 0) return at + 1;
    if (byte === COLON && (at + 1 === end || isBlank(bytes[at + 1]))) return at + 1;
  }
  const next = bytes[at];
  const behind = skipBlanks(bytes, at, end);
  const follows = behind < end ? bytes[behind]! : 0;
  if (next === BAR || (follows === BAR && head.words === 0)) return at;
  if (isZone(bytes, from, at)) return at;
  if (head.words === 0 && !head.hasGroup) {
    // An address, a host, a program: what begins an access log or `nginx: [emerg]`.
    return (isName || next === BRACKET) && isSign(bytes, from, at)
      ? at
      : follows === MINUS && isBlank(bytes[behind + 1]) && bytes[behind + 2] === MINUS
        ? at
        : -1;
  }
  if (!head.hasTime && !head.hasGroup) return follows === BRACKET && head.words <= 2 ? at : -1;
  if (isName && isSign(bytes, from, at)) return at;
  if (next === BRACKET) return at;
  if (follows === MINUS && isBlank(bytes[behind + 1]) && head.hasTime) return at;
  for (const name of NAMES) if (at - from === name.length && isAt(bytes, from, at, name)) return at;
  if (head.hasHost || !head.hasTime) return -1;
  // The host in front of the program of syslog.
  head.hasHost = true;
  return isProgramAt(bytes, behind, end) ? at : -1;
}

function levelOfChannel(bytes: Uint8Array, from: number, end: number): Severity {
  const to = skipLetters(bytes, from, end);
  return bytes[to] === COLON && isBlank(bytes[to + 1]) && isAllUpper(bytes, from, to)
    ? severityOfWord(bytes, from, to)
    : 0;
}

/** Whether a word has a sign in its middle that names have and words of a sentence have not. */
function isSign(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from + 1; i < to - 1; i++) {
    const byte = bytes[i]!;
    if (!isLetter(byte) && byte !== 0x27 && byte !== 0x2c) return true;
  }
  const last = bytes[to - 1];
  return isDigit(last) || last === COLON;
}

/** AM, PM, UTC, GMT, and what ends in T: behind a time. */
function isZone(bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (!head.hasTime || length < 2 || length > 4 || !isAllUpper(bytes, from, to)) return false;
  if (length === 2) return bytes[to - 1] === 0x4d;
  return bytes[to - 1] === 0x54 || bytes[to - 1] === 0x43 || bytes[to - 1] === 0x4b;
}

/** `sshd[12]: ` or `kernel: `. */
function isProgramAt(bytes: Uint8Array, from: number, end: number): boolean {
  for (let i = from; i < end && i - from < 48; i++) {
    if (isBlank(bytes[i])) return false;
    if (bytes[i] === BRACKET) return isDigit(bytes[i + 1]);
    if (bytes[i] === COLON) return i > from && (i + 1 >= end || isBlank(bytes[i + 1]));
  }
  return false;
}
