// A program that reads YAML exactly as kubectl does, since it is kubectl's own reader: the judge of what manifests mean.
//
//     node scripts/kubectl-yaml.js            builds it unless it is in the cache
//
// Versions and hashes of the modules are those of kubectl-yaml/go.sum. Needs Go. Exported for set-up and tests:
// ensureKubectlYaml(), isKubectlYamlPresent().
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, readdirSync, readFileSync, renameSync } = require('node:fs');
const { join } = require('node:path');
const { cacheDir } = require('./cache.js');

const source = join(__dirname, 'kubectl-yaml');

function target() {
  const hash = createHash('sha256');
  for (const file of readdirSync(source).sort()) hash.update(readFileSync(join(source, file)));
  return join(cacheDir(), `kubectl-yaml-${hash.digest('hex').slice(0, 8)}`);
}

const isKubectlYamlPresent = () => existsSync(target());

/**
 * Builds the program unless it is there.
 * @returns {string} the program: manifests on standard input, a line of JSON for each on standard output
 */
function ensureKubectlYaml() {
  const program = target();
  if (existsSync(program)) return program;
  const unfinished = `${program}.${process.pid}`;
  const env = {
    ...process.env,
    CGO_ENABLED: '0',
    GOCACHE: cacheDir('go-build'),
    GOFLAGS: '-mod=readonly -modcacherw',
    GOMODCACHE: cacheDir('go-modules'),
  };
  execFileSync('go', ['build', '-o', unfinished, '.'], { cwd: source, env, stdio: 'pipe' });
  // One rename, so that a program that is there is complete.
  renameSync(unfinished, program);
  return program;
}

module.exports = { ensureKubectlYaml, isKubectlYamlPresent };

if (require.main === module) {
  try {
    console.log(ensureKubectlYaml());
  } catch (error) {
    console.error(`kubectl-yaml: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
