/** Runtimes whose reports of a crash have a shape of their own: Dart, Julia, Swift, Zig. */

import { isDigit, isUpper } from '../../records/bytes.js';
import { CLOSED, KIND, type Kind, step, VERDICT } from '../kinds.js';
import { isWord, type Line } from '../line.js';
import { DRAWN_FIRST, isDrawn } from './boxes.js';
import { type Family, lines, literals } from './family.js';

const BASE = 160;
/** The next line is the error. */
const DART = BASE;
const DART_MESSAGE = BASE + 1;
const DART_FRAMES = BASE + 2;
const JULIA = BASE + 3;
const JULIA_FRAMES = BASE + 4;
const SWIFT = BASE + 5;
const SWIFT_FRAMES = BASE + 6;
const ZIG = BASE + 7;
/** Swift: the report of a backtrace in its own words. */
const SWIFT_CRASH = BASE + 8;
const FLUTTER = BASE + 9;
/** Gleam: the kind of error; its message and its frames follow. */
const GLEAM = BASE + 10;
const GLEAM_FRAMES = BASE + 11;
const CRASH_PARTS = ['*** ', 'Thread ', 'Registers:', 'Images (', 'Backtrace took ', 'Crash took '];

const MESSAGE_LINES = 16;
const GLEAM_ERRORS = ['panic', 'todo', 'let assert', 'assert', 'case'].map((kind) => `runtime error: ${kind}`);
/** Flutter draws a rule around its report, of bytes in UTF-8: `══╡ EXCEPTION CAUGHT BY ... ╞══`. */
const FLUTTER_HEAD = Buffer.from('══╡ EXCEPTION CAUGHT BY ').toString('latin1');
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LEVEL = 'ERROR: ';

/** `#0      fetch (file:///app/bin/app.dart:3:3)`, and the mark between two stacks. */
const isDartFrame = (line: Line) =>
  (line.at(0) === 0x23 && line.digits(1) > 0 && line.has(' ', 1 + line.digits(1))) ||
  line.has('<asynchronous suspension>');

/** `ERROR: LoadError: ...`, `ERROR: DomainError with -1.0:`. */
function isJuliaError(line: Line): boolean {
  if (!line.has(LEVEL) || !isUpper(line.at(LEVEL.length))) return false;
  let end = LEVEL.length;
  while (isWord(line.at(end)) || line.at(end) === 0x2e) end++;
  return line.has('Error', end - 5) || line.has('Exception', end - 9);
}

/** `app/main.swift:12: Fatal error: Index out of range`. */
function isSwiftError(line: Line): boolean {
  let end = 0;
  while (line.at(end) > 0x20) end++;
  if (!line.has(' Fatal error: ', end) || line.at(end - 1) !== 0x3a) return false;
  let at = end - 2;
  while (isDigit(line.at(at))) at--;
  return line.has('.swift:', at - 6);
}

/** `0    libswiftCore.so    0x00007f1 f + 109`. */
const isSwiftFrame = (line: Line) => line.digits(0) > 0 && line.at(line.digits(0)) === 0x20 && line.includes(' 0x');

/** `thread 4242 panic: message`. */
const isZigPanic = (line: Line) => line.digits(7) > 0 && line.has(' panic: ', 7 + line.digits(7));

/** `/app/main.zig:4:16: 0x103a in fetch (app)`, `???:?:?: 0x0 in ??? (???)`. */
function isZigFrame(line: Line): boolean {
  if (line.last() !== 0x29) return false;
  const at = line.indexOf(': 0x');
  if (at < 4) return false;
  const before = line.at(at - 1);
  return (isDigit(before) || before === 0x3f) && line.indexOf(' in ', at) > 0;
}
const isMark = (line: Line) => line.indent > 0 && line.at(line.indent) === 0x5e;

/** Lines of a message are part of the event once its frames come. */
const message = (kind: Kind, tail: number, mode: number) => {
  const isPart = kind === KIND.PLAIN || kind === KIND.EMPTY || kind === KIND.INDENTED;
  return step(isPart && tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NONE, mode);
};

