// Static checks: generated files, format and lint of TypeScript and C, types.
//
//     node scripts/check.js            the quick ones, then the unit tests: before every commit, under a minute
//     node scripts/check.js --all      also clang-tidy and gcc's analyser over every C source
//
// Exported for scripts/test.js: staticChecks(), which counts passed and failed checks.
const { execFile, spawnSync } = require('node:child_process');
const { availableParallelism } = require('node:os');
const { join } = require('node:path');

const root = join(__dirname, '..');
/** @param {string} script @param {string[]} args */
const node = (script, ...args) => [process.execPath, require.resolve(script), ...args];

/** @returns {{ name: string, command: string[], isSlow?: boolean }[]} */
function checks() {
  return [
    { name: 'generated files match their source', command: node('tsx/cli', 'scripts/generate.ts', '--check') },
    { name: 'TypeScript format and lint', command: node('@biomejs/biome/bin/biome', 'check', '.') },
    {
      name: 'types',
      command: node('typescript/bin/tsc', '-p', '.', '--incremental', '--tsBuildInfoFile', 'dist/.types.tsbuildinfo'),
    },
    { name: 'types of the console', command: node('typescript/bin/tsc', '-p', 'src/console') },
    { name: 'C format', command: [process.execPath, 'scripts/lint-c.js', '--format'] },
    { name: 'C lint', command: [process.execPath, 'scripts/lint-c.js', '--tidy'], isSlow: true },
    { name: 'C static analysis', command: [process.execPath, 'scripts/lint-c.js', '--analyse'], isSlow: true },
  ];
}

/**
 * Runs the checks, as many at a time as there are processors, and prints the output of those that fail.
 * @param {{ isQuick?: boolean }} [options]
 * @returns {Promise<{ passed: number, failed: number }>}
 */
async function staticChecks({ isQuick = false } = {}) {
  const chosen = checks().filter(({ isSlow }) => !(isQuick && isSlow));
  const waiting = [...chosen];
  let failed = 0;
  const runNext = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      if (!(await passes(check))) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, runNext));
  return { passed: chosen.length - failed, failed };
}

/**
 * @param {{ name: string, command: string[] }} check
 * @returns {Promise<boolean>}
 */
function passes({ name, command: [file = '', ...args] }) {
  const started = Date.now();
  return new Promise((resolve) => {
    execFile(file, args, { cwd: root, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      console.log(`${error === null ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
      if (error !== null) console.log(`${stdout}${stderr}` || error.message);
      resolve(error === null);
    });
  });
}

module.exports = { staticChecks };

async function main() {
  const { failed } = await staticChecks({ isQuick: !process.argv.includes('--all') });
  const unit = spawnSync(process.execPath, [require.resolve('jest/bin/jest'), '--selectProjects', 'unit'], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exitCode = failed === 0 && unit.status === 0 ? 0 : 1;
}

if (require.main === module) main();
