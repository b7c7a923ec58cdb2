/**
 * A request whose answer was lost, compared with what its log stream holds. Events have no ids, so the same text with the
 * same time may be another one: one that was sent before, beside it, or by another writer. Only a match that no other event
 * explains proves that an event is stored. Without proof of either an event is undecided, which costs a count and no line.
 */
import { eventKey, type SentEvent } from './sent-event.js';
import type { StoredEvents } from './stored-events.js';

export type Fate = 'stored' | 'absent' | 'undecided';

export interface Circumstances {
  /** How often requests that were out beside this one may have stored an event like one of its, by `eventKey`. */
  readonly beside: ReadonlyMap<string, number>;
  /** Whether an event of an earlier request may be like this one. */
  readonly isLikeEarlier: (event: SentEvent) => boolean;
  /** How many different events have to be found, so that they are no others: not all of one millisecond, if several. */
  readonly proof: number;
  /** Whether an event may be stored with another time, where no reading of its time finds it. */
  readonly hasOtherTime: (event: SentEvent) => boolean;
  /** Whether an event that is not there by now was not stored. */
  readonly isSettled: boolean;
}

/**
 * The fates of the events of one request, by what was found of them. As many equal ones count as there are beyond those that
 * other requests may have stored: a stored event is claimed once.
 */
export function fatesOf(
  events: readonly SentEvent[],
  { counts, maskedMs, isComplete }: StoredEvents,
  { beside, isLikeEarlier, hasOtherTime, proof, isSettled }: Circumstances,
): readonly Fate[] {
  const left = new Map([...counts].map(([key, count]) => [key, count - (beside.get(key) ?? 0)]));
  const witnesses = new Map<string, number>();
  const isCertain = events.map((event) => !isLikeEarlier(event));
  const isFound = events.map(({ timeMs, message }, i) => {
    const key = eventKey(timeMs, message);
    const count = left.get(key) ?? 0;
    if (count <= 0) return false;
    left.set(key, count - 1);
    if (isCertain[i]) witnesses.set(key, timeMs);
    return true;
  });
  const isProof = witnesses.size >= proof && new Set(witnesses.values()).size >= Math.min(proof, 2);
  // A request is stored as a whole or not at all: then one event that is certain speaks for the others.
  const isAll = isFound.every(Boolean);
  return events.map((event, i) => {
    const { timeMs, message } = event;
    if (isFound[i]) return isProof && (isAll || isCertain[i]) ? 'stored' : 'undecided';
    const key = eventKey(timeMs, message);
    if (beside.has(key) && counts.has(key)) return 'undecided';
    if (hasOtherTime(event)) return 'undecided';
    return isComplete && isSettled && !maskedMs.has(timeMs) ? 'absent' : 'undecided';
  });
}
