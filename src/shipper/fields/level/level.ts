/**
 * The level of a record, from its bytes alone: no text and no object per record. A level is what a known place of a record
 * says: a key of JSON or logfmt, the priority of syslog, the letter of klog, a level word in the head of a line (behind times,
 * threads, process ids and loggers, before the message), the status of an access log, or the head of a trace. A level word
 * in a message is none.
 */

import { Line } from '../../events/line.js';
import { Prefix } from '../../events/prefix.js';
import { isDigit, isLetter, isUpper } from '../../records/bytes.js';
import { isAt, isBlank, numberAt, recordBegin, skipBlanks, skipEscapes, skipLetters } from '../bytes.js';
import { levelOfFrames } from './level-of-frames.js';
import { levelOfHead } from './level-of-head.js';
import { isPairAt, levelOfJson, levelOfPairs } from './level-of-keys.js';
import { levelOfAndroid, levelOfWebSphere } from './level-of-letter.js';
import {
  columnOfPostgres,
  levelOfEnvoy,
  levelOfGin,
  levelOfHaproxy,
  levelOfMorgan,
  levelOfRails,
  levelOfSquid,
  levelOfUwsgi,
} from './level-of-status.js';
import { levelOfSanitizer, levelOfTrace } from './level-of-trace.js';
import { type Severity, severityOfLetter, severityOfSyslog, severityOfWord } from './severity.js';

export type { Severity } from './severity.js';

const BRACE = 0x7b;
const BRACE_CLOSE = 0x7d;
const LESS = 0x3c;
const GREATER = 0x3e;
const QUOTE = 0x22;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const BRACKET = 0x5b;
const BRACKET_CLOSE = 0x5d;
const SPACE = 0x20;
const LINE_FEED = 0x0a;

const REPORT = Buffer.from(' REPORT===');
/** A prefix in front of a JSON object is at most this long. */
const PREFIX_MAX = 256;

/** OpenTelemetry's severity number of the record in these bytes, 1 to 24; 0 where it says none. */
export function levelOf(bytes: Uint8Array, start: number, end: number): Severity {
  const from = recordBegin(bytes, start, end);
  if (from >= end) return 0;
  return (
    levelOfText(bytes, from, end) ||
    (bytes[from] === BRACE ? 0 : levelBehindPrefix(bytes, from, end) || levelOfFrames(bytes, from, end))
  );
}

/** Of a record or of what a supervisor wrote a prefix before. */
function levelOfText(bytes: Uint8Array, from: number, end: number): Severity {
  const first = bytes[from]!;
  if (isSentence(bytes, from, end))
    return levelOfTrace(bytes, from, end) || levelOfRails(bytes, from, end) || levelOfPrefixedObject(bytes, from, end);
  if (first === BRACE) return isObject(bytes, from) ? levelOfJson(bytes, from, end) : 0;
  return (
    levelOfStart(bytes, from, end) ||
    levelOfHead(bytes, from, end) ||
    levelOfSecondLine(bytes, from, end) ||
    levelOfPrefixedObject(bytes, from, end)
  );
}

const prefix = new Prefix();
const line = new Line();

/** Of the text behind a prefix of a supervisor, a runtime of containers or syslog that says no level. */
function levelBehindPrefix(bytes: Uint8Array, from: number, end: number): Severity {
  line.set(bytes, from, end);
  if (!prefix.read(line) || prefix.start <= 0 || prefix.start >= line.length) return 0;
  const text = skipBlanks(bytes, from + prefix.start, end);
  return text < end ? levelOfText(bytes, text, end) : 0;
}

const isObject = (bytes: Uint8Array, at: number): boolean =>
  bytes[at + 1] === QUOTE ||
  bytes[at + 1] === SPACE ||
  bytes[at + 1] === LINE_FEED ||
  bytes[at + 1] === 0x0d ||
  bytes[at + 1] === 0x09;

/** `order 17 was paid`: a word in small letters, or with one capital, and the next word. No head of a line begins so. */
function isSentence(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from + 1;
  while (at < end && bytes[at]! >= 0x61 && bytes[at]! <= 0x7a) at++;
  const isWord = isLetter(bytes[from]) && at - from > 3 && bytes[at] === SPACE && at + 1 < end;
  return isWord && (isLetter(bytes[at + 1]) || isDigit(bytes[at + 1]));
}

