/** Severities, the words and the numbers that programs write for them. */

/** OpenTelemetry severity number: 1 trace, 5 debug, 9 info, 13 warn, 17 error, 21 fatal, and three steps above each; 0 unknown. */
export type Severity = number;

/** By word in lower case. `fine` and `config` are those of java.util.logging. */
export const WORDS: Readonly<Record<string, Severity>> = {
  ...{ trace: 1, trce: 1, trc: 1, finest: 1, verbose: 1, vrb: 1, silly: 1, finer: 2, fine: 5 },
  ...{
    debug: 5,
    dbug: 5,
    debu: 5,
    dbg: 5,
    config: 8,
    info: 9,
    inf: 9,
    information: 9,
    informational: 9,
    note: 9,
    system: 9,
  },
  ...{
    notice: 10,
    ntc: 10,
    noti: 10,
    success: 10,
    warn: 13,
    warning: 13,
    wrn: 13,
    err: 17,
    eror: 17,
    erro: 17,
    error: 17,
    severe: 17,
    fail: 17,
  },
  ...{
    critical: 21,
    crit: 21,
    crt: 21,
    dpanic: 21,
    fatal: 21,
    ftl: 21,
    panic: 21,
    alert: 22,
    emerg: 23,
    emergency: 23,
  },
};

interface Word {
  readonly bytes: Buffer;
  readonly severity: Severity;
}

const MULTIPLIER = 31;
const MASK = 0x3fff_ffff;
/** Lower case of an ASCII letter. */
const LOWER = 0x20;
const BY_HASH: ReadonlyMap<number, Word> = new Map(
  Object.entries(WORDS).map(([word, severity]) => {
    const bytes = Buffer.from(word);
    return [hashOf(bytes, 0, bytes.length), { bytes, severity }];
  }),
);
const WORD_MAX = Math.max(...Object.keys(WORDS).map(({ length }) => length));

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0;
  for (let i = from; i < to; i++) hash = (Math.imul(hash, MULTIPLIER) + (bytes[i]! | LOWER)) & MASK;
  return hash;
}

/** Of a word in letters of any case; 0 where it is no level. */
export function severityOfWord(bytes: Uint8Array, from: number, to: number): Severity {
  const length = to - from;
  if (length > WORD_MAX || length < 3) return 0;
  const found = BY_HASH.get(hashOf(bytes, from, to));
  if (found === undefined || found.bytes.length !== length) return 0;
  for (let i = 0; i < length; i++) if ((bytes[from + i]! | LOWER) !== found.bytes[i]) return 0;
  return found.severity;
}

/** Of one capital letter, as klog, Ruby, MongoDB and Android write it. */
export function severityOfLetter(letter: number | undefined): Severity {
  switch (letter) {
    case 0x44:
      return 5;
    case 0x49:
      return 9;
    case 0x57:
      return 13;
    case 0x45:
      return 17;
    case 0x46:
      return 21;
    default:
      return 0;
  }
}

/** Levels of syslog (RFC 5424), 0 to 7; the numbers that OpenTelemetry gives them. */
const SYSLOG: readonly Severity[] = [21, 19, 18, 17, 13, 10, 9, 5];
export const severityOfSyslog = (level: number): Severity => SYSLOG[level] ?? 0;

/** Of a number under `level`: pino's and bunyan's 10 to 60, logstash's 5,000 to 40,000. */
export function severityOfNumber(value: number): Severity {
  if (value >= 10 && value < 70) return (Math.floor(value / 10) - 1) * 4 + 1;
  switch (value) {
    case 5000:
      return 1;
    case 10_000:
      return 5;
    case 20_000:
      return 9;
    case 30_000:
      return 13;
    case 40_000:
      return 17;
    case 50_000:
      return 21;
    default:
      return 0;
  }
}

/** Of Google Cloud: 100 debug to 800 emergency. */
const GOOGLE: readonly Severity[] = [0, 5, 9, 10, 13, 17, 21, 22, 23];
export const severityOfGoogle = (value: number): Severity => GOOGLE[value / 100] ?? 0;

/** Of Monolog: 100 debug, 200 info, 250 notice, 300 warning, 400 error, 500 critical, 550 alert, 600 emergency. */
const MONOLOG: Readonly<Record<number, Severity>> = {
  100: 5,
  200: 9,
  250: 10,
  300: 13,
  400: 17,
  500: 21,
  550: 22,
  600: 23,
};
export const severityOfMonolog = (value: number): Severity => MONOLOG[value] ?? 0;

/** Of Python's `levelno`: 10 debug to 50 critical. */
export function severityOfPython(value: number): Severity {
  if (value < 10) return value > 0 ? 1 : 0;
  return value < 20 ? 5 : value < 30 ? 9 : value < 40 ? 13 : value < 50 ? 17 : value < 60 ? 21 : 0;
}

/** Of a request, by its HTTP status: the server's failures are errors, the client's are warnings. */
export const severityOfStatus = (status: number): Severity =>
  status >= 500 && status < 600 ? 17 : status >= 400 && status < 500 ? 13 : status >= 100 && status < 400 ? 9 : 0;

const NAMES = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** OpenTelemetry's name, in lower case and without the step; `undefined` for 0. */
export const severityName = (severity: Severity): (typeof NAMES)[number] | undefined =>
  NAMES[Math.floor((severity - 1) / 4)];
