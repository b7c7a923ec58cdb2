/** A socket that an earlier shipper left, where the present one is to be. */
import { lstatSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { ConfigError, codeOf } from '../../errors.js';

/** Removes a socket that no process listens on any more; refuses anything else at that path. */
export async function removeStale(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) {
    throw new ConfigError([`LOGTAP_SOCKET: '${path}' exists and is no socket. Remove it or choose another path.`]);
  }
  const answer = await new Promise<string>((resolve) => {
    const probe = createConnection(path, () => {
      probe.destroy();
      resolve('listening');
    });
    probe.once('error', (error) => resolve(codeOf(error)));
  });
  if (answer === 'ECONNREFUSED') {
    rmSync(path);
  } else if (answer !== 'ENOENT') {
    const why = answer === 'listening' ? 'another shipper listens on it' : `connecting to it fails with ${answer}`;
    throw new ConfigError([`LOGTAP_SOCKET: '${path}' is in use: ${why}. Stop it or choose another path.`]);
  }
}
