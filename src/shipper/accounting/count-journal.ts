/**
 * Counts that no last line has reported yet. A shipper that is killed takes its ledger with it, and a loss that only the
 * ledger knew would be in no count. So every loss is appended to a file before anything forgets the lines behind it:
 *
 *     ["lost",INSTANCE,LINES,BYTES]                     lines that the process could not hand over since its start
 *     ["gone",LINES,BYTES]                              lines that only a killed shipper had; their notice is delivered
 *     ["dropped",SINK,REASON,{STREAM:[RECORDS,BYTES]}]  or "deadLettered": since the entry before
 *     ["possibleDuplicates",SINK,REASON,{...}]          resent, and perhaps stored twice: no part of any sum
 *     ["withheld",REASON,{STREAM:[RECORDS,BYTES]}]      by rules, limits or a stage: of an acknowledged batch; negative: sent later
 *     ["reported"]                                      a last line has said all that is above, but for "lost" totals
 *     ["acknowledged",[ENTRY...],[[RING,BEFORE,AFTER]...]]  entries of lines that are forgotten now, and the checkpoints that
 *                                                       forget them, base64: a kill may come before they are written
 *
 * One entry per line, written by one `write`; a line that a kill has cut off ends the file. The file lies with the disk buffer, or
 * else with the rings, and is read by the next shipper of that directory. It is not synced: a crash of the node
 * that takes the file takes the rings, too.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import type { Lost } from '../source/frames/decoder.js';
import type { RingCheckpoint } from './acknowledging.js';
import { STREAMS, type StreamName, Tally } from './tally.js';

export const JOURNAL_NAME = 'counts.journal';
/** The file is written anew when it has grown to this. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Processes whose totals are kept: those that reported last. */
const INSTANCES_MAX = 16_384;
const INSTANCE = /^[0-9a-f]{16}$/;

export type Fate = 'dropped' | 'deadLettered';
/** Counts by sink and reason. */
export type SinkEntry = Fate | 'possibleDuplicates';

/** A list of JSON values, as the head of this file describes it. */
export type JournalEntry = readonly unknown[];

export const journalEntry = {
  ofSink: (entry: SinkEntry, sink: string, reason: string, tally: Tally): JournalEntry => [
    entry,
    sink,
    reason,
    countsOf(tally),
  ],
  withheld: (reason: string, tally: Tally): JournalEntry => ['withheld', reason, countsOf(tally)],
  lostWithPreviousRun: ({ lines, bytes }: Lost): JournalEntry => ['gone', lines, bytes],
};

/** The counts of previous runs. */
export interface PreviousCounts {
  /** By process: its total, and how much of that no last line has reported. */
  readonly lost: ReadonlyMap<string, { readonly total: Lost; readonly unreported: Lost }>;
  readonly lostWithPreviousRun: Lost;
  /** By reason. */
  readonly withheld: ReadonlyMap<string, Tally>;
  readonly sinks: readonly {
    readonly fate: SinkEntry;
    readonly sink: string;
    readonly reason: string;
    readonly tally: Tally;
  }[];
  /** By ring: of the last entry. Written already, unless the shipper was killed in between. */
  readonly checkpoints: ReadonlyMap<string, RingCheckpoint>;
}

const NOTHING: Lost = { lines: 0, bytes: 0 };

export class CountJournal {
  readonly #path: string;
  readonly #onProblem: (message: string) => void;
  #fd: number | undefined;
  #bytes = 0;
  /** Whether the file lacks an entry, or ends with half of one: a full disk may take again what it has refused. */
  #isBehind = false;
  /** All entries, in few: the beginning of a new file. */
  #sum: Sum;
  readonly previous: PreviousCounts;
  /** Whether an earlier shipper used the directory. */
  readonly isContinued: boolean;

