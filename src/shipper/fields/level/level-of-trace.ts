/** Levels of records that are traces, or errors and warnings of a runtime, and have no level word of their own. */

import { isDigit, isLetter, isUpper } from '../../records/bytes.js';
import { isAt, isBlank } from '../bytes.js';
import type { Severity } from './severity.js';

const COLON = 0x3a;
const DOT = 0x2e;
const MINUS = 0x2d;
const LINE_FEED = 0x0a;
const WARN: Severity = 13;
const ERROR: Severity = 17;
const FATAL: Severity = 21;
/** Longest name of a class. */
const NAME_MAX = 200;

type Trace = readonly [head: Buffer, severity: Severity];
const TRACES: readonly Trace[] = (
  [
    ['Traceback (most recent call last)', 17],
    ['Exception in thread ', 17],
    ['Exception Group Traceback', 17],
    ['Unhandled exception', 21],
    ['FATAL EXCEPTION: ', 21],
    ['Unhandled Exception', 21],
    ['panic: ', 21],
    ['fatal error: ', 21],
    ['Segmentation fault', 21],
    ['Fatal error: ', 21],
    ['Fatal Python error: ', 21],
    ['Task was destroyed but it is pending!', 17],
    ['Future exception was never retrieved', 17],
    ['Exception in callback ', 17],
    ['Unclosed client session', 17],
    ['Unclosed connector', 17],
    ['runtime error: ', 17],
    ['error[E', 17],
    ['\u2550\u2550\u2561 EXCEPTION CAUGHT BY ', 17],
    ['Exception ignored ', 17],
    ['Task exception was never retrieved', 17],
    ['--- Logging error ---', 17],
    ['runtime: out of memory: ', 21],
    ['runtime: goroutine stack exceeds ', 21],
    ['SIGSEGV: ', 21],
    ['SIGABRT: ', 21],
    ['SIGQUIT: quit', 21],
    ['<--- Last few GCs --->', 21],
    ['+ Exception Group Traceback', 17],
    ['http: panic serving ', 17],
    ['AddressSanitizer:DEADLYSIGNAL', 21],
    ['terminate called ', 21],
    ['*** Program crashed: ', 21],
    ['Stack overflow.', 21],
    ['Process terminated. ', 21],
    ['Error occurred during initialization of VM', 21],
    ['#\n# A fatal error has been detected', 21],
    ['# A fatal error has been detected', 21],
    ['#\n# There is insufficient memory for the Java', 21],
    ['#\n# java.lang.OutOfMemoryError', 21],
    // Linux.
    ['BUG: unable to handle ', 21],
    ['BUG: kernel NULL pointer ', 21],
    ['Unable to handle kernel ', 21],
    ['general protection fault', 21],
    ['Kernel panic - not syncing: ', 21],
    ['watchdog: BUG: soft lockup', 21],
    ['Out of memory: Killed process ', 17],
    ['Memory cgroup out of memory: Killed process ', 17],
    ['------------[ cut here ]------------', 13],
    // Elixir, Erlang, Clojure, R.
    ['** (', 17],
    ['Kernel pid terminated (', 21],
    ['init terminating in do_boot', 21],
    ['Runtime terminating during boot (', 21],
    ['Execution error (', 17],
    ['Error in ', 17],
    ['Warning message:\n', 13],
    ['Warning messages:\n', 13],
    ['PHP Fatal error: ', 21],
    ['PHP Parse error: ', 21],
    ['PHP Warning: ', 13],
    ['PHP Notice: ', 10],
    ['PHP Deprecated: ', 13],
    ['Parse error: ', 21],
    ['Recoverable fatal error: ', 21],
    ['Deprecated: ', 13],
    ['Strict Standards: ', 13],
    ['<b>Fatal error</b>:', 21],
    ['<b>Parse error</b>:', 21],
    ['<b>Warning</b>:', 13],
    ['<b>Notice</b>:', 10],
    ['<b>Deprecated</b>:', 13],
    // Answers that Django logs.
    ['Internal Server Error: /', 17],
    ['Service Unavailable: /', 17],
    ['Not Found: /', 13],
    ['Forbidden: /', 13],
    ['Forbidden (', 13],
    ['Bad Request: /', 13],
    ['Unauthorized: /', 13],
    ['Method Not Allowed (', 13],
    // Signs of Next.js, consola and miette.
    ['\u2a2f ', 17],
    ['\u2716 ', 17],
    ['\u26a0 ', 13],
    ['\u00d7 ', 17],
    // PostgreSQL without a prefix.
    ['LOG:  ', 9],
    ['npm ERR! ', 17],
    ['npm error ', 17],
    ['npm WARN ', 13],
    ['npm warn ', 13],
  ] as const
).map(([head, severity]) => [Buffer.from(head), severity]);
const BY_FIRST: Trace[][] = Array.from({ length: 256 }, () => []);
for (const trace of TRACES) BY_FIRST[trace[0][0]!]!.push(trace);
const THREAD = Buffer.from("thread '");
const PANICKED = Buffer.from("' panicked at ");
/** Of a thread of Rust. */
const THREAD_NAME_MAX = 64;

