/**
 * Bytes of a stream in UTF-16 to records. They become UTF-8 before lines are found: at the byte 0A, a line would end within
 * characters. The places of records stay those of their bytes in the stream.
 *
 * A character may be divided between frames, so its first bytes wait here, and count as the begin of what is open. Characters
 * begin at even places: counted from the first byte of the stream, from the place where a reader goes on, which is the begin
 * of a record or of a frame, or else from where the line feeds of a frame tell (see `isShifted`), after a gap.
 *
 * A mark of the byte order is no part of a record where a write begins with it, and a line: at the begin of a stream, and
 * where a program begins its file anew.
 */
import type { Origin } from '../../../parts.js';
import type { AssemblerShared } from '../assembly.js';
import { UTF16_UNITS } from '../source-units.js';
import { StreamAssembler } from '../stream-assembler.js';
import {
  type ByteOrder,
  isHighSurrogate,
  isLowSurrogate,
  isShifted,
  likelyOrder,
  markAt,
  toUtf8,
  unitAt,
} from './utf16.js';

/** Where bytes came from. */
interface Written {
  readonly seq: number;
  readonly timeMs: number;
  readonly position: number;
  readonly thread: number;
}

/** Of a character whose other bytes have not come. */
interface Waiting extends Written {
  readonly byte: number;
  readonly isFirstOfWrite: boolean;
}

/** UTF-8 for the lines. */
interface Part extends Written {
  readonly bytes: Buffer;
}

const NEWLINE = 0x0a;
/** U+FFFD. */
const REPLACEMENT = Buffer.from('\ufffd');

export class Utf16Assembler {
  readonly #lines: StreamAssembler;
  /** Whether marks tell the order. */
  readonly #isByMark: boolean;
  #order: ByteOrder | undefined;
  #waiting: Waiting[] = [];
  #skipBefore = 0;
  #endSeq = 0;
  #nowMs = 0;
  /** Whether the next byte begins a line. */
  #isLineBegin = true;
  /** Whether it has to be found out where characters begin in the next write. */
  #isLost = false;
  /** Whether the next byte is the rest of a character that became U+FFFD. */
  #isTorn = false;

  /** `order`: undefined where marks tell it. */
  constructor(origin: Origin, shared: AssemblerShared, order: ByteOrder | undefined, writesTell = true) {
    this.#lines = new StreamAssembler(origin, shared, writesTell, UTF16_UNITS);
    this.#isByMark = order === undefined;
    this.#order = order;
  }

  /** What a reader that goes on has to know where marks tell it. */
  get learnedOrder(): ByteOrder | undefined {
    return this.#isByMark ? this.#order : undefined;
  }

  /** As of a stream assembler. */
  get origin(): Origin {
    return this.#lines.origin;
  }

