/**
 * Segments that could not be read at the start, and in which no record is expected: by its numbers, a previous run was done with them. They are
 * read as soon as that works, because only their content tells, and are removed once no sink needs a record of theirs.
 */
import type { Range } from '../checkpoint.js';
import type { Segment } from './segment-bodies.js';

interface Unexpected {
  readonly segment: Segment;
  /** Numbers of its records; absent before it was read. */
  records?: readonly Range[];
}

export class UnexpectedSegments {
  readonly #read: (segment: Segment) => readonly Range[] | 'gone' | 'later';
  #segments: readonly Unexpected[] = [];

  constructor(read: (segment: Segment) => readonly Range[] | 'gone' | 'later') {
    this.#read = read;
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0;
  }

  add(segment: Segment): void {
    this.#segments = [...this.#segments, { segment }];
  }

  /** Those that turn out to be done with, which then are no longer among these. */
  take(isDone: (range: Range) => boolean): readonly Segment[] {
    const done: Segment[] = [];
    this.#segments = this.#segments.filter((each) => {
      const records = each.records ?? this.#read(each.segment);
      if (records === 'gone') return false;
      if (records === 'later') return true;
      each.records = records;
      if (!records.every(isDone)) return true;
      done.push(each.segment);
      return false;
    });
    return done;
  }
}
