/**
 * Larger rings for processes that wait for answers of a service. A ring keeps its bytes until they are acknowledged, so it bounds
 * the lines per second of its process: the ring through the time from a line to its acknowledgement. At the beginning of an outage,
 * too: a larger ring keeps for a kill what a ring without room would have to release.
 */
import type { RingDirectory } from './directory.js';
import type { RingReader } from './reader.js';

/** A ring that may let its process write so much is large enough: 100,000 lines of 150 bytes a second, and their headers. */
const ENOUGH_BYTES_PER_MS = 20 * 1024;
/** Most at once, and for the room that there is. */
const FACTORS = [4, 2];
const LEAST_FACTOR = Math.min(...FACTORS);
/** Of the room for all rings, at most one part of so many is for one process. */
const SHARE = 4;
/** After there was no room. */
const PAUSE_MS = 1000;

export interface LargerRingsOptions {
  readonly directory: RingDirectory;
  readonly ringBytes: number;
  readonly totalBytes: number;
  readonly isOutage: () => boolean;
  /** Rings release their room then without a larger one. @default isOutage */
  readonly isLongOutage?: (() => boolean) | undefined;
}

export class LargerRings {
  readonly #options: LargerRingsOptions;
  #refusedMs = Number.NEGATIVE_INFINITY;

  constructor(options: LargerRingsOptions) {
    this.#options = options;
  }

  /** Whether the ring holds its process up, and a larger one may be had. */
  isWanted(reader: RingReader, nowMs: number): boolean {
    const { totalBytes, isOutage, isLongOutage = isOutage } = this.#options;
    if (reader.isRetired || reader.onItsWay <= reader.capacity / 2) return false;
    const isSlow = reader.waitedMs(nowMs) > reader.capacity / ENOUGH_BYTES_PER_MS || isOutage();
    const isPossible = reader.capacity * LEAST_FACTOR <= totalBytes / SHARE;
    return isSlow && isPossible && nowMs - this.#refusedMs >= PAUSE_MS && !isLongOutage();
  }

  /**
   * Makes one, which the process of that ring claims next. Of so many that are wanted none is so large that the others find no room.
   * False without room for it beside that of new processes.
   */
  make(reader: RingReader, names: readonly string[], nowMs: number, wanted = 1): boolean {
    const { directory, totalBytes } = this.#options;
    for (const factor of FACTORS) {
      const bytes = reader.capacity * factor;
      const isFair = factor === LEAST_FACTOR || bytes <= totalBytes / 2 / wanted;
      if (isFair && bytes <= totalBytes / SHARE && directory.makeFor(reader.ring.instance, bytes, names)) return true;
    }
    this.#refusedMs = nowMs;
    return false;
  }

  /** Of larger ones the largest that a free ring could replace now: new processes have no room. */
  toGiveBack(readers: readonly RingReader[]): RingReader | undefined {
    const { ringBytes } = this.#options;
    return readers
      .filter((reader) => !reader.isRetired && reader.capacity > ringBytes && reader.onItsWay < ringBytes / 2)
      .sort((one, other) => other.capacity - one.capacity)[0];
  }
}
