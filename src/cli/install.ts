/**
 * `logtap install DIR [RINGS]`: the init container's job. Puts the library for this machine's architecture into DIR, and
 * makes the directory in which programs that start before the shipper make rings of their own.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_NAME } from '../contract.js';
import { libraryFile } from './package-files.js';
import { CommandError, EXIT, UsageError } from './usage.js';

/**
 * Copies beside the target and renames over it: a program that starts meanwhile loads the old or the new library,
 * never half of one, and a restarted init container may run it again.
 */
export function install(args: readonly string[]): number {
  const [directory, rings, ...rest] = args;
  if (directory === undefined || args.some((arg) => arg.startsWith('-')) || rest.length > 0) {
    throw new UsageError(
      'install takes a directory, and one for rings. Example: logtap install /.logtap/lib /.logtap/rings',
    );
  }
  const library = libraryFile();
  const target = join(directory, LIBRARY_NAME);
  const temporary = `${target}.${process.pid}`;
  try {
    mkdirSync(directory, { recursive: true });
    copyFileSync(library, temporary);
    renameSync(temporary, target);
    if (rings !== undefined) {
      mkdirSync(rings, { recursive: true });
      // Of any user, whatever the umask.
      chmodSync(rings, 0o777);
    }
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary);
    throw new CommandError(
      `cannot write ${target}: ${(error as Error).message}. The directory must be writable by user ${process.getuid?.()}; mount a memory emptyDir there.`,
      EXIT.CANNOT_CREATE,
    );
  }
  return EXIT.OK;
}
