/** Clocks, timers and chance of a simulated process. */
import type { MachineProcess } from './machine.js';
import type { Event } from './scheduler.js';

export interface Clocks {
  readonly globals: Readonly<Record<string, unknown>>;
  /** `node:timers/promises`. */
  readonly promises: object;
}

/** What `setTimeout` answers, as far as the shipper uses it. */
class Timer {
  constructor(
    public event: Event,
    readonly isRepeated: boolean,
  ) {}

  unref(): this {
    return this;
  }

  ref(): this {
    return this;
  }
}

export function clocksOf(process: MachineProcess): Clocks {
  const { scheduler } = process.machine;
  const setTimeout = (call: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) => {
    if (!(ms >= 0)) throw new Error(`the simulation has no time-out of ${ms} ms`);
    return new Timer(
      scheduler.after(Math.max(1, ms), process, () => call(...given)),
      false,
    );
  };
  const clear = (timer: Timer | undefined) => {
    if (timer !== undefined) timer.event.isCancelled = true;
  };
  const setInterval = (call: () => void, ms: number) => {
    const timer: Timer = new Timer(scheduler.after(Math.max(1, ms), process, tick), true);
    function tick() {
      // As Node's: the next one counts from the begin of this one.
      timer.event = scheduler.after(Math.max(1, ms), process, tick);
      call();
    }
    return timer;
  };
  const wait = (ms: number, value: unknown, { signal }: { readonly signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      const onAbort = () => {
        clear(timer);
        reject(new Error('aborted'));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve(value);
      }, ms);
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    });
  class SimulatedDate extends Date {
    constructor(...given: []) {
      if (given.length === 0) super(scheduler.wallMs());
      else super(...given);
    }

    static override now(): number {
      return scheduler.wallMs();
    }
  }
  const math = Object.create(Object.getPrototypeOf(Math), {
    ...Object.getOwnPropertyDescriptors(Math),
    random: { value: process.random.next },
  });
  return {
    globals: {
      ...{ setTimeout, clearTimeout: clear, setInterval, clearInterval: clear },
      setImmediate: (call: (...given: unknown[]) => void, ...given: unknown[]) =>
        new Timer(
          scheduler.after(0, process, () => call(...given)),
          false,
        ),
      performance: { now: () => scheduler.look() },
      Date: SimulatedDate,
      Math: math,
    },
    promises: { setTimeout: wait },
  };
}
