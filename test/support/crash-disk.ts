/**
 * A disk in memory that forgets what was not synced, as a machine does that loses its power: of each sector, and of each
 * name in a directory, either what was synced last or what was written since. It also fails on request.
 */
import type { Disk, DiskFile } from '../../src/shipper/buffer/disk.js';

const SECTOR = 512;

interface Inode {
  content: Buffer;
  synced: Buffer;
}

const failure = (code: string, path: string) => Object.assign(new Error(`${code}: ${path}`), { code });

export class CrashDisk implements Disk {
  #names = new Map<string, Inode>();
  #syncedNames = new Map<string, Inode>();
  #life = 0;
  /** Code of the system's error for a call, if it should fail. */
  fails: (call: keyof Disk | keyof DiskFile, path: string) => string | undefined = () => undefined;

  names(directory: string): string[] {
    this.#check('names', directory);
    return [...this.#names.keys()].map((path) => path.slice(directory.length + 1));
  }

  bytes(path: string): number {
    return this.#at('bytes', path).content.length;
  }

  readFile(path: string) {
    return { content: Buffer.from(this.#at('readFile', path).content), mtimeMs: 0 };
  }

  readAt(path: string, at: number, bytes: number): Buffer {
    return Buffer.from(this.#at('readAt', path).content.subarray(at, at + bytes));
  }

  create(path: string): DiskFile {
    this.#check('create', path);
    if (this.#names.has(path)) throw failure('EEXIST', path);
    const inode: Inode = { content: Buffer.alloc(0), synced: Buffer.alloc(0) };
    this.#names.set(path, inode);
    return this.#file(path, inode);
  }

  truncate(path: string, bytes: number): void {
    const inode = this.#at('truncate', path);
    inode.content = Buffer.from(inode.content.subarray(0, bytes));
  }

  async syncFileLater(path: string): Promise<void> {
    const [inode, life] = [this.#at('syncFileLater', path), this.#life];
    const content = Buffer.from(inode.content);
    await new Promise(setImmediate);
    if (life === this.#life) inode.synced = content;
  }

  rename(from: string, to: string): void {
    this.#names.set(to, this.#at('rename', from));
    this.#names.delete(from);
  }

  remove(path: string): void {
    this.#check('remove', path);
    this.#names.delete(path);
  }

  syncDirectory(path: string): void {
    this.#check('syncDirectory', path);
    this.#syncedNames = new Map(this.#names);
  }

  async syncDirectoryLater(path: string): Promise<void> {
    this.#check('syncDirectoryLater', path);
    const [names, life] = [new Map(this.#names), this.#life];
    await new Promise(setImmediate);
    if (life === this.#life) this.#syncedNames = names;
  }

  /** `random` is in [0, 1). What is open belongs to the past. */
  crash(random: () => number): void {
    this.#life += 1;
    const names = new Map<string, Inode>();
    for (const path of new Set([...this.#names.keys(), ...this.#syncedNames.keys()])) {
      const inode = (random() < 0.5 ? this.#names : this.#syncedNames).get(path);
      if (inode !== undefined) names.set(path, inode);
    }
    for (const inode of new Set(names.values())) inode.synced = inode.content = survived(inode, random);
    this.#names = names;
    this.#syncedNames = new Map(names);
  }

  #file(path: string, inode: Inode): DiskFile {
    const disk = this;
    const life = this.#life;
    const sync = (content: Buffer) => {
      if (life === disk.#life) inode.synced = content;
    };
    return {
      get isLinked() {
        return [...disk.#names.values()].includes(inode);
      },
      write(bytes, at) {
        const code = disk.fails('write', path);
        // What fails may have written some of it.
        const written = code === undefined ? bytes : bytes.subarray(0, bytes.length >> 1);
        const grown = Buffer.alloc(Math.max(inode.content.length, at + written.length));
        inode.content.copy(grown);
        written.copy(grown, at);
        inode.content = grown;
        if (code !== undefined) throw failure(code, path);
      },
      truncate(bytes) {
        inode.content = Buffer.from(inode.content.subarray(0, bytes));
      },
      sync() {
        disk.#check('sync', path);
        sync(Buffer.from(inode.content));
      },
      async syncLater() {
        disk.#check('syncLater', path);
        const content = Buffer.from(inode.content);
        await new Promise(setImmediate);
        sync(content);
      },
      close() {},
    };
  }

  #at(call: keyof Disk, path: string): Inode {
    this.#check(call, path);
    const inode = this.#names.get(path);
    if (inode === undefined) throw failure('ENOENT', path);
    return inode;
  }

  #check(call: keyof Disk | keyof DiskFile, path: string): void {
    const code = this.fails(call, path);
    if (code !== undefined) throw failure(code, path);
  }
}

function survived({ content, synced }: Inode, random: () => number): Buffer {
  const least = Math.min(synced.length, content.length);
  const length =
    content.length < synced.length ? content.length : least + Math.round(random() * (content.length - least));
  const result = Buffer.alloc(length);
  for (let at = 0; at < length; at += SECTOR) {
    const source = random() < 0.5 ? content : synced;
    if (at < source.length) source.copy(result, at, at, at + SECTOR);
  }
  return result;
}
