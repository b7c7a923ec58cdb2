/** Reads files, including those of a process with another root directory. */
import { closeSync, fstatSync, openSync, readlinkSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Elf, readElf } from './elf.js';

/** The limit of Linux (path_resolution(7)). */
const LINKS_MAX = 40;

/** The system's code of an error, such as ENOENT. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/**
 * The path in our root directory of a path in another one. Follows symbolic links inside that other root, because its absolute
 * links do not refer to ours.
 *
 * @throws as fs does, if a part of the path is missing
 */
export function pathInRoot(root: string, path: string): string {
  const todo = path.split('/').reverse();
  let links = 0;
  let at = '/';
  while (todo.length > 0) {
    const part = todo.pop() ?? '';
    if (part === '' || part === '.') continue;
    if (part === '..') {
      at = dirname(at);
      continue;
    }
    const next = join(at, part);
    const target = linkTarget(join(root, next));
    if (target === undefined) {
      at = next;
      continue;
    }
    links += 1;
    if (links > LINKS_MAX) throw Object.assign(new Error(`ELOOP: ${path} leads in circles`), { code: 'ELOOP' });
    if (target.startsWith('/')) at = '/';
    todo.push(...target.split('/').reverse());
  }
  return join(root, at);
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    // Not a link.
    if (codeOf(error) === 'EINVAL') return undefined;
    throw error;
  }
}

/** A file's first bytes, or fewer if it is shorter. */
export function readStart(path: string, length: number): Buffer {
  return withFile(path, (readAt) => Buffer.from(readAt(0, length)));
}

/** @throws ElfError, or as fs does */
export function readElfFile(path: string): Elf {
  return withFile(path, readElf);
}

function withFile<T>(path: string, use: (readAt: (offset: number, length: number) => Uint8Array) => T): T {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    return use((offset, length) => {
      // At most the rest of the file, because a header may claim any size.
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
      return bytes.subarray(0, bytes.length === 0 ? 0 : readSync(fd, bytes, 0, bytes.length, offset));
    });
  } finally {
    closeSync(fd);
  }
}

export function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/**
 * The options of the mount that a path lies on, such as `nosuid`; empty when unknown.
 *
 * @param mountinfo text of /proc/PID/mountinfo
 */
export function mountOptions(mountinfo: string, path: string): readonly string[] {
  const wanted = resolve(path);
  let best = { point: '', options: '' };
  for (const line of mountinfo.split('\n')) {
    const [, , , , escaped, options] = line.split(' ');
    if (escaped === undefined || options === undefined) continue;
    const point = escaped.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
    const isAbove = point === '/' || wanted === point || wanted.startsWith(`${point}/`);
    // Of several mounts on one place the last one is seen.
    if (isAbove && point.length >= best.point.length) best = { point, options };
  }
  return best.options.split(',');
}
