/** Which lines of which writer have arrived, in a byte per line, so that ten million of them fit. */
import { lineOf } from '../../support/fault-scene.js';

export class Seen {
  /** By writer: how often each line has arrived. */
  readonly #times: Uint8Array[];
  /** Messages that no writer wrote. */
  readonly foreign: string[] = [];

  /** @param lines of each writer */
  constructor(writers: number, lines: number) {
    this.#times = Array.from({ length: writers }, () => new Uint8Array(lines));
  }

  add(message: string): void {
    // Notices of losses and probes are the shipper's own.
    if (message.startsWith('logtap')) return;
    const space = message.indexOf(' ');
    const writer = Number(message.slice(1, space));
    const line = Number.parseInt(message.slice(space + 1), 10);
    const times = this.#times[writer];
    if (times?.[line] === undefined || message !== lineOf(`w${writer}`, line)) this.foreign.push(message);
    else times[line] = Math.min(255, times[line] + 1);
  }

  /** Lines that have arrived, of the first of each writer; and those that have more than once. */
  counts(written: readonly number[]): { readonly arrived: number; readonly twice: number } {
    let [arrived, twice] = [0, 0];
    for (const [writer, times] of this.#times.entries()) {
      for (const count of times.subarray(0, written[writer])) {
        if (count > 0) arrived += 1;
        if (count > 1) twice += 1;
      }
    }
    return { arrived, twice };
  }
}
