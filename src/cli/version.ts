/** The version of the installed package. The path is the same from the bundled CLI in dist/cli and from src/cli. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function version(): string {
  return JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')).version;
}
