/**
 * Regular expressions of users, in the syntax of RE2, which needs no backtracking: their time is linear in the text. The
 * shipper's engine is no part of the constructs, so that this reads the syntax by itself; what it accepts, the engine does, too.
 *
 * @see https://github.com/google/re2/wiki/Syntax
 */

const REPEAT_MAX = 1000;
/** Characters of an expression in a message. */
const SHOWN = 60;
/** Letters behind a backslash: classes, places and control characters. */
const ESCAPES_OUTSIDE = 'dDwWsSbBAzafnrtv';
const ESCAPES_INSIDE = 'dDwWsSafnrtv';
const NO_RANGE = 'dDwWsSpP';
const CATEGORIES = /^(?:C[cfnos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/;
/** Of the scripts of Unicode, those that logs have. */
const SCRIPTS: ReadonlySet<string> = new Set(
  'Arabic Armenian Bengali Common Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Han Hangul Hebrew Hiragana Kannada Katakana Khmer Latin Malayalam Tamil Telugu Thai Tibetan'.split(
    ' ',
  ),
);
const POSIX = /^\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/;
const GROUP = /^\((?:\?(?:P?<([A-Za-z_]\w*)>|[imsU]*(?:-[imsU]+)?([:)])))?/;
const REPEAT = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})(\?)?/;

/** An expression that matches the text alone. */
export const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

/** The expression itself. Throws an Error whose message states the rule and the remedy. */
export function regularExpression(expression: string): string {
  new Expression(expression).read();
  return expression;
}

class Expression {
  readonly #text: string;
  readonly #names = new Set<string>();
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The largest number of repetitions of a part within itself is bounded, as the engine writes them all out. */
  read(): void {
    this.#alternatives();
    if (this.#at < this.#text.length) this.#fail('a ) closes no group');
  }

  /** Up to the end of the group. Returns by how much repetitions in it multiply. */
  #alternatives(): number {
    let most = 1;
    let isRepeatable = false;
    let last = 1;
    while (this.#at < this.#text.length && this.#text[this.#at] !== ')') {
      const [repeat = '', least, end, isLazy] = REPEAT.exec(this.#rest) ?? [];
      if (repeat !== '') {
        if (!isRepeatable) this.#fail(`${repeat} repeats nothing, or a repetition`);
        last *= this.#times(least, end, isLazy === undefined ? repeat : repeat.slice(0, -1));
        if (last > REPEAT_MAX) this.#fail(`repetitions within repetitions make more than ${REPEAT_MAX}`);
        most = Math.max(most, last);
        this.#at += repeat.length;
        isRepeatable = false;
        continue;
      }
      last = 1;
      const begin = this.#text[this.#at]!;
      isRepeatable = begin !== '|' && begin !== '^';
      if (begin === '(') [last, isRepeatable] = this.#group();
      else if (begin === '[') this.#class();
      else if (begin === '\\') isRepeatable = this.#escape();
      else this.#at += begin.length;
      most = Math.max(most, last);
    }
    return most;
  }

  #times(least: string | undefined, end: string | undefined, repeat: string): number {
    if (least === undefined) return 1;
    const [from, to] = [Number(least), end === undefined || end === '' ? Number(least) : Number(end)];
    if (from > to) this.#fail(`${repeat} ends before it begins`);
    if (to > REPEAT_MAX) this.#fail(`${repeat} is more than ${REPEAT_MAX} repetitions`);
    return Math.max(1, to);
  }

