/**
 * What supervisors and web servers put before every line of a program:
 *
 *     [28-Nov-2026 10:00:00] WARNING: [pool www] child 5059 said into stderr: "TEXT"
 *     [Sat Nov 28 10:00:00.177049 2026] [cgi:error] [pid 1] [client 1.2.3.4:5] AH01215: stderr from /srv/x.cgi: TEXT
 *     10:00:00 web.1  | TEXT
 *     app-1  | 2026-11-28T10:00:00.123456789Z TEXT
 *     0|app  | 2026-11-28T10:00:00: TEXT
 *     app stdout | TEXT
 *     [pod/shop-0/app] 2026-11-28T10:00:00.123456789Z TEXT
 *     2026-11-28T10:00:00.123456789Z TEXT
 *     2026-11-28T10:00:00.123456789Z stderr F TEXT
 *     2026-11-28T10:00:00.123456+00:00 app[web.1]: TEXT
 *     @400000006569b0a01dcd6500 TEXT
 *     <14>Nov 28 10:00:00 host app[123]: TEXT
 *     <14>1 2026-11-28T10:00:00.003Z host app 123 - - TEXT
 *     [12345.678901] TEXT, and the same behind `kernel: `; [Sat Nov 28 10:00:00 2026] TEXT
 *     [2026-11-28, 10:00:00 UTC] {subprocess.py:93} INFO - TEXT
 *     11-28 10:00:00.123  1234  1250 E AndroidRuntime: TEXT
 *     E/AndroidRuntime( 1234): TEXT
 *     [c0ffee00-1111-4222-8333-444455556666] TEXT, and the same behind the head of Ruby's Logger
 *     2026-11-28 10:00:00.123456+00:00 [error] <0.123.0> TEXT
 *
 * Two prefixes are the same when all is the same but the time. RabbitMQ writes the same time, to the microsecond, on each line of an event:
 * there it counts, and says that the lines belong together.
 */

import { isDigit, isHex, isLetter, isUpper } from '../records/bytes.js';
import { isWord, type Line } from './line.js';

