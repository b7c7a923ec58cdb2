import { isBelievable, timeOf, zoneOffset } from '../../../../src/shipper/fields/time';
import { traceIdOf } from '../../../../src/shipper/fields/trace-ids';
import { CORPUS } from './corpus';

const NOW = Date.UTC(2026, 10, 28, 14, 8, 45);
const AT = Date.UTC(2026, 10, 28, 14, 8, 44);

describe('a time in text', () => {
  it.each<[string | number, number | undefined]>([
    ['2026-11-28T14:08:44Z', AT],
    ['2026-11-28T14:08:44.123Z', AT + 123],
    ['2026-11-28 14:08:44,123', AT + 123],
    ['2026-11-28T14:08:44.123456789+02:00', AT - 7_200_000 + 123.456789],
    ['2026-11-28 14:08:44.5 -0330', AT + 12_600_000 + 500],
    ['2026-11-28 14:08:44 UTC', AT],
    ['2026-11-28 15:08:44.5+01', AT + 500],
    ['Sat, 28 Nov 2026 14:08:44 GMT', AT],
    ['2026-11-28 15:08:44 CET', AT],
    ['2026/11/28 14:08:44', AT],
    ['2026.11.28 14:08:44', AT],
    ['28/Nov/2026:14:08:44 +0000', AT],
    ['28-Nov-2026 14:08:44.123', AT + 123],
    ['28-Nov-2026::14:08:44', AT],
    ['28 Nov 2026 14:08:44.123', AT + 123],
    ['Nov 28, 2026 2:08:44 PM', AT],
    ['Nov 28, 2026, 12:08:44 AM', AT - 14 * 3_600_000],
    ['Sat Nov 28 14:08:44.5 2026', AT + 500],
    ['Nov 28 14:08:44', AT],
    ['Dec 31 23:59:59', Date.UTC(2026, 11, 31, 23, 59, 59)],
    ['26/11/28 14:08:44', AT],
    ['11/28/2026 14:08:44', AT],
    ['261128 14:08:44', AT],
    ['1128 14:08:44.123456', AT + 123.456],
    ['20261128 14:08:44.123456', AT + 123.456],
    ['14:08:44.123', AT + 123],
    ['23:59:59', Date.UTC(2026, 10, 28, 23, 59, 59)],
    [AT, AT],
    [AT / 1000 + 0.25, AT + 250],
    [AT * 1000, AT],
    [AT * 1e6, AT],
    [String(AT), AT],
    ['14:08:44 CST', undefined],
    ['2026-13-28T14:08:44Z', undefined],
    ['2026-11-28T25:08:44Z', undefined],
    ['yesterday', undefined],
    ['', undefined],
    [7, undefined],
    [Number.NaN, undefined],
  ])('%s', (text, timeMs) => {
    const found = timeOf(text, NOW);
    if (timeMs === undefined) expect(found).toBeUndefined();
    else expect(Math.abs(found! - timeMs)).toBeLessThan(0.01);
  });

  it('without a year is of the year that is closest', () => {
    const newYear = Date.UTC(2027, 0, 1, 0, 0, 5);
    expect(timeOf('Dec 31 23:59:59', newYear)).toBe(Date.UTC(2026, 11, 31, 23, 59, 59));
    expect(timeOf('23:59:59', newYear)).toBe(Date.UTC(2026, 11, 31, 23, 59, 59));
  });

  it('without a zone is of the zone that is set, with its summer time', () => {
    const berlin = zoneOffset('Europe/Berlin');
    expect(timeOf('2026-11-28 15:08:44', NOW, berlin)).toBe(AT);
    expect(timeOf('2026-07-28 16:08:44', NOW, berlin)).toBe(Date.UTC(2026, 6, 28, 14, 8, 44));
    expect(timeOf('2026-07-28T16:08:44Z', NOW, berlin)).toBe(Date.UTC(2026, 6, 28, 16, 8, 44));
    expect(() => zoneOffset('Europe/Nowhere')).toThrow(RangeError);
  });

  it('is believed from 31 days before the write to ten minutes after it', () => {
    expect(isBelievable(NOW - 31 * 86_400_000, NOW)).toBe(true);
    expect(isBelievable(NOW - 31 * 86_400_000 - 1, NOW)).toBe(false);
    expect(isBelievable(NOW + 600_000, NOW)).toBe(true);
    expect(isBelievable(NOW + 600_001, NOW)).toBe(false);
    expect(isBelievable(Number.NaN, NOW)).toBe(false);
  });

  it.each(CORPUS.filter(([, , { time }]) => time !== undefined))('is understood as %s writes it', (_, __, { time }) => {
    expect(timeOf(time!, NOW)).toBeDefined();
  });
});

describe('the id of a trace', () => {
  it.each([
    ['0AF7651916CD43DD8448EB211C80319C', '0af7651916cd43dd8448eb211c80319c'],
    ['b7ad6b7169203331', '0000000000000000b7ad6b7169203331'],
    ['0af76519-16cd-43dd-8448-eb211c80319c', '0af7651916cd43dd8448eb211c80319c'],
    ['1-5759e988-bd862e3fe1be46a994272793', '5759e988bd862e3fe1be46a994272793'],
    ['projects/p/traces/0af7651916cd43dd8448eb211c80319c', '0af7651916cd43dd8448eb211c80319c'],
    ['12345', undefined],
    ['', undefined],
    ['0'.repeat(32), undefined],
  ])('%s', (text, id) => {
    expect(traceIdOf(text)).toBe(id);
  });

  it('of Datadog is a decimal number', () => {
    expect(traceIdOf('18446744073709551615', true)).toBe('0000000000000000ffffffffffffffff');
    expect(traceIdOf('18446744073709551616', true)).toBeUndefined();
    expect(traceIdOf('0', true)).toBeUndefined();
  });
});
