/**
 * Records to the body of a `_bulk` request. Twin: `BulkEncoder` in src/shipper/sinks/opensearch/encoder.ts. The layout of columns, slots
 * and texts is that of src/shipper/sinks/opensearch/document-columns.ts.
 */
import { copy, integer, jsonText, timestamp } from './text';

/** The first record that the last call did not write. */
export let nextDocument: i32 = 0;
/** Whether that is because the body is full, and not for want of room in this memory. */
export let isBodyFull: bool = false;

/** The longest escape of a byte. */
const ESCAPE_BYTES: usize = 6;
/** Two numbers, the time, and what is overwritten behind the end. */
const OTHER_BYTES: usize = 128;

/**
 * Writes the records of the columns to `to`, none beyond `end`. A body is full once it is longer than `bodyMaxBytes`, which the record
 * that comes first in it may be. Returns the end.
 */
export function documents(
  columns: usize,
  capacity: usize,
  count: i32,
  bytes: usize,
  slots: usize,
  texts: usize,
  withIds: bool,
  body: usize,
  to: usize,
  end: usize,
  bodyMaxBytes: usize,
): usize {
  const timeMs = columns;
  const seq = timeMs + (capacity << 3);
  const start = seq + (capacity << 3);
  const length = start + (capacity << 2);
  const slot = length + (capacity << 2);
  const extra = slot + (capacity << 2);
  const extraLength = extra + (capacity << 2);
  const idToTime = load<u32>(texts);
  const idToTimeBytes = load<u32>(texts + 4);
  const timeToMessage = load<u32>(texts + 8);
  const timeToMessageBytes = load<u32>(texts + 12);
  const toSeq = load<u32>(texts + 16);
  const toSeqBytes = load<u32>(texts + 20);
  isBodyFull = false;
  let i: usize = 0;
  for (; i < (count as usize); i++) {
    const from = bytes + load<u32>(start + (i << 2));
    const messageBytes = load<u32>(length + (i << 2)) as usize;
    const constants = slots + ((load<u32>(slot + (i << 2)) as usize) << 4);
    const actionBytes = load<u32>(constants + 4) as usize;
    const tailBytes = load<u32>(constants + 12) as usize;
    const extraBytes = load<u32>(extraLength + (i << 2)) as usize;
    const fixedBytes = actionBytes + tailBytes + idToTimeBytes + timeToMessageBytes + toSeqBytes + OTHER_BYTES;
    const first = to;
    if (to + fixedBytes + extraBytes + messageBytes * ESCAPE_BYTES > end) break;
    const number = load<f64>(seq + (i << 3)) as u64;
    to = copy(to, load<u32>(constants), actionBytes);
    const digits = to;
    if (withIds) to = integer(to, number);
    const digitsBytes = to - digits;
    to = copy(to, idToTime, idToTimeBytes);
    to = timestamp(to, load<f64>(timeMs + (i << 3)));
    to = copy(to, timeToMessage, timeToMessageBytes);
    to = jsonText(to, from, from + messageBytes);
    store<u8>(to, 0x22);
    to = copy(to + 1, load<u32>(extra + (i << 2)), extraBytes);
    to = copy(to, toSeq, toSeqBytes);
    to = withIds ? copy(to, digits, digitsBytes) : integer(to, number);
    to = copy(to, load<u32>(constants + 8), tailBytes);
    if (to - body > bodyMaxBytes && first > body) {
      to = first;
      isBodyFull = true;
      break;
    }
  }
  nextDocument = i as i32;
  return to;
}
