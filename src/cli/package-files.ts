/** Where the parts of the installed package lie, seen from the bundled CLI in dist/cli. */
import { join } from 'node:path';
import { LIBRARY_NAME } from '../contract.js';

const dist = join(__dirname, '..');

/** The shipper's bundle. */
export const shipperFile = join(dist, 'shipper', 'main.js');

/** Node's name of an architecture to the directory that holds its library. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** The library for an architecture, or undefined where none is built for it. */
export function libraryFile(architecture: string = process.arch): string | undefined {
  const directory = ARCHITECTURES[architecture];
  return directory === undefined ? undefined : join(dist, 'native', directory, LIBRARY_NAME);
}
