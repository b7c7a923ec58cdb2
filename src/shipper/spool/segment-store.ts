/**
 * A directory of segments: batches go to disk before they count as held, so that they outlive this process. Written,
 * not synced: the fault to survive is the death of the process, not of the machine.
 *
 *     <number of the first record, 16 digits>.segment    see segment.ts
 *     checkpoint.json                                    {"version":1,"end":N,"positions":{"<sink>":N}}
 *
 * A sink's position is the number of the first record that it may not have settled. The checkpoint is replaced
 * atomically, at most once in CHECKPOINT_MS: so much is sent again after the process was killed.
 */
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { ConfigError, messageOf } from '../errors.js';
import type { RecordBatch } from '../parts.js';
import { memoryBytes } from '../record-batch.js';
import { Tally } from '../tally.js';
import type { Body } from './body.js';
import { decodeFrame, encodeFrame, framesOf, isSegmentHeader, SEGMENT_HEADER_BYTES, segmentHeader } from './segment.js';

export interface SegmentStoreOptions {
  readonly directory: string;
  /** Bound on the sum of all segments. */
  readonly maxBytes: number;
  /** Bound on batches that are kept in memory too, for the lanes to read. */
  readonly cacheBytes: number;
  /** Whether no other shipper has taken the directory. Nothing is written there when it is false. @default always */
  readonly isOurs?: () => boolean;
  /** Told of what the disk did not take, or what was damaged. `code` is of a small set. */
  readonly onProblem: (code: string, message: string) => void;
}

/** What is left of an earlier life. */
export interface Recovered {
  readonly positions: Readonly<Record<string, number>>;
  readonly spans: readonly RecoveredSpan[];
  /** The number after all that were ever used. */
  readonly end: number;
}

export interface RecoveredSpan {
  readonly first: number;
  readonly count: number;
  readonly tally: Tally;
  readonly ageMs: number;
  /** Absent when the records are lost. */
  readonly body?: Body;
}

interface Segment {
  readonly path: string;
  bytes: number;
  /** Batches that some lane still needs. */
  live: number;
  isSealed: boolean;
}

/** Reason under which records are counted that the disk does not give back. */
export const CORRUPT = 'spool_corrupt';
const SEGMENT_MAX_BYTES = 16 * 1024 * 1024;
/** At least so many fit into the bound: space comes back one whole segment at a time. */
const SEGMENTS_MIN = 8;
const CHECKPOINT_MS = 200;
const SUFFIX = '.segment';

export class SegmentStore {
  readonly #options: SegmentStoreOptions;
  readonly #segmentBytes: number;
  readonly #checkpointPath: string;
  #used = 0;
  #current: (Segment & { readonly fd: number }) | undefined;
  #cached = new Map<Body, RecordBatch>();
  #cachedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #end = 0;

  /** Throws a ConfigError when the directory cannot be used. */
  constructor(options: SegmentStoreOptions) {
    this.#options = options;
    this.#segmentBytes = Math.min(SEGMENT_MAX_BYTES, Math.floor(options.maxBytes / SEGMENTS_MIN));
    this.#checkpointPath = join(options.directory, 'checkpoint.json');
    try {
      mkdirSync(options.directory, { recursive: true, mode: 0o700 });
      const probe = join(options.directory, 'probe');
      writeFileSync(probe, '');
      rmSync(probe);
    } catch (error) {
      throw new ConfigError([
        `LOGTAP_SPOOL_DIR='${options.directory}': cannot be written: ${messageOf(error)}. Mount a writable directory there, or unset it to hold in memory.`,
      ]);
    }
  }

  /** Part of the bound that is in use. */
  get fullness(): number {
    return this.#used / this.#options.maxBytes;
  }

