/** Settings to the sources: the socket, and the rings where there is a directory for them. */

import { runbook } from '../catalog/runbook.js';
import type { CountJournal } from './accounting/count-journal.js';
import { type EndedProcess, isFailure, type ProcessEnd } from './accounting/ends.js';
import type { Ledger } from './accounting/ledger.js';
import { ConfigError, messageOf, type ProtocolError } from './errors.js';
import { eventChoiceOf } from './events/settings.js';
import { type DirectoryLock, lockDirectory } from './lock/directory-lock.js';
import type { Log } from './log.js';
import { descriptorShares } from './process/descriptor-limit.js';
import { makeDirectories } from './process/make-directories.js';
import type { ReplacedTimes } from './records/replaced-times.js';
import type { Settings } from './settings.js';
import { sleep } from './sleep.js';
import type { Lost } from './source/frames/decoder.js';
import { makeRingDirectory } from './source/rings/directory.js';
import { RingSource } from './source/rings/source.js';
import { SocketSource } from './source/socket/source.js';
import type { MeteredSink } from './status/metrics.js';

export interface OpenSourcesOptions {
  readonly ledger: Ledger;
  readonly log: Log;
  readonly isOutage: () => boolean;
  readonly isLongOutage: () => boolean;
  /** Told of a process that has failed, after its last line was handed on. */
  readonly onFailure: (writer: EndedProcess) => void;
  /** Keeps losses beyond a kill; absent where there is no directory for it. */
  readonly journal: CountJournal | undefined;
  /** Gets those of records of rings. */
  readonly replacedTimes: ReplacedTimes;
}

export interface Sources {
  /** Has yet to listen. */
  readonly socket: SocketSource;
  /** Absent without a directory for them. */
  readonly rings: RingSource | undefined;
  /** All of them. */
  readonly sources: readonly (SocketSource | RingSource)[];
}

/** A sink that failed so often in a row, or has taken none of its buffered records for so long, is out. A slow one is not. */
const OUTAGE_FAILURES = 2;
const OUTAGE_MS = 5000;
/** Longer than a sink looks for the requests of a killed shipper before it sends more. */
const LONG_OUTAGE_MS = 20_000;

/** Whether a sink fails for longer than rings last. `nowMs` is on the clock of the cursors. */
export function isOutage(sinks: readonly MeteredSink[], nowMs: number): boolean {
  return sinks.some(({ health: { failures, acknowledgedMs }, cursor: { oldestMs } }) => {
    if (failures >= OUTAGE_FAILURES) return true;
    return oldestMs !== undefined && nowMs - Math.max(oldestMs, acknowledgedMs) > OUTAGE_MS;
  });
}

/** Whether a sink has taken none of its buffered records for longer than larger rings last. */
export function isLongOutage(sinks: readonly MeteredSink[], nowMs: number): boolean {
  return sinks.some(({ health: { acknowledgedMs }, cursor: { oldestMs } }) => {
    return oldestMs !== undefined && nowMs - Math.max(oldestMs, acknowledgedMs) > LONG_OUTAGE_MS;
  });
}

/**
 * Makes the directory of rings and takes it for this shipper alone. Throws a ConfigError that names the other one, or the error that
 * keeps the directory from being made.
 */
export async function lockRings({ ringDir, podName }: Settings, log: Log): Promise<DirectoryLock | undefined> {
  if (ringDir === undefined) return undefined;
  makeRingDirectory(ringDir);
  return lockDirectory({
    directory: ringDir,
    setting: 'LOGTAP_RING_DIR',
    harm: 'two would each deliver the same lines',
    pod: podName,
    log,
    sleep: (ms) => sleep(ms, new AbortController().signal),
  });
}

/**
 * Takes the socket, and the journal beside it, for this shipper alone until it ends. A shipper that stops listens no longer, and
 * still delivers: the next one would count those lines as lost.
 */
export async function lockSocket({ socket, podName }: Settings, log: Log): Promise<DirectoryLock> {
  const directory = `${socket}.lock`;
  try {
    makeDirectories(directory);
  } catch (error) {
    throw new ConfigError(
      [
        `LOGTAP_SOCKET='${socket}': cannot make '${directory}': ${messageOf(error)}. Its directory must be writable by user ${process.getuid?.()}: correct its owner or choose another path; see ${runbook('the-shipper-does-not-start')}.`,
      ],
      { cause: error },
    );
  }
  return lockDirectory({
    directory,
    setting: 'LOGTAP_SOCKET',
    harm: 'each would count the lines of the other as lost',
    pod: podName,
    log,
    sleep: (ms) => sleep(ms, new AbortController().signal),
  });
}

