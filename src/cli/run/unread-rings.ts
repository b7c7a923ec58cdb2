/** Whether a directory of rings contains bytes that no shipper has released. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { RING_HEADER, RING_NAMES } from '../../contract.js';

const offsetOf = (name: string) => RING_HEADER.find((word) => word.name === name)!.offset;
const HEAD = offsetOf('head');
const TAIL = offsetOf('tail');

export function holdsUnread(directory: string): boolean {
  return readdirSync(directory)
    .filter((name) => name.startsWith(RING_NAMES.USED))
    .some((name) => {
      const ring = openSync(join(directory, name), 'r');
      try {
        return word(ring, HEAD) > word(ring, TAIL);
      } finally {
        closeSync(ring);
      }
    });
}

function word(ring: number, offset: number): bigint {
  const bytes = Buffer.alloc(8);
  readSync(ring, bytes, 0, 8, offset);
  return bytes.readBigUInt64LE();
}
