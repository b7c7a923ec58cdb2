/**
 * Bytes of one stream to lines. A line ends at `\n` or `\r\n`, which is not part of the record; every other byte stays, a
 * `\r` within a line included. A line longer than the limit is cut into parts of at most the limit, none lost, where
 * possible not within a UTF-8 character. Bytes without a line end wait until the line is completed or flushed, or until
 * bytes come that were written much later. The end of a line of which parts are records already adds no record.
 *
 * The age of a line is told by the times of its writes, not by a clock: who reads the same bytes again cuts them alike.
 */
import { EventAssembler } from '../../events/assembler.js';
import { FORMED } from '../../events/formed.js';
import type { Origin } from '../../parts.js';
import { type AssemblerShared, eventsOf, type UnfinishedLine } from './assembly.js';
import { SAME_BYTES, type SourceUnits } from './source-units.js';
import { type Place, StreamOutput } from './stream-output.js';

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** A run of bytes of an unfinished line: where it begins there, and where it came from. */
interface Segment {
  readonly at: number;
  readonly seq: number;
  readonly position: number;
}

export class LineAssembler implements UnfinishedLine {
  readonly #shared: AssemblerShared;
  readonly #output: StreamOutput;
  readonly #writesTell: boolean;
  readonly #units: SourceUnits;
  /** The unfinished line: `length` bytes, the first of which has the time below. */
  #partial = EMPTY;
  #length = 0;
  #timeMs = 0;
  #segments: Segment[] = [];
  /** Whether parts of the present line are records already. */
  #isBroken = false;
  /** The place behind the last byte that was taken. */
  #endSeq = 0;
  /** Whether the write goes on of which bytes came last. */
  #isInWrite = false;
  readonly #events: EventAssembler | undefined;
  readonly #idleMs: number;
  #skipBefore = 0;
  #position = 0;
  /** Of the last write: whether it ended a line, and its position. */
  #endsLine = true;
  #lastPosition = 0;
  touchedMs = 0;
  unreadMs = 0;

  /**
   * `writesTell`: whether the boundaries of its writes are those of a program that logs. `units`: how its bytes were counted
   * in the stream.
   */
  constructor(
    origin: Origin,
    shared: AssemblerShared,
    writesTell = true,
    units = SAME_BYTES,
    output = new StreamOutput(origin, shared.builder),
  ) {
    this.#output = output;
    this.#shared = shared;
    this.#units = units;
    this.#writesTell = writesTell;
    const events = eventsOf(shared, origin);
    if (events !== undefined) this.#events = new EventAssembler(this.#output, shared, events);
    this.#idleMs = events?.idleMs ?? Number.POSITIVE_INFINITY;
  }

  get origin(): Origin {
    return this.#output.origin;
  }

  /** The first byte that is no part of a record. */
  get open(): Place | undefined {
    return this.#events?.open ?? this.#segments[0];
  }

  /** Whether it can serve another thread: it holds nothing, and nothing of a line is a record already. */
  get isFree(): boolean {
    return this.open === undefined && !this.#isBroken && !this.#isInWrite;
  }

  /** The place before which every byte is in a record. */
  get assembledSeq(): number {
    return this.open?.seq ?? this.#endSeq;
  }

  /** What `position` was given with the first byte of the open event or unfinished line; `undefined` when there is none. */
  get unfinishedPosition(): number | undefined {
    return this.open?.position;
  }

  /** Bytes before this place are in records already, and skipped when they come again. */
  skipBefore(seq: number): void {
    this.#skipBefore = seq;
    this.#endSeq = seq;
  }

  /** Takes all bytes from now on, wherever they say that they belong. */
  skipNothing(): void {
    this.#skipBefore = 0;
  }

