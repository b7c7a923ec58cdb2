/** What CloudWatch Logs will have of events, for an audit: a log stream has no ids, so an event is told by its time and message. */
import { ClaimTable, minuteOf, StoredMessages } from '../../audit/claim.js';
import type { Claim } from '../../parts.js';
import type { Range } from '../ranges.js';
import { type Events, SPACE } from './events.js';

/** Claims of the events `from` up to, not including, `to` that are stored, by minute. Blank messages are stored as a space. */
export function claimsOfEvents(
  { batch, start, end, timeMs }: Events,
  logStream: string,
  [from, to]: Range,
  isStored?: (event: number) => boolean,
): readonly Claim[] {
  const messages = new StoredMessages(batch.bytes);
  const space = new StoredMessages(SPACE);
  const table = new ClaimTable();
  for (let i = from; i < to; i++) {
    if (isStored !== undefined && !isStored(i)) continue;
    const time = timeMs[i]!;
    const sums = table.sums(logStream, minuteOf(time));
    if (start[i] === end[i]) space.addTo(sums, 0, SPACE.length, time);
    else messages.addTo(sums, start[i]!, end[i]!, time);
  }
  return table.claims;
}
