/** A write of several lines: what its beginning says of the lines that follow. */
import { isDetail, mayHaveDetail } from './families/data.js';
import { kindOf } from './grammar.js';
import { KIND, type Kind } from './kinds.js';
import { Line } from './line.js';
import { hasShapeOf, isStart, isTelling } from './starts.js';

/** Its state. */
export const WRITE = {
  /** Nothing: its lines are taken one by one. */
  LINES: 0,
  /** It begins as a log event does: what follows is part of it, up to the next begin. */
  LOGGED: 1,
  /** It has several log events: it may be a buffer, and a trace in it another event. */
  SEVERAL: 4,
  /** It begins with a trace: lines before the first frame are its message. */
  TRACE: 2,
  /** It begins with the message that ends a trace: the rest of it is message, too. */
  MESSAGE: 3,
} as const;

/** Of a whole write: so many bytes with so many lines that are no continuation are a buffer. */
const BUFFER_BYTES = 4000;
const BUFFER_LINES = 8;
const NEWLINE = 0x0a;
/** At most. */
const LINE_END_BYTES = 2;
/** From so many bytes on it is searched as a whole. */
const SEARCHED_BYTES = 1024;
const BLANK = 0x20;
const TAB = 0x09;
const NOTHING = new Uint8Array(0);
/** Of a first line: more than its shape has. */
const SHAPE_BYTES = 64;
const other = new Line();
const skipped = new Line();

export class Write {
  form: number = WRITE.LINES;
  /** Whether it began where a line begins, and ended with a line end: its boundaries say something. */
  isWhole = false;
  /** Whether none of its lines came, but for empty ones. */
  isFirst = true;
  /** Whether it begins with an empty line. */
  hasLeading = false;
  /**
   * Whether it begins and ends within a line, and is no full buffer: a text that was written by itself, as Python 3.12 and before
   * writes a message. A line end that is written by itself ends it.
   */
  isText = false;
  /** Whether a line end, written by itself, ended the text of the write before. */
  endsText = false;
  /** Valid while the write is taken. */
  #bytes: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;
  /** `undefined` before it is searched. */
  #mayHaveDetail: boolean | undefined = true;
  /** How the first line begins. */
  readonly #shape = new Uint8Array(SHAPE_BYTES);
  #shapeLength = 0;

  /** `taken`: the first byte that is taken. A reader that begins anew has taken those before it. */
  begin(bytes: Uint8Array, start: number, end: number, isWhole: boolean, taken: number, isText = false): void {
    this.form = WRITE.LINES;
    this.endsText = this.isText && end - start === 1 && bytes[start] === NEWLINE;
    this.isText = isText;
    this.isFirst = true;
    this.hasLeading = false;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#mayHaveDetail = end - start < SEARCHED_BYTES ? true : undefined;
    this.isWhole = isWhole && !(end - start >= BUFFER_BYTES && isBuffer(bytes, start, end));
    for (let at = start; at < taken && this.isFirst; ) {
      const newline = bytes.indexOf(NEWLINE, at);
      const lineEnd = newline < 0 ? end : newline;
      skipped.set(bytes, at, lineEnd);
      this.first(kindOf(skipped), skipped);
      at = lineEnd + 1;
    }
    if (!this.isFirst) this.turn();
  }

  /** Its bytes are no longer valid. */
  end(): void {
    this.#mayHaveDetail = true;
  }

  /** Whether this line is a detail: of few writes any is. A line of several writes comes before `begin`, or behind `end`. */
  isDetail(line: Line): boolean {
    this.#mayHaveDetail ??= mayHaveDetail(this.#bytes, this.#start, this.#end);
    return this.#mayHaveDetail && isDetail(line);
  }

  /** Another event begins within it: what its first line said is about the one before, unless its lines are log events. */
  turn(): void {
    if (this.form !== WRITE.LOGGED && this.form !== WRITE.SEVERAL) this.isWhole = false;
  }

  /** The first line says what the others may be. An empty one leaves it to the next. */
  first(kind: Kind, line: Line): void {
    if (kind !== KIND.EMPTY) this.isFirst = false;
    if (!this.isWhole) return;
    if (kind === KIND.EMPTY) this.hasLeading = true;
    // A write of one line needs no form.
    if (this.#end - this.#start <= line.length + LINE_END_BYTES) return;
    this.#shapeLength = Math.min(line.length, SHAPE_BYTES);
    for (let i = 0; i < this.#shapeLength; i++) this.#shape[i] = line.at(i);
    if (kind === KIND.START && isTelling(line)) this.form = this.#isSeveral() ? WRITE.SEVERAL : WRITE.LOGGED;
    else if (kind === KIND.HEAD) this.form = WRITE.TRACE;
  }

  /** Whether a line begins as the first one does. */
  isAlike(line: Line): boolean {
    return hasShapeOf(line, other.set(this.#shape, 0, this.#shapeLength));
  }

  /** Whether a second line is the start of a log event. */
  #isSeveral(): boolean {
    let starts = 0;
    for (let at = this.#start; at < this.#end; ) {
      const newline = this.#bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? this.#end : Math.min(newline, this.#end);
      other.set(this.#bytes, at, end);
      if (isStart(other) && !isDetail(other)) starts += 1;
      if (starts > 1) return true;
      at = end + 1;
    }
    return false;
  }
}

/** Whether a write is a buffer that was full: many lines that are no continuation of others. */
function isBuffer(bytes: Uint8Array, start: number, end: number): boolean {
  let lines = 0;
  for (let at = start; at < end && lines < BUFFER_LINES; ) {
    const first = bytes[at]!;
    if (first !== BLANK && first !== TAB && first !== NEWLINE) lines += 1;
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline < 0 || newline >= end) break;
    at = newline + 1;
  }
  return lines >= BUFFER_LINES;
}
