/** How processes ended: each is counted once, and what is kept stays small. */
import { EndCounts, isFailure, type ProcessEnd } from '../../../src/shipper/accounting/ends.js';

const process = (pid: number) => ({ instance: `i${pid}`, pid, process: 'java', container: 'web' });

test('counts by status, and keeps the failures', () => {
  const ends = new EndCounts();
  expect(ends.statement).toBeUndefined();
  const how: ProcessEnd[] = [0, 3, 'killed', 'unknown', 0];
  expect(how.map((end, i) => ends.add(process(i), end))).toEqual(how.map(() => true));
  expect(ends.statement).toEqual({
    processes: { '0': 2, '3': 1, killed: 1, unknown: 1 },
    failed: [
      { pid: 1, process: 'java', container: 'web', end: 3 },
      { pid: 2, process: 'java', container: 'web', end: 'killed' },
    ],
  });
});

test('a process with two rings is one', () => {
  const ends = new EndCounts();
  expect([ends.add(process(1), 3), ends.add(process(1), 3)]).toEqual([true, false]);
  expect(ends.statement?.processes).toEqual({ '3': 1 });
});

test('is bounded', () => {
  const ends = new EndCounts();
  for (let pid = 0; pid < 5000; pid += 1) ends.add(process(pid), 1);
  expect(ends.statement?.processes).toEqual({ '1': 5000 });
  expect(ends.statement?.failed.map(({ pid }) => pid)).toEqual(Array.from({ length: 20 }, (_, i) => 4980 + i));
});

test.each<[ProcessEnd, boolean]>([
  [0, false],
  [1, true],
  ['killed', true],
  ['unknown', false],
])('%s: %s', (end, fails) => {
  expect(isFailure(end)).toBe(fails);
});
