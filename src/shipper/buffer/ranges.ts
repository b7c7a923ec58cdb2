/** Numbers of records that are done with, though some before them are not: merged and in order. */
import type { Range } from './checkpoint.js';

export class Ranges {
  #ranges: readonly Range[] = [];

  get ranges(): readonly Range[] {
    return this.#ranges;
  }

  add(...ranges: readonly Range[]): void {
    this.#ranges = merged([...this.#ranges, ...ranges]);
  }

  /** Whether all of these numbers are in it. */
  has(from: number, to: number): boolean {
    return this.#ranges.some((range) => range[0] <= from && to <= range[1]);
  }

  /** Whether any of these numbers is in it. */
  meets(from: number, to: number): boolean {
    return this.#ranges.some((range) => range[0] < to && from < range[1]);
  }

  /** The ranges beyond a number, together with others. Forgets the rest. */
  beyond(number: number, ...others: readonly Range[]): readonly Range[] {
    this.#ranges = this.#ranges.filter(([, to]) => to > number);
    return merged([...this.#ranges, ...others]).filter(([, to]) => to > number);
  }
}

function merged(ranges: readonly Range[]): readonly Range[] {
  const result: [from: number, to: number][] = [];
  for (const [from, to] of [...ranges].sort(([one], [other]) => one - other)) {
    const last = result.at(-1);
    if (from >= to) continue;
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}
