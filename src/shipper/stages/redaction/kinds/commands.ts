/**
 * Passwords on command lines, which have no key: `curl -u user:password`, `mysql -ppassword`, `sshpass -p password`. The program
 * decides what an option means, so it has to be in front. A list of arguments (`['curl', '-u', 'user:password']`) is read as well.
 */
import { code, isAlphanumeric, isBlank, isLetter, type Text } from '../bytes.js';
import { isPlaceholder, wordEnd } from './passwords.js';
import type { Value } from './values.js';
import { openingAt, wholeValue } from './values.js';

interface Command {
  /** Names of programs, or a program and its command, as they are in front of the option. */
  readonly names: RegExp;
  /** Letters of its options, or whole names with two dashes. */
  readonly options: readonly string[];
  /** What divides a user from the password in the value; the whole value is the password without it. */
  readonly divider?: string;
  /** Whether the value may follow the letter at once. */
  readonly isAttached: boolean;
  /** Whether the value may be the next word. */
  readonly isSeparate: boolean;
}

const named = (names: string): RegExp => new RegExp(`(?:^|[\\s/'"\`(=])(?:${names})(?:\\.exe)?(?=[\\s'"])`, 'i');

const COMMANDS: readonly Command[] = [
  {
    names: named('curl'),
    options: ['u', 'U', '--user', '--proxy-user'],
    divider: ':',
    isAttached: true,
    isSeparate: true,
  },
  { names: named('http|https|xh'), options: ['a'], divider: ':', isAttached: true, isSeparate: true },
  { names: named('smbclient|rpcclient|net'), options: ['U'], divider: '%', isAttached: true, isSeparate: true },
  {
    names: named(
      'mysql|mysqldump|mysqladmin|mysqlimport|mysqlcheck|mysqlbinlog|mariadb|mariadb-\\w+|7z|7za|7zr|rar|unrar',
    ),
    options: ['p'],
    isAttached: true,
    isSeparate: false,
  },
  { names: named('sshpass|ipmitool'), options: ['p', 'P'], isAttached: true, isSeparate: true },
  {
    names: named('mongo|mongosh|mongodump|mongorestore|mongoexport|mongoimport'),
    options: ['p'],
    isAttached: false,
    isSeparate: true,
  },
  { names: named('redis-cli|valkey-cli|keydb-cli'), options: ['a'], isAttached: false, isSeparate: true },
  {
    names: named('ldapsearch|ldapadd|ldapmodify|ldapdelete|ldapwhoami|ldappasswd|ldapcompare'),
    options: ['w'],
    isAttached: true,
    isSeparate: true,
  },
  {
    names: named('(?:docker|podman|nerdctl|buildah|skopeo|oc|az|helm registry|crane auth) login'),
    options: ['p'],
    isAttached: false,
    isSeparate: true,
  },
  { names: named('sqlcmd|bcp|zip|unzip'), options: ['P'], isAttached: true, isSeparate: true },
];

/** Letters and names of options, to leave most dashes at once. */
const LETTERS = new Set(COMMANDS.flatMap(({ options }) => options.filter((each) => each.length === 1).map(code)));
const [DASH, EQUALS, COMMA, DOLLAR, NEWLINE, BACKSLASH] = ['-', '=', ',', '$', '\n', '\\'].map(code);
const QUOTES = new Set([...'"\'`'].map(code));
/** So far in front of an option is its program looked for. */
const COMMAND_MAX = 256;
const LONG = [...new Set(COMMANDS.flatMap(({ options }) => options.filter((each) => each.length > 1)))];

/** The password that the option which begins at this dash gives to a known program. `undefined` without one. */
export function optionPassword(text: Text, i: number): Value | undefined {
  const before = text.at(i - 1);
  if (before !== undefined && !isBlank(before) && !QUOTES.has(before)) return undefined;
  const letter = text.at(i + 1);
  const long =
    letter === DASH ? LONG.find((each) => text.has(i, each) && !isAlphanumeric(text.at(i + each.length))) : undefined;
  if (long === undefined && !LETTERS.has(letter ?? 0)) return undefined;
  const name = long ?? String.fromCharCode(letter!);
  const value = valueBehind(text, i + (long?.length ?? 2), long !== undefined);
  if (value === undefined) return undefined;
  const line = lineBefore(text, i);
  const command = COMMANDS.find(({ options, names }) => options.includes(name) && names.test(line));
  if (command === undefined || !(value.isAttached ? command.isAttached || long !== undefined : command.isSeparate))
    return undefined;
  return passwordIn(text, value, command.divider);
}

interface OptionValue extends Value {
  readonly isAttached: boolean;
}

function valueBehind(text: Text, at: number, isLong: boolean): OptionValue | undefined {
  const first = text.at(at);
  const listed = listedBehind(text, at);
  const isAttached = listed === undefined && !isBlank(first);
  let from = listed ?? at;
  if (isLong && isAttached) {
    if (first !== EQUALS) return undefined;
    from = at + 1;
  }
  const opening = openingAt(text, from);
  // A word that is an option, or a variable of the shell.
  const start = text.at(opening.from);
  if (start === undefined || (!opening.isQuoted && start === DASH) || isPlaceholder(text, opening)) return undefined;
  if (start === DOLLAR && (isLetter(text.at(opening.from + 1)) || text.at(opening.from + 1) === code('_')))
    return undefined;
  if (opening.isQuoted) return { ...wholeValue(text, opening), isAttached };
  const to = wordEnd(text, opening.from);
  return { from: opening.from, to, next: to, isAttached };
}

