/** A section of the input under interpretation: each key that is taken gets its verdict. Names of keys ignore their case. */
import type { Entry, Section } from './input.js';
import type { Verdicts } from './verdicts.js';

/** A value that only the pod knows: `${NAME}` of Fluent Bit, `#{...}` of Fluentd. */
const EMBEDDED = /\$\{([^}]*)\}|#\{([^}]*)\}/;

export class Plugin {
  constructor(
    readonly section: Section,
    readonly verdicts: Verdicts,
  ) {}

  all(key: string): Entry[] {
    return this.section.entries.filter((entry) => entry.key.toLowerCase() === key.toLowerCase());
  }

  /** The last entry decides; earlier ones have no effect in the tools either. */
  entry(key: string): Entry | undefined {
    const entries = this.all(key);
    for (const entry of entries.slice(0, -1)) this.verdicts.needless(entry, 'a later line sets the same key');
    return entries.at(-1);
  }

  /**
   * The value, carried over to a property.
   *
   * @param known replaces in it variables whose values the property can refer to
   */
  text(key: string, to: string, known = (value: string) => value): string | undefined {
    const entry = this.entry(key);
    if (entry === undefined) return undefined;
    const value = known(entry.value);
    if (this.isEmbedded(entry, value)) return undefined;
    this.verdicts.carried(entry, to);
    return value;
  }

  /** Whether the value refers to something that is known only where the tool runs. It is named and not evaluated. */
  isEmbedded(entry: Entry, value = entry.value): boolean {
    const [, variable, ruby] = EMBEDDED.exec(value) ?? [];
    if (variable === undefined && ruby === undefined) return false;
    const name = variable ?? /ENV(?:\[|\.fetch\()\s*['"](\w+)/.exec(ruby!)?.[1] ?? ruby;
    this.verdicts.left(
      entry,
      `its value is ${variable === undefined ? 'Ruby code' : 'a variable'} that is not evaluated (${name}): give --env ${name}=VALUE, or write the value into the result`,
    );
    return true;
  }

  flag(key: string, to: string): boolean | undefined {
    const value = this.text(key, to);
    return value === undefined ? undefined : isOn(value);
  }

  /** A positive number. Another value is not carried over. */
  number(key: string, to: string): number | undefined {
    const value = this.text(key, to);
    if (value === undefined) return undefined;
    if (/^\d+$/.test(value) && Number(value) > 0) return Number(value);
    this.verdicts.left(this.entry(key)!, `it must be a positive number for ${to}`);
    return undefined;
  }

  /** Keys, separated by blanks, that need no counterpart. */
  needless(keys: string, why: string): void {
    for (const key of keys.split(' ')) for (const entry of this.all(key)) this.verdicts.needless(entry, why);
  }

  left(keys: string, why: string): void {
    for (const key of keys.split(' ')) for (const entry of this.all(key)) this.verdicts.left(entry, why);
  }

  /** Keys whose names begin so. */
  needlessFamily(prefix: string, why: string): void {
    for (const entry of this.section.entries)
      if (entry.key.toLowerCase().startsWith(prefix) && !this.verdicts.isJudged(entry))
        this.verdicts.needless(entry, why);
  }
}

export const isOn = (value: string) => /^(on|true|yes|1)$/i.test(value.trim());

/** MiB of a size such as `5M`, `512KB` or `1GB`, rounded up. */
export function mebibytes(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  const factor = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }[unit.toLowerCase()]!;
  return Math.max(1, Math.ceil((Number(digits) * factor) / 1024 ** 2));
}
