/**
 * Exceptions of virtual machines: `pkg.Class: message`, then frames that begin with `at`. Java, Kotlin, Scala, Clojure, .NET,
 * Mono and Node share the shape.
 */

import { isDigit, isUpper } from '../../records/bytes.js';
import { CLOSED, FAMILY_MODES, KIND, type Mode, step, TRACE, VERDICT } from '../kinds.js';
import { isWord, type Line } from '../line.js';
import { type Family, lines, literals, type Rule } from './family.js';

const BASE = FAMILY_MODES;
/** The class is named; lines of its message may follow. */
export const EXCEPTION = BASE;
/** The runtime said that there is an exception; the next line names it. */
const ANNOUNCED = BASE + 1;
/** Node: a file and line number were printed; the source line follows. */
const SOURCE = BASE + 2;
/** Node: the source line was printed. */
const CARET = BASE + 3;
/** .NET: the same frames are printed once, between ruled lines. */
const OVERFLOW = BASE + 4;
/** V8 is out of memory. */
const V8 = BASE + 5;
/** Rails: the class and the message, behind an empty line. */
export const RAILS = BASE + 6;

/** Longest name of a class. */
const NAME_BYTES = 200;
/** Of a message, before the first frame. */
const MESSAGE_LINES = 16;
const BLANK = 0x20;
const DOT = 0x2e;
const COLON = 0x3a;

/** `at`, `... 3 more`, `- locked` after blanks. */
export function isFrame(line: Line): boolean {
  const { indent } = line;
  if (indent === 0) return false;
  return (
    line.has('at ', indent) ||
    line.has('... ', indent) ||
    line.has('- ', indent) ||
    line.has('Suppressed: ', indent) ||
    line.has('from ', indent) ||
    isRubyPlace(line, indent) ||
    // Perl.
    line.includes(' called at ')
  );
}

/** Of a suppressed exception it is the name, and its message may have further lines. */
export const modeOfFrame = (line: Line): Mode => (line.has('Suppressed: ', line.indent) ? EXCEPTION : TRACE);

/** Ruby: `a.rb:3:in \`f'`. */
function isRubyPlace(line: Line, indent: number): boolean {
  const at = line.indexOf(':in ', indent);
  return at > 0 && isDigit(line.at(at - 1)) && (line.at(at + 4) === 0x60 || line.at(at + 4) === 0x27);
}

/** Letters that names of exceptions end with, and a colon. */
const isNameByte = (byte: number): boolean => NAME_ENDS.has(byte);

/** A class name that ends as those of exceptions do, and then a colon or the end. */
function isException(line: Line): boolean {
  const from = line.has('Uncaught ') ? 9 : 0;
  if (from === 0) {
    const { wordEnd } = line;
    const isNamed = line.at(wordEnd - 1) === COLON || line.has(' [', wordEnd) || wordEnd === line.length;
    if (!isNamed || wordEnd > NAME_BYTES) return false;
    if (wordEnd === line.length && !isNameByte(line.at(wordEnd - 1))) return false;
  }
  let [i, dots, last] = [from, 0, from];
  for (; isWord(line.at(i)) || line.at(i) === DOT || line.at(i) === 0x2f; i++) {
    if (line.at(i) === DOT) {
      dots += 1;
      last = i + 1;
    }
  }
  if (i === from || !(isUpper(line.at(last)) || dots > 1)) return false;
  // Node puts a code behind the name: `TypeError [ERR_X]: message`.
  const next = line.has(' [', i) && line.indexOf(']:', i) > 0 ? COLON : line.at(i);
  if (next !== COLON && next !== -1) return false;
  if (next === COLON && line.at(i + 1) !== BLANK && line.at(i + 1) !== -1 && line.at(i) === COLON) return false;
  return NAMES.some((name) => i - last >= name.length && line.has(name, i - name.length)) || isNested(line, last, i);
}

/** `Outer.Exception$Inner`. */
const isNested = (line: Line, from: number, to: number): boolean => {
  for (let i = from; i < to; i++)
    if (line.at(i) === 0x24) return line.has('Exception', i - 9) || line.has('Error', i - 5);
  return false;
};
const NAME_ENDS: ReadonlySet<number> = new Set([...'nreotp:'].map((end) => end.charCodeAt(0)));
const NAMES = ['Exception', 'Error', 'Throwable', 'ExceptionInfo', 'Failure', 'Fault', 'Interrupt'];

/** Parts of reports of Rust's eyre, and of exceptions that Java found in Python. */
const NOTES = ['Location:', 'Backtrace omitted. Run with ', 'Run with RUST_BACKTRACE='];

const message: Rule = (line, kind, tail) => {
  if (isFrame(line)) return step(VERDICT.JOIN, modeOfFrame(line));
  // The message of a database.
  if (line.has('ORA-')) return step(VERDICT.MAYBE, EXCEPTION);
  if (NOTES.some((text) => line.has(text))) return step(VERDICT.JOIN, EXCEPTION);
  switch (kind) {
    case KIND.INDENTED:
      return step(tail > 0 ? VERDICT.MAYBE : VERDICT.JOIN, EXCEPTION);
    case KIND.EMPTY:
    case KIND.PLAIN:
      return step(tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NEW, EXCEPTION);
    case KIND.CONTINUATION:
      // Another exception's cause is not this one's.
      return step(tail > 0 && line.has('Caused by: ') ? VERDICT.NEW : VERDICT.NONE, EXCEPTION);
    default:
      return step(VERDICT.NONE, EXCEPTION);
  }
};

