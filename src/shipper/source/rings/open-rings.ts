/** The rings that are open, by name and by process. */
import type { RecentFrames } from '../frames/recent-frames.js';
import type { RingReader } from './reader.js';
import type { SetAside } from './unread/set-aside.js';

/** Processes whose ring was retired and that may go on in another. */
const RETIRED_MAX = 4096;

export class OpenRings {
  /** Looked at again and again; the others sleep until a wake-up. */
  readonly awake = new Set<RingReader>();
  /** Could not be read, or not be written, the last time. */
  readonly failing = new Set<RingReader>();
  /** Read but for a line that may go on in another ring. */
  readonly waiting = new Set<RingReader>();
  /** Not read. */
  readonly aside: SetAside;
  readonly #byName = new Map<string, RingReader>();
  /** By instance, the last ring of a process that was found. */
  readonly #latest = new Map<string, RingReader>();
  /** By instance, the last frames read from its last retired ring. */
  readonly #recent = new Map<string, RecentFrames>();

  constructor(aside: SetAside) {
    this.aside = aside;
  }

  get size(): number {
    return this.#byName.size;
  }

  get all(): readonly RingReader[] {
    return [...this.#byName.values()];
  }

  /** Those that are not read to their end. What comes into a ring after its lines went on is in the next one, too. */
  get unfinished(): readonly RingReader[] {
    return this.all.filter(({ isFinished, isContinued }) => !isFinished && !isContinued);
  }

  /** Of those in use. */
  get idleLongest(): RingReader | undefined {
    const inUse = this.all.filter(({ isRetired }) => !isRetired);
    return inUse.sort((one, other) => one.gotMs - other.gotMs)[0];
  }

  /** Made by processes that found no free ring, because no shipper ran or many began at once, and that need a larger one. */
  small(capacity: number): readonly RingReader[] {
    return this.unfinished.filter((reader) => reader.isTooSmall(capacity));
  }

  /** Whether it is open, or set aside. */
  has(name: string): boolean {
    return this.#byName.has(name) || this.aside.has(name);
  }

  /** The last ring of a process. */
  latestOf(instance: string): RingReader | undefined {
    return this.#latest.get(instance);
  }

  /** The last frames of a process, which it may have written once more into its next ring. */
  recentOf(instance: string): RecentFrames | undefined {
    return this.#recent.get(instance) ?? this.#latest.get(instance)?.recent;
  }

  add(reader: RingReader): void {
    const { name, instance } = reader.ring;
    this.#byName.set(name, reader);
    this.#latest.set(instance, reader);
    this.awake.add(reader);
  }

  /** Is read, and again after all others that are awake. */
  last(reader: RingReader): void {
    this.awake.delete(reader);
    this.awake.add(reader);
  }

  /** All of it is read but a line, with which its process may go on in another ring. */
  waits(reader: RingReader): void {
    this.retired(reader);
    this.failing.delete(reader);
    this.waiting.add(reader);
  }

  /** Nothing more is read from it: its process may go on in another ring. */
  retired(reader: RingReader): void {
    const { instance } = reader.ring;
    this.awake.delete(reader);
    this.#recent.delete(instance);
    this.#recent.set(instance, reader.recent);
    if (this.#recent.size > RETIRED_MAX) this.#recent.delete(this.#recent.keys().next().value!);
  }

  /** Whether it was there. */
  delete(reader: RingReader): boolean {
    const { ring } = reader;
    this.awake.delete(reader);
    this.failing.delete(reader);
    this.waiting.delete(reader);
    if (this.#latest.get(ring.instance)?.ring === ring) this.#latest.delete(ring.instance);
    return this.#byName.delete(ring.name);
  }
}
