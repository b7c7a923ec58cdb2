// Where the time of a run went: the files that took longest, with the CPU time of each.

/** Files that are shown. */
const SHOWN = 20;

/**
 * @typedef {object} FileTime
 * @property {string} file
 * @property {number} seconds on the clock
 * @property {number} [cpuSeconds] of the file's process and of its ended children; absent where the system does not tell
 */

/**
 * @param {import('./second-run.js').Report} report
 * @param {string} list a line of JSON per file, as timed-environment.js writes it
 * @returns {FileTime[]}
 */
function timesOf(report, list) {
  const cpu = new Map();
  for (const line of list.split('\n').filter((each) => each !== '')) {
    const { file, cpuSeconds } = JSON.parse(line);
    cpu.set(file, cpuSeconds);
  }
  return report.testResults.map(({ name, startTime, endTime }) => ({
    file: name,
    seconds: (endTime - startTime) / 1000,
    cpuSeconds: cpu.get(name),
  }));
}

/** @param {number | undefined} value */
const column = (value) => (value === undefined ? '-' : value.toFixed(1)).padStart(8);

/**
 * A table, the longest file first, and the sums of all files.
 * @param {readonly FileTime[]} times
 * @param {(file: string) => string} nameOf
 */
function slowestFiles(times, nameOf) {
  /** @param {(time: FileTime) => number} value */
  const sum = (value) => times.reduce((total, time) => total + value(time), 0);
  const longest = [...times].sort((one, other) => other.seconds - one.seconds).slice(0, SHOWN);
  return [
    ' seconds     CPU  file',
    ...longest.map(({ file, seconds, cpuSeconds }) => `${column(seconds)}${column(cpuSeconds)}  ${nameOf(file)}`),
    `${column(sum(({ seconds }) => seconds))}${column(sum(({ cpuSeconds = 0 }) => cpuSeconds))}  all ${times.length} files`,
  ].join('\n');
}

module.exports = { slowestFiles, timesOf };
