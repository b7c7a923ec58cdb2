/**
 * Names in the directory of rings that are not read: what is no ring, and rings of a later version, or whose process writes a later
 * version of the frames, than this shipper reads. The latter are not retired: their lines wait for a later shipper, and losses are
 * counted.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '../../../errors.js';
import type { LossTotals } from '../../frames/losses/loss-totals.js';
import type { RingName } from '../directory.js';
import type { RingSourceOptions } from '../options.js';
import { countAt, offsetOf } from '../words.js';
import { isAnything, RefusedFile } from './refused.js';

const LOST_AT = offsetOf('lost_lines');
const LOST_BYTES = 16;

/**
 * A ring of a later version, or with frames of a later version, than this shipper reads. It is neither read, nor retired, nor
 * removed: its lines wait for a later shipper. What its process could not hand over is counted: those words have their places in
 * every version, and so have the magic and the version. Any process may do anything to it: a look must not throw.
 */
export class LaterRing {
  readonly ring: RingName;
  readonly #path: string;
  readonly #losses: LossTotals;

  constructor(ring: RingName, path: string, losses: LossTotals) {
    this.ring = ring;
    this.#path = path;
    this.#losses = losses;
    this.countLoss();
  }

  countLoss(): void {
    const words = Buffer.alloc(LOST_BYTES);
    try {
      const fd = openSync(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        if (readSync(fd, words, 0, LOST_BYTES, LOST_AT) !== LOST_BYTES) return;
      } finally {
        closeSync(fd);
      }
    } catch {
      // Gone, or not now: totals only rise, and the next look counts all of it.
      return;
    }
    const [lines, bytes] = [countAt(words, 0), countAt(words, 8)];
    if (bytes > 0) this.#losses.update(this.ring.instance, { lines, bytes });
  }
}

export class SetAside {
  readonly #options: RingSourceOptions;
  readonly #losses: LossTotals;
  readonly #refused = new Set<string>();
  /** Of these: counted, and still there because the disk refuses their counts. */
  readonly #unremoved = new Set<string>();
  readonly #later = new Map<string, LaterRing>();

  constructor(options: RingSourceOptions, losses: LossTotals) {
    this.#options = options;
    this.#losses = losses;
  }

  /** Rings that a later shipper reads. */
  get laterRings(): number {
    return this.#later.size;
  }

  has(name: string): boolean {
    return this.#refused.has(name) || this.#later.has(name);
  }

  /** By the reason of its ProtocolError. Throws the system's errors, and counts nothing then. */
  add(ring: RingName, reason: string): void {
    const path = join(this.#options.path, ring.name);
    if (reason === 'version') this.#later.set(ring.name, new LaterRing(ring, path, this.#losses));
    else this.#refuse(ring, path, reason);
  }

  /** Counts what it holds, then removes it: it has room that other rings may need. */
  #refuse(ring: RingName, path: string, reason: string): void {
    const { refused, onRefused, onRefusedRemoved } = this.#options;
    const file = RefusedFile.open(path);
    try {
      let isCounted = refused?.has(ring.name) === true;
      if (file !== undefined && !isCounted && !file.isElsewhere) {
        const found = { name: ring.name, ...file.look() };
        isCounted = isAnything(found);
        if (isCounted) onRefused?.(found);
        // Of another process, it says nothing about this one.
        if (file.lost !== undefined && reason !== 'instance') {
          this.#losses.remember(ring.instance, file.lost.counted);
          this.#losses.update(ring.instance, file.lost.total);
        }
      }
      this.#refused.add(ring.name);
      if (isCounted && this.#options.isKept?.() === false) this.#unremoved.add(ring.name);
      else if (file?.remove() && isCounted) onRefusedRemoved?.(ring.name);
    } finally {
      file?.close();
    }
  }

  /** Counts what has been lost, and forgets names that are gone. */
  look(names: readonly string[]): void {
    if (this.#unremoved.size > 0 && this.#options.isKept?.() !== false) this.#removeCounted();
    if (this.#refused.size + this.#later.size === 0) return;
    const present = new Set(names);
    for (const name of this.#refused) if (!present.has(name)) this.#refused.delete(name);
    for (const [name, later] of this.#later) {
      later.countLoss();
      if (!present.has(name)) this.#later.delete(name);
    }
  }

  #removeCounted(): void {
    for (const name of this.#unremoved) {
      this.#unremoved.delete(name);
      try {
        const file = RefusedFile.open(join(this.#options.path, name));
        if (file?.remove()) this.#options.onRefusedRemoved?.(name);
        file?.close();
      } catch (error) {
        // The next shipper removes it: the journal has its name.
        if (!isSystemError(error)) throw error;
      }
    }
  }
}
