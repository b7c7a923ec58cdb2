/**
 * Finds the built-in kinds in a message, in one pass over its bytes: a byte by which a kind may begin, or which it contains
 * (`@`, `=`, `:`), leads to the check of that kind. A check looks at a bounded part of the message, or at bytes that are
 * then skipped: so the time is linear in any message.
 */
import { REDACTION_KINDS, type RedactionKind } from '../../../catalog/records/redaction.js';
import { code, isBlank, Text } from './bytes.js';
import { Finds } from './finds.js';
import { KIND } from './kind-numbers.js';
import { cardAt } from './kinds/card.js';
import { optionPassword, oraclePassword, requiredPassword } from './kinds/commands.js';
import { emailAround } from './kinds/email.js';
import { ibanAt } from './kinds/iban.js';
import { Name, nameBefore } from './kinds/key-names.js';
import { cpfAt, dniAt, ninoAt, nirAt, ssnAt } from './kinds/national.js';
import { isOfSentence, listedOptionValue, optionAt } from './kinds/options.js';
import {
  behindSign,
  elementBefore,
  keyBefore,
  nextListed,
  secretOf,
  tokenOf,
  valueKeyBefore,
} from './kinds/passwords.js';
import { PemBlocks } from './kinds/pem.js';
import { identifiedBy, quotedPassword } from './kinds/sql.js';
import { accessKeyAt, credentialAt, jwtAt, nextSecretKey, type Scheme } from './kinds/tokens.js';
import { goPassword, urlPassword } from './kinds/urls.js';
import { lineEnd, openingAt, type Value } from './kinds/values.js';
import { mayBeVendor, signlessTokenAt, vendorTokenAt } from './kinds/vendors.js';

enum Trigger {
  DIGIT = 1,
  AT,
  PERCENT,
  BACKSLASH,
  EQUALS,
  COLON,
  GREATER,
  DASH,
  A,
  B,
  E,
  Q,
  Y,
  QUOTE,
  JOINT,
}

const NEEDS: readonly (readonly [trigger: Trigger, bytes: string, kinds: readonly RedactionKind[]])[] = [
  [Trigger.DIGIT, '0123456789', ['card', 'iban', 'ssn', 'cpf', 'dni', 'nir', 'nino']],
  [Trigger.AT, '@', ['email', 'password']],
  [Trigger.PERCENT, '%', ['email', 'password', 'aws']],
  [Trigger.BACKSLASH, '\\', ['password', 'aws', 'email']],
  [Trigger.EQUALS, '=', ['password', 'aws']],
  [Trigger.COLON, ':', ['password', 'aws', 'bearer', 'basic']],
  [Trigger.GREATER, '>', ['password', 'aws']],
  [Trigger.DASH, '-', ['pem', 'token', 'password']],
  [Trigger.JOINT, '_.', ['token']],
  [Trigger.A, 'A', ['aws', 'token']],
  [Trigger.B, 'Bb', ['bearer', 'basic']],
  [Trigger.E, 'e', ['jwt']],
  [Trigger.Q, 'q', ['password']],
  [Trigger.Y, 'Yy', ['password']],
  [Trigger.QUOTE, "'", ['password']],
];

/** Beside bearer and basic. */
const SCHEMES = ['digest', 'negotiate', 'ntlm', 'token', 'apikey', 'oauth', 'hawk', 'dpop', 'aws4-hmac-sha256', 'aws'];

const [ZERO, NINE] = ['0', '9'].map(code) as [number, number];
/** Digits that are counted: one more than a card can have. */
const LONGEST_NUMBER = 20;
/** Groups by which a card number may begin, and the lengths of an unbroken one. */
const CARD_RUNS = Uint8Array.from({ length: LONGEST_NUMBER + 1 }, (_, run) =>
  run === 4 || run === 6 || run === 8 || (run >= 13 && run <= 19) ? 1 : 0,
);

export class Scanner {
  readonly text = new Text();
  readonly finds = new Finds(this.text);
  /** Whether the last message ended within a PEM block. */
  isPemOpen = false;
  readonly #is: Readonly<Record<RedactionKind, boolean>>;
  readonly #triggers = new Uint8Array(256);
  readonly #pem = new PemBlocks();
  #hasAccessKey = false;

