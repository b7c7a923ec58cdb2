/** Counts of earlier shippers for sinks that are not configured now: no ledger has a place for them. */
import type { Log } from '../log.js';
import type { PreviousCounts } from './journal-sum.js';

/** Reports them in the log, at each start until a last line has reported the others. */
export function tellRemovedSinks({ sinks }: PreviousCounts, configured: Iterable<string>, log: Log): void {
  const known = new Set(configured);
  for (const { fate, sink, reason, tally } of sinks) {
    if (known.has(sink)) continue;
    const message = 'an earlier shipper counted records for a sink that is not configured now';
    log.problem('warn', `removed ${sink} ${fate} ${reason}`, message, { sink, fate, reason, records: tally.records });
  }
}
