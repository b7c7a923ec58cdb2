/**
 * Bytes of one stream to records: a line assembler per thread that has something open, as threads that print line by line mix
 * their traces. Where lines are not joined, and where all frames have one tag, there is one.
 *
 * A buffer that was full is cut within a line, and the rest of it may come from another thread that shares the buffer: what
 * follows an unended write of that size goes to the same assembler.
 */
import type { Origin } from '../../parts.js';
import { type AssemblerShared, eventsOf } from './assembly.js';
import { LineAssembler } from './line-assembler.js';
import { SAME_BYTES, type SourceUnits } from './source-units.js';
import { StreamOutput } from './stream-output.js';

/** Threads of one stream that have something open at a time. */
const ASSEMBLERS_MAX = 64;
/** Records that wait for one that began earlier. */
const WAITING_MAX = 1000;
const WAITING_MAX_BYTES = 256 * 1024;
/** Of a write: one that is shorter and does not end a line is part of a line, and no full buffer. */
const BUFFER_BYTES = 1024;

export class StreamAssembler {
  readonly origin: Origin;
  readonly #shared: AssemblerShared;
  readonly #writesTell: boolean;
  readonly #joinsLines: boolean;
  readonly #units: SourceUnits;
  readonly #output: StreamOutput;
  #current: LineAssembler;
  #thread = 0;
  #skipBefore = 0;
  #endSeq = 0;
  /** Whether the last write ended within a line, and was as long as a buffer. */
  #isCutOff = false;

  constructor(origin: Origin, shared: AssemblerShared, writesTell = true, units = SAME_BYTES) {
    this.origin = origin;
    this.#units = units;
    this.#shared = shared;
    this.#writesTell = writesTell;
    this.#joinsLines = eventsOf(shared, origin) !== undefined;
    this.#output = new StreamOutput(origin, shared.builder);
    this.#current = this.#open(0);
  }

  /** The place before which every byte is in a record, and behind which none is. */
  get assembledSeq(): number {
    return this.#output.assembled?.seq ?? this.#endSeq;
  }

  /** What `position` was given with the byte at that place; `undefined` when nothing is open. */
  get unfinishedPosition(): number | undefined {
    return this.#output.assembled?.position;
  }

  /** Only of bytes that are converted before they are lines. */
  readonly learnedOrder: undefined;

  skipBefore(seq: number, _order?: unknown): void {
    this.#skipBefore = seq;
    this.#endSeq = seq;
    for (const assembler of this.#assemblers()) assembler.skipBefore(seq);
  }

  skipNothing(): void {
    this.#skipBefore = 0;
    for (const assembler of this.#assemblers()) assembler.skipNothing();
  }

  /** As of a line assembler; `thread` is the tag of the thread that wrote the bytes. */
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
    if (thread !== this.#thread && this.#joinsLines && !this.#isCutOff) this.#turn(thread);
    if (this.#output.assemblers.size > 1) this.#closeIdle(timeMs);
    const length = this.#units.lengthOf(bytes, start, end);
    this.#endSeq = Math.max(this.#endSeq, seq + length);
    const known = this.#current.write(bytes, start, end, timeMs, seq, nowMs, position, continues);
    this.#isCutOff = length >= BUFFER_BYTES && bytes[end - 1] !== 0x0a;
    if (this.#output.waiting > WAITING_MAX || this.#output.waitingBytes > WAITING_MAX_BYTES) this.flush();
    return known;
  }

  /** No more will come of lines and events: makes records of what there is. */
  flush(): void {
    for (const assembler of this.#assemblers()) assembler.flush();
    this.#output.release();
  }

  /** Something is missing before what comes next: no event goes on over the gap. */
  closeEvents(): void {
    for (const assembler of this.#assemblers()) assembler.closeEvent();
    this.#output.release();
  }

  #assemblers(): Iterable<LineAssembler> {
    return this.#output.assemblers.values() as Iterable<LineAssembler>;
  }

  #open(thread: number): LineAssembler {
    const assembler = new LineAssembler(this.origin, this.#shared, this.#writesTell, this.#units, this.#output);
    if (this.#skipBefore > 0) assembler.skipBefore(this.#skipBefore);
    this.#output.assemblers.set(thread, assembler);
    return assembler;
  }

  /** Another thread writes. */
  #turn(thread: number): void {
    const { assemblers } = this.#output;
    if (this.#current.takesAnyThread && !assemblers.has(thread)) {
      assemblers.delete(this.#thread);
      assemblers.set(thread, this.#current);
      this.#thread = thread;
      return;
    }
    this.#current.closeQuiet();
    const known = assemblers.get(thread) as LineAssembler | undefined;
    if (this.#current.isFree && known !== this.#current) {
      assemblers.delete(this.#thread);
      // The same assembler serves the other thread.
      if (known === undefined) assemblers.set(thread, this.#current);
    }
    if (known !== undefined) this.#current = known;
    else if (assemblers.get(thread) === undefined) {
      if (assemblers.size >= ASSEMBLERS_MAX) this.flush();
      this.#current = this.#open(thread);
    }
    this.#thread = thread;
  }

  /** Assemblers of other threads, in which nothing was written for so long, by the times of writes. */
  #closeIdle(timeMs: number): void {
    const { assemblers } = this.#output;
    for (const [thread, assembler] of assemblers as Map<number, LineAssembler>) {
      if (assembler === this.#current) continue;
      assembler.closeIdle(timeMs);
      if (assembler.isFree) assemblers.delete(thread);
    }
    this.#output.release();
  }
}
