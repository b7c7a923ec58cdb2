/**
 * Counts that no last line has reported yet. A shipper that is killed takes its ledger with it, and a loss that only the
 * ledger knew would be in no count. So every loss is appended to a file before anything forgets the lines behind it:
 *
 *     ["lost",INSTANCE,LINES,BYTES]                     lines that the process could not hand over since its start
 *     ["gone",LINES,BYTES]                              lines that only a killed shipper had; their notice is delivered
 *     ["dropped",SINK,REASON,{STREAM:[RECORDS,BYTES]}]  or "deadLettered": since the entry before
 *     ["possibleDuplicates",SINK,REASON,{...}]          resent, and perhaps stored twice: no part of any sum
 *     ["withheld",REASON,{STREAM:[RECORDS,BYTES]}]      by rules, limits or a stage: of an acknowledged batch; negative: sent later
 *     ["read",{INSTANCE:[SEQ,LINES,BYTES,LOST_LINES,LOST_BYTES,LINE_ENDS?]},LINES,BYTES]
 *                                                       totals of processes over sockets: number of the last frame, what was
 *                                                       read, and lost, and the line ends that were read or counted, where
 *                                                       HELLO has their total; and the lines of all that are not acknowledged
 *     ["later",LINES,BYTES]                             over sockets, of processes with a later version of the frames
 *     ["invalid",LINES,BYTES]                           at most, behind frames that break the format
 *     ["uncounted",REASON,RINGS,BYTES]                  damaged rings that held more lines, and nothing tells how many
 *     ["refused",RING]                                  what it held is counted above: it is to be removed
 *     ["removed",RING]                                  it is
 *     ["settled",LINES,BYTES]                           these are not acknowledged now
 *     ["reported"]                                      a last line has said all that is above, but for "lost" totals
 *     ["acknowledged",[ENTRY...],[[RING,BEFORE,AFTER]...]]  entries of lines that are forgotten now, and the checkpoints that
 *                                                       forget them, base64: a kill may come before they are written
 *
 * One entry per line, written by one `write`; blanks behind them are room for more. The file lies with the disk buffer, or
 * else with the rings, and is read by the next shipper of that directory. With the disk buffer it is synced as that is, and
 * before each checkpoint that lasts; with the rings never: a crash of the node that takes the file takes them, too.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { SpoolSync } from '../../catalog/buffer.js';
import { isMissing } from '../buffer/disk.js';
import { ConfigError, messageOf } from '../errors.js';
import type { Lost } from '../source/frames/decoder.js';
import type { RingCheckpoint } from './acknowledging.js';
import { JournalFile } from './journal-file.js';
import {
  acknowledgedEntry,
  type JournalEntry,
  JournalSum,
  journalEntry,
  type PreviousCounts,
  type ReadTotal,
  readEntry,
  type SinkEntry,
} from './journal-sum.js';
import type { Tally } from './tally.js';

export const JOURNAL_NAME = 'counts.journal';
/** The file is written anew when it has grown to this. */
const MAX_BYTES = 4 * 1024 * 1024;

export interface JournalOptions {
  readonly onProblem: (message: string) => void;
  /** @default JOURNAL_NAME */
  readonly name?: string;
  /** `off` where a crash of the node takes the directory. @default off */
  readonly sync?: SpoolSync;
  /** Told that `syncLater` is due. */
  readonly onUnsynced?: () => void;
}

export class CountJournal {
  readonly #path: string;
  readonly #options: JournalOptions;
  readonly #sync: SpoolSync;
  readonly #file: JournalFile;
  /** Whether the file lacks an entry, or ends with half of one: a full disk may take again what it has refused. */
  #isBehind = false;
  /** All entries, in few: the beginning of a new file. */
  #sum: JournalSum;
  readonly previous: PreviousCounts;
  /** Told when the disk has refused an entry. */
  onBehind: () => void = () => {};
  /** Whether an earlier shipper used the directory. */
  readonly isContinued: boolean;

