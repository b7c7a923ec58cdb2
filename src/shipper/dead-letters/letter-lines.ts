/** The lines of a file of letters. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** From its beginning. The descriptor stays open. */
export function letterLines(fd: number): AsyncIterable<string> {
  return createInterface({
    input: createReadStream('', { fd, start: 0, autoClose: false }),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
}