/** Throws a ConfigError when the directory of rings cannot be made. */
export function openSources(
  settings: Settings,
  { ledger, log, isOutage, isLongOutage, onFailure, journal, replacedTimes }: OpenSourcesOptions,
): Sources {
  const tellInvalid = (unread: Lost) =>
    log.problem('warn', 'invalid frames', 'up to so many lines behind an invalid frame are not read', { ...unread });
  const lines = {
    lineMaxBytes: settings.lineMaxBytes,
    lineIdleMs: settings.lineIdleMs,
    lineAgeMs: settings.lineAgeSeconds * 1000,
    lingerMs: settings.batchLingerMs,
    events: eventChoiceOf(settings),
    charsets: settings.charset,
    onLost(lost: Lost) {
      ledger.countLost(lost);
      log.problem('warn', 'application loss', 'an application could not hand over all it wrote', { ...lost });
    },
    onProtocolError({ reason, message }: ProtocolError) {
      ledger.countProtocolError(reason);
      log.problem('warn', `protocol ${reason}`, `what a peer sent is refused: ${message}`, { reason });
    },
    onWriterEnded(writer: EndedProcess, end: ProcessEnd) {
      ledger.writers.note(writer);
      const isNew = ledger.ends.add(writer, end);
      if (isNew && isFailure(end)) onFailure(writer);
    },
    onGap: () => ledger.countGap(),
    onTimeReplaced: () => ledger.countTimeReplaced(),
    known: totalsOf(journal),
    onTotal: (instance: string, total: Lost) => ledger.keepLost(instance, total),
  };
  const socket = new SocketSource({
    ...lines,
    path: settings.socket,
    maxConnections: descriptorShares().connections,
    onNoLossPage: (problem) => log.problem('warn', 'losses', problem),
    onRead(processes, unsettled, counted) {
      ledger.keepRead(processes, unsettled, counted);
      const { missing, closed, invalid } = counted;
      if (closed !== undefined)
        log.problem('warn', 'closed', 'a process wrote lines while its connection was closed', { ...closed });
      if (invalid !== undefined) tellInvalid(invalid);
      if (missing === undefined) return;
      log.problem('warn', 'gone', 'a shipper was killed that had read lines over the socket', { ...missing });
    },
    onSettled: (unsettled) => ledger.keepSettled(unsettled),
    onLater(lost) {
      ledger.countLaterVersion(lost);
      log.problem('warn', 'later version', 'lines of a process with a later library are dropped', { ...lost });
    },
  });
  if (journal !== undefined) socket.remember(journal.previous);
  if (settings.ringDir === undefined) return { socket, rings: undefined, sources: [socket] };
  const rings = new RingSource({
    ...lines,
    path: settings.ringDir,
    maxRings: descriptorShares().rings,
    ringBytes: settings.ringBytes,
    pool: settings.ringPool,
    totalBytes: settings.ringTotalBytes,
    isOutage,
    isLongOutage,
    onTimeReplaced(nowMs) {
      ledger.countTimeReplaced();
      // Bytes of a socket are never read twice.
      replacedTimes.add(nowMs);
    },
    onSkipped: (reason, bytes) => ledger.countSkipped(reason, bytes),
    onPreviousRunLoss(lostWithPreviousRun) {
      ledger.countLostWithPreviousRun(lostWithPreviousRun);
      log.problem('warn', 'gone', 'a shipper was killed that held records of rings in memory', {
        ...lostWithPreviousRun,
      });
    },
    onInvalidFrames(unread) {
      ledger.countInvalidFrames(unread);
      tellInvalid(unread);
    },
    onNoticed: (lostWithPreviousRun) => ledger.keepLostWithPreviousRun(lostWithPreviousRun),
    onAcknowledging: (ring) => ledger.acknowledging(ring),
    keepCounts: () => ledger.keep(),
    isKept: () => ledger.isKept,
    onRefused(ring) {
      ledger.countRefusedRing(ring);
      const { name, bytes, unread, uncounted } = ring;
      const more = uncounted === undefined ? '' : ', and an unknown number of others';
      const message = `the damaged ring ${name} of ${bytes} bytes is not read: up to ${unread.lines} lines${more} are lost`;
      // One of which the lines are known must not keep the other kind from the log.
      log.problem('warn', `damaged ring ${uncounted ?? ''}`, message, {
        ring: name,
        bytes,
        lines: unread.lines,
        reason: uncounted,
      });
    },
    refused: journal?.previous.refusedRings,
    onRefusedRemoved: (name) => ledger.removedRing(name),
    planned: journal?.previous.checkpoints,
    onNoRoom: (problem) => log.problem('warn', 'rings', problem),
  });
  return { socket, rings, sources: [socket, rings] };
}

/** By process, the totals that previous runs have counted. */
function totalsOf(journal: CountJournal | undefined): ReadonlyMap<string, Lost> {
  return new Map([...(journal?.previous.lost ?? [])].map(([instance, { total }]) => [instance, total]));
}
