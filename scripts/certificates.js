// Certificates for tests of TLS: an authority of our own and the certificates it signs, made by openssl, valid for two days.
const { execFileSync } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/**
 * @typedef {object} Certificate
 * @property {string} certFile
 * @property {string} keyFile PKCS #8
 * @property {Buffer} cert
 * @property {Buffer} key
 */

/**
 * @typedef {object} Authority
 * @property {string} file its certificate
 * @property {Buffer} ca the same
 * @property {(name: string, address?: string) => Certificate} issue for a server on 127.0.0.1, or at logs.example, or at the
 *   address, or a client, with the name as CN
 */

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** @param {string[]} args */
const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });

/**
 * Makes an authority whose files are in `directory`.
 * @param {string} directory
 * @param {string} [name]
 * @returns {Authority}
 */
function createAuthority(directory, name = 'ca') {
  /** @param {string} file */
  const at = (file) => join(directory, file);
  const [ca, caKey] = [at(`${name}.pem`), at(`${name}.key`)];
  openssl('req', '-x509', ...KEY, '-keyout', caKey, '-out', ca, '-days', '2', '-subj', `/CN=${name}`);
  return {
    file: ca,
    ca: readFileSync(ca),
    issue(subject, address = '127.0.0.1') {
      const [certFile, keyFile] = [at(`${name}-${subject}.pem`), at(`${name}-${subject}.key`)];
      const [request, extensions] = [at('request.csr'), at('extensions')];
      openssl('req', '-new', ...KEY, '-keyout', keyFile, '-out', request, '-subj', `/CN=${subject}`);
      writeFileSync(extensions, `subjectAltName=IP:127.0.0.1,IP:${address},DNS:localhost,DNS:logs.example\n`);
      const signed = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', extensions];
      openssl('x509', '-req', '-in', request, '-out', certFile, ...signed);
      return { certFile, keyFile, cert: readFileSync(certFile), key: readFileSync(keyFile) };
    },
  };
}

module.exports = { createAuthority };
