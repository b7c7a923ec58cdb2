/**
 * How first lines of log events begin: with a time, a level, a tag of syslog. Most are decided by their first bytes.
 *
 * Two lines have the same shape when their first ten bytes are the same once digits are taken for one another, letters for
 * one another, and runs for one: rule 4 of docs/decisions on events. A shape without a digit or a bracket says nothing.
 */

import { isDigit, isLetter, isUpper } from '../records/bytes.js';
import type { Line } from './line.js';

const LEVELS =
  /^(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|SEVERE|FATAL|CRITICAL|CRIT|ALERT|EMERG|FINEST|FINER|FINE|CONFIG)\b/;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const DAYS = 'MonTueWedThuFriSatSun';
const OPEN = 0x5b;
const COLON = 0x3a;
const DASH = 0x2d;
const SLASH = 0x2f;
const DOT = 0x2e;
const BLANK = 0x20;
const TAB = 0x09;
const EQUALS = 0x3d;
const LESS = 0x3c;

export function isStart(line: Line): boolean {
  const first = line.at(0);
  if (isDigit(first)) return isTime(line, 0);
  if (first === OPEN) return isBracketed(line);
  // A priority of syslog; WebLogic's `<Nov 28, 2026 `.
  if (first === LESS)
    return line.digits(1) > 0 ? line.at(1 + line.digits(1)) === 0x3e : isName(line, 1, MONTHS) && isMonthDay(line, 4);
  if (first === 0x23) return line.has('####<');
  if (first === EQUALS) return line.has(' REPORT==== ', line.indexOf(' REPORT==== ', 0, 40));
  if (!isUpper(first)) return isLowerLevel(line);
  if (isName(line, 0, MONTHS)) return isMonthDay(line, 3);
  if (isName(line, 0, DAYS) && (line.at(3) === BLANK || line.at(3) === 0x2c)) return true;
  // Ruby's Logger: `E, [2026-11-28T`.
  if (line.at(1) === 0x2c && line.has(' [', 2)) return isDigit(line.at(4));
  // klog: `E1128 04:57:06.188`.
  if (line.digits(1) === 4 && line.at(5) === BLANK) return line.at(8) === COLON;
  return isLevelWord(line);
}

/** Shorter ones may be a date alone, which begins a dump of threads. */
const ORDINARY_BYTES = 20;

/**
 * Whether a line is surely START, is no head, has no prefix of a supervisor, and is followed as LOGGED: most lines of many logs are, and
 * these few bytes answer all that the grammar would ask. It begins with an address, or with a date and a blank.
 */
export function isOrdinaryStart({ bytes, start, end }: Line): boolean {
  // `2026-11-28T`: of a runtime of containers, too. A colon at the end: a panic of Gin.
  if (end - start < ORDINARY_BYTES || bytes[start + 10] === 0x54 || bytes[end - 1] === COLON) return false;
  // RabbitMQ's time and level, which are a prefix.
  if (bytes[start + 33] === OPEN && bytes[start + 29] === COLON) return false;
  let i = start;
  for (let part = 0; part < 4; part++) {
    const from = i;
    while (i - from < 4 && isDigit(bytes[i])) i++;
    if (i === from) return false;
    if (i - from === 4) return part === 0 && isDayAndBlank(bytes, i);
    if (part < 3 && bytes[i++] !== DOT) return false;
  }
  return bytes[i] === BLANK || bytes[i] === TAB || bytes[i] === COLON;
}

/** `-11-28 `, behind the year. */
const isDayAndBlank = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === DASH && isDigit(bytes[at + 1]) && bytes[at + 3] === DASH && bytes[at + 6] === BLANK;

/** Symbols of states: `✓`, `✔`, `✖`, `✗`, `✘`, `⨯`, `○`, `●`, `⚠`, `▲`, `ℹ`, and their last bytes in UTF-8. */
const MARKS: ReadonlySet<number> = new Set([
  0x9c93, 0x9c94, 0x9c96, 0x9c97, 0x9c98, 0xa8af, 0x978b, 0x978f, 0x9aa0, 0x96b2, 0x84b9,
]);

