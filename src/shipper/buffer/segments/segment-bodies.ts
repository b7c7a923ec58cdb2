/** Segments as files to read: those that this process writes, and those that an earlier one has left. */
import { join } from 'node:path';
import { codeOf, messageOf } from '../../errors.js';
import type { RecordBatch } from '../../parts.js';
import type { Body, Read } from '../body.js';
import type { Range } from '../checkpoint.js';
import { type Disk, type DiskFile, isMissing } from '../disk.js';
import type { Ranges } from '../ranges.js';
import { BatchCache } from './batch-cache.js';
import { type Place, readFrame, readSegment, type SegmentContent } from './segment-file.js';
import { type Surveyed, survey } from './survey.js';

export interface Segment {
  readonly path: string;
  first: number;
  /** The number after its last record. */
  end: number;
  bytes: number;
  /** Batches that some cursor still needs. */
  live: number;
  isSealed: boolean;
  /** While it is written, and until it is synced. */
  file: DiskFile | undefined;
}

/** Reason under which records are counted that the disk does not give back. */
export const CORRUPT = 'spool_corrupt';

export interface SegmentBodiesOptions {
  readonly directory: string;
  readonly disk: Disk;
  readonly cacheBytes: number;
  readonly removed: Ranges;
  /** On disk, after a segment had said that they are not. */
  readonly late: Ranges;
  /** Numbers of which a segment says that no record on disk has them. */
  readonly gaps: Ranges;
  /** More records than that cannot be missing. */
  readonly holeMax: number;
  readonly onProblem: (code: string, message: string) => void;
  /** A batch of a segment is not needed any more. */
  readonly onUnneeded: (segment: Segment) => void;
  /** So many bytes were found that a previous run has left. */
  readonly onFound: (bytes: number) => void;
}

export class SegmentBodies {
  readonly #options: SegmentBodiesOptions;
  readonly #cache: BatchCache;

  constructor(options: SegmentBodiesOptions) {
    this.#options = options;
    this.#cache = new BatchCache(options.cacheBytes);
  }

