/** A ring some of whose lines are acknowledged, until its checkpoint says so. */

/** A checkpoint that is about to be written. */
export interface RingCheckpoint {
  /** Name of the ring. */
  readonly ring: string;
  /** The words of the checkpoint that it replaces. */
  readonly before: Buffer;
  readonly after: Buffer;
}

export interface Acknowledging {
  /** The checkpoint that `save` writes; `undefined` without one. */
  checkpoint(): RingCheckpoint | undefined;
  save(): void;
  /** Instead of `save` while the counts of these lines cannot be kept: gives room alone, where it is short, and notes the lines. */
  saveOwed(): void;
}
