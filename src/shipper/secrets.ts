/** Secrets, which must never be printed: a service may quote a request in its answer. */
import { literal } from '../catalog/values/regular-expression.js';

/** A secret of so many characters is hidden wherever it comes up; a shorter one only as a whole word, as it may be part of many. */
const ANYWHERE_MIN = 6;
/** One or two characters are part of every other line: hiding them would hide the log, and not the secret. */
const SECRET_MIN = 3;
const NAME = /SECRET|TOKEN|PASSWORD|CREDENTIAL/;

export class Secrets {
  readonly #values = new Set<string>();
  readonly #words = new Map<string, RegExp>();
  #also: ((text: string) => string) | undefined;

  /** Those of the environment, known by the names of their variables. */
  static of(env: Readonly<Record<string, string | undefined>>): Secrets {
    const secrets = new Secrets();
    for (const [name, value] of Object.entries(env)) {
      if (value !== undefined && NAME.test(name) && !name.endsWith('_FILE')) secrets.hide(value);
    }
    return secrets;
  }

  hide(secret: string): void {
    if (secret.length < SECRET_MIN) return;
    // As it is, and as it looks inside JSON.
    for (const form of [secret, JSON.stringify(secret).slice(1, -1)]) {
      if (secret.length >= ANYWHERE_MIN) this.#values.add(form);
      else this.#words.set(form, new RegExp(`(?<![A-Za-z0-9])${literal(form)}(?![A-Za-z0-9])`, 'g'));
    }
  }

  /** Hides the secrets of applications, too: a service may quote a record that was sent before they were hidden. */
  alsoHide(redact: (text: string) => string): void {
    this.#also = redact;
  }

  /** The text with `***` in the place of each secret. */
  redact(text: string): string {
    let redacted = text;
    for (const secret of this.#values) redacted = redacted.replaceAll(secret, '***');
    for (const word of this.#words.values()) redacted = redacted.replace(word, '***');
    return this.#also?.(redacted) ?? redacted;
  }
}