  /** Its factor, and whether it can be repeated: flags cannot. */
  #group(): [most: number, isRepeatable: boolean] {
    const [head = '', name, end] = GROUP.exec(this.#rest) ?? [];
    const isUnknown = head === '(' && this.#text[this.#at + 1] === '?';
    if (isUnknown || (end !== undefined && /\?-?[:)]?$/.test(head) && head !== '(?:')) {
      if (/^\(\?<?[=!]/.test(this.#rest))
        this.#fail('an expression must not look ahead or behind, which would need unbounded time');
      this.#fail('(? begins (?:...), (?i), (?i:...) or (?P<name>...)');
    }
    if (name !== undefined && this.#names.has(name)) this.#fail(`two groups have the name ${name}`);
    if (name !== undefined) this.#names.add(name);
    this.#at += head.length;
    if (end === ')') return [1, false];
    this.#depth += 1;
    if (this.#depth > 100) this.#fail('groups are nested more than 100 deep');
    const most = this.#alternatives();
    if (this.#text[this.#at] !== ')') this.#fail('a ( is not closed');
    this.#at += 1;
    this.#depth -= 1;
    return [most, true];
  }

  #class(): void {
    const begin = this.#at;
    this.#at += this.#text[begin + 1] === '^' ? 2 : 1;
    if (this.#text[this.#at] === ']') this.#fail('a class has no character; write \\] for a bracket in it');
    while (this.#text[this.#at] !== ']') {
      if (this.#at >= this.#text.length) this.#fail('a [ is not closed; write \\[ for the bracket itself');
      const [posix] = POSIX.exec(this.#rest) ?? [];
      if (posix !== undefined) {
        this.#at += posix.length;
        continue;
      }
      const from = this.#member();
      const isRange = this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']';
      if (!isRange) continue;
      this.#at += 1;
      if (this.#at >= this.#text.length) continue;
      const to = this.#member();
      if (from === undefined || to === undefined || from > to) {
        this.#fail('a range in a class ends before it begins; write \\- for the sign itself');
      }
    }
    this.#at += 1;
  }

  /** Its code; `undefined` for more than one character. */
  #member(): number | undefined {
    const code = this.#text.codePointAt(this.#at)!;
    const character = String.fromCodePoint(code);
    if (character !== '\\') {
      if (character === '[' && this.#text[this.#at + 1] === ':') this.#fail('[: begins a class such as [:alpha:]');
      this.#at += character.length;
      return code;
    }
    const letter = this.#text[this.#at + 1] ?? '';
    const at = this.#at;
    this.#escape(ESCAPES_INSIDE, false);
    if (NO_RANGE.includes(letter)) return undefined;
    const control = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }[letter];
    if (control !== undefined) return control;
    return letter === 'x' ? Number.parseInt(this.#text.slice(at + 2).replace('{', ''), 16) : letter.codePointAt(0);
  }

  /** Whether it can be repeated. */
  #escape(letters = ESCAPES_OUTSIDE, mayQuote = true): boolean {
    const [sequence = ''] =
      /^\\(?:x(?:[\dA-Fa-f]{2}|\{[\dA-Fa-f]{1,6}\})|[pP](?:[CLMNPSZ]|\{\^?\w+\})|Q|.)?/su.exec(this.#rest) ?? [];
    const letter = sequence[1] ?? '';
    if (letter === '') this.#fail('the last \\ has no character behind it');
    if (letter === 'Q' && mayQuote) return this.#quoted();
    if (/[1-9k]/.test(letter))
      this.#fail('an expression must not refer back to a group, which would need unbounded time');
    if (letter === 'p' || letter === 'P') this.#mustBeClass(sequence);
    else if (letter === 'x' && sequence.length > 2) this.#mustBeCharacter(sequence);
    else if (!letters.includes(letter) && !/[ -/:-@[-`{-~]/.test(letter)) this.#fail(`${sequence} is not known`);
    this.#at += sequence.length;
    return !'bBAz'.includes(letter) || !mayQuote;
  }

  #mustBeClass(sequence: string): void {
    const name = sequence.slice(2).replace(/^\{\^?|\}$/g, '');
    if (!CATEGORIES.test(name) && !SCRIPTS.has(name))
      this.#fail(`${sequence} names no class of Unicode that is known here`);
  }

  #mustBeCharacter(sequence: string): void {
    if (Number.parseInt(sequence.slice(2).replace('{', ''), 16) > 0x10ffff) this.#fail(`${sequence} is no character`);
  }

  /** `\Q...\E` are the characters themselves. */
  #quoted(): boolean {
    const end = this.#text.indexOf('\\E', this.#at + 2);
    if (end < 0) this.#fail('\\Q is not closed by \\E');
    const isEmpty = end === this.#at + 2;
    this.#at = end + 2;
    return !isEmpty;
  }

  get #rest(): string {
    return this.#text.slice(this.#at);
  }

  #fail(rule: string): never {
    const rest = this.#text.slice(this.#at, this.#at + SHOWN);
    const shown = this.#text.length > SHOWN ? `${this.#text.slice(0, SHOWN)}…` : this.#text;
    throw new Error(`'${shown}' is no expression of RE2${rest === '' ? '' : `, at '${rest}'`}: ${rule}`);
  }
}
