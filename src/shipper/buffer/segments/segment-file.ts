/** Segments as files of a directory: lists them, makes them, and reads them, one in memory at a time. */
import { join } from 'node:path';
import { Tally } from '../../accounting/tally.js';
import { ConfigError, codeOf, messageOf } from '../../errors.js';
import type { RecordBatch } from '../../parts.js';
import type { Disk, DiskFile } from '../disk.js';
import { decodeFrame, framesOf, gapFrom, isSegmentHeader, SEGMENT_HEADER_BYTES } from './segment.js';
import type { FrameEntry } from './survey.js';

/** Names that are tried for a new segment where some are taken. */
const NAMES_MAX = 16;
const NAME = /^\d{16}\.segment$/;

/** Throws a ConfigError where the directory of the segments, which must exist, cannot be written. */
export function checkWritable(disk: Disk, directory: string): void {
  try {
    const probe = join(directory, 'probe');
    disk.remove(probe);
    disk.create(probe).close();
    disk.remove(probe);
  } catch (error) {
    throw new ConfigError([
      `LOGTAP_SPOOL_DIR='${directory}': cannot be written: ${messageOf(error)}. Mount a writable directory there, or unset it to buffer in memory.`,
    ]);
  }
}

/** Names of the segments in a directory, in the order of their records. Throws a ConfigError where it cannot be listed. */
export function segmentNames(disk: Disk, directory: string): string[] {
  try {
    return disk
      .names(directory)
      .filter((name) => NAME.test(name))
      .sort();
  } catch (error) {
    throw new ConfigError([
      `LOGTAP_SPOOL_DIR='${directory}': cannot be listed: ${messageOf(error)}. Let user ${process.getuid?.()} read it, or unset it to buffer in memory.`,
    ]);
  }
}

/** Its name is a hint, the numbers in it count: where something has that name already, it gets the next. */
export function createSegment(
  disk: Disk,
  directory: string,
  first: number,
): { readonly path: string; readonly file: DiskFile } {
  for (let i = 0; ; i++) {
    const path = join(directory, `${String(first + i).padStart(16, '0')}.segment`);
    try {
      return { path, file: disk.create(path) };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || i === NAMES_MAX) throw error;
    }
  }
}

/** Where a frame is, and which records are in it. */
export type Place = Omit<FrameEntry, 'tally' | 'gapFrom'>;

export interface SegmentContent {
  readonly frames: readonly FrameEntry[];
  readonly bytes: number;
  /** Up to the end of the last sound frame. */
  readonly soundBytes: number;
  readonly isHeaderSound: boolean;
  readonly mtimeMs: number;
}

export function readSegment(disk: Disk, path: string): SegmentContent {
  const { content, mtimeMs } = disk.readFile(path);
  let soundBytes = Math.min(SEGMENT_HEADER_BYTES, content.length);
  const frames: FrameEntry[] = [];
  for (const { at, frame } of framesOf(content)) {
    const { first, bytes, batch } = frame;
    frames.push({ at, bytes, first, count: batch.count, gapFrom: gapFrom(frame), tally: Tally.of(batch) });
    soundBytes = at + bytes;
  }
  const isHeaderSound = isSegmentHeader(content.subarray(0, SEGMENT_HEADER_BYTES));
  return { frames, bytes: content.length, soundBytes, isHeaderSound, mtimeMs };
}

/** The records of one frame; `undefined` when they are not those that were written there. */
export function readFrame(disk: Disk, path: string, entry: Place): RecordBatch | undefined {
  const frame = decodeFrame(disk.readAt(path, entry.at, entry.bytes), 0);
  return frame?.first === entry.first && frame.batch.count === entry.count ? frame.batch : undefined;
}
