/** What frameworks print where an error was caught: Symfony's console, Gin; GlassFish's records. */
import { isDigit } from '../../records/bytes.js';
import { CLOSED, KIND, type Mode, step, VERDICT } from '../kinds.js';
import type { Line } from '../line.js';
import { type Family, literals } from './family.js';

const BASE = 220;
/** Symfony: the place of the error; its message, its frames and the usage of the command follow. */
export const CONSOLE = BASE;
/** Gin: the request and the error, before the first frame. */
const RECOVERY = BASE + 1;
const RECOVERED = BASE + 2;
/** GlassFish: a record ends with `|#]`. */
const UNIFORM = BASE + 3;
const UNIFORM_BEGIN = '[#|';
const UNIFORM_END = '|#]';

/** A request may have so many headers. */
const REQUEST_LINES = 40;
const ESCAPE = 0x1b;

/** `In Connection.php line 117:`. */
const isPlace = (line: Line) => line.has('In ') && line.last() === 0x3a && line.includes(' line ');
/** `app:create-user [-h|--help] [--] <username>`. */
const isUsage = (line: Line) =>
  line.has(' [', line.wordEnd) && (line.includes('[--] ') || line.includes('[-h|--help]') || line.includes(' [--'));

/** Gin writes the colour whether or not anything shows it: `ESC[31m2026/11/28 10:00:03 [Recovery] ... panic recovered:`. */
const isRecovery = (line: Line) => line.endsWith(' panic recovered:') && line.includes('[Recovery] ');
/** `/srv/main.go:12 (0x7a1b2c)`. */
const isGinFrame = (line: Line) =>
  line.last() === 0x29 && line.has(' (0x', line.wordEnd) && isDigit(line.at(line.wordEnd - 1));
const isReset = (line: Line) => line.at(0) === ESCAPE && line.length < 5;

export const frameworks: Family = {
  heads: [
    ...literals(['In ']).map((head) => ({ ...head, test: isPlace, mode: CONSOLE })),
    { first: '\x1b2[', test: isRecovery, mode: RECOVERY },
  ],
  continuations: [],
  rules: {
    [UNIFORM]: (line) =>
      step(line.has(UNIFORM_BEGIN) ? VERDICT.NEW : VERDICT.JOIN, line.endsWith(UNIFORM_END) ? CLOSED : UNIFORM),
    [CONSOLE]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, CONSOLE);
      if (isUsage(line)) return step(VERDICT.JOIN, CLOSED);
      const isPart = kind === KIND.INDENTED || isPlace(line) || line.has('Exception trace:');
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, CONSOLE);
    },
    [RECOVERY]: (line, kind, tail) => {
      if (isGinFrame(line)) return step(VERDICT.JOIN, RECOVERED);
      const isPart = kind === KIND.PLAIN || kind === KIND.EMPTY || kind === KIND.HEAD;
      return step(isPart && tail < REQUEST_LINES ? VERDICT.MAYBE : VERDICT.NONE, RECOVERY);
    },
    [RECOVERED]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, RECOVERED);
      if (isReset(line)) return step(VERDICT.JOIN, CLOSED);
      return step(isGinFrame(line) || kind === KIND.INDENTED ? VERDICT.JOIN : VERDICT.NEW, RECOVERED);
    },
  },
};

/** The mode after a line that begins with a time in a frame, as GlassFish writes it; `undefined` where it is none. */
export const afterUniform = (line: Line): Mode | undefined =>
  line.has(UNIFORM_BEGIN) ? (line.endsWith(UNIFORM_END) ? CLOSED : UNIFORM) : undefined;
