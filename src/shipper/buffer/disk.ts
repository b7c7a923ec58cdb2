/** The file system, as the disk buffer needs it: every operation that can fail or be undone by a crash of the machine. */
import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { codeOf } from '../errors.js';
import { withDescriptor } from '../process/descriptor-reserve.js';

/** Waiting does not bring back a missing file. All other errors may pass: the read is retried. */
const MISSING: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP']);

export const isMissing = (error: unknown): boolean => MISSING.has(codeOf(error));

/** All methods throw the system's errors. Unsynced data survives the process, not a crash of the machine. */
export interface Disk {
  names(directory: string): string[];
  bytes(path: string): number;
  /** A regular file as a whole; throws EISDIR when it is none, or longer than any of a shipper. */
  readFile(path: string): { readonly content: Buffer; readonly mtimeMs: number };
  /** Fewer bytes than asked for where the file ends. */
  readAt(path: string, at: number, bytes: number): Buffer;
  /** A file that must be new. */
  create(path: string): DiskFile;
  truncate(path: string, bytes: number): void;
  /** The content of a file that is not open. */
  syncFileLater(path: string): Promise<void>;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Syncs the names in it: created, renamed and removed files. */
  syncDirectory(path: string): void;
  syncDirectoryLater(path: string): Promise<void>;
}

/** A file that is open for writing. */
export interface DiskFile {
  /** Whether it still has a name. */
  readonly isLinked: boolean;
  write(bytes: Buffer, at: number): void;
  truncate(bytes: number): void;
  sync(): void;
  syncLater(): Promise<void>;
  close(): void;
}

const fdatasyncLater = promisify(fdatasync);
const fsyncLater = promisify(fsync);

export const realDisk: Disk = {
  names: (directory) => withDescriptor(() => readdirSync(directory)),
  bytes: (path) => statSync(path).size,
  readFile: (path) =>
    withFile(path, constants.O_RDONLY, (fd, { size, mtimeMs }) => {
      if (size > READ_MAX_BYTES) throw noFileOfOurs(path, `longer than any of a shipper, with ${size} bytes`);
      return { content: read(fd, 0, size), mtimeMs };
    }),
  readAt: (path, at, bytes) => withFile(path, constants.O_RDONLY, (fd) => read(fd, at, bytes)),
  create: (path) => new RealFile(withDescriptor(() => openSync(path, 'wx', 0o600))),
  truncate: (path, bytes) => withFile(path, constants.O_WRONLY, (fd) => ftruncateSync(fd, bytes)),
  syncFileLater: (path) => syncLater(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  syncDirectory: (path) =>
    withDescriptor(() => {
      const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    }),
  syncDirectoryLater: (path) => syncLater(path, constants.O_RDONLY | constants.O_DIRECTORY),
};

async function syncLater(path: string, flags: number): Promise<void> {
  const fd = withDescriptor(() => openSync(path, flags));
  try {
    await fsyncLater(fd);
  } finally {
    closeSync(fd);
  }
}

class RealFile implements DiskFile {
  readonly #fd: number;
  #syncing: Promise<void> | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get isLinked(): boolean {
    return fstatSync(this.#fd).nlink > 0;
  }

  write(bytes: Buffer, at: number): void {
    for (let done = 0; done < bytes.length; ) {
      done += retried(() => writeSync(this.#fd, bytes, done, bytes.length - done, at + done));
    }
  }

  truncate(bytes: number): void {
    ftruncateSync(this.#fd, bytes);
  }

  sync(): void {
    fdatasyncSync(this.#fd);
  }

  async syncLater(): Promise<void> {
    this.#syncing = fdatasyncLater(this.#fd);
    try {
      await this.#syncing;
    } finally {
      this.#syncing = undefined;
    }
  }

  /** Not before a sync that is going on has ended: the number of the descriptor may be another file's then. */
  close(): void {
    const close = () => closeSync(this.#fd);
    if (this.#syncing === undefined) close();
    else this.#syncing.then(close, close);
  }
}

/** Of a file that is read as a whole. No shipper writes one that is nearly as long, and memory is short. */
const READ_MAX_BYTES = 256 * 1024 * 1024;

/** Waiting does not make it a file of ours. */
const noFileOfOurs = (path: string, why: string) =>
  Object.assign(new Error(`EISDIR: '${path}' is ${why}`), { code: 'EISDIR' });

/** Neither follows a link nor waits for a pipe. */
function withFile<T>(path: string, mode: number, use: (fd: number, stats: Stats) => T): T {
  return withDescriptor(() => {
    const fd = openFile(path, mode);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) throw noFileOfOurs(path, 'no regular file');
      return use(fd, stats);
    } finally {
      closeSync(fd);
    }
  });
}

function openFile(path: string, mode: number): number {
  try {
    return openSync(path, mode | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // A socket, or a device that is not there.
    throw codeOf(error) === 'ENXIO' ? noFileOfOurs(path, 'no regular file') : error;
  }
}

function read(fd: number, at: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  let done = 0;
  while (done < bytes) {
    const count = retried(() => readSync(fd, buffer, done, bytes - done, at + done));
    if (count === 0) break;
    done += count;
  }
  return buffer.subarray(0, done);
}

/** A signal that interrupts a call is no failure of it. */
function retried<T>(call: () => T): T {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINTR') throw error;
    }
  }
}
