/** Which kind a line is, by its own text. Tables by the first byte: most lines of ordinary logs are asked few questions. */

import { isDigit } from '../records/bytes.js';
import { boxes } from './families/boxes.js';
import { compiled } from './families/compiled.js';
import { data } from './families/data.js';
import { exceptions } from './families/exceptions.js';
import type { Family, Pattern, Rule } from './families/family.js';
import { afterUniform, frameworks } from './families/frameworks.js';
import { afterTime, jvm } from './families/jvm.js';
import { kernel } from './families/kernel.js';
import { languages } from './families/languages.js';
import { python } from './families/python.js';
import { PREFIXED, REPORT, scripts } from './families/scripts.js';
import { snippets } from './families/snippets.js';
import { EMPTY_FIRST, KIND, type Kind, type Mode, NO_MODE } from './kinds.js';
import type { Line } from './line.js';
import { isMarked, isStart } from './starts.js';

const FAMILIES: readonly Family[] = [
  python,
  compiled,
  scripts,
  jvm,
  data,
  languages,
  boxes,
  snippets,
  frameworks,
  kernel,
  exceptions,
];
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** By each byte that one may begin with, in their order. Each pattern is looked at once: this runs at every start. */
function byFirst(patterns: readonly Pattern[]): readonly (readonly Pattern[])[] {
  const table: Pattern[][] = Array.from({ length: 256 }, () => []);
  for (const pattern of patterns) {
    for (const first of new Set(pattern.first ?? LETTERS)) table[first.charCodeAt(0)]?.push(pattern);
  }
  return table;
}

const HEADS = byFirst(FAMILIES.flatMap(({ heads }) => heads));
const CONTINUATIONS = byFirst(FAMILIES.flatMap(({ continuations }) => continuations));
const RULES: (Rule | undefined)[] = [];
for (const { rules } of FAMILIES) for (const [mode, rule] of Object.entries(rules)) RULES[Number(mode)] = rule;

export const ruleOf = (mode: Mode): Rule | undefined => RULES[mode];

/** Of the line that was asked about last: the mode that it puts an event in; `undefined` leaves the mode. */
let mode: Mode | undefined;
export const modeOfLine = (): Mode | undefined => mode;

const BLANK = 0x20;
const TAB = 0x09;
const BRACE = 0x7b;
const CLOSE = 0x7d;
const QUOTE = 0x22;
const CLOSERS = '}]);,"> ';

export function kindOf(line: Line): Kind {
  mode = NO_MODE;
  const first = line.at(0);
  if (first < 0) return empty();
  if (isDigit(first)) {
    if (matches(HEADS[first]!, line)) return KIND.HEAD;
    return isStart(line) ? start(line) : KIND.PLAIN;
  }
  if (first === BRACE && isJson(line, 0)) return KIND.JSON;
  if (first === BLANK || first === TAB) {
    const { indent } = line;
    if (indent === line.length) return empty();
    const second = line.at(indent);
    if (matches(HEADS[first]!, line)) return KIND.HEAD;
    if (matches(CONTINUATIONS[first]!, line)) return KIND.CONTINUATION;
    if (isMarked(line)) return start(line);
    mode = undefined;
    return second === BRACE && isJson(line, indent) ? KIND.JSON : KIND.INDENTED;
  }
  if (matches(CONTINUATIONS[first]!, line)) return KIND.CONTINUATION;
  if (matches(HEADS[first]!, line)) return KIND.HEAD;
  if (isStart(line)) return start(line);
  mode = NO_MODE;
  return isClosing(line) ? KIND.CLOSING : KIND.PLAIN;
}

function matches(patterns: readonly Pattern[], line: Line): boolean {
  for (const pattern of patterns) {
    if (pattern.test(line)) {
      mode = pattern.mode;
      return true;
    }
  }
  return false;
}

/** Whether a JSON object begins at `at` and ends with the line. */
function isJson(line: Line, at: number): boolean {
  let i = at + 1;
  while (line.at(i) === BLANK) i++;
  let end = 0;
  while (line.last(end) === BLANK) end++;
  return (line.at(i) === QUOTE || line.at(i) === CLOSE) && line.last(end) === CLOSE;
}

function empty(): Kind {
  mode = EMPTY_FIRST;
  return KIND.EMPTY;
}

function start(line: Line): Kind {
  const isPrefixed = line.has('ERROR: ') || line.has('Warning: ');
  mode = line.at(0) === 0x3d ? REPORT : isPrefixed ? PREFIXED : (afterUniform(line) ?? afterTime(line));
  return KIND.START;
}

function isClosing(line: Line): boolean {
  if (line.length > 4) return false;
  for (let i = 0; i < line.length; i++) if (!CLOSERS.includes(String.fromCharCode(line.at(i)))) return false;
  return true;
}
