/** Ended processes: their ring was locked and is not any more, if the system lists locks. */
import { lockedFiles, showsLocks } from './file-locks.js';
import type { RingReader } from './reader.js';

/** Between looks. */
const LOCKS_MS = 100;

export class EndedProcesses {
  /** Whether the system lists the locks of these files: it does for memory, and where it did before. */
  #seesLocks: boolean;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(directory: string) {
    this.#seesLocks = showsLocks(directory);
  }

  /** The rings of ended processes, as far as known now. */
  among(readers: readonly RingReader[], nowMs: number): readonly RingReader[] {
    if (readers.length === 0 || nowMs - this.#lookedMs < LOCKS_MS) return [];
    this.#lookedMs = nowMs;
    const locked = lockedFiles();
    if (locked === undefined) return [];
    this.#seesLocks = this.#seesLocks || readers.some((reader) => reader.isAmong(locked));
    return this.#seesLocks ? readers.filter((reader) => reader.isWriterDead(locked, nowMs)) : [];
  }
}
