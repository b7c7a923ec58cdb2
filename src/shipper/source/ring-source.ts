/**
 * Reads the rings of all processes and yields what they wrote as batches of lines. A batch releases, in each ring it has
 * lines of, all that lies before them: until then the ring keeps it, also for a reader that comes after this one was
 * killed.
 *
 * Nothing is read while the consumer is busy. Rings with bytes are looked at again and again; one that stays empty is put
 * to sleep and costs nothing until its process rings the bell, but for a slow look once a second.
 */
import { messageOf, ProtocolError } from '../errors.js';
import type { Source, SourceBatch } from '../parts.js';
import type { SkipReason } from './connection.js';
import { countByInstance } from './count-by-instance.js';
import { lockedFiles, showsLocks } from './file-locks.js';
import type { Lost } from './frame-decoder.js';
import { type AssemblerShared, lineAgeMs, shareAssembly } from './line-assembler.js';
import { LossTotals } from './loss-totals.js';
import { NameRoom } from './name-room.js';
import type { RecentFrames } from './recent-frames.js';
import { RingDirectory, type RingDirectoryOptions, type RingName } from './ring-directory.js';
import { type Mark, RingReader } from './ring-reader.js';

export interface RingSourceOptions extends RingDirectoryOptions {
  /** Rings that are open at a time: each takes a descriptor. The others wait, with what is in them. */
  readonly maxRings?: number;
  readonly lineMaxBytes: number;
  /** An unfinished line that did not grow for this long becomes a record. */
  readonly lineIdleMs: number;
  /** One that grows, too, after this long. Not before it could be idle. */
  readonly lineAgeMs?: number;
  /** Longest wait of a record for others to share its batch. */
  readonly lingerMs: number;
  readonly onLost: (lost: Lost) => void;
  /** Told of up to how much went down with a shipper that was killed in an outage. */
  readonly onGone: (gone: Lost) => void;
  /** Told when a notice of it is delivered, before the ring forgets it. */
  readonly onNoticed?: (gone: Lost) => void;
  /** Whether sinks fail for longer than rings last: then rings give room back before it is released. */
  readonly isOutage: () => boolean;
  readonly onProtocolError: (error: ProtocolError) => void;
  /** Milliseconds that never go back, whatever happens to the clock. */
  readonly now?: () => number;
  readonly onSkipped?: (reason: SkipReason, bytes: number) => void;
  /** Frames are missing in the numbering of a process. */
  readonly onGap?: () => void;
}

const READ_BYTES = 256 * 1024;
/** Between looks at rings of which the last read was small. */
const LOOK_MS = 10;
/** A ring that was empty for so long is put to sleep. */
const AWAKE_MS = 50;
/** Finds what no bell told: rings that were there before, bells that could not be rung. */
const SCAN_MS = 1000;
/** Bells of processes that nobody knows call for a scan, but not more often. */
const BELL_SCAN_MS = 10;
/** Between looks at who is gone. */
const LOCKS_MS = 100;
/** Nothing was written for so long: a process that is alive claims another ring with its next line. */
const IDLE_MS = 3_600_000;
/** After a stop: so long no ring may have got anything before reading ends. */
const QUIET_MS = 100;
/** A ring that was idle for so long gives way to one that waits. */
const SCARCE_IDLE_MS = 1000;
/** Processes whose ring was retired and that may go on in another. */
const RETIRED_MAX = 4096;

