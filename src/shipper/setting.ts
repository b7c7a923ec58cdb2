/** One row of the table of settings. */
export interface Setting<T> {
  readonly name: string;
  /** Other names, read when the first one is not set. */
  readonly aliases?: readonly string[];
  /** Text that stands for an absent variable. */
  readonly default?: string;
  /** What holds when the variable is absent and no text can say it. */
  readonly defaultMeaning?: string;
  readonly help: string;
  /** Throws an Error whose message is the rule and the remedy. */
  readonly parse: (text: string) => T;
}

/** What rows are parsed to: those without a value are undefined. */
export type ValuesOf<Rows> = {
  readonly [K in keyof Rows]: (Rows[K] extends Setting<infer T> ? T : never) | undefined;
};

/** A row, with the type of its value. */
export const setting = <T>(row: Setting<T>): Setting<T> => row;
