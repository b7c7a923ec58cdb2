/** Lines to a file descriptor: whole lines are counted as delivered, a line torn by an error is ended and retried. */
import { closeSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { codeOf, messageOf } from '../../errors.js';
import type { BatchLimits, SendResult } from '../../parts.js';

const writeAsync = promisify(write);
const NEWLINE = Buffer.from('\n');
/** Limits of a batch for sinks that write lines. */
export const LINE_LIMITS: BatchLimits = {
  maxRecords: 10_000,
  maxBytes: 1024 * 1024,
  recordOverheadBytes: 200,
  nameCopies: 2,
};

/** Between attempts on a pipe whose reader is slow. */
const FULL_MS = 10;

export interface LineOutputOptions {
  /** Whether a line without its end is there already. @default false */
  readonly isTorn?: boolean;
  /** Whether lines wait for another reader of a pipe. @default false */
  readonly mayReaderReturn?: boolean;
}

export class LineOutput {
  readonly #fd: number;
  readonly #target: string;
  readonly #mayReaderReturn: boolean;
  #isTorn: boolean;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(fd: number, target: string, { isTorn = false, mayReaderReturn = false }: LineOutputOptions = {}) {
    this.#fd = fd;
    this.#target = target;
    this.#isTorn = isTorn;
    this.#mayReaderReturn = mayReaderReturn;
  }

  /** Closes the descriptor once no write is under way: its number may be another file's then. */
  close(): void {
    const close = () => closeSync(this.#fd);
    this.#writing.then(close, close);
  }

  /** Writes lines; `ends[i]` is where line i ends. Waits while the reader is slow. */
  async send(bytes: Buffer, ends: readonly number[], signal: AbortSignal): Promise<SendResult> {
    let written = 0;
    try {
      if (this.#isTorn) await this.#write(NEWLINE, 0, signal);
      this.#isTorn = false;
      while (written < bytes.length) written += await this.#write(bytes, written, signal);
      return { retry: [], rejected: [] };
    } catch (error) {
      const whole = ends.findIndex((end) => end > written);
      this.#isTorn ||= written > (ends[whole - 1] ?? 0);
      const left = Array.from({ length: ends.length - whole }, (_, i) => whole + i);
      // The reader of a pipe without a name does not come back: these lines cannot be delivered.
      if (codeOf(error) === 'EPIPE' && !this.#mayReaderReturn) {
        return { retry: [], rejected: left.map((index) => ({ index, reason: 'reader_gone' })) };
      }
      return {
        retry: left,
        rejected: [],
        failure: { code: codeOf(error), detail: `write to ${this.#target}: ${messageOf(error)}` },
      };
    }
  }

  async #write(bytes: Buffer, from: number, signal: AbortSignal): Promise<number> {
    for (;;) {
      signal.throwIfAborted();
      try {
        const writing = writeAsync(this.#fd, bytes, from, bytes.length - from);
        this.#writing = writing.catch(() => {});
        return (await writing).bytesWritten;
      } catch (error) {
        if (codeOf(error) === 'EINTR') continue;
        if (codeOf(error) !== 'EAGAIN') throw error;
        await new Promise((resolve) => setTimeout(resolve, FULL_MS));
      }
    }
  }
}
