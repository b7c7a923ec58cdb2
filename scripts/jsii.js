// The jsii compiler with what the constructs are compiled against, and a Python with the same libraries, in the cache.
// jsii checks that the constructs can be used from other languages than TypeScript.
//
//     node scripts/jsii.js            installs both unless they are there
//
// Versions and hashes of the npm packages are those of jsii/package-lock.json. Needs npm, and python3 with pip and venv.
// Exported for set-up and tests: ensureJsii(), isJsiiPresent().
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } = require('node:fs');
const { join } = require('node:path');
const { cacheDir } = require('./cache.js');
const { ensureVenv, isVenvPresent } = require('./python-venv.js');

const FILES = ['package.json', 'package-lock.json'];
/** Of the constructs' libraries, the versions of jsii/package.json. */
const PYTHON_PACKAGES = ['jsii==1.142.0', 'cdk8s==2.70.106', 'cdk8s-plus-28==2.5.6', 'constructs==10.8.1'];

const source = join(__dirname, 'jsii');

function target() {
  const hash = createHash('sha256');
  for (const file of FILES) hash.update(readFileSync(join(source, file)));
  return join(cacheDir(), `jsii-${hash.digest('hex').slice(0, 8)}`);
}

const isJsiiPresent = () => existsSync(target()) && isVenvPresent('jsii-python', PYTHON_PACKAGES);

function ensureNodeModules() {
  const directory = target();
  if (existsSync(directory)) return directory;
  const work = mkdtempSync(join(cacheDir(), 'install-'));
  try {
    for (const file of FILES) copyFileSync(join(source, file), join(work, file));
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: work, stdio: 'pipe' });
    // One rename, so that a directory that is there is complete.
    renameSync(work, directory);
  } catch (error) {
    // Another process was faster.
    if (!existsSync(directory)) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return directory;
}

/**
 * Installs what is missing.
 * @returns {{ nodeModules: string, python: string }} the directory of the npm packages, and the Python interpreter
 */
function ensureJsii() {
  const nodeModules = join(ensureNodeModules(), 'node_modules');
  return { nodeModules, python: join(ensureVenv('jsii-python', PYTHON_PACKAGES), 'python') };
}

module.exports = { ensureJsii, isJsiiPresent };

if (require.main === module) {
  try {
    console.log(ensureJsii());
  } catch (error) {
    console.error(`jsii: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
