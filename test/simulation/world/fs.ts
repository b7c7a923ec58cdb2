/** `node:fs` for the shipper in a simulated process. Calls end at once, but for those with a callback, which take their time. */
import { constants } from 'node:fs';
import { DISK, type Inode, parentOf, systemError } from './files.js';
import type { MachineProcess } from './machine.js';
import type { OpenFile } from './open-files.js';
import { procFile } from './proc.js';

/** 00:1b, as /proc/locks names it. */
export const DEVICE = 0x1b;
const TMPFS = 0x01021994;
const EXT4 = 0xef53;
const STDERR = 2;
const FIRST_DESCRIPTOR = 20;
const SYNC_MS = { least: 1, most: 40 };

type Options = { readonly throwIfNoEntry?: boolean; readonly force?: boolean } | undefined;
type Done = (error: Error | null, result?: unknown) => void;

function statsOf(inode: Inode) {
  const is = (kind: Inode['kind']) => () => inode.kind === kind;
  return {
    ...{ dev: DEVICE, ino: inode.ino, size: inode.size, mode: inode.mode, nlink: inode.links, uid: 1000 },
    mtimeMs: inode.mtimeMs,
    ...{ isFile: is('file'), isDirectory: is('directory'), isFIFO: is('fifo'), isSocket: is('socket') },
  };
}

