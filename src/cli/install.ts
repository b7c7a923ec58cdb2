/**
 * `logtap install DIR [RINGS]`: the command of the init container. Puts the library and the program of the probes
 * for this machine's architecture into DIR, and creates the directory RINGS, in which programs that start before the shipper create their own rings.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  constants as modes,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { parseCommand } from './command-line/parse-command.js';
import { INSTALL } from './commands/sidecar.js';
import { installedFiles } from './package-files.js';
import { CommandError, EXIT } from './usage.js';

/**
 * Writes a temporary file and renames it to the target. A program that starts meanwhile loads either the old or the new
 * library, and a restarted init container can install again.
 */
export function install(args: readonly string[]): number {
  const [directory = '', rings] = parseCommand(INSTALL, args).args;
  for (const [name, path] of installedFiles()) {
    const content = readFileSync(path);
    inDirectory(directory, (handle) => put(handle, name, content));
  }
  // For any user, independent of the umask.
  if (rings !== undefined) inDirectory(rings, (handle) => fchmodSync(handle, 0o777));
  return EXIT.OK;
}

/**
 * Acts on a directory through a descriptor. Creates a missing directory. The descriptor keeps naming the checked directory even if
 * a user with write access to its parent replaces it.
 */
function inDirectory(path: string, act: (handle: number) => void): void {
  let handle: number | undefined;
  try {
    mkdirSync(path, { recursive: true });
    handle = openSync(path, modes.O_RDONLY | modes.O_DIRECTORY | modes.O_NOFOLLOW);
    const { uid } = fstatSync(handle);
    if (uid !== 0 && uid !== process.getuid?.()) throw new Error(`it belongs to user ${uid}`);
    act(handle);
  } catch (error) {
    throw new CommandError(
      `cannot write to ${path}: ${(error as Error).message}. It must be a directory, not a link, that belongs to root or to user ${process.getuid?.()}, who must be able to write there: mount a memory emptyDir.`,
      EXIT.CANNOT_CREATE,
    );
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function put(directory: number, name: string, content: Buffer): void {
  // Node has no openat(2). This path has the same effect.
  const within = (entry: string) => `/proc/self/fd/${directory}/${entry}`;
  const temporary = within(`${name}.${randomBytes(8).toString('hex')}`);
  try {
    const file = openSync(temporary, modes.O_WRONLY | modes.O_CREAT | modes.O_EXCL | modes.O_NOFOLLOW, 0o755);
    try {
      writeFileSync(file, content);
      fchmodSync(file, 0o755);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, within(name));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
