/**
 * The level of a message, from its bytes alone: no text and no object per record.
 *
 * In this order: the key of a JSON object or of logfmt, the priority of syslog, the letter of klog, the prefix of .NET, the
 * head of a trace, and at last a level as a word near the beginning: in capitals, or in brackets.
 */

/** OpenTelemetry severity numbers: 1 trace, 5 debug, 9 info, 13 warn, 17 error, 21 fatal; 0 without a level. */
export type Severity = number;

const WORDS: Readonly<Record<string, Severity>> = {
  trace: 1,
  finest: 1,
  finer: 2,
  verbose: 1,
  vrb: 1,
  fine: 5,
  debug: 5,
  dbg: 5,
  config: 9,
  info: 9,
  inf: 9,
  information: 9,
  informational: 9,
  notice: 10,
  warn: 13,
  warning: 13,
  wrn: 13,
  err: 17,
  error: 17,
  severe: 17,
  fail: 17,
  critical: 21,
  crit: 21,
  fatal: 21,
  ftl: 21,
  alert: 22,
  emerg: 23,
  emergency: 23,
  panic: 21,
};

/** Levels of syslog (RFC 5424), 0 to 7. */
const SYSLOG: readonly Severity[] = [23, 22, 21, 17, 13, 10, 9, 5];
const KEYS: readonly Buffer[] = ['level', 'lvl', 'severity', 'levelname', 'loglevel', 'log.level', '@l', 'Level'].map(
  (key) => Buffer.from(key),
);
const HEADS: readonly (readonly [head: Buffer, severity: Severity])[] = [
  ['Traceback (most recent call last)', 17] as const,
  ['Exception in thread ', 17] as const,
  ['Unhandled exception', 21] as const,
  ['Caused by: ', 17] as const,
  ['panic: ', 21] as const,
  ['fatal error: ', 21] as const,
  ['Segmentation fault', 21] as const,
].map(([head, severity]) => [Buffer.from(head), severity] as const);

/** Names of keys are looked for so far into a message. */
const KEYS_WITHIN = 512;
/** Level words are looked for so far into a message: behind times, threads and names of classes. */
const WORDS_WITHIN = 128;
const WORD_MAX = 13;

export function levelOf(bytes: Uint8Array, start: number, end: number): Severity {
  const from = skipBlanks(bytes, start, end);
  if (from === end) return 0;
  const first = bytes[from]!;
  if (first === BRACE) return fromKey(bytes, from, Math.min(end, from + KEYS_WITHIN), true);
  return (
    (first === LESS ? fromPriority(bytes, from, end) : 0) ||
    fromKlog(bytes, from, end) ||
    fromPrefix(bytes, from, end) ||
    fromHead(bytes, from, end) ||
    fromKey(bytes, from, Math.min(end, from + KEYS_WITHIN), false) ||
    fromWord(bytes, from, Math.min(end, from + WORDS_WITHIN))
  );
}

const BRACE = 0x7b;
const LESS = 0x3c;
const GREATER = 0x3e;
const QUOTE = 0x22;
const COLON = 0x3a;
const EQUALS = 0x3d;

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
const isUpper = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a;
const isLower = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a;
const isLetter = (byte: number | undefined): boolean => byte !== undefined && (isUpper(byte) || isLower(byte));
/** Of a name, so that what stands before or behind it is part of another word. */
const isNamePart = (byte: number | undefined): boolean =>
  isLetter(byte) || isDigit(byte) || byte === 0x5f || byte === 0x2e;

function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(bytes[at])) at++;
  return at;
}

/** `<34>`, with the level in the last three bits. */
function fromPriority(bytes: Uint8Array, at: number, end: number): Severity {
  let priority = 0;
  let i = at + 1;
  for (; i < Math.min(end, at + 4) && isDigit(bytes[i]); i++) priority = priority * 10 + bytes[i]! - 0x30;
  return i > at + 1 && bytes[i] === GREATER && priority <= 191 ? SYSLOG[priority & 7]! : 0;
}

