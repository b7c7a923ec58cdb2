/**
 * The level of a JSON object that names none: of a request, by the status that was answered; of klog, by its verbosity and its error; of
 * an object within it that holds what its logger was told about the record.
 */
import { isAt, numberAt, skipSpace, stringEnd } from '../bytes.js';
import { type Severity, severityOfStatus, severityOfWord } from './severity.js';

const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const INFO: Severity = 9;
const ERROR: Severity = 17;

/** What a member is. */
const ROLE = {
  STATUS: 1,
  REQUEST: 2,
  CALLER: 4,
  MESSAGE: 8,
  TIME: 16,
  VERBOSITY: 32,
  FAILURE: 64,
  INNER: 128,
} as const;
const KLOG = ROLE.CALLER | ROLE.MESSAGE | ROLE.TIME;

const ROLES: readonly (readonly [role: number, names: string])[] = [
  [
    ROLE.STATUS,
    'status status_code statusCode status-code response_code responseCode http_status httpStatus DownstreamStatus http.status_code',
  ],
  [
    ROLE.REQUEST,
    'method request_method requestMethod RequestMethod http_method httpMethod verb request uri request_uri requestURI RequestPath path url',
  ],
  [ROLE.CALLER, 'caller'],
  [ROLE.MESSAGE, 'msg'],
  [ROLE.TIME, 'ts'],
  [ROLE.VERBOSITY, 'v'],
  [ROLE.FAILURE, 'err'],
  [ROLE.INNER, 'labels fields attributes metadata meta extra'],
];
interface Member {
  readonly name: Buffer;
  readonly role: number;
}
const MEMBERS: readonly Member[] = ROLES.flatMap(([role, names]) =>
  names.split(' ').map((name) => ({ name: Buffer.from(name), role })),
);
const BY_LENGTH: readonly (readonly Member[])[] = Array.from(
  { length: Math.max(...MEMBERS.map(({ name }) => name.length)) + 1 },
  (_, length) => MEMBERS.filter(({ name }) => name.length === length),
);
/** Members that can tell the level of an object without one. */
export const HINTS: readonly string[] = MEMBERS.filter(
  ({ role }) => (role & (ROLE.STATUS | ROLE.VERBOSITY | ROLE.FAILURE | ROLE.INNER)) !== 0,
).map(({ name }) => name.toString());
const LEVEL_NAMES: readonly Buffer[] = ['level', 'severity', 'loglevel', 'log_level'].map((name) => Buffer.from(name));

export function levelOfMembers(bytes: Uint8Array, start: number, limit: number): Severity {
  let [depth, seen, ofStatus, ofInner] = [0, 0, 0, 0];
  let isKey = false;
  let isInner = false;
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
      if (depth === 2) {
        if (LEVEL_NAMES.some((name) => name.length === i - from && isAt(bytes, from, i, name)))
          ofInner ||= levelOfText(bytes, value, limit);
        continue;
      }
      const role = roleOf(bytes, from, i);
      seen |= role;
      if (role === ROLE.STATUS) ofStatus ||= statusAt(bytes, value, limit);
      isInner = role === ROLE.INNER && bytes[value] === OPEN;
    } else if (byte === OPEN || byte === 0x5b) {
      depth += 1;
      isKey = byte === OPEN && (depth === 1 || (depth === 2 && isInner));
    } else if (byte === CLOSE || byte === 0x5d) {
      depth -= 1;
      if (depth === 1) isInner = false;
      if (depth === 0) break;
    } else if (byte === COMMA) isKey = depth === 1 || (depth === 2 && isInner);
  }
  if (ofInner > 0) return ofInner;
  if ((seen & ROLE.REQUEST) !== 0 && ofStatus > 0) return ofStatus;
  if ((seen & KLOG) !== KLOG) return 0;
  // klog writes no verbosity with an error.
  return (seen & ROLE.VERBOSITY) !== 0 ? INFO : (seen & ROLE.FAILURE) !== 0 ? ERROR : 0;
}

function roleOf(bytes: Uint8Array, from: number, to: number): number {
  for (const { name, role } of BY_LENGTH[to - from] ?? []) if (isAt(bytes, from, to, name)) return role;
  return 0;
}

/** Of a number of three digits, with or without quotes. */
function statusAt(bytes: Uint8Array, at: number, limit: number): Severity {
  const from = bytes[at] === QUOTE ? at + 1 : at;
  const behind = bytes[from + 3];
  const isEnd = bytes[at] === QUOTE ? behind === QUOTE : behind === COMMA || behind === CLOSE || behind! <= 0x20;
  return isEnd ? severityOfStatus(numberAt(bytes, from, limit)) : 0;
}

function levelOfText(bytes: Uint8Array, at: number, limit: number): Severity {
  if (bytes[at] !== QUOTE) return 0;
  let to = at + 1;
  while (to < limit && bytes[to] !== QUOTE) to++;
  return severityOfWord(bytes, at + 1, to);
}
