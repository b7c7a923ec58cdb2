/** Where a batch ends in a ring, until its acknowledgement lets the ring forget it. */
import type { Lost } from '../frames/decoder.js';
import type { Progress } from '../frames/stream-options.js';

export interface Mark {
  readonly progress: Progress | undefined;
  readonly lost: Lost;
  /** Lines and bytes of the batch that come from this ring. */
  readonly records: Lost;
  /** Unacknowledged lines of previous readers that a notice in the batch reports. */
  readonly notice: Lost;
  readonly atMs: number;
  /** Its room was released before it was acknowledged. */
  isReleasedEarly: boolean;
  /** Nothing of the ring comes after it. */
  isLast: boolean;
  isAcknowledged: boolean;
}
