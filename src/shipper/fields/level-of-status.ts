/** The level of a line of an access log: that of the status which the server answered. */

import { isDigit } from '../records/bytes.js';
import { isBlank, numberAt, skipBlanks } from './bytes.js';
import { type Severity, severityOfStatus } from './severity.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Of `"GET / HTTP/1.1" 500 12`, behind the time of an access log. */
export function levelOfAccess(bytes: Uint8Array, from: number, end: number): Severity {
  let at = skipBlanks(bytes, from, end);
  if (bytes[at] !== QUOTE) return 0;
  for (at += 1; at < end && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at += 1;
  const status = skipBlanks(bytes, at + 1, end);
  const isStatus = isBlank(bytes[at + 1]) && (status + 3 === end || !isDigit(bytes[status + 3]));
  return isStatus ? severityOfStatus(numberAt(bytes, status, Math.min(end, status + 3))) : 0;
}

/** `GET /path query port user client agent referrer status`, of IIS with its default fields. */
export function levelOfIis(bytes: Uint8Array, to: number, end: number): Severity {
  let at = to;
  for (let column = 1; column < IIS_STATUS; column++) {
    at += 1;
    while (at < end && !isBlank(bytes[at])) at++;
  }
  const status = numberAt(bytes, at + 1, end);
  return at + 5 < end && bytes[at + 4] === 0x20 && isDigit(bytes[at + 5]) ? severityOfStatus(status) : 0;
}
/** Columns from the method to the status. */
const IIS_STATUS = 8;

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
  const server = wordEnd(bytes, close + 1, end) + 1;
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
