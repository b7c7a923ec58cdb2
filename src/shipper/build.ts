/** Settings to the parts of a shipper, none of which runs yet. */
import { basename, dirname } from 'node:path';
import { namedSinks } from '../catalog/records/container-sinks.js';
import { kernelRefusal } from '../kernels/kernels.js';
import { CountJournal } from './accounting/count-journal.js';
import { Ledger } from './accounting/ledger.js';
import { tellRemovedSinks } from './accounting/removed-sinks.js';
import type { Tally } from './accounting/tally.js';
import { AuditFile, AuditMemory } from './audit/audit-file.js';
import { AuditLog } from './audit/audit-log.js';
import type { RecordBuffer } from './buffer/record-buffer.js';
import { LiveRecords } from './console/live-records.js';
import type { DeadLetterFile } from './dead-letters/dead-letter-file.js';
import { healthySink } from './delivery/deliver.js';
import { StageCounts } from './delivery/stage-counts.js';
import type { DirectoryLock } from './lock/directory-lock.js';
import type { Log } from './log.js';
import { openBuffer } from './open-buffer.js';
import { openDeadLetters, openSinks } from './open-deliveries.js';
import { isLongOutage, isOutage, lockRings, lockSocket, openSources, type Sources } from './open-sources.js';
import { bufferPart, openStages, type Stages } from './open-stages.js';
import type { Origin, Sink } from './parts.js';
import { containerMemoryLimit, defaultMemoryMaxBytes } from './process/memory-limit.js';
import { ReplacedTimes } from './records/replaced-times.js';
import type { Secrets } from './secrets.js';
import type { Settings } from './settings.js';
import type { Bill } from './stages/bill/bill.js';
import { type MeteredSink, Metrics } from './status/metrics.js';

export interface ShipperParts extends Sources, Stages {
  readonly settings: Settings;
  readonly log: Log;
  readonly secrets: Secrets;
  /** Monotonic. */
  readonly now: () => number;
  /** Bound on the memory of buffered records. */
  readonly memoryMaxBytes: number;
  readonly ledger: Ledger;
  readonly buffer: RecordBuffer;
  /** The records that enter the buffer, for clients that look at them. */
  readonly live: LiveRecords;
  /** Of the directories of the disk buffer and of the rings, each absent without its directory. */
  readonly bufferLock: DirectoryLock | undefined;
  readonly ringLock: DirectoryLock | undefined;
  /** Where there is neither a disk buffer nor a ring. */
  readonly socketLock: DirectoryLock | undefined;
  readonly metrics: Metrics;
  /** In the order of the settings, as the sinks. */
  readonly metered: readonly MeteredSink[];
  readonly sinks: readonly Sink[];
  readonly deadLetters: DeadLetterFile | undefined;
  /** The records that a sink still has to take. */
  readonly heldBy: (sink: string) => Tally;
  /** Sends the records in the flight recorder, of containers with such origins or of all. Returns their number. */
  readonly recall: (isOf?: (origin: Origin) => boolean) => number;
  /** To be called once it listens, before a process is read. */
  readonly carryOn: () => void;
}

