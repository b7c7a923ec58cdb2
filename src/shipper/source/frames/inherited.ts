/**
 * Lines and events that a process began in one ring and goes on with in its next one. Their assemblers move to the stream of the next
 * ring, so they stay one record each.
 */
import { FRAME_MAX_BYTES } from '../../../contract.js';
import type { Origin } from '../../parts.js';
import type { Lost } from './decoder.js';
import { NOTHING } from './losses/lost.js';
import type { StreamAssembler } from './stream-assembler.js';
import type { Utf16Assembler } from './utf16/utf16-assembler.js';

export type Assembler = StreamAssembler | Utf16Assembler;

/** Places of one frame in its process's numbering, see decision 1. */
export const PLACES_PER_FRAME = FRAME_MAX_BYTES;

export class Inherited {
  readonly #assemblers: ReadonlySet<Assembler>;
  readonly #nextSeq: number;
  readonly #lost: Lost;

  /** @param nextSeq of the first frame of the present stream @param lost losses of the process until then */
  constructor(assemblers: Iterable<Assembler> = [], nextSeq = 0, lost = NOTHING) {
    this.#assemblers = new Set(assemblers);
    this.#nextSeq = nextSeq;
    this.#lost = lost;
  }

  has(assembler: Assembler): boolean {
    return this.#assemblers.has(assembler);
  }

  /** Whether it holds bytes of the stream before that are in no record. */
  isUnfinishedIn(assembler: Assembler): boolean {
    if (!this.has(assembler) || assembler.unfinishedPosition === undefined) return false;
    return assembler.assembledSeq < this.#nextSeq * PLACES_PER_FRAME;
  }

  get isUnfinished(): boolean {
    for (const assembler of this.#assemblers) if (this.isUnfinishedIn(assembler)) return true;
    return false;
  }

  /** The present stream begins with these losses. Where bytes are missing between the two, nothing goes on. */
  begin(lost: Lost): void {
    if (lost.bytes > this.#lost.bytes) this.#flush();
  }

  /** A frame comes after the one with the number `before`. Where others are missing between the two streams, nothing goes on. */
  goOn(before: number, seq: number): void {
    if (before < this.#nextSeq && seq > this.#nextSeq) this.#flush();
  }

  #flush(): void {
    for (const assembler of this.#assemblers) assembler.flush();
  }
}

/** Whether records of the two are of one stream, and look alike. */
export const isSameOrigin = (one: Origin, other: Origin): boolean =>
  one.id === other.id &&
  one.pid === other.pid &&
  one.process === other.process &&
  one.container === other.container &&
  one.path === other.path;
