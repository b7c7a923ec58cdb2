// The strict JSON schemas of the Kubernetes API, one directory for each version, from the PyPI wheel kubernetes-validate.
//
//     node scripts/kubernetes-schemas.js            downloads them (23 MB) unless they are in the cache
//
// Needs python3 with pip. Exported for set-up and tests: ensureSchemas(), isSchemasPresent(),
// schemaDirectory().
const { execFile } = require('node:child_process');
const { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } = require('node:fs');
const { join } = require('node:path');
const { promisify } = require('node:util');
const { cacheDir } = require('./cache.js');

const WHEEL = 'kubernetes-validate==1.37.0';
const run = promisify(execFile);

/** Extracts the strict schemas alone: they are a third of the wheel. */
const EXTRACT = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if '-strict/' in name])
`;

const target = () => join(cacheDir(), `kubernetes-schemas-${WHEEL.split('==')[1]}`);

const isSchemasPresent = () => existsSync(target());

/**
 * Downloads the schemas unless they are there.
 * @returns {Promise<string>} the directory that holds one directory for each version
 */
async function ensureSchemas() {
  const directory = target();
  if (existsSync(directory)) return directory;
  const work = mkdtempSync(join(cacheDir(), 'download-'));
  try {
    const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', work, WHEEL];
    await run('python3', pip);
    const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new Error('pip left no wheel');
    await run('python3', ['-c', EXTRACT, join(work, wheel), work]);
    // One rename, so that a directory that is there is complete.
    renameSync(join(work, 'kubernetes_validate', 'kubernetes-json-schema'), directory);
  } catch (error) {
    // Another process was faster.
    if (existsSync(directory)) return directory;
    const reason = error instanceof Error ? error.message : error;
    throw new Error(`cannot get the Kubernetes schemas: ${reason}. They need python3 with pip, and PyPI.`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return directory;
}

/**
 * The directory of one version. Call ensureSchemas() first.
 * @param {string} version such as `1.29`
 * @returns {string}
 */
function schemaDirectory(version) {
  const directory = join(target(), `v${version}.0-local-strict`);
  if (!existsSync(directory)) {
    throw new Error(`no Kubernetes schemas for ${version} in ${target()}: run node scripts/kubernetes-schemas.js`);
  }
  return directory;
}

module.exports = { ensureSchemas, isSchemasPresent, schemaDirectory };

if (require.main === module) {
  ensureSchemas().then(console.log, (error) => {
    console.error(`kubernetes-schemas: ${error.message}`);
    process.exitCode = 1;
  });
}
