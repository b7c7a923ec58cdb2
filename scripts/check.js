// Static checks: generated files, format and lint of TypeScript and C, types.
//
//     node scripts/check.js            the quick ones, then the unit tests: before every commit, under a minute
//     node scripts/check.js --all      also clang-tidy and gcc's analyser over every C source
//
// Exported for scripts/test.js: staticChecks(), which says how many passed and failed.
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');

const root = join(__dirname, '..');
/** @param {string} script @param {string[]} args */
const node = (script, ...args) => [process.execPath, require.resolve(script), ...args];

/** @returns {{ name: string, command: string[], isSlow?: boolean }[]} */
function checks() {
  return [
    { name: 'generated files match their source', command: node('tsx/cli', 'scripts/generate.ts', '--check') },
    { name: 'TypeScript format and lint', command: node('@biomejs/biome/bin/biome', 'check', '.') },
    { name: 'types', command: node('typescript/bin/tsc', '-p', '.') },
    { name: 'C format', command: [process.execPath, 'scripts/lint-c.js', '--format'] },
    { name: 'C lint', command: [process.execPath, 'scripts/lint-c.js', '--tidy'], isSlow: true },
    { name: 'C static analysis', command: ['make', '--silent', '-C', 'native', 'analyse'], isSlow: true },
  ];
}

/**
 * Runs the checks, prints the output of those that fail.
 * @param {{ isQuick?: boolean }} [options]
 * @returns {{ passed: number, failed: number }}
 */
function staticChecks({ isQuick = false } = {}) {
  const chosen = checks().filter(({ isSlow }) => !(isQuick && isSlow));
  let failed = 0;
  for (const { name, command } of chosen) {
    const started = Date.now();
    const [file = '', ...args] = command;
    const { status, stdout, stderr } = spawnSync(file, args, { cwd: root, encoding: 'utf8' });
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
    if (status === 0) continue;
    failed += 1;
    console.log(`${stdout ?? ''}${stderr ?? ''}`);
  }
  return { passed: chosen.length - failed, failed };
}

module.exports = { staticChecks };

if (require.main === module) {
  const { failed } = staticChecks({ isQuick: !process.argv.includes('--all') });
  const unit = spawnSync(process.execPath, [require.resolve('jest/bin/jest'), '--selectProjects', 'unit'], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exit(failed === 0 && unit.status === 0 ? 0 : 1);
}
