/** What a client of `/tail` gets, and what it may ask for. */
import { TailLines } from '../../../../src/shipper/console/tail-lines.js';
import { tailQuery } from '../../../../src/shipper/console/tail-query.js';
import { batchOf, stdoutOrigin } from '../../../support/batches.js';

function tail(search = '') {
  const clock = { ms: 0 };
  const lines = new TailLines(tailQuery(search), { podName: 'orders-1' } as never, () => clock.ms);
  const take = () =>
    lines
      .take()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return { clock, lines, take };
}

const many = (count: number) => batchOf(Array.from({ length: count }, (_, i) => `line ${i}`));

test('a record has the names that the stdout sink gives it, and its level', () => {
  const { lines, take } = tail();
  const origin = { ...stdoutOrigin, stream: 'file' as const, path: '/var/log/a.log' };
  lines.add(batchOf([{ message: 'ERROR paid "twice"', timeMs: 1_700_000_000_000.25, origin }]));
  expect(take()).toEqual([
    {
      ...{ timestamp: '2023-11-14T22:13:20.000250Z', pod_name: 'orders-1', namespace: '', nodename: '' },
      ...{ stream: 'file', source: '/var/log/a.log', container_name: 'web', process: 'app', pid: 42 },
      ...{ level: 'error', message: 'ERROR paid "twice"' },
    },
  ]);
});

test.each([
  ['level=warn', ['WARN disk', 'ERROR disk', 'FATAL end']],
  ['match=DISK', ['WARN disk', 'ERROR disk']],
  ['match=%C3%89', ['INFO ÉTÉ été']],
  ['level=error&match=disk', ['ERROR disk']],
  ['level=&match=', ['plain', 'INFO ÉTÉ été', 'WARN disk', 'ERROR disk', 'FATAL end']],
])('%s: takes %j', (search, expected) => {
  const { lines, take } = tail(search);
  lines.add(batchOf(['plain', 'INFO ÉTÉ été', 'WARN disk', 'ERROR disk', 'FATAL end']));
  expect(take().map(({ message }) => message)).toEqual(expected);
});

test('more lines than asked for: counted where they are missing, and none is counted twice', () => {
  const { clock, lines, take } = tail('max=10');
  lines.add(many(100));
  lines.add(many(5));
  clock.ms = 500;
  lines.add(many(7));
  const got = take();
  expect(got.map(({ message, notShown }) => message ?? notShown)).toEqual([
    ...Array.from({ length: 10 }, (_, i) => `line ${i}`),
    95,
    ...Array.from({ length: 5 }, (_, i) => `line ${i}`),
    2,
  ]);
  expect(take()).toEqual([]);
});

test('a filter that few records match is not used up by the others', () => {
  const { lines, take } = tail('max=1&match=line+4999');
  lines.add(many(5000));
  expect(take()).toMatchObject([{ message: 'line 4999' }]);
});

test('a client that takes nothing: its lines are bounded, the others counted', () => {
  const { clock, lines, take } = tail('max=1000');
  const message = 'x'.repeat(1000);
  for (let second = 0; second < 5; second++) {
    clock.ms = second * 1000;
    lines.add(batchOf(Array.from({ length: 1000 }, () => message)));
  }
  const got = take();
  const shown = got.filter(({ notShown }) => notShown === undefined);
  expect(JSON.stringify(shown).length).toBeLessThan(300 * 1024);
  const notShown = got.reduce((sum, line) => sum + (line.notShown ?? 0), 0);
  expect(shown.length + notShown).toBe(5000);
});

test('a search reads a bounded number of bytes per second', () => {
  const { lines, take } = tail('match=nowhere');
  const batch = batchOf(Array.from({ length: 20 }, () => 'y'.repeat(1024 * 1024)));
  lines.add(batch);
  expect(take()).toEqual([{ notShown: 12 }]);
});

test('a long message is cut between characters, and the rest counted', () => {
  const { lines, take } = tail();
  lines.add(batchOf([`x${'é'.repeat(10_000)}`]));
  const [{ message, cutBytes }] = take();
  expect(message).toBe(`x${'é'.repeat(8191)}`);
  expect(Buffer.byteLength(message) + cutBytes).toBe(20_001);
});

test('a sign of life every 5 seconds, counted from the last line', () => {
  const { clock, lines, take } = tail();
  clock.ms = 4999;
  expect(take()).toEqual([]);
  clock.ms = 5000;
  expect(take()).toEqual([{ notShown: 0 }]);
  lines.add(many(1));
  clock.ms = 9000;
  expect(take()).toHaveLength(1);
  clock.ms = 13_999;
  expect(take()).toEqual([]);
});

test.each([
  ['levle=warn', "there is no parameter 'levle': did you mean 'level'?"],
  ['level=warning', "level='warning' is no level: use one of trace, debug, info, warn, error, fatal"],
  ['level=WARN', "level='WARN' is no level: did you mean 'warn'?"],
  ['max=0', "max='0' is no number of lines per second: give 1 to 1000"],
  ['max=1e3', "max='1e3' is no number of lines per second: give 1 to 1000"],
  ['max=-1', "max='-1' is no number of lines per second: give 1 to 1000"],
  ['max=1001', "max='1001' is no number of lines per second: give 1 to 1000"],
  [`match=${'x'.repeat(201)}`, 'match has 201 characters: give at most 200'],
  [`${'a'.repeat(1000)}=1`, `there is no parameter '${'a'.repeat(40)}...': use one of level, match, max`],
])('%s is refused: %s', (search, message) => {
  expect(() => tailQuery(search)).toThrow(message);
});
