/** The entries of the journal of counts, as count-journal.ts lays them out, and their sum. */
import type { Lost } from '../source/frames/decoder.js';
import { NOTHING, plus } from '../source/frames/losses/lost.js';
import type { RingCheckpoint } from './acknowledging.js';
import { STREAMS, type StreamName, Tally } from './tally.js';

/** Processes whose totals are kept: those that reported last. */
export const INSTANCES_MAX = 16_384;
/** Rings that are counted, and could not be removed. */
const REFUSED_MAX = 4096;
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
  settled: ({ lines, bytes }: Lost): JournalEntry => ['settled', lines, bytes],
  laterVersion: ({ lines, bytes }: Lost): JournalEntry => ['later', lines, bytes],
  connectionClosed: ({ lines, bytes }: Lost): JournalEntry => ['closed', lines, bytes],
  invalidFrames: ({ lines, bytes }: Lost): JournalEntry => ['invalid', lines, bytes],
  uncountedRings: (reason: string, { rings, bytes }: UncountedRings): JournalEntry => {
    return ['uncounted', reason, rings, bytes];
  },
  refusedRing: (ring: string): JournalEntry => ['refused', ring],
};

/** What was read of a process over sockets. */
export interface ReadTotal extends Lost {
  /** The number of its last frame. */
  readonly seq: number;
  /** What it could not hand over until then. */
  readonly lost: Lost;
  /** Line ends in its frames, or counted as missing; absent where its library does not tell how many it has handed over. */
  readonly lineEnds?: number | undefined;
}

/** Damaged rings that held more lines, and nothing tells how many. */
export interface UncountedRings {
  readonly rings: number;
  /** Of their files. */
  readonly bytes: number;
}

export function addUncounted(to: Map<string, UncountedRings>, reason: string, { rings, bytes }: UncountedRings): void {
  const known = to.get(reason) ?? { rings: 0, bytes: 0 };
  to.set(reason, { rings: known.rings + rings, bytes: known.bytes + bytes });
}

