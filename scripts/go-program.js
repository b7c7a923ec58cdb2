// Programs in Go that tests compare with, in the cache: those of scripts/NAME, with the versions and hashes of its go.sum.
//
//     node scripts/go-program.js NAME      builds it unless it is in the cache
//
// kubectl-yaml reads YAML exactly as kubectl does, since it is kubectl's own reader: the judge of what manifests mean.
// helm is Helm 4, and kustomize is kustomize: no registry that tests may use has their binaries.
// prometheus-rules judges rules and queries as Prometheus does.
// otel-receiver has receivers of the OpenTelemetry Collector: for the Forward protocol, and for its own over HTTP.
//
// Needs Go. Exported for set-up and tests: ensureGoProgram(name), isGoProgramPresent(name).
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, readdirSync, readFileSync, renameSync } = require('node:fs');
const { join } = require('node:path');
const { cacheDir } = require('./cache.js');

/** @param {string} name */
function target(name) {
  const source = join(__dirname, name);
  const hash = createHash('sha256');
  for (const file of readdirSync(source).sort()) hash.update(readFileSync(join(source, file)));
  return join(cacheDir(), `${name}-${hash.digest('hex').slice(0, 8)}`);
}

/** @param {string} name */
const isGoProgramPresent = (name) => existsSync(target(name));

/**
 * Builds the program unless it is there.
 * @param {string} name a directory next to this file
 * @returns {string} the program
 */
function ensureGoProgram(name) {
  const program = target(name);
  if (existsSync(program)) return program;
  const unfinished = `${program}.${process.pid}`;
  const env = {
    ...process.env,
    CGO_ENABLED: '0',
    GOCACHE: cacheDir('go-build'),
    GOFLAGS: '-mod=readonly -modcacherw',
    GOMODCACHE: cacheDir('go-modules'),
  };
  execFileSync('go', ['build', '-o', unfinished, '.'], { cwd: join(__dirname, name), env, stdio: 'pipe' });
  // One rename, so that a program that is there is complete.
  renameSync(unfinished, program);
  return program;
}

module.exports = { ensureGoProgram, isGoProgramPresent };

if (require.main === module) {
  try {
    console.log(ensureGoProgram(process.argv[2] ?? ''));
  } catch (error) {
    console.error(`go-program: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
