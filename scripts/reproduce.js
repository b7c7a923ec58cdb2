// Whether a build elsewhere gives the same bytes: another directory, umask, time zone and language.
//
//     npm run reproduce                two builds of the last commit, from two directories; prints the hashes of what is published
//
// Exported for the test, which compares one build elsewhere with dist/: buildElsewhere(directory, files),
// sumsOf(archive), sumOf(bytes).
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const root = join(__dirname, '..');
const ELSEWHERE = { TZ: 'Pacific/Kiritimati', LC_ALL: 'C', LANG: 'C' };
const SOURCES = ['--cached', '--others', '--exclude-standard'];
const COMMITTED = ['--cached'];

/**
 * Copies sources and npm packages to a directory and builds there. Answers the archive of the package.
 * @param {string} directory @param {readonly string[]} [files] which of them, for git ls-files
 */
function buildElsewhere(directory, files = SOURCES) {
  const listed = execFileSync('git', ['ls-files', '-z', ...files], { cwd: root, encoding: 'utf8' });
  for (const name of new Set(listed.split('\0').filter((each) => each !== ''))) {
    cpSync(join(root, name), join(directory, name), { recursive: true });
  }
  // Links where that is possible: a build writes no package.
  const copy = 'cp -al "$0" "$1" 2>/dev/null || cp -a "$0" "$1"';
  execFileSync('sh', ['-c', copy, join(root, 'node_modules'), directory]);
  const build = 'umask 077 && "$0" scripts/build.js && npm pack --silent --ignore-scripts';
  execFileSync('sh', ['-c', build, process.execPath], {
    cwd: directory,
    env: { ...process.env, ...ELSEWHERE },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const archive = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  if (archive === undefined) throw new Error('npm pack left no archive');
  return join(directory, archive);
}

/** @param {string | Buffer} bytes */
const sumOf = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** By file in a package, its hash and mode; by the name of the archive, its own hash. @param {string} archive */
function sumsOf(archive) {
  const work = mkdtempSync(join(tmpdir(), 'logtap-sums-'));
  try {
    execFileSync('tar', ['-xzf', archive, '-C', work]);
    const files = readdirSync(work, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const sums = files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return /** @type {const} */ ([path.slice(work.length + 1), sumOf(readFileSync(path))]);
    });
    const own = /** @type {const} */ (['the archive', sumOf(readFileSync(archive))]);
    return Object.fromEntries([...sums.sort(([one], [other]) => (one < other ? -1 : 1)), own]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function main() {
  const work = mkdtempSync(join(tmpdir(), 'logtap-reproduce-'));
  try {
    if (execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }) !== '') {
      throw new Error('there are changes that are not committed: commit them, as only a commit can be built again');
    }
    const directories = ['one', 'a/longer/path/to/two'].map((name) => join(work, name));
    const [one = {}, other = {}] = directories.map((directory) => {
      mkdirSync(directory, { recursive: true });
      return sumsOf(buildElsewhere(directory, COMMITTED));
    });
    const differ = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
      (name) => one[name] !== other[name],
    );
    if (differ.length > 0) throw new Error(`two builds differ: ${differ.join(', ')}`);
    const shown = /^the archive$|\.so$|^package\/dist\/[^/]+\/[^/]+\.js$|sbom|THIRD-PARTY/;
    for (const [name, sum] of Object.entries(one)) if (shown.test(name)) console.log(`${sum}  ${name}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

module.exports = { buildElsewhere, COMMITTED, sumOf, sumsOf };

if (require.main === module) {
  try {
    main();
  } catch (error) {
    console.error(`reproduce: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
