/** What filters of several tools have in common: expressions that keep or drop records, constants and rates. */
import { LEVELS, type Level } from '../catalog/values/record-rules.js';
import type { Data } from './description.js';
import { expression, textCondition } from './expressions.js';
import type { Entry } from './input.js';
import { quote } from './input.js';
import { WHY } from './reasons.js';
import type { Verdicts } from './verdicts.js';

/** Keys that hold the text of a record. */
const MESSAGE = /^\$?\.?(log|message|msg|line|text)$/;
const LEVEL = /^\$?\.?(level|severity|loglevel|log_level|lvl)$/i;

/**
 * The condition of a rule for a key of a record and an expression.
 *
 * @param isDropped whether records that match are dropped; the others are otherwise
 */
export function condition(
  entry: Entry,
  key: string,
  text: string,
  isDropped: boolean,
  verdicts: Verdicts,
): string | undefined {
  const bare = key.replace(/^\$/, '').replace(/^\[?['"]?(.*?)['"]?\]?$/, '$1');
  const levels = LEVEL.test(bare) ? levelsOf(text) : [];
  const made = isDropped ? oneOf(levels) : noneOf(levels);
  if (made !== undefined) {
    verdicts.carried(entry, `rules: drop ${made}`);
    return made;
  }
  if (!MESSAGE.test(bare)) {
    verdicts.left(
      entry,
      `rules know the level, stream, file, container, process and text of a record, and no field ${quote(bare)}: ${WHY.stage}`,
    );
    return undefined;
  }
  const re2 = expression(text);
  if ('not' in re2) {
    verdicts.left(entry, re2.not);
    return undefined;
  }
  const ofText = textCondition(isDropped ? '~' : '!~', re2.is);
  if (ofText === undefined) verdicts.left(entry, 'a rule cannot have this expression');
  else verdicts.carried(entry, `rules: drop ${ofText}`);
  return ofText;
}

/** Levels, if the expression is their names: `ERROR`, `^(warn|error)$`. */
function levelsOf(text: string): Level[] {
  const names = text
    .replace(/^\/(.*)\/i?$/, '$1')
    .replace(/^\^|\$$/g, '')
    .replace(/^\((?:\?:)?([^()]*)\)$/, '$1')
    .toLowerCase()
    .split('|');
  const levels = names.map((name) => LEVELS.find((level) => level === (name === 'warning' ? 'warn' : name)));
  return levels.every((level) => level !== undefined) ? [...new Set(levels)] : [];
}

/** A record without a level has none of them. */
const noneOf = (levels: readonly Level[]) =>
  levels.length === 0 ? undefined : levels.map((level) => `level!=${level}`).join(' ');

/** Conditions of a rule hold together, so that only levels without a gap are one rule. */
function oneOf(levels: readonly Level[]): string | undefined {
  const ranks = levels.map((level) => LEVELS.indexOf(level)).sort((one, other) => one - other);
  const [least, most] = [ranks[0], ranks.at(-1)];
  if (least === undefined || most === undefined || most - least + 1 !== ranks.length) return undefined;
  if (least === most) return `level=${LEVELS[least]}`;
  return least === 0 ? `level<=${LEVELS[most]}` : `level>=${LEVELS[least]} level<=${LEVELS[most]}`;
}

/** A field that every record gets. Values that depend on the record or the machine are not constants. */
export function constant(entry: Entry, key: string, value: string, constants: Data, verdicts: Verdicts): void {
  const embedded = /\$\{([^}]*)\}|#\{([^}]*)\}|%\{/.exec(value);
  if (embedded !== null) {
    const name = embedded[1] ?? embedded[2] ?? value;
    if (
      /^(HOSTNAME|POD_NAME|POD_NAMESPACE|NAMESPACE|NODE_NAME|K8S_NODE_NAME|hostname|Socket\.gethostname)$|gethostname|ENV\[['"](HOSTNAME|POD_NAME|NODE_NAME|K8S_NODE_NAME|POD_NAMESPACE)['"]\]/.test(
        name,
      )
    )
      verdicts.needless(entry, WHY.pod);
    else
      verdicts.left(
        entry,
        `its value is not constant and is not evaluated (${name}): give --env for a variable, or ${WHY.stage}`,
      );
    return;
  }
  if (!/^[A-Za-z_][\w.-]*$/.test(key) || /[,=\n]/.test(value) || value === '') {
    verdicts.left(
      entry,
      'a constant has a name of letters, digits, `_`, `.` and `-`, and a value without commas, equals signs and line ends',
    );
    return;
  }
  constants[key] = value;
  verdicts.carried(entry, `fields.constants.${key}`);
}

const UNITS = [
  ['s', 1],
  ['m', 60],
  ['h', 3600],
] as const;

/** Records per time as a rate limit. Seconds, minutes and hours exist: the longest that is not above the interval comes first. */
export function rate(records: number, seconds: number): string | undefined {
  if (!(records > 0 && seconds > 0)) return undefined;
  const within = UNITS.filter(([, length]) => length <= seconds).reverse();
  const above = UNITS.filter(([, length]) => length > seconds);
  for (const [unit, length] of [...within, ...above]) {
    const each = (records * length) / seconds;
    if (Number.isInteger(each)) return `${each}/${unit}`;
  }
  return undefined;
}

/** Quoted text of a configuration. */
export const unquoted = (text: string) => text.replace(/^(["'])(.*)\1$/s, '$2');
