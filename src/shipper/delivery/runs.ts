/**
 * Runs of a batch: records of one origin and millisecond that follow each other. What one read brings has one time, so there are few of
 * them, and the order by time looks at each record once, however often the record waits.
 */
import type { RecordBatch } from '../parts.js';

export class Runs {
  constructor(
    readonly count: number,
    /** Behind the last record of each run. The next one begins there. */
    readonly end: Uint32Array,
    /** As in the batch. */
    readonly origin: Uint16Array,
    /** NaN where the record has no time. */
    readonly ms: Float64Array,
  ) {}

  /** The records of the runs that have this mark: first record and end of each range, one behind the other. */
  rangesOf(marks: Uint8Array, mark: number): Uint32Array {
    const { count, end } = this;
    let bounds = 0;
    for (let run = 0; run < count; run++) {
      if (marks[run] === mark && (run === 0 || marks[run - 1] !== mark)) bounds += 2;
    }
    const ranges = new Uint32Array(bounds);
    for (let run = 0, at = -2; run < count; run++) {
      if (marks[run] !== mark) continue;
      if (run === 0 || marks[run - 1] !== mark) {
        at += 2;
        ranges[at] = run === 0 ? 0 : end[run - 1]!;
      }
      ranges[at + 1] = end[run]!;
    }
    return ranges;
  }
}

export function runsOf({ count, origin, timeMs }: RecordBatch): Runs {
  let runs = 0;
  for (let i = 0; i < count; i++) if (isFirst(origin, timeMs, i)) runs += 1;
  const found = new Runs(runs, new Uint32Array(runs), new Uint16Array(runs), new Float64Array(runs));
  for (let i = 0, run = -1; i < count; i++) {
    if (isFirst(origin, timeMs, i)) {
      run += 1;
      found.origin[run] = origin[i]!;
      found.ms[run] = Math.floor(timeMs[i]!);
    }
    found.end[run] = i + 1;
  }
  return found;
}

const isFirst = (origin: Uint16Array, timeMs: Float64Array, i: number): boolean =>
  i === 0 || origin[i] !== origin[i - 1] || Math.floor(timeMs[i]!) !== Math.floor(timeMs[i - 1]!);
