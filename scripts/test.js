// The test command: installs missing parts, builds, runs every suite, and ends with one line of counts.
//
// Much of the time of a test is waiting: for small programs, for services, for a clock. So one file more runs at the same time than there
// are processors; the files of ALONE follow, one at a time.
//
//     node scripts/test.js                     everything
//     node scripts/test.js unit native ...     these suites only, without the static checks
const { spawnSync } = require('node:child_process');
const { existsSync, mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { availableParallelism, tmpdir } = require('node:os');
const { join, relative } = require('node:path');
const { filesToRepeat, merged, passedAtSecondRun } = require('./second-run.js');
const { setUp } = require('./setup.js');
const { slowestFiles, timesOf } = require('./slowest-files.js');
const { ALONE, suiteOf } = require('./test-files.js');

const SUITES = ['unit', 'native', 'zoo', 'integration', 'faults', 'e2e', 'cluster'];
/** Files that run once more without kernels, by suite. @type {Readonly<Record<string, readonly string[]>>} */
const WITHOUT_KERNELS = {
  unit: ['opensearch-encoder', 'opensearch-fields', 'opensearch', 'cloudwatch-events', 'cloudwatch'].map(
    (name) => `test/unit/shipper/sinks/${name}.test.ts`,
  ),
  integration: ['test/integration/opensearch.test.ts'],
};
const root = join(__dirname, '..');

/** Files that run at the same time, by the kind. Each may start a JVM and ten processes more, so there are never more than four. */
const FILES_AT_ONCE = { unit: availableParallelism(), other: Math.min(4, availableParallelism() + 1) };

/** Of all files so far. @type {import('./slowest-files.js').FileTime[]} */
const times = [];

/**
 * @typedef {object} Run files that run in one process of jest
 * @property {readonly string[]} suites
 * @property {readonly string[]} [files] paths; default: all files of the suites
 * @property {readonly string[]} [without] paths of other files
 * @property {boolean} [isAlone] one file at a time
 * @property {Readonly<Record<string, string>>} [settings] environment variables
 */

/** @param {Run} run */
function runJest({ suites, files = [], without = [], isAlone = false, settings = {} }) {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-test-'));
  const [reportFile, listFile] = [join(directory, 'report.json'), join(directory, 'times')];
  const args = [require.resolve('jest/bin/jest'), '--selectProjects', ...suites, '--json', '--outputFile', reportFile];
  args.push('--testSequencer', require.resolve('./longest-first.js'));
  args.push('--env', require.resolve('./timed-environment.js'));
  const isUnit = suites.every((suite) => suite === 'unit');
  args.push(...(isAlone ? ['--runInBand'] : ['--maxWorkers', String(FILES_AT_ONCE[isUnit ? 'unit' : 'other'])]));
  // A failed test may leave a program or a socket behind; that must not keep the other suites from running.
  if (!isUnit) args.push('--forceExit');
  if (files.length > 0) args.push('--runTestsByPath', ...files);
  if (without.length > 0) args.push('--testPathIgnorePatterns', ...without);
  try {
    const { status } = spawnSync(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      // The AWS client's advice on Node 20 is for applications; the shipper's image has a newer one.
      env: {
        ...{ ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
        ...{ TIMES_OF_TESTS: listFile, ...settings },
      },
    });
    const report = JSON.parse(readFileSync(reportFile, 'utf8'));
    times.push(...timesOf(report, existsSync(listFile) ? readFileSync(listFile, 'utf8') : ''));
    return { status, report };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs files, and once more those whose failures may be the machine's. @param {Run} run */
function runFiles(run) {
  const first = runJest(run);
  const files = filesToRepeat(first.report);
  if (files.length === 0) return counts(first);
  const second = runJest({ ...run, files, without: [], isAlone: true });
  for (const title of passedAtSecondRun(first.report, second.report)) {
    console.log(`passed at the second run only: ${title}`);
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

/**
 * The unit tests first, which tell in a minute what is wrong; then all other suites, with each other.
 * @param {readonly string[]} suites
 * @returns {Run[]}
 */
function runsOf(suites) {
  const others = suites.filter((suite) => suite !== 'unit');
  const alone = ALONE.filter((file) => others.includes(suiteOf(file)));
  const repeated = suites.flatMap((suite) => WITHOUT_KERNELS[suite] ?? []);
  return [
    ...(suites.includes('unit') ? [{ suites: ['unit'] }] : []),
    ...(others.length > 0 ? [{ suites: others, without: alone }] : []),
    ...(alone.length > 0 ? [{ suites: others, files: alone, isAlone: true }] : []),
    ...(repeated.length > 0 ? [{ suites, files: repeated, settings: { LOGTAP_KERNELS: 'off' } }] : []),
  ];
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
  for (const run of runsOf(wanted.length > 0 ? wanted : SUITES)) add(runFiles(run));
  console.log(slowestFiles(times, (file) => relative(root, file)));
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  process.exitCode = totals.failed === 0 ? 0 : 1;
}

main().catch((error) => {
  console.error(`test: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
