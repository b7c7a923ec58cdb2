/** The level of a record that names its values: a JSON object, or logfmt. */

import { isDigit, isLetter } from '../../records/bytes.js';
import { isAt, isBlank, isNameByte, numberAt, skipBlanks, skipLetters, skipSpace, stringEnd } from '../bytes.js';
import { levelOfMembers } from './level-of-members.js';
import {
  type Severity,
  severityOfGoogle,
  severityOfLetter,
  severityOfMonolog,
  severityOfNumber,
  severityOfPython,
  severityOfSyslog,
  severityOfWord,
} from './severity.js';

const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const MINUS = 0x2d;
const PLUS = 0x2b;
const LINE_FEED = 0x0a;

/** How a key's number is read. */
type Scale = (value: number) => Severity;
const ofOpenTelemetry: Scale = (value) => (value <= 24 ? value : 0);
const ofNone: Scale = () => 0;

export interface LevelKey {
  readonly name: Buffer;
  readonly scale: Scale;
  /** How a larger number is read. */
  readonly hundreds?: Scale;
  /** Only one letter is a level: MongoDB's `s`. Only a word is: names that mean something else in other objects. */
  readonly takes?: 'letter' | 'word';
}

export const LEVEL_KEYS: readonly LevelKey[] = [
  ...[
    'level',
    'lvl',
    'severity',
    'log.level',
    'loglevel',
    'log_level',
    'logLevel',
    'Level',
    'LogLevel',
    'level_value',
  ].map((name) => ({
    name: Buffer.from(name),
    scale: severityOfNumber,
    hundreds: name === 'severity' ? severityOfGoogle : severityOfMonolog,
  })),
  ...[
    'levelname',
    'level_name',
    '@l',
    'severityText',
    'severity_text',
    'SeverityText',
    'levelName',
    'LEVEL',
    'Severity',
    'SEVERITY',
    'error_severity',
  ].map((name) => ({ name: Buffer.from(name), scale: severityOfNumber })),
  ...['severityNumber', 'severity_number', 'SeverityNumber'].map((name) => ({
    name: Buffer.from(name),
    scale: ofOpenTelemetry,
  })),
  ...['levelno', 'level_number'].map((name) => ({ name: Buffer.from(name), scale: severityOfPython })),
  ...['PRIORITY', 'syslog_severity'].map((name) => ({ name: Buffer.from(name), scale: severityOfSyslog })),
  { name: Buffer.from('s'), scale: ofNone, takes: 'letter' },
  // Of zap for development, of slog in Rust, of Heroku, of Falco.
  ...['l', 'L', 'at', 'priority'].map((name) => ({ name: Buffer.from(name), scale: ofNone, takes: 'word' as const })),
];
/** The object that ECS puts its level into: `{"log":{"level":"error"}}`. */
const PARENT = Buffer.from('log');
/** The object that loguru puts its level into: `{"record":{"level":{"name":"ERROR","no":40}}}`. */
const RECORD = Buffer.from('record');
/** Serilog leaves the level of information out. */
const SERILOG_TIME = Buffer.from('@t');
const INFO: Severity = 9;
/** A key of GELF, whose levels are those of syslog. In other objects a level of 0 to 7 may be anything. */
const GELF = Buffer.from('short_message');
/** Names by which an object is read differently. */
export const TELLING_NAMES: readonly Buffer[] = [SERILOG_TIME, GELF, RECORD];
/** Keys are looked for so far into a record. */
const WITHIN = 16 * 1024;
const KEY_MAX = Math.max(...LEVEL_KEYS.map(({ name }) => name.length));

/** A key with this name, from its length and its first letter on. */
function keyAt(bytes: Uint8Array, from: number, to: number): LevelKey | undefined {
  if (to - from > KEY_MAX) return undefined;
  for (const key of LEVEL_KEYS) if (key.name.length === to - from && isAt(bytes, from, to, key.name)) return key;
  return undefined;
}

/** Of the JSON object that begins at `start`: keys of the object itself, or of `log` or `record` in it. */
export function levelOfJson(bytes: Uint8Array, start: number, end: number): Severity {
  const limit = Math.min(end, start + WITHIN);
  let depth = 0;
  let isInLog = false;
  let isInRecord = false;
  let isSerilog = false;
  let isGelf = false;
  let isKey = false;
  for (let i = start; i < limit; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      const from = i + 1;
      i = stringEnd(bytes, from, limit);
      if (!isKey) continue;
      isKey = false;
      const colon = skipSpace(bytes, i + 1, limit);
      if (bytes[colon] !== COLON) continue;
      const value = skipSpace(bytes, colon + 1, limit);
      if (depth === 1 && isAt(bytes, from, i, PARENT) && i - from === PARENT.length) isInLog = bytes[value] === 0x7b;
      if (depth === 1 && i - from === RECORD.length && isAt(bytes, from, i, RECORD)) isInRecord = bytes[value] === 0x7b;
      if (depth === 1 && i - from === 2 && isAt(bytes, from, i, SERILOG_TIME)) isSerilog = true;
      if (depth === 1 && i - from === GELF.length && isAt(bytes, from, i, GELF)) isGelf = true;
      const isObject = bytes[value] === 0x7b;
      const isPlace = depth === 1 || (depth === 2 && (isInLog || (isInRecord && isObject)));
      const key = isPlace ? keyAt(bytes, from, i) : undefined;
      const ofKey = key === undefined ? 0 : levelOfValue(bytes, value, end, key, isGelf);
      const severity = ofKey || (key !== undefined && isObject ? levelOfNamed(bytes, value, limit) : 0);
      if (severity > 0) return severity;
    } else if (byte === 0x7b) {
      depth += 1;
      isKey = true;
    } else if (byte === 0x5b) {
      depth += 1;
      isKey = false;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
      if (depth === 1) isInLog = isInRecord = false;
      if (depth === 0) break;
    } else if (byte === COMMA) {
      isKey = depth === 1 || isInLog || isInRecord;
    }
  }
  return isSerilog ? INFO : levelOfMembers(bytes, start, limit);
}

