/** Interpreters with traces of their own: Ruby, PHP, Perl, Lua, Tcl, R, Guile, Lisp, Erlang and Elixir, the shell. */

import { isDigit } from '../../records/bytes.js';
import { KIND, NO_MODE, step, TRACE, VERDICT } from '../kinds.js';
import type { Line } from '../line.js';
import { type Family, literals } from './family.js';

const BASE = 50;
export const RUBY = BASE;
const PHP = BASE + 1;
const TCL = BASE + 2;
const TCL_QUOTED = BASE + 3;
const GUILE = BASE + 4;
const LISP = BASE + 5;
const QUOTED = BASE + 6;
export const REPORT = BASE + 7;
/** Lisp: numbered frames, which end with an empty line. */
const LISP_FRAMES = BASE + 8;
const LISP_END = BASE + 9;
/** Nim prints its frames before the error. */
const NIM = 70;
/** A level that is repeated on every line. */
export const PREFIXED = 71;

const MESSAGE_LINES = 16;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;

/** Where the first word ends: of `f.rb:3:in` it is a place in Ruby; 0 where it is none. */
function rubyPlace(line: Line): number {
  const { wordEnd } = line;
  const isPlace = wordEnd > 5 && line.has(':in', wordEnd - 3) && isDigit(line.at(wordEnd - 4));
  return isPlace && line.at(wordEnd) === 0x20 ? wordEnd : 0;
}

/** ``f.rb:3:in `m': message``. */
function isRubyHead(line: Line): boolean {
  const place = rubyPlace(line);
  return place > 0 && line.indexOf("': ", place) > 0;
}
const isRubyFrame = (line: Line) => rubyPlace(line) > 0 && line.last() === APOSTROPHE;

/** The shell's own report of what it does, with a quote that is not closed. */
const isOpenTrace = (line: Line) => line.has('+ ', plusses(line) - 1) && quotes(line) % 2 === 1;
const plusses = (line: Line): number => {
  let i = 0;
  while (line.at(i) === 0x2b) i++;
  return i;
};
function quotes(line: Line): number {
  let count = 0;
  for (let i = 0; i < line.length; i++) if (line.at(i) === APOSTROPHE && line.at(i - 1) !== 0x5c) count++;
  return count;
}

/** `/srv/logs.nim(12) logs`. */
function isNimFrame(line: Line): boolean {
  let i = line.wordEnd - 1;
  if (line.at(i) !== 0x29) return false;
  while (isDigit(line.at(i - 1))) i--;
  return line.at(i - 1) === 0x28 && line.has('.nim', i - 5);
}

const places = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/.-(<';

export const scripts: Family = {
  heads: [
    { first: places, test: isRubyHead, mode: RUBY },
    ...literals(['PHP Fatal error:  Uncaught '], TRACE),
    ...literals(['Error in '], TRACE),
    ...literals(['Backtrace:'], GUILE),
    ...literals(['Unhandled '], LISP).map((head) => ({
      ...head,
      test: (line: Line) => head.test(line) && line.includes(' in thread ', 200),
    })),
    ...literals(['** ('], TRACE),
    { first: places, test: isNimFrame, mode: NIM },
    { first: '+', test: isOpenTrace, mode: QUOTED },
  ],
  continuations: [
    { first: places, test: isRubyFrame, mode: RUBY },
    ...literals(['Stack trace:'], PHP),
    ...literals(['stack traceback:', 'Execution halted', 'PHP Stack trace:', 'PHP   ']),
    { first: 'C', test: (line) => line.has('Calls: ') && line.includes(' -> ') },
    ...literals(['    while executing', '    invoked from within'], TCL),
  ],
  rules: {
    [RUBY]: (line, kind, tail) => {
      if (line.has('\tfrom ') || line.has(' ... ')) return step(VERDICT.JOIN, TRACE);
      const isMessage = kind === KIND.PLAIN || kind === KIND.EMPTY;
      return step(isMessage && tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NONE, RUBY);
    },
    [PHP]: (line, kind, tail) => {
      if (kind === KIND.EMPTY) return step(tail === 0 ? VERDICT.MAYBE : VERDICT.NEW, PHP);
      if (line.has('Next ') && tail === 1) return step(VERDICT.JOIN, PHP);
      return step(VERDICT.NONE, PHP);
    },
    [TCL]: (line, kind) => {
      if (line.at(0) !== QUOTE) return step(VERDICT.NONE, kind === KIND.INDENTED ? TCL : TRACE);
      return step(VERDICT.JOIN, line.last() === QUOTE && line.length > 1 ? TRACE : TCL_QUOTED);
    },
    [TCL_QUOTED]: (line, _kind, tail) => {
      if (line.last() === QUOTE) return step(VERDICT.JOIN, TRACE);
      return step(tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NEW, TCL_QUOTED);
    },
    [GUILE]: (line) => {
      const isPart = line.has('In ') || line.has('ERROR: ') || line.has('Backtrace:');
      return step(isPart ? VERDICT.JOIN : VERDICT.NONE, GUILE);
    },
    [LISP]: (line, kind) => {
      if (line.has('Backtrace for')) return step(VERDICT.JOIN, LISP_FRAMES);
      return step(kind === KIND.PLAIN || kind === KIND.EMPTY ? VERDICT.JOIN : VERDICT.NONE, LISP);
    },
    [LISP_FRAMES]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.JOIN, LISP_END);
      const digits = line.digits(0);
      return step(digits > 0 && line.has(': ', digits) ? VERDICT.JOIN : VERDICT.NONE, LISP_FRAMES);
    },
    [LISP_END]: (line) => step(line.has('unhandled condition in ') ? VERDICT.JOIN : VERDICT.NEW, LISP_END),
    [NIM]: (line) => {
      if (isNimFrame(line)) return step(VERDICT.JOIN, NIM);
      return step(line.has('Error: ') ? VERDICT.JOIN : VERDICT.NONE, TRACE);
    },
    [PREFIXED]: (line) => {
      const rest = line.indexOf(': ') + 2;
      const isFurther = line.has('  ', rest) || line.has('In:', rest) || line.length <= rest;
      const isNote = line.has('Note: some frames', rest) || line.has('Re-run your program', rest);
      const isLevel = line.has('ERROR: ') || line.has('Warning: ') || line.has('ERROR:');
      return step(isLevel && (isFurther || isNote) ? VERDICT.JOIN : VERDICT.NONE, PREFIXED);
    },
    [QUOTED]: (line, _kind, tail) => {
      if (quotes(line) % 2 === 1) return step(VERDICT.JOIN, NO_MODE);
      return step(tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NEW, QUOTED);
    },
    [REPORT]: (_line, kind, tail) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, REPORT);
      const isPart = tail === 0 && (kind === KIND.PLAIN || kind === KIND.HEAD || kind === KIND.CONTINUATION);
      return step(isPart ? VERDICT.JOIN : VERDICT.NONE, REPORT);
    },
  },
};
