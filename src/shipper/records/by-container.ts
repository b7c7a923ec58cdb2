/** Values made of settings that may differ by container and process: once per combination, found again by origin. */
import { type ContainerSettings, keysOf, type Reading, readingOf } from '../../catalog/records/container-settings.js';
import type { Origin } from '../parts.js';

type Writer = Pick<Origin, 'container' | 'process'>;

export class ByContainer<S extends Partial<Reading>, T> {
  readonly #settings: S;
  readonly #differing: ContainerSettings;
  readonly #make: (settings: S) => T;
  /** Keys are of the setting, so that a peer that invents names adds none. */
  readonly #made = new Map<string, T>();
  readonly #known = new WeakMap<Writer, T>();

  constructor(settings: S, differing: ContainerSettings, make: (settings: S) => T) {
    this.#settings = settings;
    this.#differing = differing;
    this.#make = make;
  }

  of(writer: Writer): T {
    let made = this.#known.get(writer);
    if (made === undefined) {
      made = this.#madeFor(writer);
      this.#known.set(writer, made);
    }
    return made;
  }

  /** For the default, and for each entry. */
  get all(): readonly T[] {
    const keys = [...this.#differing.readings.keys()].map((key) => key.split('/') as [string, string?]);
    return [
      this.#madeFor({ container: '', process: '' }),
      ...keys.map(([container, process = '']) => this.#madeFor({ container, process })),
    ];
  }

  #madeFor({ container, process }: Writer): T {
    const keys = keysOf(container, process).filter((key) => this.#differing.readings.has(key));
    const name = keys.join('\n');
    if (!this.#made.has(name)) {
      this.#made.set(name, this.#make(readingOf(this.#settings, this.#differing, container, process)));
    }
    return this.#made.get(name) as T;
  }
}