  /** Reads what is there: one segment in memory at a time. */
  recover(): Recovered {
    const { end: known, positions } = this.#readCheckpoint();
    const spans: RecoveredSpan[] = [];
    let end = known;
    const names = readdirSync(this.#options.directory).filter((name) => name.endsWith(SUFFIX));
    const firsts = names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
    firsts.forEach((first, i) => {
      for (const span of this.#recoverSegment(first, firsts[i + 1] ?? known)) {
        spans.push(span);
        end = Math.max(end, span.first + span.count);
      }
    });
    this.#end = Math.max(end, ...Object.values(positions));
    return { positions, spans, end: this.#end };
  }

  /** Writes a batch. `undefined` when the disk does not take it; nothing of it is left there then. */
  put(first: number, batch: RecordBatch): Body | undefined {
    const frame = encodeFrame(first, batch);
    this.#end = first + batch.count;
    if (this.#options.isOurs?.() === false) return undefined;
    try {
      this.#current ??= this.#open(first);
      const segment = this.#current;
      const at = segment.bytes;
      writeAll(segment.fd, frame, at);
      segment.bytes += frame.length;
      segment.live += 1;
      this.#used += frame.length;
      const body = this.#body(segment, at, frame.length);
      this.#cache(body, batch);
      if (segment.bytes >= this.#segmentBytes) this.#seal();
      return body;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'error';
      this.#options.onProblem(code, `the spool cannot be written, records are held in memory: ${messageOf(error)}`);
      // Numbers within a segment have no gaps: what comes after this batch starts another one.
      this.#seal();
      return undefined;
    }
  }

  /** Writes the positions soon. */
  checkpoint(positions: () => Record<string, number>): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writeCheckpoint(positions());
    }, CHECKPOINT_MS).unref();
  }

  /** Writes the positions now, and nothing ever after. */
  end(positions: Record<string, number>): void {
    clearTimeout(this.#timer);
    this.#writeCheckpoint(positions);
    this.#seal();
  }

  /** Lets go of all without a word to the disk, as a killed process does. */
  abandon(): void {
    clearTimeout(this.#timer);
    if (this.#current !== undefined) closeSync(this.#current.fd);
    this.#current = undefined;
  }

  #path(first: number): string {
    return join(this.#options.directory, `${String(first).padStart(16, '0')}${SUFFIX}`);
  }

  #open(first: number): Segment & { readonly fd: number } {
    const path = this.#path(first);
    const fd = openSync(path, 'w', 0o600);
    const segment = { path, fd, bytes: 0, live: 0, isSealed: false };
    this.#current = segment;
    writeAll(fd, segmentHeader(), 0);
    segment.bytes = SEGMENT_HEADER_BYTES;
    this.#used += SEGMENT_HEADER_BYTES;
    return segment;
  }

  #seal(): void {
    const segment = this.#current;
    this.#current = undefined;
    if (segment === undefined) return;
    segment.isSealed = true;
    try {
      ftruncateSync(segment.fd, segment.bytes);
      closeSync(segment.fd);
    } catch {
      // What is cut off half is found when it is read again.
    }
    this.#deleteIfDone(segment);
  }

  #deleteIfDone(segment: Segment): void {
    if (!segment.isSealed || segment.live > 0) return;
    if (this.#options.isOurs?.() === false) return;
    this.#used -= segment.bytes;
    this.#tryTo('delete', () => rmSync(segment.path, { force: true }));
  }

  #body(segment: Segment, at: number, bytes: number): Body {
    const body: Body = {
      read: () => {
        const cached = this.#cached.get(body);
        if (cached !== undefined) return cached;
        const batch = this.#read(segment, at, bytes);
        if (batch !== undefined) this.#cache(body, batch);
        return batch;
      },
      discard: () => {
        this.#uncache(body);
        segment.live -= 1;
        this.#deleteIfDone(segment);
      },
    };
    return body;
  }

  #read(segment: Segment, at: number, bytes: number): RecordBatch | undefined {
    try {
      const fd = openSync(segment.path, 'r');
      try {
        const frame = Buffer.allocUnsafeSlow(bytes);
        let done = 0;
        while (done < bytes) {
          const count = readSync(fd, frame, done, bytes - done, at + done);
          if (count === 0) break;
          done += count;
        }
        const batch = decodeFrame(frame.subarray(0, done), 0)?.batch;
        if (batch === undefined) this.#options.onProblem(CORRUPT, `${segment.path}: damaged at byte ${at}`);
        return batch;
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      this.#options.onProblem(CORRUPT, `${segment.path}: cannot be read: ${messageOf(error)}`);
      return undefined;
    }
  }

  #cache(body: Body, batch: RecordBatch): void {
    this.#cached.set(body, batch);
    this.#cachedBytes += memoryBytes(batch);
    for (const oldest of this.#cached.keys()) {
      if (this.#cachedBytes <= this.#options.cacheBytes) return;
      this.#uncache(oldest);
    }
  }

  #uncache(body: Body): void {
    const batch = this.#cached.get(body);
    if (batch === undefined) return;
    this.#cached.delete(body);
    this.#cachedBytes -= memoryBytes(batch);
  }

