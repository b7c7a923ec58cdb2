/** Lines and bytes of a batch by process. */
import type { RecordBatch } from '../parts.js';
import { linesOf } from '../records/lines-of.js';
import type { Lost } from './frames/decoder.js';
import { isNotice } from './frames/losses/loss-notices.js';
import { NOTHING, plus } from './frames/losses/lost.js';

/** The instance of a process begins the ids of its streams. */
const INSTANCE_LENGTH = 16;

/** The process that wrote to a stream. */
export const instanceOf = (originId: string): string => originId.slice(0, INSTANCE_LENGTH);

/** Of the records `from` up to, not including, `to`. */
export function countByInstance(batch: RecordBatch, from = 0, to = batch.count): ReadonlyMap<string, Lost> {
  const { length, origin, origins, formed } = batch;
  // Of each origin first: this is done for every batch, and must cost little per record.
  const lines = new Float64Array(origins.length);
  const bytes = new Float64Array(origins.length);
  for (let i = from; i < to; i++) {
    const of = origin[i]!;
    lines[of]! += formed[i] === 0 ? 1 : linesOf(batch, i);
    bytes[of]! += length[i]!;
  }
  const counts = new Map<string, Lost>();
  origins.forEach(({ id }, of) => {
    const instance = instanceOf(id);
    const known = counts.get(instance) ?? NOTHING;
    // A notice is no line of the process.
    const more = isNotice(id) ? NOTHING : { lines: lines[of]!, bytes: bytes[of]! };
    counts.set(instance, plus(known, more));
  });
  return counts;
}