/** Shapes that the first bytes decide. */
function levelOfStart(bytes: Uint8Array, from: number, end: number): Severity {
  const first = bytes[from]!;
  if (first === LESS) return levelOfPriority(bytes, from, end) || levelOfTrace(bytes, from, end);
  if (first === EQUALS) return levelOfErlangReport(bytes, from, end) || levelOfSanitizer(bytes, from, end);
  if (isDigit(first)) {
    const ofServer = levelOfHaproxy(bytes, from, end) || levelOfSquid(bytes, from, end);
    const ofDatabase = levelOfRedis(bytes, from, end) || levelOfCsv(bytes, from, end);
    return ofDatabase || ofServer || levelOfAndroid(bytes, from, end);
  }
  if (first === BRACKET)
    return (
      levelOfWebSphere(bytes, from, end) ||
      levelOfEnvoy(bytes, from, end) ||
      levelOfGin(bytes, from, end) ||
      levelOfUwsgi(bytes, from, end) ||
      levelOfGlassfish(bytes, from, end) ||
      levelOfPhp(bytes, from, end)
    );
  const ofTrace = levelOfTrace(bytes, from, end);
  if (ofTrace > 0) return ofTrace;
  if (first === 0x1b)
    return levelOfMorgan(bytes, from, end) || levelOfLogrus(bytes, skipEscapes(bytes, from, end), end);
  if (!isLetter(first) && first !== 0x40) return 0;
  if (isUpper(first)) {
    if (isAt(bytes, from, end, PHP_MESSAGE)) return levelOfTrace(bytes, from + PHP_MESSAGE.length, end);
    const ofWord = levelOfRuby(bytes, from, end) || levelOfLogrus(bytes, from, end) || levelOfMorgan(bytes, from, end);
    const severity = levelOfKlog(bytes, from, end) || ofWord;
    if (severity > 0) return severity;
  }
  return isPairAt(bytes, from, end) ? levelOfPairs(bytes, from, end) : 0;
}

/** `[28-Nov-2026 10:00:00 UTC] PHP Warning:  `. */
function levelOfPhp(bytes: Uint8Array, from: number, end: number): Severity {
  if (!isDigit(bytes[from + 1])) return 0;
  let close = from + 1;
  while (close < from + BRACKETED_TIME_MAX && bytes[close] !== BRACKET_CLOSE) close++;
  if (isAt(bytes, close + 2, end, PHP)) return levelOfTrace(bytes, close + 2, end);
  return isAt(bytes, close + 2, end, POOL) ? levelBehindPrefix(bytes, from, end) : 0;
}
/** How php-fpm begins the lines that its workers write, and messages of PHP within. */
const POOL = Buffer.from('WARNING: [pool ');
const PHP_MESSAGE = Buffer.from('NOTICE: PHP message: ');
const PHP = Buffer.from('PHP ');
const BRACKETED_TIME_MAX = 40;

/** `<34>`, with the level in the last three bits: of syslog, or of systemd, whose priorities are levels. */
function levelOfPriority(bytes: Uint8Array, at: number, end: number): Severity {
  const priority = numberAt(bytes, at + 1, Math.min(end, at + 5));
  if (priority < 0 || priority > 191) return 0;
  const close = at + (priority < 10 ? 2 : priority < 100 ? 3 : 4);
  if (bytes[close] !== GREATER) return 0;
  const next = bytes[close + 1];
  const isSyslog = isUpper(next) || isDigit(next);
  return priority <= 7 || isSyslog ? severityOfSyslog(priority & 7) : 0;
}

/** `E0102 13:04:05.123456`, or with the year in front of the month, as CockroachDB (`E261128`) writes it, too. */
function levelOfKlog(bytes: Uint8Array, at: number, end: number): Severity {
  let digits = at + 1;
  while (digits < end && isDigit(bytes[digits])) digits++;
  const count = digits - at - 1;
  const isKlog = (count === 4 || count === 6 || count === 8) && bytes[digits] === SPACE && isDigit(bytes[digits + 1]);
  return isKlog && bytes[digits + 3] === 0x3a ? severityOfLetter(bytes[at]) : 0;
}

/** `E, [2026-11-28T14:08:44.123456 #1] ERROR -- : `. */
const levelOfRuby = (bytes: Uint8Array, at: number, end: number): Severity =>
  at + 4 < end && bytes[at + 1] === COMMA && bytes[at + 2] === SPACE && bytes[at + 3] === BRACKET
    ? severityOfLetter(bytes[at])
    : 0;

/** `12:M 28 Nov 2026 14:08:44.123 * `, of Redis and Valkey: a sign behind the time, which has 24 characters. */
function levelOfRedis(bytes: Uint8Array, at: number, end: number): Severity {
  let role = at;
  while (role < end && isDigit(bytes[role])) role++;
  const sign = role + 28;
  const isRedis = bytes[role] === 0x3a && isUpper(bytes[role + 1]) && bytes[role + 2] === SPACE && sign + 1 < end;
  if (!isRedis || bytes[sign - 1] !== SPACE || bytes[sign + 1] !== SPACE || bytes[sign - 5] !== 0x2e) return 0;
  switch (bytes[sign]) {
    case 0x23:
      return 13;
    case 0x2a:
      return 10;
    case 0x2d:
      return 9;
    case 0x2e:
      return 5;
    default:
      return 0;
  }
}

