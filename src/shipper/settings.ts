/** The shipper's settings, from its environment, which is read nowhere else. */
import { type Environment, readSettings } from '../catalog/read-settings.js';
import type { Settings } from '../catalog/settings.js';
import { ConfigError } from './errors.js';

export type { Environment, Settings };

/** Reads the environment. `notice` is told of the predecessor's names. Throws a ConfigError with every problem. */
export function parseSettings(env: Environment, notice: (message: string) => void): Settings {
  const { settings, problems, notices } = readSettings(env);
  for (const message of [...notices, ...unread(env)]) notice(message);
  if (problems.length > 0) throw new ConfigError(problems.map(({ text }) => text));
  return settings;
}

/** Variables that other programs read, and the shipper does not. */
function unread(env: Environment): string[] {
  const proxies = ['ALL_PROXY', 'all_proxy']
    .filter((name) => env[name])
    .map((name) => `${name} has no effect: set HTTPS_PROXY and HTTP_PROXY`);
  if (/--use-openssl-ca/.test(env.NODE_OPTIONS ?? '')) return proxies;
  const authorities = ['SSL_CERT_FILE', 'SSL_CERT_DIR']
    .filter((name) => env[name])
    .map(
      (name) =>
        `${name} has no effect: Node reads NODE_EXTRA_CA_CERTS. LOGTAP_OPENSEARCH_CA_FILE, LOGTAP_TCP_CA_FILE, LOGTAP_FORWARD_CA_FILE and AWS_CA_BUNDLE name the authorities of one service each.`,
    );
  return [...proxies, ...authorities];
}
