/** The Java virtual machine itself: thread dumps, its notice of a crash, and the two header lines of java.util.logging. */

import { isUpper } from '../../records/bytes.js';
import { CLOSED, KIND, LOGGED, step, VERDICT } from '../kinds.js';
import type { Line } from '../line.js';
import { EXCEPTION } from './exceptions.js';
import { type Family, literals } from './family.js';

const BASE = 30;
/** A line that is only a date. */
export const DATE = BASE;
const DUMP = BASE + 1;
/** The first header line; the second begins with the level. */
export const JUL = BASE + 2;
/** Lines that begin with `#`: a crash, if one of the next says so. */
const HASH = BASE + 3;
const CRASH = BASE + 4;
/** The last part of a dump, which ends with an empty line. */
const HEAP = BASE + 5;
/** Android: the process follows, and the exception. */
const ANDROID = BASE + 6;

/** Of the dump, at the begin of lines that are not indented. */
const PARTS = [
  '"',
  'Threads class SMR',
  '_java_thread_list',
  '0x',
  '}',
  'JNI global ref',
  'Heap',
  'No compile task',
  'Found ',
  '===',
  'Java stack information',
  'Locked ownable',
  'Full thread dump',
];

/** The second line of a notice, after `#`: of the Java virtual machine, of V8. */
const NOTICES = [
  '# A fatal error has been detected',
  '# There is insufficient memory for the Java',
  '# java.lang.OutOfMemoryError',
  '# Fatal error in ',
];

/** `Found one Java-level deadlock:`. */
const isDeadlock = (line: Line) => line.has('Found ') && line.includes(' Java-level deadlock', 40);

const isDump = (line: Line) => line.has('Full thread dump ');

/** `2026-11-28 14:38:45`, as the machine prints it before a dump. */
const isDate = (line: Line): boolean => line.length === 19 && line.at(10) === 0x20 && line.at(13) === 0x3a;

/** Since version 20 with a blank of three bytes before it. */
const isHalf = (line: Line): boolean => {
  const at = Math.max(line.indexOf('AM ', 0, 40), line.indexOf('PM ', 0, 40));
  return line.at(at - 1) === 0x20 || line.at(at - 1) === 0xaf;
};

/** `Nov 28, 2026 4:53:27 AM pkg.Class method`. */
const isJul = (line: Line): boolean => {
  const comma = line.at(5) === 0x2c ? 5 : line.at(6) === 0x2c ? 6 : 0;
  return comma > 0 && line.at(comma + 6) === 0x20 && isHalf(line);
};

/** Several threads of the machine print a dump, one after the other. */
export const isOfAnyThread = (mode: number): boolean => mode === DATE || mode === DUMP || mode === HEAP;

export const jvm: Family = {
  heads: [
    { first: 'F', test: isDump, mode: DUMP },
    { first: 'F', test: isDeadlock, mode: DUMP },
    ...literals(['FATAL EXCEPTION: '], ANDROID),
    { first: '#', test: (line) => line.length === 1, mode: HASH },
    // Directly behind another.
    { first: '#', test: (line) => NOTICES.some((text) => line.has(text)), mode: CRASH },
  ],
  continuations: [],
  rules: {
    [ANDROID]: (line, kind) => {
      if (line.has('Process: ') || line.has('PID: ')) return step(VERDICT.JOIN, ANDROID);
      return step(kind === KIND.HEAD ? VERDICT.JOIN : VERDICT.NEW, EXCEPTION);
    },
    [DATE]: (line) => (isDump(line) ? step(VERDICT.JOIN, DUMP) : step(VERDICT.NONE, LOGGED)),
    [DUMP]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, DUMP);
      const isPart = kind === KIND.INDENTED || kind === KIND.CLOSING || PARTS.some((part) => line.has(part));
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, line.has('Heap') ? HEAP : DUMP);
    },
    [HEAP]: (_line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.JOIN, CLOSED);
      return step(kind === KIND.INDENTED ? VERDICT.JOIN : VERDICT.NEW, HEAP);
    },
    [JUL]: (line) => {
      let length = 0;
      while (isUpper(line.at(length))) length++;
      return step(length > 3 && line.has(': ', length) ? VERDICT.JOIN : VERDICT.NONE, LOGGED);
    },
    [HASH]: (line) => {
      if (NOTICES.some((text) => line.has(text))) return step(VERDICT.JOIN, CRASH);
      return step(line.at(0) === 0x23 ? VERDICT.MAYBE : VERDICT.NEW, HASH);
    },
    [CRASH]: (line, kind) =>
      step((line.at(0) === 0x23 && kind !== KIND.HEAD) || line.length === 1 ? VERDICT.JOIN : VERDICT.NEW, CRASH),
  },
};

/** The mode after a first line that begins with a time. */
export const afterTime = (line: Line): number =>
  isDate(line) ? DATE : isUpper(line.at(0)) && isJul(line) ? JUL : LOGGED;