  get assembledSeq(): number {
    if (this.#lines.unfinishedPosition !== undefined) return this.#lines.assembledSeq;
    return this.#waiting[0]?.seq ?? this.#endSeq;
  }

  get unfinishedPosition(): number | undefined {
    return this.#lines.unfinishedPosition ?? this.#waiting[0]?.position;
  }

  /** `order`: as `learnedOrder` was. */
  skipBefore(seq: number, order?: ByteOrder): void {
    this.#lines.skipBefore(seq);
    this.#skipBefore = seq;
    this.#endSeq = seq;
    this.#isLost = true;
    if (this.#isByMark) this.#order = order;
  }

  skipNothing(): void {
    this.#lines.skipNothing();
    this.#skipBefore = 0;
  }

  write(
    bytes: Buffer,
    start: number,
    end: number,
    timeMs: number,
    seq: number,
    nowMs: number,
    position = 0,
    continues = false,
    thread = 0,
  ): number {
    const known = Math.min(Math.max(0, this.#skipBefore - seq), end - start);
    if (known === end - start) return known;
    this.#nowMs = nowMs;
    this.#endSeq = Math.max(this.#endSeq, seq + (end - start));
    const placeOf = (at: number): Written => ({ seq: seq + (at - start), timeMs, position, thread });
    const parts: Part[] = [];
    let at = this.#begin(bytes, start, end, known);
    at = this.#complete(bytes, at, end, at === start, placeOf, parts);
    if (at === start + (known % 2) && end - at > 1 && this.#isMark(bytes, at, known > 0)) at += 2;
    const whole = at + this.#wholeBytes(bytes, at, end);
    if (whole > at) parts.push({ ...placeOf(at), bytes: toUtf8(bytes, at, whole, this.#order!) });
    for (let rest = whole; rest < end; rest++) {
      this.#waiting.push({ ...placeOf(rest), byte: bytes[rest]!, isFirstOfWrite: rest === start });
    }
    this.#write(parts, continues || this.#waiting.length > 0);
    return known;
  }

  flush(): void {
    this.#giveUp();
    this.#lines.flush();
  }

  /** Something is missing: what waits is all there is of its character, and the next write may begin anywhere. */
  closeEvents(): void {
    this.#giveUp();
    this.#isTorn = false;
    this.#isLost = true;
    this.#lines.closeEvents();
  }

  /** Where the next character begins, or goes on that is waited for. The first `known` bytes are in records. */
  #begin(bytes: Buffer, start: number, end: number, known: number): number {
    const isLost = this.#isLost;
    const isTorn = this.#isTorn;
    this.#isLost = false;
    this.#isTorn = false;
    // The first byte that is new begins a record.
    const at = known > 0 ? start + (known % 2) : start;
    if (this.#waiting.length === 0 && end - at > 1) this.#order ??= markAt(bytes, at) ?? likelyOrder(bytes, at, end);
    if (known > 0) return at;
    if (isLost) return isShifted(bytes, start, end, this.#order ?? 'le') ? start + 1 : start;
    return isTorn ? start + 1 : start;
  }

  /** Takes bytes until no character waits. Returns how far. */
  #complete(
    bytes: Buffer,
    start: number,
    end: number,
    isFirst: boolean,
    placeOf: (at: number) => Written,
    parts: Part[],
  ): number {
    let at = start;
    if (this.#waiting.length === 1 && at < end) {
      const unit = Uint8Array.of(this.#waiting[0]!.byte, bytes[at]!);
      const known = end - at > 2 ? bytes.subarray(at + 1, end) : unit;
      this.#order ??= likelyOrder(known, 0, known.length);
    }
    while (this.#waiting.length > 0 && at < end) {
      this.#waiting.push({ ...placeOf(at), byte: bytes[at]!, isFirstOfWrite: isFirst && at === start });
      at += 1;
      if (this.#waiting.length % 2 === 0) this.#takeUnits(parts);
    }
    return at;
  }

  /** One unit or two wait: takes those that are a character, or cannot become one. */
  #takeUnits(parts: Part[]): void {
    const bytes = Buffer.from(this.#waiting.map(({ byte }) => byte));
    const first = this.#waiting[0]!;
    if (first.isFirstOfWrite && bytes.length === 2 && this.#isMark(bytes, 0, false)) {
      this.#waiting = [];
      return;
    }
    const order = this.#order!;
    if (bytes.length === 2 && isHighSurrogate(unitAt(bytes, 0, order))) return;
    const isPair = bytes.length === 4 && isLowSurrogate(unitAt(bytes, 2, order));
    const taken = bytes.length === 4 && !isPair ? 2 : bytes.length;
    parts.push({ ...first, bytes: toUtf8(bytes, 0, taken, order) });
    this.#waiting = this.#waiting.slice(taken);
    this.#isLineBegin = false;
    if (this.#waiting.length === 2) this.#takeUnits(parts);
  }

  /** Whether there is a mark that is no part of a record. Learns the order from it. */
  #isMark(bytes: Buffer, at: number, isSkipped: boolean): boolean {
    const order = markAt(bytes, at);
    if (order === undefined || !(this.#isLineBegin || isSkipped)) return false;
    if (this.#isByMark) this.#order = order;
    return order === this.#order;
  }

  /** Bytes of whole characters from there on. */
  #wholeBytes(bytes: Buffer, at: number, end: number): number {
    const length = (end - at) & ~1;
    return length > 0 && isHighSurrogate(unitAt(bytes, at + length - 2, this.#order!)) ? length - 2 : length;
  }

  #write(parts: readonly Part[], continues: boolean): void {
    parts.forEach(({ bytes, timeMs, seq, position, thread }, i) => {
      const goesOn = continues || i + 1 < parts.length;
      this.#lines.write(bytes, 0, bytes.length, timeMs, seq, this.#nowMs, position, goesOn, thread);
      this.#isLineBegin = bytes.at(-1) === NEWLINE;
    });
  }

  /** The rest of the character that waits will not come, or too late. */
  #giveUp(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#isTorn = this.#waiting.length % 2 === 1;
    this.#waiting = [];
    this.#write([{ ...first, bytes: REPLACEMENT }], false);
  }
}
