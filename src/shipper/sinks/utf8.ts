/** Messages for protocols whose texts are UTF-8. */
import { isUtf8 } from 'node:buffer';
import type { RecordBatch } from '../parts.js';

/** The message of a record; bytes that are not UTF-8 become U+FFFD, at most three times as long. */
export function utf8Of({ bytes, start, length }: RecordBatch, i: number): Uint8Array {
  const given = bytes.subarray(start[i]!, start[i]! + length[i]!);
  return isUtf8(given) ? given : Buffer.from(Buffer.from(given.buffer, given.byteOffset, given.length).toString());
}
