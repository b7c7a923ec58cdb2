/** The ledger in words for others: the last line of the shipper, and the answer of `/ledger`. */
import type { EndStatement } from './ends.js';
import type { Joined } from './join-counts.js';
import type { UncountedRings } from './journal-sum.js';
import type { Count, StreamName } from './tally.js';

/**
 * Read + recovered = withheld + delivered + elsewhere + dead-lettered + dropped + held at every sink and for every stream, or
 * `balanced` is false.
 */
export interface Totals {
  readonly read: number;
  /** By sink: records that a previous run left on disk. Absent without any. */
  readonly recovered?: Readonly<Record<string, number>>;
  /** By reason: kept back from every sink by rules, limits or a stage. Absent when there was nothing. */
  readonly withheld?: Readonly<Record<string, number>>;
  /** By kind: secrets replaced in records. No part of the sum. Absent when there was nothing. */
  readonly redacted?: Readonly<Record<string, number>>;
  /** By sink. */
  readonly delivered: Readonly<Record<string, number>>;
  /** By sink: of containers whose records other sinks get. Absent when there were none. */
  readonly elsewhere?: Readonly<Record<string, number>>;
  /** By sink: resent although they may be stored already. No part of the sum. Absent when there was nothing. */
  readonly possibleDuplicates?: Readonly<Record<string, number>>;
  /** By sink and reason. Absent when there was nothing. */
  readonly deadLettered?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By sink and reason. Lines lost in the application, or with a previous run (`hold`), were never read by this one. */
  readonly dropped: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By reason: damaged rings that are gone, with lines that are in no count, as nothing tells how many. Absent without any. */
  readonly uncountedRings?: Readonly<Record<string, UncountedRings>>;
  /** Lines that the shipper has not read when it ends, in no other count. Absent when there are none. */
  readonly unread?: number;
  readonly unreadBytes?: number;
  /** Rings that could not be read to their end: their other lines are in no count. Absent without any. */
  readonly unreadRings?: number;
  /** Records that at least one sink still has to take. */
  readonly held: number;
  /** Of these, records that the disk buffer has refused: the next shipper does not have them. Absent without any. */
  readonly heldInMemory?: number;
  /** By sink and stream. */
  readonly streams: Readonly<Record<string, SinkStatement['streams']>>;
  readonly balanced: boolean;
}

/** Every count of the ledger. */
export interface Statement {
  /** By stream. */
  readonly read: Readonly<Partial<Record<StreamName, Count>>>;
  /** Records of several lines, by stream and by how they were formed. Absent when there were none. */
  readonly joined?: Readonly<Record<string, Readonly<Record<string, Joined>>>>;
  /** By reason: kept back from every sink. Absent when there was nothing. */
  readonly withheld?: Readonly<Record<string, Count>>;
  /** By kind: secrets replaced in records. No part of the sum. Absent when there was nothing. */
  readonly redacted?: Readonly<Record<string, number>>;
  /** How the processes ended that wrote. Absent while none has. */
  readonly ended?: EndStatement;
  /** Never read, so no part of the sum. */
  readonly application: {
    readonly dropped: Readonly<Record<string, Count>>;
    /** As in the totals. */
    readonly uncountedRings?: Totals['uncountedRings'];
  };
  readonly hold: { readonly dropped: Readonly<Record<string, Count>> };
  readonly sinks: Readonly<Record<string, SinkStatement>>;
  readonly balanced: boolean;
}

export interface SinkStatement {
  readonly recovered: Count;
  readonly delivered: Count;
  /** Of containers whose records other sinks get. Absent when there were none. */
  readonly elsewhere?: Count;
  /** By reason. */
  readonly deadLettered: Readonly<Record<string, Count>>;
  readonly dropped: Readonly<Record<string, Count>>;
  readonly held: Count;
  /** Resent although they may be stored already. No part of the sum. Absent when there was nothing. */
  readonly possibleDuplicates?: Count;
  /** Records of each stream: read, or recovered, = withheld + delivered + elsewhere + dead-lettered + dropped + held. */
  readonly streams: Readonly<Partial<Record<StreamName, StreamStatement>>>;
  /** Records only: bytes of damaged records on disk are not known. */
  readonly balanced: boolean;
}

export interface StreamStatement {
  readonly read: number;
  /** Absent when nothing was, of any stream. */
  readonly withheld?: number;
  readonly delivered: number;
  /** Absent when there were none, of any stream. */
  readonly elsewhere?: number;
  readonly deadLettered: number;
  readonly dropped: number;
  readonly held: number;
}
