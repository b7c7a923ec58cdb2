/** The port of `logtap run --console`, on this machine only. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/** Settings of the shipper that make it serve its console. A port that the caller has set is kept. */
export async function consoleSettings(env: NodeJS.ProcessEnv): Promise<Readonly<Record<string, string>>> {
  const { LOGTAP_STATUS_PORT: set = '' } = env;
  const isSet = set !== '' && set !== 'off';
  return {
    LOGTAP_CONSOLE: 'on',
    LOGTAP_STATUS_HOST: '127.0.0.1',
    LOGTAP_STATUS_PORT: isSet ? set : String(await freePort()),
  };
}

export const consoleUrl = ({ LOGTAP_STATUS_PORT: port }: Readonly<Record<string, string>>): string =>
  `http://127.0.0.1:${port}/`;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
