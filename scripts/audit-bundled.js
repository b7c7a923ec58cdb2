// Known vulnerabilities of the packages whose code is in dist/. Those of tools are not shown: users do not get them.
//
//     npm run audit                    exit 0 none, 1 some, 2 the registry could not be asked
//
// Exported for tests: bundledOf(bill, lock), findingsIn(report, bundled).
const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');

/**
 * @typedef {{ version?: string, deprecated?: string }} Locked
 * @typedef {{ name: string, version: string, path: string, deprecated?: string }} Bundled
 * @typedef {{ severity: string, via: readonly (string | { title: string, url: string })[], nodes: readonly string[] }} Vulnerability
 */

/**
 * The bundled packages, by their places in the lock.
 * @param {{ components: readonly { 'bom-ref'?: string }[] }} bill @param {{ packages: Readonly<Record<string, Locked>> }} lock
 * @returns {Bundled[]}
 */
function bundledOf(bill, lock) {
  const ids = new Set(bill.components.map((component) => component['bom-ref']));
  return Object.entries(lock.packages).flatMap(([path, { version = '', deprecated }]) => {
    const name = path.replace(/^.*node_modules\//, '');
    if (!ids.has(`${name}@${version}`)) return [];
    return [deprecated === undefined ? { name, version, path } : { name, version, path, deprecated }];
  });
}

/**
 * A line for each vulnerability of a bundled package. Throws when the report is none.
 * @param {{ vulnerabilities?: Readonly<Record<string, Vulnerability>>, message?: string }} report @param {readonly Bundled[]} bundled
 */
function findingsIn({ vulnerabilities, message = 'no report' }, bundled) {
  if (vulnerabilities === undefined) throw new Error(`the registry cannot be asked for vulnerabilities: ${message}`);
  return Object.values(vulnerabilities).flatMap(({ severity, via, nodes }) => {
    const found = bundled.filter(({ path }) => nodes.includes(path));
    // An entry without an advisory of its own only depends on one that has it.
    const own = via.filter((each) => typeof each !== 'string');
    return found.flatMap(({ name, version }) =>
      own.map(({ title, url }) => `${severity}: ${name}@${version}: ${title} ${url}`),
    );
  });
}

function main() {
  const read = (/** @type {string} */ name) => JSON.parse(readFileSync(join(root, name), 'utf8'));
  const bundled = bundledOf(read('dist/sbom.cdx.json'), read('package-lock.json'));
  const { stdout } = spawnSync('npm', ['audit', '--json', '--package-lock-only'], { cwd: root, encoding: 'utf8' });
  const findings = findingsIn(JSON.parse(stdout), bundled);
  for (const finding of findings) console.log(finding);
  const date = new Date().toISOString().slice(0, 10);
  console.log(`${date}: ${bundled.length} bundled packages, ${findings.length} known vulnerabilities`);
  return findings.length === 0 ? 0 : 1;
}

module.exports = { bundledOf, findingsIn };

if (require.main === module) {
  try {
    process.exitCode = main();
  } catch (error) {
    console.error(`audit: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 2;
  }
}
