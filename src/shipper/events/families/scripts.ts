/** Interpreters with traces of their own: Ruby, PHP, Perl, Lua, Tcl, R, Guile, Lisp, Erlang and Elixir, the shell. */

import { isDigit } from '../../records/bytes.js';
import { KIND, type Kind, type Mode, NO_MODE, type Step, step, TRACE, VERDICT } from '../kinds.js';
import type { Line } from '../line.js';
import { EXCEPTION } from './exceptions.js';
import { type Family, lines, literals } from './family.js';

const BASE = 100;
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
/** Ruby: the error was raised where another was rescued, which follows as its cause. */
const RUBY_RESCUED = BASE + 10;
const RESCUED_FRAMES = BASE + 11;
/** Elixir: the message of an error, and what a process was doing. */
const ELIXIR = BASE + 12;
const ELIXIR_FRAMES = BASE + 13;
/** A report of the BEAM, of which more than the header was read. */
const REPORTED = BASE + 14;
/** `Execution error (X) at f (a.clj:1).`: the message follows, and a path of a report. */
const CLOJURE = BASE + 15;
const CLOJURE_MESSAGE = BASE + 16;

const TERMS = '{[<*"#';
const RUBY_THREAD = BASE + 17;
/** R. */
const R_ERROR = BASE + 18;
const R_CALLS = BASE + 19;
/** Nim prints its frames before the error. */
const NIM = BASE + 20;
/** A level that is repeated on every line. */
export const PREFIXED = BASE + 21;
const R_WARNING = BASE + 22;
const R_WARNINGS = BASE + 23;
/** The BEAM ends; its last line names the dump. */
const DOWN = BASE + 24;
const PERL = BASE + 25;
const PERL_END = BASE + 26;

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
export function isRubyHead(line: Line): boolean {
  const place = rubyPlace(line);
  return place > 0 && line.indexOf("': ", place) > 0;
}
const isRescued = (line: Line) => isRubyHead(line) && line.includes('rescue in ', line.wordEnd + 20);
/** `#<Thread:0x00007f2f r.rb:12 run> terminated with exception (report_on_exception is true):`. */
const isRubyThread = (line: Line) => line.has('#<Thread:0x') && line.includes(' terminated with exception');
/** `4: (function ()`, as `traceback()` numbers calls. */
const isRCall = (line: Line) => line.digits(0) > 0 && line.has(': ', line.digits(0));
const isREnd = (line: Line) =>
  (line.has('Calls: ') && line.includes(' -> ')) ||
  line.has('Execution halted') ||
  line.has('In addition: Warning message') ||
  (line.has('Traceback:') && line.length < 12) ||
  // Of rlang.
  (line.has('Backtrace:') && line.length < 12);
/** Elixir: lines about the process, between two stacks. */
const PROCESS = [
  'Last message',
  'State: ',
  'Client #PID<',
  'Function: ',
  'Start Call: ',
  'Process Label: ',
  'Initial Call: ',
  'Ancestors: ',
  'Queue: ',
  'Postponed: ',
];
/** `    ** (EXIT) an exception was raised:`, `        ** (RuntimeError) message`. */
const isNestedError = (line: Line) => line.indent > 0 && line.has('** (', line.indent);

/** What Perl finds wrong while it compiles: it goes on, and says at the end that it gave up. */
const PERL_ERRORS = [
  ...[
    'Global symbol "',
    'syntax error at ',
    "Can't locate ",
    'Bareword "',
    "Can't find string terminator ",
    'Missing right ',
  ],
  ...['Not enough arguments for ', 'Too many arguments for ', 'Type of arg ', "Can't redeclare ", 'Unmatched right '],
];
const isPerlError = (line: Line) => PERL_ERRORS.some((text) => line.has(text)) && line.includes(' line ');
const isPerlEnd = (line: Line) =>
  line.has('BEGIN failed--compilation aborted at ') ||
  line.has('Compilation failed in require at ') ||
  (line.has('Execution of ') && line.endsWith(' aborted due to compilation errors.')) ||
  line.endsWith(' had compilation errors.');

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

