/**
 * The files of a simulated machine: a directory on disk, which a crash takes back to what was synced, and directories in
 * memory, which a crash empties. Paths are absolute and flat names in known directories.
 */
import type { Random } from './random.js';

export type Kind = 'file' | 'directory' | 'fifo' | 'socket' | 'device' | 'symlink';

export interface Inode {
  readonly ino: number;
  readonly kind: Kind;
  content: Buffer;
  /** Bytes of `content` that are used. */
  size: number;
  /** What a crash leaves. */
  synced: Buffer;
  /** Since when it has bytes that are not synced, on the monotonic clock. */
  unsyncedSinceMs: number | undefined;
  writes: number;
  mode: number;
  mtimeMs: number;
  links: number;
  /** Whether a process holds a lock on it. */
  isLocked: boolean;
  /** Listeners of a socket and readers of a fifo, by the process that serves them. */
  server: object | undefined;
}

/** Of a disk that survives a crash. */
export const DISK = '/spool';
const SECTOR = 512;
/** The first thing on a disk to be torn is what was written last. */
const TORN_CHANCE = 0.5;

export function systemError(code: string, call: string, path = ''): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: simulated, ${call} '${path}'`), { code, errno: -1, syscall: call, path });
}

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

export class Files {
  #names = new Map<string, Inode>();
  #syncedNames = new Map<string, Inode>();
  /** When names were made that are not synced. */
  readonly #unsyncedNames = new Map<string, number>();
  #ino = 1000;
  /** Monotonic. */
  readonly #now: () => number;
  /** Bytes that the disk takes. */
  diskBytes = Number.POSITIVE_INFINITY;
  /** The memory that rings are in has no room for one. */
  isMemoryFull = false;

  constructor(now: () => number) {
    this.#now = now;
    for (const path of ['/', DISK, '/shm', '/run', '/out']) this.make(path, 'directory', 0);
    this.syncDirectory(DISK);
  }

  find(path: string): Inode | undefined {
    return this.#names.get(path);
  }

  make(path: string, kind: Kind, nowMs: number, mode = 0o644): Inode {
    this.#ino += 1;
    const inode: Inode = {
      ...{ ino: this.#ino, kind, content: Buffer.alloc(0), size: 0, synced: Buffer.alloc(0), mode },
      ...{ unsyncedSinceMs: undefined, writes: 0, mtimeMs: nowMs, links: 1, isLocked: false, server: undefined },
    };
    this.#names.set(path, inode);
    this.#unsyncedNames.set(path, this.#now());
    return inode;
  }

  link(path: string, inode: Inode): void {
    inode.links += 1;
    this.#names.set(path, inode);
  }

  unlink(path: string): void {
    const inode = this.#names.get(path);
    if (inode === undefined) return;
    inode.links -= 1;
    this.#names.delete(path);
  }

  rename(from: string, to: string): void {
    const inode = this.#names.get(from)!;
    if (this.#names.get(to) === inode) return;
    this.unlink(to);
    this.#names.delete(from);
    this.#unsyncedNames.delete(from);
    this.#names.set(to, inode);
    this.#unsyncedNames.set(to, this.#now());
  }

  /** Names in a directory, in the order in which they were made. */
  list(directory: string): string[] {
    const prefix = `${directory}/`;
    return [...this.#names.keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  }

  get diskUsed(): number {
    return this.list(DISK).reduce((sum, name) => sum + this.find(`${DISK}/${name}`)!.size, 0);
  }

  /** Bytes of the write that were taken: fewer on a disk that becomes full. */
  write(path: string, inode: Inode, bytes: Uint8Array, at: number, nowMs: number): number {
    let length = bytes.length;
    if (path.startsWith(`${DISK}/`) && this.diskBytes !== Number.POSITIVE_INFINITY) {
      const room = Math.max(0, this.diskBytes - this.diskUsed);
      length = Math.min(length, Math.max(0, inode.size - at) + room);
      if (length <= 0 && bytes.length > 0) throw systemError('ENOSPC', 'write', path);
    }
    const end = at + length;
    if (end > inode.content.length) {
      const grown = Buffer.alloc(Math.max(end, inode.content.length * 2));
      inode.content.copy(grown, 0, 0, inode.size);
      inode.content = grown;
    }
    inode.content.set(bytes.subarray(0, length), at);
    inode.size = Math.max(inode.size, end);
    inode.unsyncedSinceMs ??= this.#now();
    inode.writes += 1;
    inode.mtimeMs = nowMs;
    return length;
  }

  truncate(inode: Inode, size: number): void {
    if (size < inode.size) inode.content.fill(0, size, inode.size);
    inode.size = Math.min(inode.size, size);
  }

  bytesOf(inode: Inode): Buffer {
    return inode.content.subarray(0, inode.size);
  }

  /** `writes` and `atMs` say when the content was as it is synced. */
  sync(inode: Inode, content = Buffer.from(this.bytesOf(inode)), writes = inode.writes, atMs = this.#now()): void {
    inode.synced = content;
    inode.unsyncedSinceMs = writes === inode.writes ? undefined : atMs;
  }

  /** For how long the oldest bytes, and names, of files with such names have not been synced. */
  unsyncedMs(name: RegExp): number {
    const since = [...this.#names].flatMap(([path, { unsyncedSinceMs }]) => {
      return name.test(path) ? [unsyncedSinceMs, this.#unsyncedNames.get(path)].filter((ms) => ms !== undefined) : [];
    });
    return this.#now() - Math.min(this.#now(), ...since);
  }

  syncDirectory(directory: string): void {
    for (const path of [...this.#syncedNames.keys()]) {
      if (parentOf(path) === directory && !this.#names.has(path)) this.#syncedNames.delete(path);
    }
    for (const [path, inode] of this.#names) {
      if (path !== directory && parentOf(path) !== directory) continue;
      this.#syncedNames.set(path, inode);
      this.#unsyncedNames.delete(path);
    }
  }

  /** Numbers of the files that are locked. */
  locked(): number[] {
    return [...this.#names.values()].flatMap(({ isLocked, ino }) => (isLocked ? [ino] : []));
  }

  /** Files of the disk as a crash with the worst luck would leave them: only what was synced, under synced names. */
  syncedFiles(damaged: ReadonlySet<Inode>): Buffer[] {
    const files = [...this.#syncedNames].filter(([path, inode]) => path.startsWith(`${DISK}/`) && !damaged.has(inode));
    return files.map(([, { synced }]) => synced);
  }

  /** The machine loses its power: each sector, and each name, of the disk is as synced last or as written since. */
  crash(random: Random): void {
    const names = new Map<string, Inode>();
    for (const [path, inode] of this.#names) {
      if (inode.kind === 'directory' && !path.startsWith(`${DISK}/`)) names.set(path, inode);
    }
    const onDisk = [...this.#names.keys(), ...this.#syncedNames.keys()].filter((path) => path.startsWith(`${DISK}/`));
    for (const path of new Set(onDisk)) {
      const inode = (random.chance(TORN_CHANCE) ? this.#names : this.#syncedNames).get(path);
      if (inode !== undefined) names.set(path, inode);
    }
    for (const inode of new Set(names.values())) {
      if (inode.kind !== 'file') continue;
      inode.content = survived(this.bytesOf(inode), inode.synced, random);
      inode.size = inode.content.length;
      inode.synced = Buffer.from(inode.content);
      inode.unsyncedSinceMs = undefined;
    }
    this.#unsyncedNames.clear();
    this.#names = names;
    for (const path of onDisk) this.#syncedNames.delete(path);
    for (const [path, inode] of names) this.#syncedNames.set(path, inode);
  }
}

function survived(content: Buffer, synced: Buffer, random: Random): Buffer {
  const least = Math.min(synced.length, content.length);
  const length = content.length < synced.length ? content.length : least + random.between(0, content.length - least);
  const result = Buffer.alloc(length);
  for (let at = 0; at < length; at += SECTOR) {
    const source = random.chance(TORN_CHANCE) ? content : synced;
    if (at < source.length) source.copy(result, at, at, Math.min(at + SECTOR, length));
  }
  return result;
}
