/** Rules between settings, as data. The shipper applies them at start, constructs apply them on creation, and the documentation lists them. */
import type { Setting } from './setting.js';

/** The known values of the settings in a rule. */
export interface Given {
  /** Whether the setting has an explicit value, not its default. */
  isGiven(setting: Setting<unknown>): boolean;
  /** `undefined` also if the value, such as a token, is not known yet. */
  read<T>(setting: Setting<T>): T | undefined;
}

/** The settings as far as they are known: the names that are given, and the values that are valid. */
export const givenOf = (
  given: ReadonlySet<Setting<unknown>>,
  values: ReadonlyMap<Setting<unknown>, unknown>,
): Given => ({
  isGiven: (setting) => given.has(setting),
  read: <T>(setting: Setting<T>) => values.get(setting) as T | undefined,
});

export interface Rule {
  readonly settings: readonly Setting<unknown>[];
  isBroken(given: Given): boolean;
  /** The rule and the remedy, with the reader's names: variables, or properties of a construct. `known`: the values that broke it. */
  says(nameOf: (setting: Setting<unknown>) => string, known?: Given): string;
}

/** Both or neither. */
export function together(a: Setting<unknown>, b: Setting<unknown>): Rule {
  return {
    settings: [a, b],
    isBroken: ({ isGiven }) => isGiven(a) !== isGiven(b),
    says: (nameOf) => `${nameOf(a)} and ${nameOf(b)} belong together. Set both, or neither.`,
  };
}

/** Not both. `because` follows a colon. */
export function excludes(a: Setting<unknown>, b: Setting<unknown>, because?: string): Rule {
  return {
    settings: [a, b],
    isBroken: ({ isGiven }) => isGiven(a) && isGiven(b),
    says: (nameOf) =>
      `${nameOf(a)} and ${nameOf(b)} exclude each other${because === undefined ? '' : `: ${because}`}. Remove one of them.`,
  };
}

/** `a` has an effect only with `b`. */
export function needs(a: Setting<unknown>, b: Setting<unknown>): Rule {
  return {
    settings: [a, b],
    isBroken: ({ isGiven }) => isGiven(a) && !isGiven(b),
    says: (nameOf) => `${nameOf(a)} has no effect without ${nameOf(b)}. Set that too, or remove the first.`,
  };
}

/** `a` has an effect only if the switch `b` is on. */
export function needsOn(a: Setting<unknown>, b: Setting<boolean>): Rule {
  return {
    settings: [a, b],
    isBroken: ({ isGiven, read }) => isGiven(a) && read(b) === false,
    says: (nameOf) => `${nameOf(a)} has no effect unless ${nameOf(b)} is true. Set that too, or remove the first.`,
  };
}
