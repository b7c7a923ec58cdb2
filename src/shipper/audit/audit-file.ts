/**
 * The file of the audit ledger, or its text in memory where there is no directory. It lies beside the counts journal, is bounded, and
 * is written anew as a whole when it has grown to the bound.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import { writeWhole } from '../process/write-whole.js';

const AUDIT_NAME = 'audit.ndjson';

export interface AuditText {
  /** Bytes of it. */
  readonly bytes: number;
  append(text: string): void;
  read(): string;
  /** Another text takes the place of this one at once. */
  replace(text: string): void;
}

export class AuditMemory implements AuditText {
  #parts: string[] = [];
  bytes = 0;

  append(text: string): void {
    this.#parts.push(text);
    this.bytes += text.length;
  }

  read(): string {
    return this.#parts.join('');
  }

  replace(text: string): void {
    this.#parts = [text];
    this.bytes = text.length;
  }
}

const FLAGS = constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_APPEND;
/** A file that is longer was not written by a shipper. */
const READ_MAX_BYTES = 16 * 1024 * 1024;

export class AuditFile implements AuditText {
  readonly #path: string;
  readonly #onProblem: (message: string) => void;
  #fd: number | undefined;
  /** Whether a failed write may have left a part of a line. */
  #isTorn = false;
  bytes = 0;

  constructor(directory: string, onProblem: (message: string) => void) {
    this.#path = join(directory, AUDIT_NAME);
    this.#onProblem = onProblem;
    this.bytes = Buffer.byteLength(this.read());
  }

  append(text: string): void {
    this.#try(() => {
      this.#fd ??= openSync(this.#path, FLAGS | constants.O_WRONLY, 0o600);
      const bytes = Buffer.from(this.#isTorn ? `\n${text}` : text);
      this.#isTorn = true;
      writeWhole(this.#fd, bytes);
      this.#isTorn = false;
      this.bytes += bytes.length;
    });
  }

  /** Empty where there is no such file, or one that another user wrote, or could have. */
  read(): string {
    try {
      const fd = openSync(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        const stat = fstatSync(fd);
        const isOurs = stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0;
        return stat.isFile() && isOurs && stat.size <= READ_MAX_BYTES ? readFileSync(fd, 'utf8') : '';
      } finally {
        closeSync(fd);
      }
    } catch {
      return '';
    }
  }

  replace(text: string): void {
    const making = `${this.#path}.new`;
    this.#try(() => {
      rmSync(making, { force: true });
      const fd = openSync(making, FLAGS | constants.O_WRONLY | constants.O_EXCL, 0o600);
      const bytes = Buffer.from(text);
      writeWhole(fd, bytes);
      renameSync(making, this.#path);
      this.bytes = bytes.length;
      this.#isTorn = false;
      if (this.#fd !== undefined) closeSync(this.#fd);
      this.#fd = fd;
    });
  }

  #try(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#onProblem(
        `the audit ledger cannot be kept in ${this.#path}, so an audit will find records without a claim: ${messageOf(error)}`,
      );
    }
  }
}
