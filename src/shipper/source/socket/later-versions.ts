/**
 * Connections whose process writes a later version of the frames. They are closed, so that its next lines stay with the
 * process, which counts them or writes them to the original. The lines that the kernel had taken by then are counted.
 */
import type { Lost } from '../frames/decoder.js';
import { UnreadFrames } from '../unread-frames.js';

/** A process connects again within a second, while it writes. */
const REMEMBERED_MS = 60_000;

export interface LaterVersionsOptions {
  readonly onLater?: ((lost: Lost) => void) | undefined;
}

export class LaterVersions {
  readonly #onLater: (lost: Lost) => void;
  #refusedMs: number[] = [];

  constructor({ onLater = () => {} }: LaterVersionsOptions) {
    this.#onLater = onLater;
  }

  /** `unread`: from HELLO on, and `rest` is what else was written. Chunks are valid until the next one. */
  refuse(unread: Iterable<Buffer>, rest: Iterable<Buffer>, nowMs: number): void {
    this.#refusedMs.push(nowMs);
    const frames = new UnreadFrames({ isLater: true });
    for (const chunk of unread) frames.read(chunk);
    for (const more of rest) frames.read(more);
    const { total } = frames;
    if (total.bytes > 0) this.#onLater(total);
  }

  /** Connections that were refused in the last minute. */
  recent(nowMs: number): number {
    this.#refusedMs = this.#refusedMs.filter((ms) => nowMs - ms < REMEMBERED_MS);
    return this.#refusedMs.length;
  }
}
