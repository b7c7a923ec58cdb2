/**
 * Lines of one stream, or of one thread of it, to events: lines that belong together become one record. A line is in the
 * builder's slab when it comes here, and stays there: only an event whose lines are not back to back there, or that is open
 * when a batch leaves, is copied.
 *
 * What joins is decided by the lines, by where writes begin and end, and by the times of frames; never by a clock, and never
 * by what the stream wrote before the open event. So a reader that begins anew at the open event makes the same events.
 */
import type { Origin } from '../parts.js';
import { commonStep, isOfTrace } from './common.js';
import { isOfAnyThread } from './families/jvm.js';
import { isNamed } from './families/python.js';
import { FORMED } from './formed.js';
import { kindOf, modeOfLine, ruleOf } from './grammar.js';
import { stepInWrite } from './in-write.js';
import {
  CLOSED,
  isOrdinary,
  KIND,
  type Kind,
  LOGGED,
  type Mode,
  modeOf,
  NO_MODE,
  VERDICT,
  type Verdict,
  verdictOf,
} from './kinds.js';
import { QUIET_MS } from './limits.js';
import { Line } from './line.js';
import type { EventRoom, EventSettings, OpenEvent, RecordOutput, Unconfirmed } from './room.js';
import { isOrdinaryStart, saysTrouble } from './starts.js';
import { Wrapped } from './wrapped.js';
import { WRITE, Write } from './write.js';

const NEWLINE = 0x0a;

const line = new Line();
const other = new Line();
const wrapped = new Wrapped();

export class EventAssembler implements OpenEvent {
  readonly #output: RecordOutput;
  readonly #shared: EventRoom;
  readonly #settings: EventSettings;
  isOpen = false;
  /** The event: in the slab, or else in memory of its own. */
  #at = 0;
  #own: Buffer | undefined;
  #length = 0;
  lines = 0;
  mode: Mode = NO_MODE;
  #formed = 0;
  #timeMs = 0;
  #seq = 0;
  #position = 0;
  /** Where its last line ends. */
  #endSeq = 0;
  /** Where the line ends that is taken. */
  #lineEndSeq = 0;
  /** When its last line was written. */
  #lastMs = 0;
  readonly #tail: Unconfirmed[] = [];
  /** The line that waited in vain and is looked at again. */
  #pending: Unconfirmed | undefined;
  /** Its lines begin with the same prefix, and whether the last one goes on in the next. */
  #isWrapped = false;
  #isPartial = false;
  #isCarried = false;
  #write = new Write();
  /** When it last grew, on the caller's clock. */
  touchedMs = 0;
  isListed = false;

  constructor(output: RecordOutput, shared: EventRoom, settings: EventSettings) {
    this.#output = output;
    this.#shared = shared;
    this.#settings = settings;
  }

  get origin(): Origin {
    return this.#output.origin;
  }

  get hasLeading(): boolean {
    return this.#write.hasLeading;
  }

  /** Whether the next line belongs to it, written by any thread. */
  get takesAnyThread(): boolean {
    return this.isOpen && isOfAnyThread(this.mode);
  }