/** Locks the directories and takes over the state of previous runs. Throws a ConfigError when the settings cannot work. */
export async function buildShipper(settings: Settings, log: Log, secrets: Secrets): Promise<ShipperParts> {
  const now = () => performance.now();
  const memoryMaxBytes =
    settings.memoryMaxBytes ??
    defaultMemoryMaxBytes(containerMemoryLimit(), settings.ringDir === undefined ? 0 : settings.ringTotalBytes);
  const names = namedSinks(settings).map(({ name }) => name);
  const ledger = new Ledger(names);
  const live = new LiveRecords();
  const opened = await openBuffer(settings, {
    onAppended: (batch) => live.add(batch),
    maxBytes: bufferPart(settings) * memoryMaxBytes,
    now,
    ledger,
    log,
    placesOf: isAudited(settings) ? AuditLog.places : undefined,
  });
  const { buffer, lock: bufferLock } = opened;
  const ringLock = await lockRings(settings, log);
  const journal = opened.journal ?? openJournal(settings, log);
  const socketLock = journal === undefined ? await lockSocket(settings, log) : undefined;
  const takeOver = (counts: CountJournal) => {
    ledger.carryOn(counts);
    tellRemovedSinks(counts.previous, names, log);
  };
  if (journal !== undefined) takeOver(journal);
  ledger.audit = openAudit(settings, log);
  const metered = names.map((name) => ({ name, cursor: buffer.cursor(name), health: healthySink() }));
  let opening: Sources | undefined;
  const metrics = new Metrics({
    ...{ ledger, sinks: metered, now, fullness: () => buffer.fullness },
    writers: () => opening?.sources.flatMap(({ writers }) => writers) ?? [],
    ringFills: () => opening?.rings?.fills ?? [],
  });
  const replacedTimes = new ReplacedTimes();
  const sinks = await openSinks(
    { settings, log, secrets, audit: ledger.audit },
    {
      onRequest: (...request) => metrics.countRequest(...request),
      onBilled: (...billed) => metrics.countBilled(...billed),
      onPossibleDuplicates: (...repeated) => ledger.countPossibleDuplicates(...repeated),
      isContinued: journal?.isContinued ?? false,
      replacedTimes,
      // On disk records wait beyond a crash of the node, and the note would have to be synced with them.
      notesDirectory: settings.spoolDir === undefined ? settings.ringDir : undefined,
    },
  );
  const refused = kernelRefusal();
  if (refused !== undefined) log.info(`no kernels, lines cost more CPU time: ${refused}`);
  const stages = await openStages(settings, { log, now, memoryMaxBytes });
  const { redaction } = stages;
  if (redaction !== undefined) secrets.alsoHide((text) => redaction.text(text));
  const recall = (isOf?: (origin: Origin) => boolean) => recallTo(buffer, ledger, stages.bill, isOf);
  const deadLetters = openDeadLetters({ settings, log, secrets, now });
  const sources = openSources(settings, {
    ...{ ledger, log, journal, replacedTimes },
    isOutage: () => isOutage(metered, now()),
    isLongOutage: () => isLongOutage(metered, now()),
    onFailure: (writer) => recall(({ container }) => container === writer.container),
  });
  opening = sources;
  const carryOn = () => {
    if (journal !== undefined) return;
    const own = openSocketJournal(settings.socket, log);
    takeOver(own);
    sources.socket.remember(own.previous);
  };
  const heldBy = (name: string) => buffer.cursor(name).held;
  return {
    ...{ settings, log, secrets, now, memoryMaxBytes, ledger, buffer, live, bufferLock, ringLock, socketLock },
    ...{ metrics, metered, sinks, deadLetters, heldBy, recall, carryOn, ...sources, ...stages },
  };
}

function recallTo(
  buffer: RecordBuffer,
  ledger: Ledger,
  bill: Bill | undefined,
  isOf?: (origin: Origin) => boolean,
): number {
  if (bill === undefined) return 0;
  const counts = new StageCounts(ledger);
  const batch = bill.recall(counts.withhold, counts.books, isOf);
  buffer.append(counts.counted(batch));
  return batch.count;
}

/** Beside the socket, where there is neither a disk buffer nor a ring. */
function openSocketJournal(socket: string, log: Log): CountJournal {
  return new CountJournal(dirname(socket), {
    name: `${basename(socket)}.journal`,
    onProblem: (message) => log.problem('warn', 'journal', message),
  });
}

/** Beside the rings, where the disk buffer has none. */
function openJournal({ ringDir }: Settings, log: Log): CountJournal | undefined {
  if (ringDir === undefined) return undefined;
  return new CountJournal(ringDir, { onProblem: (message) => log.problem('warn', 'journal', message) });
}

/** Sinks whose services can be read. */
const READABLE: ReadonlySet<string> = new Set(['opensearch', 'cloudwatch']);

const isAudited = (settings: Settings) =>
  settings.audit !== 'off' && namedSinks(settings).some(({ kind }) => READABLE.has(kind));

/** Beside the journal. Without a directory it lasts as long as this process, and the shipper's log has it at the end. */
function openAudit(settings: Settings, log: Log): AuditLog | undefined {
  if (!isAudited(settings)) return undefined;
  const { spoolDir, ringDir } = settings;
  const directory = spoolDir ?? ringDir;
  const onProblem = (message: string) => log.problem('warn', 'audit', message);
  return new AuditLog(directory === undefined ? new AuditMemory() : new AuditFile(directory, onProblem), {
    now: Date.now,
  });
}