/** Next.js writes a blank and a symbol before each message: ` ✓ Ready in 300ms`. More blanks are a list within a message. */
export const isMarked = (line: Line): boolean =>
  isIndentedTime(line) ||
  isOfKibana(line) ||
  (line.at(1) === 0xe2 && line.at(4) === BLANK && line.at(0) === BLANK && MARKS.has(line.at(2) * 256 + line.at(3)));

/** Kibana before version 8: `  log   [10:00:03.123] [error][plugin] message`. */
function isOfKibana(line: Line): boolean {
  let at = line.indent;
  if (at !== 2) return false;
  while (isLetter(line.at(at))) at++;
  while (line.at(at) === BLANK) at++;
  return (
    line.at(at) === OPEN &&
    line.digits(at + 1) === 2 &&
    line.has(':', at + 3) &&
    line.at(at + 9) === DOT &&
    line.has('] [', at + 13)
  );
}

/** Blanks and a time with a `T`: tracing's pretty format, Consul. */
function isIndentedTime(line: Line): boolean {
  let at = line.indent;
  if (at > 6) return false;
  // A colour.
  if (line.at(at) === 0x1b) {
    at += 2;
    while (isDigit(line.at(at))) at++;
    at += 1;
  }
  return line.digits(at) === 4 && line.at(at + 4) === DASH && line.at(at + 10) === 0x54 && line.at(at + 13) === COLON;
}

/** Whether a first line begins so that a write of several lines is one event: with a time or a level, not just a word in brackets. */
export function isTelling(line: Line): boolean {
  // Logs of requests have a line each.
  if (isDigit(line.at(0)) && isAddress(line, 0)) return false;
  for (let i = 0; i < SHAPE_BYTES + 2; i++) if (isDigit(line.at(i))) return true;
  return isLevelWord(line) || isLowerLevel(line) || (line.at(0) === EQUALS && line.includes(' REPORT==== ', 40));
}

/** A level in capitals at the begin, and what follows levels in logs. */
function isLevelWord(line: Line): boolean {
  let length = 0;
  while (isUpper(line.at(length))) length++;
  if (length < 4 || length > 8) return false;
  const next = line.at(length);
  if (next !== COLON && next !== BLANK && next !== TAB) return false;
  return LEVELS.test(text(line, 0, length));
}

const LOWER_LEVELS = [
  'error: ',
  'warn: ',
  'warning: ',
  'info: ',
  'debug: ',
  'verbose: ',
  'silly: ',
  'trace: ',
  'fatal: ',
];

/** `error: message`, as winston writes. */
const isLowerLevel = (line: Line): boolean => LOWER_LEVELS.some((level) => line.has(level));

const text = (line: Line, from: number, to: number): string => {
  let out = '';
  for (let i = from; i < to; i++) out += String.fromCharCode(line.at(i));
  return out;
};

function isBracketed(line: Line): boolean {
  // GlassFish: `[#|2026-11-28T10:00:00.123+0000|INFO|`.
  if (line.at(1) === 0x23) return line.has('[#|') && line.digits(3) === 4;
  if (isDigit(line.at(1))) return isTime(line, 1) || line.indexOf(']', 2, 40) > 0;
  if (isName(line, 1, DAYS) || isName(line, 1, MONTHS)) return true;
  let length = 1;
  while (isLetter(line.at(length))) length++;
  // `[error]`, `[main] INFO`: a word and what comes after it.
  return length > 1 && line.indexOf(']', length, 60) > 0 && line.at(line.indexOf(']', length, 60) + 1) === BLANK;
}

const isMonthDay = (line: Line, at: number): boolean =>
  line.at(at) === BLANK && (isDigit(line.at(at + 1)) || (line.at(at + 1) === BLANK && isDigit(line.at(at + 2))));

const isName = (line: Line, at: number, names: string): boolean => {
  for (let i = 0; i < names.length; i += 3) {
    if (
      line.at(at) === names.charCodeAt(i) &&
      line.at(at + 1) === names.charCodeAt(i + 1) &&
      line.at(at + 2) === names.charCodeAt(i + 2)
    ) {
      return !isLetter(line.at(at + 3));
    }
  }
  return false;
};