  /** Place of the first byte that is no part of a record. */
  get open(): { readonly seq: number; readonly position: number } | undefined {
    return this.isOpen ? { seq: this.#seq, position: this.#position } : this.#pending;
  }

  /**
   * A write begins of which lines will come. `isWhole`: it began where a line begins, and ended with a line end. Without,
   * its boundaries say nothing. Lines before `taken` are in records of a reader before this one. `isText`: it began within a line,
   * and is no part of a full buffer.
   */
  beginWrite(bytes: Uint8Array, start: number, end: number, isWhole: boolean, taken: number, isText = false): void {
    this.#write.begin(bytes, start, end, isWhole, taken, isText);
  }

  /** A write goes on with a line that was begun. `isEnd`: it is nothing but the line end. */
  lineGoesOn(isEnd: boolean): void {
    const write = this.#write;
    write.endsText = write.isText && isEnd;
    write.isText = false;
  }

  /** All lines came that lie within the write. */
  endWrite(): void {
    this.#write.end();
  }

  /** A line, whose bytes are in the builder's slab. */
  line(at: number, length: number, timeMs: number, seq: number, position: number, nowMs: number, endSeq: number): void {
    this.closeIdle(timeMs);
    this.touchedMs = nowMs;
    this.#lineEndSeq = endSeq;
    this.#line(at, length, timeMs, seq, position);
  }

  #line(at: number, length: number, timeMs: number, seq: number, position: number): void {
    const { slab } = this.#shared.builder;
    line.set(slab, at, at + length);
    const { isFirstLine } = this.#settings;
    if (isFirstLine !== undefined) {
      if (this.isOpen && !isFirstLine(line)) {
        this.#append(VERDICT.JOIN, at, length, timeMs, seq, position);
        this.#formed |= FORMED.GRAMMAR;
        return;
      }
      this.close(0);
      this.#openWith(KIND.PLAIN, NO_MODE, at, length, timeMs, seq, position);
      return;
    }
    const { isFirst } = this.#write;
    if (this.#isBetweenLines(isFirst) && isOrdinaryStart(line) && (isFirst || !this.#write.isDetail(line))) {
      // As below, without the questions.
      if (isFirst) this.#write.first(KIND.START, line);
      else this.#write.turn();
      if (this.isOpen) this.close(0);
      this.#openWith(KIND.START, LOGGED, at, length, timeMs, seq, position);
      return;
    }
    const kind = kindOf(line);
    const mode = modeOfLine();
    if (isFirst) this.#write.first(kind, line);
    if (!this.isOpen) {
      if (!isFirst) this.#write.turn();
      this.#openWith(kind, mode ?? NO_MODE, at, length, timeMs, seq, position);
      return;
    }
    const before = this.mode;
    let verdict = this.#wrapped() ?? this.#judge(kind, mode, isFirst);
    if (verdict === VERDICT.NEW) {
      this.mode = before;
      if (!isFirst) this.#write.turn();
      if (this.#tail.length > 0) {
        this.#split();
        // Once more: what waited may have begun an event that this line is part of.
        line.set(this.#shared.builder.slab, at, at + length);
        if (this.isOpen) {
          const last = this.mode;
          verdict = this.#wrapped() ?? this.#judge(kind, mode, isFirst);
          if (verdict === VERDICT.NEW) this.mode = last;
        }
      }
      if (verdict === VERDICT.NEW) {
        if (this.isOpen) this.close(0);
        this.#openWith(kind, mode ?? NO_MODE, at, length, timeMs, seq, position);
        return;
      }
    }
    const isMessage = isFirst && !this.#write.hasLeading && !this.#isWrapped && verdict === VERDICT.JOIN;
    if (isMessage && this.#write.isWhole && (kind === KIND.PLAIN || kind === KIND.HEAD)) {
      this.#write.form = WRITE.MESSAGE;
    }
    this.#append(verdict, at, length, timeMs, seq, position);
    this.#formed |= isFirst || this.#isWrapped || this.#write.form === WRITE.LINES ? FORMED.GRAMMAR : FORMED.WRITE;
    if (this.mode === CLOSED) this.close(0);
  }

  /** Whether a line that is START and nothing else ends the event: nothing waits, and the write says nothing. */
  #isBetweenLines(isFirst: boolean): boolean {
    return this.mode === LOGGED && !this.#isWrapped && this.#tail.length === 0 && (isFirst || !this.#write.isWhole);
  }

