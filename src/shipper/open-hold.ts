/** Settings to the hold: where records are kept, and who is told what becomes of them there. */
import type { Ledger } from './ledger.js';
import type { Log } from './log.js';
import type { Settings } from './settings.js';
import { Hold } from './spool/hold.js';
import { SegmentStore } from './spool/segment-store.js';
import type { Tally } from './tally.js';

export interface OpenHoldOptions {
  /** Bound on memory. */
  readonly maxBytes: number;
  readonly now: () => number;
  readonly ledger: Ledger;
  readonly log: Log;
}

/** In memory, or on disk with half of the memory for what lanes read and the other for what the disk does not take. */
export function openHold(
  { sinks, onFull, spoolDir, spoolMaxBytes }: Settings,
  { maxBytes, now, ledger, log }: OpenHoldOptions,
): Hold {
  const common = {
    sinks,
    now,
    onFull,
    onDropped(sink: string, reason: string, dropped: Tally) {
      ledger.countDropped(sink, reason, dropped);
      log.problem('warn', `${sink} ${reason}`, 'records dropped', { sink, reason, records: dropped.records });
    },
    onRecovered: (sink: string, recovered: Tally) => ledger.countRecovered(sink, recovered),
  };
  if (spoolDir === undefined) return new Hold({ ...common, maxBytes });
  const store = new SegmentStore({
    directory: spoolDir,
    maxBytes: spoolMaxBytes,
    cacheBytes: maxBytes / 2,
    onProblem: (code, message) => log.problem('error', `spool ${code}`, message, { code }),
  });
  const hold = new Hold({ ...common, maxBytes: maxBytes / 2, store });
  const recovered = Object.fromEntries([...ledger.sinks].map(([name, count]) => [name, count.recovered.records]));
  log.info('spool', { directory: spoolDir, maxBytes: spoolMaxBytes, recovered });
  return hold;
}
