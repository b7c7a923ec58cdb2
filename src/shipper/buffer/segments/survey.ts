/**
 * The layout of a row of segments by the numbers of their records: frames, and the holes before, between and behind
 * them. Only data with a checksum is evidence for a number. A file name is not.
 */
import { Tally } from '../../accounting/tally.js';
import type { Body, StoredSpan } from '../body.js';
import type { Checkpoint, Range } from '../checkpoint.js';

/** A sound frame, without its records. */
export interface FrameEntry {
  readonly at: number;
  readonly bytes: number;
  readonly first: number;
  /** 0: the numbers from `gapFrom` up to `first` are those of no record on disk. */
  readonly count: number;
  readonly gapFrom: number | undefined;
  readonly tally: Tally;
}

/** A segment that was read, or that cannot be read now. */
export interface Surveyed {
  /** By its name. */
  readonly first: number;
  readonly ageMs: number;
  /** Absent when it cannot be read now. */
  readonly frames?: readonly FrameEntry[];
  bodyOf(frame: FrameEntry): Body;
  /** Of a segment that cannot be read now: from the number `first` to `end`, as far as known. */
  later(first: number, end: number): Body;
}

export interface Survey {
  readonly spans: readonly StoredSpan[];
  /** The number after all that are known to have been given. */
  readonly end: number;
  /** Numbers up to this may have been given to segments that cannot be read now. */
  readonly unknownEnd?: number;
  /** Contradictions, for the log. */
  readonly problems: readonly string[];
}

export interface SurveyOptions {
  readonly segments: readonly Surveyed[];
  /** The first number that is still needed, if known. */
  readonly from: number | undefined;
  /** The number after the last one that was given, as far as known. */
  readonly end: number;
  /** These were removed, and counted. */
  readonly removed: readonly Range[];
  /** The disk took these after a frame had said that it did not. In order. @default none */
  readonly late?: readonly Range[];
  /** Of records that are missing. */
  lost(range: Range): Body;
  /** More records than that cannot be missing: the disk has no room for them. */
  readonly holeMax: number;
  /** Most records that can be in a segment that cannot be read now. */
  readonly unreadableMax: number;
}

export function survey(options: SurveyOptions): Survey {
  const numberOf = (segment: Surveyed) => beginningOf([segment])?.first ?? segment.first;
  // Records that the disk refused at first may lie in a segment of their own: before one that begins with a gap for them.
  const firstOf = ({ first, frames }: Surveyed) => frames?.[0]?.first ?? first;
  const segments = [...options.segments].sort(
    (one, other) => numberOf(one) - numberOf(other) || firstOf(one) - firstOf(other),
  );
  const course = new Course(options);
  segments.forEach((segment, i) => {
    if (segment.frames === undefined) course.unreadable(segment, beginningOf(segments.slice(i + 1)));
    else for (const frame of segment.frames) course.frame(segment, frame);
  });
  return course.end();
}

/** The numbers of records from the first to the last, as the segments are gone through in order. */
class Course {
  readonly #options: SurveyOptions;
  readonly #spans: StoredSpan[] = [];
  readonly #problems: string[] = [];
  /** The number after the last one that a span has. */
  #reached: number | undefined;
  #unknownEnd: number | undefined;
  /** The number after all that are known to have been given, where the last segment cannot be read now. */
  #givenEnd: number | undefined;
  #ageMs = 0;
  #spansEnd = 0;

  constructor(options: SurveyOptions) {
    this.#options = options;
    this.#reached = options.from;
  }

