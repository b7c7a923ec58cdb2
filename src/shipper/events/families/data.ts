/** Databases and data: stacks of Oracle, the further lines of PostgreSQL, JSON that is printed over several lines. */
import { CLOSED, KIND, step, VERDICT } from '../kinds.js';
import type { Line } from '../line.js';
import { type Family, literals } from './family.js';

const BASE = 140;
const ORACLE = BASE;
const PRETTY = BASE + 1;

const DETAILS = ['DETAIL', 'HINT', 'CONTEXT', 'STATEMENT', 'QUERY', 'LOCATION'];

/** PostgreSQL repeats its prefix on the lines that explain an error: `2026-11-28 04:57:06 UTC [9] DETAIL:  ...`. */
export function isDetail(line: Line): boolean {
  const colon = line.indexOf(':  ', 0, 160);
  return colon > 0 && DETAILS.some((word) => line.has(word, colon - word.length));
}

/** PHP repeats the time: `[28-Nov-2026 10:00:03 UTC] PHP Stack trace:`, `[...] PHP   1. {main}() /srv/a.php:0`. */
export function isRepeated(line: Line): boolean {
  if (line.at(0) !== 0x5b) return false;
  const at = line.indexOf('] PHP ', 0, 60) + 6;
  if (at < 6) return false;
  return line.has('Stack trace:', at) || (line.has('  ', at) && line.includes('. ', at + 8));
}

export const data: Family = {
  heads: [
    ...literals(['ORA-'], ORACLE).map((head) => ({
      ...head,
      test: (line: Line) => line.has('ORA-') && line.digits(4) >= 4,
    })),
    { first: '{[', test: (line) => line.length === 1, mode: PRETTY },
  ],
  continuations: [],
  rules: {
    [ORACLE]: (line) => step(line.has('ORA-') ? VERDICT.JOIN : VERDICT.NONE, ORACLE),
    [PRETTY]: (line, kind) => {
      if (kind === KIND.CLOSING) return step(VERDICT.JOIN, line.indent === 0 ? CLOSED : PRETTY);
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, PRETTY);
      return step(kind === KIND.INDENTED ? VERDICT.JOIN : VERDICT.NEW, PRETTY);
    },
  },
};
