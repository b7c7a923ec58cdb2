import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Writes a file that another process reads whole, as it was or as it is now. Throws the system's errors. */
export function replaceFile(path: string, text: string): void {
  const making = `${path}.new`;
  // Of a shipper that was killed, or a link or pipe of another user of the directory.
  rmSync(making, { force: true, recursive: true });
  writeFileSync(making, text, { flag: 'wx', mode: 0o600 });
  renameSync(making, path);
}
