/**
 * What is left when the shipper ends. It is counted, not delivered: what is in rings that outlive this shipper, the next one
 * delivers.
 */
import { codeOf, messageOf, ProtocolError } from '../errors.js';
import { READ_BYTES } from '../records/batch-memory.js';
import { countByInstance } from './count-by-instance.js';
import { type AssemblerShared, interruptIdle } from './frames/assembly.js';
import type { RingReader } from './rings/reader.js';

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

/** Reads each ring to its end. Rings are opened one after the other, since each may go on where another ended. */
export function countUnread(opens: readonly (() => RingReader)[], options: CountUnreadOptions): Unread {
  const { shared, now, onProblem } = options;
  const untilMs = now() + LOOK_MAX_MS;
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let unread = takeUnread(shared);
  let rings = 0;
  const add = ({ records, bytes }: Omit<Unread, 'rings'>) => {
    unread = { records: unread.records + records, bytes: unread.bytes + bytes };
  };
  const take = () => add(takeUnread(shared));
  /** At most, behind an invalid frame. */
  const addBehind = ({ unread: { lines, bytes } }: RingReader) => add({ records: lines, bytes });
  /** Whether more is left. */
  const readOn = (reader: RingReader): boolean => {
    let isMore = !reader.isBroken && reader.hasNews();
    try {
      while (isMore && now() < untilMs) {
        reader.read(buffer, 0);
        take();
        isMore = !reader.isDrained;
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      addBehind(reader);
      return false;
    }
    if (reader.isBroken || (!isMore && reader.isWithinFrame)) addBehind(reader);
    return isMore;
  };
  for (const open of opens) {
    try {
      if (readOn(open())) rings += 1;
    } catch (error) {
      // A file that is no ring has no lines, and a ring that is gone has been read. A ring of a later version has lines.
      const isLater = error instanceof ProtocolError && error.reason === 'version';
      if (!isLater && (error instanceof ProtocolError || codeOf(error) === 'ENOENT')) continue;
      rings += 1;
      onProblem(`what is left in rings cannot be counted: ${messageOf(error)}`);
    }
  }
  interruptIdle(shared, Number.POSITIVE_INFINITY, 0);
  take();
  return { ...unread, rings };
}

/** The lines that no batch has taken along, which then are gone. */
export function takeUnread({ builder }: AssemblerShared): Omit<Unread, 'rings'> {
  let records = 0;
  let bytes = 0;
  if (builder.count === 0) return { records, bytes };
  for (const counted of countByInstance(builder.finish()).values()) {
    records += counted.lines;
    bytes += counted.bytes;
  }
  return { records, bytes };
}