  /** `nextFirst`: where the next segment, or else what is known, begins. */
  #recoverSegment(firstOfSegment: number, nextFirst: number): RecoveredSpan[] {
    const path = this.#path(firstOfSegment);
    let bytes: Buffer;
    let ageMs: number;
    try {
      bytes = readFileSync(path);
      ageMs = Math.max(0, Date.now() - statSync(path).mtimeMs);
    } catch (error) {
      this.#options.onProblem(CORRUPT, `${path}: cannot be read and is left alone: ${messageOf(error)}`);
      return [];
    }
    if (!isSegmentHeader(bytes.subarray(0, SEGMENT_HEADER_BYTES)) && bytes.length >= SEGMENT_HEADER_BYTES) {
      this.#options.onProblem(CORRUPT, `${path}: the header is damaged; whole batches in it are used`);
    }
    const segment: Segment = { path, bytes: 0, live: 0, isSealed: true };
    const spans: RecoveredSpan[] = [];
    let expected = firstOfSegment;
    let used = SEGMENT_HEADER_BYTES;
    for (const { at, frame } of framesOf(bytes)) {
      const { first, batch } = frame;
      if (first > expected) {
        const count = first - expected;
        this.#options.onProblem(CORRUPT, `${path}: ${count} records before byte ${at} are damaged`);
        spans.push({ first: expected, count, tally: Tally.unknown(count), ageMs });
      }
      expected = first + batch.count;
      used = at + frame.bytes;
      segment.live += 1;
      const body = this.#body(segment, at, frame.bytes);
      spans.push({ first, count: batch.count, tally: Tally.of(batch), ageMs, body });
    }
    segment.bytes = used;
    this.#used += used;
    if (used < bytes.length) {
      const rest = bytes.length - used;
      this.#options.onProblem('spool_torn', `${path}: ${rest} bytes at the end are no whole batch, and are cut off`);
      this.#tryTo('cut', () => truncateSync(path, used));
      // Something whole was here once: numbers after it were given, and seen by others.
      const count = nextFirst - expected;
      if (count > 0) spans.push({ first: expected, count, tally: Tally.unknown(count), ageMs });
    }
    this.#deleteIfDone(segment);
    return spans;
  }

  #readCheckpoint(): { readonly end: number; readonly positions: Readonly<Record<string, number>> } {
    try {
      const { end, positions } = JSON.parse(readFileSync(this.#checkpointPath, 'utf8'));
      const all = [end, ...Object.values(positions)];
      if (all.every((each) => Number.isSafeInteger(each))) return { end, positions };
      throw new Error('a position is no number');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        const why = `${this.#checkpointPath}: cannot be read, all that is held is sent again: ${messageOf(error)}`;
        this.#options.onProblem('spool_checkpoint', why);
      }
      return { end: 0, positions: {} };
    }
  }

  #writeCheckpoint(positions: Record<string, number>): void {
    if (this.#options.isOurs?.() === false) return;
    this.#tryTo('checkpoint', () => {
      const next = `${this.#checkpointPath}.next`;
      writeFileSync(next, JSON.stringify({ version: 1, end: this.#end, positions }), { mode: 0o600 });
      renameSync(next, this.#checkpointPath);
    });
  }

  #tryTo(what: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.onProblem(`spool_${what}`, `the spool cannot ${what}: ${messageOf(error)}`);
    }
  }
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}
