/** Paths of the parts of the installed package, relative to the bundled CLI in dist/cli. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_NAME, NATIVE_DIRECTORIES, PROBE_NAME } from '../contract.js';
import { CommandError, EXIT } from './usage.js';

const dist = join(__dirname, '..');

/** The bundle of the command line. */
export const commandsFile = join(__dirname, 'main.js');

/** The shipper's bundle. */
export const shipperFile = join(dist, 'shipper', 'main.js');

/** The bundle of `logtap try` and `logtap run --record`. */
export const tryFile = join(dist, 'try', 'main.js');

/** The bundle of the commands that talk to a cluster. */
export const clusterFile = join(dist, 'cluster', 'main.js');

/** The bundle of `logtap migrate`. */
export const migrateFile = join(dist, 'migrate', 'main.js');

/** The bundle of `logtap audit`. */
export const auditFile = join(dist, 'audit', 'main.js');

/** The bundle of `logtap prove`, the program of its writers, and the one that outlives its kill. */
export const proveFile = join(dist, 'prove', 'main.js');
export const proofWriterFile = join(dist, 'prove', 'writer.js');
export const proofGuardFile = join(dist, 'prove', 'guard.js');

/** Page that explains each finding. */
export const findingsPage = join(dist, '..', 'docs', 'reference', 'findings.md');

/** What the init container installs, in the order in which it does. */
const INSTALLED = [PROBE_NAME, LIBRARY_NAME] as const;

/** The library for this machine's architecture. @throws CommandError if the package has none */
export const libraryFile = () => nativeFile(LIBRARY_NAME);

/** The paths of the files that the init container installs, by their names. @throws CommandError if one is missing */
export const installedFiles = (): ReadonlyMap<string, string> =>
  new Map(INSTALLED.map((name) => [name, nativeFile(name)]));

function nativeFile(name: string): string {
  const directory = NATIVE_DIRECTORIES[process.arch];
  const file = directory === undefined ? undefined : join(dist, 'native', directory, name);
  if (file === undefined || !existsSync(file)) {
    throw new CommandError(
      `there is no ${name} for the architecture '${process.arch}' in this package (looked for ${file ?? 'x64 and arm64'}). Use the image built for this architecture, or build one with \`npm run build\`.`,
      EXIT.INTERNAL,
    );
  }
  return file;
}
