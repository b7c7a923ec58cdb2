// The test command: installs missing parts, builds, runs every suite, and ends with one line of counts.
//
//     node scripts/test.js                     everything
//     node scripts/test.js unit native ...     these suites only, without the static checks
const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { filesToRepeat, merged, passedAtSecondRun } = require('./second-run.js');
const { setUp } = require('./setup.js');

const SUITES = ['unit', 'native', 'zoo', 'integration', 'faults', 'e2e', 'cluster'];
/** Files that run once more without kernels, with their suite. */
const WITHOUT_KERNELS = {
  unit: ['opensearch-encoder', 'opensearch-fields', 'opensearch', 'cloudwatch-events', 'cloudwatch'].map(
    (name) => `test/unit/shipper/sinks/${name}.test.ts`,
  ),
  integration: ['test/integration/opensearch.test.ts'],
};
const root = join(__dirname, '..');

/** Suites whose files run at the same time. All others start services or measure processes, and two cores do not carry two. */
const PARALLEL = ['unit', 'faults'];

/**
 * Runs jest over one suite, or over some of its files.
 * @param {string} suite
 * @param {readonly string[]} files
 * @param {Readonly<Record<string, string>>} settings
 */
function runJest(suite, files = [], settings = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-test-'));
  const report = join(directory, 'report.json');
  const args = [require.resolve('jest/bin/jest'), '--selectProjects', suite, '--json', '--outputFile', report];
  if (!PARALLEL.includes(suite)) args.push('--runInBand');
  // A failed test may leave a program or a socket behind; that must not keep the other suites from running.
  if (suite !== 'unit') args.push('--forceExit');
  if (files.length > 0) args.push('--runTestsByPath', ...files);
  try {
    const { status } = spawnSync(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      // The AWS client's advice on Node 20 is for applications; the shipper's image has a newer one.
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...settings },
    });
    return { status, report: JSON.parse(readFileSync(report, 'utf8')) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @param {string} suite @param {readonly string[]} [only] @param {Readonly<Record<string, string>>} [settings] */
function runSuite(suite, only, settings) {
  const first = runJest(suite, only, settings);
  const files = filesToRepeat(first.report);
  if (files.length === 0) return counts(first);
  const second = runJest(suite, files, settings);
  for (const title of passedAtSecondRun(first.report, second.report)) {
    console.log(`passed at the second run only: ${suite}: ${title}`);
  }
  return counts({ status: second.status, report: merged(first.report, second.report) });
}

/** @param {{ status: number | null, report: import('./second-run.js').Report }} run */
function counts({ status, report }) {
  // A suite that does not even load has no failed test of its own, yet it is a failure.
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

async function main() {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((suite) => !SUITES.includes(suite));
  if (unknown.length > 0) {
    throw new Error(`no suite named ${unknown.join(', ')}. Suites: ${SUITES.join(', ')}.`);
  }
  await setUp(wanted.length === 1 && wanted[0] === 'unit' ? 'demo' : 'test');
  // Required only now: they need the npm packages that the set-up installs.
  require('./build.js').build();
  const totals = { passed: 0, failed: 0, skipped: 0 };
  /** @param {{ passed: number, failed: number, skipped?: number }} more */
  const add = (more) => {
    totals.passed += more.passed;
    totals.failed += more.failed;
    totals.skipped += more.skipped ?? 0;
  };
  if (wanted.length === 0) add(await require('./check.js').staticChecks());
  for (const suite of wanted.length > 0 ? wanted : SUITES) {
    add(runSuite(suite));
    if (suite === 'unit' || suite === 'integration')
      add(runSuite(suite, WITHOUT_KERNELS[suite], { LOGTAP_KERNELS: 'off' }));
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  process.exitCode = totals.failed === 0 ? 0 : 1;
}

main().catch((error) => {
  console.error(`test: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
