/** The level of a record of several lines that has no level word: frames of a trace below its first line say that it failed. */

import { isDigit } from '../../records/bytes.js';
import { isAt, isBlank, skipBlanks } from '../bytes.js';
import type { Severity } from './severity.js';

const LINE_FEED = 0x0a;
const TAB = 0x09;
const DOT = 0x2e;
const BLANK = 0x20;
const SLASH = 0x2f;
const WARN: Severity = 13;
const ERROR: Severity = 17;
/** The second line begins so far into a record, and frames so far below. */
const FIRST_MAX = 1024;
const WITHIN = 4096;

/** Stacks that a program was asked to show. */
const DUMPS: readonly Buffer[] = ['Full thread dump ', 'Trace: ', 'Trace\n', 'goroutine ', 'Stack trace'].map((text) =>
  Buffer.from(text),
);
/** How lines begin that only traces have: of Python, Lua, Haskell, Tcl, PowerShell, PHP, Ruby, Go, Perl, glibc. */
const FRAMES: readonly Buffer[] = [
  ...['Traceback (most recent call last)', 'stack traceback:', 'CallStack (from ', 'HasCallStack backtrace:'],
  ...['    while executing', '    invoked from within', 'Line |\n', 'Stack trace:\n', '[stacktrace]', '\tfrom '],
  ...[
    'goroutine ',
    '======= Backtrace: =======',
    'Error termination. Backtrace:',
    '----- Native stack trace',
    '#0 ',
    '    Diagnostic severity: error',
  ],
].map((text) => Buffer.from(text));
const AT = Buffer.from('at ');
const AT_PLACE = Buffer.from('At ');
const CHAR = Buffer.from(' char:');
const GO_PLACE = Buffer.from(' (0x');
const CALLED_AT = Buffer.from(' called at ');

export function levelOfFrames(bytes: Uint8Array, from: number, end: number): Severity {
  let at = lineEnd(bytes, from, Math.min(end, from + FIRST_MAX));
  const ofPerl = levelOfPerl(bytes, from, at, end);
  if (ofPerl > 0) return ofPerl;
  if (bytes[at] !== LINE_FEED || at >= end || DUMPS.some((text) => isAt(bytes, from, end, text))) return 0;
  const limit = Math.min(end, from + WITHIN);
  while (at < limit) {
    const line = at + 1;
    if (isAt(bytes, line, end, DUMPS[0]!)) return 0;
    at = lineEnd(bytes, line, limit);
    if (isFrame(bytes, line, at, end)) return ERROR;
  }
  return 0;
}

function lineEnd(bytes: Uint8Array, from: number, limit: number): number {
  let at = from;
  while (at < limit && bytes[at] !== LINE_FEED) at++;
  return at;
}

function isFrame(bytes: Uint8Array, from: number, to: number, end: number): boolean {
  for (const text of FRAMES) if (isAt(bytes, from, end, text)) return true;
  if (isAt(bytes, from, end, AT_PLACE)) return has(bytes, from, to, CHAR);
  // `/srv/main.go:12 (0x7a1b2c)`, of Gin.
  if (bytes[from] === SLASH)
    return (bytes[to - 1] === 0x29 || bytes[to - 1] === 0x6d) && has(bytes, from, to, GO_PLACE);
  if (!isBlank(bytes[from])) return false;
  const word = skipBlanks(bytes, from, to);
  return isAt(bytes, word, end, AT) ? isPlaceEnd(bytes, word, to) : has(bytes, word, to, CALLED_AT);
}

/** `at A.f(A.java:3)`, `at f (/a.js:1:2)`, `at /a.js:1:2`, `at A.B() in /a.cs:line 3`: what is behind `at` names a place. */
function isPlaceEnd(bytes: Uint8Array, from: number, to: number): boolean {
  const last = bytes[to - 1] === 0x0d ? bytes[to - 2] : bytes[to - 1];
  if (last !== 0x29 && !isDigit(last)) return false;
  for (let at = from; at < to; at++) if (bytes[at] === 0x28 || bytes[at] === SLASH) return true;
  return false;
}

function has(bytes: Uint8Array, from: number, to: number, text: Buffer): boolean {
  for (let at = from; at + text.length <= to; at++) if (isAt(bytes, at, to, text)) return true;
  return false;
}

const PLACE = Buffer.from(' at ');
const LINE = Buffer.from(' line ');

/** `message at /srv/a.pl line 3.`: `warn` and `die` write the same, so it is a warning at least, and an error with frames below. */
function levelOfPerl(bytes: Uint8Array, from: number, lineEnd: number, end: number): Severity {
  const to = bytes[lineEnd - 1] === 0x0d ? lineEnd - 1 : lineEnd;
  if (bytes[to - 1] !== DOT || !isDigit(bytes[to - 2])) return 0;
  let line = to - 2;
  while (line > from && isDigit(bytes[line])) line--;
  line -= LINE.length - 1;
  if (!isAt(bytes, line, end, LINE)) return 0;
  for (let at = line - 1; at > from; at--) {
    if (!isAt(bytes, at, end, PLACE)) continue;
    if (!isPerlFile(bytes, at + PLACE.length, line)) return 0;
    return lineEnd < end && bytes[lineEnd + 1] === TAB ? ERROR : WARN;
  }
  return 0;
}

const EXTENSIONS: readonly Buffer[] = ['.pl', '.pm', '.t', '.cgi', '.psgi'].map((text) => Buffer.from(text));
const SCRIPTS: readonly Buffer[] = ['/', '-e ', '(eval '].map((text) => Buffer.from(text));

/** `/srv/a`, `a.pl`, `-e`, `(eval 3)`; the line of a file that is read may follow: `a.pl line 3, <STDIN> line 5.`. */
function isPerlFile(bytes: Uint8Array, from: number, limit: number): boolean {
  if (SCRIPTS.some((text) => isAt(bytes, from, limit + 1, text))) return true;
  let to = from;
  while (to < limit && bytes[to] !== BLANK) to++;
  return EXTENSIONS.some((text) => to - text.length > from && isAt(bytes, to - text.length, to, text));
}
