/** Earlier builds of the library and the shipper, unpacked: test/fixtures/releases/README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
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
  const unpack = (file: string) => {
    const path = join(directory, file);
    writeFileSync(path, gunzipSync(readFileSync(join(root, 'test/fixtures/releases', name, `${file}.gz`))), {
      mode: 0o755,
    });
    return path;
  };
  return { library: unpack('liblogtap.so'), shipper: unpack('shipper.js') };
}
