import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../errors.js';

/**
 * Makes a directory and those above it that are missing; an existing one stays. Throws the system's errors. Node's own `recursive`
 * asks without end where a file system makes no directories and answers that none is there, as /proc does.
 */
export function makeDirectories(path: string, mode?: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    const above = dirname(path);
    if (codeOf(error) === 'ENOENT' && !isDirectory(above)) {
      makeDirectories(above, mode);
      makeDirectories(path, mode);
    } else if (!isDirectory(path)) throw error;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
