/** Speeds, from the states of the last two minutes. The shipper keeps none: what happened before the page was open is unknown. */
import type { State } from '../shipper/console/wire.js';

interface Sample {
  readonly seconds: number;
  readonly read: number;
  readonly held: number;
  readonly delivered: Readonly<Record<string, number>>;
}

export interface Speeds {
  /** Lines per second. */
  readonly read: number;
  readonly delivered: Readonly<Record<string, number>>;
  /** Of each sample, oldest first. */
  readonly readHistory: readonly number[];
  readonly deliveredHistory: readonly number[];
  readonly heldHistory: readonly number[];
}

const SAMPLES_MAX = 120;
/** A speed is that of so many samples: batches linger, and single seconds jump. */
const WINDOW = 3;

export class History {
  #samples: Sample[] = [];

  add({ uptimeSeconds, read, held, sinks }: State): Speeds {
    const last = this.#samples.at(-1);
    // Another shipper answers.
    if (last !== undefined && uptimeSeconds < last.seconds) this.#samples = [];
    const delivered = Object.fromEntries(sinks.map(({ name, delivered: { records } }) => [name, records]));
    this.#samples.push({ seconds: uptimeSeconds, read: read.records, held, delivered });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
    const names = Object.keys(delivered);
    return {
      read: this.#speedAt(this.#samples.length - 1, (sample) => sample.read),
      delivered: Object.fromEntries(
        names.map((name) => [name, this.#speedAt(this.#samples.length - 1, (sample) => sample.delivered[name] ?? 0)]),
      ),
      readHistory: this.#samples.map((_, i) => this.#speedAt(i, (sample) => sample.read)),
      deliveredHistory: this.#samples.map((_, i) =>
        Math.min(...names.map((name) => this.#speedAt(i, (sample) => sample.delivered[name] ?? 0))),
      ),
      heldHistory: this.#samples.map((sample) => sample.held),
    };
  }

  #speedAt(index: number, of: (sample: Sample) => number): number {
    const to = this.#samples[index];
    const from = this.#samples[Math.max(0, index - WINDOW)];
    if (to === undefined || from === undefined || to.seconds <= from.seconds) return 0;
    return Math.max(0, (of(to) - of(from)) / (to.seconds - from.seconds));
  }
}
