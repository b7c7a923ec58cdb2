/** The level of a line of an access log: that of the status which the server answered. */

import { isDigit } from '../records/bytes.js';
import { isBlank, numberAt, skipBlanks } from './bytes.js';
import { type Severity, severityOfStatus } from './severity.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Of `"GET / HTTP/1.1" 500 12`, behind the time of an access log. */
export function levelOfAccess(bytes: Uint8Array, from: number, end: number): Severity {
  let at = skipBlanks(bytes, from, end);
  if (bytes[at] !== QUOTE) return 0;
  for (at += 1; at < end && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at += 1;
  const status = skipBlanks(bytes, at + 1, end);
  const isStatus = isBlank(bytes[at + 1]) && (status + 3 === end || !isDigit(bytes[status + 3]));
  return isStatus ? severityOfStatus(numberAt(bytes, status, Math.min(end, status + 3))) : 0;
}

/** `GET /path query port user client agent referrer status`, of IIS with its default fields. */
export function levelOfIis(bytes: Uint8Array, to: number, end: number): Severity {
  let at = to;
  for (let column = 1; column < IIS_STATUS; column++) {
    at += 1;
    while (at < end && !isBlank(bytes[at])) at++;
  }
  const status = numberAt(bytes, at + 1, end);
  return at + 5 < end && bytes[at + 4] === 0x20 && isDigit(bytes[at + 5]) ? severityOfStatus(status) : 0;
}
/** Columns from the method to the status. */
const IIS_STATUS = 8;
