/**
 * The page of losses: what processes without a ring could not hand over, also while there was no shipper. `src/contract.ts` has its layout.
 * Any process of the pod may write it, so `LossTotals` decides what is believed. It is only read: the totals stay where they are, and the
 * journal of counts knows which of them are counted.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fchmodSync, fstatSync, linkSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LOSS_PAGE_BYTES, LOSS_PAGE_MAGIC, LOSS_SLOT, LOSS_SLOT_BYTES, RING_NAMES } from '../../contract.js';
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
  readonly #directory: string;
  readonly #path: string;
  readonly #onProblem: (problem: string) => void;
  #page = Buffer.alloc(LOSS_PAGE_BYTES);
  /** As it was last read: totals that no process has changed are counted already. */
  #read = Buffer.alloc(LOSS_PAGE_BYTES);

  constructor(directory: string, onProblem: (problem: string) => void) {
    this.#directory = directory;
    this.#path = join(directory, RING_NAMES.LOSSES);
    this.#onProblem = onProblem;
  }

  /** Calls with the totals of each slot that has changed. Makes a page where there is none. */
  look(onLoss: (instance: string, total: Lost) => void): void {
    try {
      if (!this.#readPage()) this.#makePage();
    } catch (error) {
      this.#onProblem(`the page of losses cannot be used now: ${messageOf(error)}`);
      return;
    }
    if (this.#page.equals(this.#read)) return;
    for (let at = 0; at < LOSS_PAGE_BYTES; at += LOSS_SLOT_BYTES) {
      const slot = this.#page.subarray(at, at + LOSS_SLOT_BYTES);
      if (slot.equals(this.#read.subarray(at, at + LOSS_SLOT_BYTES))) continue;
      const [lines, bytes] = [LINES_AT, BYTES_AT].map((word) => Number(slot.readBigUInt64LE(word)));
      if (bytes! > 0) onLoss(instanceAt(slot, INSTANCE_AT), { lines: lines!, bytes: bytes! });
    }
    [this.#page, this.#read] = [this.#read, this.#page];
  }

  /** Whether it is there, and a page of losses. */
  #readPage(): boolean {
    let fd: number;
    try {
      fd = openSync(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      // Another user may have made one that only that user can read.
      if (['ENOENT', 'ELOOP', 'EACCES', 'ENXIO'].includes(codeOf(error) ?? '')) return false;
      throw error;
    }
    try {
      const file = fstatSync(fd);
      // Processes of any user write it.
      if (!file.isFile() || (file.mode & 0o666) !== 0o666) return false;
      const got = readSync(fd, this.#page, 0, LOSS_PAGE_BYTES, 0);
      return got === LOSS_PAGE_BYTES && this.#page.subarray(MAGIC_AT, MAGIC_AT + MAGIC.length).equals(MAGIC);
    } finally {
      closeSync(fd);
    }
  }

  #makePage(): void {
    this.#page.fill(0);
    randomBytes(WORD_BYTES).copy(this.#page, INSTANCE_AT);
    MAGIC.copy(this.#page, MAGIC_AT);
    const making = join(this.#directory, `${MAKING}${RING_NAMES.LOSSES}`);
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
      if (this.#readPage()) return;
      rmSync(this.#path, { force: true, recursive: true });
      linkSync(making, this.#path);
    }
  }
}
