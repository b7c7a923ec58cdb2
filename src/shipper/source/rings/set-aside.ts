/**
 * Names in the directory of rings that are not read: what is no ring, and rings whose process writes a later version of the
 * frames than this shipper reads. The latter are not retired: their lines wait for a later shipper, and losses are counted.
 */
import type { RingReader } from './reader.js';

export class SetAside {
  readonly #refused = new Set<string>();
  readonly #later = new Map<string, RingReader>();

  /** Rings that a later shipper reads. */
  get laterRings(): number {
    return this.#later.size;
  }

  has(name: string): boolean {
    return this.#refused.has(name) || this.#later.has(name);
  }

  refuse(name: string): void {
    this.#refused.add(name);
  }

  keepForLater(reader: RingReader): void {
    this.#later.set(reader.ring.name, reader);
  }

  /** Counts what has been lost, and forgets names that are gone. */
  look(names: readonly string[]): void {
    if (this.#refused.size + this.#later.size === 0) return;
    const present = new Set(names);
    for (const name of this.#refused) if (!present.has(name)) this.#refused.delete(name);
    for (const [name, reader] of this.#later) {
      reader.countLoss();
      if (present.has(name)) continue;
      this.#later.delete(name);
      reader.leave();
    }
  }
}
