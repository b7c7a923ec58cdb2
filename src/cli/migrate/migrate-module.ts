/** The bundle dist/migrate/main.js, which has the readers of other tools. The command loads it only when it needs it. */

export type Kind = 'fluent-bit' | 'fluentd' | 'cloudwatch-agent' | 'firelens' | 'liblogtap';

export interface MigrateRequest {
  /** Decided by the text if absent. */
  readonly kind?: Kind;
  /** Path of the input, for messages and for files that it includes. */
  readonly file: string;
  readonly text: string;
  readonly files: {
    /** The text, or `undefined` if it cannot be read. */
    read(path: string): string | undefined;
    /** Paths that match a pattern, in order. */
    match(pattern: string): string[];
  };
  /** Values of variables of the input. */
  readonly variables: ReadonlyMap<string, string>;
  readonly output: 'yaml' | 'typescript';
  /** Image of the shipper. */
  readonly image?: string;
}

/** What became of a key of the input. */
export interface KeyVerdict {
  readonly entry: { readonly file: string; readonly line: number; readonly key: string; readonly value: string };
  readonly fate: 'carried over' | 'needless' | 'not carried over';
  readonly text: string;
}

export interface Migrated {
  readonly kind: Kind;
  /** The properties, as in a logtap.yaml. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Every key of the input. */
  readonly judged: readonly KeyVerdict[];
  /** Secrets to create. */
  readonly secrets: readonly { readonly name: string; readonly key: string }[];
  /** Properties that the user must set. */
  readonly gaps: readonly { readonly property: string; readonly standIn: string; readonly why: string }[];
  /** The logtap.yaml, or the source of a chart. */
  readonly text: string;
  /** The list of all keys. */
  readonly report: string;
}

export interface MigrateModule {
  /** @throws an Error with the place, the value, the rule and the remedy */
  migrate(request: MigrateRequest): Migrated;
}
