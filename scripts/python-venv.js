// A Python virtual environment in the cache, with packages of one version each.
const { execFileSync } = require('node:child_process');
const { existsSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { cacheDir } = require('./cache.js');

/** Environments are made in place, since scripts in them hold their own path; this file is written last. */
const STAMP = 'complete';

/** @param {string} name @param {readonly string[]} packages */
const directory = (name, packages) => join(cacheDir(), `${name}-${packages.map((p) => p.split('==')[1]).join('-')}`);

/** @param {string} name @param {readonly string[]} packages */
const isVenvPresent = (name, packages) => existsSync(join(directory(name, packages), STAMP));

/**
 * Makes the environment unless it is there.
 * @param {string} name
 * @param {readonly string[]} packages requirements, each with `==`
 * @returns {string} its directory of programs
 */
function ensureVenv(name, packages) {
  const target = directory(name, packages);
  if (!isVenvPresent(name, packages)) {
    rmSync(target, { recursive: true, force: true });
    execFileSync('python3', ['-m', 'venv', target], { stdio: 'pipe' });
    execFileSync(join(target, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...packages], {
      stdio: 'pipe',
    });
    writeFileSync(join(target, STAMP), '');
  }
  return join(target, 'bin');
}

module.exports = { ensureVenv, isVenvPresent };
