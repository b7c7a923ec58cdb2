/** Settings to the buffer: the place of the records, and the parts that learn of their fates. */

import { namedSinks } from '../catalog/records/container-sinks.js';
import { runbook } from '../catalog/runbook.js';
import { CountJournal } from './accounting/count-journal.js';
import type { Ledger } from './accounting/ledger.js';
import type { Tally } from './accounting/tally.js';
import { RecordBuffer } from './buffer/record-buffer.js';
import { SegmentStore } from './buffer/segment-store.js';
import { ConfigError, messageOf } from './errors.js';
import { type DirectoryLock, lockDirectory } from './lock/directory-lock.js';
import type { Log } from './log.js';
import type { Claim, RecordBatch } from './parts.js';
import { makeDirectories } from './process/make-directories.js';
import type { Settings } from './settings.js';
import { sleep } from './sleep.js';

export interface OpenBufferOptions {
  /** Bound on memory. */
  readonly maxBytes: number;
  readonly now: () => number;
  readonly ledger: Ledger;
  readonly log: Log;
  /** Absent without an audit. */
  readonly placesOf: ((records: RecordBatch) => readonly Claim[]) | undefined;
  readonly onAppended: (batch: RecordBatch) => void;
}

export interface OpenedBuffer {
  readonly buffer: RecordBuffer;
  /** Absent in memory, as is the next. */
  readonly lock?: DirectoryLock;
  /** In the same directory, and synced with it. */
  readonly journal?: CountJournal;
}

/**
 * In memory, or on disk with half of the memory as a cache for cursors and half for batches that the disk refuses. Throws
 * a ConfigError when the directory cannot be used, or another shipper uses it.
 */
export async function openBuffer(
  settings: Settings,
  { maxBytes, now, ledger, log, placesOf, onAppended }: OpenBufferOptions,
): Promise<OpenedBuffer> {
  const { onFull, spoolDir, spoolMaxBytes, spoolSync, podName } = settings;
  const sinks = namedSinks(settings);
  const isForOf = new Map(sinks.map(({ name, isFor }) => [name, isFor]));
  const common = {
    sinks: sinks.map(({ name }) => name),
    isForOf: (sink: string) => isForOf.get(sink),
    onElsewhere: (sink: string, elsewhere: Tally) => ledger.countElsewhere(sink, elsewhere),
    now,
    onFull,
    placesOf,
    onAppended,
    onDropped(sink: string, reason: string, dropped: Tally, places: readonly Claim[]) {
      ledger.countDropped(sink, reason, dropped);
      ledger.audit?.counted('dropped', sink, reason, places);
      log.problem('warn', `${sink} ${reason}`, 'records dropped', { sink, reason, records: dropped.records });
    },
    onAcknowledged: () => ledger.keep(),
    onRemovedSink(sink: string, records: number) {
      const message = 'a sink of an earlier run is not configured now: records that only it lacked are deleted';
      log.problem('warn', `removed ${sink}`, message, { sink, recordsAtMost: records });
    },
    onRecovered: (sink: string, recovered: Tally) => ledger.countRecovered(sink, recovered),
  };
  if (spoolDir === undefined) return { buffer: new RecordBuffer({ ...common, maxBytes }) };
  makeDirectory(spoolDir);
  const lock = await lockDirectory({
    directory: spoolDir,
    setting: 'LOGTAP_SPOOL_DIR',
    harm: "two would overwrite each other's records",
    pod: podName,
    log,
    sleep: (ms) => sleep(ms, NEVER),
  });
  const store = new SegmentStore({
    directory: spoolDir,
    maxBytes: spoolMaxBytes,
    sync: spoolSync,
    counts: { sync: () => journal.sync(), syncLater: () => journal.syncLater() },
    cacheBytes: maxBytes / 2,
    isOurs: () => lock.isOurs,
    onProblem: (code, message) =>
      log.problem('error', `spool ${code}`, `${message}; see ${runbook('the-spool-is-full')}`, { code }),
  });
  const journal = new CountJournal(spoolDir, {
    sync: spoolSync,
    onUnsynced: () => store.soon(),
    onProblem: (message) => log.problem('warn', 'journal', message),
  });
  const buffer = new RecordBuffer({ ...common, maxBytes: maxBytes / 2, store });
  const recovered = Object.fromEntries([...ledger.sinks].map(([name, count]) => [name, count.recovered.records]));
  log.info('spool', { directory: spoolDir, maxBytes: spoolMaxBytes, recovered });
  return { buffer, lock, journal };
}

const NEVER = new AbortController().signal;

function makeDirectory(path: string): void {
  try {
    makeDirectories(path, 0o700);
  } catch (error) {
    throw new ConfigError([
      `LOGTAP_SPOOL_DIR='${path}': cannot be made: ${messageOf(error)}. Mount a writable directory there, or unset it to buffer in memory; see ${runbook('the-spool-is-full')}.`,
    ]);
  }
}
