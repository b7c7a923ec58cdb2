/**
 * The directory of rings: keeps free ones ready for processes to claim, finds those that were claimed, receives wake-ups.
 */
import { execFile } from 'node:child_process';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { runbook } from '../../../catalog/runbook.js';
import { BELL_LOSS, RING_HEADER_BYTES, RING_NAMES } from '../../../contract.js';
import { ConfigError, codeOf, messageOf } from '../../errors.js';
import { makeDirectories } from '../../process/make-directories.js';
import { probeFile } from '../../process/probe-file.js';
import { writeWhole } from '../../process/write-whole.js';
import type { Lost } from '../frames/decoder.js';
import { freeHeader } from './file.js';

export interface RingDirectoryOptions {
  readonly path: string;
  /** Bytes of data in a free ring. */
  readonly ringBytes: number;
  /** Free rings that are kept ready. */
  readonly pool: number;
  /** No free ring is made when all rings together would have more. */
  readonly totalBytes: number;
  /** There is no room for a free ring: processes make small ones, or do without. Or a file cannot be read now. */
  readonly onNoRoom: (problem: string) => void;
}

/** A claimed ring, as its name tells. */
export interface RingName {
  readonly name: string;
  readonly pid: number;
  readonly instance: string;
  /** How many rings the process had before. */
  readonly number: number;
}

const USED = new RegExp(`^${RING_NAMES.USED}(\\d{1,10})-([0-9a-f]{16})-(\\d{1,9})$`);
/** Begins the names of files that the shipper has not finished. */
export const MAKING = 'making-';
/** The journal of counts lies beside them. */
const RING = new RegExp(`^(${RING_NAMES.USED}|${RING_NAMES.FREE}|${MAKING})`);
const ZEROS = Buffer.alloc(64 * 1024);
const WAKE_UP_BYTES = 8;
const LOSS_BYTES = 4 * WAKE_UP_BYTES;

export const instanceAt = (bytes: Buffer, at: number): string =>
  bytes.readBigUInt64LE(at).toString(16).padStart(16, '0');

/**
 * Makes the directory, or uses the one of a process that was first. Any process of the pod can put a link there, so none is followed.
 * Throws a ConfigError when that cannot be.
 */
export function makeRingDirectory(path: string): void {
  try {
    makeForAll(path);
    const handle = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      // Processes of any user rename and make files in it. A sticky bit would forbid that. A volume with a group adds its bit.
      const { mode, ino } = fstatSync(handle);
      if ((mode & 0o1777) !== 0o777) fchmodSync(handle, 0o777);
      const probe = `/proc/self/fd/${handle}/${MAKING}probe`;
      closeSync(createIn(probe));
      rmSync(probe);
      if (lstatSync(path).ino !== ino) throw new Error('another process replaces it');
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw new ConfigError(
      [
        `LOGTAP_RING_DIR: cannot make or write '${path}': ${messageOf(error)}. It must be a directory, not a link, that user ${process.getuid?.()} owns or can make, or that every user can write: correct it, choose another path, or leave it out; see ${runbook('the-shipper-does-not-start')}.`,
      ],
      { cause: error },
    );
  }
}

/** At no moment is there one that a process of another user cannot use. */
function makeForAll(path: string): void {
  makeDirectories(dirname(path));
  const umask = process.umask(0);
  try {
    mkdirSync(path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    process.umask(umask);
  }
}

/** Any process may put a link of that name there, to a file that only the shipper can write. */
export function createIn(path: string): number {
  rmSync(path, { force: true, recursive: true });
  return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o666);
}

export class RingDirectory {
  readonly #options: RingDirectoryOptions;
  #made = 0;
  #wakeUps: Socket | undefined;
  #heard = Buffer.alloc(0);
  #isPipeAskedFor = false;
  #isClosed = false;

  /** Makes the directory. Throws a ConfigError when that cannot be. */
  constructor(options: RingDirectoryOptions) {
    this.#options = options;
    const { path } = options;
    makeRingDirectory(path);
    this.#tidy(MAKING);
  }

