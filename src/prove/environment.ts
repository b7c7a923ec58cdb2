/** The environment of the shipper of a proof: the user's own, with places and bounds of the proof. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ProofRequest } from '../cli/prove/prove-module.js';
import { settingsOf } from './service.js';

const MIB = 1024 * 1024;
/** Small, so that a hold and the rings are full within seconds. */
const BOUNDS = {
  LOGTAP_MEMORY_MAX_BYTES: String(MIB),
  LOGTAP_SPOOL_MAX_BYTES: String(MIB),
  LOGTAP_RING_BYTES: String(MIB / 8),
};
/** They belong to a pod, or to another shipper. */
const FOREIGN = [
  'LD_PRELOAD',
  'LOGTAP_EXIT_WITHOUT_WRITERS_SECONDS',
  'LOGTAP_TERMINATION_GRACE_SECONDS',
  'NO_PROXY',
  'no_proxy',
  'http_proxy',
  'https_proxy',
];

export function shipperEnvironment(
  { env, service, directory }: ProofRequest,
  { rings, port, proxy }: { readonly rings: string; readonly port: number; readonly proxy: string },
): Record<string, string> {
  const given = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !FOREIGN.includes(entry[0]),
  );
  const own = (name: string, file: string) => (env[name] === undefined ? {} : { [name]: join(directory, file) });
  mkdirSync(rings, { recursive: true });
  return {
    ...Object.fromEntries(given),
    ...BOUNDS,
    ...settingsOf(service),
    LOGTAP_RING_DIR: rings,
    LOGTAP_SOCKET: join(directory, 'logtap.sock'),
    LOGTAP_STATUS_HOST: '127.0.0.1',
    LOGTAP_STATUS_PORT: String(port),
    ...own('LOGTAP_SPOOL_DIR', 'spool'),
    ...own('LOGTAP_DEAD_LETTER_FILE', 'dead-letters'),
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    NO_PROXY: '',
  };
}

/** For requests to the service itself, not through the faults. */
export const withoutProxy = (env: Readonly<Record<string, string>>) => {
  return { ...env, HTTP_PROXY: undefined, HTTPS_PROXY: undefined };
};
