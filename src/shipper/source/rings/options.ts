/** Options and callbacks of the source of rings. */
import type { Charsets } from '../../../catalog/records/bytes.js';
import type { Acknowledging, RingCheckpoint } from '../../accounting/acknowledging.js';
import type { EndedProcess, ProcessEnd } from '../../accounting/ends.js';
import type { ProtocolError } from '../../errors.js';
import type { EventChoice, EventSettings } from '../../events/room.js';
import type { Lost } from '../frames/decoder.js';
import type { SkipReason } from '../frames/frame-stream.js';
import type { RingDirectoryOptions } from './directory.js';

export interface RingSourceOptions extends RingDirectoryOptions {
  /** Rings that are open at a time: each takes a descriptor. The others wait, with their lines. */
  readonly maxRings?: number;
  readonly lineMaxBytes: number;
  /** An unfinished line that did not grow for this long becomes a record. */
  readonly lineIdleMs: number;
  /** One that grows, too, after this long. Not before it could be idle. */
  readonly lineAgeMs?: number;
  /** How lines are joined to events; each is a record when absent. */
  readonly events?: EventSettings | EventChoice | undefined;
  readonly charsets?: Charsets | undefined;
  /** Longest wait of a record for others to share its batch. */
  readonly lingerMs: number;
  readonly onLost: (lost: Lost) => void;
  /** Called with the largest possible loss by a shipper that was killed in an outage. */
  readonly onPreviousRunLoss: (lostWithPreviousRun: Lost) => void;
  /**
   * Told of a ring with acknowledged lines; has to call its `save` at once, after the counts of these lines are kept.
   *
   * @default - it is saved at once
   */
  readonly onAcknowledging?: (ring: Acknowledging) => void;
  /** By name of a ring: the checkpoint that a killed shipper was about to write. */
  readonly planned?: ReadonlyMap<string, RingCheckpoint> | undefined;
  /** Called when the notice of that loss is delivered, before the ring forgets it. */
  readonly onNoticed?: (lostWithPreviousRun: Lost) => void;
  /** Whether sinks fail for longer than rings last: then rings release room before it is acknowledged. */
  readonly isOutage: () => boolean;
  /** Told of a process that has ended, after its last line was handed on. */
  readonly onWriterEnded?: ((writer: EndedProcess, end: ProcessEnd) => void) | undefined;
  readonly onProtocolError: (error: ProtocolError) => void;
  /** Milliseconds that never go back, also when the clock is set. */
  readonly now?: () => number;
  readonly onSkipped?: (reason: SkipReason, bytes: number) => void;
  /** Frames are missing in the numbering of a process. */
  readonly onGap?: () => void;
  readonly onTimeReplaced?: () => void;
}
