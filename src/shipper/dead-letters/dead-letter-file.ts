/**
 * The file of what sinks refused for good. It is bounded: at half of the bound it becomes FILE.1, in the place of the
 * FILE.1 before it, whose letters are gone then.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { ConfigError, messageOf } from '../errors.js';
import type { Log } from '../log.js';
import type { RecordBatch, Rejected } from '../parts.js';
import type { Secrets } from '../secrets.js';
import { encodeLetter } from './letter.js';

export interface DeadLetterFileOptions {
  readonly path: string;
  /** Bound on the sum of FILE and FILE.1. */
  readonly maxBytes: number;
  readonly now: () => number;
  readonly log: Log;
  readonly secrets: Secrets;
}

const LINE_END = 0x0a;

export class DeadLetterFile {
  readonly #options: DeadLetterFileOptions;
  #fd: number;
  #bytes: number;

  /** Opens it. Throws a ConfigError when it cannot be written. */
  constructor(options: DeadLetterFileOptions) {
    this.#options = options;
    try {
      this.#fd = openSync(options.path, 'a', 0o600);
      this.#bytes = fstatSync(this.#fd).size;
    } catch (error) {
      throw new ConfigError(
        [
          `LOGTAP_DEAD_LETTER_FILE='${options.path}': cannot be written: ${messageOf(error)}. Mount a writable directory there, or unset it: refused records are then only counted.`,
        ],
        { cause: error },
      );
    }
  }

  /** Writes one letter a record. Whether all of them are in the file: if not, none of them is. */
  write(sink: string, batch: RecordBatch, rejected: readonly Rejected[]): boolean {
    const { path, now, log, secrets } = this.#options;
    const letters = rejected.map(({ detail, ...each }) => {
      const redacted = detail === undefined ? {} : { detail: secrets.redact(detail) };
      return encodeLetter(sink, now(), batch, { ...each, ...redacted });
    });
    const text = Buffer.from(letters.join(''));
    try {
      if (this.#bytes > 0 && this.#bytes + text.length > this.#options.maxBytes / 2) this.#rotate();
      for (let done = 0; done < text.length; ) done += writeSync(this.#fd, text, done);
      this.#bytes += text.length;
      return true;
    } catch (error) {
      log.problem('error', 'dead letters', `${path}: refused records are only counted: ${messageOf(error)}`);
      this.#cutOff();
      return false;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #rotate(): void {
    const { path, log } = this.#options;
    const discarded = lettersIn(`${path}.1`);
    renameSync(path, `${path}.1`);
    const next = openSync(path, 'a', 0o600);
    closeSync(this.#fd);
    this.#fd = next;
    this.#bytes = 0;
    if (discarded > 0) {
      log.problem('warn', 'dead letters discarded', `${path}.1 was replaced: its dead letters are gone`, { discarded });
    }
  }

  /** What a failed write left must not stand before the next letter. */
  #cutOff(): void {
    try {
      ftruncateSync(this.#fd, this.#bytes);
    } catch {
      // The next letter begins in the middle of a line: a reader skips that one.
    }
  }
}

function lettersIn(path: string): number {
  try {
    return readFileSync(path).reduce((count, byte) => count + (byte === LINE_END ? 1 : 0), 0);
  } catch {
    return 0;
  }
}
