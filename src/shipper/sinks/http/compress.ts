/** Request bodies as gzip, in a thread of its own; the lowest level, which is worth its CPU time most. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const LEVEL = 1;
const compressAt = promisify<Buffer, { level: number }, Buffer>(gzip);

export function compress(body: Buffer): Promise<Buffer> {
  return compressAt(body, { level: LEVEL });
}
