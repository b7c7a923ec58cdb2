/** `--since` and `--until` of an audit. */
import { isRelative, timeOf } from '../../../src/cli/audit/window-time.js';

const NOW = Date.parse('2026-11-28T14:20:00Z');

test.each([
  ['2026-11-28T12:00:00Z', '2026-11-28T12:00:00.000Z'],
  ['2026-11-28', '2026-11-28T00:00:00.000Z'],
  ['90s', '2026-11-28T14:18:30.000Z'],
  ['15m', '2026-11-28T14:05:00.000Z'],
  ['2h', '2026-11-28T12:00:00.000Z'],
  ['7d', '2026-11-21T00:00:00.000Z'],
  ['0s', '2026-11-28T14:20:00.000Z'],
])('%s is %s', (text, time) => {
  expect(new Date(timeOf('--since', text, NOW)!).toISOString()).toBe(time);
  expect(isRelative(text)).toBe(/[smhd]$/.test(text));
});

test.each(['', '2', '2 h', '-2h', '2H', '1.5h', '2h30m', 'h', 'yesterday', '1764338400000', '9999999d'])(
  '%p is refused with the forms that are right',
  (text) => {
    expect(() => timeOf('--until', text, NOW)).toThrow(`--until (${text}) must be a time such as`);
  },
);

test('an end that is hours ago is no whole hour', () => {
  expect(timeOf('--until', '1h', NOW)).toBe(NOW - 3_600_000);
});

test('without a bound there is none', () => {
  expect([timeOf('--since', undefined, NOW), isRelative(undefined)]).toEqual([undefined, false]);
});
