/** Errors that show a piece of source: Bun, PowerShell, Rust's miette, code frames of Ruby and Babel. */
import { isDigit } from '../../records/bytes.js';
import { KIND, step, VERDICT } from '../kinds.js';
import type { Line } from '../line.js';
import { EXCEPTION } from './exceptions.js';
import { type Family, lines, literals } from './family.js';

const BASE = 200;
/** Bun: numbered lines, then a mark below the place. */
const NUMBERED = BASE;
/** The mark was printed; the error follows. */
const MARKED = BASE + 1;
/** PowerShell: the line, and what is wrong with it. */
const COMMAND = BASE + 2;
/** miette: notes behind the message, each with blanks before it. */
const DIAGNOSTIC = BASE + 3;
/** rustc: the place was named; numbered lines of source, marks and notes follow. */
const PLACED = BASE + 4;
/** miette without drawings: the message, its severity, and lines that say what they are. */
const NARRATED = BASE + 5;

const BLANK = 0x20;
const GREATER = 0x3e;
const DIGITS = '0123456789';

/** `12 | const a = 1;`: how many digits; 0 where it is no line of source. */
function numberOf(line: Line, at: number): number {
  const digits = line.digits(at);
  return digits < 7 && line.has(' |', at + digits) ? digits : 0;
}
const isNumbered = (line: Line) => numberOf(line, 0) > 0;
/** `> 3 | x = [1`: the line of the error. */
const isPointed = (line: Line) => line.at(0) === GREATER && line.at(1) === BLANK && numberOf(line, 2) > 0;
const isMark = (line: Line) => line.indent > 0 && line.at(line.indent) === 0x5e;
/** `error: message`, as Bun writes where the class is `Error`. */
const isError = (line: Line) => line.has('error: ');

/** ` --> src/main.rs:2:21`, or `┌─ src/app.gleam:4:3` with an angle that is drawn. */
function isSource(line: Line): boolean {
  const at = line.indent;
  const isArrow =
    line.has('--> ', at) || (line.at(at) === 0xe2 && line.at(at + 1) === 0x94 && line.at(at + 2) === 0x8c);
  return at > 0 && isArrow && isDigit(line.last()) && line.includes(':');
}
/** `2 |     let y = x;`, `2 │   x`, `...` between them, and notes that are not indented. */
const isSnippet = (line: Line) =>
  isNumbered(line) ||
  (line.digits(0) > 0 && line.has(' ', line.digits(0)) && line.at(line.digits(0) + 1) === 0xe2) ||
  NOTES.some((text) => line.has(text));
const NOTES = ['help: ', 'note: ', '...'];
const NARRATION = [
  'Begin snippet ',
  'snippet line ',
  'diagnostic help: ',
  'diagnostic code: ',
  'For more details, see:',
];

/** `At /srv/app.ps1:3 char:5`. */
function isPlace(line: Line): boolean {
  const at = line.indexOf(' char:', 3);
  return at > 0 && isDigit(line.at(at + 6)) && at + 6 + line.digits(at + 6) === line.length;
}

/** `×`, `⚠`, `☞` behind blanks: the message of miette, by its severity. */
export function isDiagnostic(line: Line): boolean {
  const at = line.indent;
  // Next.js writes one blank before a message of its own.
  if (at < 2) return false;
  const [one, two, three] = [line.at(at), line.at(at + 1), line.at(at + 2)];
  if (one === 0xc3) return two === 0x97 && three === BLANK;
  return (
    one === 0xe2 && line.at(at + 3) === BLANK && ((two === 0x9a && three === 0xa0) || (two === 0x98 && three === 0x9e))
  );
}

export const snippets: Family = {
  heads: [{ first: DIGITS, test: isNumbered, mode: NUMBERED }],
  continuations: [
    { first: '>', test: isPointed, mode: NUMBERED },
    ...lines(['Line |'], COMMAND),
    { first: 'A', test: (line) => line.has('At ') && isPlace(line), mode: COMMAND },
    ...literals(['Bun v']).map((version) => ({
      ...version,
      test: (line: Line) => version.test(line) && isDigit(line.at(5)) && line.last() === 0x29,
    })),
    { first: ' ', test: isDiagnostic, mode: DIAGNOSTIC },
    { first: ' ', test: isSource, mode: PLACED },
    ...literals(['    Diagnostic severity: '], NARRATED),
  ],
  rules: {
    [NUMBERED]: (line) => {
      if (isMark(line)) return step(VERDICT.JOIN, MARKED);
      return step(isNumbered(line) ? VERDICT.MAYBE : VERDICT.NONE, NUMBERED);
    },
    [MARKED]: (line, kind) => {
      if (isError(line)) return step(VERDICT.JOIN, EXCEPTION);
      return step(kind === KIND.HEAD && !isNumbered(line) ? VERDICT.JOIN : VERDICT.NONE, EXCEPTION);
    },
    [COMMAND]: (line, kind) => step(kind === KIND.INDENTED || line.has('+ ') ? VERDICT.JOIN : VERDICT.NONE, COMMAND),
    [PLACED]: (line, kind) =>
      step(kind === KIND.INDENTED || isSource(line) || isSnippet(line) ? VERDICT.JOIN : VERDICT.NONE, PLACED),
    [NARRATED]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, NARRATED);
      const isPart = kind === KIND.INDENTED || NARRATION.some((text) => line.has(text));
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, NARRATED);
    },
    [DIAGNOSTIC]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, DIAGNOSTIC);
      const isPart = kind === KIND.INDENTED || isDiagnostic(line);
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, DIAGNOSTIC);
    },
  },
};
