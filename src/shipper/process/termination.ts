/**
 * How long a shipper has to end. SIGTERM alone leaves it its own grace time. A native sidecar gets SIGTERM only when the
 * application's containers have ended, and is killed when the pod's grace period is over, but no sooner than
 * KUBELET_LEAST_MS later. So a hook that runs when the pod's termination begins (SIGUSR2) tells the real deadline.
 */

/** The kubelet gives every container at least this much, even when less is left of the pod's time (minimumGracePeriodInSeconds). */
const KUBELET_LEAST_MS = 2000;

export interface TerminationOptions {
  /** From SIGTERM on. */
  readonly graceMs: number;
  /** Of the pod, from the begin of its termination on. */
  readonly podGraceMs: number;
  readonly now: () => number;
}

export class Termination {
  readonly #options: TerminationOptions;
  #begunMs: number | undefined;

  constructor(options: TerminationOptions) {
    this.#options = options;
  }

  /** The pod's termination begins now; false when that was known. */
  begin(): boolean {
    if (this.#begunMs !== undefined) return false;
    this.#begunMs = this.#options.now();
    return true;
  }

  /** Time to end in, for a shipper that is told to end now. */
  get leftMs(): number {
    const { graceMs, podGraceMs, now } = this.#options;
    if (this.#begunMs === undefined) return graceMs;
    return Math.min(graceMs, Math.max(KUBELET_LEAST_MS, podGraceMs - (now() - this.#begunMs)));
  }
}
