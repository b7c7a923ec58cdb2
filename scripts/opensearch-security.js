// The same node as opensearch.js, with the security plugin: TLS by an authority of our own, users, roles.
//
// Exported for set-up and tests: ensureOpenSearchSecurity(), isOpenSearchSecurityPresent(), startSecuredOpenSearch().
const { execFileSync } = require('node:child_process');
const { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } = require('node:fs');
const { request } = require('node:https');
const { join } = require('node:path');
const { cacheDir } = require('./cache.js');
const { createAuthority } = require('./certificates.js');
const { ensureOpenSearch, isOpenSearchPresent, startOpenSearch } = require('./opensearch.js');

const VERSION = '3.4.0.0';
const PLUGIN = `org.opensearch.plugin:opensearch-security:${VERSION}:zip`;
const COLLECTIONS = 'org.apache.commons:commons-collections4:4.5.0';
const target = () => join(cacheDir(), `opensearch-security-${VERSION}`);

const isOpenSearchSecurityPresent = () => isOpenSearchPresent() && existsSync(target());

/** Downloads the plugin, unless it is there. */
function ensureOpenSearchSecurity() {
  ensureOpenSearch();
  if (existsSync(target())) return;
  const work = mkdtempSync(join(cacheDir(), 'opensearch-security-'));
  const pom = join(work, 'pom.xml');
  try {
    /** @param {string} goal @param {string} artifact */
    const fetchInto = (goal, artifact) => {
      const plugin = `org.apache.maven.plugins:maven-dependency-plugin:2.8:${goal}`;
      const args = ['-B', '-ntp', '-q', plugin, `-Dartifact=${artifact}`, `-DoutputDirectory=${work}`];
      execFileSync('mvn', ['-f', pom, ...args], { stdio: 'pipe' });
    };
    // A copy: Maven writes beside it.
    cpSync(join(__dirname, 'opensearch', 'pom.xml'), pom);
    fetchInto('unpack', PLUGIN);
    fetchInto('copy', COLLECTIONS);
    renameSync(work, target());
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @typedef {import('./opensearch.js').OpenSearchServer & {
 *   authority: import('./certificates.js').Authority,
 *   ask: (method: string, path: string, body?: unknown) => Promise<{ status: number, json: any }>,
 * }} SecuredOpenSearchServer `ask` asks it as its administrator
 */

/**
 * Starts a node on a free port, with its certificates in `directory`. It takes client certificates and passwords.
 * @param {string} directory
 * @returns {Promise<SecuredOpenSearchServer>}
 */
async function startSecuredOpenSearch(directory) {
  ensureOpenSearchSecurity();
  const authority = createAuthority(directory);
  const node = authority.issue('node');
  const admin = authority.issue('admin');

  /** @param {string} url @param {string} method @param {string} path @param {unknown} [body] */
  const ask = (url, method, path, body) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const options = { method, headers, ca: authority.ca, cert: admin.cert, key: admin.key, agent: false };
      const sent = request(`${url}${path}`, options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          const json = /^[[{]/.test(text) ? JSON.parse(text) : text;
          resolve({ status: response.statusCode ?? 0, json });
        });
      });
      sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    });

  const server = await startOpenSearch({
    extension: {
      module: 'org.opensearch.security.OpenSearchSecurityPlugin',
      jars: readdirSync(target())
        .filter((name) => name.endsWith('.jar'))
        .map((name) => join(target(), name)),
      configure(config) {
        for (const file of [authority.file, node.certFile, node.keyFile])
          cpSync(file, join(config, file.split('/').at(-1) ?? ''));
        mkdirSync(join(config, 'opensearch-security'), { recursive: true });
        cpSync(join(target(), 'config'), join(config, 'opensearch-security'), { recursive: true });
      },
      isReady: async (url) => {
        // It answers before it knows its users, and reads each part of them by itself.
        for (const part of ['roles', 'rolesmapping', 'internalusers']) {
          const { status, json } = await ask(url, 'GET', `/_plugins/_security/api/${part}/`);
          if (status !== 200 || Object.keys(json).length === 0) return false;
        }
        return true;
      },
      scheme: 'https',
    },
    settings: {
      ...Object.fromEntries(
        ['transport', 'http'].flatMap((layer) => [
          [`plugins.security.ssl.${layer}.pemcert_filepath`, 'ca-node.pem'],
          [`plugins.security.ssl.${layer}.pemkey_filepath`, 'ca-node.key'],
          [`plugins.security.ssl.${layer}.pemtrustedcas_filepath`, 'ca.pem'],
        ]),
      ),
      'plugins.security.ssl.http.enabled': 'true',
      'plugins.security.ssl.http.clientauth_mode': 'OPTIONAL',
      'plugins.security.allow_default_init_securityindex': 'true',
      'plugins.security.authcz.admin_dn': 'CN=admin',
      'plugins.security.nodes_dn': 'CN=node',
    },
  });
  return { ...server, authority, ask: (method, path, body) => ask(server.url, method, path, body) };
}

module.exports = { ensureOpenSearchSecurity, isOpenSearchSecurityPresent, startSecuredOpenSearch };