/** The counts of previous runs. */
export interface PreviousCounts {
  /** By process. */
  readonly reads: ReadonlyMap<string, ReadTotal>;
  /** By process: its total, and how much of that no last line has reported. */
  readonly lost: ReadonlyMap<string, { readonly total: Lost; readonly unreported: Lost }>;
  readonly lostWithPreviousRun: Lost;
  /** Of processes that write a later version of the frames. */
  readonly laterVersion: Lost;
  /** Written while a shipper closed the connection. */
  readonly connectionClosed: Lost;
  /** Behind frames that break the format. */
  readonly invalidFrames: Lost;
  /** By reason. */
  readonly uncountedRings: ReadonlyMap<string, UncountedRings>;
  /** Names of rings that are counted, and perhaps not removed. */
  readonly refusedRings: ReadonlySet<string>;
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

export const acknowledgedEntry = (
  entries: readonly JournalEntry[],
  checkpoints: readonly RingCheckpoint[],
): JournalEntry => [
  'acknowledged',
  entries,
  checkpoints.map(({ ring, before, after }) => [ring, before.toString('base64'), after.toString('base64')]),
];

export const readEntry = (processes: ReadonlyMap<string, ReadTotal>, unsettled: Lost): JournalEntry => [
  'read',
  Object.fromEntries(
    [...processes].map(([instance, { seq, lines, bytes, lost, lineEnds }]) => {
      const total = [seq, lines, bytes, lost.lines, lost.bytes];
      return [instance, lineEnds === undefined ? total : [...total, lineEnds]];
    }),
  ),
  unsettled.lines,
  unsettled.bytes,
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
export class JournalSum {
  readonly #lost = new Map<string, { total: Lost; reported: Lost }>();
  #lostWithPreviousRun: Lost = NOTHING;
  #laterVersion: Lost = NOTHING;
  #connectionClosed: Lost = NOTHING;
  #invalidFrames: Lost = NOTHING;
  readonly #uncountedRings = new Map<string, UncountedRings>();
  readonly #refusedRings = new Set<string>();
  readonly #withheld = new Map<string, Tally>();
  readonly #sinks = new Map<string, { fate: SinkEntry; sink: string; reason: string; tally: Tally }>();
  #checkpoints: readonly RingCheckpoint[] = [];
  readonly #reads = new Map<string, ReadTotal>();
  /** Read from sockets, and not acknowledged. */
  #unsettled: Lost = NOTHING;

  add(entry: unknown): void {
    if (!Array.isArray(entry)) return;
    const [kind, ...rest] = entry;
    if (kind === 'lost') this.#addLost(rest);
    else if (kind === 'gone' && rest.every(isCount))
      this.#lostWithPreviousRun = plus(this.#lostWithPreviousRun, { lines: rest[0]!, bytes: rest[1] ?? 0 });
    else if (kind === 'later' && rest.length === 2 && rest.every(isCount))
      this.#laterVersion = plus(this.#laterVersion, { lines: rest[0]!, bytes: rest[1]! });
    else if (kind === 'closed' && rest.length === 2 && rest.every(isCount))
      this.#connectionClosed = plus(this.#connectionClosed, { lines: rest[0]!, bytes: rest[1]! });
    else if (kind === 'invalid' && rest.length === 2 && rest.every(isCount))
      this.#invalidFrames = plus(this.#invalidFrames, { lines: rest[0]!, bytes: rest[1]! });
    else if (kind === 'uncounted') this.#addUncounted(rest);
    else if (kind === 'refused' && typeof rest[0] === 'string') this.#addRefused(rest[0]);
    else if (kind === 'removed') this.#refusedRings.delete(String(rest[0]));
    else if (SINK_ENTRIES.has(kind)) this.#addOfSink(kind, rest);
    else if (kind === 'withheld') this.#addWithheld(rest);
    else if (kind === 'read') this.#addRead(rest);
    else if (kind === 'settled' && rest.every(isCount)) this.#unsettled = { lines: rest[0]!, bytes: rest[1] ?? 0 };
    else if (kind === 'reported') this.#report();
    else if (kind === 'acknowledged') this.#addAcknowledged(rest);
  }

  /** A shipper begins: what the one before it had read, and neither delivered nor reported, is gone. */
  begin(): void {
    this.#lostWithPreviousRun = plus(this.#lostWithPreviousRun, this.#unsettled);
    this.#unsettled = NOTHING;
  }

  counts(): PreviousCounts {
    const lost = [...this.#lost].map(([instance, { total, reported }]) => {
      return [instance, { total, unreported: minus(total, reported) }] as const;
    });
    // Copies: later counts are those of this run.
    const withheld = new Map([...this.#withheld].map(([reason, tally]) => [reason, new Tally().plus(tally)]));
    const sinks = [...this.#sinks.values()].map((each) => ({ ...each, tally: new Tally().plus(each.tally) }));
    const checkpoints = new Map(this.#checkpoints.map((checkpoint) => [checkpoint.ring, checkpoint]));
    const reads = new Map(this.#reads);
    const unread = {
      laterVersion: this.#laterVersion,
      connectionClosed: this.#connectionClosed,
      invalidFrames: this.#invalidFrames,
    };
    const rings = { uncountedRings: new Map(this.#uncountedRings), refusedRings: new Set(this.#refusedRings) };
    const gone = { lostWithPreviousRun: this.#lostWithPreviousRun, ...unread, ...rings };
    return { reads, lost: new Map(lost), ...gone, withheld, sinks, checkpoints };
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
    const later = this.#laterVersion.bytes > 0 ? [journalEntry.laterVersion(this.#laterVersion)] : [];
    const closed = this.#connectionClosed.bytes > 0 ? [journalEntry.connectionClosed(this.#connectionClosed)] : [];
    const invalid = this.#invalidFrames.bytes > 0 ? [journalEntry.invalidFrames(this.#invalidFrames)] : [];
    const uncounted = [...this.#uncountedRings].map((each) => journalEntry.uncountedRings(...each));
    const refused = [...this.#refusedRings].map((ring) => journalEntry.refusedRing(ring));
    const withheld = [...this.#withheld].map(([reason, tally]) => ['withheld', reason, countsOf(tally)]);
    // Whether they were written is known once the rings are opened.
    const checkpoints = this.#checkpoints.length > 0 ? [acknowledgedEntry([], this.#checkpoints)] : [];
    const reads = this.#reads.size > 0 ? [readEntry(this.#reads, this.#unsettled)] : [];
    const losses = [...lost, ...lostWithPreviousRun, ...later, ...closed, ...invalid, ...uncounted, ...refused];
    return [...known, ['reported'], ...losses, ...withheld, ...sinks, ...checkpoints, ...reads];
  }

  #addLost([instance, lines, bytes]: unknown[]): void {
    if (typeof instance !== 'string' || !INSTANCE.test(instance) || !isCount(lines) || !isCount(bytes)) return;
    const reported = this.#lost.get(instance)?.reported ?? NOTHING;
    this.#lost.delete(instance);
    this.#lost.set(instance, { total: { lines, bytes }, reported });
    if (this.#lost.size > INSTANCES_MAX) this.#lost.delete(this.#lost.keys().next().value!);
  }

  #addUncounted([reason, rings, bytes]: unknown[]): void {
    if (typeof reason !== 'string' || !isCount(rings) || !isCount(bytes)) return;
    addUncounted(this.#uncountedRings, reason, { rings, bytes });
  }

  #addRefused(ring: string): void {
    this.#refusedRings.add(ring);
    if (this.#refusedRings.size > REFUSED_MAX) this.#refusedRings.delete(this.#refusedRings.values().next().value!);
  }

  #addRead([processes, lines, bytes]: unknown[]): void {
    if (typeof processes !== 'object' || processes === null || !isCount(lines) || !isCount(bytes)) return;
    this.#unsettled = { lines, bytes };
    for (const [instance, total] of Object.entries(processes)) {
      if (!INSTANCE.test(instance) || !Array.isArray(total) || !total.every(isCount)) continue;
      if (total.length !== 5 && total.length !== 6) continue;
      const [seq, ofLines, ofBytes, lostLines, lostBytes, lineEnds] = total as [
        ...[number, number, number, number, number],
        number?,
      ];
      const lost = { lines: lostLines, bytes: lostBytes };
      this.#reads.delete(instance);
      this.#reads.set(instance, { seq, lines: ofLines, bytes: ofBytes, lost, lineEnds });
      if (this.#reads.size > INSTANCES_MAX) this.#reads.delete(this.#reads.keys().next().value!);
    }
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
    this.#laterVersion = NOTHING;
    this.#connectionClosed = NOTHING;
    this.#invalidFrames = NOTHING;
    this.#uncountedRings.clear();
    this.#unsettled = NOTHING;
    this.#sinks.clear();
    this.#withheld.clear();
    // It read its connections to their end. Later frames are lost by the process, which counts them itself: only its own
    // total tells them from those that the kernel took at last.
    for (const [instance, { lineEnds }] of this.#reads) if (lineEnds === undefined) this.#reads.delete(instance);
  }
}

/** At least nothing: entries may be of any process. */
const minus = (one: Lost, other: Lost): Lost => ({
  lines: Math.max(0, one.lines - other.lines),
  bytes: Math.max(0, one.bytes - other.bytes),
});
