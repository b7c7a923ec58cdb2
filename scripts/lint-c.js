// Format and lint of the C sources: clang-format and clang-tidy, one version of each, from PyPI, and gcc's static analyser. A source
// that has passed the lint or the analyser is not checked again until it, a header, a setting or the program has changed.
//
//     node scripts/lint-c.js            checks format and lint, changes nothing
//     node scripts/lint-c.js --format   checks the format only
//     node scripts/lint-c.js --tidy     lints only
//     node scripts/lint-c.js --analyse  gcc's static analyser, for every architecture with a compiler
//     node scripts/lint-c.js --write    formats
//
// Exported for set-up: ensureLint(), isLintPresent().
const { spawnSync } = require('node:child_process');
const { existsSync, readFileSync, readdirSync } = require('node:fs');
const { join } = require('node:path');
const { checkOnce } = require('./passed-checks.js');
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

const COMPILERS = ['gcc', 'x86_64-linux-gnu-gcc', 'aarch64-linux-gnu-gcc'];

/** The text of a file of native/. @param {string} name */
const textOf = (name) => readFileSync(join(native, name), 'utf8');

/** The kernel's headers are one package, with its version in one of them. */
const KERNEL_HEADERS = '/usr/include/linux/version.h';

/** The headers, also the generated one, and the version of the kernel's. */
const headers = () => [
  existsSync(KERNEL_HEADERS) ? readFileSync(KERNEL_HEADERS, 'utf8') : '',
  ...readdirSync(native, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^(src|probe)\/.*\.h$/.test(name))
    .sort()
    .map((name) => `${name}\n${textOf(name)}`),
];

/** @param {readonly string[]} units */
function lints(units) {
  const args = ['--', '-ffreestanding', '-std=gnu11', ...ROOMS.map((room) => `-Isrc/${room}`)];
  return checkOnce({
    name: 'tidy',
    common: () => [...PACKAGES, textOf('.clang-tidy'), ...args, ...headers()],
    files: units,
    directory: native,
    run: (files) => run('clang-tidy', ['--quiet', ...files, ...args]),
  });
}

/** @param {readonly string[]} units */
function analyses(units) {
  const versions = COMPILERS.map((name) => spawnSync(name, ['--version'], { encoding: 'utf8' }).stdout ?? '');
  return checkOnce({
    name: 'analyse',
    common: () => [...versions, textOf('Makefile'), ...headers()],
    files: units,
    directory: native,
    run: (files) => {
      const args = ['--silent', '-C', native, 'analyse', `ANALYSED=${files.join(' ')}`];
      return spawnSync('make', args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
    },
  });
}

function main() {
  const files = ['src', 'probe'].flatMap(sources);
  const units = files.filter((name) => name.endsWith('.c'));
  if (process.argv.includes('--write')) return run('clang-format', ['-i', ...files]);
  if (process.argv.includes('--analyse')) return analyses(units);
  if (process.argv.includes('--tidy')) return lints(units);
  const isFormatted = run('clang-format', ['--dry-run', '--Werror', ...files]);
  return process.argv.includes('--format') ? isFormatted : lints(units) && isFormatted;
}

module.exports = { ensureLint, isLintPresent };

if (require.main === module) process.exitCode = main() ? 0 : 1;
