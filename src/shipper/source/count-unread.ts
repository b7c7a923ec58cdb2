/**
 * What is left in rings when nobody reads them any more. It is counted, not taken: where the rings outlive this shipper,
 * the next one delivers it.
 */
import { codeOf, messageOf, ProtocolError } from '../errors.js';
import { countByInstance } from './count-by-instance.js';
import { type AssemblerShared, interruptIdle } from './line-assembler.js';
import type { RingReader } from './ring-reader.js';

export interface Unread {
  readonly records: number;
  readonly bytes: number;
  /** Rings that could not be read to their end: what else they hold is in no count. */
  readonly rings: number;
}

export interface CountUnreadOptions {
  /** Where the readers' lines go; those that are there already count. */
  readonly shared: AssemblerShared;
  readonly now: () => number;
  readonly onProblem: (problem: string) => void;
}

/** Processes that write on must not keep the shipper from ending, nor must many rings. */
const LOOK_MAX_MS = 150;
const READ_BYTES = 256 * 1024;

/** Reads each ring to its end. Rings are opened one after the other, since each may go on where another ended. */
export function countUnread(opens: readonly (() => RingReader)[], options: CountUnreadOptions): Unread {
  const { shared, now, onProblem } = options;
  const untilMs = now() + LOOK_MAX_MS;
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let records = 0;
  let bytes = 0;
  let rings = 0;
  const take = () => {
    if (shared.builder.count === 0) return;
    for (const counted of countByInstance(shared.builder.finish()).values()) {
      records += counted.lines;
      bytes += counted.bytes;
    }
  };
  take();
  for (const open of opens) {
    try {
      const reader = open();
      let isMore = reader.hasNews();
      while (isMore && now() < untilMs) {
        reader.read(buffer, 0);
        take();
        isMore = !reader.isDrained;
      }
      if (isMore) rings += 1;
    } catch (error) {
      // What is no ring has no lines, and what is gone is read.
      if (error instanceof ProtocolError || codeOf(error) === 'ENOENT') continue;
      rings += 1;
      onProblem(`what is left in rings cannot be counted: ${messageOf(error)}`);
    }
  }
  interruptIdle(shared, Number.POSITIVE_INFINITY);
  take();
  return { records, bytes, rings };
}
