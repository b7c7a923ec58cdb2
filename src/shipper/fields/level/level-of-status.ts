/** The level of a line of an access log: that of the status which the server answered. */

import { isDigit, isUpper } from '../../records/bytes.js';
import { isAt, isBlank, numberAt, skipBlanks, skipEscape } from '../bytes.js';
import { type Severity, severityOfStatus } from './severity.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Of `"GET / HTTP/1.1" 500 12`, behind the time of an access log. */
export function levelOfAccess(bytes: Uint8Array, from: number, end: number): Severity {
  let at = skipBlanks(bytes, from, end);
  if (bytes[at] !== QUOTE)
    return isDigit(bytes[at]) ? levelBeforeRequest(bytes, at, end) : levelOfTimes(bytes, at, end);
  for (at += 1; at < end && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at += 1;
  const status = skipBlanks(bytes, at + 1, end);
  const isStatus = isBlank(bytes[at + 1]) && (status + 3 === end || !isDigit(bytes[status + 3]));
  return isStatus ? severityOfStatus(numberAt(bytes, status, Math.min(end, status + 3))) : 0;
}

/** `500 "GET / HTTP/1.1"`. */
const levelBeforeRequest = (bytes: Uint8Array, at: number, end: number): Severity =>
  isBlank(bytes[at + 3]) && bytes[at + 4] === QUOTE ? severityOfStatus(numberAt(bytes, at, Math.min(end, at + 3))) : 0;

/** Whether a request is quoted here: `"GET /`. */
export function isRequest(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== QUOTE) return false;
  let i = at + 1;
  while (isUpper(bytes[i])) i++;
  return i > at + 2 && bytes[i] === BLANK;
}

/**
 * `GET /path query port user client agent referrer status substatus win32Status`, of IIS with its default fields, or with
 * others: the status is the first number of three digits that ends the line or precedes another number.
 */
export function levelOfIis(bytes: Uint8Array, to: number, end: number): Severity {
  let at = wordEnd(bytes, to + 1, end) + 1;
  for (let column = 0; column < IIS_COLUMNS && at < end; column++) {
    const behind = wordEnd(bytes, at, end);
    const isStatus = behind === at + 3 && (behind >= end || isNumberAt(bytes, behind + 1, end));
    const severity = isStatus ? severityOfStatus(numberAt(bytes, at, behind)) : 0;
    if (severity > 0) return severity;
    at = behind + 1;
  }
  return 0;
}
const IIS_COLUMNS = 24;

/** A word of digits. */
function isNumberAt(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from;
  while (at < end && isDigit(bytes[at])) at++;
  return at > from && (at >= end || bytes[at]! <= BLANK);
}

const BLANK = 0x20;
const BRACKET = 0x5b;
const BRACKET_CLOSE = 0x5d;
const SLASH = 0x2f;
const COLON = 0x3a;
const MINUS = 0x2d;
/** Of a client's address, or of a time in brackets. */
const WORD_MAX = 64;
/** Of HAProxy's times of an HTTP request; a connection has fewer, and no status. */
const TIMES_SLASHES = 4;
const ABORTED: Severity = 13;
const INFO: Severity = 9;

/** `10.0.1.2:33317 [28/Nov/2026:14:08:44.655] frontend backend/server 10/0/30/69/109 200 2750 `, of HAProxy. */
export function levelOfHaproxy(bytes: Uint8Array, from: number, end: number): Severity {
  const open = wordEnd(bytes, from, Math.min(end, from + WORD_MAX)) + 1;
  if (bytes[open] !== BRACKET || bytes[open + 3] !== SLASH || bytes[open + 12] !== COLON) return 0;
  const close = wordEnd(bytes, open, Math.min(end, open + WORD_MAX));
  if (bytes[close - 1] !== BRACKET_CLOSE) return 0;
  return levelOfTimes(bytes, close + 1, end);
}

/** `frontend backend/server 10/0/30/69/109 200 2750 `, behind the time, which a prefix of syslog may precede. */
function levelOfTimes(bytes: Uint8Array, from: number, end: number): Severity {
  const server = wordEnd(bytes, from, end) + 1;
  const times = wordEnd(bytes, server, end) + 1;
  const status = wordEnd(bytes, times, end) + 1;
  let slashes = 0;
  for (let i = times; i < status; i++) if (bytes[i] === SLASH) slashes++;
  if (slashes !== TIMES_SLASHES || status + 3 >= end) return 0;
  // The client went before there was an answer.
  if (bytes[status] === MINUS && bytes[status + 1] === 0x31) return ABORTED;
  return bytes[status + 3] === BLANK ? severityOfStatus(numberAt(bytes, status, status + 3)) : 0;
}

/** `[2026-11-28T14:08:44.123Z] "GET / HTTP/1.1" 503 `, of Envoy: a request directly behind the time. */
export function levelOfEnvoy(bytes: Uint8Array, from: number, end: number): Severity {
  if (!isDigit(bytes[from + 1]) || bytes[from + 11] !== 0x54) return 0;
  const close = wordEnd(bytes, from, Math.min(end, from + WORD_MAX));
  if (bytes[close - 1] !== BRACKET_CLOSE || bytes[close + 1] !== QUOTE) return 0;
  return levelOfAccess(bytes, close, end) || levelWithoutAnswer(bytes, close + 2, end);
}

/** `"- - -" 0 UF `, of a connection, or of a request without an answer: flags of Envoy say that something was wrong. */
function levelWithoutAnswer(bytes: Uint8Array, from: number, end: number): Severity {
  let at = from;
  while (at < end && bytes[at] !== QUOTE) at++;
  if (bytes[at + 2] !== 0x30 || bytes[at + 3] !== BLANK) return 0;
  return bytes[at + 4] === MINUS ? INFO : ABORTED;
}

