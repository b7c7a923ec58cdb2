/** What the assemblers of a source share: its settings, its bounds, and those that hold a line or an event. */
import type { Charsets } from '../../../catalog/records/bytes.js';
import { FORMED } from '../../events/formed.js';
import type { EventChoice, EventRoom, EventSettings } from '../../events/room.js';
import type { Origin } from '../../parts.js';
import { BatchBuilder } from '../../records/batch-builder.js';

/** What holds bytes of a line without its end. */
export interface UnfinishedLine {
  readonly origin: Origin;
  /** When the line last grew, on the caller's clock. */
  touchedMs: number;
  /** How long nothing was read since the line began: it could not grow. */
  unreadMs: number;
  /** Makes a record of it. */
  interrupt(): void;
}

/** What all assemblers of a source share. */
export interface AssemblerShared extends EventRoom {
  /** Longest record in bytes. */
  readonly lineMaxBytes: number;
  /** A line that was begun so long before more of it was written becomes a record without that; never when absent. */
  readonly lineAgeMs?: number;
  /** Bytes of unfinished lines in all streams. */
  partialBytes: number;
  /** Assemblers with an unfinished line. */
  readonly unfinished: Set<UnfinishedLine>;
  /** How lines are joined to events; each is a record of its own when absent. */
  readonly events?: EventSettings | EventChoice | undefined;
  /** Of streams whose bytes are converted before they are lines. */
  readonly charsets?: Charsets | undefined;
}

/** How the lines of an origin are joined. */
export const eventsOf = ({ events }: AssemblerShared, origin: Origin): EventSettings | undefined =>
  events !== undefined && 'of' in events ? events.of(origin) : events;

/** Bound on unfinished lines of all peers together. */
const PARTIAL_MAX_BYTES = 8 * 1024 * 1024;

export function shareAssembly(
  lineMaxBytes: number,
  lineAgeMs = Number.POSITIVE_INFINITY,
  events?: EventSettings | EventChoice,
  charsets?: Charsets,
): AssemblerShared {
  return {
    events,
    charsets,
    eventBytes: 0,
    openEvents: new Set(),
    builder: new BatchBuilder(),
    lineMaxBytes,
    lineAgeMs,
    partialMaxBytes: Math.max(PARTIAL_MAX_BYTES, lineMaxBytes),
    partialBytes: 0,
    unfinished: new Set(),
  };
}

/** A setting that lets a line pause for long lets it grow for as long. */
export function lineAgeMs({ lineIdleMs, lineAgeMs: ms }: { readonly lineIdleMs: number; readonly lineAgeMs?: number }) {
  return ms === undefined ? undefined : Math.max(ms, lineIdleMs);
}

/** Unfinished lines and open events that did not grow since then become records, unless bytes of their process are unread. */
export function interruptIdle(
  { unfinished, openEvents, events }: AssemblerShared,
  nowMs: number,
  lineIdleMs: number,
  isUnread: (origin: Origin) => boolean = () => false,
): void {
  for (const assembler of unfinished) {
    if (assembler.touchedMs <= nowMs - lineIdleMs && !isUnread(assembler.origin)) assembler.interrupt();
  }
  if (events === undefined) return;
  for (const event of openEvents) {
    const isIdle = event.isOpen && event.touchedMs <= nowMs - event.idleMs;
    if (isIdle && !isUnread(event.origin)) event.close(FORMED.TIMEOUT);
    if (event.isOpen) continue;
    event.isListed = false;
    openEvents.delete(event);
  }
}