export class RingSource implements Source {
  readonly #options: RingSourceOptions;
  readonly #now: () => number;
  readonly #directory: RingDirectory;
  readonly #shared: AssemblerShared;
  readonly #losses: LossTotals;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #readers = new Map<string, RingReader>();
  readonly #awake = new Set<RingReader>();
  /** By instance, the last ring of a process that was found. */
  readonly #latest = new Map<string, RingReader>();
  /** By instance, the last frames read from its last ring. */
  readonly #recent = new Map<string, RecentFrames>();
  readonly #names = new NameRoom();
  /** Names that are no rings: not looked at again. */
  readonly #refused = new Set<string>();
  #scannedMs = Number.NEGATIVE_INFINITY;
  #locksReadMs = Number.NEGATIVE_INFINITY;
  /** Whether the system says what is locked: it does for memory, and where it has done so. */
  #seesLocks: boolean;
  #wantsScan = true;
  /** When the builder got its first record; `undefined` while it is empty. */
  #firstMs: number | undefined;
  #idleLookMs = 0;
  #gotMs = 0;
  #isStopping = false;
  #isClosing = false;
  #isLastScanDone = false;
  /** Whether rings wait for others to be closed. */
  #isCrowded = false;
  #wake: () => void = () => {};

  /** Makes the directory ready. Throws a ConfigError when that cannot be. */
  constructor(options: RingSourceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#directory = new RingDirectory(options);
    this.#seesLocks = showsLocks(options.path);
    this.#losses = new LossTotals(options.onLost, options);
    this.#shared = shareAssembly(options.lineMaxBytes, lineAgeMs(options));
    this.#directory.refill(this.#directory.names() ?? []);
  }

