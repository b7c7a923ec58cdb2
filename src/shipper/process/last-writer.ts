/** For a sidecar that is never told to end: notices that the work of its pod is done. */

export interface LastWriterOptions {
  /** Whether a process has a connection, or a ring that is not yet delivered to its end. */
  readonly hasWriters: () => boolean;
  /** Whether any record was ever read, and none is buffered. */
  readonly isDelivered: () => boolean;
  /** So long there must have been no writer. */
  readonly ms: number;
  readonly now: () => number;
  /** Waits; ends early, without an error, when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

const LOOK_MS = 100;

/** Resolves when there were writers, none is left, and all is delivered. Resolves early when the signal aborts. */
export async function lastWriterEnded(options: LastWriterOptions, signal: AbortSignal): Promise<void> {
  const { hasWriters, isDelivered, ms, now, sleep } = options;
  let sinceMs = now();
  while (!signal.aborted) {
    if (hasWriters() || !isDelivered()) sinceMs = now();
    else if (now() - sinceMs >= ms) return;
    await sleep(LOOK_MS, signal);
  }
}
