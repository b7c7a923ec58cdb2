/** The table at the end of `npm test`: a wrong pairing of files and times would send the next reader to the wrong file. */
import { slowestFiles, timesOf } from '../../scripts/slowest-files.js';

const file = (name: string, seconds: number) => ({
  name,
  startTime: 1000,
  endTime: 1000 + seconds * 1000,
  assertionResults: [],
});

test('lists the longest file first, each with its own CPU time, and sums all', () => {
  const report = { testResults: [file('/a', 2), file('/b', 70), file('/c', 5)] };
  const list = '{"file":"/c","cpuSeconds":4.25}\n{"file":"/b","cpuSeconds":1.5}\n';
  const times = timesOf(report as never, list);
  expect(
    slowestFiles(times, (path) => path.slice(1))
      .split('\n')
      .map((line) => line.trim().split(/ +/)),
  ).toEqual([
    ['seconds', 'CPU', 'file'],
    ['70.0', '1.5', 'b'],
    ['5.0', '4.3', 'c'],
    ['2.0', '-', 'a'],
    ['77.0', '5.8', 'all', '3', 'files'],
  ]);
});

test('shows twenty files, and sums the others, too', () => {
  const times = Array.from({ length: 30 }, (_, i) => ({ file: `f${i}`, seconds: i, cpuSeconds: 1 }));
  const lines = slowestFiles(times, (path) => path).split('\n');
  expect(lines).toHaveLength(22);
  expect(lines[1]).toContain('f29');
  expect(lines[21]).toMatch(/435\.0 +30\.0 +all 30 files/);
});
