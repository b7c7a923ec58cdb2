/**
 * Names in the directory of rings that are not read: what is no ring, and rings of a later version, or whose process writes a later
 * version of the frames, than this shipper reads. The latter are not retired: their lines wait for a later shipper, and losses are
 * counted.
 */
import type { LaterRing } from './later-ring.js';

export class SetAside {
  readonly #refused = new Set<string>();
  readonly #later = new Map<string, LaterRing>();

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

  keepForLater(later: LaterRing): void {
    this.#later.set(later.ring.name, later);
  }

  /** Counts what has been lost, and forgets names that are gone. */
  look(names: readonly string[]): void {
    if (this.#refused.size + this.#later.size === 0) return;
    const present = new Set(names);
    for (const name of this.#refused) if (!present.has(name)) this.#refused.delete(name);
    for (const [name, later] of this.#later) {
      later.countLoss();
      if (!present.has(name)) this.#later.delete(name);
    }
  }
}
