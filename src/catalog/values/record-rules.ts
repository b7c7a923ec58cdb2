/**
 * The language of LOGTAP_RULES: which records are kept. The first rule whose conditions all hold decides; a record that no
 * rule matches is kept.
 *
 *     rules     = rule *( ( ";" / newline ) rule )
 *     rule      = action *( blank condition )
 *     action    = "keep" / "drop" / "sample" percent "%"
 *     condition = "level"  ( "=" / "!=" / "<" / "<=" / ">" / ">=" ) level
 *               / "stream" ( "=" / "!=" ) ( "stdout" / "stderr" / "file" )
 *               / ( "file" / "container" / "process" ) ( "=" / "!=" ) glob
 *               / "text"   ( "~" / "!~" ) "/" expression "/"
 *
 * A glob, which `Glob` describes, is written in double quotes if it has blanks or semicolons. A slash in an expression is
 * written `\/`.
 */
import { remedyFor } from '../closest.js';
import { Glob } from './glob.js';
import { regularExpression } from './regular-expression.js';

/** In rising order. Each is a range of four OpenTelemetry severity numbers, the first from 1 to 4. */
export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof LEVELS)[number];

/** Severity numbers of a level. */
export function severitiesOf(level: Level): readonly [least: number, most: number] {
  const least = 1 + 4 * LEVELS.indexOf(level);
  return [least, least + 3];
}

/** Texts that a glob may contain. */
const NAMED = ['file', 'container', 'process'] as const;
type Named = (typeof NAMED)[number];

export type Condition =
  /** Severity numbers, 0 without a level. */
  | { readonly of: 'level'; readonly least: number; readonly most: number; readonly isNegated: boolean }
  | { readonly of: 'stream'; readonly stream: 'stdout' | 'stderr' | 'file'; readonly isNegated: boolean }
  | { readonly of: Named; readonly glob: Glob; readonly isNegated: boolean }
  /** In the syntax of RE2. */
  | { readonly of: 'text'; readonly expression: string; readonly isNegated: boolean };

export interface RecordRule {
  readonly action: 'keep' | 'drop' | 'sample';
  /** Part of the matching records that is kept, from 0 to 1. */
  readonly share: number;
  readonly conditions: readonly Condition[];
}

/** Throws an Error whose message states the place, the rule and the remedy. */
export function recordRules(text: string): readonly RecordRule[] {
  const reader = new Reader(text);
  const rules: RecordRule[] = [];
  while (!reader.isAtEnd()) {
    if (reader.takes(SEPARATOR)) continue;
    reader.number = rules.length + 1;
    rules.push(ruleFrom(reader));
  }
  if (rules.length === 0) throw new Error('has no rule. Write one, for example drop level<info.');
  return rules;
}

/** The text of each rule, for reports on the rule that decided. */
export function ruleTexts(text: string): string[] {
  const reader = new Reader(text);
  const texts: string[] = [];
  while (!reader.isAtEnd()) {
    if (reader.takes(SEPARATOR)) continue;
    const start = reader.place;
    ruleFrom(reader);
    texts.push(text.slice(start, reader.place).trim());
  }
  return texts;
}

const SEPARATOR = /[;\n][\s;]*/y;
const ACTION = /(?:keep|drop|sample)(?=[\s;]|$)/y;
const STREAMS = ['stdout', 'stderr', 'file'];
const PERCENT = /(\d+(?:\.\d+)?)%/y;
const FIELD = /(level|stream|file|container|process|text)\s*(!=|!~|<=|>=|=|<|>|~)\s*/y;
const WORD = /[^\s;]+/y;
const QUOTED = /"([^"\n]*)"/y;
const EXPRESSION = /\/((?:[^/\\\n]|\\.)+)\//y;
const OPERATORS: Readonly<Record<Condition['of'], readonly string[]>> = {
  level: ['=', '!=', '<', '<=', '>', '>='],
  stream: ['=', '!='],
  file: ['=', '!='],
  container: ['=', '!='],
  process: ['=', '!='],
  text: ['~', '!~'],
};

function ruleFrom(reader: Reader): RecordRule {
  const [action] = reader.take(ACTION, 'a rule begins with keep, drop or sample N%');
  const share = action === 'keep' ? 1 : action === 'drop' ? 0 : shareFrom(reader);
  const conditions: Condition[] = [];
  while (!reader.isAtEnd() && !reader.sees(SEPARATOR)) conditions.push(conditionFrom(reader));
  if (action === 'keep' && conditions.length === 0) {
    reader.fail('keep needs a condition: records that no rule matches are kept anyway');
  }
  return { action: action as RecordRule['action'], share, conditions };
}

