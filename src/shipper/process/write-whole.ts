/** Writes to files that end whole, or with an error. */
import { writeSync } from 'node:fs';

/**
 * A disk that becomes full takes a part of what is written, without an error. `at`: by default where the descriptor is. Throws the system's
 * errors; some of the bytes may be there then.
 */
export function writeWhole(fd: number, bytes: Buffer, at?: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, at === undefined ? null : at + done);
  }
}
