/** The secrets found in one message: ranges with their kinds, which neither overlap nor are empty. */
import type { Text } from './bytes.js';

const BACKSLASH = 0x5c;

export class Finds {
  count = 0;
  readonly #text: Text;
  #from = new Uint32Array(16);
  #to = new Uint32Array(16);
  #kind = new Uint16Array(16);

  constructor(text: Text) {
    this.#text = text;
  }

  clear(): void {
    this.count = 0;
  }

  from(i: number): number {
    return this.#from[i]!;
  }

  to(i: number): number {
    return this.#to[i]!;
  }

  kind(i: number): number {
    return this.#kind[i]!;
  }

  /** Where the last find ends: nothing before it is looked at again. */
  get floor(): number {
    return this.count === 0 ? this.#text.start : this.#to[this.count - 1]!;
  }

  /** Adds a range and returns its end. Ranges may come in any order if `arrange` follows. */
  add(kind: number, from: number, to: number): number {
    const begin = this.#outsideEscape(from);
    if (begin >= to) return to;
    if (this.count === this.#from.length) this.#grow();
    this.#from[this.count] = begin;
    this.#to[this.count] = to;
    this.#kind[this.count++] = kind;
    return to;
  }

  /** Sorts the ranges and joins those that overlap. A joined range has the kind of its first one. */
  arrange(): void {
    const order = Array.from({ length: this.count }, (_, i) => i);
    order.sort((a, b) => this.#from[a]! - this.#from[b]! || this.#to[b]! - this.#to[a]!);
    const all = order.map((i) => ({ from: this.#from[i]!, to: this.#to[i]!, kind: this.#kind[i]! }));
    this.count = 0;
    for (const { from, to, kind } of all) {
      const last = this.count - 1;
      if (last >= 0 && from < this.#to[last]!) {
        this.#to[last] = Math.max(this.#to[last]!, to);
        continue;
      }
      this.#from[this.count] = from;
      this.#to[this.count] = to;
      this.#kind[this.count++] = kind;
    }
  }

  /** A mark directly behind a backslash would make an escape that JSON does not have. */
  #outsideEscape(from: number): number {
    const text = this.#text;
    if (text.at(from - 1) !== BACKSLASH || text.at(from - 2) === BACKSLASH) return from;
    return text.at(from) === 0x75 ? from + 5 : from + 1;
  }

  #grow(): void {
    const size = this.#from.length * 2;
    const [from, to, kind] = [new Uint32Array(size), new Uint32Array(size), new Uint16Array(size)];
    from.set(this.#from);
    to.set(this.#to);
    kind.set(this.#kind);
    [this.#from, this.#to, this.#kind] = [from, to, kind];
  }
}
