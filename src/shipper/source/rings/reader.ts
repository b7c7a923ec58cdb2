/** Reads one ring from where it, or a reader before it, was: bytes to lines, and how far they are acknowledged. */
import type { Acknowledging, RingCheckpoint } from '../../accounting/acknowledging.js';
import type { ProcessEnd } from '../../accounting/ends.js';
import { isSystemError, ProtocolError } from '../../errors.js';
import type { AssemblerShared } from '../frames/assembly.js';
import type { Hello, Lost } from '../frames/decoder.js';
import { FrameStream } from '../frames/frame-stream.js';
import type { LossTotals } from '../frames/losses/loss-totals.js';
import { isPossible, least, NOTHING } from '../frames/losses/lost.js';
import type { RecentFrames } from '../frames/recent-frames.js';
import type { RingName } from './directory.js';
import { RingFile } from './file.js';
import type { RingReaderOptions } from './options.js';
import { type Mark, RecordRange } from './release/mark.js';
import { Release } from './release/release.js';
import { WritePace } from './release/write-pace.js';
import { atEnd, type Behind, lookBehind } from './unread/behind.js';

/** A process locks a ring at once when it has claimed it. */
const CLAIM_MS = 1000;
/** Of one ring, before the next one is read. */
const TURN_BYTES = 256 * 1024;

export class RingReader implements Acknowledging {
  readonly ring: RingName;
  readonly #file: RingFile;
  readonly #shared: AssemblerShared;
  readonly #frames: FrameStream;
  readonly #losses: LossTotals;
  readonly #options: RingReaderOptions;
  readonly #pace: WritePace;
  readonly #release: Release;
  #position = 0;
  /** Where the last batch ended. */
  #markedPosition = 0;
  readonly records: RecordRange;
  /** Whether there is something that no mark covers. */
  #isDirty = false;
  #lost: Lost;
  /** Whether the process had locked the ring at the last look. */
  #isLocked = false;
  #isClosed = false;
  #isUseless = false;
  /** When the last bytes came. */
  gotMs: number;
  /** The process says that it ends. */
  isEnded = false;
  #exitStatus: number | undefined;
  isRetired = false;
  /** Its process is gone, as its lock tells. */
  isOrphaned = false;
  /** Whether there was nothing more to read the last time. */
  isDrained = false;
  /** All of it is read, and no line is unfinished. */
  isFinished = false;
  /** Its unfinished lines go on in the next ring of its process. */
  isContinued = false;
  /** An invalid frame, or an invalid header, was met: nothing behind it is read. */
  isBroken = false;
  /** At most what lies behind it, and where that ends, once the process cannot add to it. */
  #invalid: Behind | undefined;
  /** The content of a notice that is in no batch yet. */
  #notice: Lost = NOTHING;

  /** Lines that were released early and lost with previous readers. */
  readonly lostWithPreviousRun: Lost;

