/**
 * Which files are locked, in any namespace of processes: /proc/locks names locks of open file descriptions
 * (fcntl(2), F_OFD_SETLK) to every process, which Node itself has no call for.
 */
import { closeSync, openSync, readFileSync, type Stats, statfsSync } from 'node:fs';

const LOCKS = '/proc/locks';
const TMPFS = 0x01021994;

/**
 * Whether `lockedFiles` can name files of a directory. The numbers of a file in memory are the same everywhere; those of
 * layered file systems are not those of their locks. The list is not read: for that the kernel waits until no processor is in a file
 * system, which takes ten milliseconds, and a pod waits for its shipper.
 */
export function showsLocks(directory: string): boolean {
  try {
    closeSync(openSync(LOCKS, 'r'));
    return statfsSync(directory).type === TMPFS;
  } catch {
    return false;
  }
}

/** Keys of all locked files; `undefined` where the system does not say, or not now. */
export function lockedFiles(): ReadonlySet<string> | undefined {
  let text: string;
  try {
    text = readFileSync(LOCKS, 'latin1');
  } catch {
    return undefined;
  }
  // `1: OFDLCK ADVISORY  WRITE -1 00:1b:49626 0 EOF`
  return new Set(text.match(/[0-9a-f]+:[0-9a-f]+:\d+(?= )/g));
}

/** A file as /proc/locks names it: device numbers in hexadecimal, inode. */
export function lockKey({ dev, ino }: Stats): string {
  const major = ((dev >>> 8) & 0xfff).toString(16).padStart(2, '0');
  const minor = ((dev & 0xff) | ((dev >>> 12) & 0xfff00)).toString(16).padStart(2, '0');
  return `${major}:${minor}:${ino}`;
}
