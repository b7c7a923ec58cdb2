/**
 * What becomes of each key of the input. A reader registers every key before it interprets one, so that a key that no
 * interpreter knows is listed as not carried over. Nothing is left out silently.
 */
import type { Entry, Section } from './input.js';

export interface Verdict {
  readonly fate: 'carried over' | 'needless' | 'not carried over';
  /** The property of the result, or the reason. */
  readonly text: string;
}

export interface Judged extends Verdict {
  readonly entry: Entry;
}

const UNKNOWN = 'logtap migrate does not know this key';

export class Verdicts {
  readonly #of = new Map<Entry, Verdict | undefined>();

  /** Keeps the first verdict of a key that is registered again. */
  register(...sections: readonly Section[]): void {
    for (const { entries, sections: inner } of sections) {
      for (const entry of entries) if (!this.#of.has(entry)) this.#of.set(entry, undefined);
      this.register(...inner);
    }
  }

  carried(entry: Entry, to: string): void {
    this.#of.set(entry, { fate: 'carried over', text: to });
  }

  needless(entry: Entry, why: string): void {
    this.#of.set(entry, { fate: 'needless', text: why });
  }

  left(entry: Entry, why: string): void {
    this.#of.set(entry, { fate: 'not carried over', text: why });
  }

  /** Gives the verdict of a key that a reader has made up itself to the key of the input. */
  move(from: Entry, to: Entry): void {
    const verdict = this.#of.get(from);
    this.#of.delete(from);
    if (verdict !== undefined) this.#of.set(to, verdict);
  }

  /** Keys that a reader has made up itself. */
  forget({ entries }: Section): void {
    for (const entry of entries) this.#of.delete(entry);
  }

  /** The property that a key was carried over to. */
  carriedTo(entry: Entry): string | undefined {
    const verdict = this.#of.get(entry);
    return verdict?.fate === 'carried over' ? verdict.text : undefined;
  }

  isJudged(entry: Entry): boolean {
    return this.#of.get(entry) !== undefined;
  }

  /** Every key that has no verdict yet, of a section and of those in it. */
  leaveRest({ entries, sections }: Section, why: string): void {
    for (const entry of entries) if (!this.isJudged(entry)) this.left(entry, why);
    for (const section of sections) this.leaveRest(section, why);
  }

  /** Every key of a section, also those that have a verdict. */
  leaveAll({ entries, sections }: Section, why: string): void {
    for (const entry of entries) this.left(entry, why);
    for (const section of sections) this.leaveAll(section, why);
  }

  all(): Judged[] {
    return [...this.#of].map(([entry, verdict]) => ({
      entry,
      ...(verdict ?? { fate: 'not carried over', text: UNKNOWN }),
    }));
  }
}
