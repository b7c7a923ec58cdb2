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
  return bytes[close - 1] === BRACKET_CLOSE && bytes[close + 1] === QUOTE ? levelOfAccess(bytes, close, end) : 0;
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