  /** `undefined` where there is no segment, even where its name is that of one. */
  find(name: string): { readonly segment: Segment; readonly surveyed: Surveyed } | undefined {
    const path = join(this.#options.directory, name);
    const first = Number.parseInt(name, 10);
    const ignored = (why: string) => {
      this.#options.onProblem(CORRUPT, `${path}: is left alone: ${why}`);
      return undefined;
    };
    if (!Number.isSafeInteger(first)) return ignored('no record can have that number');
    const segment: Segment = { path, first, end: first, bytes: 0, live: 0, isSealed: true, file: undefined };
    try {
      const content = readSegment(this.#options.disk, path);
      this.#adopt(segment, content);
      return { segment, surveyed: this.#surveyed(segment, content) };
    } catch (error) {
      if (isMissing(error)) return ignored(messageOf(error));
      this.#options.onProblem(codeOf(error), `${path}: cannot be read, its records wait: ${messageOf(error)}`);
      return { segment, surveyed: this.#surveyed(segment, undefined) };
    }
  }

  #surveyed(segment: Segment, content: SegmentContent | undefined): Surveyed {
    return {
      first: segment.first,
      ageMs: content === undefined ? 0 : Math.max(0, Date.now() - content.mtimeMs),
      ...(content !== undefined && { frames: content.frames }),
      bodyOf: (entry) => this.bodyOf(segment, entry),
      later: (first, end) => {
        segment.live += 1;
        const discard = () => {
          segment.live -= 1;
          this.#options.onUnneeded(segment);
        };
        return { read: () => this.#readLater(segment, first, end), discard, isAssumed: true };
      },
    };
  }

  #readLater(segment: Segment, from: number, end: number): Read {
    try {
      const content = readSegment(this.#options.disk, segment.path);
      this.#adopt(segment, content);
      const { removed, late, holeMax } = this.#options;
      const lost = (range: Range) => this.lost(range);
      const options = { from, end, removed: removed.ranges, late: late.ranges, lost, holeMax, unreadableMax: 0 };
      const { spans, problems } = survey({ ...options, segments: [this.#surveyed(segment, content)] });
      for (const problem of problems) this.#options.onProblem(CORRUPT, problem);
      return spans;
    } catch (error) {
      return this.#unreadable(segment.path, error);
    }
  }

  /** The numbers of the records in a segment that could not be read before. */
  rangesOf(segment: Segment): readonly Range[] | 'gone' | 'later' {
    try {
      const content = readSegment(this.#options.disk, segment.path);
      this.#adopt(segment, content);
      return content.frames.map(({ first, count }) => [first, first + count] as const);
    } catch (error) {
      return isMissing(error) ? 'gone' : 'later';
    }
  }

  /** A segment of a previous run, now that it was read. */
  #adopt(segment: Segment, { frames, bytes, soundBytes, isHeaderSound }: SegmentContent): void {
    const { path } = segment;
    const last = frames.at(-1);
    segment.first = frames[0]?.first ?? segment.first;
    segment.end = last === undefined ? segment.first : last.first + last.count;
    segment.bytes = soundBytes;
    for (const { gapFrom, first } of frames) if (gapFrom !== undefined) this.#options.gaps.add([gapFrom, first]);
    this.#options.onFound(soundBytes);
    const problem = (code: string, what: string) => this.#options.onProblem(code, `${path}: ${what}`);
    if (!isHeaderSound && frames.length > 0) problem(CORRUPT, 'the header is damaged; whole batches in it are used');
    if (soundBytes === bytes) return;
    problem('spool_torn', `${bytes - soundBytes} bytes at the end are no whole batch, and are cut off`);
    try {
      this.#options.disk.truncate(path, soundBytes);
    } catch (error) {
      problem(codeOf(error), `cannot be cut: ${messageOf(error)}`);
    }
  }

  /** Of records that are missing: once they are counted, a later run does not count them again. */
  lost(range: Range): Body {
    return { read: () => 'lost', discard: () => this.#options.removed.add(range) };
  }

  /** Of a frame, which is needed from now on. */
  bodyOf(segment: Segment, entry: Place, batch?: RecordBatch): Body {
    segment.live += 1;
    let isLost = false;
    const body: Body = {
      read: () => {
        const cached = this.#cache.get(body);
        if (cached !== undefined) return cached;
        const found = this.#read(segment, entry);
        if (typeof found === 'object') this.#cache.set(body, found);
        isLost = found === 'lost';
        return found;
      },
      discard: () => {
        if (isLost) this.#options.removed.add([entry.first, entry.first + entry.count]);
        this.#cache.delete(body);
        segment.live -= 1;
        this.#options.onUnneeded(segment);
      },
    };
    if (batch !== undefined) this.#cache.set(body, batch);
    return body;
  }

  #read({ path }: Segment, entry: Place): RecordBatch | 'lost' | 'later' {
    try {
      const batch = readFrame(this.#options.disk, path, entry);
      if (batch !== undefined) return batch;
      this.#options.onProblem(CORRUPT, `${path}: damaged at byte ${entry.at}`);
      return 'lost';
    } catch (error) {
      return this.#unreadable(path, error);
    }
  }

  /** A file that is gone is lost, unless the whole directory is away. */
  #unreadable(path: string, error: unknown): 'lost' | 'later' {
    const isLost = isMissing(error) && this.#isThere();
    const fate = isLost ? 'its records are lost' : 'its records wait until it can be read';
    this.#options.onProblem(isLost ? CORRUPT : codeOf(error), `${path}: cannot be read, ${fate}: ${messageOf(error)}`);
    return isLost ? 'lost' : 'later';
  }

  #isThere(): boolean {
    try {
      this.#options.disk.names(this.#options.directory);
      return true;
    } catch {
      return false;
    }
  }
}

export function close(segment: Segment): void {
  segment.file?.close();
  segment.file = undefined;
}
