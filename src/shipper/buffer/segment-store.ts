/**
 * A directory of segments: batches go to disk before they count as held, so that they outlive this process, and with it
 * the machine, as far as they are synced.
 *
 *     <number of the first record, 16 digits>.segment    see segment.ts
 *     checkpoint.json                                    see checkpoint.ts
 *
 * A segment that no sink needs is removed after a checkpoint with its removal: any other missing one was lost. Numbers
 * of records rise without gaps, so that missing ones can be counted.
 */
import type { SpoolSync } from '../../catalog/buffer.js';
import { ConfigError, codeOf, messageOf } from '../errors.js';
import type { RecordBatch } from '../parts.js';
import type { Body, StoredSpan } from './body.js';
import { type Checkpoint, CheckpointFile, type Progress } from './checkpoint.js';
import { type Disk, type DiskFile, isMissing, realDisk } from './disk.js';
import { Ranges } from './ranges.js';
import { COLUMN_BYTES, encodeFrame, encodeGap, segmentHeader } from './segments/segment.js';
import { CORRUPT, close, type Segment, SegmentBodies } from './segments/segment-bodies.js';
import { checkWritable, createSegment, segmentNames } from './segments/segment-file.js';
import { isPlausible, type Surveyed, survey, without } from './segments/survey.js';
import { UnexpectedSegments } from './segments/unexpected-segments.js';

export interface SegmentStoreOptions {
  readonly directory: string;
  /** Bound on the sum of all segments. */
  readonly maxBytes: number;
  /** Bound on batches that are kept in memory too, for the cursors to read. */
  readonly cacheBytes: number;
  /** @default interval */
  readonly sync?: SpoolSync;
  /** Of the records that a checkpoint is past: synced before it is. */
  readonly counts?: Pick<DiskFile, 'sync' | 'syncLater'>;
  /** Whether no other shipper has taken the directory. Nothing is written there when it is false. @default always */
  readonly isOurs?: () => boolean;
  /** Called for writes that the disk refused, and for damage. `code` is of a small set. */
  readonly onProblem: (code: string, message: string) => void;
  /** @default the real one */
  readonly disk?: Disk;
}

/** The records of a previous run. */
export interface Recovered extends Progress {
  readonly spans: readonly StoredSpan[];
  /** The number after all that were ever used. */
  readonly end: number;
}

/** The buffer, as the store needs it. */
export interface BufferState {
  readonly sinks: readonly string[];
  readonly progress: () => Progress;
  /** Told when files were removed. */
  readonly onRoom: () => void;
}

/** Segments hold so much at most. */
const SEGMENT_MAX_BYTES = 16 * 1024 * 1024;
/** At least so many fit into the bound: space comes back one whole segment at a time. */
const SEGMENTS_MIN = 8;
const SYNC_MS = 1000;
const UNKNOWN: Checkpoint = { end: 0, positions: {}, skipped: {}, removed: [] };

export class SegmentStore {
  readonly #options: SegmentStoreOptions;
  readonly #disk: Disk;
  readonly #sync: SpoolSync;
  readonly #segmentBytes: number;
  readonly #checkpoint: CheckpointFile;
  readonly #bodies: SegmentBodies;
  readonly #removed = new Ranges();
  /** On disk, after a segment had said that they are not. */
  readonly #late = new Ranges();
  /** No record on disk has these, as segments say, some of which may be removed before those of earlier records. */
  readonly #gaps = new Ranges();
  readonly #unsynced = new Set<Segment>();
  /** Of a previous run, which may have been killed before it synced them. */
  readonly #adopted: Segment[] = [];
  readonly #unexpected: UnexpectedSegments;
  #used = 0;
  #current: Segment | undefined;
  /** Not needed any more, and still there. */
  #doomed: Segment[] = [];
  #isDirectorySynced = true;
  /** The number after the last record on disk. */
  #end = 0;
  #progress: () => Progress = () => ({ positions: {}, skipped: {} });
  #onRoom = () => {};
  #timer: NodeJS.Timeout | undefined;
  #isSyncing = false;
  #isEnded = false;

