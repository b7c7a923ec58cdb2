/** Rules between settings, as data: the shipper applies them at its start, constructs when they are made, the documentation lists them. */
import type { Setting } from './setting.js';

/** What is known of the settings that a rule is about. */
export interface Given {
  /** Whether it has a value of its own, not its default. */
  isGiven(setting: Setting<unknown>): boolean;
  /** `undefined` also where the value is not known yet, such as a token. */
  read<T>(setting: Setting<T>): T | undefined;
}

export interface Rule {
  readonly settings: readonly Setting<unknown>[];
  isBroken(given: Given): boolean;
  /** The rule and the remedy, in the names of the reader: variables, or properties of a construct. */
  says(nameOf: (setting: Setting<unknown>) => string): string;
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

/** `a` means something only where `b` is given. */
export function needs(a: Setting<unknown>, b: Setting<unknown>): Rule {
  return {
    settings: [a, b],
    isBroken: ({ isGiven }) => isGiven(a) && !isGiven(b),
    says: (nameOf) => `${nameOf(a)} has no effect without ${nameOf(b)}. Set that too, or remove the first.`,
  };
}

/** `a` means something only where the switch `b` is on. */
export function needsOn(a: Setting<unknown>, b: Setting<boolean>): Rule {
  return {
    settings: [a, b],
    isBroken: ({ isGiven, read }) => isGiven(a) && read(b) === false,
    says: (nameOf) => `${nameOf(a)} has no effect unless ${nameOf(b)} is true. Set that too, or remove the first.`,
  };
}