/** A date or a time of day at `at`. */
function isTime(line: Line, at: number): boolean {
  const digits = line.digits(at);
  const next = line.at(at + digits);
  if (digits < 4 && next === DOT && isAddress(line, at)) return true;
  switch (digits) {
    case 1:
    case 2:
      // `28-Nov-2026`, `28/Nov/2026`, `04:57:06`, `28.11.2026`, `28 Nov 2026`.
      if (next === COLON) return line.digits(at + digits + 1) === 2 && line.at(at + digits + 3) === COLON;
      if (next === DASH || next === SLASH || next === BLANK) {
        return isName(line, at + digits + 1, MONTHS) || (next !== BLANK && line.digits(at + digits + 1) === 2);
      }
      return next === DOT && line.digits(at + 3) === 2 && line.at(at + 5) === DOT;
    case 4:
      return (next === DASH || next === SLASH || next === DOT) && line.digits(at + 5) >= 1;
    case 6:
      // MariaDB: `261128  4:59:46`; HDFS: `081109 203518 143 INFO`.
      return next === BLANK && (isDigit(line.at(at + 7)) || (line.at(at + 7) === BLANK && isDigit(line.at(at + 8))));
    case 8:
      return next === 0x54 || next === BLANK || next === DASH;
    case 10:
    case 13:
      // Seconds and milliseconds since 1970.
      return line.at(at) === 0x31 && (next === DOT || next === BLANK || next === TAB);
    default:
      // Redis: `9447:C 28 Nov 2026`.
      return next === COLON && isUpper(line.at(at + digits + 1)) && line.at(at + digits + 2) === BLANK;
  }
}

/** `127.0.0.1 - - [`, as logs of requests begin. */
function isAddress(line: Line, at: number): boolean {
  let i = at;
  for (let part = 0; part < 4; part++) {
    const digits = line.digits(i);
    if (digits === 0 || digits > 3) return false;
    i += digits;
    if (part < 3 && line.at(i++) !== DOT) return false;
  }
  return line.at(i) === BLANK || line.at(i) === TAB || line.at(i) === COLON;
}

const SHAPE_BYTES = 10;

/** Whether a line begins in the shape of another, and the shape is one that says something. */
export function hasShapeOf(line: Line, other: Line): boolean {
  let isTelling = false;
  let [i, j] = [0, 0];
  while (i < SHAPE_BYTES && j < SHAPE_BYTES) {
    const one = shapeAt(line.at(i));
    if (one !== shapeAt(other.at(j))) return false;
    if (one === 0x39 || one === OPEN || one === 0x7b || one === LESS || one === EQUALS) isTelling = true;
    do i++;
    while (i < SHAPE_BYTES && shapeAt(line.at(i)) === one);
    do j++;
    while (j < SHAPE_BYTES && shapeAt(other.at(j)) === one);
  }
  return isTelling && i === j;
}

function shapeAt(byte: number): number {
  if (isDigit(byte)) return 0x39;
  if (isUpper(byte)) return 0x41;
  return isLetter(byte) ? 0x61 : byte;
}

const TROUBLE = [
  'error',
  'err]',
  'fatal',
  'severe',
  'critical',
  'crit',
  'warn',
  'alert',
  'emerg',
  'exception',
  'failed',
  'failure',
  'stack',
  'abort',
  'panic',
  'uncaught',
  'unhandled',
  'crash',
];

const TROUBLE_BEGINS: ReadonlySet<number> = new Set(TROUBLE.map((word) => word.charCodeAt(0)));

/** Whether a first line says that something went wrong: a trace may follow it. */
export function saysTrouble(line: Line): boolean {
  // klog and glog: `E1128 10:00:03`; Ruby: `F, [2026-11-28T10:00:03`.
  const first = line.at(0);
  if ((first === 0x45 || first === 0x46 || first === 0x57) && (line.digits(1) === 4 || line.has(', [', 1))) return true;
  const stop = Math.min(line.length, 160);
  for (let i = 0; i < stop; i++) {
    const byte = line.at(i) | 0x20;
    if (i > 0 && isLetter(line.at(i - 1))) continue;
    if (!TROUBLE_BEGINS.has(byte)) continue;
    if (TROUBLE.some((word) => hasFolded(line, word, i))) return true;
  }
  return false;
}

function hasFolded(line: Line, word: string, at: number): boolean {
  for (let i = 0; i < word.length; i++) if ((line.at(at + i) | 0x20) !== word.charCodeAt(i)) return false;
  return true;
}
