/** Counts read, delivered and dropped records, so that the sum can be checked to the last record, stream by stream. */

import type { AuditFate } from '../audit/audit-book.js';
import { AuditLog } from '../audit/audit-log.js';
import type { Claim, RecordBatch } from '../parts.js';
import type { Unread } from '../source/count-unread.js';
import type { Lost } from '../source/frames/decoder.js';
import type { RefusedRing } from '../source/rings/unread/refused.js';
import type { CountedLines } from '../source/socket/read-totals.js';
import type { Acknowledging } from './acknowledging.js';
import { type Counts, type HeldBy, type SinkCount, statementOf, totalsOf } from './balance.js';
import type { CountJournal } from './count-journal.js';
import { EndCounts } from './ends.js';
import { JoinCounts } from './join-counts.js';
import {
  addUncounted,
  type Fate,
  type JournalEntry,
  journalEntry,
  type PreviousCounts,
  type ReadTotal,
  readEntry,
  type UncountedRings,
} from './journal-sum.js';
import { LOST_ANSWER } from './reasons.js';
import type { Statement, Totals } from './statement.js';
import { addTo } from './tallies.js';
import { Tally } from './tally.js';
import { WriterCounts } from './writer-counts.js';

/** Between attempts to write counts that the disk has refused. */
const RETRY_MS = 500;
/** So often the lines of these counts wait in their rings: ten seconds. Then new lines are worth more than counts that only a kill takes. */
const WAITS_MAX = 20;

export class Ledger implements Counts {
  readonly read = new Tally();
  /** Of the records read: those of several lines. */
  readonly joined = new JoinCounts();
  /** How writers ended. */
  readonly ends = new EndCounts();
  /** Who writes. */
  readonly writers = new WriterCounts();
  /** Not sent to any sink, on purpose: by reason. */
  readonly withheld = new Map<string, Tally>();
  /** Secrets that were replaced in records, by kind. */
  readonly redacted = new Map<string, number>();
  /** Withheld at first, and sent later: no part of `withheld`, nor of the sum. */
  readonly recalled = new Map<string, Tally>();
  /** Lines that applications could not hand over. Never read, so no part of the sum. */
  readonly lost = { records: 0, bytes: 0 };
  /** Up to how much went down with a previous run that was killed in an outage; not read by this one either. */
  readonly lostWithPreviousRun = { records: 0, bytes: 0 };
  /** Lines in frames of a later version; not read either. */
  readonly laterVersion = { records: 0, bytes: 0 };
  /** Lines that processes wrote while their connections were closed; not read either. */
  readonly connectionClosed = { records: 0, bytes: 0 };
  /** Up to how much lay behind frames that break the format; not read either. */
  readonly invalidFrames = { records: 0, bytes: 0 };
  /** By reason: damaged rings that held more lines, and nothing tells how many. */
  readonly uncountedRings = new Map<string, UncountedRings>();
  readonly sinks: ReadonlyMap<string, SinkCount>;
  /** Peers that broke the frame format, by reason. */
  readonly protocolErrors = new Map<string, number>();
  /** Bytes of rings that were in records already and were not read once more, by reason. */
  readonly skipped = new Map<string, number>();
  /** Jumps in the numbers of a process's frames. */
  gaps = 0;
  /** Frames whose times were not believed. */
  timesReplaced = 0;
  /** At the end. */
  unread: Unread = { records: 0, bytes: 0, rings: 0 };
  #journal: CountJournal | undefined;
  /** Claims about single origins and minutes. Absent without an audit. */
  audit: AuditLog | undefined;
  /**
   * Counted, and not in the journal: the records are still buffered, or there is no journal. Sums, so that they stay few
   * however much is lost.
   */
  readonly #unkept = new Map<string, Record<Fate, Map<string, Tally>>>();
  /** The same of other kinds, as entries. */
  #entries: JournalEntry[] = [];
  #settled: Lost | undefined;
  readonly #acknowledging = new Set<Acknowledging>();
  #retry: NodeJS.Timeout | undefined;
  /** Attempts of the journal since the disk refused an entry. */
  #retries = 0;

  constructor(sinks: readonly string[]) {
    this.sinks = new Map(
      sinks.map((name) => {
        const tallies = {
          ...{ recovered: new Tally(), delivered: new Tally(), elsewhere: new Tally() },
          possibleDuplicates: new Tally(),
        };
        return [name, { ...tallies, deadLettered: new Map(), dropped: new Map() }];
      }),
    );
  }

  /** Takes over the unreported counts of previous runs, and keeps all counts in the journal from now on. */
  carryOn(journal: CountJournal): void {
    this.#journal = journal;
    journal.onBehind = () => this.#retryLater();
    if (journal.isBehind) this.#retryLater();
    this.#takeOver(journal.previous);
  }

