/** How long to wait before attempt n: exponential with full jitter, so that a thousand sidecars do not come back as one. */

const FIRST_MS = 200;
const CAP_MS = 30_000;
/** Minimum wait for errors that only a human can fix: a few requests per second would be pointless. */
export const CONFIGURATION_RETRY_MS = 5000;

/** Delay after the n-th failure in a row, n from 1. `random` is in [0, 1). */
export function backoffMs(failures: number, random: () => number): number {
  return random() * Math.min(CAP_MS, FIRST_MS * 2 ** (failures - 1));
}