  /** Lines that begin with the same prefix are judged by the rest of them; `undefined` where that says nothing. */
  #wrapped(): Verdict | undefined {
    if (this.lines > 1 && !this.#isWrapped) return undefined;
    const apart = this.#isWrapped ? VERDICT.NEW : undefined;
    const from = this.#own === undefined ? this.#at : 0;
    const text = this.#own ?? this.#shared.builder.slab;
    if (!wrapped.isSame(line, text, from, from + this.#length)) return apart;
    const before = this.mode;
    if (!this.#isWrapped) this.mode = wrapped.firstMode ?? before;
    const isRest = this.#isWrapped ? this.#isPartial : wrapped.first.isPartial;
    let verdict: Verdict = VERDICT.JOIN;
    if (!isRest && !wrapped.line.isOfEvent) {
      const { bytes, start, end } = line;
      wrapped.unwrap(line);
      const kind = kindOf(line);
      const mode = modeOfLine();
      verdict = isOfTrace(line, kind, this) ? this.#judge(kind, mode, true) : VERDICT.NEW;
      line.set(bytes, start, end);
    }
    if (verdict === VERDICT.NEW) {
      this.mode = before;
      return apart;
    }
    this.#isWrapped = true;
    this.#isPartial = wrapped.line.isPartial;
    return verdict;
  }

  #judge(kind: Kind, mode: Mode | undefined, isFirst: boolean): Verdict {
    if (kind === KIND.JSON || this.mode === CLOSED) return VERDICT.NEW;
    const waiting = this.#tail.length;
    const said = ruleOf(this.mode)?.(line, kind, waiting) ?? VERDICT.NONE;
    const verdict = verdictOf(said);
    if (!isFirst && this.#write.isWhole) {
      const inWrite = stepInWrite(line, kind, mode, said, this.#write, this);
      if (inWrite !== undefined) {
        this.mode = modeOf(inWrite);
        return verdictOf(inWrite);
      }
    }
    if (verdict !== VERDICT.NONE) {
      this.mode = modeOf(said);
      return isNamed(this.mode) ? this.#judgeText(kind, verdict) : verdict;
    }
    const common = commonStep(line, kind, mode, isFirst, waiting, this);
    this.mode = modeOf(common);
    return verdictOf(common);
  }

  /** A line behind the name of an exception: more of its message if both are of a text that was written by itself. */
  #judgeText(kind: Kind, verdict: Verdict): Verdict {
    const { isText, endsText } = this.#write;
    if (verdict === VERDICT.JOIN || this.#isWrapped || !(isText || endsText)) return verdict;
    if (kind !== KIND.PLAIN && kind !== KIND.EMPTY) return verdict;
    return endsText ? VERDICT.JOIN : VERDICT.MAYBE;
  }

  saysTrouble(): boolean {
    const bytes = this.#own ?? this.#shared.builder.slab;
    const at = this.#own === undefined ? this.#at : 0;
    other.set(bytes, at, at + this.#length);
    return saysTrouble(other);
  }

  #openWith(kind: Kind, mode: Mode, at: number, length: number, timeMs: number, seq: number, position: number): void {
    if (kind === KIND.JSON) {
      this.#output.record(at, length, timeMs, seq, 0, position, this.#lineEndSeq);
      return;
    }
    this.isOpen = true;
    this.#isWrapped = false;
    this.#at = at;
    this.#length = length;
    this.lines = 1;
    this.mode = mode;
    this.#formed = 0;
    this.#timeMs = timeMs;
    this.#lastMs = timeMs;
    this.#seq = seq;
    this.#position = position;
    this.#endSeq = this.#lineEndSeq;
    if (!this.#isCarried) {
      this.#isCarried = true;
      this.#shared.builder.carry(this);
    }
    if (!this.isListed) {
      this.isListed = true;
      this.#shared.openEvents.add(this);
    }
  }

  #append(verdict: Verdict, at: number, length: number, timeMs: number, seq: number, position: number): void {
    const { maxLines, maxBytes } = this.#settings;
    if (verdict === VERDICT.JOIN) this.#tail.length = 0;
    if (this.lines >= maxLines || this.#length + 1 + length > maxBytes) {
      const [mode, isWrapped] = [this.mode, this.#isWrapped];
      this.close(FORMED.CUT);
      this.#openWith(KIND.PLAIN, mode, at, length, timeMs, seq, position);
      this.#isWrapped = isWrapped;
      this.#formed = FORMED.CONTINUED;
      return;
    }
    if (verdict === VERDICT.MAYBE) {
      const [beforeSeq, endSeq] = [this.#endSeq, this.#lineEndSeq];
      this.#tail.push({ offset: this.#length, timeMs, seq, position, beforeSeq, endSeq });
    }
    this.lines += 1;
    this.#lastMs = timeMs;
    this.#endSeq = this.#lineEndSeq;
    const { builder } = this.#shared;
    if (this.#own === undefined && this.#at + this.#length + 1 === at && builder.slab[at - 1] === NEWLINE) {
      this.#length += 1 + length;
      return;
    }
    const own = this.#room(this.#length + 1 + length);
    own[this.#length] = NEWLINE;
    builder.slab.copy(own, this.#length + 1, at, at + length);
    this.#length += 1 + length;
    const { partialMaxBytes } = this.#shared;
    if (this.#shared.eventBytes > partialMaxBytes) this.close(FORMED.TIMEOUT);
  }

  /** Memory of its own, with the event at its begin. */
  #room(length: number): Buffer {
    const own = this.#own;
    if (own !== undefined && own.length >= length) return own;
    const grown = Buffer.allocUnsafe(Math.max(length, (own?.length ?? 256) * 2));
    if (own !== undefined) own.copy(grown, 0, 0, this.#length);
    else this.#shared.builder.slab.copy(grown, 0, this.#at, this.#at + this.#length);
    this.#shared.eventBytes += grown.length - (own?.length ?? 0);
    this.#own = grown;
    return grown;
  }

  /** The batch leaves with the slab: an open event goes on in memory of its own. */
  carry(): void {
    this.#isCarried = false;
    if (this.isOpen && this.#own === undefined) this.#room(this.#length);
  }

  /** Another thread writes: closes an event of one line that gives no reason to expect more. */
  closeQuiet(): void {
    if (this.isOpen && this.#isQuiet()) this.close(0);
  }

  /** Closes the event when nothing was added to it for so long before this time of a write. */
  closeIdle(timeMs: number): void {
    if (!this.isOpen) return;
    const ms = timeMs - this.#lastMs;
    if (ms >= Math.min(QUIET_MS, this.#settings.idleMs) && ms >= this.idleMs) this.close(FORMED.TIMEOUT);
  }

  /** How long it waits for a further line. */
  get idleMs(): number {
    return this.#isQuiet() ? Math.min(QUIET_MS, this.#settings.idleMs) : this.#settings.idleMs;
  }

  #isQuiet(): boolean {
    if (this.lines > 1 || this.#settings.isFirstLine !== undefined) return false;
    if (!isOrdinary(this.mode) || this.saysTrouble()) return false;
    // What was asked about is the event.
    return !wrapped.isExpecting(other.bytes, other.start, other.end);
  }

  /** Makes a record of the open event, and of each line that waited in vain. */
  close(formed: number): void {
    if (!this.isOpen) return;
    if (this.#tail.length > 0) {
      this.#split();
      this.close(formed);
      return;
    }
    const at = this.#settle();
    this.#record(at, this.#length, this.lines > 1 || formed !== FORMED.TIMEOUT ? formed : 0, this.#endSeq);
  }

  #record(at: number, length: number, formed: number, endSeq: number): void {
    this.isOpen = false;
    const how = this.lines > 1 || formed !== 0 ? this.#formed | formed : this.#formed & FORMED.CONTINUED;
    this.#output.record(at, length, this.#timeMs, this.#seq, how, this.#position, endSeq);
  }

  /** Puts the event into the slab. Answers where it is. */
  #settle(): number {
    const own = this.#own;
    if (own === undefined) return this.#at;
    this.#shared.eventBytes -= own.length;
    this.#own = undefined;
    this.#at = this.#shared.builder.copy(own, 0, this.#length);
    return this.#at;
  }

  /** Lines waited in vain: the event ends before them, and they are looked at again, each by itself. */
  #split(): void {
    const at = this.#settle();
    const end = at + this.#length;
    const waited = this.#tail.splice(0);
    this.lines -= waited.length;
    const lastMs = this.#lastMs;
    this.#pending = waited[0];
    this.#record(at, waited[0]!.offset, 0, waited[0]!.beforeSeq);
    const write = this.#write;
    const lineEndSeq = this.#lineEndSeq;
    waited.forEach((again, i) => {
      const { offset, timeMs, seq, position, endSeq } = again;
      this.#pending = again;
      const next = waited[i + 1];
      const from = at + offset + 1;
      this.#write = new Write();
      this.#lineEndSeq = endSeq;
      this.#line(from, (next === undefined ? end : at + next.offset) - from, timeMs, seq, position);
    });
    this.#pending = undefined;
    this.#write = write;
    this.#lineEndSeq = lineEndSeq;
    if (this.isOpen) this.#lastMs = lastMs;
  }
}