  #takeOver(previous: PreviousCounts): void {
    const { lost, lostWithPreviousRun, laterVersion, connectionClosed, invalidFrames } = previous;
    const { uncountedRings, withheld, sinks } = previous;
    for (const { unreported } of lost.values()) this.countLost(unreported);
    this.countLostWithPreviousRun(lostWithPreviousRun);
    addLost(this.laterVersion, laterVersion);
    addLost(this.connectionClosed, connectionClosed);
    addLost(this.invalidFrames, invalidFrames);
    for (const [reason, uncounted] of uncountedRings) addUncounted(this.uncountedRings, reason, uncounted);
    for (const [reason, tally] of withheld) {
      this.countWithheld(reason, tally);
      for (const counts of this.sinks.values()) counts.recovered.add(tally);
    }
    for (const { fate, sink, reason, tally } of sinks) {
      const counts = this.sinks.get(sink);
      if (counts === undefined) continue;
      if (fate === 'possibleDuplicates') {
        counts.possibleDuplicates.add(tally);
        continue;
      }
      // They were read by an earlier shipper, and are acknowledged.
      counts.recovered.add(tally);
      addTo(counts[fate], reason, tally);
    }
  }

  /** A ring whose checkpoint is written by the next `keep`. */
  acknowledging(ring: Acknowledging): void {
    this.#acknowledging.add(ring);
  }

  /**
   * Lines were acknowledged: writes their counts to the journal, then the checkpoints by which the rings forget them. One
   * entry has both, so that the next shipper can write the checkpoints where a kill came in between. Where the disk refuses it, the
   * rings keep their lines until it has taken the counts.
   */
  keep(): void {
    const rings = [...this.#acknowledging];
    const entries = this.#takeEntries();
    const checkpoints = rings.flatMap((ring) => ring.checkpoint() ?? []);
    if (entries.length > 0 || this.#journal?.isBehind) this.#journal?.acknowledged(entries, checkpoints);
    if (this.#journal?.isBehind !== true) this.#retries = 0;
    if (!this.isKept) for (const ring of rings) ring.saveOwed();
    else this.#forget();
  }

  /** Whether counted lines may be forgotten: the journal has their counts, or has been refused for so long that nothing waits for it. */
  get isKept(): boolean {
    return this.#journal?.isBehind !== true || this.#retries >= WAITS_MAX;
  }

  #forget(): void {
    const rings = [...this.#acknowledging];
    this.#acknowledging.clear();
    for (const ring of rings) ring.save();
  }

  /** Also after the last count: nothing else may come that would write the journal. */
  #retryLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#retries += 1;
      this.keep();
    }, RETRY_MS).unref();
  }

  /** None, and nothing is forgotten, while there is no journal yet. */
  #takeEntries(): JournalEntry[] {
    if (this.#journal === undefined) return [];
    const entries = this.#entries;
    for (const [sink, counts] of this.#unkept) {
      for (const fate of ['dropped', 'deadLettered'] as const) {
        for (const [reason, tally] of counts[fate]) entries.push(journalEntry.ofSink(fate, sink, reason, tally));
      }
    }
    if (this.#settled !== undefined) entries.push(journalEntry.settled(this.#settled));
    this.#settled = undefined;
    this.#entries = [];
    this.#unkept.clear();
    return entries;
  }

  /** The withheld counts of an acknowledged batch; they are negative for recalled records. Written by the next `keep`. */
  keepWithheld(reason: string, withheld: Tally, places: readonly Claim[] = []): void {
    if (this.#journal !== undefined) this.#entries.push(journalEntry.withheld(reason, withheld));
    this.audit?.counted(withheld.records < 0 ? 'recalled' : 'withheld', '*', reason, places);
  }

  /** Lines that were lost with a previous run, whose notice is delivered. Written by the next `keep`. */
  keepLostWithPreviousRun(lost: Lost): void {
    if (this.#journal !== undefined) this.#entries.push(journalEntry.lostWithPreviousRun(lost));
  }

  /** The total of a process, before it is counted. */
  keepLost(instance: string, total: Lost): void {
    this.#journal?.lost(instance, total);
  }

  /**
   * Lines from sockets, before they are buffered. Those that are counted instead are in the same entry: a kill neither counts them again
   * nor forgets them.
   */
  keepRead(processes: ReadonlyMap<string, ReadTotal>, unsettled: Lost, counted: CountedLines = {}): void {
    const { missing, closed, invalid } = counted;
    if (missing !== undefined) {
      this.countLostWithPreviousRun(missing);
      this.keepLostWithPreviousRun(missing);
    }
    if (closed !== undefined) {
      addLost(this.connectionClosed, closed);
      if (this.#journal !== undefined) this.#entries.push(journalEntry.connectionClosed(closed));
    }
    if (invalid !== undefined) this.countInvalidFrames(invalid);
    if (missing === undefined && closed === undefined && invalid === undefined) {
      this.#journal?.read(processes, unsettled);
      return;
    }
    if (this.#journal !== undefined) this.#entries.push(readEntry(processes, unsettled));
    this.keep();
  }

  /** So many lines from sockets are not acknowledged now. Written by the next `keep`. */
  keepSettled(unsettled: Lost): void {
    this.#settled = unsettled;
  }

  /** The places of records that are counted and not stored, for an audit. */
  notePlaces(fate: AuditFate, sink: string, reason: string, records: RecordBatch): void {
    this.audit?.counted(fate, sink, reason, AuditLog.places(records));
  }

  /** A last line has said it all. */
  reported(): void {
    this.keep();
    this.#forget();
    this.#journal?.reported();
  }

  countRead(read: Tally): void {
    this.read.add(read);
  }

  countWithheld(reason: string, withheld: Tally): void {
    addTo(this.withheld, reason, withheld);
  }

  /** Records that were withheld are sent after all. */
  countRecalled(reason: string, recalled: Tally): void {
    addTo(this.withheld, reason, new Tally().minus(recalled));
    addTo(this.recalled, reason, recalled);
  }

  /** By kind, how often. */
  countRedacted(counts: ReadonlyMap<string, number>): void {
    for (const [kind, count] of counts) this.redacted.set(kind, (this.redacted.get(kind) ?? 0) + count);
  }

  countLost(lost: Lost): void {
    addLost(this.lost, lost);
  }

  countLostWithPreviousRun(lost: Lost): void {
    addLost(this.lostWithPreviousRun, lost);
  }

  /** Of a connection that is refused. */
  countLaterVersion(lost: Lost): void {
    addLost(this.laterVersion, lost);
    this.#journal?.laterVersion(lost);
  }

  /** Written by the next `keep`, with the checkpoint of the ring that they were in. */
  countInvalidFrames(unread: Lost): void {
    addLost(this.invalidFrames, unread);
    if (this.#journal !== undefined) this.#entries.push(journalEntry.invalidFrames(unread));
  }

  /** A ring that no reader can begin with. Written at once, with its name: it is to be removed. */
  countRefusedRing({ name, bytes, unread, gone, uncounted }: RefusedRing): void {
    if (unread.lines > 0) this.countInvalidFrames(unread);
    if (gone.bytes > 0) {
      this.countLostWithPreviousRun(gone);
      this.keepLostWithPreviousRun(gone);
    }
    if (uncounted !== undefined) {
      addUncounted(this.uncountedRings, uncounted, { rings: 1, bytes });
      this.#entries.push(journalEntry.uncountedRings(uncounted, { rings: 1, bytes }));
    }
    this.#entries.push(journalEntry.refusedRing(name));
    this.keep();
  }

  /** It is gone: its name is forgotten. */
  removedRing(name: string): void {
    this.#journal?.removed(name);
  }

  countRecovered(sink: string, recovered: Tally): void {
    this.sinks.get(sink)!.recovered.add(recovered);
  }

  countDelivered(sink: string, delivered: Tally): void {
    this.sinks.get(sink)!.delivered.add(delivered);
  }

  countElsewhere(sink: string, elsewhere: Tally): void {
    this.sinks.get(sink)!.elsewhere.add(elsewhere);
  }

  /** Kept at once: it is called before the records leave again. */
  countPossibleDuplicates(sink: string, repeated: Tally): void {
    this.sinks.get(sink)!.possibleDuplicates.add(repeated);
    this.#journal?.ofSink('possibleDuplicates', sink, LOST_ANSWER, repeated);
  }

  countDropped(sink: string, reason: string, dropped: Tally): void {
    this.countUndelivered('dropped', sink, reason, dropped);
    this.keepUndelivered('dropped', sink, reason, dropped);
  }

  /** Counts records that are still buffered, so that a kill forgets the count: they will be read and counted again. */
  countUndelivered(fate: Fate, sink: string, reason: string, tally: Tally): void {
    addTo(this.sinks.get(sink)![fate], reason, tally);
  }

  /** Counts of records that leave the buffer. Written by the next `keep`. */
  keepUndelivered(fate: Fate, sink: string, reason: string, tally: Tally): void {
    const unkept = this.#unkept.get(sink) ?? { dropped: new Map(), deadLettered: new Map() };
    this.#unkept.set(sink, unkept);
    addTo(unkept[fate], reason, tally);
  }

  countProtocolError(reason: string): void {
    this.protocolErrors.set(reason, (this.protocolErrors.get(reason) ?? 0) + 1);
  }

  countSkipped(reason: string, bytes: number): void {
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + bytes);
  }

  countTimeReplaced(): void {
    this.timesReplaced += 1;
  }

  countGap(): void {
    this.gaps += 1;
  }

  countUnread({ records, bytes, rings }: Unread): void {
    const { records: moreRecords, bytes: moreBytes, rings: moreRings } = this.unread;
    this.unread = { records: records + moreRecords, bytes: bytes + moreBytes, rings: rings + moreRings };
  }

  /** The totals in one line. */
  totals(heldBy: HeldBy): Totals {
    return totalsOf(this, heldBy);
  }

  /** The whole ledger, as `/ledger` answers it. */
  statement(heldBy: HeldBy): Statement {
    return statementOf(this, heldBy);
  }
}

function addLost(sum: { records: number; bytes: number }, { lines, bytes }: Lost): void {
  sum.records += lines;
  sum.bytes += bytes;
}
