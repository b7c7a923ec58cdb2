/**
 * The tokens of a head: where a name, a number and a group end, and whether one of them was a time. The head precedes the message of
 * a line, and the first ordinary word ends it.
 */

import { isDigit, isLetter, isUpper } from '../../records/bytes.js';
import { isAt, isBlank, skipBlanks, skipEscape, skipLetters } from '../bytes.js';
import { type Severity, severityOfWord } from './severity.js';

const COLON = 0x3a;
const BAR = 0x7c;
const MINUS = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const LINE_FEED = 0x0a;
const BRACKET = 0x5b;
const BRACKET_CLOSE = 0x5d;

/** Longest group. */
const GROUP_MAX = 200;
/** A number of so many digits is a date, a time, or the seconds of one. */
const TIME_DIGITS = 6;
const MONTHS_AND_DAYS = new Set(
  'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Mon Tue Wed Thu Fri Sat Sun'
    .split(' ')
    .map((name) => (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2)),
);
/** Names of loggers and threads that no sign tells from ordinary words. */
const NAMES: readonly Buffer[] = ['root', 'main'].map((word) => Buffer.from(word));

/** The state of a scan; one object for all scans, which run one at a time. */
export const head = { end: 0, hasTime: false, hasGroup: false, isAccess: false, hasHost: false, words: 0 };

export function isAllUpper(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!isUpper(bytes[i])) return false;
  return true;
}

/** Place of the bracket that closes a group on this line; -1 without one. */
export function groupEnd(bytes: Uint8Array, open: number, end: number): number {
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

export const isMonthOrDay = (bytes: Uint8Array, at: number, end: number): boolean =>
  at + 3 < end &&
  !isLetter(bytes[at + 3]) &&
  MONTHS_AND_DAYS.has((bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!);

/** Behind a token that begins with a digit; notes whether it may be a time. */
export function numberEnd(bytes: Uint8Array, from: number, end: number): number {
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
    // `10:00:03,123:ERROR:`, of Python.
    if (byte === COLON && isTime && isLevelBetweenColons(bytes, at + 1, end)) break;
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
export function nameEnd(bytes: Uint8Array, from: number, end: number): number {
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
    // `root:ERROR:`.
    if (byte === COLON && head.hasTime && isLevelBetweenColons(bytes, at + 1, end)) return at + 1;
  }
  const next = bytes[at];
  const behind = skipBlanks(bytes, at, end);
  const follows = behind < end ? bytes[behind]! : 0;
  if (next === BAR || (follows === BAR && head.words === 0)) return at;
  if (isZone(bytes, from, at)) return at;
  if (head.words === 0 && !head.hasGroup) {
    // An address, a host, a program: what begins an access log or `nginx: [emerg]`; Kibana's `log   [10:00:00.123] [info]`.
    const isClock = follows === BRACKET && isDigit(bytes[behind + 1]) && bytes[behind + 3] === COLON;
    return ((isName || next === BRACKET) && isSign(bytes, from, at)) || isClock
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

function isLevelBetweenColons(bytes: Uint8Array, from: number, end: number): boolean {
  if (!isUpper(bytes[from])) return false;
  const to = skipLetters(bytes, from, end);
  return bytes[to] === COLON && isAllUpper(bytes, from, to) && severityOfWord(bytes, from, to) > 0;
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
