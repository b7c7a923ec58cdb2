/**
 * A file that is appended to for as long as the process lives, by its path: where it was moved or removed, as log rotation
 * and a replay of dead letters do, the next write goes to a new one at the path.
 */
import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import { codeOf } from '../errors.js';
import { withDescriptor } from './descriptor-reserve.js';

/** Without waiting: a named pipe that no program reads would hold the whole process. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

export class AppendFile {
  readonly #path: string;
  readonly #mode: number;
  readonly #retire: (fd: number) => void;
  #fd: number;
  #isStale = false;

  /** Opens it, or makes it with this mode. `retire` is given the descriptor that is not used any more. */
  constructor(path: string, mode: number, retire: (fd: number) => void = closeSync) {
    this.#path = path;
    this.#mode = mode;
    this.#retire = retire;
    this.#fd = this.#open();
  }

  /** The descriptor of the file that is at the path now. Throws if it cannot be opened. */
  get fd(): number {
    const there = statSync(this.#path, { throwIfNoEntry: false });
    if (this.#isStale || there === undefined || !isSame(there, fstatSync(this.#fd))) {
      const next = this.#open();
      this.#retire(this.#fd);
      this.#fd = next;
      this.#isStale = false;
    }
    return this.#fd;
  }

  /** Closes the file at once, with any file at the path. Does not throw: the next write retries the open. */
  reopen(): void {
    this.#isStale = true;
    try {
      void this.fd;
    } catch {
      // Said by the next write.
    }
  }

  close(): void {
    this.#retire(this.#fd);
  }

  #open(): number {
    try {
      return withDescriptor(() => openSync(this.#path, FLAGS, this.#mode));
    } catch (error) {
      const isPipe = codeOf(error) === 'ENXIO' && statSync(this.#path, { throwIfNoEntry: false })?.isFIFO() === true;
      if (!isPipe) throw error;
      throw Object.assign(new Error('no program reads this named pipe: start its reader first', { cause: error }), {
        code: 'ENXIO',
      });
    }
  }
}

const isSame = (one: Stats, other: Stats): boolean => one.dev === other.dev && one.ino === other.ino;
