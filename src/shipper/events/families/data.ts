/** Databases and data: stacks of Oracle, the further lines of PostgreSQL, JSON that is printed over several lines. */
import { CLOSED, KIND, step, VERDICT } from '../kinds.js';
import type { Line } from '../line.js';
import { type Family, literals } from './family.js';

const BASE = 140;
const ORACLE = BASE;
const PRETTY = BASE + 1;
const MARKUP = BASE + 2;
/** A table of MySQL or of Python's tabulate: a ruler was drawn, or a row. */
const RULED = BASE + 3;
const ROW = BASE + 4;

const DETAILS = ['DETAIL', 'HINT', 'CONTEXT', 'STATEMENT', 'QUERY', 'LOCATION'];

/** PostgreSQL repeats its prefix on the lines that explain an error: `2026-11-28 04:57:06 UTC [9] DETAIL:  ...`. */
export function isDetail(line: Line): boolean {
  const colon = colonAndBlanks(line);
  if (colon <= 0) return false;
  for (const word of DETAILS) if (line.has(word, colon - word.length)) return true;
  return false;
}

/** Whether a line within these bytes may be one: a search of all of them costs a third of the question to each. */
export const mayHaveDetail = (bytes: Uint8Array, start: number, end: number): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).includes(':  ', 0, 'latin1');

/** No further into a line: the word comes behind a prefix. */
const DETAIL_BYTES = 160;
const COLON = 0x3a;
const BLANK = 0x20;

/**
 * Index of the first `:  `; -1 where there is none near the begin. Each line that begins an event is asked, so most bytes are passed
 * over: three at a time, where the last of them is none of the text.
 */
function colonAndBlanks({ bytes, start, end }: Line): number {
  const stop = Math.min(end, start + DETAIL_BYTES);
  for (let i = start + 2; i < stop; ) {
    const byte = bytes[i]!;
    if (byte === BLANK) {
      if (bytes[i - 1] === BLANK && bytes[i - 2] === COLON) return i - 2 - start;
      i += 1;
    } else i += byte === COLON ? 2 : 3;
  }
  return -1;
}

/** PHP repeats the time: `[28-Nov-2026 10:00:03 UTC] PHP Stack trace:`, `[...] PHP   1. {main}() /srv/a.php:0`. */
export function isRepeated(line: Line): boolean {
  if (line.at(0) !== 0x5b) return false;
  const at = line.indexOf('] PHP ', 0, 60) + 6;
  if (at < 6) return false;
  return line.has('Stack trace:', at) || (line.has('  ', at) && line.includes('. ', at + 8));
}

const LESS = 0x3c;
const XML = ['<?xml ', '<!DOCTYPE ', '<!doctype '];
/** `<soap:Envelope xmlns:soap="...">`. */
const isEnvelope = (line: Line) => line.at(0) === LESS && line.indexOf(':Envelope', 1, 40) > 0;
const isEnvelopeEnd = (line: Line) => line.has('</') && line.includes(':Envelope>', 40);
const isMarkupBegin = (line: Line) => XML.some((text) => line.has(text)) || isEnvelope(line);

const PLUS = 0x2b;
const BAR = 0x7c;
/** `+----+-------+`, and `+====+` below a header. */
function isRuler(line: Line): boolean {
  if (line.length < 4 || line.last() !== PLUS) return false;
  for (let i = 0; i < line.length; i++) if (!RULER.includes(String.fromCharCode(line.at(i)))) return false;
  return true;
}
const RULER = '+-=:';

export const data: Family = {
  heads: [
    ...literals(['ORA-'], ORACLE).map((head) => ({
      ...head,
      test: (line: Line) => line.has('ORA-') && line.digits(4) >= 4,
    })),
    { first: '{[', test: (line) => line.length === 1, mode: PRETTY },
    { first: '<', test: isMarkupBegin, mode: MARKUP },
    { first: '+', test: isRuler, mode: RULED },
  ],
  continuations: [],
  rules: {
    [ORACLE]: (line) => step(line.has('ORA-') ? VERDICT.JOIN : VERDICT.NONE, ORACLE),
    [MARKUP]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, MARKUP);
      // The root follows a declaration.
      const isBegin = kind === KIND.START || (isMarkupBegin(line) && !isEnvelope(line));
      if (isBegin || (line.at(line.indent) !== LESS && kind !== KIND.INDENTED)) return step(VERDICT.NEW, MARKUP);
      return step(VERDICT.JOIN, isEnvelopeEnd(line) ? CLOSED : MARKUP);
    },
    // Two rulers in a row are of two tables.
    [RULED]: (line) => step(line.at(0) === BAR ? VERDICT.JOIN : VERDICT.NEW, ROW),
    [ROW]: (line) => {
      if (isRuler(line)) return step(VERDICT.JOIN, RULED);
      return step(line.at(0) === BAR ? VERDICT.JOIN : VERDICT.NEW, ROW);
    },
    [PRETTY]: (line, kind) => {
      if (kind === KIND.CLOSING) return step(VERDICT.JOIN, line.indent === 0 ? CLOSED : PRETTY);
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, PRETTY);
      return step(kind === KIND.INDENTED ? VERDICT.JOIN : VERDICT.NEW, PRETTY);
    },
  },
};
