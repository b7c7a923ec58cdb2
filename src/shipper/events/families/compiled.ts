/** Programs that were compiled: Go, Rust, C and C++ with stacks of debuggers and reports of sanitizers, OCaml, Fortran. */

import { isDigit } from '../../records/bytes.js';
import { KIND, step, TRACE, VERDICT } from '../kinds.js';
import { isWord, type Line } from '../line.js';
import { type Family, literals } from './family.js';

const BASE = 40;
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

const MESSAGE_LINES = 16;

const isRule = (line: Line) => line.has('================') && line.last() === 0x3d;
const isReport = (line: Line) =>
  (line.has('==') && line.includes('Sanitizer: ', 60)) || line.has('WARNING: ThreadSanitizer');
const isPanic = (line: Line) => line.has("thread '") && line.includes(' panicked at ', 200);

/** `main.f(...)`, `created by main.main in goroutine 1`. */
function isGoLine(line: Line): boolean {
  if (line.has('created by ') || line.has('goroutine ') || line.has('...') || line.has('[signal ')) return true;
  if (line.has('exit status ') || line.has('runtime stack:')) return true;
  const open = line.indexOf('(');
  const blank = line.indexOf(' ');
  return open > 0 && line.last() === 0x29 && (blank < 0 || blank > open) && line.indexOf('.') >= 0;
}

/** `#0  0x00 in f`, `#1 {main}`, `#2 /app/f.php(3): f()`. */
function isNumberedFrame(line: Line): boolean {
  const digits = line.digits(1);
  if (digits === 0 || line.at(1 + digits) !== 0x20) return false;
  return (
    line.includes('(') || line.has('0x', 2 + digits) || line.has('0x', 3 + digits) || line.has('{main}', 2 + digits)
  );
}

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
const isRegister = (line: Line) => line.length < 40 && line.includes('    0x', 12);

export const compiled: Family = {
  heads: [
    ...literals(['panic: ', 'fatal error: '], PANIC),
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
  ],
  continuations: [
    { first: '#', test: isNumberedFrame },
    ...literals(['stack backtrace:', 'note: run with `RUST_BACKTRACE', 'note: Some details are omitted'], TRACE),
    // Ada, Haskell.
    ...literals(['Call stack traceback locations:'], ADDRESSES),
    ...literals(['CallStack (from ', 'Stacktrace:']),
    ...literals(['Current stack trace:'], FRAMES),
    ...literals(['Raised at ', 'Raised by ', 'Called from ', 'Re-raised at ']),
  ],
  rules: {
    [PANIC]: (line, kind, tail) => {
      if (isGoLine(line)) return step(VERDICT.JOIN, GOROUTINE);
      const isMessage = kind === KIND.PLAIN || kind === KIND.EMPTY || kind === KIND.INDENTED;
      return step(isMessage && tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NONE, PANIC);
    },
    [GOROUTINE]: (line, kind, tail) => {
      if (kind === KIND.EMPTY) return step(tail < 2 ? VERDICT.MAYBE : VERDICT.NEW, GOROUTINE);
      if (kind === KIND.INDENTED) return step(VERDICT.JOIN, GOROUTINE);
      return step(isGoLine(line) || isRegister(line) ? VERDICT.JOIN : VERDICT.NEW, GOROUTINE);
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
    [RULED]: (line) => step(isReport(line) ? VERDICT.JOIN : VERDICT.NEW, SANITIZER),
    [SANITIZER]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, SANITIZER);
      if (kind === KIND.START || kind === KIND.JSON) return step(VERDICT.NEW, SANITIZER);
      return step(VERDICT.JOIN, line.has('SUMMARY: ') ? SUMMARY : SANITIZER);
    },
    [SUMMARY]: (line, kind) => {
      const isPart =
        kind === KIND.INDENTED || line.has('Shadow ') || line.has('=>0x') || line.has('==') || isRule(line);
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, SUMMARY);
    },
  },
};
