/** Passwords of URLs: `scheme://user:password@host`, also with signs in them that should be encoded. */
import { code, isDigit, type Text } from '../bytes.js';
import { isDigits } from './passwords.js';

interface Range {
  readonly from: number;
  readonly to: number;
}

const [COLON, AT, CLOSING, SLASH] = [':', '@', ']', '/'].map(code);
const URL_ENDS = new Set([...' \t\n\r/?#"\'<>\\`|'].map(code));
const URL_STOPS = new Set([...'"\'<>\\`|'].map(code));
/** A user without a password that is as long is a token. */
const TOKEN_MIN = 16;
const PASSWORD_MAX = 128;

/** The password of a URL (or a user that is a token) whose `://` begins here. `undefined` without one. */
export function urlPassword(text: Text, colon: number): Range | undefined {
  // JSON may escape a slash.
  const isEscaped = text.has(colon, ':\\/\\/');
  if (!isEscaped && !text.has(colon, '://')) return undefined;
  const begin = colon + (isEscaped ? 5 : 3);
  let at = 0;
  let split = 0;
  let end = begin;
  for (; end < text.end; end++) {
    const byte = text.at(end)!;
    if (URL_ENDS.has(byte)) break;
    if (byte === AT) at = end;
    else if (byte === COLON && split === 0) split = end;
  }
  if (at === 0) return split === 0 ? undefined : signedPassword(text, split + 1, end);
  // GitHub takes a token as the user.
  if (split > begin && text.has(split + 1, 'x-oauth-basic@')) return { from: begin, to: split };
  if (split !== 0 && split < at)
    return split + 1 < at && !text.has(split + 1, '***@') ? { from: split + 1, to: at } : undefined;
  let digits = 0;
  for (let i = begin; i < at; i++) if (isDigit(text.at(i))) digits++;
  return digits > 0 && at - begin >= TOKEN_MIN ? { from: begin, to: at } : undefined;
}

/** A password with `/`, `?` or `#` in it. What is between the colon and that sign is no port. */
function signedPassword(text: Text, from: number, sign: number): Range | undefined {
  if (from === sign || isDigits(text, from, sign) || text.at(from - 2) === CLOSING) return undefined;
  let at = 0;
  for (let i = sign; i < sign + PASSWORD_MAX; i++) {
    const byte = text.at(i);
    if (byte === undefined || byte <= 0x20 || URL_STOPS.has(byte)) break;
    if (byte === AT) at = i;
  }
  return at === 0 ? undefined : { from, to: at };
}

const GO_HOSTS = ['@tcp(', '@tcp6(', '@unix('];
const GO_MAX = 192;

/** The password in front of this `@`, as Go's driver of MySQL writes it: `user:password@tcp(db:3306)/shop`. */
export function goPassword(text: Text, at: number): Range | undefined {
  if (!GO_HOSTS.some((host) => text.has(at, host))) return undefined;
  let split = 0;
  for (let i = at - 1; i > at - GO_MAX; i--) {
    const byte = text.at(i);
    if (byte === undefined || byte <= 0x20 || URL_STOPS.has(byte)) break;
    if (byte === COLON) split = i;
  }
  return split === 0 || split + 1 === at || text.at(split + 1) === SLASH ? undefined : { from: split + 1, to: at };
}
