/** Options for secrets that are hidden in records. */
import { REDACTION_SETTINGS } from '../../catalog/records/redaction.js';
import { configMapFilePath } from '../sidecar/sink-files.js';
import type { Binding } from '../sinks/bind.js';
import type { ConfigMapFile, SecretKey } from '../sinks/sink-config.js';

/** Kinds of secrets. */
export enum RedactionKind {
  /** All kinds except the national ids. */
  ALL = 'all',
  /** Email addresses. */
  EMAIL = 'email',
  /** Numbers of payment cards. */
  CARD = 'card',
  /** International bank account numbers. */
  IBAN = 'iban',
  /** JSON Web Tokens. */
  JWT = 'jwt',
  /** Bearer tokens. */
  BEARER = 'bearer',
  /** Basic credentials. */
  BASIC = 'basic',
  /** Access keys of AWS. */
  AWS = 'aws',
  /** Tokens of vendors, such as GitHub, GitLab, Slack, Stripe, npm, PyPI and Google. */
  TOKEN = 'token',
  /** Passwords in key-value pairs, JSON and URLs. */
  PASSWORD = 'password',
  /** Private keys in PEM. */
  PEM = 'pem',
  /** Social Security numbers of the United States. */
  SSN = 'ssn',
  /** National Insurance numbers of the United Kingdom. */
  NINO = 'nino',
  /** Social security numbers of France. */
  NIR = 'nir',
  /** Identity numbers of Spain. */
  DNI = 'dni',
  /** Taxpayer numbers of Brazil. */
  CPF = 'cpf',
}

/** A key of a ConfigMap in the namespace of the workload. */
export interface ConfigMapKey {
  /** Name of the ConfigMap. */
  readonly name: string;

  /** Key in the ConfigMap. */
  readonly key: string;
}

/** Secrets that the shipper hides in the records of one container. */
export interface AddedRedaction {
  /** Kinds of secrets to hide. */
  readonly kinds: RedactionKind[];
}

/** Secrets that the shipper hides in each record before it is buffered. */
export interface Redaction {
  /**
   * Kinds of secrets to hide.
   *
   * @default - only `patterns`
   */
  readonly kinds?: RedactionKind[];

  /**
   * Your own patterns, one per line: a name, a blank, and a regular expression in the syntax of RE2.
   *
   * @default - only `kinds`
   */
  readonly patterns?: ConfigMapKey;

  /**
   * Key, at least 16 bytes, of a hash that replaces each secret, so that equal secrets have equal hashes.
   *
   * @default - the kind replaces the secret
   */
  readonly hashKeySecret?: SecretKey;
}

export function redactionBindings({ kinds, patterns, hashKeySecret }: Redaction): Binding[] {
  const { redact, redactPatternsFile, redactWith, redactKeyFile } = REDACTION_SETTINGS;
  return [
    { property: 'redact.kinds', setting: redact, value: kinds?.join(',') },
    {
      property: 'redact.patterns',
      setting: redactPatternsFile,
      value: patterns && configMapFilePath(patternsFile(patterns)),
    },
    { property: 'redact.hashKeySecret', setting: redactWith, value: hashKeySecret && 'hash' },
    { property: 'redact.hashKeySecret', setting: redactKeyFile, secret: hashKeySecret },
  ];
}

export const patternsFile = ({ name: configMapName, key }: ConfigMapKey): ConfigMapFile => ({ configMapName, key });