const BLANK = 0x20;
const COLON = 0x3a;
const OPEN = 0x5b;
const LESS = 0x3c;
const CLOSE = 0x5d;
const PIPE = 0x7c;
const AT = 0x40;
const DASH = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const LETTER_T = 0x54;
const QUOTE = 0x22;
const SLASH = 0x2f;
const BRACE = 0x7b;
const PAREN_CLOSE = 0x29;
/** Of `[Sat Nov 28 10:00:00 2026`. */
const DATE_BYTES = 25;
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
  /** Whether lines with the same prefix are of one event, with any text. */
  isOfEvent = false;

  /** Answers whether the line has one. */
  read(line: Line): boolean {
    this.isPartial = false;
    this.isOfEvent = false;
    this.end = line.length;
    this.#behind = line.length;
    const first = line.at(0);
    if (first === OPEN) return this.#bracketed(line);
    if (first === LESS) {
      const at = 2 + line.digits(1);
      if (at === 2 || line.at(at - 1) !== 0x3e) return false;
      return isDigit(line.at(at)) ? this.#structured(line, at) : this.#syslog(line, at);
    }
    if (isDigit(first)) {
      if (line.at(10) === LETTER_T) return this.#iso(line);
      if (isOfRabbit(line)) return this.#rabbit(line);
      if (line.at(2) === DASH) return this.#android(line, 18);
      return line.at(line.digits(0)) === PIPE ? this.#named(line, 0) : this.#timed(line);
    }
    if (first === AT) return isTai(line) && this.#take(0, 0, TAI_BYTES + 1);
    if (isUpper(first) && line.at(3) === BLANK && line.at(9) === COLON) return this.#syslog(line, 0);
    // Ruby's Logger: `E, [2026-11-28T10:00:00.123456 #12] ERROR -- : `.
    if (isUpper(first) && line.has(', [', 1)) return this.#request(line, line.indexOf(': [', 30, 120) + 2);
    if (line.at(1) === SLASH) return this.#android(line, 2);
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

  #bracketed(line: Line): boolean {
    const stamp = stampEnd(line, 0);
    if (stamp > 0) return this.#take(0, 0, stamp);
    if (isHex(line.at(1)) && this.#request(line, 0)) return true;
    if (isDigit(line.at(1))) return this.#fpm(line);
    const close = line.indexOf(']', 1, NAME_BYTES * 4);
    if (line.has('pod/', 1) && close > 0 && line.at(close + 1) === BLANK) {
      return this.#take(0, close + 1, timeEnd(line, close + 2));
    }
    if (close > 0 && line.has(' | ', close + 1)) return this.#take(0, close + 1, close + 4);
    return this.#apache(line);
  }

  #fpm(line: Line): boolean {
    const from = line.indexOf('] ', 1, 40) + 2;
    if (line.at(from) === BRACE) return this.#airflow(line, from);
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
    // `dmesg -T`.
    if (from < 2) return line.at(DATE_BYTES) === CLOSE && this.#take(0, 0, Math.min(DATE_BYTES + 2, line.length));
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

  /** A time with a `T`: CRI, of a runtime of containers alone, or syslog. */
  #iso(line: Line): boolean {
    const at = line.wordEnd + 1;
    if (at < 20 || at > 40) return false;
    if (line.has('stdout ', at) || line.has('stderr ', at)) {
      const tag = line.at(at + 7);
      if ((tag !== 0x46 && tag !== 0x50) || (line.at(at + 8) !== BLANK && line.at(at + 8) !== -1)) return false;
      this.isPartial = tag === 0x50;
      return this.#take(at, at + 7, Math.min(at + 9, line.length));
    }
    if (timeEnd(line, 0) > 0) return this.#take(0, 0, at);
    // `app[web.1]: `, without a host.
    const end = wordEnd(line, at);
    if (line.at(end - 1) === COLON && line.at(end - 2) === CLOSE)
      return this.#take(at, end, Math.min(end + 1, line.length));
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
    const start = Math.min(end + 1, line.length);
    return this.#take(host, end, (line.has('kernel', end - 7) && stampEnd(line, start)) || start);
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

  /** Rails: `[c0ffee00-1111-4222-8333-444455556666] `, the id of a request, and what else it was told to put there. */
  #request(line: Line, from: number): boolean {
    if (line.at(from + UUID_BYTES + 1) !== CLOSE || line.at(from + UUID_BYTES + 2) !== BLANK || !isUuid(line, from + 1))
      return false;
    let to = from + UUID_BYTES + 3;
    while (line.at(to) === OPEN) {
      const close = line.indexOf('] ', to, PREFIX_BYTES);
      if (close < 0) break;
      to = close + 2;
    }
    return this.#take(from, to, to);
  }

  /** `{subprocess.py:93} INFO - `, with which Airflow writes what a program says. */
  #airflow(line: Line, from: number): boolean {
    const end = line.indexOf(' - ', from, 120);
    return end > 0 && line.indexOf('} ', from, end) > 0 && this.#take(from, end, end + 3);
  }

  /** `E/tag( 1234): `, also behind the time and the numbers of the process and the thread: `1234  1250 E tag: `. */
  #android(line: Line, from: number): boolean {
    const end = line.indexOf(': ', from, NAME_BYTES + from);
    const isTagged = from > 2 ? line.at(from) === BLANK && line.at(from - 4) === DOT : line.at(end - 1) === PAREN_CLOSE;
    return end > 0 && isTagged && this.#take(from > 2 ? from : 0, end, end + 2);
  }

  /** `TIME [error] <0.123.0> `. */
  #rabbit(line: Line): boolean {
    const end = line.indexOf('> ', RABBIT_LEVEL, 80);
    if (end < 0) return false;
    this.isOfEvent = true;
    return this.#take(0, end, end + 2);
  }

  /** `10:00:00 web.1  | `. */
  #timed(line: Line): boolean {
    if (line.at(2) !== COLON || line.at(5) !== COLON) return false;
    return this.#named(line, line.wordEnd + 1);
  }

  /** `app_1  | `, `0|app | `, `app stdout | `. A time may follow. */
  #named(line: Line, from: number): boolean {
    let to = from;
    const number = line.digits(from);
    if (number > 0 && line.at(from + number) === PIPE && isName(line.at(from + number + 1))) to += number + 1;
    while (isName(line.at(to))) if (++to - from > NAME_BYTES) return false;
    if (to === from) return false;
    while (line.at(to) === BLANK) if (++to - from > NAME_BYTES) return false;
    if (line.has('stdout |', to) || line.has('stderr |', to)) to += 7;
    if (line.at(to) !== PIPE || (line.at(to + 1) !== BLANK && line.at(to + 1) !== -1)) return false;
    return this.#take(from, to, timeEnd(line, Math.min(to + 2, line.length)));
  }
}