  /** Throws a ConfigError when the directory, which must exist, cannot be used. */
  constructor(options: SegmentStoreOptions) {
    this.#options = options;
    const { directory, maxBytes, cacheBytes, sync = 'interval', disk = realDisk } = options;
    this.#disk = disk;
    this.#sync = sync;
    this.#segmentBytes = Math.min(SEGMENT_MAX_BYTES, Math.floor(maxBytes / SEGMENTS_MIN));
    this.#checkpoint = new CheckpointFile(disk, directory, sync !== 'off');
    const onUnneeded = (segment: Segment) => this.#deleteIfUnneeded(segment);
    const onFound = (bytes: number) => {
      this.#used += bytes;
    };
    const ranges = { removed: this.#removed, late: this.#late, gaps: this.#gaps };
    const holeMax = this.#holeMax;
    this.#bodies = new SegmentBodies({ ...options, disk, cacheBytes, ...ranges, holeMax, onUnneeded, onFound });
    this.#unexpected = new UnexpectedSegments((segment) => this.#bodies.rangesOf(segment));
    checkWritable(disk, directory);
  }

  /** Part of the bound that needed segments use. */
  get fullness(): number {
    return this.#doomed.reduce((bytes, segment) => bytes - segment.bytes, this.#used) / this.#options.maxBytes;
  }

  /** Reads the directory, with one segment in memory at a time. */
  recover({ sinks, progress, onRoom }: BufferState): Recovered {
    this.#progress = progress;
    this.#onRoom = onRoom;
    const names = segmentNames(this.#disk, this.#options.directory);
    const found = names.flatMap((name) => this.#bodies.find(name) ?? []);
    const segments = found.map(({ surveyed }) => surveyed);
    const checkpoint = this.#readCheckpoint(segments);
    const known = sinks.flatMap((sink) => checkpoint.positions[sink] ?? []);
    this.#removed.add(...checkpoint.removed);
    this.#late.add(...(checkpoint.late ?? []));
    const result = survey({
      segments,
      from: known.length === 0 ? undefined : Math.min(...known),
      end: checkpoint.end,
      removed: checkpoint.removed,
      late: this.#late.ranges,
      lost: (range) => this.#bodies.lost(range),
      holeMax: this.#holeMax,
      unreadableMax: Math.ceil((2 * this.#segmentBytes) / COLUMN_BYTES),
    });
    for (const problem of result.problems) this.#options.onProblem(CORRUPT, problem);
    for (const { segment, surveyed } of found) {
      if (segment.live > 0) continue;
      if (surveyed.frames === undefined) this.#unexpected.add(segment);
      else this.#doomed.push(segment);
    }
    this.#adopted.push(...found.map(({ segment }) => segment));
    this.#isDirectorySynced = false;
    this.#end = result.end;
    const { positions, skipped } = checkpoint;
    return { positions, skipped, spans: result.spans, end: result.unknownEnd ?? result.end };
  }

  /** Writes the first checkpoint: from now on one that is missing was removed. */
  begin(): void {
    this.touched();
  }

  /** The number after the last record on disk. */
  get end(): number {
    return this.#end;
  }

  /**
   * Writes a batch. `undefined` when the disk does not take it; nothing of it is left there then. `endBefore`: of a batch that
   * it refused earlier, the number after the last record on disk at that time.
   */
  put(first: number, batch: RecordBatch, endBefore = this.#end): Body | undefined {
    if (this.#options.isOurs?.() === false) return undefined;
    const bytes = encodeFrame(first, batch);
    try {
      if (this.#current?.file?.isLinked === false) {
        this.#options.onProblem('spool_removed', `${this.#current.path}: was removed; another one is begun`);
        this.#seal();
      }
      if (this.#current !== undefined && this.#current.end !== first) this.#seal();
      const segment = this.#current ?? this.#open(first, endBefore);
      const entry = { at: segment.bytes, bytes: bytes.length, first, count: batch.count };
      this.#append(segment, bytes);
      segment.end = first + batch.count;
      if (this.#gaps.meets(first, segment.end)) this.#late.add([first, segment.end]);
      this.#end = Math.max(this.#end, segment.end);
      const body = this.#bodies.bodyOf(segment, entry, batch);
      if (segment.bytes >= this.#segmentBytes) this.#seal();
      // Only this tells that there was a batch, should its file be damaged.
      this.touched();
      return body;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'error';
      this.#options.onProblem(
        code,
        `the disk buffer cannot be written: records are buffered in memory: ${messageOf(error)}`,
      );
      // The next batch starts another segment, which records the missing numbers.
      this.#seal();
      return undefined;
    }
  }

  /** Something was written, or a sink has moved: a checkpoint that a kill cannot take, now, and one that lasts, soon. */
  touched(): void {
    if (this.#isEnded) return;
    this.#write('write a checkpoint', () => this.#checkpoint.write(this.#state()));
    this.soon();
  }

  /** A checkpoint that lasts, now. */
  commit(): void {
    this.#write('write a checkpoint', () => this.#commit());
  }

  /** Leaves all on disk, and writes nothing ever after. */
  close(): void {
    this.#seal();
    this.#write('end', () => {
      this.#takeUnexpected();
      if (this.#sync !== 'off') {
        for (const { file } of this.#unsynced) file?.sync();
        this.#disk.syncDirectory(this.#options.directory);
      }
      this.#commit();
    });
    this.abandon();
  }

  /** Lets go of all without a word to the disk, as a killed process does. */
  abandon(): void {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const segment of new Set([...this.#unsynced, this.#current])) if (segment !== undefined) close(segment);
    this.#unsynced.clear();
    this.#current = undefined;
    this.#checkpoint.close();
  }

  get #holeMax(): number {
    return Math.ceil(this.#options.maxBytes / COLUMN_BYTES);
  }

  #open(first: number, endBefore: number): Segment {
    const { path, file } = createSegment(this.#disk, this.#options.directory, first);
    const segment: Segment = { path, first, end: first, bytes: 0, live: 0, isSealed: false, file };
    this.#current = segment;
    this.#isDirectorySynced = false;
    const gap = first === endBefore ? [] : [encodeGap(endBefore, first)];
    this.#gaps.add([endBefore, first]);
    this.#append(segment, Buffer.concat([segmentHeader(), ...gap]));
    if (this.#sync === 'always') this.#disk.syncDirectory(this.#options.directory);
    return segment;
  }

  #append(segment: Segment, bytes: Buffer): void {
    segment.file!.write(bytes, segment.bytes);
    if (this.#sync === 'always') segment.file!.sync();
    else if (this.#sync === 'interval') this.#unsynced.add(segment);
    segment.bytes += bytes.length;
    this.#used += bytes.length;
  }

  #seal(): void {
    const segment = this.#current;
    this.#current = undefined;
    if (segment === undefined) return;
    segment.isSealed = true;
    try {
      segment.file?.truncate(segment.bytes);
    } catch {
      // An incomplete frame is found when the segment is read.
    }
    if (!this.#unsynced.has(segment)) close(segment);
    this.#deleteIfUnneeded(segment);
  }

  #deleteIfUnneeded(segment: Segment): void {
    if (!segment.isSealed || segment.live > 0) return;
    this.#doomed.push(segment);
    // Room is wanted at once only where it is short.
    if (this.#used >= this.#options.maxBytes / 2) this.commit();
    else this.soon();
  }

  /** Nothing is known when it is missing, damaged, or cannot be right: then all existing records are resent. */
  #readCheckpoint(segments: readonly Surveyed[]): Checkpoint {
    const { path } = this.#checkpoint;
    const refuse = (why: string): Checkpoint => {
      this.#options.onProblem('spool_checkpoint', `${path}: ${why}; all buffered records are resent`);
      return UNKNOWN;
    };
    try {
      const found = this.#checkpoint.read();
      if (found === undefined) return refuse('is damaged');
      return isPlausible(found, segments, this.#holeMax) ? found : refuse('says more than can be');
    } catch (error) {
      if (codeOf(error) === 'ENOENT' && segments.length === 0) return UNKNOWN;
      if (error instanceof ConfigError) throw error;
      return refuse(`cannot be read: ${messageOf(error)}`);
    }
  }

  #state(): Checkpoint {
    const { positions, skipped } = this.#progress();
    const least = Math.min(...Object.values(positions));
    const doomed = this.#doomed.map(({ first, end }) => [first, end] as const);
    // Numbers of batches that the disk did not take, and only memory had.
    const end = Math.max(this.#end, ...Object.values(positions));
    const late = this.#late.beyond(least);
    const never = this.#gaps.beyond(least).flatMap((gap) => without(gap, late));
    const removed = this.#removed.beyond(least, ...doomed, ...never, [this.#end, end]);
    return { end, positions, skipped, removed, late };
  }

  /** Writes a lasting checkpoint, then removes the segments that are not needed by it. */
  #commit(): void {
    const state = this.#state();
    if (this.#sync === 'off') this.#checkpoint.write(state);
    else {
      this.#options.counts?.sync();
      this.#checkpoint.commit(state);
    }
    this.#removeDoomed();
  }

  /** A lasting checkpoint, within a second. */
  soon(): void {
    if (this.#isEnded) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#write('read what a previous run has left', () => this.#takeUnexpected());
      if (this.#sync === 'off') this.commit();
      else void this.#syncAll();
      if (!this.#unexpected.isEmpty) this.soon();
    }, SYNC_MS).unref();
  }

  #takeUnexpected(): void {
    if (this.#unexpected.isEmpty) return;
    const least = Math.min(...Object.values(this.#progress().positions));
    const done = [[0, least] as const, ...this.#removed.ranges];
    this.#doomed.push(...this.#unexpected.take((range) => without(range, done).length === 0));
  }

  #removeDoomed(doomed: readonly Segment[] = [...this.#doomed]): void {
    for (const segment of doomed) {
      if (!this.#doomed.includes(segment)) continue;
      this.#disk.remove(segment.path);
      this.#doomed = this.#doomed.filter((each) => each !== segment);
      this.#used -= segment.bytes;
      this.#removed.add([segment.first, segment.end]);
      this.#unsynced.delete(segment);
      close(segment);
    }
    if (doomed.length > 0) this.#onRoom();
  }

  /** Makes all that was written until now last, without waiting for the disk meanwhile. */
  async #syncAll(): Promise<void> {
    if (this.#isSyncing || this.#options.isOurs?.() === false) return;
    this.#isSyncing = true;
    const segments = [...this.#unsynced];
    try {
      this.#unsynced.clear();
      for (const segment of segments) {
        await segment.file?.syncLater();
        if (segment.isSealed && !this.#unsynced.has(segment)) close(segment);
      }
      for (const { path } of this.#adopted.splice(0)) {
        await this.#disk.syncFileLater(path).catch((error) => {
          if (!isMissing(error))
            this.#options.onProblem(`spool_${codeOf(error)}`, `${path}: cannot be synced: ${messageOf(error)}`);
        });
      }
      if (!this.#isDirectorySynced) {
        this.#isDirectorySynced = true;
        await this.#disk.syncDirectoryLater(this.#options.directory);
      }
      await this.#options.counts?.syncLater();
      if (this.#isEnded) return;
      const doomed = [...this.#doomed];
      await this.#checkpoint.commitLater(this.#state());
      this.#removeDoomed(doomed);
    } catch (error) {
      this.#isDirectorySynced = false;
      for (const segment of segments) if (segment.file !== undefined) this.#unsynced.add(segment);
      this.#options.onProblem(`spool_${codeOf(error)}`, `the disk buffer cannot be synced: ${messageOf(error)}`);
    } finally {
      this.#isSyncing = false;
      if (this.#unsynced.size > 0 || this.#doomed.length > 0 || !this.#isDirectorySynced) this.soon();
    }
  }

  #write(what: string, action: () => void): void {
    if (this.#options.isOurs?.() === false) return;
    try {
      action();
    } catch (error) {
      this.#options.onProblem(`spool_${codeOf(error)}`, `the disk buffer cannot ${what}: ${messageOf(error)}`);
      this.soon();
    }
  }
}
