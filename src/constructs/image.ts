/** The image that installs the library and runs the shipper: one image, tagged with this package's version. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Image of the injected containers unless `LogTapProps.image` names another. */
export function defaultImage(): string {
  // Two levels up from src/constructs, as from dist/constructs and the bundled dist/cli.
  const { version } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8'));
  return `cdk8s-logtap:${version}`;
}
