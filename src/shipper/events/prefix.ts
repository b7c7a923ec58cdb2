/**
 * What supervisors and web servers put before every line of a program:
 *
 *     [28-Nov-2026 10:00:00] WARNING: [pool www] child 5059 said into stderr: "TEXT"
 *     [Sat Nov 28 10:00:00.177049 2026] [cgi:error] [pid 1] [client 1.2.3.4:5] AH01215: stderr from /srv/x.cgi: TEXT
 *     10:00:00 web.1  | TEXT
 *     2026-11-28T10:00:00.123456789Z stderr F TEXT
 *     <14>Nov 28 10:00:00 host app[123]: TEXT
 *     <14>1 2026-11-28T10:00:00.003Z host app 123 - - TEXT
 *
 * Two prefixes are the same when all is the same but the time.
 */

import { isDigit, isLetter, isUpper } from '../records/bytes.js';
import { isWord, type Line } from './line.js';

const BLANK = 0x20;
const COLON = 0x3a;
const OPEN = 0x5b;
const LESS = 0x3c;
const PIPE = 0x7c;
const LETTER_T = 0x54;
const QUOTE = 0x22;
/** Longest prefix. */
const PREFIX_BYTES = 400;
/** Longest name before a `|`. */
const NAME_BYTES = 64;
const SAID = ' said into stderr: "';
const CLOSED = '", pipe is closed';
const PHP_MESSAGES = ['NOTICE: PHP message: ', 'PHP message: '];
const FROM = 'stderr from ';
const REFERER = ', referer: ';

export class Prefix {
  /** What names the origin of the text: from here to there. */
  #from = 0;
  #to = 0;
  /** More of it behind the text. */
  #behind = 0;
  /** The text. */
  start = 0;
  end = 0;
  /** Whether the text goes on in the next line, without a line end. */
  isPartial = false;

  /** Answers whether the line has one. */
  read(line: Line): boolean {
    this.isPartial = false;
    this.end = line.length;
    this.#behind = line.length;
    const first = line.at(0);
    if (first === OPEN) return isDigit(line.at(1)) ? this.#fpm(line) : this.#apache(line);
    if (first === LESS) {
      const at = 2 + line.digits(1);
      if (at === 2 || line.at(at - 1) !== 0x3e) return false;
      return isDigit(line.at(at)) ? this.#structured(line, at) : this.#syslog(line, at);
    }
    if (isDigit(first)) return line.at(10) === LETTER_T ? this.#iso(line) : this.#timed(line);
    if (isUpper(first) && line.at(3) === BLANK && line.at(9) === COLON) return this.#syslog(line, 0);
    return isLetter(first) && this.#named(line, 0);
  }

  /** Whether another line, with its prefix, comes from the same origin. */
  isSame(line: Line, other: Line, its: Prefix): boolean {
    return (
      areEqual(line, this.#from, this.#to, other, its.#from, its.#to) &&
      areEqual(line, this.#behind, line.length, other, its.#behind, other.length)
    );
  }

  #take(from: number, to: number, start: number): boolean {
    this.#from = from;
    this.#to = to;
    this.start = start;
    return true;
  }

  #fpm(line: Line): boolean {
    const from = line.indexOf('] ', 1, 40) + 2;
    if (from < 2 || !isUpper(line.at(from)) || !isUpper(line.at(4))) return false;
    const said = line.indexOf(SAID, from);
    if (said < 0) return false;
    const to = said + SAID.length;
    let start = to;
    for (const text of PHP_MESSAGES) if (line.has(text, start)) start += text.length;
    if (line.endsWith(CLOSED)) this.end -= CLOSED.length;
    else if (line.last() === QUOTE) this.end -= 1;
    // The quote that opens is not the one that closes.
    this.end = Math.max(this.end, start);
    this.#behind = line.length;
    return this.#take(from, to, start);
  }

