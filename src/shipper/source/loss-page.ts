/**
 * The page of losses: what processes without a ring, or with a socket, could not hand over, also while there was no shipper.
 * `src/contract.ts` has its layout.
 * Any process of the pod may write it, so `LossTotals` decides what is believed. It is only read: the totals stay where they are, and the
 * journal of counts knows which of them are counted.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fchmodSync, fstatSync, linkSync, openSync, readSync, rmSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LOSS_PAGE_BYTES, LOSS_PAGE_MAGIC, LOSS_SLOT, LOSS_SLOT_BYTES } from '../../contract.js';
import { codeOf, messageOf } from '../errors.js';
import { writeWhole } from '../process/write-whole.js';
import type { Lost } from './frames/decoder.js';
import { createIn, instanceAt, MAKING } from './rings/directory.js';

const offsetOf = (word: string) => LOSS_SLOT.find(({ name }) => name === word)!.offset;
const INSTANCE_AT = offsetOf('instance');
const LINES_AT = offsetOf('lost_lines');
const BYTES_AT = offsetOf('lost_bytes');
const MAGIC_AT = offsetOf('magic');
const MAGIC = Buffer.from(LOSS_PAGE_MAGIC);
const WORD_BYTES = 8;

export class LossPage {
  readonly #path: string;
  readonly #onProblem: (problem: string) => void;
  #page = Buffer.alloc(LOSS_PAGE_BYTES);
  /** As it was last read: totals that no process has changed are counted already. */
  #read = Buffer.alloc(LOSS_PAGE_BYTES);

  constructor(path: string, onProblem: (problem: string) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  /** Calls with the totals of each slot that has changed. Makes a page where there is none, or none for all users. */
  look(onLoss: (instance: string, total: Lost) => void): void {
    try {
      const found = this.#readPage();
      if (found !== undefined) this.#tell(onLoss);
      if (found === 'for all') return;
      this.#makePage();
      this.#tell(onLoss);
    } catch (error) {
      this.#onProblem(`the page of losses cannot be used now: ${messageOf(error)}`);
    }
  }

  #tell(onLoss: (instance: string, total: Lost) => void): void {
    if (this.#page.equals(this.#read)) return;
    for (let at = 0; at < LOSS_PAGE_BYTES; at += LOSS_SLOT_BYTES) {
      const slot = this.#page.subarray(at, at + LOSS_SLOT_BYTES);
      if (slot.equals(this.#read.subarray(at, at + LOSS_SLOT_BYTES))) continue;
      const [lines, bytes] = [LINES_AT, BYTES_AT].map((word) => Number(slot.readBigUInt64LE(word)));
      if (bytes! > 0) onLoss(instanceAt(slot, INSTANCE_AT), { lines: lines!, bytes: bytes! });
    }
    [this.#page, this.#read] = [this.#read, this.#page];
  }

  /** `undefined`: it is not there, or no page of losses. */
  #readPage(): 'for all' | 'for its user' | undefined {
    let fd: number;
    try {
      fd = openSync(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      // Another user may have made one that only that user can read.
      if (['ENOENT', 'ELOOP', 'EACCES', 'ENXIO'].includes(codeOf(error) ?? '')) return undefined;
      throw error;
    }
    try {
      const file = fstatSync(fd);
      if (!file.isFile() || readSync(fd, this.#page, 0, LOSS_PAGE_BYTES, 0) !== LOSS_PAGE_BYTES) return undefined;
      if (!this.#page.subarray(MAGIC_AT, MAGIC_AT + MAGIC.length).equals(MAGIC)) return undefined;
      return isForAll(fd, file) ? 'for all' : 'for its user';
    } finally {
      closeSync(fd);
    }
  }

  #makePage(): void {
    this.#page.fill(0);
    randomBytes(WORD_BYTES).copy(this.#page, INSTANCE_AT);
    MAGIC.copy(this.#page, MAGIC_AT);
    const making = join(dirname(this.#path), `${MAKING}${basename(this.#path)}`);
    const fd = createIn(making);
    try {
      writeWhole(fd, this.#page);
      // With any umask.
      fchmodSync(fd, 0o666);
      this.#publish(making);
    } finally {
      closeSync(fd);
      rmSync(making, { force: true });
    }
  }

  /** A process that is first has made a page that others may have mapped. */
  #publish(making: string): void {
    try {
      linkSync(making, this.#path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (this.#readPage() === 'for all') return;
      rmSync(this.#path, { force: true, recursive: true });
      linkSync(making, this.#path);
    }
  }
}

/**
 * Processes of any user write it. One that a process has made beside a socket has the umask of that process: its mode is set, where the
 * shipper may do that. A file with another name may not be meant for them.
 */
function isForAll(fd: number, { mode, nlink }: Stats): boolean {
  if ((mode & 0o666) === 0o666) return true;
  if (nlink !== 1) return false;
  try {
    fchmodSync(fd, 0o666);
    return true;
  } catch {
    return false;
  }
}
