/** What a line is to the event before it because both are of the same write. */
import type { Judged } from './common.js';
import { isDetail, isRepeated } from './families/data.js';
import { isNamed } from './families/python.js';
import { RUBY } from './families/scripts.js';
import { KIND, type Kind, type Mode, modeOf, NO_MODE, type Step, step, TRACE, VERDICT, verdictOf } from './kinds.js';
import type { Line } from './line.js';
import { WRITE, type Write } from './write.js';

/** `said`: by the rule of the mode. `undefined` where the write says nothing. */
export function stepInWrite(
  line: Line,
  kind: Kind,
  mode: Mode | undefined,
  said: Step,
  write: Write,
  event: Judged,
): Step | undefined {
  const verdict = verdictOf(said);
  const isLog = write.form === WRITE.LOGGED || (write.form === WRITE.SEVERAL && kind !== KIND.HEAD);
  if (isLog && verdict !== VERDICT.JOIN) {
    const isBegin = !isDetail(line) && !isRepeated(line) && (kind === KIND.START || write.isAlike(line));
    if (isBegin) return step(VERDICT.NEW, event.mode);
    if (verdict === VERDICT.MAYBE) return step(VERDICT.JOIN, modeOf(said));
    const isOther = mode !== undefined && kind !== KIND.PLAIN && kind !== KIND.EMPTY;
    return step(VERDICT.JOIN, isOther ? mode : event.mode);
  }
  const isText = kind === KIND.PLAIN || kind === KIND.EMPTY;
  if (write.form === WRITE.MESSAGE && (isText || kind === KIND.HEAD)) return step(VERDICT.JOIN, event.mode);
  // A message and its trace, if it has frames.
  const isSecond = kind === KIND.HEAD && event.lines === 1 && event.mode === NO_MODE;
  if (isSecond && mode !== undefined && event.saysTrouble()) return step(VERDICT.MAYBE, mode);
  if (write.form !== WRITE.TRACE) return undefined;
  if (verdict === VERDICT.MAYBE && kind === KIND.PLAIN) return step(VERDICT.JOIN, modeOf(said));
  // Further lines of the message.
  if (isText && verdict === VERDICT.NEW && isNamed(event.mode)) return step(VERDICT.JOIN, event.mode);
  // Its cause.
  return mode === RUBY && kind === KIND.HEAD && event.mode === TRACE ? step(VERDICT.JOIN, RUBY) : undefined;
}
