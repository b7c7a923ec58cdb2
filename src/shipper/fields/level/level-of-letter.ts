/** The level as one letter: of WebSphere and Open Liberty behind time, thread and component, of Android behind time, process and thread. */
import { isDigit, isHex } from '../../records/bytes.js';
import { isAt, isBlank, skipBlanks } from '../bytes.js';
import type { Severity } from './severity.js';

const BRACKET_CLOSE = 0x5d;
const SLASH = 0x2f;
/** Of the time in brackets, and of the name of the component. */
const TIME_MAX = 48;
const NAME_MAX = 160;
const THREAD_DIGITS = 8;
const AUDIT = Buffer.from('[AUDIT   ] ');

/** What the letters say. `O` and `R` are what a program printed to standard output and standard error. */
const LETTERS: Readonly<Record<string, Severity>> = {
  ...{ F: 21, E: 17, W: 13, R: 13, A: 10, I: 9, O: 9, C: 9, D: 5 },
  ...{ '1': 5, '2': 3, '3': 1, '>': 1, '<': 1 },
};

/** `[11/28/26 14:08:44:123 UTC] 0000004a WebGroup      E SRVE0293E: `, or `[AUDIT   ] CWWKF0011I: ` on a console. */
export function levelOfWebSphere(bytes: Uint8Array, from: number, end: number): Severity {
  if (isAt(bytes, from, end, AUDIT)) return LETTERS.A!;
  if (!isDigit(bytes[from + 1]) || (bytes[from + 2] !== SLASH && bytes[from + 3] !== SLASH)) return 0;
  let at = from + 1;
  const limit = Math.min(end, from + TIME_MAX);
  while (at < limit && bytes[at] !== BRACKET_CLOSE) at++;
  const thread = at + 2;
  if (bytes[at] !== BRACKET_CLOSE || !isBlank(bytes[at + 1])) return 0;
  for (let i = thread; i < thread + THREAD_DIGITS; i++) if (!isHex(bytes[i])) return 0;
  if (!isBlank(bytes[thread + THREAD_DIGITS])) return 0;
  let name = thread + THREAD_DIGITS + 1;
  while (name < Math.min(end, thread + NAME_MAX) && !isBlank(bytes[name])) name++;
  const letter = skipBlanks(bytes, name, end);
  if (letter >= end || (letter + 1 < end && !isBlank(bytes[letter + 1]))) return 0;
  return LETTERS[String.fromCharCode(bytes[letter]!)] ?? 0;
}

const ANDROID: Readonly<Record<string, Severity>> = { V: 1, D: 5, I: 9, W: 13, E: 17, F: 21, A: 21 };
/** Characters of `03-17 16:13:38.811`. */
const TIME = 18;

/** `03-17 16:13:38.811  1702  2395 E WindowManager: `. */
export function levelOfAndroid(bytes: Uint8Array, from: number, end: number): Severity {
  const isTime =
    bytes[from + 2] === 0x2d && bytes[from + 5] === 0x20 && bytes[from + 8] === 0x3a && bytes[from + 14] === 0x2e;
  if (!isTime) return 0;
  let at = from + TIME;
  for (let number = 0; number < 2; number++) {
    const digits = skipBlanks(bytes, at, end);
    for (at = digits; isDigit(bytes[at]); ) at++;
    if (at === digits || digits === from + TIME) return 0;
  }
  return isBlank(bytes[at]) && isBlank(bytes[at + 2]) ? (ANDROID[String.fromCharCode(bytes[at + 1] ?? 0)] ?? 0) : 0;
}