/** Of `{"name":"ERROR","no":40}`, as the value of a level: the first text in it that is one. */
function levelOfNamed(bytes: Uint8Array, start: number, limit: number): Severity {
  for (let i = start + 1; i < limit && bytes[i] !== 0x7d; i++) {
    if (bytes[i] !== QUOTE) continue;
    const from = i + 1;
    i = stringEnd(bytes, from, limit);
    const severity = severityOfWord(bytes, from, i);
    if (severity > 0 && bytes[skipSpace(bytes, i + 1, limit)] !== COLON) return severity;
  }
  return 0;
}

/** Of a word, a word with slog's offset (`ERROR+2`), a letter, or a number, with or without quotes. */
export function levelOfValue(
  bytes: Uint8Array,
  at: number,
  end: number,
  { scale, hundreds, takes }: LevelKey,
  isGelf = false,
): Severity {
  const isQuoted = bytes[at] === QUOTE;
  let from = isQuoted ? skipBlanks(bytes, colorEnd(bytes, at + 1, end), end) : at;
  if (isDigit(bytes[from])) {
    let to = from;
    while (to < end && isDigit(bytes[to])) to++;
    const isEnd = isQuoted ? bytes[to] === QUOTE : !isNameByte(bytes[to]) || to >= end;
    const value = numberAt(bytes, from, end);
    if (!isEnd || value < 0) return 0;
    return scale(value) || (isGelf ? severityOfSyslog(value) : (hundreds?.(value) ?? 0));
  }
  // Namespaces, as in `LogLevel.ERROR`.
  let to = skipLetters(bytes, from, end);
  if (bytes[to] === 0x2e && isLetter(bytes[to + 1])) {
    from = to + 1;
    to = skipLetters(bytes, from, end);
  }
  if (to - from === 1) {
    const isAlone = (!isQuoted || bytes[to] === QUOTE || isDigit(bytes[to])) && takes !== 'word';
    return isAlone ? severityOfLetter(takes === 'letter' ? bytes[from] : bytes[from]! & ~0x20) : 0;
  }
  if (takes === 'letter') return 0;
  const severity = severityOfWord(bytes, from, to);
  if (severity === 0) return 0;
  const sign = bytes[to] === PLUS ? 1 : bytes[to] === MINUS ? -1 : 0;
  const offset = sign === 0 ? 0 : Math.max(0, numberAt(bytes, to + 1, end));
  if (sign === 0 && to < end && (bytes[to] === 0x5f || isDigit(bytes[to]))) return 0;
  return Math.min(24, Math.max(1, severity + sign * offset));
}

/** Behind the colour that winston gives a level in JSON as well: `\u001b[31merror`. */
function colorEnd(bytes: Uint8Array, from: number, end: number): number {
  if (!isAt(bytes, from, end, ESCAPED)) return from;
  let at = from + ESCAPED.length;
  while (at < end && (isDigit(bytes[at]) || bytes[at] === 0x3b)) at++;
  return bytes[at] === 0x6d ? colorEnd(bytes, at + 1, end) : from;
}
const ESCAPED = Buffer.from('\\u001b[');

/** Whether a line begins with `key=`, so that it is made of such pairs. */
export function isPairAt(bytes: Uint8Array, from: number, end: number): boolean {
  if (!isLetter(bytes[from]) && bytes[from] !== 0x40) return false;
  let at = from + 1;
  while (at < end && at - from < 64 && isNameByte(bytes[at])) at++;
  return bytes[at] === EQUALS && at + 1 < end && bytes[at + 1] !== EQUALS && bytes[at + 1] !== 0x3e;
}

/** Of the pairs that begin at `start`, on one line. */
export function levelOfPairs(bytes: Uint8Array, start: number, end: number): Severity {
  const limit = Math.min(end, start + WITHIN);
  for (let i = start; i < limit; ) {
    while (i < limit && isBlank(bytes[i])) i++;
    const from = i;
    while (i < limit && isNameByte(bytes[i])) i++;
    if (bytes[i] === EQUALS && i > from) {
      const key = keyAt(bytes, from, i);
      const severity = key === undefined || key.takes === 'letter' ? 0 : levelOfValue(bytes, i + 1, end, key);
      if (severity > 0) return severity;
      i += 1;
    }
    if (i < limit && bytes[i] === QUOTE) i = stringEnd(bytes, i + 1, limit) + 1;
    while (i < limit && !isBlank(bytes[i])) {
      if (bytes[i] === LINE_FEED) return 0;
      i++;
    }
  }
  return 0;
}