/** Of the texts that traces and messages of runtimes begin with. */
export function levelOfBegin(bytes: Uint8Array, from: number, end: number): Severity {
  for (const [head, severity] of BY_FIRST[bytes[from]!]!) if (isAt(bytes, from, end, head)) return severity;
  return 0;
}

export function levelOfTrace(bytes: Uint8Array, from: number, end: number): Severity {
  const first = bytes[from]!;
  const ofBegin = levelOfBegin(bytes, from, end);
  if (ofBegin > 0) return ofBegin;
  if (first === THREAD[0] && isAt(bytes, from, end, THREAD))
    return hasPanicked(bytes, from + THREAD.length, end) ? FATAL : 0;
  if (isOracle(bytes, from, end) || isSymfonyPlace(bytes, from, end)) return ERROR;
  return isSourcePlace(bytes, from, end) || isRubyError(bytes, from, end) ? ERROR : 0;
}

/** `thread 'main' panicked at `, with the number of the thread since Rust 1.91: `thread 'main' (42) panicked at `. */
function hasPanicked(bytes: Uint8Array, from: number, end: number): boolean {
  const limit = Math.min(end, from + THREAD_NAME_MAX);
  for (let at = from; at < limit; at++) {
    if (isAt(bytes, at, end, PANICKED)) return true;
    if (bytes[at] === 0x29 && isAt(bytes, at + 1, end, PANICKED.subarray(1))) return true;
    if (bytes[at] === LINE_FEED) return false;
  }
  return false;
}

/** Behind the first word. */
function wordEnd(bytes: Uint8Array, from: number, end: number): number {
  const limit = Math.min(end, from + NAME_MAX);
  let at = from;
  while (at < limit && bytes[at]! > 0x20) at++;
  return at;
}

const ORACLE: readonly Buffer[] = ['ORA-', 'TNS-', 'PLS-', 'RMAN-', 'SP2-'].map((text) => Buffer.from(text));

/** `ORA-00942: table or view does not exist`; number 0 is success. */
function isOracle(bytes: Uint8Array, from: number, end: number): boolean {
  if (bytes[from + 3] !== MINUS && bytes[from + 4] !== MINUS) return false;
  const name = ORACLE.find((text) => isAt(bytes, from, end, text));
  if (name === undefined) return false;
  let to = from + name.length;
  let value = 0;
  for (; isDigit(bytes[to]); to++) value = value * 10 + bytes[to]! - 0x30;
  return value > 0 && to - from >= name.length + 4 && bytes[to] === COLON;
}

const IN = Buffer.from('In ');
const LINE = Buffer.from(' line ');

/** `In Connection.php line 117:`, above the message of an error that Symfony's console caught. */
function isSymfonyPlace(bytes: Uint8Array, from: number, end: number): boolean {
  if (!isAt(bytes, from, end, IN)) return false;
  const to = wordEnd(bytes, from + IN.length, end);
  if (!isAt(bytes, to, end, LINE)) return false;
  let digits = to + LINE.length;
  while (isDigit(bytes[digits])) digits++;
  return digits > to + LINE.length && bytes[digits] === COLON && (digits + 1 >= end || bytes[digits + 1] === LINE_FEED);
}

