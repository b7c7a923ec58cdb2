/** Programs that were compiled: Go, Rust, C and C++ with stacks of debuggers and reports of sanitizers, OCaml, Fortran. */

import { isDigit } from '../../records/bytes.js';
import { CLOSED, KIND, step, TRACE, VERDICT } from '../kinds.js';
import { isWord, type Line } from '../line.js';
import { type Family, lines, literals } from './family.js';

const BASE = 70;
const PANIC = BASE;
const GOROUTINE = BASE + 1;
export const RUST_PANIC = BASE + 2;
const RUST_MESSAGE = BASE + 3;
/** A ruled line, as reports of sanitizers begin with. */
const RULED = BASE + 4;
const SANITIZER = BASE + 5;
const SUMMARY = BASE + 6;
/** D: the class and its place; a ruled line and frames follow. */
const THROWN = BASE + 7;
const ADDRESSES = BASE + 8;
/** Zig and Swift: frames that are not indented, with their addresses. */
const FRAMES = BASE + 9;

/** A signal was caught; the ruled line follows. */
const SIGNALLED = BASE + 10;
const VALGRIND = BASE + 11;
const ABORT = BASE + 12;
const FORTRAN = BASE + 13;
/** A function of Go may have been named. */
export const GO_FUNCTION = BASE + 14;
const GO_STACK = BASE + 15;
/** ThreadSanitizer ends with a rule. */
const LAST_RULE = BASE + 16;
/** Go: a goroutine was printed. */
const DUMPED = BASE + 17;
const DOT = 0x2e;
const BLANK = 0x20;

const MESSAGE_LINES = 16;

const isRule = (line: Line) => line.has('================') && line.last() === 0x3d;
const isReport = (line: Line) =>
  (line.has('==') && line.includes('Sanitizer: ', 60)) ||
  line.has('WARNING: ThreadSanitizer') ||
  line.has('WARNING: DATA RACE');
const isPanic = (line: Line) => line.has("thread '") && line.includes(' panicked at ', 200);

/** `main.f(...)`, `created by main.main in goroutine 1`. */
function isGoLine(line: Line): boolean {
  if (line.has('created by ') || line.has('goroutine ') || line.has('...') || line.has('[signal ')) return true;
  if (line.has('exit status ') || line.has('runtime stack:') || line.has('PC=0x')) return true;
  if (line.has('signal arrived during ') || line.has('runtime: ') || line.has('fatal error: ')) return true;
  // GOTRACEBACK=crash: the dumps of further threads.
  if (line.has('-----') && line.length === 5) return true;
  if (line.has('SIGABRT: abort') || line.has('SIGQUIT: quit')) return true;
  if (line.has('panic(')) return true;
  const open = line.indexOf('(');
  const blank = line.indexOf(' ');
  if (open <= 0 || (blank >= 0 && blank < open) || line.indexOf('.') < 0) return false;
  // A dump of a signal has `fp=0x... sp=0x... pc=0x...` behind a frame.
  return line.last() === 0x29 || line.includes(') fp=0x');
}

/** `#0  0x00 in f`, `#1  main () at a.c:3`, `#1 {main}`, `#2 /app/f.php(3): f()`, `#3 [internal function]: f()`. */
function isNumberedFrame(line: Line): boolean {
  const digits = line.digits(1);
  let at = 1 + digits;
  if (digits === 0 || line.at(at) !== BLANK) return false;
  while (line.at(at) === BLANK) at++;
  if (line.has('0x', at) || line.has('{main}', at)) return true;
  const open = line.indexOf('(', at);
  if (open < 0) return false;
  return FRAME_PLACES.some((text) => line.indexOf(text, at) > 0);
}
const FRAME_PLACES = [
  '): ',
  ']: ',
  ') at ',
  ') from ',
  ' called at ',
  '->',
  '::',
  ' (package:',
  ' (file:///',
  ' (dart:',
];

/** `f.c:3:5: runtime error: ...`. */
function isUndefinedBehaviour(line: Line): boolean {
  const { wordEnd } = line;
  return line.at(wordEnd - 1) === 0x3a && isDigit(line.at(wordEnd - 2)) && line.has(' runtime error: ', wordEnd);
}

