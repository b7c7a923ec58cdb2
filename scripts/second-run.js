// Which tests get a second run, and how the two reports become one.
//
// A busy machine makes a wait run out or a process end early; no test can tell that from a defect. Such a file runs once
// more, alone, and the run says which tests passed only then. An assertion that does not hold and a counterexample of a
// property are found defects: they never run again, because the second seed would hide what the first one found.

/**
 * @typedef {{ title: string, fullName: string, status: string, failureMessages?: readonly string[] }} TestCase
 * @typedef {{ name: string, startTime: number, endTime: number, assertionResults: readonly TestCase[] }} TestFile
 * @typedef {{
 *   numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   numRuntimeErrorTestSuites: number, testResults: readonly TestFile[],
 * }} Report
 */

/** More files than these, of all suites together, fail at the same time for a reason of their own. */
const FILES_MAX = 6;
/** The waits of test/support, jest's time limit, and system errors. */
const OF_THE_MACHINE = /gave up after \d+ ms|Exceeded timeout of|\bE[A-Z]{3,}\b[:,]|\bcode: 'E[A-Z]+'/;
const FOUND_DEFECT = /\bexpect\(|Property failed|Counterexample/;

/** @param {TestCase} test */
const hasFailed = ({ status }) => status === 'failed';

/** @param {string} message */
const isOfTheMachine = (message) => OF_THE_MACHINE.test(message) && !FOUND_DEFECT.test(message);

/**
 * The files all of whose failures may be the machine's; none where any other file has failed, or too many have.
 * @param {Report} report
 * @returns {string[]}
 */
function filesToRepeat(report) {
  const files = report.testResults.filter((file) => file.assertionResults.some(hasFailed));
  const messages = files.flatMap((file) =>
    file.assertionResults.filter(hasFailed).map((test) => (test.failureMessages ?? []).join('\n')),
  );
  const isWorthIt = files.length <= FILES_MAX && report.numRuntimeErrorTestSuites === 0;
  return isWorthIt && messages.every(isOfTheMachine) ? files.map((file) => file.name) : [];
}

/**
 * Titles of the tests that failed first and then passed.
 * @param {Report} first
 * @param {Report} second
 * @returns {string[]}
 */
function passedAtSecondRun(first, second) {
  const passed = new Set(
    second.testResults.flatMap((file) =>
      file.assertionResults
        .filter(({ status }) => status === 'passed')
        .map(({ fullName }) => `${file.name} ${fullName}`),
    ),
  );
  return first.testResults.flatMap((file) =>
    file.assertionResults
      .filter((test) => hasFailed(test) && passed.has(`${file.name} ${test.fullName}`))
      .map(({ fullName }) => fullName),
  );
}

/**
 * The first report with the repeated files as their second run left them.
 * @param {Report} first
 * @param {Report} second
 * @returns {Report}
 */
function merged(first, second) {
  const repeated = new Set(second.testResults.map(({ name }) => name));
  const testResults = [...first.testResults.filter(({ name }) => !repeated.has(name)), ...second.testResults];
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  /** @param {string} wanted */
  const count = (wanted) => tests.filter(({ status }) => status === wanted).length;
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending'),
    numTodoTests: count('todo'),
    numRuntimeErrorTestSuites: first.numRuntimeErrorTestSuites + second.numRuntimeErrorTestSuites,
    testResults,
  };
}

module.exports = { filesToRepeat, passedAtSecondRun, merged };
