// Format and lint of the C sources: clang-format and clang-tidy, one version of each, from PyPI.
//
//     node scripts/lint-c.js            checks, changes nothing
//     node scripts/lint-c.js --format   checks the format only
//     node scripts/lint-c.js --tidy     lints only
//     node scripts/lint-c.js --write    formats
//
// Exported for set-up: ensureLint(), isLintPresent().
const { spawnSync } = require('node:child_process');
const { readdirSync } = require('node:fs');
const { join } = require('node:path');
const { ensureVenv, isVenvPresent } = require('./python-venv.js');

const PACKAGES = ['clang-format==18.1.8', 'clang-tidy==18.1.8'];
const native = join(__dirname, '..', 'native');
const ROOMS = readdirSync(join(native, 'src'));

const isLintPresent = () => isVenvPresent('clang', PACKAGES);
const ensureLint = () => ensureVenv('clang', PACKAGES);

/** C files that are written by hand. @param {string} directory @returns {string[]} */
function sources(directory) {
  return readdirSync(join(native, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[ch]$/.test(name) && !name.endsWith('contract.h'))
    .map((name) => join(directory, name))
    .sort();
}

/** @param {string} program @param {readonly string[]} args */
function run(program, args) {
  const { status } = spawnSync(join(ensureLint(), program), args, {
    cwd: native,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status === 0;
}

function main() {
  const files = ['src', 'probe'].flatMap(sources);
  if (process.argv.includes('--write')) return run('clang-format', ['-i', ...files]);
  const isFormatted = process.argv.includes('--tidy') || run('clang-format', ['--dry-run', '--Werror', ...files]);
  if (process.argv.includes('--format')) return isFormatted;
  const units = files.filter((name) => name.endsWith('.c'));
  return (
    run('clang-tidy', [
      '--quiet',
      ...units,
      '--',
      '-ffreestanding',
      '-std=gnu11',
      ...ROOMS.map((room) => `-Isrc/${room}`),
    ]) && isFormatted
  );
}

module.exports = { ensureLint, isLintPresent };

if (require.main === module) process.exitCode = main() ? 0 : 1;