  /** Opens it. Throws a ProtocolError when it is no ring; any other error may pass, and nothing is changed then. */
  constructor(
    ring: RingName,
    path: string,
    shared: AssemblerShared,
    losses: LossTotals,
    nowMs: number,
    options: RingReaderOptions = {},
  ) {
    this.ring = ring;
    this.#options = options;
    this.gotMs = nowMs;
    this.records = new RecordRange(shared.builder.count);
    this.#shared = shared;
    this.#losses = losses;
    this.#file = new RingFile(path);
    this.#release = new Release(this.#file);
    // The process must be able to write on: a line that keeps half of the ring is cut.
    const heldMaxBytes = this.#file.capacity / 2;
    this.#frames = new FrameStream(shared, losses, { ...options, instance: ring.instance, heldMaxBytes });
    try {
      const { progress, lost, unacknowledged } = this.#file.resume(options.planned);
      const state = this.#file.state(progress?.position ?? 0);
      this.lostWithPreviousRun =
        isPossible(unacknowledged, state.head) && losses.believes(unacknowledged, ring.instance)
          ? unacknowledged
          : NOTHING;
      this.isRetired = this.#file.isRetiredAtStart;
      // No more can have been counted than the process has lost.
      this.#lost = least(lost, state.lost);
      losses.remember(ring.instance, this.#lost);
      if (progress !== undefined) {
        this.#position = progress.position;
        this.#markedPosition = progress.position;
        this.#frames.resume(progress, state.head);
        if (this.lostWithPreviousRun.bytes > 0) {
          this.#frames.previousRunLost(this.lostWithPreviousRun, progress.position);
          // Unacknowledged until the notice is delivered: this reader may be killed, too.
          this.#notice = this.lostWithPreviousRun;
          this.#isDirty = true;
        }
      }
      this.#release.begin({ progress, lost: this.#lost }, this.lostWithPreviousRun);
      this.#isLocked = state.isLocked;
      this.#pace = new WritePace(nowMs, state.head);
    } catch (error) {
      // A process that writes into it must not go on: it will not be read.
      if (error instanceof ProtocolError && error.reason !== 'version') this.#file.retire();
      this.#file.close();
      throw error;
    }
  }

  /** Whether so much of the ring waits to be handed on that the process may soon find no room. */
  get isPressing(): boolean {
    return this.#position - this.#markedPosition > this.#file.capacity / 4;
  }

  get capacity(): number {
    return this.#file.capacity;
  }

  /** Bytes that are read, and whose room the process does not have back. */
  get onItsWay(): number {
    return this.#position - this.#release.position;
  }

  /** How long the oldest batch has waited for its acknowledgement. */
  waitedMs(nowMs: number): number {
    return this.#release.waitedMs(nowMs);
  }

  /** Part of the ring that its process cannot use: unread, or unacknowledged. 0 where it cannot be read. */
  get fill(): number {
    try {
      const { head } = this.#file.state(this.#position);
      return (head - this.#release.position) / this.capacity;
    } catch {
      return 0;
    }
  }

  /** Whether its process, which had to make it itself, writes enough to need one of this capacity. */
  isTooSmall(capacity: number): boolean {
    return !this.isRetired && this.#file.capacity < Math.min(capacity, this.#position * 4);
  }

  /** Whether nothing can come that is not read. */
  get isRead(): boolean {
    return this.isDrained && this.isRetired;
  }

  /** Who writes into it, where it said so. */
  get writer(): Hello | undefined {
    return this.#frames.writer;
  }

  /** How its process ended; `undefined` while it goes on, as far as is known. */
  get end(): ProcessEnd | undefined {
    if (this.isEnded) return this.#exitStatus ?? 'unknown';
    return this.isOrphaned ? 'killed' : undefined;
  }

  /** The last frames. */
  get recent(): RecentFrames {
    return this.#frames.recent;
  }

  /** These frames were in an earlier ring of the process. */
  skipFrames(known: RecentFrames): void {
    this.#frames.skipFrames(known);
  }

  /**
   * Reads a part of what is there, through the buffer, and no more than a batch has room for: others have their turn, too. Returns the number
   * of bytes. Throws a ProtocolError for an invalid frame, and the system's errors.
   */
  read(buffer: Buffer, nowMs: number): number {
    this.isDrained = false;
    const { head, isEnded, exitStatus, isLocked, lost } = this.#file.state(this.#position);
    this.isEnded = isEnded;
    this.#exitStatus = exitStatus;
    this.#isLocked = isLocked;
    this.#pace.note(nowMs, head);
    if (lost.bytes !== this.#lost.bytes) {
      this.#lost = lost;
      this.#losses.update(this.ring.instance, lost);
      this.#isDirty = true;
    }
    let got = 0;
    while (got < TURN_BYTES && this.#position < head) {
      const length = this.#file.read(buffer, this.#position, head);
      // Assemblers copy the bytes that they keep.
      this.#frames.write(buffer.subarray(0, length), nowMs);
      this.#position += length;
      // At once: the next read may fail.
      this.#isDirty = true;
      got += length;
      if (this.#shared.builder.isFull) break;
    }
    this.isDrained = this.#position === head;
    if (got > 0) {
      this.gotMs = nowMs;
      this.#frames.cutHeld();
    }
    return got;
  }

  /** Whether there is anything to read, or the process says that it ends. */
  hasNews(): boolean {
    if (this.isBroken) return true;
    const { head, isEnded, isLocked, lost } = this.#file.state(this.#position);
    this.#isLocked = isLocked;
    return head !== this.#position || isEnded !== this.isEnded || lost.bytes !== this.#lost.bytes;
  }

  /** Asks for a wake-up. False when something has come meanwhile. */
  sleep(): boolean {
    this.#file.sleep();
    return this.#file.state(this.#position).head === this.#position;
  }

  /** Later writes do not count; earlier ones must still be read. False if the header cannot be written now. */
  retire(): boolean {
    if (!this.#file.retire()) return false;
    this.isRetired = true;
    this.isDrained = false;
    return true;
  }

  /** Whether all of it is read but a line, which its process may go on with in another ring. */
  get awaitsNext(): boolean {
    if (this.isFinished || this.isBroken || this.isWithinFrame || this.#file.isCutAtStart) return false;
    return this.isContinued ? this.#frames.isContinued : this.isRead && this.#frames.isUnfinished;
  }

  /** The next ring of its process is found. This one stays until the lines that go on there are acknowledged. */
  continueIn(next: RingReader): void {
    this.#frames.lostAtLast(this.#lost);
    this.#frames.continueIn(next.#frames);
    this.records.end(this.#shared.builder.count);
    this.isContinued = true;
    if (!this.#frames.isContinued) this.#file.cut();
  }

  /** Nothing more will come: its unfinished lines become records. Whether it is of no more use already. */
  finish(): boolean {
    if (this.isFinished) return false;
    this.isFinished = true;
    // A later reader must not make a longer record of it, which would have the same id.
    if (!this.isContinued && this.#frames.isUnfinished) this.#file.cut();
    this.#frames.flush();
    this.#frames.forget();
    if (this.#frames.writer !== undefined) this.#frames.lostAtLast(this.#lost);
    if (!this.isContinued) this.records.end(this.#shared.builder.count);
    if (this.#shared.builder.count > 0) this.#isDirty = true;
    else if (!this.#release.endsAtLast()) this.#settle();
    return this.#isUseless;
  }

  /** All that was read is acknowledged, and nothing can follow. */
  #settle(): void {
    if (this.#isUseless) return;
    this.#isUseless = true;
    if (this.#invalid === undefined) return;
    const { unread, end } = this.#invalid;
    // The next reader must not count it once more, if this one is killed before the ring is removed.
    this.#release.all({ progress: atEnd(this.#frames.progress(), this.ring, end), lost: this.#lost });
    if (unread.lines > 0) this.#options.onInvalidFrames?.(unread);
  }

  /** A batch ends here. `undefined` when it has nothing of this ring. */
  mark(nowMs: number, records: Lost = NOTHING): Mark | undefined {
    // A line of which the clock alone made a record came without a read.
    if (!this.#isDirty && records.lines === 0) return undefined;
    this.#isDirty = false;
    this.#markedPosition = this.#position;
    const progress = this.#frames.progress();
    const common = { isReleasedEarly: false, isLast: this.isFinished, isAcknowledged: false };
    const mark = { progress, lost: this.#lost, records, notice: this.#notice, atMs: nowMs, ...common };
    this.#notice = NOTHING;
    this.#release.add(mark);
    return mark;
  }

  /**
   * A batch that ended at the mark is acknowledged: whether that changes the checkpoint, which `save` then writes. A later
   * batch may be acknowledged first: the ring keeps the bytes that lie before. Where such a batch `isDropped`, they are released
   * as in an outage: the next reader cannot pass over what is counted, and must not count it twice.
   */
  acknowledge(mark: Mark, isDropped = false): boolean {
    if (mark.notice.bytes > 0) this.#options.onNoticed?.(mark.notice);
    const { isChanged, isLast } = this.#release.acknowledge(mark, isDropped);
    if (this.#isClosed || !isChanged) return false;
    if (isLast) this.#settle();
    return true;
  }

  checkpoint(): RingCheckpoint | undefined {
    const planned = this.#isClosed ? undefined : this.#release.plan();
    return planned && { ring: this.ring.name, ...planned };
  }

  save(): void {
    if (this.#isClosed) return;
    this.#release.save();
    if (this.#isUseless) this.#options.onUseless?.();
  }

  /**
   * The counts of acknowledged lines cannot be kept. A process that soon finds no room gets that of these lines, and the ring owes
   * them: a kill takes their counts, and the next reader counts all of them.
   */
  saveOwed(): void {
    if (!this.#isClosed && !this.isRetired) this.#release.saveOwed(this.#position);
  }

  /**
   * In an outage that is longer than the ring: releases what its process needs to write on before its lines are acknowledged, for
   * batches that a caller has. A kill loses these, so it releases no more. The ring has the number of unacknowledged lines, so that the
   * next reader can count them after a kill. Whether that changes the checkpoint, which `save` then writes.
   */
  releaseUnacknowledged(): boolean {
    const { capacity } = this.#file;
    return this.#release.early(this.#position, capacity - this.#pace.room(capacity));
  }

  /** Whether it is among the files that are locked. */
  isAmong(locked: ReadonlySet<string>): boolean {
    return locked.has(this.#file.lockKey);
  }

  /** Whether its process has ended, by the files that were locked after the last look at the ring. */
  isWriterDead(locked: ReadonlySet<string>, nowMs: number): boolean {
    // Between its claim and its lock a process has written nothing.
    const isClaimed = this.#isLocked || (this.#position === 0 && nowMs - this.gotMs > CLAIM_MS);
    return isClaimed && !this.isAmong(locked);
  }

  /** Another shipper reads it: it stays as it is. */
  leave(): void {
    this.#isClosed = true;
    this.#frames.forget();
    this.#file.close();
  }

  /**
   * It cannot be read further: the process is sent to another ring, and the bytes so far become records. False when the header
   * cannot be written now, or the file cannot be read: then the process may write on.
   */
  abandon(): boolean {
    this.isBroken = true;
    this.#frames.flush();
    if (!this.isRetired && !this.retire()) return false;
    try {
      this.#invalid = this.#lookBehind();
    } catch (error) {
      if (isSystemError(error)) return false;
      throw error;
    }
    const { unread } = this.#invalid;
    if (unread.lines > 0) {
      this.#frames.invalidFrames(unread);
      this.#isDirty = true;
    }
    this.isDrained = true;
    return true;
  }

  /** At most what lies behind the last valid frame, until it is counted. Throws the system's errors. */
  get unread(): Lost {
    return this.#isUseless ? NOTHING : (this.#invalid ?? this.#lookBehind()).unread;
  }

  /** Whether a part of a frame is missing. */
  get isWithinFrame(): boolean {
    return !this.isBroken && !this.#frames.isBetweenFrames;
  }

  #lookBehind(): Behind {
    const start = this.#frames.nextPosition ?? this.#position;
    return lookBehind(this.#file, start, this.#position, this.#release.position + this.capacity);
  }

  remove(): void {
    this.#isClosed = true;
    this.#file.remove();
  }
}