  async *batches(signal: AbortSignal): AsyncGenerator<SourceBatch> {
    signal.addEventListener('abort', () => this.#stop(), { once: true });
    if (signal.aborted) this.#stop();
    this.#gotMs = this.#now();
    try {
      for (;;) {
        const nowMs = this.#now();
        // Whatever was yielded is held by the consumer, who has room for more.
        if (this.#options.isOutage()) for (const reader of this.#readers.values()) reader.giveEarly();
        this.#scan(nowMs);
        const isMore = this.#readAwake(nowMs);
        this.#flushIdle(nowMs);
        const isEnd = this.#isEnd(nowMs);
        if (isEnd) for (const reader of this.#readers.values()) this.#finish(reader);
        if (this.#isBatchDue(nowMs) || (isEnd && this.#shared.builder.count > 0)) {
          yield this.#batch();
        } else if (isEnd) break;
        else if (isMore) await new Promise(setImmediate);
        else await this.#wait();
      }
    } finally {
      // Rings that are read but not released stay open: their batches are still on the way.
      this.#directory.close();
    }
  }

  /** Whether there is a ring that may still be written, or is not delivered to its end. */
  get hasWriters(): boolean {
    return this.#readers.size > 0;
  }

  /** Ends reading: what is written so far is read, then every ring is retired and `batches` ends. */
  close(): void {
    this.#isClosing = true;
    this.#wantsScan = true;
    this.#wake();
  }

  #stop(): void {
    this.#isStopping = true;
    // Looks once more in any case: a ring may have been claimed since the last look.
    this.#gotMs = this.#now();
    this.#wantsScan = true;
    this.#wake();
  }

  /** Whether nothing more is to be read. */
  #isEnd(nowMs: number): boolean {
    if (this.#isClosing ? !this.#isLastScanDone : !this.#isStopping) return false;
    const readers = [...this.#readers.values()];
    if (this.#isClosing) {
      for (const reader of readers) this.#retire(reader);
      return readers.every(({ isDrained }) => isDrained);
    }
    // A ring that was claimed a moment ago has to be found first.
    this.#wantsScan = true;
    if (this.#isCrowded) return false;
    return nowMs - this.#gotMs > QUIET_MS && readers.every(({ isDrained, isRetired }) => isDrained && isRetired);
  }

  #isBatchDue(nowMs: number): boolean {
    if (this.#shared.builder.count === 0) {
      this.#firstMs = undefined;
      return false;
    }
    this.#firstMs ??= nowMs;
    if (this.#shared.builder.isFull || nowMs - this.#firstMs >= this.#options.lingerMs) return true;
    // A ring is released by batches: a small one must not wait for others to travel with.
    for (const reader of this.#awake) if (reader.isPressing) return true;
    return false;
  }

  #batch(): SourceBatch {
    const marked: [RingReader, Mark][] = [];
    this.#firstMs = undefined;
    const batch = this.#shared.builder.finish();
    const counts = countByInstance(batch);
    for (const reader of this.#readers.values()) {
      const mark = reader.mark(counts.get(reader.ring.instance));
      if (mark !== undefined) marked.push([reader, mark]);
    }
    return {
      ...batch,
      release: () => {
        for (const [reader, mark] of marked) {
          if (reader.release(mark)) this.#remove(reader);
        }
      },
    };
  }

  /** Looks for rings that were claimed, gone or quiet for long, and makes new ones. */
  #scan(nowMs: number): void {
    if (nowMs - this.#scannedMs < (this.#wantsScan ? BELL_SCAN_MS : SCAN_MS) || this.#isLastScanDone) return;
    this.#scannedMs = nowMs;
    this.#directory.listen(
      (instance) => this.#rang(instance),
      (instance, total) => this.#losses.update(instance, total),
    );
    const names = this.#directory.names();
    // Looked at again: what could not be listed is still there.
    if (names === undefined) return;
    this.#wantsScan = false;
    // Whoever writes on after this gets a ring that the next shipper reads.
    this.#isLastScanDone = this.#isClosing;
    const { maxRings = Number.POSITIVE_INFINITY } = this.#options;
    this.#isCrowded = false;
    for (const ring of this.#directory.claimed(names)) {
      if (this.#readers.has(ring.name) || this.#refused.has(ring.name)) continue;
      // At the end there is no more time to wait.
      this.#isCrowded = this.#readers.size >= maxRings && !this.#isClosing;
      if (this.#isCrowded) break;
      this.#find(ring, nowMs);
    }
    if (this.#isCrowded) this.#makeRoom(nowMs);
    const present = this.#refused.size > 0 ? new Set(names) : undefined;
    for (const name of this.#refused) if (!present?.has(name)) this.#refused.delete(name);
    this.#retireLeft(nowMs);
    for (const reader of this.#readers.values()) {
      if (!reader.isFinished && this.#hasNews(reader)) this.#awake.add(reader);
    }
    this.#directory.refill(names);
  }

  /** Whose process is gone, or has been quiet for long. */
  #retireLeft(nowMs: number): void {
    const readers = [...this.#readers.values()].filter(({ isFinished }) => !isFinished);
    if (readers.length === 0 || nowMs - this.#locksReadMs < LOCKS_MS) return;
    this.#locksReadMs = nowMs;
    const locked = lockedFiles();
    this.#seesLocks = this.#seesLocks || readers.some((reader) => locked !== undefined && reader.isHeld(locked));
    for (const reader of readers) {
      const isGone = this.#seesLocks && locked !== undefined && reader.isGone(locked, nowMs);
      if (isGone || nowMs - reader.gotMs > IDLE_MS) this.#retire(reader);
    }
  }

  #hasNews(reader: RingReader): boolean {
    let hasNews = false;
    this.#guarded(reader, () => {
      hasNews = reader.hasNews();
    });
    return hasNews;
  }

  /** What breaks the format ends the reading of that ring, and of no other. */
  #guarded(reader: RingReader, look: () => void): void {
    try {
      look();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#options.onProtocolError(error);
      this.#awake.delete(reader);
      this.#forget(reader);
      reader.abandon();
    }
  }

  #find(ring: RingName, nowMs: number): void {
    // One after the other: the frames of a process go on where its earlier ring ended.
    const earlier = this.#latest.get(ring.instance);
    if (earlier !== undefined) {
      this.#retire(earlier);
      if (!earlier.isFinished) return;
    }
    try {
      const { onSkipped = () => {}, onGap = () => {}, onNoticed = () => {} } = this.#options;
      const reader = new RingReader(ring, this.#directory.pathOf(ring.name), this.#shared, this.#losses, nowMs, {
        names: this.#names,
        onSkipped,
        onGap,
        onNoticed,
      });
      const known = this.#recent.get(ring.instance);
      if (known !== undefined) reader.skipFrames(known);
      if (reader.gone.bytes > 0) this.#options.onGone(reader.gone);
      this.#readers.set(ring.name, reader);
      this.#latest.set(ring.instance, reader);
      this.#awake.add(reader);
    } catch (error) {
      // Anything else may pass: no descriptor is left, another user's file, gone meanwhile.
      if (error instanceof ProtocolError) this.#refused.add(ring.name);
      this.#options.onProtocolError(
        error instanceof ProtocolError ? error : new ProtocolError('ring', `${ring.name}: ${messageOf(error)}`),
      );
    }
  }

  /** Retires the ring that was idle for longest: its process claims another with its next line. */
  #makeRoom(nowMs: number): void {
    this.#options.onNoRoom(`more than ${this.#options.maxRings} rings are in use: some wait to be read`);
    const inUse = [...this.#readers.values()].filter(({ isRetired }) => !isRetired);
    const idle = inUse.sort((one, other) => one.gotMs - other.gotMs)[0];
    if (idle && nowMs - idle.gotMs > SCARCE_IDLE_MS) this.#retire(idle);
  }

  #rang(instance: string): void {
    const reader = this.#latest.get(instance);
    if (reader === undefined || reader.isFinished) this.#wantsScan = true;
    else this.#awake.add(reader);
    this.#wake();
  }

  /** Reads what there is, ring by ring. Whether there may be more at once. */
  #readAwake(nowMs: number): boolean {
    let isMore = false;
    for (const reader of this.#awake) {
      if (this.#shared.builder.isFull) return true;
      this.#guarded(reader, () => {
        const got = reader.read(this.#buffer, nowMs);
        if (got > 0) this.#gotMs = nowMs;
        isMore = isMore || got === this.#buffer.length || (got > 0 && reader.isRetired);
        if (reader.isEnded && !reader.isRetired) this.#retire(reader);
        else if (got === 0) this.#rest(reader, nowMs);
      });
    }
    return isMore;
  }

