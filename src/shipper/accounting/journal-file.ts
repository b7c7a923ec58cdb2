/**
 * The file of the journal of counts: entries, and behind them blanks that later entries overwrite. So an entry needs no room
 * on a disk that is full. Beside it lies another file of that kind, without entries, which takes its place when the room behind
 * the entries is used up: docs/decisions/0058.
 */
import { closeSync, constants, fdatasync, fdatasyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { realDisk } from '../buffer/disk.js';
import { writeWhole } from '../process/write-whole.js';

/**
 * Room behind the entries: some two hundred batches on a full disk, before the sums of all take their place. A line end in each
 * sector: after a crash, no two parts of an entry without its middle are one line.
 */
const RESERVE = Buffer.alloc(64 * 1024, `${' '.repeat(511)}\n`);
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const fdatasyncLater = promisify(fdatasync);

interface OpenFile {
  readonly fd: number;
  /** That are on disk. */
  bytes: number;
}

export class JournalFile {
  readonly #path: string;
  readonly #isLasting: boolean;
  #file: OpenFile | undefined;
  #spare: OpenFile | undefined;
  #isUnsynced = false;
  #syncing: Promise<void> | undefined;
  /** Of the entries. */
  bytes = 0;
  /** Of those that the file began with. */
  #firstBytes = 0;

  /** `isLasting`: its name is synced. */
  constructor(path: string, isLasting: boolean) {
    this.#path = path;
    this.#isLasting = isLasting;
  }

  /** Whether there was room. Throws the system's errors. */
  append(entry: Buffer): boolean {
    const file = this.#file;
    if (file === undefined) return false;
    const end = this.bytes + entry.length;
    this.#enlarge(file, end);
    this.#keepSpare();
    if (end > file.bytes) return false;
    writeWhole(file.fd, entry, this.bytes);
    this.bytes = end;
    this.#isUnsynced = true;
    return true;
  }

  /** A file of this content alone takes the place of the present one at once. Throws the system's errors. */
  replace(content: Buffer): void {
    const file = this.#spare ?? this.#create();
    this.#spare = undefined;
    try {
      writeWhole(file.fd, content, 0);
      file.bytes = Math.max(file.bytes, content.length);
      this.#enlarge(file, content.length);
      if (this.#isLasting) fdatasyncSync(file.fd);
      renameSync(this.#making, this.#path);
    } catch (error) {
      closeSync(file.fd);
      throw error;
    }
    this.#goOnWith(file);
    this.bytes = content.length;
    this.#firstBytes = content.length;
    this.#keepSpare();
    if (this.#isLasting) realDisk.syncDirectory(dirname(this.#path));
  }

  /** What was written until now outlives a crash of the node. Throws the system's errors. */
  sync(): void {
    // One that is under way has not ended, and may fail.
    if (this.#file === undefined || (!this.#isUnsynced && this.#syncing === undefined)) return;
    fdatasyncSync(this.#file.fd);
    this.#isUnsynced = false;
  }

  /** The same without waiting for the disk meanwhile. */
  async syncLater(): Promise<void> {
    if (!this.#isUnsynced || this.#file === undefined) return;
    this.#isUnsynced = false;
    const syncing = fdatasyncLater(this.#file.fd);
    this.#syncing = syncing;
    try {
      await syncing;
    } catch (error) {
      this.#isUnsynced = true;
      throw error;
    } finally {
      if (this.#syncing === syncing) this.#syncing = undefined;
    }
  }

  get #making(): string {
    return `${this.#path}.new`;
  }

  /** To half of the reserve behind `end` at least, as far as the disk has room now. */
  #enlarge(file: OpenFile, end: number): void {
    try {
      for (; file.bytes < end + RESERVE.length / 2; file.bytes += RESERVE.length) {
        writeWhole(file.fd, RESERVE, file.bytes);
      }
    } catch {
      // An entry that finds no room says so.
    }
  }

  /** For twice the sums that the present file began with. */
  #keepSpare(): void {
    try {
      this.#spare ??= this.#create();
      this.#enlarge(this.#spare, 2 * this.#firstBytes);
    } catch {
      // Made once there is room.
    }
  }

  #create(): OpenFile {
    rmSync(this.#making, { force: true });
    return { fd: openSync(this.#making, FLAGS, 0o600), bytes: 0 };
  }

  /** The number of a descriptor may be another file's once it is closed: not while it is synced. */
  #goOnWith(file: OpenFile): void {
    const old = this.#file;
    this.#file = file;
    this.#isUnsynced = false;
    if (old === undefined) return;
    const close = () => closeSync(old.fd);
    // At once where that can be: its room is the next spare file's.
    if (this.#syncing === undefined) close();
    else this.#syncing.then(close, close);
  }
}