/** `E0102 13:04:05.123456`. */
function fromKlog(bytes: Uint8Array, at: number, end: number): Severity {
  if (at + 6 > end || !isBlank(bytes[at + 5])) return 0;
  for (let i = 1; i <= 4; i++) if (!isDigit(bytes[at + i])) return 0;
  return { 73: 9, 87: 13, 69: 17, 70: 21 }[bytes[at]!] ?? 0;
}

/** `fail: Company.Program[0]`, as .NET writes it; `crit` and `trce` also have four letters. */
function fromPrefix(bytes: Uint8Array, at: number, end: number): Severity {
  if (at + 5 > end || bytes[at + 4] !== COLON) return 0;
  const word = text(bytes, at, at + 4);
  return word === 'trce' ? 1 : word === 'dbug' ? 5 : ['info', 'warn', 'fail', 'crit'].includes(word) ? WORDS[word]! : 0;
}

function fromHead(bytes: Uint8Array, at: number, end: number): Severity {
  for (const [head, severity] of HEADS) if (isAt(bytes, at, end, head)) return severity;
  return 0;
}

/** `"level":"info"`, `"level":30` or `level=info`. */
function fromKey(bytes: Uint8Array, start: number, end: number, isJson: boolean): Severity {
  for (let i = start; i < end; i++) {
    if (bytes[i] !== (isJson ? COLON : EQUALS)) continue;
    let keyEnd = i;
    if (isJson) while (keyEnd > start && isBlank(bytes[keyEnd - 1])) keyEnd--;
    if (isJson && bytes[--keyEnd] !== QUOTE) continue;
    const key = KEYS.find((each) => isAt(bytes, keyEnd - each.length, keyEnd, each));
    if (key === undefined) continue;
    const before = bytes[keyEnd - key.length - 1];
    const isWhole = isJson ? before === QUOTE : keyEnd - key.length === start || isBlank(before);
    const severity = isWhole ? fromValue(bytes, skipBlanks(bytes, i + 1, end), end) : 0;
    if (severity > 0) return severity;
  }
  return 0;
}

function fromValue(bytes: Uint8Array, at: number, end: number): Severity {
  const from = bytes[at] === QUOTE ? at + 1 : at;
  let to = from;
  while (to < end && to - from <= WORD_MAX && (isLetter(bytes[to]) || isDigit(bytes[to]))) to++;
  if (isDigit(bytes[from])) return fromNumber(Number(text(bytes, from, to)));
  return WORDS[text(bytes, from, to).toLowerCase()] ?? 0;
}

/** As bunyan and pino number them. Other numbers are of no known scale. */
function fromNumber(value: number): Severity {
  return value >= 10 && value <= 60 && value % 10 === 0 ? [1, 5, 9, 13, 17, 21][value / 10 - 1]! : 0;
}

/** The first word that is a level: in capitals, or behind `[` or `:` and before `]`. */
function fromWord(bytes: Uint8Array, start: number, end: number): Severity {
  for (let i = start; i < end; i++) {
    if (!isLetter(bytes[i]) || (i > start && isNamePart(bytes[i - 1]))) continue;
    let to = i;
    while (to < end && isLetter(bytes[to])) to++;
    if (
      to - i >= 3 &&
      to - i <= WORD_MAX &&
      !isDigit(bytes[to]) &&
      bytes[to] !== 0x5f &&
      mayBeLevel(bytes, i, to, start)
    ) {
      const severity = WORDS[text(bytes, i, to).toLowerCase()];
      if (severity !== undefined) return severity;
    }
    i = to;
  }
  return 0;
}

const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;

function mayBeLevel(bytes: Uint8Array, from: number, to: number, start: number): boolean {
  const before = from > start ? bytes[from - 1] : undefined;
  if (bytes[to] === BRACKET_CLOSE && (before === BRACKET_OPEN || before === COLON || isBlank(before))) return true;
  for (let i = from; i < to; i++) if (!isUpper(bytes[i]!)) return false;
  return true;
}

function isAt(bytes: Uint8Array, at: number, end: number, word: Buffer): boolean {
  if (at < 0 || at + word.length > end) return false;
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
}

function text(bytes: Uint8Array, from: number, to: number): string {
  let found = '';
  for (let i = from; i < to; i++) found += String.fromCharCode(bytes[i]!);
  return found;
}
