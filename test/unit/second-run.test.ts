/** Which failures get a second run: those that a busy machine explains, and no others. */
import { filesToRepeat, merged, passedAtSecondRun, type Report } from '../../scripts/second-run.js';

const GAVE_UP = 'Error: gave up after 30000 ms waiting until all of it came\n    at until (test/support/run.ts:93:38)';

const result = (title: string, message?: string) => ({
  title,
  fullName: `group ${title}`,
  status: message === undefined ? 'passed' : 'failed',
  failureMessages: message === undefined ? [] : [message],
});

function report(files: Record<string, ReturnType<typeof result>[]>): Report {
  const tests = Object.values(files).flat();
  const count = (wanted: string) => tests.filter(({ status }) => status === wanted).length;
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: 0,
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 0,
    testResults: Object.entries(files).map(([name, assertionResults]) => ({
      ...{ name, startTime: 0, endTime: 0 },
      assertionResults,
    })),
  };
}

test.each([
  ['a wait that ran out', GAVE_UP],
  ['the time limit of a test', 'Error: thrown: "Exceeded timeout of 60000 ms for a test.'],
  ['a system error', "Error: ENOENT: no such file or directory, open '/proc/26713/status'"],
  ['a system error of a connection', "Error: read ECONNRESET\n  code: 'ECONNRESET'"],
])('%s runs again', (_, message) => {
  expect(filesToRepeat(report({ a: [result('one', message)], b: [result('two')] }))).toEqual(['a']);
});

test.each([
  ['an assertion', 'Error: expect(received).toBe(expected)\n\nExpected: 3\nReceived: 2'],
  ['an assertion about a system error', "Error: expect(received).toBe(expected)\nReceived: 'ENOENT: no such file'"],
  ['a counterexample', 'Error: Property failed after 3 tests\n{ seed: 1 }\nError: gave up after 30 ms'],
  ['an error of the code', 'TypeError: Cannot read properties of undefined'],
])('%s does not run again, nor does anything beside it', (_, message) => {
  expect(filesToRepeat(report({ a: [result('one', message)], b: [result('two', GAVE_UP)] }))).toEqual([]);
});

test('seven files that fail at the same time have another reason than the machine', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const files = Object.fromEntries(names.map((name) => [name, [result('one', GAVE_UP)]]));
  expect(filesToRepeat(report(files))).toEqual([]);
});

test('a suite that did not load is a failure, whatever else ran out of time', () => {
  expect(filesToRepeat({ ...report({ a: [result('one', GAVE_UP)] }), numRuntimeErrorTestSuites: 1 })).toEqual([]);
});

test('the second run counts for its file, and its tests that passed only then are named', () => {
  const first = report({ a: [result('one', GAVE_UP), result('two')], b: [result('three')] });
  const passed = report({ a: [result('one'), result('two')] });
  expect(merged(first, passed)).toMatchObject({ numPassedTests: 3, numFailedTests: 0 });
  expect(passedAtSecondRun(first, passed)).toEqual(['group one']);
  const failed = report({ a: [result('one', GAVE_UP), result('two')] });
  expect(merged(first, failed)).toMatchObject({ numPassedTests: 2, numFailedTests: 1 });
  expect(passedAtSecondRun(first, failed)).toEqual([]);
});
