/** Kinds of lines by their part in the event before them, and modes: the next lines that an event expects. */

/** By its own text. */
export const KIND = {
  /** Nothing but blanks. */
  EMPTY: 0,
  /** Nothing is known of it: an event of its own, unless something says otherwise. */
  PLAIN: 1,
  /** It begins as the first lines of log events do: with a time, a level, a tag. */
  START: 2,
  /** A whole JSON object. */
  JSON: 3,
  /** It begins with a blank or a tab. */
  INDENTED: 4,
  /** It is part of a trace, and never the first line of one: `Caused by:`, `#1 {main}`. */
  CONTINUATION: 5,
  /** It begins a trace. */
  HEAD: 6,
  /** Nothing but closing brackets. */
  CLOSING: 7,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

export const VERDICT = {
  /** The mode has no opinion: the common rules decide. */
  NONE: 0,
  /** A new event begins. */
  NEW: 1,
  JOIN: 2,
  /** It joins if a later line confirms it; otherwise it is an event of its own. */
  MAYBE: 3,
} as const;
export type Verdict = (typeof VERDICT)[keyof typeof VERDICT];

/** The lines that an event expects next. Modes of a family of runtimes are numbered from its base, in its file. */
export type Mode = number;

/** A verdict and the mode after it. */
export type Step = number;
const MODE_UNIT = 4;
export const step = (verdict: Verdict, mode: Mode): Step => verdict + mode * MODE_UNIT;
export const verdictOf = (s: Step): Verdict => (s % MODE_UNIT) as Verdict;
export const modeOf = (s: Step): Mode => Math.trunc(s / MODE_UNIT);

export const NO_MODE = 0;
/** The event is complete: the next line is another. */
export const CLOSED = 1;
/** Only empty lines so far. */
export const EMPTY_FIRST = 2;
/** It began with a timestamp or the like, and nothing special. */
export const LOGGED = 3;
/** Whether it is no trace so far. */
export const isOrdinary = (mode: Mode): boolean => mode === NO_MODE || mode === LOGGED;
/** A trace whose further lines say by themselves that they belong to it. */
export const TRACE = 4;
/** Modes of the families begin here, with room for twenty or more each. */
export const FAMILY_MODES = 10;
