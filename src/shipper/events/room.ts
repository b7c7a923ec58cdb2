/** The options of the assemblers of events, and the memory that they share. */
import type { Origin } from '../parts.js';
import type { BatchBuilder, Carried } from '../records/batch-builder.js';
import type { Line } from './line.js';

export interface EventSettings {
  readonly maxLines: number;
  readonly maxBytes: number;
  /** Without a further line for so long, by the times of writes, an event is complete. */
  readonly idleMs: number;
  /** What begins an event; the grammar decides when absent. */
  readonly isFirstLine?: (line: Line) => boolean;
}

/** Settings that depend on who wrote the lines. */
export interface EventChoice {
  /** `undefined` where each line is a record of its own. */
  of(origin: Origin): EventSettings | undefined;
  /** The shortest of all; infinite where no lines are joined. */
  readonly idleMs: number;
}

/** What assembles the events of a stream or thread. */
export interface OpenEvent extends Carried {
  readonly origin: Origin;
  readonly isOpen: boolean;
  readonly lines: number;
  /** How long it waits for a further line. */
  readonly idleMs: number;
  /** Whether it is among those of the room, where it stays for a while. */
  isListed: boolean;
  /** When it last grew, on the caller's clock. */
  touchedMs: number;
  /** Makes a record of it. `formed`: why. */
  close(formed: number): void;
}

/** Takes records, whose bytes are in the builder's slab. */
export interface RecordOutput {
  readonly origin: Origin;
  record(
    at: number,
    length: number,
    timeMs: number,
    seq: number,
    formed: number,
    position: number,
    endSeq: number,
  ): void;
}

/** What all assemblers of a source share. */
export interface EventRoom {
  readonly builder: BatchBuilder;
  /** Bound on the memory of open events outside the builder, and on that of unfinished lines. */
  readonly partialMaxBytes: number;
  /** Memory of open events outside the builder. */
  eventBytes: number;
  /** Those that may have an open event, and all that have one. */
  readonly openEvents: Set<OpenEvent>;
}

/** Lines that wait to be confirmed. */
export interface Unconfirmed {
  /** Where its line end before begins, in the event. */
  readonly offset: number;
  readonly timeMs: number;
  readonly seq: number;
  readonly position: number;
  /** Where the event ended before it. */
  readonly beforeSeq: number;
  readonly endSeq: number;
}