  constructor(kinds: readonly RedactionKind[]) {
    this.#is = Object.fromEntries(REDACTION_KINDS.map((kind) => [kind, kinds.includes(kind)])) as Record<
      RedactionKind,
      boolean
    >;
    for (const [trigger, bytes, needing] of NEEDS) {
      if (!needing.some((kind) => this.#is[kind])) continue;
      for (const byte of bytes) this.#triggers[code(byte)] = trigger;
    }
  }

  /** Fills `finds` with the secrets in these bytes. */
  scan(bytes: Uint8Array, start: number, end: number): Finds {
    const { text, finds } = this;
    text.bytes = bytes;
    text.start = start;
    text.end = end;
    finds.clear();
    this.isPemOpen = false;
    this.#hasAccessKey = false;
    this.#pem.begin();
    const triggers = this.#triggers;
    let wasDigit = false;
    for (let i = start; i < end; ) {
      const trigger = triggers[bytes[i]!]!;
      if (trigger === 0 || (trigger === Trigger.DIGIT && wasDigit)) {
        if (trigger === 0) wasDigit = false;
        i++;
        continue;
      }
      wasDigit = trigger === Trigger.DIGIT;
      if (trigger === Trigger.JOINT && !mayBeVendor(bytes, i)) {
        i++;
        continue;
      }
      const next = this.#at(trigger, i);
      if (next > i + 1) wasDigit = false;
      i = next > i ? next : i + 1;
    }
    if (this.#hasAccessKey) this.#secretKeys();
    return finds;
  }

  /** Where the search goes on after a secret that is found here; 0 without one. */
  #at(trigger: Trigger, i: number): number {
    switch (trigger) {
      case Trigger.DIGIT:
        return this.#number(i);
      case Trigger.AT:
        return (this.#is.email && this.#email(i, 1)) || this.#oracle(i);
      case Trigger.PERCENT:
        if (this.#is.email && this.text.has(i, '%40')) return this.#email(i, 3);
        return this.text.hasWord(i, '%3d') || this.text.hasWord(i, '%3a') ? this.#value(i, i + 3) : 0;
      case Trigger.BACKSLASH:
        if (this.#is.email && this.text.has(i, '\\u0040')) return this.#email(i, 6);
        return this.#escapedSign(i);
      case Trigger.EQUALS:
        return this.#value(i, i + 1);
      case Trigger.COLON:
        return this.#url(i) || this.#value(i, i + 1);
      case Trigger.GREATER:
        return this.#secret(elementBefore(this.text, i), i + 1);
      case Trigger.DASH:
        return this.#dash(i);
      case Trigger.A:
        return this.#accessKey(i) || this.#add('token', i, signlessTokenAt(this.text, i));
      case Trigger.B:
        return this.#credential('bearer', i, false) || this.#credential('basic', i, false);
      case Trigger.E:
        return this.#add('jwt', i, jwtAt(this.text, i));
      case Trigger.Q:
        return this.#found(requiredPassword(this.text, i));
      case Trigger.Y:
        return this.#found(identifiedBy(this.text, i));
      case Trigger.JOINT:
        return this.#vendor(i);
      case Trigger.QUOTE:
        return this.#found(quotedPassword(this.text, i));
    }
  }

  #escapedSign(i: number): number {
    const { text } = this;
    if (text.hasWord(i, '\\x3d') || text.hasWord(i, '\\x3a')) return this.#value(i, i + 4);
    return text.hasWord(i, '\\u003d') || text.hasWord(i, '\\u003a') ? this.#value(i, i + 6) : 0;
  }

  #add(kind: RedactionKind, from: number, to: number): number {
    return to === 0 || !this.#is[kind] ? 0 : this.finds.add(KIND[kind], from, to);
  }

  /** By the length of the run of digits, most numbers of a log can be none of the kinds. */
  #number(i: number): number {
    const { text } = this;
    const is = this.#is;
    const { bytes, end } = text;
    const most = Math.min(end, i + LONGEST_NUMBER);
    let after = i + 1;
    while (after < most && bytes[after]! >= ZERO && bytes[after]! <= NINE) after++;
    const run = after - i;
    return (
      (is.card && CARD_RUNS[run] === 1 && this.#add('card', i, cardAt(text, i))) ||
      (is.iban && run > 1 && i - 2 >= this.finds.floor && this.#add('iban', i - 2, ibanAt(text, i - 2))) ||
      (is.ssn && run === 3 && this.#add('ssn', i, ssnAt(text, i))) ||
      (is.cpf && (run === 3 || run === 11) && this.#add('cpf', i, cpfAt(text, i))) ||
      (is.nir && (run === 1 || run === 15) && this.#add('nir', i, nirAt(text, i))) ||
      (is.dni && (run === 7 || run === 8) && this.#dni(i)) ||
      (is.nino && (run === 2 || run === 6) && this.#nino(i)) ||
      0
    );
  }

  #dni(i: number): number {
    const to = dniAt(this.text, i);
    const before = this.text.at(i - 1)!;
    const isResident = before >= code('X') && before <= code('Z') && i - 1 >= this.finds.floor;
    return this.#add('dni', isResident ? i - 1 : i, to);
  }

  #nino(i: number): number {
    const found = ninoAt(this.text, i);
    return found === undefined || found.from < this.finds.floor ? 0 : this.#add('nino', found.from, found.to);
  }

  #email(at: number, length: number): number {
    const found = emailAround(this.text, at, length, this.finds.floor);
    return found === undefined ? 0 : this.#add('email', found.from, found.to);
  }

  #oracle(at: number): number {
    if (!this.#is.password) return 0;
    const found = goPassword(this.text, at) ?? oraclePassword(this.text, at);
    if (found === undefined || found.from < this.finds.floor) return 0;
    return this.#add('password', found.from, found.to);
  }

  #found(value: Value | undefined): number {
    if (value === undefined) return 0;
    this.#add('password', value.from, value.to);
    return value.next;
  }

  #url(colon: number): number {
    if (!this.#is.password) return 0;
    const found = urlPassword(this.text, colon);
    return found === undefined ? 0 : this.#add('password', found.from, found.to);
  }

  /** The value behind the sign that begins at `sign` and ends at `at`. */
  #value(sign: number, at: number): number {
    const name = keyBefore(this.text, sign);
    const secret = name === 0 ? valueKeyBefore(this.text, sign) : name;
    return secret === 0 ? 0 : this.#secret(secret, behindSign(this.text, at));
  }

  #secret(name: Name | 0, at: number): number {
    if (name === 0 || name === Name.HARMLESS) return 0;
    if (name === Name.AUTHORIZATION) return this.#authorization(at);
    const kind = name === Name.AWS && this.#is.aws ? 'aws' : 'password';
    if (!this.#is[kind]) return 0;
    const value = secretOf(this.text, name, at);
    const { from } = openingAt(this.text, at);
    const isListed = this.text.at(from) === code('[') && value !== undefined && value.from > from;
    if (value === undefined) return 0;
    this.#add(kind, value.from, value.to);
    let { next } = value;
    if (isListed) {
      for (let more = nextListed(this.text, next); more !== undefined; more = nextListed(this.text, next)) {
        this.#add(kind, more.from, more.to);
        next = more.next;
      }
    }
    return next;
  }

  /** The value of a header: credentials of one of the schemes. The name of the scheme stays. */
  #authorization(at: number): number {
    const { text } = this;
    const { from } = openingAt(text, at);
    const found = this.#credential('bearer', from, true) || this.#credential('basic', from, true);
    if (found > 0 || !this.#is.password) return found;
    const scheme = SCHEMES.find((each) => text.hasWord(from, each) && isBlank(text.at(from + each.length)));
    if (scheme === undefined) return this.#found(tokenOf(text, at));
    return this.#add('password', from + scheme.length + 1, lineEnd(text, from, true));
  }

  #credential(scheme: Scheme, i: number, isHeader: boolean): number {
    if (!this.#is[scheme]) return 0;
    const found = credentialAt(this.text, i, scheme, isHeader);
    return found === undefined ? 0 : this.#add(scheme, found.from, found.to);
  }

  #dash(i: number): number {
    const { text } = this;
    if (this.#is.pem) {
      const block = this.#pem.at(text, i);
      if (block !== undefined) {
        this.isPemOpen ||= block.isOpen;
        return this.#add('pem', i, block.to);
      }
    }
    const token = this.#vendor(i);
    if (token > 0 || !this.#is.password) return token;
    const end = optionAt(text, i);
    const value = end > 0 ? listedOptionValue(text, i, end) || end : 0;
    if (end > 0 && isOfSentence(text, end)) return 0;
    return (end > 0 && this.#secret(nameBefore(text, end), value)) || this.#found(optionPassword(text, i));
  }

  #vendor(sign: number): number {
    if (!this.#is.token || !mayBeVendor(this.text.bytes, sign)) return 0;
    const found = vendorTokenAt(this.text, sign);
    return found === undefined || found.from < this.finds.floor ? 0 : this.#add('token', found.from, found.to);
  }

  #accessKey(i: number): number {
    const to = this.#add('aws', i, accessKeyAt(this.text, i));
    if (to > 0) this.#hasAccessKey = true;
    return to;
  }

  #secretKeys(): void {
    let from = this.text.start;
    for (;;) {
      const found = nextSecretKey(this.text, from);
      if (found === undefined) break;
      this.#add('aws', found.from, found.to);
      from = found.to;
    }
    this.finds.arrange();
  }
}
