/** `logtap install DIR`: the init container's job. Puts the library for this machine's architecture into DIR. */
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_NAME } from '../contract.js';
import { libraryFile } from './package-files.js';
import { CommandError, EXIT, UsageError } from './usage.js';

/**
 * Copies beside the target and renames over it: a program that starts meanwhile loads the old or the new library,
 * never half of one, and a restarted init container may run it again.
 */
export function install(args: readonly string[]): number {
  const [directory, ...rest] = args;
  if (directory === undefined || directory.startsWith('-') || rest.length > 0) {
    throw new UsageError('install takes one directory. Example: logtap install /.logtap/lib');
  }
  const library = libraryFile();
  const target = join(directory, LIBRARY_NAME);
  const temporary = `${target}.${process.pid}`;
  try {
    mkdirSync(directory, { recursive: true });
    copyFileSync(library, temporary);
    renameSync(temporary, target);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary);
    throw new CommandError(
      `cannot write ${target}: ${(error as Error).message}. The directory must be writable by user ${process.getuid?.()}; mount a memory emptyDir there.`,
      EXIT.CANNOT_CREATE,
    );
  }
  return EXIT.OK;
}
