/** Compression of objects, in a thread of its own. */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { ConfigError } from '../../errors.js';

export interface Compression {
  /** End of a key. */
  readonly suffix: string;
  readonly type: string;
  compress(body: Buffer): Promise<Buffer>;
}

type Compress = (body: Buffer, callback: (error: Error | null, compressed: Buffer) => void) => void;

/** Throws a ConfigError where this Node has no such compression. */
export function compressionOf(
  name: 'gzip' | 'zstd',
  zstd = (zlib as { readonly zstdCompress?: Compress }).zstdCompress,
): Compression {
  if (name === 'gzip') {
    const compress = promisify<Buffer, Buffer>(zlib.gzip as Compress);
    return { suffix: '.ndjson.gz', type: 'application/gzip', compress };
  }
  if (zstd === undefined) {
    throw new ConfigError([
      `LOGTAP_S3_COMPRESSION=zstd needs Node 22.15 or later, and this is ${process.version}. Use gzip, or another Node.`,
    ]);
  }
  return { suffix: '.ndjson.zst', type: 'application/zstd', compress: promisify<Buffer, Buffer>(zstd) };
}
