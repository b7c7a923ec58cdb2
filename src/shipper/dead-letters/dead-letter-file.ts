/**
 * The file of the records that sinks permanently refused. It is bounded: at half of the bound it becomes FILE.1, in the place of the
 * FILE.1 before it, whose letters are gone then. Several processes may write to it: another shipper, a replay.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { realDisk } from '../buffer/disk.js';
import type { Kept } from '../delivery/deliver.js';
import { ConfigError, codeOf, messageOf } from '../errors.js';
import type { Log } from '../log.js';
import type { RecordBatch, Rejected } from '../parts.js';
import { AppendFile } from '../process/append-file.js';
import { withDescriptor } from '../process/descriptor-reserve.js';
import type { Secrets } from '../secrets.js';
import { encodeLetter } from './letter.js';

export interface DeadLetterFileOptions {
  readonly path: string;
  /** Bound on the sum of FILE and FILE.1. */
  readonly maxBytes: number;
  readonly now: () => number;
  /** Of a clock that is never set. */
  readonly monotonicMs: () => number;
  readonly log: Log;
  readonly secrets: Secrets;
}

const LINE_END = 0x0a;
/** Errors that may pass by themselves. */
const TRANSIENT: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EACCES', 'ESTALE', 'EAGAIN']);
/** So long records wait for the file; then those that come are dropped until it can be written. */
const PATIENCE_MS = 60_000;
/** A rotation is over by then, or its process was killed. */
const ROTATION_MS = 10_000;

export class DeadLetterFile {
  readonly #options: DeadLetterFileOptions;
  readonly #file: AppendFile;
  /** Whether a failed write left half a letter. */
  #isTorn = false;
  /** Since when it cannot be written, on the clock of the options. */
  #failingMs: number | undefined;

  /** Opens it. Throws a ConfigError when it cannot be written. */
  constructor(options: DeadLetterFileOptions) {
    this.#options = options;
    try {
      this.#file = new AppendFile(options.path, 0o600);
    } catch (error) {
      throw new ConfigError(
        [
          `LOGTAP_DEAD_LETTER_FILE='${options.path}': cannot be written: ${messageOf(error)}. Mount a writable directory there, or unset it: refused records are then only counted.`,
        ],
        { cause: error },
      );
    }
  }

  /** Writes one letter per record: all of them or none. `later` asks for another attempt. */
  write(sink: string, batch: RecordBatch, rejected: readonly Rejected[]): Kept {
    const { path, now, monotonicMs, log, secrets } = this.#options;
    const letters = rejected.map(({ detail, ...each }) => {
      const redacted = detail === undefined ? {} : { detail: secrets.redact(detail) };
      return encodeLetter(sink, now(), batch, { ...each, ...redacted });
    });
    try {
      this.#append(Buffer.from(letters.join('')));
      this.#failingMs = undefined;
      return 'kept';
    } catch (error) {
      this.#failingMs ??= monotonicMs();
      const isLater = TRANSIENT.has(codeOf(error)) && monotonicMs() - this.#failingMs < PATIENCE_MS;
      const fate = isLater ? 'refused records wait for it' : 'refused records are only counted';
      log.problem('error', `dead letters ${isLater}`, `${path}: ${fate}: ${messageOf(error)}`);
      return isLater ? 'later' : 'dropped';
    }
  }

  /** Opens it anew, by its path. */
  reopen(): void {
    this.#file.reopen();
  }

  close(): void {
    this.#file.close();
  }

  #append(text: Buffer): void {
    let fd = this.#file.fd;
    const { size } = fstatSync(fd);
    const { maxBytes } = this.#options;
    if (size > 0 && size + text.length > maxBytes / 2) {
      this.#rotate(fd);
      fd = this.#file.fd;
    }
    const before = fstatSync(fd).size;
    const bytes = this.#isTorn ? Buffer.concat([Buffer.of(LINE_END), text]) : text;
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(fd, bytes, done);
      this.#isTorn = false;
    } catch (error) {
      if (done > 0) this.#isTorn = !cutOff(fd, before, done);
      throw error;
    }
  }

  /** Only one process does so at a time: a second one would put a file that is almost empty in the place of FILE.1. */
  #rotate(fd: number): void {
    const { path, log } = this.#options;
    const guard = `${path}.rotating`;
    if (!makeGuard(guard)) return;
    try {
      const there = statSync(path, { throwIfNoEntry: false });
      if (there?.ino !== fstatSync(fd).ino) return;
      const discarded = lettersIn(`${path}.1`);
      renameSync(path, `${path}.1`);
      if (discarded === 0) return;
      log.problem('warn', 'dead letters discarded', `${path}.1 was replaced: its dead letters are gone`, { discarded });
    } finally {
      rmSync(guard, { force: true });
    }
  }
}

/** Removes the remains of a failed write. Whether that was possible: not if another process has written behind them. */
function cutOff(fd: number, before: number, written: number): boolean {
  try {
    if (fstatSync(fd).size !== before + written) return false;
    ftruncateSync(fd, before);
    return true;
  } catch {
    return false;
  }
}

function makeGuard(path: string): boolean {
  try {
    closeSync(withDescriptor(() => openSync(path, 'wx', 0o600)));
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const there = statSync(path, { throwIfNoEntry: false });
    // Its process was killed in between. The next letter rotates.
    // The clock may have been set back since.
    if (there !== undefined && Math.abs(Date.now() - there.mtimeMs) > ROTATION_MS) rmSync(path, { force: true });
    return false;
  }
}

function lettersIn(path: string): number {
  try {
    const { content } = realDisk.readFile(path);
    return content.reduce((count, byte) => count + (byte === LINE_END ? 1 : 0), 0);
  } catch {
    return 0;
  }
}