const SOURCES: readonly Buffer[] = ['.js:', '.ts:', 'mjs:', 'cjs:'].map((text) => Buffer.from(text));
const PLACES: readonly Buffer[] = ['node:internal/', '[eval]:', '[stdin]:'].map((text) => Buffer.from(text));

/** `/app/index.js:15`, above the line of source where an error of Node was thrown. */
function isSourcePlace(bytes: Uint8Array, from: number, end: number): boolean {
  const to = wordEnd(bytes, from, end);
  if (bytes[to] !== LINE_FEED || !isDigit(bytes[to - 1])) return false;
  let sign = to - 1;
  while (sign > from && isDigit(bytes[sign])) sign--;
  if (PLACES.some((text) => isAt(bytes, from, end, text))) return true;
  return SOURCES.some((text) => isAt(bytes, sign + 1 - text.length, end, text));
}

const RUBY_IN = Buffer.from(':in');

/** ``a.rb:4:in `pay': message (NoOrder)``, an error that nothing rescued. */
function isRubyError(bytes: Uint8Array, from: number, end: number): boolean {
  const to = wordEnd(bytes, from, end);
  if (!isAt(bytes, to - RUBY_IN.length, end, RUBY_IN) || !isDigit(bytes[to - RUBY_IN.length - 1])) return false;
  const quote = bytes[to + 1];
  if (quote !== 0x60 && quote !== 0x27) return false;
  const limit = Math.min(end, to + NAME_MAX);
  for (let at = to + 2; at + 1 < limit && bytes[at] !== LINE_FEED; at++) {
    if (bytes[at] === 0x27 && bytes[at + 1] === COLON) return true;
  }
  return false;
}

const CLASSES: readonly (readonly [end: Buffer, severity: Severity])[] = (
  [
    ['Error', ERROR],
    ['Exception', ERROR],
    ['Warning', WARN],
  ] as const
).map(([end, severity]) => [Buffer.from(end), severity]);
const CODE_END = Buffer.from(']:');
const CODE_MAX = 60;

/**
 * A class of errors or of warnings at the begin of a message: `java.lang.IllegalStateException: boom`,
 * `TypeError [ERR_X]: boom`, `(node:1) DeprecationWarning: `; without a message where a frame is in the next line.
 */
export function levelOfClass(bytes: Uint8Array, from: number, end: number): Severity {
  const limit = Math.min(end, from + NAME_MAX);
  let name = from;
  let to = from;
  for (; to < limit; to++) {
    const byte = bytes[to]!;
    if (byte === DOT) name = to + 1;
    else if (!isLetter(byte) && !isDigit(byte) && byte !== 0x5f && byte !== 0x24) break;
  }
  if (!isUpper(bytes[name])) return 0;
  const ending = CLASSES.find(([text]) => to - name >= text.length && isAt(bytes, to - text.length, end, text));
  return ending !== undefined && isClassEnd(bytes, to, end) ? ending[1] : 0;
}

function isClassEnd(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at] === COLON) return at + 1 >= end || bytes[at + 1]! <= 0x20;
  if (bytes[at] === 0x20 && bytes[at + 1] === 0x5b) {
    const limit = Math.min(end, at + CODE_MAX);
    for (let i = at + 2; i < limit && bytes[i] !== LINE_FEED; i++) if (isAt(bytes, i, end, CODE_END)) return true;
    return false;
  }
  // Its first frame.
  if (bytes[at] !== LINE_FEED || !isBlank(bytes[at + 1])) return false;
  let frame = at + 1;
  while (frame < end && isBlank(bytes[frame])) frame++;
  return bytes[frame] === 0x61 && bytes[frame + 1] === 0x74 && bytes[frame + 2] === 0x20;
}

const SANITIZER_ERROR = Buffer.from('==ERROR: ');
const RULE_MAX = 120;

/** A report of a sanitizer: a rule of `=`, then `==7==ERROR: AddressSanitizer: `. */
export function levelOfSanitizer(bytes: Uint8Array, from: number, end: number): Severity {
  const limit = Math.min(end, from + RULE_MAX);
  for (let at = from; at < limit; at++) if (isAt(bytes, at, end, SANITIZER_ERROR)) return ERROR;
  return 0;
}