  /** Nothing came: puts it to sleep after a while, or ends it when nothing more can come. */
  #rest(reader: RingReader, nowMs: number): void {
    if (reader.isRetired) {
      this.#finish(reader);
    } else if (nowMs - reader.gotMs > AWAKE_MS && reader.sleep()) {
      this.#awake.delete(reader);
    }
  }

  #retire(reader: RingReader): void {
    if (reader.isRetired) return;
    reader.retire();
    this.#awake.add(reader);
  }

  /** All of a retired ring is read. It is removed when all of it is released. */
  #finish(reader: RingReader): void {
    this.#awake.delete(reader);
    if (reader.isFinished) return;
    const { instance } = reader.ring;
    this.#recent.delete(instance);
    this.#recent.set(instance, reader.recent);
    if (this.#recent.size > RETIRED_MAX) this.#recent.delete(this.#recent.keys().next().value!);
    // Its successor waits for this.
    this.#wantsScan = true;
    if (reader.finish()) this.#remove(reader);
  }

  #remove(reader: RingReader): void {
    if (this.#forget(reader)) reader.remove();
  }

  #forget({ ring }: RingReader): boolean {
    if (this.#latest.get(ring.instance)?.ring === ring) this.#latest.delete(ring.instance);
    return this.#readers.delete(ring.name);
  }

  #flushIdle(nowMs: number): void {
    const { unfinished } = this.#shared;
    if (unfinished.size === 0 || nowMs - this.#idleLookMs < this.#options.lineIdleMs / 4) return;
    this.#idleLookMs = nowMs;
    for (const assembler of unfinished) {
      if (assembler.touchedMs <= nowMs - this.#options.lineIdleMs) assembler.interrupt();
    }
  }

  /** Until somebody rings, or it is time for the next look. */
  async #wait(): Promise<void> {
    const isBusy = this.#awake.size > 0 || this.#wantsScan || this.#isStopping || this.#isClosing;
    const ms = isBusy ? LOOK_MS : Math.min(SCAN_MS, this.#shared.builder.count > 0 ? this.#options.lingerMs : SCAN_MS);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }
}