const ruby: (line: Line, kind: Kind, tail: number, message: Mode, frames: Mode) => Step = (
  line,
  kind,
  tail,
  ofMessage,
  ofFrames,
) => {
  if (line.has('\tfrom ') || line.has(' ... ')) return step(VERDICT.JOIN, ofFrames);
  if (isRubyHead(line)) return step(tail === 0 ? VERDICT.NONE : VERDICT.NEW, ofMessage);
  const isMessage = kind === KIND.PLAIN || kind === KIND.EMPTY;
  return step(isMessage && tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NONE, ofMessage);
};

export const scripts: Family = {
  heads: [
    { first: places, test: isRescued, mode: RUBY_RESCUED },
    { first: places, test: isRubyHead, mode: RUBY },
    { first: '#', test: isRubyThread, mode: RUBY_THREAD },
    ...literals(['PHP Fatal error:  Uncaught ', 'Fatal error: Uncaught '], EXCEPTION),
    ...literals(['Error in '], R_ERROR),
    ...lines(['Warning message:', 'Warning messages:'], R_WARNING),
    ...literals(['Kernel pid terminated (', 'init terminating in do_boot', 'Runtime terminating during boot ('], DOWN),
    ...literals(['Execution error ', 'Syntax error '], CLOJURE).map((head) => ({
      ...head,
      test: (line: Line) => head.test(line) && line.includes('.clj', 300),
    })),
    ...literals(['Backtrace:'], GUILE),
    ...literals(['Unhandled '], LISP).map((head) => ({
      ...head,
      test: (line: Line) => head.test(line) && line.includes(' in thread ', 200),
    })),
    ...literals(['** ('], ELIXIR),
    { first: 'GsCBMNTU', test: isPerlError, mode: PERL },
    { first: places, test: isNimFrame, mode: NIM },
    { first: '+', test: isOpenTrace, mode: QUOTED },
  ],
  continuations: [
    { first: places, test: isRubyFrame, mode: TRACE },
    ...lines(['Stack trace:'], PHP),
    { first: 'c', test: (line) => line.has('coroutine ') && line.digits(10) > 0 && line.last() === 0x3a },
    ...literals(['[stacktrace]', '[previous exception] ']),
    // Monolog closes the context of which a trace was the end, and writes what else it has.
    ...literals(['"} [', '"} {"']),
    ...lines(['stack traceback:']),
    ...literals(['Execution halted', 'PHP Stack trace:', 'PHP   ']),
    { first: 'C', test: isREnd },
    { first: 'BCE', test: isPerlEnd, mode: PERL_END },
    ...literals(['    while executing', '    invoked from within'], TCL),
  ],
  rules: {
    [RUBY_THREAD]: (line) =>
      isRubyHead(line) ? step(VERDICT.JOIN, isRescued(line) ? RUBY_RESCUED : RUBY) : step(VERDICT.NEW, RUBY_THREAD),
    [RUBY]: (line, kind, tail) => ruby(line, kind, tail, RUBY, TRACE),
    [RUBY_RESCUED]: (line, kind, tail) => ruby(line, kind, tail, RUBY_RESCUED, RESCUED_FRAMES),
    [RESCUED_FRAMES]: (line, kind, tail) => {
      if (kind === KIND.EMPTY) return step(tail === 0 ? VERDICT.MAYBE : VERDICT.NEW, RESCUED_FRAMES);
      if (isRubyHead(line)) return step(VERDICT.JOIN, isRescued(line) ? RUBY_RESCUED : RUBY);
      return step(kind === KIND.INDENTED ? VERDICT.JOIN : VERDICT.NONE, RESCUED_FRAMES);
    },
    [ELIXIR]: (line, kind, tail) => {
      if (kind === KIND.INDENTED) return step(VERDICT.JOIN, isNestedError(line) ? ELIXIR : ELIXIR_FRAMES);
      const isMessage = kind === KIND.PLAIN || kind === KIND.EMPTY;
      return step(isMessage && tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NONE, ELIXIR);
    },
    [ELIXIR_FRAMES]: (line, kind, tail) => {
      if (PROCESS.some((text) => line.has(text))) return step(VERDICT.JOIN, ELIXIR_FRAMES);
      if (kind === KIND.EMPTY) return step(tail === 0 ? VERDICT.MAYBE : VERDICT.NEW, ELIXIR_FRAMES);
      if (isNestedError(line)) return step(VERDICT.JOIN, ELIXIR);
      return step(kind === KIND.INDENTED ? VERDICT.JOIN : VERDICT.NONE, ELIXIR_FRAMES);
    },
    [PERL]: (line, kind, tail) => {
      if (isPerlEnd(line)) return step(VERDICT.JOIN, PERL_END);
      const isPart = kind === KIND.PLAIN || kind === KIND.INDENTED || isPerlError(line);
      return step(isPart && tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NONE, PERL);
    },
    [PERL_END]: (line) => step(isPerlEnd(line) ? VERDICT.JOIN : VERDICT.NEW, PERL_END),
    [R_ERROR]: (line, kind, tail) => {
      if (isREnd(line)) return step(VERDICT.JOIN, R_CALLS);
      const isMessage = kind === KIND.PLAIN || kind === KIND.EMPTY;
      return step(isMessage && tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NONE, R_ERROR);
    },
    [R_WARNING]: (_line, kind) =>
      step(kind === KIND.PLAIN || kind === KIND.INDENTED ? VERDICT.JOIN : VERDICT.NONE, R_WARNINGS),
    [R_WARNINGS]: (line) => step(isRCall(line) ? VERDICT.JOIN : VERDICT.NONE, R_WARNINGS),
    [DOWN]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, DOWN);
      const isPart = line.has('init terminating in ') || line.has('Crash dump is being written to: ');
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, DOWN);
    },
    [R_CALLS]: (line, kind) => {
      const isPart = isREnd(line) || isRCall(line) || kind === KIND.INDENTED;
      return step(isPart ? VERDICT.JOIN : VERDICT.NONE, R_CALLS);
    },
    [PHP]: (line, kind, tail) => {
      if (kind === KIND.EMPTY) return step(tail === 0 ? VERDICT.MAYBE : VERDICT.NEW, PHP);
      if (line.has('Next ') && tail === 1) return step(VERDICT.JOIN, EXCEPTION);
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
    [REPORT]: (_line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, REPORT);
      const isPart = kind !== KIND.START && kind !== KIND.JSON;
      return step(isPart ? VERDICT.JOIN : VERDICT.NONE, REPORTED);
    },
    [REPORTED]: (line, kind, tail) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, REPORTED);
      // A term, or what a process says of itself: `** Last message in was ...`.
      const isTerm = tail === 0 && TERMS.includes(String.fromCharCode(line.at(0)));
      return step(isTerm ? VERDICT.JOIN : VERDICT.NONE, REPORTED);
    },
    [CLOJURE]: (line, kind, tail) => {
      if (line.has('Full report at:')) return step(VERDICT.JOIN, CLOJURE);
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, CLOJURE);
      const isPart = (kind === KIND.PLAIN && tail === 0) || kind === KIND.INDENTED;
      return step(isPart ? VERDICT.JOIN : VERDICT.NONE, line.has('/') ? TRACE : CLOJURE_MESSAGE);
    },
    [CLOJURE_MESSAGE]: (line, kind) => {
      if (line.has('Full report at:')) return step(VERDICT.JOIN, CLOJURE);
      return step(kind === KIND.EMPTY ? VERDICT.MAYBE : VERDICT.NONE, CLOJURE_MESSAGE);
    },
  },
};