/** `object.Exception@f.d(14): message`. */
function isThrown(line: Line): boolean {
  const { wordEnd } = line;
  if (line.at(wordEnd - 1) !== 0x3a || line.at(wordEnd - 2) !== 0x29) return false;
  let i = 0;
  while (isWord(line.at(i)) || line.at(i) === 0x2e) i++;
  return i > 0 && line.at(i) === 0x40 && line.indexOf('): ', i) > 0;
}
const isDashes = (line: Line) => line.has('----------') && line.last() === 0x2d;
/** Addresses, and nothing else. */
const isAddresses = (line: Line) => line.has('0x') && line.length > 12 && !line.includes(' in ') && isHexadecimal(line);
function isHexadecimal(line: Line): boolean {
  for (let i = 0; i < line.length; i++) {
    const byte = line.at(i);
    if (!isDigit(byte) && byte !== 0x20 && byte !== 0x78 && !((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66))
      return false;
  }
  return true;
}

/** A signal's dump of registers. */
function isRegister(line: Line): boolean {
  const { wordEnd } = line;
  let at = wordEnd;
  while (line.at(at) === 0x20) at++;
  return wordEnd < 8 && line.length < 40 && line.has('0x', at);
}

/** `==738== Invalid read of size 4`, as valgrind begins each line. */
const valgrind = (line: Line): number => {
  const digits = line.digits(2);
  return digits > 0 && line.has('==', 0) && line.has('== ', 2 + digits) ? 5 + digits : 0;
};
/** Lines of a report that are not indented behind the prefix. */
const VALGRIND_PARTS = [
  "Block was alloc'd at",
  'Uninitialised value was created by',
  'This conflicts with a previous',
  'Locks held: ',
  'This happened at',
  'Possible data race',
];
const isError = (line: Line): boolean => {
  const at = valgrind(line);
  return at > 0 && line.at(at) > 0x20;
};

/** glibc: `*** stack smashing detected ***: terminated`. */
const isAbort = (line: Line) =>
  line.has('*** ') && (line.includes(' ***: ') || line.has('*** Error in `') || line.has('*** SIG'));
/** `/lib/x86_64-linux-gnu/libc.so.6(+0x7)[0x7f00]`. */
const isAddress = (line: Line) => line.last() === 0x5d && line.includes('[0x') && !line.includes(' ');
/** `00400000-0040b000 r-xp 00000000 08:01 12  /srv/app`. */
const isMapping = (line: Line) => {
  const dash = line.indexOf('-', 0, 17);
  return (
    dash >= 8 && (line.at(line.wordEnd + 3) === 0x78 || line.at(line.wordEnd + 3) === 0x2d) && isHexadecimal8(line)
  );
};
function isHexadecimal8(line: Line): boolean {
  for (let i = 0; i < 8; i++) {
    const byte = line.at(i);
    if (!isDigit(byte) && !((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)) return false;
  }
  return true;
}

const isFortran = (line: Line) =>
  line.has('Fortran runtime error: ') ||
  line.has('Fortran runtime warning: ') ||
  (line.has('At line ') && line.includes(' of file ', 40)) ||
  line.has('Program received signal SIG');
const FORTRAN_ENDS = ['Error termination. Backtrace:', 'Backtrace for this error:'];

/** `main.(*Shop).pay`, as zap prints the frames of a log event; the place is in the next line, behind a tab. */
export function isGoFunction(line: Line): boolean {
  if (line.wordEnd !== line.length || line.length > 300) return false;
  const dot = line.indexOf('.');
  return dot > 0 && line.last() !== 0x3a && line.last() !== DOT && isWord(line.at(0));
}
/** `\t/src/main.go:17`. */
const isGoPlace = (line: Line) => line.at(0) === 0x09 && line.includes('.go:');

const FAILURES = [
  'fatal error: ',
  'SIGQUIT: quit',
  'SIGABRT: abort',
  'runtime: goroutine stack',
  'runtime: out of memory',
];
const EXIT = 'exit status ';
const behindGoLine = (line: Line) => (line.has('goroutine ') ? DUMPED : line.has(EXIT) ? CLOSED : GOROUTINE);

export const compiled: Family = {
  heads: [
    ...literals(
      ['panic: ', 'fatal error: ', 'runtime: goroutine stack exceeds', 'SIGQUIT: quit', 'SIGABRT: abort'],
      PANIC,
    ),
    ...literals(['runtime: out of memory: ', 'runtime: program exceeds', 'SIGSEGV: segmentation violation'], PANIC),
    ...literals(['AddressSanitizer:DEADLYSIGNAL', 'ThreadSanitizer:DEADLYSIGNAL'], SIGNALLED),
    ...literals(['goroutine '], GOROUTINE).map((head) => ({
      ...head,
      test: (line: Line) => head.test(line) && line.digits(10) > 0 && line.includes(' [', 40),
    })),
    { first: 't', test: isPanic, mode: RUST_PANIC },
    {
      first: 't',
      test: (line) => line.has('thread ') && line.digits(7) > 0 && line.includes(' panic: ', 40),
      mode: FRAMES,
    },
    { first: '=', test: isReport, mode: SANITIZER },
    { first: 'W', test: isReport, mode: SANITIZER },
    { first: '=', test: isRule, mode: RULED },
    ...literals(['Fatal error: exception '], TRACE),
    { test: isUndefinedBehaviour, mode: TRACE },
    { test: isThrown, mode: THROWN },
    { first: '=', test: isError, mode: VALGRIND },
    { first: '*', test: isAbort, mode: ABORT },
    { first: 'FAP', test: isFortran, mode: FORTRAN },
  ],
  continuations: [
    { first: '#', test: isNumberedFrame },
    ...lines(['stack backtrace:'], TRACE),
    ...literals(['note: run with `RUST_BACKTRACE', 'note: Some details are omitted'], TRACE),
    ...literals(['thread caused non-unwinding panic. aborting.'], TRACE),
    { first: 'S', test: (line) => line.has('SUMMARY: ') && line.includes('Sanitizer: ', 60) },
    // Ada, Haskell.
    ...literals(['Call stack traceback locations:'], ADDRESSES),
    ...literals(['CallStack (from ']),
    ...lines(['Stacktrace:']),
    ...literals(['Current stack trace:'], FRAMES),
    ...literals(['*** Check failure stack trace: ***']),
    ...literals(['Raised at ', 'Raised by ', 'Called from ', 'Re-raised at ']),
  ],
  rules: {
    [PANIC]: (line, kind, tail) => {
      if (isGoLine(line)) return step(VERDICT.JOIN, behindGoLine(line));
      const isMessage = kind === KIND.PLAIN || kind === KIND.EMPTY || kind === KIND.INDENTED;
      return step(isMessage && tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NONE, PANIC);
    },
    [GOROUTINE]: (line, kind, tail) => {
      if (kind === KIND.EMPTY) return step(tail < 2 ? VERDICT.MAYBE : VERDICT.NEW, GOROUTINE);
      if (kind === KIND.INDENTED) return step(VERDICT.JOIN, GOROUTINE);
      return step(isGoLine(line) || isRegister(line) ? VERDICT.JOIN : VERDICT.NEW, behindGoLine(line));
    },
    [DUMPED]: (line, kind, tail) => {
      if (kind === KIND.EMPTY) return step(tail < 2 ? VERDICT.MAYBE : VERDICT.NEW, DUMPED);
      // The next failure, but for further threads.
      if (FAILURES.some((text) => line.has(text))) return step(VERDICT.NEW, DUMPED);
      if (line.has('-----') && line.length === 5) return step(VERDICT.JOIN, GOROUTINE);
      const isPart = kind === KIND.INDENTED || isGoLine(line) || isRegister(line);
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, line.has(EXIT) ? CLOSED : DUMPED);
    },
    [RUST_PANIC]: (line, kind) => {
      if (kind === KIND.START || kind === KIND.JSON || isPanic(line)) return step(VERDICT.NEW, RUST_PANIC);
      return step(VERDICT.JOIN, kind === KIND.CONTINUATION ? TRACE : RUST_MESSAGE);
    },
    [RUST_MESSAGE]: (_line, kind, tail) => {
      if (kind === KIND.CONTINUATION) return step(VERDICT.JOIN, TRACE);
      const isMessage = kind === KIND.PLAIN || kind === KIND.EMPTY;
      return step(isMessage && tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NONE, RUST_MESSAGE);
    },
    [THROWN]: (line, kind, tail) => {
      if (isDashes(line)) return step(VERDICT.JOIN, ADDRESSES);
      const isMessage = kind === KIND.PLAIN || kind === KIND.EMPTY;
      return step(isMessage && tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NONE, THROWN);
    },
    [ADDRESSES]: (line) => {
      const isPart = isAddresses(line) || line.has('??:? ') || (line.last() === 0x5d && line.includes(' [0x'));
      return step(isPart ? VERDICT.JOIN : VERDICT.NONE, ADDRESSES);
    },
    [FRAMES]: (line) => {
      const digits = line.digits(0);
      const isPart = line.includes(': 0x') || (digits > 0 && line.at(digits) === 0x20 && line.includes(' 0x'));
      return step(isPart ? VERDICT.JOIN : VERDICT.NONE, FRAMES);
    },
    [GO_FUNCTION]: (line) => step(isGoPlace(line) ? VERDICT.JOIN : VERDICT.NEW, GO_STACK),
    [GO_STACK]: (line, kind) =>
      kind === KIND.PLAIN && isGoFunction(line) ? step(VERDICT.MAYBE, GO_FUNCTION) : step(VERDICT.NONE, GO_STACK),
    [VALGRIND]: (line) => {
      const at = valgrind(line);
      if (at === 0) return step(VERDICT.NEW, VALGRIND);
      const isPart = line.at(at) === 0x20 || VALGRIND_PARTS.some((text) => line.has(text, at));
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, VALGRIND);
    },
    [ABORT]: (line) => {
      const isPart =
        line.has('======= ') ||
        line.has('PC: @') ||
        line.has('    @ ') ||
        isAddress(line) ||
        isMapping(line) ||
        line.has('[0x');
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, ABORT);
    },
    [FORTRAN]: (line, kind, tail) => {
      if (isFortran(line) && !line.has('At line ') && !line.has('Program ')) return step(VERDICT.JOIN, FORTRAN);
      if (FORTRAN_ENDS.some((text) => line.has(text))) return step(VERDICT.JOIN, TRACE);
      const isMessage = kind === KIND.PLAIN || kind === KIND.EMPTY;
      return step(isMessage && tail < 4 ? VERDICT.MAYBE : VERDICT.NONE, FORTRAN);
    },
    [SIGNALLED]: (line) => (isRule(line) ? step(VERDICT.JOIN, RULED) : step(VERDICT.NEW, SIGNALLED)),
    [RULED]: (line) => step(isReport(line) ? VERDICT.JOIN : VERDICT.NEW, SANITIZER),
    [SANITIZER]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, SANITIZER);
      if (kind === KIND.START || kind === KIND.JSON) return step(VERDICT.NEW, SANITIZER);
      if (isRule(line)) return step(VERDICT.JOIN, CLOSED);
      if (line.has('SUMMARY: ThreadSanitizer')) return step(VERDICT.JOIN, LAST_RULE);
      return step(VERDICT.JOIN, line.has('SUMMARY: ') ? SUMMARY : SANITIZER);
    },
    [LAST_RULE]: (line) => step(isRule(line) ? VERDICT.JOIN : VERDICT.NONE, CLOSED),
    [SUMMARY]: (line, kind) => {
      // The next report begins with a rule.
      if (isRule(line)) return step(VERDICT.NEW, SUMMARY);
      const isPart = kind === KIND.INDENTED || line.has('Shadow ') || line.has('=>0x') || line.has('==');
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, SUMMARY);
    },
  },
};
