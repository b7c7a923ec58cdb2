/**
 * The layout of a row of segments by the numbers of their records: frames, and the holes before, between and behind
 * them. Only data with a checksum is evidence for a number. A file name is not.
 */
import { Tally } from '../accounting/tally.js';
import type { Body, StoredSpan } from './body.js';
import type { Checkpoint, Range } from './checkpoint.js';

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
  /** Of records that are missing. */
  lost(range: Range): Body;
  /** More records than that cannot be missing: the disk has no room for them. */
  readonly holeMax: number;
  /** Most records that can be in a segment that cannot be read now. */
  readonly unreadableMax: number;
}

export function survey(options: SurveyOptions): Survey {
  const { end: known, removed, holeMax, unreadableMax } = options;
  const numberOf = (segment: Surveyed) => beginningOf([segment])?.first ?? segment.first;
  const segments = [...options.segments].sort((one, other) => numberOf(one) - numberOf(other));
  const spans: StoredSpan[] = [];
  const problems: string[] = [];
  let reached = options.from;
  let unknownEnd: number | undefined;
  let ageMs = 0;
  let spansEnd = 0;
  const hole = (to: number) => {
    const from = reached ?? to;
    reached = Math.max(from, to);
    if (to - from > holeMax) {
      problems.push(`no ${to - from} records can be missing before number ${to}: that number is not believed`);
      return;
    }
    for (const [first, last] of without([from, to], removed)) {
      const count = last - first;
      problems.push(`${count} records from number ${first} on are missing`);
      spans.push({ first, count, tally: Tally.unknown(count), ageMs, body: options.lost([first, last]) });
    }
  };
  const frameOf = (segment: Surveyed, frame: FrameEntry) => {
    const { first, count, tally } = frame;
    const last = first + count;
    if (count === 0) {
      const from = frame.gapFrom ?? first;
      if (reached !== undefined && first <= reached) return;
      hole(Math.max(from, reached ?? from));
      reached = first;
      return;
    }
    // Numbers that another frame has already: a file was copied.
    if (first < spansEnd && spans.some((span) => span.first < last && first < span.first + span.count)) return;
    if (reached !== undefined && first > reached) hole(first);
    spans.push({ first, count, tally, ageMs, body: segment.bodyOf(frame) });
    spansEnd = Math.max(spansEnd, last);
    reached = Math.max(reached ?? 0, last);
  };
  const unreadable = (segment: Surveyed, next: Beginning | undefined) => {
    // From the end of the last one: records missing before its first one are reported once it can be read.
    const first = reached ?? segment.first;
    const end = next?.first ?? Math.max(known, first + 1);
    if (end <= first || end - first > holeMax) return;
    const count = end - first;
    const knownEnd = next === undefined ? known : next.isEvident ? next.first : first;
    spans.push({ first, count, tally: Tally.unknown(count), ageMs, body: segment.later(first, knownEnd) });
    spansEnd = reached = end;
    if (next === undefined) unknownEnd = Math.max(end, segment.first + unreadableMax);
  };
  segments.forEach((segment, i) => {
    ageMs = segment.ageMs;
    if (segment.frames === undefined) unreadable(segment, beginningOf(segments.slice(i + 1)));
    else for (const frame of segment.frames) frameOf(segment, frame);
  });
  if (unknownEnd === undefined && reached !== undefined && known > reached) hole(known);
  return { spans, end: Math.max(reached ?? 0, known), problems, ...(unknownEnd !== undefined && { unknownEnd }) };
}

interface Beginning {
  readonly first: number;
  /** Whether it is more than the name of a file. */
  readonly isEvident: boolean;
}

/** The first number in these segments. */
function beginningOf(segments: readonly Surveyed[]): Beginning | undefined {
  for (const { first, frames } of segments) {
    if (frames === undefined) return { first, isEvident: false };
    const [frame] = frames;
    if (frame !== undefined) return { first: frame.gapFrom ?? frame.first, isEvident: true };
  }
  return undefined;
}

/** The parts of a range that are in none of the others, which are in order. */
function without([from, to]: Range, others: readonly Range[]): Range[] {
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