/** Behind the quote, the comma and the blanks that divide two words of a list: `'-u', 'x'`; `undefined` where there are none. */
function listedBehind(text: Text, at: number): number | undefined {
  let i = at;
  while (text.at(i) === BACKSLASH) i++;
  if (!QUOTES.has(text.at(i) ?? 0) || text.at(i + 1) !== COMMA) return undefined;
  i += 2;
  while (isBlank(text.at(i))) i++;
  return i;
}

/** The words in front, of the same line and of the same command of a shell. */
function lineBefore(text: Text, end: number): string {
  let from = end;
  while (from > end - COMMAND_MAX && text.at(from - 1) !== undefined && text.at(from - 1) !== NEWLINE) from--;
  // Words of a list are divided as those of a line.
  const line = text.latin1(from, end).replace(/\\?["'],\s*\\?["']/g, ' ');
  return line.slice(Math.max(...[...line.matchAll(/[;|&] /g)].map(({ index }) => index), 0));
}

function passwordIn(text: Text, { from, to, next }: Value, divider: string | undefined): Value | undefined {
  if (divider === undefined) return from < to ? { from, to, next } : undefined;
  let at = from;
  while (at < to && text.at(at) !== code(divider)) at++;
  const isVariable = text.at(at + 1) === DOLLAR && (isLetter(text.at(at + 2)) || text.at(at + 2) === code('{'));
  return at + 1 < to && !isVariable ? { from: at + 1, to, next } : undefined;
}

const REQUIRE = 'requirepass';
const REQUIRE_Q = REQUIRE.indexOf('q');

/** Behind the `q` of a directive of Redis: `requirepass x`, `"CONFIG" "SET" "requirepass" "x"`. */
export function requiredPassword(text: Text, q: number): Value | undefined {
  const begin = q - REQUIRE_Q;
  if (!text.hasWord(begin, REQUIRE) || text.isWithinWord(begin)) return undefined;
  let at = begin + REQUIRE.length;
  const isQuoted = QUOTES.has(text.at(at) ?? 0);
  if (isQuoted) at++;
  if (!isBlank(text.at(at))) return undefined;
  const opening = openingAt(text, at);
  const first = text.at(opening.from);
  // A sign between them makes it a key.
  if (first === undefined || first <= 0x20 || first === EQUALS || first === code(':') || isPlaceholder(text, opening))
    return undefined;
  if (opening.isQuoted) return wholeValue(text, opening);
  const to = wordEnd(text, opening.from);
  // A sentence about it goes on.
  return isQuoted || isBlank(text.at(to)) ? undefined : { from: opening.from, to, next: to };
}

/** Of a user, a slash and a password in front of an `@`, as Oracle writes them. */
const ORACLE =
  /(?:jdbc:oracle:\w{2,5}:|(?:^|[\s"'`>/(])(?:sqlplus|connect|conn|exp|imp|expdp|impdp|sqlldr|target|catalog|auxiliary)(?:\s+-\w+)*\s+["']?|\buserid=["']?)[\w$#.]+(?:\[[\w$#.]+\])?\/(\\?"[^"\n]{1,64}"|[^\s/"'@]{1,64})$/i;
const ORACLE_MAX = 192;
const SLASH = code('/');
const SECRET_MAX = 68;

/** The password between a slash and this `@`: `jdbc:oracle:thin:user/password@host`, `sqlplus user/password@host`. */
export function oraclePassword(text: Text, at: number): { readonly from: number; readonly to: number } | undefined {
  let slash = at - 1;
  while (slash > at - SECRET_MAX && text.at(slash) !== SLASH) {
    const byte = text.at(slash);
    if (byte === undefined || byte === NEWLINE) return undefined;
    slash--;
  }
  if (text.at(slash) !== SLASH) return undefined;
  const found = ORACLE.exec(text.latin1(Math.max(text.start, at - ORACLE_MAX), at))?.[1];
  if (found === undefined) return undefined;
  const quote = found.lastIndexOf('"') > 0 ? 1 : 0;
  const from = at - found.length + (quote === 0 ? 0 : found.indexOf('"') + 1);
  const to = at - quote - (quote === 1 && found.endsWith('\\"') ? 1 : 0);
  return from < to ? { from, to: lastAt(text, at, to) } : undefined;
}

/** A password may have an `@`: the last one before the host counts. */
function lastAt(text: Text, at: number, to: number): number {
  let last = to;
  for (let i = at + 1; i < at + SECRET_MAX; i++) {
    const byte = text.at(i);
    if (byte === undefined || byte <= 0x20 || byte === SLASH || QUOTES.has(byte)) break;
    if (byte === code('@')) last = i;
  }
  return last;
}
