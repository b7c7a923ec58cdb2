/** The image that installs the library and runs the shipper: one image, tagged with this package's version. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Image of the injected containers unless `LogTapProps.image` names another. */
export function defaultImage(): string {
  const { version } = JSON.parse(readFileSync(packageFile(__dirname), 'utf8'));
  return `cdk8s-logtap:${version}`;
}

/** The package.json above a directory. This file runs from src/constructs, from below dist, and bundled into dist/cli. */
function packageFile(directory: string): string {
  const file = join(directory, 'package.json');
  return existsSync(file) ? file : packageFile(dirname(directory));
}
