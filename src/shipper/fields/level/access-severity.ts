/**
 * The severity of a line of an access log in the form that most servers write, where it has no other field that a name or an id could
 * be. Twin: src/kernels/assembly/access.ts, which answers it for many lines at once.
 */

import { isDigit, isLetter } from '../../records/bytes.js';
import { type Severity, severityOfStatus } from './severity.js';

/** Fields are read so far into a line. */
const LINE_MAX = 4096;
const CLIENT_MAX = 15;
const DOT = 0x2e;
const BLANK = 0x20;
const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_CLOSE = 0x5d;
const BRACE_CLOSE = 0x7d;
/** Behind the client: `0` is a digit, `A` a letter, `+` one of two signs, all else is itself. */
const FORM = ' - - [00/AAA/0000:00:00:00 +0000] "';

/**
 * Of `10.1.2.3 - - [23/Nov/2026:07:21:44 +0000] "GET / HTTP/1.1" 503 12`; 0 where the record is another, or where it takes more to tell:
 * with an escape in the request, with brackets or what may be a trace behind the time, with a second line.
 */
export function accessSeverity(bytes: Uint8Array, start: number, end: number): Severity {
  const last = bytes[end - 1]!;
  if (end - start > LINE_MAX || last <= BLANK || last === BRACE_CLOSE) return 0;
  const form = clientEnd(bytes, start, end);
  const request = form + FORM.length;
  if (form < 0 || request >= end || !isForm(bytes, form)) return 0;
  let quote = -1;
  for (let i = request; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      if (quote < 0) quote = i;
    } else if (byte === LINE_FEED || byte === BRACKET || byte === BRACKET_CLOSE) return 0;
    else if (byte === BACKSLASH && quote < 0) return 0;
    else if ((byte | 0x20) === 0x72 && isTrace(bytes, i, end)) return 0;
  }
  const status = quote + 2;
  if (quote < 0 || status + 3 > end || bytes[quote + 1] !== BLANK) return 0;
  for (let i = status; i < status + 3; i++) if (!isDigit(bytes[i])) return 0;
  if (status + 3 < end && bytes[status + 3] !== BLANK) return 0;
  return severityOfStatus((bytes[status]! - 0x30) * 100 + (bytes[status + 1]! - 0x30) * 10 + bytes[status + 2]! - 0x30);
}

/** Behind an IPv4 address, or what looks like one; -1 where there is none. */
function clientEnd(bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + CLIENT_MAX + 1);
  let at = start;
  while (at < limit && isDigit(bytes[at])) at++;
  if (at === start || at - start > 3 || bytes[at] !== DOT) return -1;
  while (at < limit && (isDigit(bytes[at]) || bytes[at] === DOT)) at++;
  return at - start > CLIENT_MAX ? -1 : at;
}

function isForm(bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < FORM.length; i++) {
    const byte = bytes[from + i]!;
    const asked = FORM.charCodeAt(i);
    if (asked === 0x30) {
      if (!isDigit(byte)) return false;
    } else if (asked === 0x41) {
      if (!isLetter(byte)) return false;
    } else if (byte !== asked && !(asked === 0x2b && byte === 0x2d)) return false;
  }
  return true;
}

/** `race`, in letters of any case. */
const isTrace = (bytes: Uint8Array, at: number, end: number): boolean =>
  at + 4 <= end &&
  (bytes[at + 1]! | 0x20) === 0x61 &&
  (bytes[at + 2]! | 0x20) === 0x63 &&
  (bytes[at + 3]! | 0x20) === 0x65;
