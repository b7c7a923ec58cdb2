/** The end of a run, step by step: sources stop, requests hurry, sources are cut off, delivery ends. */

import { setMaxListeners } from 'node:events';

/** Kept back from the grace time to log the totals before the kubelet sends SIGKILL. */
const LAST_WORDS_MS = 250;

export class Deadlines {
  readonly #now: () => number;
  readonly #stop = new AbortController();
  readonly #hurry = new AbortController();
  readonly #cutOff = new AbortController();
  readonly #delivery = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  #deliveryEndsMs = Number.POSITIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
    // Every request that is out listens: no leak, of which Node would warn.
    setMaxListeners(0, this.hurry, this.delivery);
  }

  /** Sources come to their end. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** Requests and waits get a share of the remaining time. */
  get hurry(): AbortSignal {
    return this.#hurry.signal;
  }

  /** Sources are closed, even with bytes unread. */
  get cutOff(): AbortSignal {
    return this.#cutOff.signal;
  }

  /** Delivery ends. */
  get delivery(): AbortSignal {
    return this.#delivery.signal;
  }

  /** Until delivery ends. */
  readonly remainingMs = (): number => this.#deliveryEndsMs - this.#now();

  beginHurry(): void {
    this.#hurry.abort();
  }

  /**
   * Begins the stop. The deadlines are set before requests hurry: their share is one of the remaining time.
   *
   * @param noWriters aborts when no process is left that could write: until then, or until they are cut off, sources read on
   */
  beginStop(graceMs: number, noWriters?: AbortSignal): void {
    const stop = () => this.#stop.abort();
    if (noWriters === undefined || noWriters.aborted) stop();
    else for (const signal of [noWriters, this.cutOff]) signal.addEventListener('abort', stop);
    this.endWithin(graceMs);
    this.beginHurry();
  }

  /** Of two ends the earlier one counts. */
  endWithin(graceMs: number): void {
    const deliverMs = Math.max(0, graceMs - LAST_WORDS_MS);
    this.#deliveryEndsMs = Math.min(this.#deliveryEndsMs, this.#now() + deliverMs);
    this.after(graceMs / 2, () => this.#cutOff.abort());
    this.after(deliverMs, () => this.#delivery.abort());
  }

  /** Calls after this time, unless the run has ended. */
  after(ms: number, call: () => void): void {
    this.#timers.push(setTimeout(call, ms));
  }

  /** The run has ended. */
  cancel(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
