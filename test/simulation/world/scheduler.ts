/** Time of a simulation: a queue of events. Nothing happens but one event after the other, each with all that follows from its promises. */
import { hashOf } from './random.js';

/** Whose events are dropped once it has ended. */
export interface Owner {
  readonly isAlive: boolean;
}

export interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly owner: Owner | undefined;
  readonly call: () => void;
  isCancelled: boolean;
}

/** Simulated microseconds that a look at a clock takes: who waits in a loop for time to pass gets to its end. */
const LOOK_MS = 0.001;

export class Scheduler {
  /** Monotonic. */
  #nowMs = 0;
  /** Of the wall clock against the monotonic one. */
  wallOffsetMs = Date.UTC(2026, 0, 15, 12);
  readonly #heap: Event[] = [];
  /** Given what an event throws. */
  onError: (error: unknown) => void = (error) => {
    throw error;
  };
  #order = 0;
  #hash = 0x811c9dc5;
  /** Every line of the trace, if it is kept. */
  readonly lines: string[] | undefined;

  constructor(isTraced: boolean) {
    this.lines = isTraced ? [] : undefined;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** The clock of a process. */
  look(): number {
    this.#nowMs += LOOK_MS;
    return this.#nowMs;
  }

  wallMs(): number {
    return Math.floor(this.look() + this.wallOffsetMs);
  }

  /** Of everything that has happened so far. */
  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }

  trace(line: string): void {
    this.#hash = hashOf(line, hashOf(`${this.#nowMs}`, this.#hash));
    this.lines?.push(`${this.#nowMs.toFixed(3)} ${line}`);
  }

  after(ms: number, owner: Owner | undefined, call: () => void): Event {
    this.#order += 1;
    const event = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order, owner, call, isCancelled: false };
    this.#push(event);
    return event;
  }

  /** Runs event by event until the condition holds. False when the time is over, or nothing more can happen, before. */
  async run(untilMs: number, isDone: () => boolean): Promise<boolean> {
    while (!isDone()) {
      const event = this.#heap[0];
      if (event === undefined || event.atMs > untilMs) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return false;
      }
      this.#pop();
      if (event.isCancelled || event.owner?.isAlive === false) continue;
      this.#nowMs = Math.max(this.#nowMs, event.atMs);
      try {
        event.call();
      } catch (error) {
        this.onError(error);
      }
      // Everything that promises have waiting runs to its end.
      await new Promise(setImmediate);
    }
    return true;
  }

  #isBefore(one: Event, other: Event): boolean {
    return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.#isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
