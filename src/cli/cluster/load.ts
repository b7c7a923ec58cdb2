/** Loads the bundle with the client of Kubernetes when a command needs it, and gives its errors their exit codes. */
import { existsSync } from 'node:fs';
import { clusterFile } from '../package-files.js';
import { CommandError, EXIT } from '../usage.js';
import type { ClusterErrorName, ClusterModule } from './cluster-module.js';

const EXIT_CODES: Readonly<Record<ClusterErrorName, number>> = {
  ClusterUnreachable: EXIT.UNAVAILABLE,
  ClusterForbids: EXIT.NO_PERMISSION,
  ClusterRefuses: EXIT.UNAVAILABLE,
};

/** @throws CommandError if the package does not have it, or for an error of the cluster */
export async function inCluster<T>(act: (cluster: ClusterModule) => Promise<T>): Promise<T> {
  if (!existsSync(clusterFile)) {
    throw new CommandError(
      `${clusterFile} does not exist. Install the npm package cdk8s-logtap, or run \`npm run build\``,
      EXIT.INTERNAL,
    );
  }
  try {
    return await act(require(clusterFile));
  } catch (error) {
    const { name, message } = error as Error;
    if (!Object.hasOwn(EXIT_CODES, name)) throw error;
    throw new CommandError(message, EXIT_CODES[name as ClusterErrorName]);
  }
}