/** Of names of services, replicas and groups: `shop_app.1.k2x8z@node-1`, `shop:app_00`. */
const isName = (byte: number): boolean =>
  isWord(byte) || byte === 0x2d || byte === 0x2e || byte === 0x2f || byte === COLON || byte === AT;

const UUID_BYTES = 36;

function isUuid(line: Line, from: number): boolean {
  for (let i = 0; i < UUID_BYTES; i++) {
    const byte = line.at(from + i);
    const isDash = i === 8 || i === 13 || i === 18 || i === 23;
    if (isDash ? byte !== DASH : !isHex(byte)) return false;
  }
  return true;
}

/** Behind the time since the start of a kernel, `[12345.678901] ` or `[    1.234567] `; 0 without one. */
function stampEnd(line: Line, from: number): number {
  if (line.at(from) !== OPEN) return 0;
  let at = from + 1;
  while (line.at(at) === BLANK && at < from + 8) at++;
  const seconds = line.digits(at);
  at += seconds;
  if (seconds === 0 || line.at(at) !== DOT || line.digits(at + 1) !== 6 || line.at(at + 7) !== CLOSE) return 0;
  return line.at(at + 8) === BLANK ? at + 9 : 0;
}

/** Where the level is behind `2026-11-28 10:00:00.123456+00:00 `. */
const RABBIT_LEVEL = 33;
const isOfRabbit = (line: Line): boolean =>
  line.at(RABBIT_LEVEL) === OPEN &&
  line.at(19) === DOT &&
  line.at(29) === COLON &&
  line.indexOf('] <', RABBIT_LEVEL, 60) > 0;

/** Behind a label of TAI64N: `@` and 24 hexadecimal digits. */
const TAI_BYTES = 25;

function isTai(line: Line): boolean {
  for (let i = 1; i < TAI_BYTES; i++) if (!isHex(line.at(i))) return false;
  return line.at(TAI_BYTES) === BLANK;
}

/** Digits of the fraction that runtimes of containers print; programs print fewer. */
const NANO_DIGITS = 9;

/**
 * Behind a time that is no part of the text, and a blank: one to the nanosecond, or one with a colon behind it. `at` where there
 * is none.
 */
function timeEnd(line: Line, at: number): number {
  if (line.digits(at) !== 4 || line.at(at + 4) !== DASH || line.at(at + 7) !== DASH || line.at(at + 13) !== COLON)
    return at;
  let end = wordEnd(line, at);
  if (line.at(at + 10) === BLANK) {
    // `2026-11-28 10:00:00 +00:00: `
    end = wordEnd(line, at + 11);
    const zone = line.at(end + 1);
    if (zone === PLUS || zone === DASH) end = wordEnd(line, end + 1);
  }
  if (line.at(end) !== BLANK && line.at(end) !== -1) return at;
  const isNano = line.at(at + 10) === LETTER_T && line.at(at + 19) === DOT && line.digits(at + 20) === NANO_DIGITS;
  return isNano || line.at(end - 1) === COLON ? Math.min(end + 1, line.length) : at;
}

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
