/**
 * Events to the body of a PutLogEvents request. Twin: `PutEncoder` in src/shipper/sinks/cloudwatch/events.ts. The layout of columns and
 * texts is that of src/shipper/sinks/cloudwatch/put-columns.ts.
 */
import { copy, grown, integer, jsonText } from './text';

/** Number of the events that the last call wrote. */
export let eventsWritten: i32 = 0;
/** UTF-8 bytes of their messages, and the overhead of each. */
export let eventsBilled: i32 = 0;
/** Whether the next one had no room in this memory. */
export let isOutOfRoom: bool = false;

/** The longest escape of a byte. */
const ESCAPE_BYTES: usize = 6;
/** The time, and what is overwritten behind the end. */
const OTHER_BYTES: usize = 128;

/**
 * Writes the events of the columns to `to`, none beyond `end`, all within `spanMs` of the first one. The first is written always; of the
 * others none by which the billed bytes were more than `billedMax`, or the body, which begins at `body`, longer than `bodyMaxBytes`.
 * Returns the end.
 */
export function events(
  columns: usize,
  capacity: usize,
  count: i32,
  bytes: usize,
  texts: usize,
  overheadBytes: i32,
  billedMax: i32,
  spanMs: f64,
  body: usize,
  to: usize,
  end: usize,
  bodyMaxBytes: f64,
): usize {
  const timeMs = columns;
  const start = timeMs + (capacity << 3);
  const stop = start + (capacity << 2);
  const event = load<u32>(texts);
  const eventBytes = load<u32>(texts + 4) as usize;
  const message = load<u32>(texts + 8);
  const messageBytes = load<u32>(texts + 12) as usize;
  const fixedBytes = eventBytes + messageBytes + OTHER_BYTES;
  const earliest = load<f64>(timeMs);
  let billed: i32 = 0;
  let i: usize = 0;
  isOutOfRoom = false;
  for (; i < (count as usize); i++) {
    const time = load<f64>(timeMs + (i << 3));
    if (time - earliest >= spanMs) break;
    const from = load<u32>(start + (i << 2)) as usize;
    const until = load<u32>(stop + (i << 2)) as usize;
    if (to + fixedBytes + (until - from) * ESCAPE_BYTES > end) {
      isOutOfRoom = true;
      break;
    }
    const first = to;
    if (i > 0) {
      store<u8>(to, 0x2c);
      to += 1;
    }
    to = copy(to, event, eventBytes);
    to = integer(to, time as u64);
    to = copy(to, message, messageBytes);
    let length: i32 = 1;
    // A blank line is a space.
    if (from === until) {
      store<u8>(to, 0x20);
      to += 1;
    } else {
      to = jsonText(to, bytes + from, bytes + until);
      length = ((until - from) as i32) + grown;
    }
    store<u16>(to, 0x7d22);
    to += 2;
    if (i > 0 && (billed + length + overheadBytes > billedMax || ((to - body) as f64) > bodyMaxBytes)) {
      to = first;
      break;
    }
    billed += length + overheadBytes;
  }
  eventsWritten = i as i32;
  eventsBilled = billed;
  return to;
}