  /**
   * Takes bytes written at `timeMs`; `seq` is the place of the first one. `position` is wherever the caller will have to
   * begin again to get them once more. `continues`: more of the same write will come. Returns how many were skipped, in bytes
   * of the stream.
   */
  write(
    bytes: Buffer,
    first: number,
    end: number,
    timeMs: number,
    firstSeq: number,
    nowMs: number,
    position = 0,
    continues = false,
  ): number {
    const units = this.#units;
    const length = units.lengthOf(bytes, first, end);
    const known = Math.min(Math.max(0, this.#skipBefore - firstSeq), length);
    const start = known === 0 ? first : units.offsetOf(bytes, first, known);
    const seq = firstSeq + known;
    const isLineBegin = known > 0 ? this.#endsLine : this.#length === 0 && !this.#isBroken;
    const isBegin = !this.#isInWrite && isLineBegin;
    this.#isInWrite = continues;
    // Whether these bytes begin a line is known from those before them: a reader that begins anew needs both.
    this.#position = this.#endsLine ? position : Math.min(this.#lastPosition, position);
    this.#lastPosition = position;
    if (end > first) this.#endsLine = bytes[end - 1] === NEWLINE;
    if (start === end) return known;
    this.#endSeq = firstSeq + length;
    const { lineAgeMs = Number.POSITIVE_INFINITY } = this.#shared;
    if (this.#length > 0 && timeMs - this.#timeMs - this.unreadMs >= lineAgeMs) this.interrupt();
    let last = end - 1;
    while (last >= start && bytes[last] !== NEWLINE) last--;
    let from = start;
    if (this.#length > 0) {
      // What ends here is a line of the write that began it.
      from = last < start ? end : bytes.indexOf(NEWLINE, start) + 1;
      this.#append(bytes, start, last < start ? end : from - 1, timeMs, seq, nowMs);
      this.#events?.lineGoesOn(length === 1 && last === start);
      if (last >= start) this.#endLine(seq + units.lengthOf(bytes, start, from));
    } else if (this.#isBroken && last >= start) {
      const next = bytes[start] === RETURN ? start + 1 : start;
      if (bytes[next] === NEWLINE) from = next + 1;
      this.#isBroken = false;
    }
    if (from === end) return known;
    const isWhole = isBegin && from === start && !continues && this.#writesTell && !isCut(length, last === end - 1);
    // As a reader that begins anew within the write knows it, too.
    const isText = !isLineBegin && !continues && this.#writesTell && !isCut(length, false);
    this.#events?.beginWrite(bytes, from === start ? first : from, end, isWhole, from, isText);
    const place = seq + units.lengthOf(bytes, start, from);
    if (from <= last) this.#lines(bytes, from, last + 1, timeMs, place, nowMs);
    this.#events?.endWrite();
    if (last + 1 < end) {
      const rest = Math.max(from, last + 1);
      this.#append(bytes, rest, end, timeMs, place + units.lengthOf(bytes, from, rest), nowMs);
    }
    return known;
  }

  /** No more will come of the line and the event: makes records of what there is. */
  flush(): void {
    if (this.#length > 0) this.#record(this.#length);
    this.#events?.close(FORMED.TIMEOUT);
  }

  /** Nothing more will come of the event, but of the line. */
  closeEvent(): void {
    this.#events?.close(FORMED.TIMEOUT);
  }

  get takesAnyThread(): boolean {
    return this.#events?.takesAnyThread ?? false;
  }

  /** Another thread writes to the stream. */
  closeQuiet(): void {
    if (this.#length === 0) this.#events?.closeQuiet();
  }

  /** Others wrote since, and nothing came here. */
  closeIdle(timeMs: number): void {
    if (this.#length > 0 && timeMs - this.#timeMs >= this.#idleMs) this.interrupt();
    this.#events?.closeIdle(timeMs);
  }

  /** The line has waited long enough: as `flush`, but a `\r` at its end is taken for the first half of a line end. */
  interrupt(): void {
    this.#interrupt();
  }

  #interrupt(endSeq?: number): void {
    const length = this.#lengthWithoutReturn();
    if (length > 0 || (this.#length > 0 && !this.#isBroken)) this.#record(length, endSeq);
    else this.#forget();
  }

  /** Its line end came, and ends at this place. */
  #endLine(endSeq: number): void {
    this.#interrupt(endSeq);
    this.#isBroken = false;
  }

  #lengthWithoutReturn(): number {
    return this.#length > 0 && this.#partial[this.#length - 1] === RETURN ? this.#length - 1 : this.#length;
  }

  #record(length: number, end?: number): void {
    const at = this.#shared.builder.copy(this.#partial, 0, length);
    const { seq, position } = this.#segments[0]!;
    const last = this.#segments.at(-1)!;
    const endSeq = end ?? last.seq + this.#units.lengthOf(this.#partial, last.at, this.#length);
    if (this.#events === undefined) this.#output.record(at, length, this.#timeMs, seq, 0, position, endSeq);
    else this.#events.line(at, length, this.#timeMs, seq, position, this.touchedMs, endSeq);
    // Not before: what began later must not leave earlier.
    this.#forget();
    this.#output.release();
    this.#isBroken = true;
  }

  #forget(): void {
    this.#shared.partialBytes -= this.#length;
    this.#length = 0;
    this.#segments = [];
    this.#partial = EMPTY;
    this.#shared.unfinished.delete(this);
  }

  /** Whole lines, the last byte being a line end: one copy for all of them. */
  #lines(bytes: Buffer, start: number, end: number, timeMs: number, seq: number, nowMs: number): void {
    const { builder, lineMaxBytes } = this.#shared;
    const events = this.#events;
    const units = this.#units;
    const at = builder.copy(bytes, start, end);
    let { slab } = builder;
    let place = seq;
    const stop = at + (end - start);
    for (let line = at; line < stop; ) {
      const newline = slab.indexOf(NEWLINE, line);
      const lineEnd = newline > line && slab[newline - 1] === RETURN ? newline - 1 : newline;
      while (lineEnd - line > lineMaxBytes) {
        const cut = cutBefore(slab, line, lineMaxBytes);
        place = this.#part(line, cut - line, timeMs, place);
        line = cut;
      }
      const endPlace = place + units.lengthOf(slab, line, lineEnd);
      const next = endPlace + units.lengthOf(slab, lineEnd, newline + 1);
      if (events === undefined) {
        this.#output.record(line, lineEnd - line, timeMs, place, 0, this.#position, endPlace);
      } else {
        events.line(line, lineEnd - line, timeMs, place, this.#position, nowMs, endPlace);
        // An event that had memory of its own is in the slab now, which may have grown.
        slab = builder.slab;
      }
      line = newline + 1;
      place = next;
    }
  }

  /** Of an over-long line: no part of an event. Returns the place behind it. */
  #part(at: number, length: number, timeMs: number, seq: number): number {
    const { builder } = this.#shared;
    const endSeq = seq + this.#units.lengthOf(builder.slab, at, at + length);
    this.#events?.close(0);
    this.#output.record(at, length, timeMs, seq, FORMED.CUT, this.#position, endSeq);
    return endSeq;
  }

  #append(bytes: Buffer, start: number, end: number, timeMs: number, seq: number, nowMs: number): void {
    if (start === end) return;
    const shared = this.#shared;
    if (this.#length === 0) {
      this.#timeMs = timeMs;
      this.unreadMs = 0;
      shared.unfinished.add(this);
    }
    // Only the first one, and those in which the line may be cut, are ever asked for.
    if (this.#segments.length > 1 && this.#length <= shared.lineMaxBytes - CHARACTER_MAX_BYTES) this.#segments.pop();
    this.#segments.push({ at: this.#length, seq, position: this.#position });
    const length = this.#length + (end - start);
    if (length > this.#partial.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, Math.min(this.#partial.length * 2, shared.lineMaxBytes)));
      this.#partial.copy(grown, 0, 0, this.#length);
      this.#partial = grown;
    }
    bytes.copy(this.#partial, this.#length, start, end);
    this.#length = length;
    this.touchedMs = nowMs;
    shared.partialBytes += end - start;
    if (length > shared.lineMaxBytes) this.#cut();
    if (shared.partialBytes > shared.partialMaxBytes) this.interrupt();
  }

  /** Takes whole parts off an over-long unfinished line. */
  #cut(): void {
    const { builder, lineMaxBytes } = this.#shared;
    let from = 0;
    while (this.#length - from > lineMaxBytes) {
      const cut = cutBefore(this.#partial, from, lineMaxBytes);
      const at = builder.copy(this.#partial, from, cut);
      this.#part(at, cut - from, this.#timeMs, this.#segments[0]!.seq);
      this.#dropSegments(cut);
      this.#isBroken = true;
      from = cut;
    }
    this.#partial.copy(this.#partial, 0, from, this.#length);
    this.#segments = this.#segments.map((segment) => ({ ...segment, at: Math.max(0, segment.at - from) }));
    this.#length -= from;
    this.#shared.partialBytes -= from;
  }

  /** Forgets where bytes before `cut` came from. */
  #dropSegments(cut: number): void {
    let index = this.#segments.length - 1;
    while (this.#segments[index]!.at > cut) index--;
    const { at, seq, position } = this.#segments[index]!;
    const place = seq + this.#units.lengthOf(this.#partial, at, cut);
    this.#segments = [{ at: cut, seq: place, position }, ...this.#segments.slice(index + 1)];
  }
}

/** Whether a write ends where a buffer was full, and not where the program meant it to. */
const isCut = (length: number, isEnded: boolean): boolean =>
  !isEnded && (length >= BUFFER_BYTES || length % SMALL_BUFFER_BYTES === 0);
/** Python's buffers end before the line that no longer fits 8192 bytes; those of others are multiples of the small one. */
const BUFFER_BYTES = 4000;
const SMALL_BUFFER_BYTES = 1024;

const EMPTY = Buffer.alloc(0);
/** Of UTF-8. */
const CHARACTER_MAX_BYTES = 4;

/** Where to end a part that starts at `start`: `max` bytes on, or before the character that this would cut. */
function cutBefore(bytes: Buffer, start: number, max: number): number {
  const limit = start + max;
  for (let cut = limit; cut > limit - CHARACTER_MAX_BYTES && cut > start; cut--) {
    if ((bytes[cut]! & 0xc0) !== 0x80) return cut;
  }
  return limit;
}
