// Programs of Debian packages in the cache, unpacked and not installed: they neither replace nor start anything.
//
// Needs apt-get and dpkg. Exported for benches: ensureDebian(name, packages).
const { execFileSync } = require('node:child_process');
const { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } = require('node:fs');
const { join } = require('node:path');
const { cacheDir } = require('./cache.js');

/**
 * Unpacks the packages, as this release of Debian has them, unless they are there.
 * @param {string} name of the directory in the cache
 * @param {readonly string[]} packages with those that they depend on and a machine may lack
 * @returns {string} the root of the unpacked files
 */
function ensureDebian(name, packages) {
  const directory = join(cacheDir(), `debian-${name}`);
  if (existsSync(directory)) return directory;
  const work = mkdtempSync(join(cacheDir(), 'debian-building-'));
  try {
    execFileSync('apt-get', ['download', '-qq', ...packages], { cwd: work, stdio: 'pipe' });
    for (const archive of readdirSync(work).filter((file) => file.endsWith('.deb'))) {
      execFileSync('dpkg', ['-x', archive, 'root'], { cwd: work, stdio: 'pipe' });
    }
    // One rename, so that a directory that is there is complete.
    renameSync(join(work, 'root'), directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return directory;
}

module.exports = { ensureDebian };
