/** Records that the buffer drops for a sink: told as such, but for those that the sink would not have got anyway. */
import { Tally } from '../accounting/tally.js';
import { type IsFor, ownRecords } from '../delivery/own-records.js';
import type { Claim, RecordBatch } from '../parts.js';
import { select } from '../records/record-batch.js';

export interface DroppedOptions {
  /** Told of every record that a sink will not get, with the places that are known. */
  readonly onDropped?: (sink: string, reason: string, dropped: Tally, places: readonly Claim[]) => void;
  /** Told of dropped records that other sinks get. */
  readonly onElsewhere?: (sink: string, elsewhere: Tally) => void;
  /** Absent without an audit. */
  readonly placesOf?: ((records: RecordBatch) => readonly Claim[]) | undefined;
  /** The containers of a sink; absent where every sink gets all. */
  readonly isForOf?: ((sink: string) => IsFor) | undefined;
}

/** Either is absent where it is not known, or not needed. */
export interface Unread {
  readonly records?: RecordBatch | undefined;
  readonly places?: readonly Claim[] | undefined;
}

interface Dropped extends Unread {
  readonly sink: string;
  readonly reason: string;
  readonly dropped: Tally;
}

export function tellDropped(options: DroppedOptions, { sink, reason, dropped, records, places }: Dropped): void {
  const { onDropped, onElsewhere, placesOf, isForOf } = options;
  const own = records && ownRecords(records, isForOf?.(sink));
  const kept = own === undefined ? records : select(records!, own);
  const known = places ?? (kept === undefined ? [] : (placesOf?.(kept) ?? []));
  // Of damaged records it is not known whose they were.
  const tally = own === undefined ? dropped : Tally.of(kept!);
  if (tally.records > 0) onDropped?.(sink, reason, tally, known);
  if (own !== undefined) onElsewhere?.(sink, dropped.minus(tally));
}
