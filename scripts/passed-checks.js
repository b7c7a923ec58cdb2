// Which files have passed a slow check, in the cache: a check of a file that finds nothing finds nothing in the same file again.
const { createHash } = require('node:crypto');
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { cacheDir } = require('./cache.js');

/** Of one check: those of several branches, and of some of their past. The oldest are forgotten first. */
const KEYS_MAX = 2000;

/**
 * Checks the files that have not passed with the same content, and keeps those that pass.
 * @param {object} check
 * @param {string} check.name of the check, and of its file in the cache
 * @param {() => readonly string[]} check.common everything else that the result depends on: versions, settings, texts of headers
 * @param {readonly string[]} check.files
 * @param {string} check.directory where the files are
 * @param {(files: readonly string[]) => boolean} check.run whether all of the files pass
 */
function checkOnce({ name, common, files, directory, run }) {
  const kept = join(cacheDir('passed-checks'), `${name}.json`);
  const passed = keysIn(kept);
  const keysNow = () => {
    const shared = common();
    return new Map(files.map((file) => [file, keyOf([...shared, file, readFileSync(join(directory, file), 'utf8')])]));
  };
  const keys = keysNow();
  const outdated = files.filter((file) => !passed.has(keys.get(file)));
  if (outdated.length === 0) return true;
  if (!run(outdated)) return false;
  // A file that changes while it is checked may have been read before or after.
  const checked = [...keysNow()].filter(([file, key]) => keys.get(file) === key).map(([, key]) => key);
  // Renamed: another run may read it now.
  const temporary = `${kept}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify([...new Set([...checked, ...passed])].slice(0, KEYS_MAX)));
  renameSync(temporary, kept);
  return true;
}

/** @param {readonly string[]} parts */
const keyOf = (parts) => createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** @param {string} path @returns {Set<unknown>} */
function keysIn(path) {
  try {
    return new Set(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return new Set();
  }
}

module.exports = { checkOnce };