  /** Reads the journal of previous runs in the directory. */
  constructor(directory: string, onProblem: (message: string) => void) {
    this.#path = join(directory, JOURNAL_NAME);
    this.#onProblem = onProblem;
    this.#sum = new Sum();
    this.isContinued = existsSync(this.#path);
    for (const entry of readEntries(this.#path)) this.#sum.add(entry);
    this.previous = this.#sum.counts();
    this.#startAnew();
  }

  lost(instance: string, { lines, bytes }: Lost): void {
    this.#append(['lost', instance, lines, bytes]);
  }

  ofSink(entry: SinkEntry, sink: string, reason: string, tally: Tally): void {
    this.#append(journalEntry.ofSink(entry, sink, reason, tally));
  }

  /** Entries of lines that the rings forget by these checkpoints, which are to be written next. */
  acknowledged(entries: readonly JournalEntry[], checkpoints: readonly RingCheckpoint[]): void {
    this.#append(acknowledgedEntry(entries, checkpoints));
  }

  /** A last line has said everything. */
  reported(): void {
    this.#append(['reported']);
  }

  #append(entry: JournalEntry): void {
    if (this.#bytes > MAX_BYTES) this.#startAnew();
    this.#sum.add(entry);
    if (this.#isBehind) this.#startAnew();
    else this.#write(Buffer.from(`${JSON.stringify(entry)}\n`));
  }

  #write(entry: Buffer): void {
    try {
      this.#fd ??= openSync(this.#path, FLAGS | constants.O_APPEND, 0o600);
      writeWhole(this.#fd, entry);
      this.#bytes += entry.length;
    } catch (error) {
      this.#fails(error);
    }
  }

  #fails(error: unknown): void {
    this.#isBehind = true;
    this.#onProblem(`counts cannot be kept in ${this.#path}, so a kill would lose them: ${messageOf(error)}`);
  }

  /** A file of the sums alone takes the place of the old one at once. */
  #startAnew(): void {
    const making = `${this.#path}.new`;
    const entries = this.#sum.entries().map((entry) => `${JSON.stringify(entry)}\n`);
    const content = Buffer.from(entries.join(''));
    let fd: number | undefined;
    try {
      rmSync(making, { force: true });
      fd = openSync(making, FLAGS | constants.O_EXCL | constants.O_APPEND, 0o600);
      writeWhole(fd, content);
      renameSync(making, this.#path);
      if (this.#fd !== undefined) closeSync(this.#fd);
      this.#fd = fd;
      this.#bytes = content.length;
      this.#isBehind = false;
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      this.#fails(error);
    }
  }
}

/** A disk that becomes full takes a part of what is written, without an error. */
function writeWhole(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Nothing where there is no such file, or one that is none of ours. */
function readEntries(path: string): unknown[] {
  let text: string;
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      // The directory is open to all processes of the pod: a file that another user wrote, or could have, is ignored.
      const isOurs = stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0;
      if (!stat.isFile() || !isOurs || stat.size > 2 * MAX_BYTES) return [];
      text = readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  } catch {
    return [];
  }
  // A kill cut off the text behind the last line end.
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
}

const acknowledgedEntry = (entries: readonly JournalEntry[], checkpoints: readonly RingCheckpoint[]): JournalEntry => [
  'acknowledged',
  entries,
  checkpoints.map(({ ring, before, after }) => [ring, before.toString('base64'), after.toString('base64')]),
];

/** A tally as an entry has it. */
const countsOf = ({ byStream }: Tally): Readonly<Record<string, readonly number[]>> =>
  Object.fromEntries(Object.entries(byStream).map(([stream, { records, bytes }]) => [stream, [records, bytes]]));

/** The counts of a tally as an entry has them; zeros are left out. */
function tallyOf(counts: object, isRight: (value: unknown) => boolean): Tally {
  const tally = new Tally();
  for (const [stream, count] of Object.entries(counts)) {
    const [records, bytes] = Array.isArray(count) ? count : [];
    if (STREAMS.includes(stream as StreamName) && isRight(records) && isRight(bytes)) {
      tally.add(Tally.ofStream(stream as StreamName, { records, bytes }));
    }
  }
  return tally;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const SINK_ENTRIES: ReadonlySet<unknown> = new Set<SinkEntry>(['dropped', 'deadLettered', 'possibleDuplicates']);

/** Everything that entries say, as one of each. Other processes may write to the file: invalid entries are ignored. */
class Sum {
  readonly #lost = new Map<string, { total: Lost; reported: Lost }>();
  #lostWithPreviousRun: Lost = NOTHING;
  readonly #withheld = new Map<string, Tally>();
  readonly #sinks = new Map<string, { fate: SinkEntry; sink: string; reason: string; tally: Tally }>();
  #checkpoints: readonly RingCheckpoint[] = [];

  add(entry: unknown): void {
    if (!Array.isArray(entry)) return;
    const [kind, ...rest] = entry;
    if (kind === 'lost') this.#addLost(rest);
    else if (kind === 'gone' && rest.every(isCount))
      this.#lostWithPreviousRun = plus(this.#lostWithPreviousRun, { lines: rest[0]!, bytes: rest[1] ?? 0 });
    else if (SINK_ENTRIES.has(kind)) this.#addOfSink(kind, rest);
    else if (kind === 'withheld') this.#addWithheld(rest);
    else if (kind === 'reported') this.#report();
    else if (kind === 'acknowledged') this.#addAcknowledged(rest);
  }

  counts(): PreviousCounts {
    const lost = [...this.#lost].map(([instance, { total, reported }]) => {
      return [instance, { total, unreported: minus(total, reported) }] as const;
    });
    // Copies: later counts are those of this run.
    const withheld = new Map([...this.#withheld].map(([reason, tally]) => [reason, new Tally().plus(tally)]));
    const sinks = [...this.#sinks.values()].map((each) => ({ ...each, tally: new Tally().plus(each.tally) }));
    const checkpoints = new Map(this.#checkpoints.map((checkpoint) => [checkpoint.ring, checkpoint]));
    return { lost: new Map(lost), lostWithPreviousRun: this.#lostWithPreviousRun, withheld, sinks, checkpoints };
  }

  entries(): (readonly unknown[])[] {
    const known = [...this.#lost].flatMap(([instance, { reported }]) => {
      return reported.bytes > 0 ? [['lost', instance, reported.lines, reported.bytes]] : [];
    });
    const lost = [...this.#lost].flatMap(([instance, { total, reported }]) => {
      return total.bytes > reported.bytes ? [['lost', instance, total.lines, total.bytes]] : [];
    });
    const sinks = [...this.#sinks.values()].map(({ fate, sink, reason, tally }) => {
      return [fate, sink, reason, countsOf(tally)];
    });
    const lostWithPreviousRun =
      this.#lostWithPreviousRun.lines > 0
        ? [['gone', this.#lostWithPreviousRun.lines, this.#lostWithPreviousRun.bytes]]
        : [];
    const withheld = [...this.#withheld].map(([reason, tally]) => ['withheld', reason, countsOf(tally)]);
    // Whether they were written is known once the rings are opened.
    const checkpoints = this.#checkpoints.length > 0 ? [acknowledgedEntry([], this.#checkpoints)] : [];
    return [...known, ['reported'], ...lost, ...lostWithPreviousRun, ...withheld, ...sinks, ...checkpoints];
  }

  #addLost([instance, lines, bytes]: unknown[]): void {
    if (typeof instance !== 'string' || !INSTANCE.test(instance) || !isCount(lines) || !isCount(bytes)) return;
    const reported = this.#lost.get(instance)?.reported ?? NOTHING;
    this.#lost.delete(instance);
    this.#lost.set(instance, { total: { lines, bytes }, reported });
    if (this.#lost.size > INSTANCES_MAX) this.#lost.delete(this.#lost.keys().next().value!);
  }

  #addOfSink(fate: SinkEntry, [sink, reason, counts]: unknown[]): void {
    if (typeof sink !== 'string' || typeof reason !== 'string' || typeof counts !== 'object' || counts === null) return;
    const key = `${fate} ${sink} ${reason}`;
    const known = this.#sinks.get(key) ?? { fate, sink, reason, tally: new Tally() };
    known.tally.add(tallyOf(counts, isCount));
    this.#sinks.set(key, known);
  }

  #addWithheld([reason, counts]: unknown[]): void {
    if (typeof reason !== 'string' || typeof counts !== 'object' || counts === null) return;
    const tally = tallyOf(counts, Number.isSafeInteger);
    this.#withheld.set(reason, (this.#withheld.get(reason) ?? new Tally()).plus(tally));
  }

  #addAcknowledged([entries, checkpoints]: unknown[]): void {
    if (!Array.isArray(entries) || !Array.isArray(checkpoints)) return;
    for (const entry of entries) if (Array.isArray(entry) && entry[0] !== 'acknowledged') this.add(entry);
    this.#checkpoints = checkpoints.flatMap((each) => {
      if (!Array.isArray(each) || !each.every((part) => typeof part === 'string')) return [];
      const [ring = '', before = '', after = ''] = each;
      return [{ ring, before: Buffer.from(before, 'base64'), after: Buffer.from(after, 'base64') }];
    });
  }

  #report(): void {
    for (const known of this.#lost.values()) known.reported = known.total;
    this.#lostWithPreviousRun = NOTHING;
    this.#sinks.clear();
    this.#withheld.clear();
  }
}

const plus = (one: Lost, other: Lost): Lost => ({ lines: one.lines + other.lines, bytes: one.bytes + other.bytes });
const minus = (one: Lost, other: Lost): Lost => ({
  lines: Math.max(0, one.lines - other.lines),
  bytes: Math.max(0, one.bytes - other.bytes),
});