  frame(segment: Surveyed, frame: FrameEntry): void {
    this.#ageMs = segment.ageMs;
    const { first, count, tally } = frame;
    const reached = this.#reached;
    const last = first + count;
    if (count === 0) {
      if (reached !== undefined && first <= reached) return;
      const from = frame.gapFrom ?? first;
      this.#hole(Math.max(from, reached ?? from));
      for (const [lateFrom, lateTo] of this.#options.late ?? []) {
        if (lateTo <= this.#reached! || lateFrom >= first) continue;
        this.#reached = Math.max(this.#reached!, lateFrom);
        this.#hole(Math.min(lateTo, first));
      }
      this.#reached = first;
      return;
    }
    // Numbers that another frame has already: a file was copied.
    const isCopy = (span: StoredSpan) => span.first < last && first < span.first + span.count;
    if (first < this.#spansEnd && this.#spans.some(isCopy)) return;
    if (reached !== undefined && first > reached) this.#hole(first);
    this.#spans.push({ first, count, tally, ageMs: segment.ageMs, body: segment.bodyOf(frame) });
    this.#spansEnd = Math.max(this.#spansEnd, last);
    this.#reached = Math.max(this.#reached ?? 0, last);
  }

  unreadable(segment: Surveyed, next: Beginning | undefined): void {
    this.#ageMs = segment.ageMs;
    const { end: known, holeMax, unreadableMax } = this.#options;
    // From the end of the last one: records missing before its first one are reported once it can be read.
    const first = this.#reached ?? segment.first;
    // One at least, as long as it may have any: nothing moves past the segment before it was read.
    const least = first + 1;
    const most = Math.max(next?.first ?? known, least);
    const end = most - first > holeMax ? least : most;
    if (end > (next?.firstRecord ?? end)) return;
    const count = end - first;
    const knownEnd = next === undefined ? known : next.isEvident ? next.first : first;
    const body = segment.later(first, knownEnd);
    this.#spans.push({ first, count, tally: Tally.unknown(count), ageMs: segment.ageMs, body });
    this.#spansEnd = this.#reached = end;
    if (next !== undefined) return;
    this.#unknownEnd = Math.max(end, segment.first + unreadableMax);
    this.#givenEnd = Math.max(known, first);
  }

  end(): Survey {
    const { end: known } = this.#options;
    const unknownEnd = this.#unknownEnd;
    if (unknownEnd === undefined && this.#reached !== undefined && known > this.#reached) this.#hole(known);
    return {
      spans: this.#spans,
      // A number that is only assumed was not given: as a part of a checkpoint it would be a missing record in the next run.
      end: this.#givenEnd ?? Math.max(this.#reached ?? 0, known),
      problems: this.#problems,
      ...(unknownEnd !== undefined && { unknownEnd }),
    };
  }

  #hole(to: number): void {
    const from = this.#reached ?? to;
    this.#reached = Math.max(from, to);
    if (to - from > this.#options.holeMax) {
      const missing = `no ${to - from} records can be missing before number ${to}`;
      this.#problems.push(`${missing}: that number is not believed`);
      return;
    }
    for (const [first, last] of without([from, to], this.#options.removed)) {
      const count = last - first;
      this.#problems.push(`${count} records from number ${first} on are missing`);
      const body = this.#options.lost([first, last]);
      this.#spans.push({ first, count, tally: Tally.unknown(count), ageMs: this.#ageMs, body });
    }
  }
}

interface Beginning {
  /** Of records, or of the numbers before them that are those of no record. */
  readonly first: number;
  readonly firstRecord: number;
  /** Whether it is more than the name of a file. */
  readonly isEvident: boolean;
}

/** The first number in these segments. */
function beginningOf(segments: readonly Surveyed[]): Beginning | undefined {
  for (const { first, frames } of segments) {
    if (frames === undefined) return { first, firstRecord: first, isEvident: false };
    const [frame] = frames;
    if (frame !== undefined) return { first: frame.gapFrom ?? frame.first, firstRecord: frame.first, isEvident: true };
  }
  return undefined;
}

/** The parts of a range that are in none of the others, which are in order. */
export function without([from, to]: Range, others: readonly Range[]): Range[] {
  const parts: Range[] = [];
  let at = from;
  for (const [first, last] of others) {
    if (last <= at || first >= to) continue;
    if (first > at) parts.push([at, first]);
    at = Math.max(at, last);
  }
  if (at < to) parts.push([at, to]);
  return parts;
}

/** Whether the numbers of a checkpoint can be those of these segments. */
export function isPlausible(checkpoint: Checkpoint, segments: readonly Surveyed[], holeMax: number): boolean {
  const { end, positions, removed } = checkpoint;
  if (end > NUMBER_MAX || Object.values(positions).some((position) => position > end)) return false;
  const frames = segments.flatMap((segment) => segment.frames?.at(-1) ?? []);
  const last = frames.reduce((number, { first, count }) => Math.max(number, first + count), 0);
  const missing = without([last, end], removed).reduce((sum, [from, to]) => sum + (to - from), 0);
  // Where nothing is left there is nothing to hide.
  return frames.length === 0 || missing <= holeMax;
}

/** A thousand years at a hundred thousand records a second. */
const NUMBER_MAX = 2 ** 52;
