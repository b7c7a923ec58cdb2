/** Reads the files that a command line names. */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';

/** A pipe may have a long text; a device such as /dev/zero has no end. */
const PIPE_MAX = 256 * 1024 * 1024;
const CHUNK = 65_536;

/** The bytes of a file or a pipe. Throws as `readFileSync` does, and where a pipe or a device has more than 256 MiB. */
export function readWhole(path: string): Buffer {
  return statSync(path).isFile() ? readFileSync(path) : readToItsEnd(path);
}

function readToItsEnd(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let bytes = 0; ; ) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const length = readSync(file, chunk);
      if (length === 0) return Buffer.concat(chunks, bytes);
      bytes += length;
      if (bytes > PIPE_MAX) throw new Error(`it is no regular file, and has more than ${PIPE_MAX} bytes`);
      chunks.push(chunk.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
}
