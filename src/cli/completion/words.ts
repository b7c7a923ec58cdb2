/** What the scripts of all shells complete. */
import type { Argument, Command, Flag } from '../commands/command.js';

/** A word that begins with hyphens. */
export interface FlagWord {
  readonly word: string;
  readonly flag: Flag;
  /** Its other words, which exclude it unless it is repeatable. */
  readonly others: readonly string[];
}

const HELP: Flag = { short: 'h', help: 'show the help' };

/** Every spelling of the flags of a command, and of --help. */
export function flagWords({ flags }: Command): readonly FlagWord[] {
  return Object.entries({ ...flags, help: HELP }).flatMap(([name, flag]) => {
    const long = flag.isNegatable === true ? [`--${name}`, `--no-${name}`] : [`--${name}`];
    const words = flag.short === undefined ? long : [`-${flag.short}`, ...long];
    return words.map((word) => ({ word, flag, others: words.filter((other) => other !== word) }));
  });
}

/** The value of a flag or argument: one of some words, a file, a directory, a program, or anything. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' | 'directory' | 'program' | 'anything' };

export function valuesOf({ choices, completes }: Pick<Flag, 'choices'> & Pick<Argument, 'completes'>): Values {
  if (choices !== undefined) return { kind: 'words', words: choices };
  return { kind: completes ?? 'anything' };
}

/** The first sentence of a text, short enough for a menu. */
export function brief(text: string): string {
  const [first = ''] = text.split(/[.;:](?:\s|$)/);
  return first.length <= 70 ? first : `${first.slice(0, 67).trimEnd()}...`;
}

/** A word in single quotes, for a shell. */
export const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
