/** Python: tracebacks, chains of them, exception groups, errors of syntax. Ruby prints its frames under the same first line. */
import { KIND, step, VERDICT } from '../kinds.js';
import type { Line } from '../line.js';
import { type Family, literals } from './family.js';

const BASE = 30;
/** The exception itself is still to come: a line that is not indented. */
const FRAMES = BASE;
/** The exception was named. */
const NAMED = BASE + 1;
/** Another traceback is announced. */
const CHAINED = BASE + 2;
/** Frames of a group, which end with its margin. */
const GROUP = BASE + 3;

const isTraceback = (line: Line) => line.has('Traceback (most recent call last):');
const isGroup = (line: Line) => line.has('  + Exception Group Traceback');
const CHAINS = ['The above exception was the direct cause', 'During handling of the above exception'];
const isChain = (line: Line) => CHAINS.some((text) => line.has(text));

export const python: Family = {
  heads: [
    ...literals(['Traceback (most recent call last):'], FRAMES),
    ...literals(['  + Exception Group Traceback'], GROUP),
    // Of an error of syntax, which has no traceback.
    ...literals(['  File "'], FRAMES),
  ],
  continuations: [],
  rules: {
    [FRAMES]: (line, kind) => {
      if (kind === KIND.INDENTED || line.has('  File "') || line.includes('.nim(')) return step(VERDICT.JOIN, FRAMES);
      if (isTraceback(line)) return step(VERDICT.NEW, FRAMES);
      if (kind === KIND.START || kind === KIND.JSON || kind === KIND.EMPTY) return step(VERDICT.NONE, FRAMES);
      return step(VERDICT.JOIN, NAMED);
    },
    [NAMED]: (line, kind, tail) => {
      if (kind === KIND.EMPTY) return step(tail < 2 ? VERDICT.MAYBE : VERDICT.NEW, NAMED);
      if (isChain(line)) return step(VERDICT.JOIN, CHAINED);
      if (kind === KIND.INDENTED && tail === 0) return step(VERDICT.JOIN, NAMED);
      return step(VERDICT.NEW, NAMED);
    },
    [CHAINED]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.JOIN, CHAINED);
      if (isTraceback(line)) return step(VERDICT.JOIN, FRAMES);
      return step(isGroup(line) ? VERDICT.JOIN : VERDICT.NEW, GROUP);
    },
    [GROUP]: (line, kind) => {
      if (isGroup(line)) return step(VERDICT.NEW, GROUP);
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, GROUP);
      if (isChain(line)) return step(VERDICT.JOIN, CHAINED);
      return step(kind === KIND.INDENTED ? VERDICT.JOIN : VERDICT.NEW, GROUP);
    },
  },
};