function shareFrom(reader: Reader): number {
  const [, percent] = reader.take(PERCENT, 'sample needs a percentage, for example sample 10%');
  if (Number(percent) > 100) reader.fail(`${percent}% is more than 100%`);
  return Number(percent) / 100;
}

function conditionFrom(reader: Reader): Condition {
  const [, field, operator] = reader.take(
    FIELD,
    'a condition is level, stream, file, container, process or text with an operator and a value, for example level>=warn, stream=stderr, file=/var/log/*.log or text~/timeout/',
  );
  const of = field as Condition['of'];
  if (!OPERATORS[of].includes(operator!)) reader.fail(`${of} knows the operators ${OPERATORS[of].join(' ')}`);
  const isNegated = operator!.startsWith('!');
  if (of === 'level') return levelFrom(reader, operator!);
  if (of === 'text') return { of, expression: expressionFrom(reader), isNegated };
  if (isNamed(of)) return { of, glob: globFrom(reader, of), isNegated };
  const [stream] = reader.take(WORD, 'stream is stdout, stderr or file');
  if (stream !== 'stdout' && stream !== 'stderr' && stream !== 'file')
    reader.fail(`'${stream}' is no stream: ${remedyFor(stream!, STREAMS)}`);
  return { of, stream: stream as 'stdout', isNegated };
}

function levelFrom(reader: Reader, operator: string): Condition {
  const [name = ''] = reader.take(WORD, `level is one of ${LEVELS.join(', ')}, unknown`);
  const isEqual = operator === '=' || operator === '!=';
  if (name === 'unknown' && isEqual) return { of: 'level', least: 0, most: 0, isNegated: operator === '!=' };
  const level = LEVELS.find((each) => each === name);
  if (level === undefined) return reader.fail(`'${name}' is no level here: ${remedyFor(name, LEVELS)}`);
  const [least, most] = severitiesOf(level);
  const range = {
    '=': [least, most],
    '!=': [least, most],
    '<': [1, least - 1],
    '<=': [1, most],
    '>': [most + 1, 24],
    '>=': [least, 24],
  }[operator]!;
  return { of: 'level', least: range[0]!, most: range[1]!, isNegated: operator === '!=' };
}

function expressionFrom(reader: Reader): string {
  const [, escaped = ''] = reader.take(
    EXPRESSION,
    'an expression is written between slashes, for example text~/GET \\/health/',
  );
  const expression = escaped.replace(/\\\//g, '/');
  try {
    return regularExpression(expression);
  } catch (error) {
    return reader.fail((error as Error).message);
  }
}

const isNamed = (of: Condition['of']): of is Named => (NAMED as readonly string[]).includes(of);

function globFrom(reader: Reader, of: Named): Glob {
  const need =
    of === 'file' ? 'file needs a path, for example /var/log/*.log' : `${of} needs a name, for example web-*`;
  const [whole, quoted] = reader.tryTake(QUOTED) ?? reader.take(WORD, need);
  return new Glob(quoted ?? whole ?? '');
}

/** The text and a place in it. */
class Reader {
  /** Of the present rule, for messages. */
  number = 1;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipBlanks();
  }

  get place(): number {
    return this.#at;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  sees(token: RegExp): boolean {
    token.lastIndex = this.#at;
    return token.test(this.#text);
  }

  takes(token: RegExp): boolean {
    return this.tryTake(token) !== undefined;
  }

  tryTake(token: RegExp): readonly (string | undefined)[] | undefined {
    token.lastIndex = this.#at;
    const found = token.exec(this.#text);
    if (found === null) return undefined;
    this.#at += found[0].length;
    this.#skipBlanks();
    return found;
  }

  take(token: RegExp, rule: string): readonly (string | undefined)[] {
    return this.tryTake(token) ?? this.fail(rule);
  }

  fail(rule: string): never {
    const rest = this.#text.slice(this.#at, this.#at + 40).split('\n')[0];
    const place = rest === '' ? 'at the end' : `before '${rest}'`;
    throw new Error(`rule ${this.number}, ${place}: ${rule}${rule.endsWith('?') ? '' : '. Correct it.'}`);
  }

  /** Line ends separate rules. */
  #skipBlanks(): void {
    while (/[ \t\r]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }
}
