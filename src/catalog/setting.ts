/** One setting of the shipper, and its type. */

export interface Setting<T> {
  readonly name: string;
  /** Alternative names, read if `name` is not set. */
  readonly aliases?: readonly string[];
  /** Text used if the variable is absent. */
  readonly default?: string;
  /** Meaning of an absent variable if no text can express it. */
  readonly defaultMeaning?: string;
  readonly help: string;
  /** Throws an Error whose message states the rule and the remedy. */
  readonly parse: (text: string) => T;
}

/** A setting that always has a value. */
export interface SettingWithDefault<T> extends Setting<T> {
  readonly default: string;
}

/** A row, with the type of its value. */
export function setting<T>(row: SettingWithDefault<T>): SettingWithDefault<T>;
export function setting<T>(row: Setting<T>): Setting<T>;
export function setting<T>(row: Setting<T>): Setting<T> {
  return row;
}

/** A value may be undefined only if its row has no default. */
export type ValueOf<S> = S extends SettingWithDefault<infer T> ? T : S extends Setting<infer T> ? T | undefined : never;
