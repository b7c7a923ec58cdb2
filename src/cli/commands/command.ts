/** The description of a command. Parsing, help, completion, the man page and the reference follow from it. */

/** A flag. One without `value` is a switch. */
export interface Flag {
  /** One letter. */
  readonly short?: string;
  /** Name of its value in the help. */
  readonly value?: string;
  /** The only permitted values. */
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly isRepeatable?: boolean;
  readonly isRequired?: boolean;
  /** `--no-NAME` exists as well. Absent from the values if neither is given. */
  readonly isNegatable?: boolean;
  /** Other spellings. */
  readonly aliases?: readonly string[];
  /** Values of `--sink` to which the flag belongs. The help lists it only with one of them. */
  readonly sinks?: readonly string[];
  /** Its help where it differs between those. */
  readonly sinkHelp?: Readonly<Record<string, string>>;
  /** What a shell completes for the value. */
  readonly completes?: 'file' | 'directory';
  readonly help: string;
}

export type Flags = Readonly<Record<string, Flag>>;

export interface Argument {
  /** Such as `FILE|DIR|-`. */
  readonly name: string;
  readonly help: string;
  readonly isRequired?: boolean;
  readonly isRepeatable?: boolean;
  readonly choices?: readonly string[];
  readonly completes?: 'file' | 'directory' | 'program';
}

export interface Example {
  /** The purpose, as a sentence without its full stop. */
  readonly purpose: string;
  /** A line for a shell. Tests run it in a directory with the files that it names. */
  readonly line: string;
  /** What only some machines have. Tests then only parse the line. */
  readonly needs?: 'cluster' | 'service';
}

/** The flags that were given, by name. */
export type GivenValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export interface Command<F extends Flags = Flags> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the name in the usage. */
  readonly synopsis: string;
  readonly description: string;
  readonly args?: readonly Argument[];
  /** A program with its arguments follows `--`. */
  readonly program?: Argument;
  readonly flags: F;
  /** Of each set of names such as `--pid` or `PROGRAM`, exactly one must be given. */
  readonly oneOf?: readonly (readonly string[])[];
  /** Names of flags that the given ones need. */
  readonly missing?: (values: GivenValues) => readonly string[];
  readonly examples: readonly Example[];
  readonly exitCodes: readonly (readonly [code: number, meaning: string])[];
  /** A paragraph after the options. */
  readonly note?: string;
}

/** Keeps the literal types of the flags, from which the types of their values follow. */
export const command = <const F extends Flags>(description: Command<F>): Command<F> => description;

/** `-o`, spelt alike by every command. */
export const output = <const C extends readonly string[], const D extends C[number]>(
  choices: C,
  byDefault: D,
  help = 'form of the output',
) => ({ short: 'o', value: 'FORMAT', choices, default: byDefault, help }) as const;

/** `--output` of a command that edits its input. */
export const outputAsInput = {
  short: 'o',
  value: 'FORMAT',
  choices: ['yaml', 'json'],
  help: 'form of the output; by default that of the input, with its comments and its order',
} as const;

/** `--color`, spelt alike by every command. */
export const color = {
  value: 'WHEN',
  choices: ['auto', 'always', 'never'],
  default: 'auto',
  help: 'colours; also NO_COLOR and FORCE_COLOR',
} as const;

type ValueOf<F extends Flag> = F extends { readonly value: string }
  ? F extends { readonly isRepeatable: true }
    ? string[]
    : F extends { readonly choices: readonly (infer Choice)[] }
      ? Choice
      : string
  : boolean;

type IsPresent<F extends Flag> = F extends { readonly default: string } | { readonly isRequired: true }
  ? true
  : F extends { readonly value: string } | { readonly isNegatable: true }
    ? false
    : true;

/** The values of flags as the command gets them. A switch that is not given is `false`. */
export type ValuesOf<F extends Flags> = {
  readonly [N in keyof F as IsPresent<F[N]> extends true ? N : never]: ValueOf<F[N]>;
} & { readonly [N in keyof F as IsPresent<F[N]> extends true ? never : N]?: ValueOf<F[N]> } & {
  readonly [N in keyof F & string as F[N] extends { readonly isNegatable: true } ? `no-${N}` : never]?: boolean;
};
