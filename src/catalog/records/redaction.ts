/** Settings of redaction. */
import type { Rule } from '../rule.js';
import { setting } from '../setting.js';
import * as value from '../values/setting-values.js';

/** Kinds that are known by their form, or by the name of their key. */
const COMMON_KINDS = ['email', 'card', 'iban', 'jwt', 'bearer', 'basic', 'aws', 'token', 'password', 'pem'] as const;
/** National ids: numbers without much of a form, looked for only where they are named. */
const NATIONAL_KINDS = ['ssn', 'nino', 'nir', 'dni', 'cpf'] as const;
export const REDACTION_KINDS = [...COMMON_KINDS, ...NATIONAL_KINDS] as const;
export type RedactionKind = (typeof REDACTION_KINDS)[number];

const KIND = value.oneOf(['all', ...REDACTION_KINDS]);

/** Each kind once. */
function kinds(text: string): readonly RedactionKind[] {
  const named = text.split(',').map((each) => KIND(each.trim()));
  return [...new Set(named.flatMap((each) => (each === 'all' ? COMMON_KINDS : [each])))];
}

export const REDACTION_SETTINGS = {
  redact: setting({
    name: 'LOGTAP_REDACT',
    defaultMeaning: 'nothing is redacted',
    help: `Kinds of secrets to hide in each record before it is buffered, separated by commas: ${COMMON_KINDS.map((kind) => `\`${kind}\``).join(', ')}, or \`all\` of these; and the national ids ${NATIONAL_KINDS.map((kind) => `\`${kind}\``).join(', ')}, each only by its name.`,
    parse: kinds,
  }),
  redactPatternsFile: setting({
    name: 'LOGTAP_REDACT_PATTERNS_FILE',
    defaultMeaning: 'no patterns',
    help: 'File with patterns of your own to hide, one per line: a name, a blank, a regular expression in the syntax of RE2. If the expression has a group, only the first one is hidden.',
    parse: value.absolutePath,
  }),
  redactWith: setting({
    name: 'LOGTAP_REDACT_WITH',
    default: 'mark',
    help: 'What replaces a secret. `mark`: its kind, such as `[redacted:card]`. `hash`: also a keyed hash of it, such as `[redacted:card:5d41402abc4b2a76]`, so that equal secrets can be told to be equal.',
    parse: value.oneOf(['mark', 'hash']),
  }),
  redactKeyFile: setting({
    name: 'LOGTAP_REDACT_KEY_FILE',
    defaultMeaning: 'none',
    help: 'File with the key of the hash, at least 16 bytes. Shippers with the same key give the same hashes.',
    parse: value.absolutePath,
  }),
} as const;

const { redactWith, redactKeyFile } = REDACTION_SETTINGS;

export const REDACTION_RULES: readonly Rule[] = [
  {
    settings: [redactWith, redactKeyFile],
    isBroken: ({ isGiven, read }) => read(redactWith) === 'hash' && !isGiven(redactKeyFile),
    says: (nameOf) =>
      `${nameOf(redactWith)}=hash needs ${nameOf(redactKeyFile)}: without a key, a hash can be reversed by trying all numbers. Set it.`,
  },
  {
    settings: [redactWith, redactKeyFile],
    isBroken: ({ isGiven, read }) => isGiven(redactKeyFile) && read(redactWith) === 'mark',
    says: (nameOf) =>
      `${nameOf(redactKeyFile)} has no effect without ${nameOf(redactWith)}=hash. Set that too, or remove the first.`,
  },
];
