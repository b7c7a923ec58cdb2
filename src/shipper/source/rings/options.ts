/** Options and callbacks of the source of rings, and of the reader of one. */
import type { Charsets } from '../../../catalog/records/bytes.js';
import type { Acknowledging, RingCheckpoint } from '../../accounting/acknowledging.js';
import type { EndedProcess, ProcessEnd } from '../../accounting/ends.js';
import type { ProtocolError } from '../../errors.js';
import type { EventChoice, EventSettings } from '../../events/room.js';
import type { Lost } from '../frames/decoder.js';
import type { FrameStreamOptions, SkipReason } from '../frames/stream-options.js';
import type { RingDirectoryOptions } from './directory.js';
import type { PlannedCheckpoint } from './file.js';
import type { RefusedRing } from './unread/refused.js';

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
  /** Called with an upper bound of the lines behind an invalid frame, before its ring forgets them. Nothing has read them. */
  readonly onInvalidFrames?: (unread: Lost) => void;
  /**
   * Called with what a ring holds that no reader can begin with, before it is removed; has to keep the count and the name at once.
   * Throws the system's errors.
   */
  readonly onRefused?: (ring: RefusedRing) => void;
  /** Names of rings that earlier shippers have counted and were to remove. */
  readonly refused?: ReadonlySet<string> | undefined;
  /** One of them is gone. */
  readonly onRefusedRemoved?: (name: string) => void;
  /** Writes the counts, and what `onAcknowledging` was told, now. */
  readonly keepCounts?: () => void;
  /** Whether what is counted may be removed: a disk that refuses counts may take them later. @default - always */
  readonly isKept?: () => boolean;
  /** Whether sinks fail for longer than rings last: then rings release room before it is acknowledged. */
  readonly isOutage: () => boolean;
  /** Whether it is longer than larger rings last. @default isOutage */
  readonly isLongOutage?: (() => boolean) | undefined;
  /** Told of a process that has ended, after its last line was handed on. */
  readonly onWriterEnded?: ((writer: EndedProcess, end: ProcessEnd) => void) | undefined;
  readonly onProtocolError: (error: ProtocolError) => void;
  /** Milliseconds that never go back, also when the clock is set. */
  readonly now?: () => number;
  readonly onSkipped?: (reason: SkipReason, bytes: number) => void;
  /** Frames are missing in the numbering of a process. */
  readonly onGap?: () => void;
  readonly onTimeReplaced?: (nowMs: number) => void;
}

export interface RingReaderOptions extends FrameStreamOptions {
  /** The checkpoint that a killed reader was about to write. */
  readonly planned?: PlannedCheckpoint | undefined;
  /** Called when the ring is of no more use: all of it is acknowledged, and nothing can follow. */
  readonly onUseless?: () => void;
  /** Called with unacknowledged lines of previous readers when their notice is delivered, before the ring forgets them. */
  readonly onNoticed?: ((lostWithPreviousRun: Lost) => void) | undefined;
  /**
   * Called with an upper bound of the lines behind an invalid frame when all before it is acknowledged, before the ring forgets it. The next
   * `checkpoint` passes over it.
   */
  readonly onInvalidFrames?: ((unread: Lost) => void) | undefined;
}
