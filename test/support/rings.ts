/** The shipper's source of rings as tests open it, and the numbers with which they try to break it. */

import type { RingSourceOptions } from '../../src/shipper/source/rings/options.js';
import { RingSource } from '../../src/shipper/source/rings/source.js';

/** Capacity of its free rings. */
export const CAPACITY = 65_536;
/** At the edges of what words of 32 and 64 bits, and numbers of JavaScript, hold; and of a ring. */
export const HOSTILE = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, BigInt(CAPACITY), 65n];

/** Its reports are ignored, but for what `options` listens to. */
export function openRings(path: string, options: Partial<RingSourceOptions> = {}): RingSource {
  return new RingSource({
    path,
    ringBytes: CAPACITY,
    pool: 2,
    totalBytes: 10_000_000,
    onNoRoom: () => {},
    onPreviousRunLoss: () => {},
    isOutage: () => false,
    lineMaxBytes: 1000,
    lineIdleMs: 10_000,
    lingerMs: 5,
    onLost: () => {},
    onProtocolError: () => {},
    ...options,
  });
}
