/** Lines and bytes of a batch by process. */
import type { RecordBatch } from '../../parts.js';
import { linesOf } from '../../records/lines-of.js';
import type { Lost } from '../frames/decoder.js';
import { isNotice } from '../frames/frame-stream.js';

/** The instance of a process begins the ids of its streams. */
const INSTANCE_LENGTH = 16;

export function countByInstance(batch: RecordBatch): ReadonlyMap<string, Lost> {
  const { count, length, origin, origins } = batch;
  const counts = new Map<string, { lines: number; bytes: number }>();
  const byOrigin = origins.map(({ id }) => {
    const instance = id.slice(0, INSTANCE_LENGTH);
    const known = counts.get(instance) ?? { lines: 0, bytes: 0 };
    counts.set(instance, known);
    // A notice is no line of the process.
    return isNotice(id) ? { lines: 0, bytes: 0 } : known;
  });
  for (let i = 0; i < count; i++) {
    const each = byOrigin[origin[i]!]!;
    each.lines += linesOf(batch, i);
    each.bytes += length[i]!;
  }
  return counts;
}
