// npm packages that only some tests need, in the cache: those of scripts/NAME/package.json, with the versions and hashes of
// the package-lock.json next to it.
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } = require('node:fs');
const { join } = require('node:path');
const { cacheDir } = require('./cache.js');

const FILES = ['package.json', 'package-lock.json'];

/** @param {string} name */
function target(name) {
  const hash = createHash('sha256');
  for (const file of FILES) hash.update(readFileSync(join(__dirname, name, file)));
  return join(cacheDir(), `${name}-${hash.digest('hex').slice(0, 8)}`);
}

/** @param {string} name */
const isLockedPresent = (name) => existsSync(target(name));

/**
 * Installs the packages unless they are there. Scripts of packages are not run.
 * @param {string} name a directory next to this file
 * @returns {string} the directory that holds package.json, package-lock.json and node_modules
 */
function ensureLocked(name) {
  const directory = target(name);
  if (existsSync(directory)) return directory;
  const work = mkdtempSync(join(cacheDir(), 'install-'));
  try {
    for (const file of FILES) copyFileSync(join(__dirname, name, file), join(work, file));
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

module.exports = { ensureLocked, isLockedPresent };
