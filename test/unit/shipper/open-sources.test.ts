import { RecordBuffer } from '../../../src/shipper/buffer/record-buffer.js';
import { healthySink } from '../../../src/shipper/delivery/deliver.js';
import { isLongOutage, isOutage } from '../../../src/shipper/open-sources.js';
import { acknowledgeAll, sourceBatchOf } from '../../support/batches.js';

const limits = { maxRecords: 1, maxBytes: 100, recordOverheadBytes: 0 };

describe('an outage', () => {
  test('is a sink that takes nothing of what is buffered for five seconds, not one that is slow', async () => {
    let now = 0;
    const buffer = new RecordBuffer({ maxBytes: 1_000_000, sinks: ['one'], now: () => now });
    const cursor = buffer.cursor('one');
    const health = healthySink();
    const sinks = [{ name: 'one', cursor, health }];
    now = 60_000;
    expect(isOutage(sinks, now)).toBe(false);
    buffer.append(sourceBatchOf(['a', 'b', 'c']));
    now += 4000;
    acknowledgeAll((await cursor.take(limits, new AbortController().signal))!);
    health.acknowledgedMs = now;
    now += 4000;
    // The oldest has waited for eight seconds.
    expect(isOutage(sinks, now)).toBe(false);
    now += 1001;
    expect(isOutage(sinks, now)).toBe(true);
    expect(isLongOutage(sinks, now)).toBe(false);
    now += 15_000;
    expect(isLongOutage(sinks, now)).toBe(true);
  });

  test('is a sink that failed twice in a row, not once', () => {
    const buffer = new RecordBuffer({ maxBytes: 1_000_000, sinks: ['one'], now: () => 0 });
    const health = healthySink();
    const sinks = [{ name: 'one', cursor: buffer.cursor('one'), health }];
    health.failures = 1;
    expect(isOutage(sinks, 0)).toBe(false);
    health.failures = 2;
    expect(isOutage(sinks, 0)).toBe(true);
  });
});
