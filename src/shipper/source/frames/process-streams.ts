/** The streams of one process by their ids, and how much of them is in no record yet. */
import type { Origin } from '../../parts.js';
import type { AssemblerShared } from './assembly.js';
import type { Lost } from './decoder.js';
import { type Assembler, Inherited, isSameOrigin } from './inherited.js';
import { openAssembler } from './open-assembler.js';
import type { Progress } from './stream-options.js';

export class ProcessStreams {
  readonly #shared: AssemblerShared;
  readonly #heldMaxBytes: number;
  readonly #streams = new Map<number, Assembler>();
  /** Of the first frame behind HELLO, or where the reader went on. */
  #begin: number | undefined;
  /** Up to here no line keeps too much. */
  #heldUntil = 0;
  /** Lines of the process's stream before that go on here. */
  #inherited = new Inherited();

  /** @param heldMaxBytes how much an unfinished line or event may keep */
  constructor(shared: AssemblerShared, heldMaxBytes = Number.POSITIVE_INFINITY) {
    this.#shared = shared;
    this.#heldMaxBytes = heldMaxBytes;
  }

  get size(): number {
    return this.#streams.size;
  }

  get(id: number): Assembler | undefined {
    return this.#streams.get(id);
  }

  open(id: number, origin: Origin): void {
    const known = this.#streams.get(id);
    if (known !== undefined && this.#inherited.has(known)) {
      if (isSameOrigin(known.origin, origin)) return;
      known.flush();
    }
    this.#streams.set(id, openAssembler(origin, this.#shared));
  }

  /** Frames are read from this position on, unless they were before. */
  begin(position: number): void {
    this.#begin ??= position;
  }

  /** Per stream with bytes: the place before which every byte is in a record, and the byte order where a mark told it. */
  get assembled(): Progress['assembled'] {
    const assembled: Progress['assembled'][number][] = [];
    for (const [stream, { assembledSeq, learnedOrder }] of this.#streams) {
      if (assembledSeq === 0) continue;
      assembled.push(learnedOrder === undefined ? [stream, assembledSeq] : [stream, assembledSeq, learnedOrder]);
    }
    return assembled;
  }

  /** Position of the first frame that holds bytes of an unfinished line; `end`, which is that of the next frame, where none is. */
  firstUnassembled(end: number): number {
    let position = end;
    for (const assembler of this.#streams.values()) {
      const { unfinishedPosition = end } = assembler;
      // That of the stream before says nothing here.
      const isBefore = this.#inherited.isUnfinishedIn(assembler);
      position = Math.min(position, isBefore ? (this.#begin ?? end) : unfinishedPosition);
    }
    return Math.max(position, this.#begin ?? 0);
  }

  /** Makes records of unfinished lines and events that keep too much of what lies before `end`. */
  cutHeld(end: number): void {
    if (end <= this.#heldUntil) return;
    if (end - this.firstUnassembled(end) > this.#heldMaxBytes) this.flush();
    this.#heldUntil = this.firstUnassembled(end) + this.#heldMaxBytes;
  }

  /** Whether a line or an event is unfinished. */
  get isUnfinished(): boolean {
    return [...this.#streams.values()].some(({ unfinishedPosition }) => unfinishedPosition !== undefined);
  }

  /** Makes records of all unfinished lines. */
  flush(): void {
    for (const assembler of this.#streams.values()) assembler.flush();
  }

  /** No event goes on over a gap. */
  closeEvents(): void {
    for (const assembler of this.#streams.values()) assembler.closeEvents();
  }

  /** All bytes that follow are in no record yet. */
  skipNothing(): void {
    for (const assembler of this.#streams.values()) assembler.skipNothing();
  }

  /** A frame comes with the number `seq`, after the one with the number `before`. */
  goOn(before: number, seq: number): void {
    this.#inherited.goOn(before, seq);
  }

  /** The process had these losses when it began to write here. */
  greet(lost: Lost): void {
    this.#inherited.begin(lost);
  }

  /**
   * The next streams of the process go on with all that is unfinished here.
   *
   * @param nextSeq of their first frame @param lost losses of the process until then
   */
  moveTo(next: ProcessStreams, nextSeq: number, lost: Lost): Inherited {
    const inherited = new Inherited(this.#streams.values(), nextSeq, lost);
    next.#inherited = inherited;
    for (const [id, assembler] of this.#streams) {
      const own = next.#streams.get(id);
      // The process has another name now, or a reader before this one had finished it.
      const isOther = own !== undefined && !isSameOrigin(own.origin, assembler.origin);
      if (isOther || (own !== undefined && own.assembledSeq > assembler.assembledSeq)) assembler.flush();
      else next.#streams.set(id, assembler);
    }
    this.#streams.clear();
    return inherited;
  }
}