export const languages: Family = {
  heads: [
    { first: 'U', test: (line) => line.has('Unhandled exception:') && line.length === 20, mode: DART },
    { first: 'E', test: isJuliaError, mode: JULIA },
    ...literals([FLUTTER_HEAD], FLUTTER).map((head) => ({ ...head, first: DRAWN_FIRST })),
    ...lines(GLEAM_ERRORS, GLEAM),
    ...literals(['Fatal error: '], SWIFT),
    ...literals(['*** Signal ', '*** Program crashed: ']).map((head) => ({
      ...head,
      test: (line: Line) => head.test(line) && line.includes(' 0x') && line.endsWith(' ***'),
      mode: SWIFT_CRASH,
    })),
    { test: isSwiftError, mode: SWIFT },
    ...literals(['thread '], ZIG).map((head) => ({
      ...head,
      test: (line: Line) => head.test(line) && isZigPanic(line),
    })),
  ],
  continuations: [
    // An error that main returned, or a leak: the line before says which.
    { first: `${LETTERS}/?`, test: isZigFrame, mode: ZIG },
  ],
  rules: {
    [DART]: (_line, kind) => {
      const isBegin = kind === KIND.START || kind === KIND.JSON || kind === KIND.EMPTY;
      return step(isBegin ? VERDICT.NEW : VERDICT.JOIN, DART_MESSAGE);
    },
    [DART_MESSAGE]: (line, kind, tail) =>
      isDartFrame(line) ? step(VERDICT.JOIN, DART_FRAMES) : message(kind, tail, DART_MESSAGE),
    [DART_FRAMES]: (line) => step(isDartFrame(line) ? VERDICT.JOIN : VERDICT.NONE, DART_FRAMES),
    [FLUTTER]: (line, kind) => {
      const isBegin = kind === KIND.START || kind === KIND.JSON || line.has(FLUTTER_HEAD);
      return step(isBegin ? VERDICT.NEW : VERDICT.JOIN, isDrawn(line) ? CLOSED : FLUTTER);
    },
    [GLEAM]: (line, kind, tail) =>
      line.has('stacktrace:') ? step(VERDICT.JOIN, GLEAM_FRAMES) : message(kind, tail, GLEAM),
    [GLEAM_FRAMES]: (_line, kind) => step(kind === KIND.INDENTED ? VERDICT.JOIN : VERDICT.NEW, GLEAM_FRAMES),
    [JULIA]: (line, kind, tail) =>
      line.has('Stacktrace:') ? step(VERDICT.JOIN, JULIA_FRAMES) : message(kind, tail, JULIA),
    [JULIA_FRAMES]: (line, kind, tail) => {
      if (line.has('caused by: ')) return step(VERDICT.JOIN, JULIA);
      if (kind === KIND.INDENTED || line.has('in expression starting at ')) return step(VERDICT.JOIN, JULIA_FRAMES);
      return step(kind === KIND.EMPTY && tail === 0 ? VERDICT.MAYBE : VERDICT.NONE, JULIA_FRAMES);
    },
    [SWIFT]: (line, kind, tail) => {
      if (line.has('*** ')) return step(VERDICT.JOIN, SWIFT_CRASH);
      if (kind === KIND.EMPTY) return step(tail < 2 ? VERDICT.MAYBE : VERDICT.NEW, SWIFT);
      if (line.has('Current stack trace:')) return step(VERDICT.JOIN, SWIFT_FRAMES);
      return step(kind === KIND.PLAIN && tail < 2 ? VERDICT.MAYBE : VERDICT.NONE, SWIFT);
    },
    [SWIFT_CRASH]: (line, kind, tail) => {
      if (kind === KIND.EMPTY) return step(tail < 2 ? VERDICT.MAYBE : VERDICT.NEW, SWIFT_CRASH);
      const isPart =
        kind === KIND.INDENTED ||
        isSwiftFrame(line) ||
        line.has('0x') ||
        line.indexOf(' 0x', 0, 12) > 0 ||
        CRASH_PARTS.some((text) => line.has(text));
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, SWIFT_CRASH);
    },
    [SWIFT_FRAMES]: (line) => step(isSwiftFrame(line) ? VERDICT.JOIN : VERDICT.NONE, SWIFT_FRAMES),
    [ZIG]: (line, kind, tail) => {
      if (isZigFrame(line)) return step(tail === 0 ? VERDICT.JOIN : VERDICT.NEW, ZIG);
      if (isMark(line)) return step(VERDICT.JOIN, ZIG);
      if (kind === KIND.INDENTED) return step(tail === 0 ? VERDICT.JOIN : VERDICT.MAYBE, ZIG);
      // A line of source that is not indented has a mark below it.
      const isSource = tail === 0 && (kind === KIND.PLAIN || kind === KIND.CLOSING);
      return step(isSource ? VERDICT.MAYBE : VERDICT.NONE, ZIG);
    },
  },
};