/** The calls by name, as `require('node:fs')` has them. */
export function fileSystemOf(process: MachineProcess) {
  const { machine } = process;
  const { files, scheduler } = machine;

  const resolved = (path: string): string => {
    const [, fd, rest] = /^\/proc\/self\/fd\/(\d+)\/(.*)$/.exec(path) ?? [];
    return fd === undefined ? path : `${fileAt(Number(fd), 'open').path}/${rest}`;
  };
  const enter = (call: string, given: string): string => {
    process.enter(call, given);
    const path = resolved(given);
    const code = machine.trouble(call, path);
    machine.trace(`${process.pid} ${call} ${path}${code === undefined ? '' : ` ${code}`}`);
    if (code !== undefined) throw systemError(code, call, path);
    return path;
  };
  const fileAt = (fd: number, call: string): OpenFile => {
    const file = process.descriptors.get(fd);
    if (file === undefined) throw systemError('EBADF', call, String(fd));
    return file;
  };
  const enterFile = (fd: number, call: string): OpenFile => {
    if (!process.isAlive) process.enter(call, '');
    const file = fileAt(fd, call);
    enter(call, file.path);
    return file;
  };
  const inodeAt = (path: string, call: string): Inode => {
    const inode = files.find(path);
    if (inode === undefined) throw systemError('ENOENT', call, path);
    return inode;
  };
  const open = (path: string, inode: Inode, isAppending: boolean): number => {
    if (process.descriptors.size >= process.descriptorLimit) throw systemError('EMFILE', 'open', path);
    let fd = FIRST_DESCRIPTOR;
    while (process.descriptors.has(fd)) fd += 1;
    process.descriptors.set(fd, { path, inode, isAppending, position: 0 });
    return fd;
  };
  const nowMs = () => scheduler.nowMs + scheduler.wallOffsetMs;
  const special = (path: string): Inode | undefined => {
    const content = procFile(machine, path);
    if (content === undefined) return undefined;
    const bytes = Buffer.from(content);
    return {
      ...{ ino: 1, kind: 'file', content: bytes, size: bytes.length, synced: bytes, mode: 0o444, mtimeMs: 0 },
      ...{ unsyncedSinceMs: undefined, writes: 0 },
      ...{ links: 1, isLocked: false, server: undefined },
    };
  };

  function openSync(given: string, flags: string | number = 'r', mode = 0o666): number {
    const path = enter('open', given);
    const how = flagsOf(flags);
    const known = special(path);
    if (known !== undefined) return open(path, known, false);
    let inode = files.find(path);
    if (inode !== undefined && how.isExclusive) throw systemError('EEXIST', 'open', path);
    if (inode === undefined) {
      if (!how.isCreating) throw systemError('ENOENT', 'open', path);
      inodeAt(parentOf(path), 'open');
      if (process.descriptors.size >= process.descriptorLimit) throw systemError('EMFILE', 'open', path);
      if (path.startsWith(`${DISK}/`) && files.diskUsed >= files.diskBytes) throw systemError('ENOSPC', 'open', path);
      inode = files.make(path, 'file', nowMs(), mode);
    }
    if (inode.kind === 'socket') throw systemError('ENXIO', 'open', path);
    // To a place where nothing is.
    if (inode.kind === 'symlink') throw systemError(how.isFollowing ? 'ENOENT' : 'ELOOP', 'open', path);
    if (inode.kind === 'directory' && how.isWriting) throw systemError('EISDIR', 'open', path);
    const fd = open(path, inode, how.isAppending);
    if (how.isTruncating) files.truncate(inode, 0);
    return fd;
  }

  function readSync(fd: number, into: Uint8Array, at = 0, length = into.length - at, position: number | null = null) {
    const file = enterFile(fd, 'read');
    if (file.pipe !== undefined) {
      const got = file.pipe.read(length);
      if (got === undefined && file.pipe.isEnded) return 0;
      if (got === undefined) throw systemError('EAGAIN', 'read', file.path);
      into.set(got, at);
      return got.length;
    }
    const from = position ?? file.position;
    const part = file.inode.content.subarray(from, Math.min(file.inode.size, from + length));
    into.set(part, at);
    if (position === null) file.position += part.length;
    return part.length;
  }

  function writeSync(fd: number, data: Uint8Array | string, at = 0, length?: number, position: number | null = null) {
    if (fd === STDERR) {
      process.say(data.toString());
      return data.length;
    }
    const file = enterFile(fd, 'write');
    const all = typeof data === 'string' ? Buffer.from(data) : data;
    const bytes = typeof data === 'string' ? all : all.subarray(at, at + (length ?? all.length - at));
    const to = file.isAppending ? file.inode.size : (position ?? file.position);
    const written = files.write(file.path, file.inode, bytes, to, nowMs());
    if (position === null) file.position = to + written;
    return written;
  }

  /** What was there at its begin is what it syncs, when it ends. */
  function syncLater(call: string, fd: number, done: Done): void {
    let file: OpenFile;
    try {
      file = enterFile(fd, call);
    } catch (error) {
      scheduler.after(0, process, () => done(error as Error));
      return;
    }
    const { path, inode } = file;
    const content = inode.kind === 'file' ? Buffer.from(files.bytesOf(inode)) : undefined;
    const [writes, atMs] = [inode.writes, scheduler.nowMs];
    scheduler.after(process.random.between(SYNC_MS.least, SYNC_MS.most), process, () => {
      // Names that came meanwhile may be synced along: a file system may do more than it was asked for.
      if (content === undefined) files.syncDirectory(path);
      else files.sync(inode, content, writes, atMs);
      done(null);
    });
  }

  const stat = (call: string) => (given: string, options?: Options) => {
    const path = enter(call, given);
    const inode = special(path) ?? files.find(path);
    if (inode === undefined && options?.throwIfNoEntry === false) return undefined;
    return statsOf(inode ?? inodeAt(path, call));
  };
  const sync = (call: string) => (fd: number) => {
    const { path, inode } = enterFile(fd, call);
    if (inode.kind === 'directory') files.syncDirectory(path);
    else files.sync(inode);
  };

  const calls = {
    openSync,
    readSync,
    writeSync,
    closeSync(fd: number) {
      if (!process.isAlive) process.enter('close', '');
      fileAt(fd, 'close');
      process.descriptors.delete(fd);
    },
    write(fd: number, data: Uint8Array, at: number, length: number, done: (e: Error | null, n?: number) => void) {
      scheduler.after(0.1, process, () => {
        let written: number;
        try {
          written = writeSync(fd, data, at, length);
        } catch (error) {
          done(error as Error);
          return;
        }
        done(null, written);
      });
    },
    fstatSync: (fd: number) => statsOf(enterFile(fd, 'fstat').inode),
    statSync: stat('stat'),
    lstatSync: stat('lstat'),
    statfsSync: (given: string) => ({ type: enter('statfs', given).startsWith(DISK) ? EXT4 : TMPFS }),
    readFileSync(given: string | number, encoding?: BufferEncoding | { readonly encoding?: BufferEncoding }) {
      const fd = typeof given === 'number' ? given : openSync(given);
      let bytes: Buffer;
      try {
        bytes = Buffer.from(files.bytesOf(enterFile(fd, 'read').inode));
      } finally {
        if (typeof given !== 'number') process.descriptors.delete(fd);
      }
      const name = typeof encoding === 'string' ? encoding : encoding?.encoding;
      return name === undefined ? bytes : bytes.toString(name);
    },
    writeFileSync(given: string, data: string, { mode }: { readonly mode?: number } = {}) {
      const fd = openSync(given, 'w', mode);
      try {
        const bytes = Buffer.from(data);
        for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      } finally {
        process.descriptors.delete(fd);
      }
    },
    existsSync(given: string) {
      process.enter('stat', given);
      return files.find(given) !== undefined;
    },
    readdirSync(given: string) {
      const path = enter('scandir', given);
      inodeAt(path, 'scandir');
      if (process.descriptors.size >= process.descriptorLimit) throw systemError('EMFILE', 'scandir', path);
      return files.list(path);
    },
    mkdirSync(given: string) {
      const path = enter('mkdir', given);
      for (let at = path.indexOf('/', 1); ; at = path.indexOf('/', at + 1)) {
        const each = at < 0 ? path : path.slice(0, at);
        if (files.find(each) === undefined) files.make(each, 'directory', nowMs(), 0o777);
        if (at < 0) return;
      }
    },
    chmodSync(given: string, mode: number) {
      inodeAt(enter('chmod', given), 'chmod').mode = mode;
    },
    fchmodSync(fd: number, mode: number) {
      enterFile(fd, 'fchmod').inode.mode = mode;
    },
    utimesSync(given: string, _: unknown, time: Date) {
      inodeAt(enter('utimes', given), 'utimes').mtimeMs = time.getTime();
    },
    renameSync(givenFrom: string, givenTo: string) {
      const from = enter('rename', givenFrom);
      inodeAt(from, 'rename');
      files.rename(from, resolved(givenTo));
    },
    linkSync(givenFrom: string, givenTo: string) {
      const inode = inodeAt(enter('link', givenFrom), 'link');
      const to = resolved(givenTo);
      if (files.find(to) !== undefined) throw systemError('EEXIST', 'link', to);
      files.link(to, inode);
    },
    unlinkSync(given: string) {
      const path = enter('unlink', given);
      inodeAt(path, 'unlink');
      files.unlink(path);
    },
    rmSync(given: string, options?: Options) {
      const path = enter('unlink', given);
      if (options?.force !== true) inodeAt(path, 'unlink');
      files.unlink(path);
    },
    ftruncateSync: (fd: number, size: number) => files.truncate(enterFile(fd, 'ftruncate').inode, size),
    fsyncSync: sync('fsync'),
    fdatasyncSync: sync('fdatasync'),
    fsync: (fd: number, done: Done) => syncLater('fsync', fd, done),
    fdatasync: (fd: number, done: Done) => syncLater('fdatasync', fd, done),
    realpathSync: (path: string) => path,
  };
  const watched = Object.entries(calls as Record<string, (...args: unknown[]) => unknown>).map(([name, call]) => [
    name,
    (...args: unknown[]) => {
      try {
        return call(...args);
      } catch (error) {
        machine.onFailed(error as NodeJS.ErrnoException);
        throw error;
      }
    },
  ]);
  return { constants, ...(Object.fromEntries(watched) as typeof calls) };
}

function flagsOf(flags: string | number) {
  if (typeof flags === 'string') {
    return {
      isCreating: !flags.startsWith('r'),
      isExclusive: flags.includes('x'),
      isTruncating: flags.startsWith('w'),
      isAppending: flags.startsWith('a'),
      isWriting: flags !== 'r',
      isFollowing: true,
    };
  }
  return {
    isCreating: (flags & constants.O_CREAT) !== 0,
    isExclusive: (flags & constants.O_EXCL) !== 0,
    isTruncating: (flags & constants.O_TRUNC) !== 0,
    isAppending: (flags & constants.O_APPEND) !== 0,
    isWriting: (flags & (constants.O_WRONLY | constants.O_RDWR)) !== 0,
    isFollowing: (flags & constants.O_NOFOLLOW) === 0,
  };
}