  #apache(line: Line): boolean {
    // `[Sat Nov 28`.
    if (line.at(4) !== BLANK || !isUpper(line.at(5)) || line.at(8) !== BLANK) return false;
    const from = line.indexOf('] [', 8, 60) + 2;
    if (from < 2) return false;
    let to = from;
    while (line.at(to) === OPEN) {
      const close = line.indexOf('] ', to);
      if (close < 0) return false;
      to = close + 2;
    }
    if (line.has('mod_fcgid: stderr: ', to)) to += 19;
    if (!line.has('AH01215: ', to)) return this.#take(from, to, to);
    to += 9;
    const referer = lastIndexOf(line, REFERER);
    if (referer > to) this.end = this.#behind = referer;
    if (line.has(FROM, to)) {
      const colon = line.indexOf(': ', to + FROM.length);
      if (colon < 0) return false;
      return this.#take(from, colon + 2, colon + 2);
    }
    // The program is named behind the text.
    const path = lastIndexOf(line, ': /', this.end);
    if (path >= to) this.end = this.#behind = path;
    return this.#take(from, to, to);
  }

  /** A time with a `T`: CRI, or syslog. */
  #iso(line: Line): boolean {
    const at = line.wordEnd + 1;
    if (at < 20 || at > 40) return false;
    if (line.has('stdout ', at) || line.has('stderr ', at)) {
      const tag = line.at(at + 7);
      if ((tag !== 0x46 && tag !== 0x50) || (line.at(at + 8) !== BLANK && line.at(at + 8) !== -1)) return false;
      this.isPartial = tag === 0x50;
      return this.#take(at, at + 7, Math.min(at + 9, line.length));
    }
    return this.#tagged(line, at);
  }

  #syslog(line: Line, at: number): boolean {
    if (!isUpper(line.at(at)) || line.at(at + 3) !== BLANK) return false;
    if (line.at(at + 6) !== BLANK || line.at(at + 9) !== COLON || line.at(at + 12) !== COLON) return false;
    return this.#tagged(line, wordEnd(line, at + 7) + 1);
  }

  /** `host app[123]: `. */
  #tagged(line: Line, host: number): boolean {
    const tag = wordEnd(line, host) + 1;
    const end = wordEnd(line, tag);
    if (tag - host < 2 || line.at(end - 1) !== COLON) return false;
    return this.#take(host, end, Math.min(end + 1, line.length));
  }

  /** `1 TIME host app 123 - - `. */
  #structured(line: Line, at: number): boolean {
    if (line.at(at) !== 0x31 || line.at(at + 1) !== BLANK) return false;
    const from = wordEnd(line, at + 2) + 1;
    let end = from - 1;
    for (let field = 0; field < 4; field++) end = wordEnd(line, end + 1);
    if (line.at(end + 1) === OPEN) {
      const close = line.indexOf('] ', end + 1);
      if (close < 0) return false;
      end = close + 1;
    } else if (line.at(end + 1) === 0x2d) end += 2;
    else return false;
    return this.#take(from, end, Math.min(end + 1, line.length));
  }

  /** `10:00:00 web.1  | `. */
  #timed(line: Line): boolean {
    if (line.at(2) !== COLON || line.at(5) !== COLON) return false;
    return this.#named(line, line.wordEnd + 1);
  }

  /** `app_1  | `. */
  #named(line: Line, from: number): boolean {
    let to = from;
    while (isName(line.at(to))) if (++to - from > NAME_BYTES) return false;
    if (to === from) return false;
    while (line.at(to) === BLANK) if (++to - from > NAME_BYTES) return false;
    if (line.at(to) !== PIPE || (line.at(to + 1) !== BLANK && line.at(to + 1) !== -1)) return false;
    return this.#take(from, to, Math.min(to + 2, line.length));
  }
}

const isName = (byte: number): boolean => isWord(byte) || byte === 0x2d || byte === 0x2e || byte === 0x2f;

function wordEnd(line: Line, from: number): number {
  let i = from;
  while (line.at(i) > BLANK && i < PREFIX_BYTES) i++;
  return i;
}

/** Not far from the end of a line. */
function lastIndexOf(line: Line, text: string, before = line.length): number {
  for (let i = before - text.length; i >= Math.max(0, before - PREFIX_BYTES); i--) if (line.has(text, i)) return i;
  return -1;
}

function areEqual(one: Line, from: number, to: number, other: Line, start: number, end: number): boolean {
  if (to - from !== end - start) return false;
  for (let i = 0; i < to - from; i++) if (one.at(from + i) !== other.at(start + i)) return false;
  return true;
}
