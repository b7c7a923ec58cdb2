/** Earlier builds of the library and the shipper, unpacked: test/fixtures/releases/README.md. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { library, root, shipper, temporaryDirectory } from './run.js';

export interface Build {
  readonly library: string;
  readonly shipper: string;
}

export const THIS_BUILD: Build = { library, shipper };

export function unpackRelease(name: string): Build {
  const directory = temporaryDirectory();
  const packed = (file: string) => join(root, 'test/fixtures/releases', name, `${file}.gz`);
  const unpack = (file: string) => {
    const path = join(directory, file);
    writeFileSync(path, gunzipSync(readFileSync(packed(file))), { mode: 0o755 });
    return path;
  };
  const library = unpack('liblogtap.so');
  if (!existsSync(packed('shipper.tar'))) return { library, shipper: unpack('shipper.js') };
  execFileSync('tar', ['-C', directory, '-xf', unpack('shipper.tar')]);
  return { library, shipper: join(directory, 'shipper/main.js') };
}