export const exceptions: Family = {
  heads: [
    { test: isException, mode: EXCEPTION },
    ...literals(
      ['Exception in thread "', 'Unhandled exception. ', 'Uncaught Error', 'Process terminated. ', 'error: Uncaught '],
      EXCEPTION,
    ),
    ...literals(['Stack overflow.', 'Process is terminating due to StackOverflow'], OVERFLOW),
    { first: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', test: isRails, mode: RAILS },
    {
      test: (line) => line.at(line.wordEnd - 1) === COLON && line.has(' Uncaught exception ', line.wordEnd),
      mode: EXCEPTION,
    },
    ...literals(['<--- Last few GCs --->'], V8),
    ...literals(
      ['Unhandled Exception:', 'Unhandled exception:', 'Error occurred during initialization of VM'],
      ANNOUNCED,
    ),
    { first: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/[', test: isSourcePlace, mode: SOURCE },
  ],
  continuations: [
    ...literals(['Caused by: ', 'Wrapped by: ', '---> '], EXCEPTION),
    // The Java machine gives the reason first.
    ...literals([
      'Error: Could not create the Java Virtual Machine.',
      'Error: A fatal exception has occurred. Program',
    ]),
    ...literals(['Caused by:', '--- End of ', '<asynchronous suspension>', 'HasCallStack backtrace:']),
    // WebLogic, Spark.
    ...literals(['Caused By: '], EXCEPTION),
    ...lines(['Driver stacktrace:'], TRACE),
    // Node: where an error was emitted that nothing listened for.
    ...literals(["Emitted 'error' event "], TRACE),
    { first: '<', test: (line) => line.has('<---') && line.length === 4 },
  ],
  rules: {
    [EXCEPTION]: message,
    [RAILS]: message,
    // Node's last word.
    [TRACE]: (line, _kind, tail) =>
      line.has('Node.js v') && tail === 1 ? step(VERDICT.JOIN, CLOSED) : step(VERDICT.NONE, TRACE),
    [OVERFLOW]: (line, kind) => {
      const isPart = kind === KIND.INDENTED || line.has('Repeat ') || line.has('--------');
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, OVERFLOW);
    },
    [V8]: (line, kind, tail) => {
      if (kind === KIND.EMPTY) return step(tail < 3 ? VERDICT.MAYBE : VERDICT.NEW, V8);
      if (line.has('<--- Last few GCs')) return step(VERDICT.NEW, V8);
      const isPart =
        kind === KIND.INDENTED ||
        line.has('<--- ') ||
        line.has('FATAL ERROR: ') ||
        line.has('----- Native stack trace') ||
        isCollection(line);
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, V8);
    },
    [ANNOUNCED]: (_line, kind) =>
      step(kind === KIND.EMPTY ? VERDICT.MAYBE : VERDICT.JOIN, kind === KIND.EMPTY ? ANNOUNCED : EXCEPTION),
    [SOURCE]: (_line, kind) => step(kind === KIND.START ? VERDICT.NEW : VERDICT.MAYBE, CARET),
    [CARET]: (line, kind, tail) => {
      if (kind === KIND.HEAD) return step(VERDICT.JOIN, EXCEPTION);
      // `[AggregateError: message] {`: it has no frames of its own.
      if (line.at(0) === 0x5b && line.includes('Error', NAME_BYTES)) return step(VERDICT.JOIN, TRACE);
      // The thrown value is no error.
      if (tail > 0 && line.has('Node.js v')) return step(VERDICT.JOIN, CLOSED);
      if (line.has('^', line.indent)) return step(VERDICT.JOIN, CARET);
      return step(tail < 4 && (kind === KIND.EMPTY || kind === KIND.PLAIN) ? VERDICT.MAYBE : VERDICT.NONE, CARET);
    },
  },
};

/** `[17:0x5581]    12345 ms: Mark-sweep ...`. */
const isCollection = (line: Line) => line.at(0) === 0x5b && line.has(':0x', 1 + line.digits(1));

/** Rails: `ActiveRecord::RecordNotFound (message):`, `RuntimeError (message):`. */
function isRails(line: Line): boolean {
  const { wordEnd } = line;
  if (line.last() !== COLON || line.last(1) !== 0x29 || !line.has(' (', wordEnd)) return false;
  return line.indexOf('::', 0, wordEnd) > 0 || NAMES.some((name) => line.has(name, wordEnd - name.length));
}

const SOURCES = ['node:internal', '[eval]:', '[stdin]:', '[worker eval]:'];
/** `/app/index.js:15`, and nothing else. */
function isSourcePlace(line: Line): boolean {
  let digits = 0;
  while (line.last(digits) >= 0x30 && line.last(digits) <= 0x39) digits++;
  if (digits === 0 || line.last(digits) !== COLON || line.includes(' ')) return false;
  return (
    ['js', 'ts'].some((extension) => line.has(extension, line.length - digits - 3)) ||
    SOURCES.some((text) => line.has(text))
  );
}
