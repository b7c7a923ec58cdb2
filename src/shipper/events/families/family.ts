/** What a file per family of runtimes says: how its traces begin, which lines are part of one, what is expected when. */
import type { Kind, Mode, Step } from '../kinds.js';
import type { Line } from '../line.js';

/** Lines that are recognised by themselves. */
export interface Pattern {
  /** Bytes that such a line can begin with; any letter when absent. */
  readonly first?: string;
  test(line: Line): boolean;
  /** What the event expects after it; for a continuation, `undefined` leaves the mode as it is. */
  readonly mode?: Mode;
}

/** What the next line is to an event in a mode; `tail`: lines before it that wait to be confirmed. */
export type Rule = (line: Line, kind: Kind, tail: number) => Step;

export interface Family {
  readonly heads: readonly Pattern[];
  readonly continuations: readonly Pattern[];
  readonly rules: Readonly<Record<Mode, Rule>>;
}

/** Lines that are one of these texts. */
export const lines = (texts: readonly string[], mode?: Mode): Pattern[] =>
  literals(texts, mode).map((pattern, i) => ({
    ...pattern,
    test: (line: Line) => line.length === texts[i]!.length && pattern.test(line),
  }));

/** Lines that begin with one of these texts. */
export const literals = (texts: readonly string[], mode?: Mode): Pattern[] =>
  texts.map((text) => ({
    first: text[0]!,
    test: (line: Line) => line.has(text),
    ...(mode !== undefined && { mode }),
  }));