/** Four letters of logrus that no other program writes. */
const LOGRUS: readonly (readonly [Buffer, Severity])[] = (
  [
    ['TRAC', 1],
    ['FATA', 21],
    ['PANI', 21],
  ] as const
).map(([word, severity]) => [Buffer.from(word), severity]);

/** `ERRO[0001] ` or `ERRO[2026-11-28T14:08:44Z] `, as logrus writes to a terminal; `ERROR[11-28|14:08:44.123] `, of geth. */
function levelOfLogrus(bytes: Uint8Array, at: number, end: number): Severity {
  let to = at;
  while (to < end && to - at < 6 && isUpper(bytes[to])) to++;
  const open = skipEscapes(bytes, to, end);
  if (to - at < 4 || bytes[open] !== BRACKET || !isDigit(bytes[open + 1])) return 0;
  for (const [word, severity] of LOGRUS) if (to - at === word.length && isAt(bytes, at, end, word)) return severity;
  return severityOfWord(bytes, at, to);
}

const ULF = Buffer.from('[#|');

/** `[#|2026-11-28T10:00:00.123+0000|SEVERE|glassfish 7.0|`. */
function levelOfGlassfish(bytes: Uint8Array, at: number, end: number): Severity {
  if (!isAt(bytes, at, end, ULF)) return 0;
  let from = at + ULF.length;
  while (from < Math.min(end, at + BRACKETED_TIME_MAX) && bytes[from] !== 0x7c) from++;
  return bytes[from] === 0x7c ? severityOfWord(bytes, from + 1, skipLetters(bytes, from + 1, end)) : 0;
}

/** PostgreSQL's csvlog. */
function levelOfCsv(bytes: Uint8Array, from: number, end: number): Severity {
  const column = columnOfPostgres(bytes, from, end);
  if (column < 0) return 0;
  const to = skipLetters(bytes, column, end);
  if (isAt(bytes, column, to, LOG_WORD) && to - column === LOG_WORD.length) return 9;
  return severityOfWord(bytes, column, to);
}
const LOG_WORD = Buffer.from('LOG');

/** `=ERROR REPORT==== 28-Nov-2026::14:08:44 ===`. */
function levelOfErlangReport(bytes: Uint8Array, at: number, end: number): Severity {
  let to = at + 1;
  while (to < end && to - at < 16 && isUpper(bytes[to])) to++;
  if (!isAt(bytes, to, end, REPORT)) return 0;
  switch (bytes[at + 1]) {
    case 0x43:
      // CRASH and CRITICAL.
      return 17;
    case 0x53:
      // SUPERVISOR.
      return 17;
    case 0x50:
      // PROGRESS.
      return 9;
    default:
      return severityOfLetter(bytes[at + 1]);
  }
}

/** java.util.logging writes time and source on a line of their own; the next one begins with `SEVERE: `. */
function levelOfSecondLine(bytes: Uint8Array, from: number, end: number): Severity {
  if (!isUpper(bytes[from]) && !isDigit(bytes[from])) return 0;
  let at = from;
  const limit = Math.min(end, from + PREFIX_MAX);
  while (at < limit && bytes[at] !== LINE_FEED) at++;
  if (at >= limit || !isDated(bytes, from)) return 0;
  let to = at + 1;
  while (to < end && isUpper(bytes[to])) to++;
  return to - at > 4 && bytes[to] === 0x3a ? levelOfHead(bytes, at + 1, end) : 0;
}

/** `Nov 28, 2026` or `28. `: how a date of java.util.logging begins. */
const isDated = (bytes: Uint8Array, at: number): boolean =>
  isDigit(bytes[at]) || (bytes[at + 3] === SPACE && isDigit(bytes[at + 4]));

/** An object that ends a record, with anything in front that is not part of it. */
function levelOfPrefixedObject(bytes: Uint8Array, from: number, end: number): Severity {
  let last = end;
  while (last > from && (isBlank(bytes[last - 1]) || bytes[last - 1] === 0x0d || bytes[last - 1] === LINE_FEED)) last--;
  if (bytes[last - 1] !== BRACE_CLOSE) return 0;
  const at = objectAt(bytes, from, last);
  return at < 0 ? 0 : levelOfJson(bytes, at, end);
}

/** Place of the first brace that a quote follows, behind a blank or a bracket; -1 where there is none. */
export function objectAt(bytes: Uint8Array, from: number, end: number): number {
  const limit = Math.min(end, from + PREFIX_MAX);
  for (let i = from; i < limit; i++) {
    if (bytes[i] !== BRACE) continue;
    const before = bytes[i - 1];
    const isFree =
      i === from ||
      isBlank(before) ||
      before === BRACKET_CLOSE ||
      before === 0x3a ||
      before === 0x7c ||
      before === 0x29;
    return isFree && isObject(bytes, i) ? i : -1;
  }
  return -1;
}