  /** Reads the journal of previous runs in the directory. Throws a ConfigError where it cannot be read now. */
  constructor(directory: string, options: JournalOptions) {
    this.#path = join(directory, options.name ?? JOURNAL_NAME);
    this.#options = options;
    this.#sync = options.sync ?? 'off';
    this.#file = new JournalFile(this.#path, this.#sync !== 'off');
    this.#sum = new JournalSum();
    const entries = readEntries(this.#path);
    this.isContinued = entries !== undefined;
    for (const entry of entries ?? []) this.#sum.add(entry);
    this.#sum.begin();
    this.previous = this.#sum.counts();
    this.#startAnew();
  }

  /** Whether the disk has refused entries that it has not taken since. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Lines that came over a refused connection. */
  laterVersion(lost: Lost): void {
    this.#append(journalEntry.laterVersion(lost));
  }

  /** A ring whose lines are counted is gone. */
  removed(ring: string): void {
    this.#append(['removed', ring]);
  }

  lost(instance: string, { lines, bytes }: Lost): void {
    this.#append(['lost', instance, lines, bytes]);
  }

  ofSink(entry: SinkEntry, sink: string, reason: string, tally: Tally): void {
    this.#append(journalEntry.ofSink(entry, sink, reason, tally));
  }

  /** Before these lines go to the buffer. */
  read(processes: ReadonlyMap<string, ReadTotal>, unsettled: Lost): void {
    this.#append(readEntry(processes, unsettled));
  }

  /** Entries of lines that the rings forget by these checkpoints, which are to be written next. */
  acknowledged(entries: readonly JournalEntry[], checkpoints: readonly RingCheckpoint[]): void {
    this.#append(acknowledgedEntry(entries, checkpoints));
  }

  /** A last line has said everything. Nothing syncs the file later. */
  reported(): void {
    this.#append(['reported']);
    try {
      this.sync();
    } catch (error) {
      this.#fails(error);
    }
  }

  /** What was written until now outlives a crash of the node. Throws the system's errors. */
  sync(): void {
    this.#file.sync();
  }

  /** The same without waiting for the disk meanwhile. */
  syncLater(): Promise<void> {
    return this.#file.syncLater();
  }

  #append(entry: JournalEntry): void {
    if (this.#file.bytes > MAX_BYTES) this.#startAnew();
    this.#sum.add(entry);
    if (this.#isBehind) this.#startAnew();
    else this.#write(Buffer.from(`${JSON.stringify(entry)}\n`));
  }

  #write(entry: Buffer): void {
    try {
      if (!this.#file.append(entry)) this.#startAnew();
      else if (this.#sync === 'always') this.sync();
      else if (this.#sync === 'interval') this.#options.onUnsynced?.();
    } catch (error) {
      this.#fails(error);
    }
  }

  #fails(error: unknown): void {
    this.#isBehind = true;
    this.#options.onProblem(`counts cannot be kept in ${this.#path}, so a kill would lose them: ${messageOf(error)}`);
    this.onBehind();
  }

  /** A file of the sums alone takes the place of the old one. */
  #startAnew(): void {
    try {
      const entries = this.#sum.entries().map((entry) => `${JSON.stringify(entry)}\n`);
      this.#file.replace(Buffer.from(entries.join('')));
      this.#isBehind = false;
    } catch (error) {
      this.#fails(error);
    }
  }
}

/** `undefined` where there is no such file, or one that is none of ours. Throws a ConfigError where it cannot be read now. */
function readEntries(path: string): unknown[] | undefined {
  let text: string | undefined;
  try {
    text = readOurs(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new ConfigError([
      `${path}: the counts of earlier shippers cannot be read now: ${messageOf(error)}. A shipper that starts without them would lose them. If this lasts, remove the file: then they are in no last line.`,
    ]);
  }
  // A kill cut off the text behind the last line end, and blanks are room.
  return text
    ?.split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
}

/** The directory is open to all processes of the pod: a file that another user wrote, or could have, is ignored. */
const isOurs = (stat: Stats): boolean =>
  stat.isFile() && stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0 && stat.size <= 2 * MAX_BYTES;

function readOurs(path: string): string | undefined {
  // Another user's file may refuse to be opened, and must not keep the shipper from starting.
  if (!isOurs(lstatSync(path))) return undefined;
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return isOurs(fstatSync(fd)) ? readFileSync(fd, 'utf8') : undefined;
  } finally {
    closeSync(fd);
  }
}
