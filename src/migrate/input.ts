/** What every reader takes in: files, and keys with their places, so that each message and each verdict names a line. */

/** Reads files that a configuration includes. */
export interface Files {
  /** The text, or `undefined` if it cannot be read. */
  read(path: string): string | undefined;
  /** Paths that match a pattern with `*`, in order. */
  match(pattern: string): string[];
  /** Where to put a file that is missing. */
  readonly remedy?: string;
}

export interface Place {
  readonly file: string;
  readonly line: number;
}

/** A key of the input with its value, as written. */
export interface Entry extends Place {
  readonly key: string;
  readonly value: string;
  /** The section that has the key, such as `[INPUT] tail`, for reports. */
  readonly owner: string;
}

/** A block of a configuration. */
export interface Section extends Place {
  /** In small letters: `input`, `filter`, `match`. */
  readonly name: string;
  /** Text after the name, such as the pattern of `<match app.**>`. */
  readonly argument: string;
  readonly entries: Entry[];
  readonly sections: Section[];
}

/** Input that cannot be read. Its message has the place, the value, the rule and the remedy. */
export class MigrateError extends Error {
  constructor({ file, line }: Place, value: string, rule: string, remedy: string) {
    super(`${file}, line ${line}: ${quote(value)} ${rule}. ${remedy}`);
    this.name = 'MigrateError';
  }
}

/** A value for a message: on one line, short, without a secret. */
export function quote(value: string): string {
  const text = JSON.stringify(value.replace(/(:\/\/)[^/@\s]*@/g, '$1***@'));
  return text.length > 100 ? `${text.slice(0, 96)}..."` : text;
}

/** Names of keys that may hold a secret, and signs of one in a value. */
const SECRET_KEY = /pass(?!ive)|secret|token|keys?$|credential|auth(?!or)|^header|private/i;
const SECRET_VALUE = /pass(wd|word|phrase)?[=:]|secret|token|bearer|api_?key|AKIA|BEGIN /i;

const SWITCH = /^(on|off|true|false|yes|no)$/i;
/** Forms that no secret has: a switch, a number with its unit, a path, a pattern of tags, the name of a file. */
const HARMLESS = [
  SWITCH,
  /^-?\d{1,12}(\.\d+)?\s?[a-z%]{0,3}$/i,
  /^(\.{0,2}|[a-z]:)[/\\][\w./\\*{}$-]*$/i,
  /^[a-z.]*\*[a-z.*]*$/,
  /^[\w.-]+\.(conf|json|log|lua|rb|so|txt|wasm|ya?ml)$/,
];

/**
 * The value of an entry for a report. One that may be a secret is not shown; that of a key whose meaning is not carried over, and so
 * perhaps not known, is shown only in a harmless form.
 */
export function shownValue({ key, value }: Entry, isKnown: boolean): string {
  const mayBeSecret = SECRET_VALUE.test(value) || (SECRET_KEY.test(key) && !SWITCH.test(value));
  const isHarmless = isKnown || HARMLESS.some((form) => form.test(value));
  return mayBeSecret || !isHarmless ? '(not shown)' : quote(value);
}

const LARGEST = 4 * 1024 * 1024;

/** @throws MigrateError for a file that is no text */
export function mustBeText(file: string, text: string): string {
  const line = text.slice(0, Math.max(0, text.indexOf('\0'))).split('\n').length;
  if (text.includes('\0')) throw new MigrateError({ file, line }, '\\0', 'is no text', 'Give a configuration file');
  if (text.length > LARGEST)
    throw new MigrateError(
      { file, line: 1 },
      `${text.length} characters`,
      `are more than ${LARGEST}`,
      'Give one configuration',
    );
  return text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
}

/** Included files may include others, but not without end. */
export const DEEPEST_INCLUDE = 10;