/** `[GIN] 2026/11/28 - 10:00:03 | 500 |    1.2ms | 10.0.0.1 | GET      "/pay"`; a terminal gets the status in colours. */
export function levelOfGin(bytes: Uint8Array, from: number, end: number): Severity {
  if (!isAt(bytes, from, end, GIN)) return 0;
  const bar = from + GIN.length + GIN_TIME;
  if (bytes[bar] !== BAR) return 0;
  const status = skipBlanks(bytes, skipEscape(bytes, skipBlanks(bytes, bar + 1, end), end), end);
  return isBlank(bytes[status + 3]) ? severityOfStatus(numberAt(bytes, status, Math.min(end, status + 3))) : 0;
}
const GIN = Buffer.from('[GIN] ');
/** `2026/11/28 - 10:00:03 `. */
const GIN_TIME = 22;
const BAR = 0x7c;

const COMPLETED = Buffer.from('Completed ');
const IN = Buffer.from(' in ');
const MS = Buffer.from('ms');
/** Longest line of Rails that is looked at. */
const PHRASE_MAX = 64;

/** `Completed 500 Internal Server Error in 3ms`, of Rails. */
export function levelOfRails(bytes: Uint8Array, from: number, end: number): Severity {
  const status = from + COMPLETED.length;
  if (!isAt(bytes, from, end, COMPLETED) || bytes[status + 3] !== BLANK) return 0;
  const limit = Math.min(end, status + PHRASE_MAX);
  for (let at = status + 3; at < limit; at++) {
    if (!isAt(bytes, at, end, IN)) continue;
    let digits = at + IN.length;
    while (isDigit(bytes[digits])) digits++;
    return isAt(bytes, digits, end, MS) ? severityOfStatus(numberAt(bytes, status, status + 3)) : 0;
  }
  return 0;
}

const UWSGI = Buffer.from('[pid: ');
const ANSWER = Buffer.from(' msecs (HTTP/');
/** Behind the version: `1.1 500)`. */
const VERSION = 4;

/** `[pid: 17|app: 0|req: 1/1] 10.0.0.1 () {...} [...] GET / => generated 1 bytes in 1 msecs (HTTP/1.1 500) `, of uWSGI. */
export function levelOfUwsgi(bytes: Uint8Array, from: number, end: number): Severity {
  if (!isAt(bytes, from, end, UWSGI)) return 0;
  for (let at = from + UWSGI.length; at < end; at++) {
    if (!isAt(bytes, at, end, ANSWER)) continue;
    const status = at + ANSWER.length + VERSION;
    return severityOfStatus(numberAt(bytes, status, Math.min(end, status + 3)));
  }
  return 0;
}

/** `GET / 200 1.234 ms - 5` and `GET / 200 5 - 1.234 ms`, of morgan; a terminal gets the status in colours. */
export function levelOfMorgan(bytes: Uint8Array, from: number, end: number): Severity {
  const method = skipEscape(bytes, from, end);
  let path = method;
  while (path < end && isUpper(bytes[path])) path++;
  if (path - method < 3 || path - method > 7 || bytes[path] !== BLANK || bytes[path + 1] !== SLASH) return 0;
  const status = skipEscape(bytes, wordEnd(bytes, path + 1, end) + 1, end);
  const severity = severityOfStatus(numberAt(bytes, status, Math.min(end, status + 3)));
  if (severity === 0) return 0;
  const rest = skipBlanks(bytes, skipEscape(bytes, status + 3, end), end);
  let dashes = 0;
  let isTimed = false;
  for (let at = rest; at < end && at < rest + WORD_MAX; at++) {
    if (bytes[at] === MINUS && bytes[at - 1] === BLANK) dashes++;
    if (isAt(bytes, at, end, MS) && bytes[at - 1] === BLANK && isDigit(bytes[at - 2])) isTimed = true;
  }
  return dashes > 0 && isTimed ? severity : 0;
}

const CSV_COLUMNS = 11;

/** `2026-11-28 10:00:00.123 UTC,"bob","shop",42,...,ERROR,42P01,"message"`, PostgreSQL's csvlog: where the level is. */
export function columnOfPostgres(bytes: Uint8Array, from: number, end: number): number {
  if (bytes[from + 4] !== MINUS || bytes[from + 13] !== COLON || bytes[from + 19] !== DOT) return -1;
  let at = from + 23;
  while (at < from + CSV_TIME_MAX && bytes[at] !== COMMA) at++;
  if (at >= from + CSV_TIME_MAX || isDigit(bytes[at - 1])) return -1;
  for (let column = 1; column < CSV_COLUMNS && at < end; column++) {
    at += 1;
    if (bytes[at] === QUOTE) {
      at += 1;
      while (at < end && (bytes[at] !== QUOTE || bytes[at + 1] === QUOTE)) at += bytes[at] === QUOTE ? 2 : 1;
    }
    while (at < end && bytes[at] !== COMMA) at++;
  }
  return at + 1;
}
const CSV_TIME_MAX = 32;
const COMMA = 0x2c;
const DOT = 0x2e;

/** `1764338924.779    180 192.168.0.224 TCP_MISS/503 `, of Squid. */
export function levelOfSquid(bytes: Uint8Array, from: number, end: number): Severity {
  if (bytes[from + 10] !== 0x2e || bytes[from + 14] !== BLANK) return 0;
  const client = wordEnd(bytes, skipBlanks(bytes, from + 14, end), end) + 1;
  const result = wordEnd(bytes, client, end) + 1;
  const to = wordEnd(bytes, result, end);
  return bytes[to - 4] === SLASH && to - result > 4 ? severityOfStatus(numberAt(bytes, to - 3, to)) : 0;
}

function wordEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== BLANK) at++;
  return at;
}