  pathOf(name: string): string {
    return join(this.#options.path, name);
  }

  /** The names in the directory now; `undefined` if it cannot be listed, without a free descriptor or memory. */
  names(): string[] | undefined {
    try {
      return readdirSync(this.#options.path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      this.#options.onNoRoom(`the rings cannot be listed: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** The rings among them that were claimed, each process's in their order. */
  claimed(names: readonly string[]): RingName[] {
    return names
      .flatMap((name) => {
        const [, pid, instance, number] = USED.exec(name) ?? [];
        return pid === undefined ? [] : [{ name, pid: Number(pid), instance: instance!, number: Number(number) }];
      })
      .sort((one, other) => one.number - other.number);
  }

  /** Makes free rings as long as some are missing among the names. False where there is no room for all of them. */
  refill(names: readonly string[] | undefined): boolean {
    const { pool, ringBytes, totalBytes } = this.#options;
    let free = names === undefined ? pool : this.freeOf(names);
    if (names === undefined || free >= pool) return true;
    const size = RING_HEADER_BYTES + ringBytes;
    try {
      let bytes = this.#bytesOf(names);
      for (; free < pool && bytes + size <= totalBytes; free++) {
        while (names.includes(`${RING_NAMES.FREE}${this.#made}`)) this.#made += 1;
        this.#makeFree(`${RING_NAMES.FREE}${this.#made}`, ringBytes);
        this.#made += 1;
        bytes += size;
      }
      return free >= pool;
    } catch (error) {
      this.#options.onNoRoom(messageOf(error));
      return false;
    }
  }

  /** Makes a ring that the process claims next. False without room for it and for the free rings of others. */
  makeFor(instance: string, capacity: number, names: readonly string[]): boolean {
    const { pool, ringBytes, totalBytes } = this.#options;
    const name = `${RING_NAMES.FREE}${instance}`;
    if (names.includes(name)) return true;
    const others = Math.max(0, pool - this.freeOf(names)) * (RING_HEADER_BYTES + ringBytes);
    try {
      if (this.#bytesOf(names) + RING_HEADER_BYTES + capacity + others > totalBytes) return false;
      this.#makeFree(name, capacity);
      return true;
    } catch (error) {
      this.#options.onNoRoom(messageOf(error));
      return false;
    }
  }

  /** Calls with the instance of each process that rings, and with the totals of each that lost lines and has no ring. */
  listen(onWakeUp: (instance: string) => void, onLoss: (instance: string, total: Lost) => void): void {
    if (this.#wakeUps !== undefined) return;
    const fd = this.#openWakeUpPipe();
    if (fd === undefined) {
      this.#makeWakeUpPipe(() => this.listen(onWakeUp, onLoss));
      return;
    }
    this.#wakeUps = new Socket({ fd, readable: true, writable: false });
    this.#wakeUps.on('error', () => this.#forgetWakeUpPipe());
    this.#wakeUps.on('close', () => this.#forgetWakeUpPipe());
    this.#wakeUps.on('data', (chunk: Buffer) => {
      const bytes = this.#heard.length > 0 ? Buffer.concat([this.#heard, chunk]) : chunk;
      let at = 0;
      for (; bytes.length - at >= WAKE_UP_BYTES; at += WAKE_UP_BYTES) {
        if (bytes.readBigUInt64LE(at) !== BELL_LOSS) {
          onWakeUp(instanceAt(bytes, at));
          continue;
        }
        if (bytes.length - at < LOSS_BYTES) break;
        const [lines, lost] = [2, 3].map((word) => Number(bytes.readBigUInt64LE(at + word * WAKE_UP_BYTES)));
        onLoss(instanceAt(bytes, at + WAKE_UP_BYTES), { lines: lines!, bytes: lost! });
        at += LOSS_BYTES - WAKE_UP_BYTES;
      }
      this.#heard = Buffer.from(bytes.subarray(at));
    });
  }

  /** How many free rings are ready. */
  freeOf(names: readonly string[]): number {
    return names.filter((name) => name.startsWith(RING_NAMES.FREE)).length;
  }

  /**
   * Stops listening. Free rings are left to processes that write on until the next shipper comes: a ring that a process makes
   * itself is far smaller. Without such processes they only take memory.
   */
  close({ hasWriters }: { readonly hasWriters: boolean }): void {
    this.#isClosed = true;
    this.#wakeUps?.destroy();
    if (!hasWriters) this.#tidy(RING_NAMES.FREE);
  }

  #tidy(prefix: string): void {
    for (const name of this.names() ?? []) {
      if (!name.startsWith(prefix)) continue;
      try {
        rmSync(this.pathOf(name), { force: true, recursive: true });
      } catch (error) {
        // It takes room, and no more.
        this.#options.onNoRoom(messageOf(error));
      }
    }
  }

  #bytesOf(names: readonly string[]): number {
    return names.filter((name) => RING.test(name)).reduce((sum, name) => sum + this.#sizeOf(name), 0);
  }

  #sizeOf(name: string): number {
    return lstatSync(this.pathOf(name), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Every page is written, so that it is this process's memory, and none is missing when another process touches it. */
  #makeFree(name: string, capacity: number): void {
    const making = this.pathOf(`${MAKING}${process.pid}`);
    const fd = createIn(making);
    try {
      writeWhole(fd, freeHeader(capacity));
      for (let left = capacity; left > 0; left -= ZEROS.length) writeWhole(fd, ZEROS.subarray(0, left));
      // With any umask.
      fchmodSync(fd, 0o666);
      renameSync(making, this.pathOf(name));
    } catch (error) {
      rmSync(making, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
  }

  /**
   * Node has no call for it, so a program makes it, once, while the shipper goes on: a pod waits for its shipper. Without one the first
   * process that rings does, and a later look finds it.
   */
  #makeWakeUpPipe(listen: () => void): void {
    if (this.#isPipeAskedFor) return;
    this.#isPipeAskedFor = true;
    try {
      execFile(probeFile, ['--pipe', this.pathOf(RING_NAMES.BELL)], () => {
        // Also where a process was first.
        if (!this.#isClosed) listen();
      });
    } catch {
      // No memory for a process.
    }
  }

  #openWakeUpPipe(): number | undefined {
    let fd: number | undefined;
    try {
      // For writing too: so it never comes to its end.
      fd = openSync(this.pathOf(RING_NAMES.BELL), constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
      if (fstatSync(fd).isFIFO()) return fd;
    } catch {
      // Not there yet, or it cannot be opened now: looked for again.
    }
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }

  #forgetWakeUpPipe(): void {
    this.#wakeUps = undefined;
    this.#heard = Buffer.alloc(0);
  }
}
