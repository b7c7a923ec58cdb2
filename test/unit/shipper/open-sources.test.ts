import { healthySink } from '../../../src/shipper/delivery/deliver.js';
import { isOutage } from '../../../src/shipper/open-sources.js';
import { Hold } from '../../../src/shipper/spool/hold.js';
import { settleAll, sourceBatchOf } from '../../support/batches.js';

const limits = { maxRecords: 1, maxBytes: 100, recordOverheadBytes: 0 };

describe('an outage', () => {
  test('is a sink that takes nothing of what is held for five seconds, not one that is slow', async () => {
    let now = 0;
    const hold = new Hold({ maxBytes: 1_000_000, sinks: ['one'], now: () => now });
    const lane = hold.lane('one');
    const health = healthySink();
    const sinks = [{ name: 'one', lane, health }];
    now = 60_000;
    expect(isOutage(sinks, now)).toBe(false);
    hold.append(sourceBatchOf(['a', 'b', 'c']));
    now += 4000;
    settleAll((await lane.take(limits, new AbortController().signal))!);
    health.settledMs = now;
    now += 4000;
    // The oldest has waited for eight seconds.
    expect(isOutage(sinks, now)).toBe(false);
    now += 1001;
    expect(isOutage(sinks, now)).toBe(true);
  });

  test('is a sink that failed twice in a row, not once', () => {
    const hold = new Hold({ maxBytes: 1_000_000, sinks: ['one'], now: () => 0 });
    const health = healthySink();
    const sinks = [{ name: 'one', lane: hold.lane('one'), health }];
    health.failures = 1;
    expect(isOutage(sinks, 0)).toBe(false);
    health.failures = 2;
    expect(isOutage(sinks, 0)).toBe(true);
  });
});
