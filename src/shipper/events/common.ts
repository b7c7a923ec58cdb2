/** What holds for lines of every runtime, where the mode of the event has no opinion. */
import { GO_FUNCTION, isGoFunction, RUST_PANIC } from './families/compiled.js';
import { isDetail, isRepeated } from './families/data.js';
import { isFrame, modeOfFrame, RAILS } from './families/exceptions.js';
import { CONSOLE } from './families/frameworks.js';
import { PREFIXED } from './families/scripts.js';
import {
  EMPTY_FIRST,
  isOrdinary,
  KIND,
  type Kind,
  LOGGED,
  type Mode,
  NO_MODE,
  type Step,
  step,
  TRACE,
  VERDICT,
} from './kinds.js';
import { EMPTY_LINES, MESSAGE_LINES } from './limits.js';
import type { Line } from './line.js';

/** The event that a line may belong to. */
export interface Judged {
  readonly lines: number;
  readonly mode: Mode;
  /** Whether the present write begins with an empty line. */
  readonly hasLeading: boolean;
  /** Whether it says that something went wrong. */
  saysTrouble(): boolean;
}

export function commonStep(
  line: Line,
  kind: Kind,
  mode: Mode | undefined,
  isFirst: boolean,
  waiting: number,
  event: Judged,
): Step {
  const current = event.mode;
  const isLogged = current === LOGGED || current === PREFIXED;
  const isNothing = current === EMPTY_FIRST;
  const isNew = step(VERDICT.NEW, current);
  switch (kind) {
    case KIND.EMPTY:
      if (isNothing || (event.lines === 1 && (isLogged || current === NO_MODE))) return isNew;
      return waiting < EMPTY_LINES ? step(VERDICT.MAYBE, current) : isNew;
    case KIND.INDENTED: {
      const isPart = isFrame(line);
      if (isNothing || (waiting > 0 && isLogged && !isPart)) return isNew;
      return step(VERDICT.JOIN, isPart ? modeOfFrame(line) : current);
    }
    case KIND.CONTINUATION:
      return isNothing ? isNew : step(VERDICT.JOIN, mode ?? current);
    case KIND.CLOSING:
      return event.lines > 1 ? step(VERDICT.JOIN, current) : isNew;
    case KIND.HEAD:
      // Rust, Symfony and Rails write their empty line by itself.
      if (
        isNothing &&
        mode !== undefined &&
        (event.hasLeading || mode === RUST_PANIC || mode === CONSOLE || mode === RAILS)
      )
        return step(VERDICT.JOIN, mode);
      // A line that waits is then no message of this event.
      if (isFirst && waiting > 0) return isNew;
      return isLogged && event.saysTrouble() ? step(VERDICT.MAYBE, mode ?? TRACE) : isNew;
    case KIND.START:
      if (isNothing && event.hasLeading && isFirst) return step(VERDICT.JOIN, mode ?? LOGGED);
      if (isLogged && isRepeated(line)) return step(VERDICT.JOIN, current);
      return isLogged && !isFirst && isDetail(line) ? step(VERDICT.JOIN, current) : isNew;
    default: {
      // Of a write of its own it may be the name of an exception, if a frame follows at once.
      const isNear = waiting < (isFirst ? 1 : MESSAGE_LINES);
      if (isLogged && waiting === 0 && isGoFunction(line)) return step(VERDICT.MAYBE, GO_FUNCTION);
      const isMessage = isLogged && isNear && event.saysTrouble();
      return isMessage ? step(VERDICT.MAYBE, current) : isNew;
    }
  }
}

/**
 * Whether the text of a line behind a prefix may be part of a trace. An ordinary line before it is no trace: a blank at the
 * begin is then no evidence.
 */
export function isOfTrace(line: Line, kind: Kind, event: Judged): boolean {
  if (!isOrdinary(event.mode)) return true;
  if (kind === KIND.INDENTED) return (isFrame(line) && !line.has('- ', line.indent)) || line.includes(' called at ');
  if (kind === KIND.CONTINUATION) return event.saysTrouble();
  return kind === KIND.HEAD;
}
