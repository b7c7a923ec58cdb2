// The environment of a test file under scripts/test.js: adds the CPU time of the file to a list, as one line of JSON per file.
const { TestEnvironment } = require('jest-environment-node');
const { appendFileSync, readFileSync } = require('node:fs');

/** The variable with the name of the file that gets the list. */
const LIST = 'TIMES_OF_TESTS';
const TICKS_PER_SECOND = 100;

/** Seconds of this process and of all its processes that have ended; undefined where the system does not tell. */
function cpuSeconds() {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // After the name, which may contain spaces: utime, stime, cutime and cstime are the 12th to 15th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}

module.exports = class TimedEnvironment extends TestEnvironment {
  #file;
  #before = cpuSeconds();

  /** @param {import('@jest/environment').JestEnvironmentConfig} config @param {import('@jest/environment').EnvironmentContext} context */
  constructor(config, context) {
    super(config, context);
    this.#file = context.testPath;
  }

  /** @override */
  async teardown() {
    const list = process.env[LIST];
    const after = cpuSeconds();
    if (list !== undefined && after !== undefined && this.#before !== undefined) {
      appendFileSync(list, `${JSON.stringify({ file: this.#file, cpuSeconds: after - this.#before })}\n`);
    }
    await super.teardown();
  }
};
