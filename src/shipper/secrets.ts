/** What must never be printed, wherever it comes up: a service may quote in its answer what it was sent. */

/** Hiding less would hide ordinary words. */
const SECRET_MIN = 6;
const NAME = /SECRET|TOKEN|PASSWORD|CREDENTIAL/;

export class Secrets {
  readonly #values = new Set<string>();

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
    this.#values.add(secret);
    // As it looks inside JSON.
    this.#values.add(JSON.stringify(secret).slice(1, -1));
  }

  /** The text with `***` in the place of each secret. */
  redact(text: string): string {
    let redacted = text;
    for (const secret of this.#values) redacted = redacted.replaceAll(secret, '***');
    return redacted;
  }
}
