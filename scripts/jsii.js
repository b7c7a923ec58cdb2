// The jsii compiler with the libraries that the constructs are compiled against, and a Python with the same ones, in the cache.
// jsii checks that the constructs can be used from other languages than TypeScript.
//
//     node scripts/jsii.js            installs both unless they are there
//
// Needs npm, and python3 with pip and venv. Exported for set-up and tests: ensureJsii(), isJsiiPresent(), PYTHON_PACKAGES.
const { join } = require('node:path');
const { ensureLocked, isLockedPresent } = require('./locked-packages.js');
const { ensureVenv, isVenvPresent } = require('./python-venv.js');

/** Of the constructs' libraries, the versions of jsii/package.json. */
const PYTHON_PACKAGES = ['jsii==1.142.0', 'cdk8s==2.70.106', 'cdk8s-plus-28==2.5.6', 'constructs==10.8.1'];

const isJsiiPresent = () => isLockedPresent('jsii') && isVenvPresent('jsii-python', PYTHON_PACKAGES);

/**
 * Installs the missing parts.
 * @returns {{ nodeModules: string, python: string }} the directory of the npm packages, and the Python interpreter
 */
function ensureJsii() {
  const nodeModules = join(ensureLocked('jsii'), 'node_modules');
  return { nodeModules, python: join(ensureVenv('jsii-python', PYTHON_PACKAGES), 'python') };
}

module.exports = { ensureJsii, isJsiiPresent, PYTHON_PACKAGES };

if (require.main === module) {
  try {
    console.log(ensureJsii());
  } catch (error) {
    console.error(`jsii: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
