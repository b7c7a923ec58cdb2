/** Reads one ring from where it, or a reader before it, was: bytes to lines, and how far they are released. */
import { ProtocolError } from '../../errors.js';
import { Connection, type ConnectionOptions, type Progress } from '../frames/connection.js';
import type { Lost } from '../frames/decoder.js';
import type { AssemblerShared } from '../frames/line-assembler.js';
import type { LossTotals } from '../frames/loss-totals.js';
import type { RecentFrames } from '../frames/recent-frames.js';
import type { RingName } from './directory.js';
import { RingFile } from './file.js';

/** Where a batch ends in this ring. */
export interface Mark {
  readonly progress: Progress | undefined;
  readonly lost: Lost;
  /** What the batch has of this ring. */
  readonly records: Lost;
  /** Debts of readers before that a notice in the batch tells of. */
  readonly notice: Lost;
  /** Its room was given back before it was released. */
  isEarly: boolean;
  /** Nothing of the ring comes after it. */
  isLast: boolean;
  isReleased: boolean;
}

export interface RingReaderOptions extends ConnectionOptions {
  /** Told of debts of readers before that are delivered as a notice, before the ring forgets them. */
  readonly onNoticed?: ((gone: Lost) => void) | undefined;
}

const NOTHING: Lost = { lines: 0, bytes: 0 };
/** A process locks a ring at once when it has claimed it. */
const CLAIM_MS = 1000;

export class RingReader {
  readonly ring: RingName;
  readonly #file: RingFile;
  readonly #shared: AssemblerShared;
  readonly #connection: Connection;
  readonly #losses: LossTotals;
  readonly #options: RingReaderOptions;
  /** Ends of batches that are not released, in their order. */
  readonly #marks: Mark[] = [];
  #position = 0;
  /** The end of what the process may write over. */
  #given: Pick<Mark, 'progress' | 'lost'> = { progress: undefined, lost: NOTHING };
  #owed: Lost = NOTHING;
  /** Where the last batch ended. */
  #markedPosition = 0;
  /** Whether there is something that no mark covers. */
  #isDirty = false;
  #lost: Lost;
  /** Whether the process had locked the ring at the last look. */
  #isLocked = false;
  #isClosed = false;
  /** When the last bytes came. */
  gotMs: number;
  /** The process says that it ends. */
  isEnded = false;
  isRetired = false;
  /** Whether there was nothing more to read the last time. */
  isDrained = false;
  /** All of it is read, and no line is unfinished. */
  isFinished = false;

  /** What a notice says that no batch has taken along yet. */
  #notice: Lost = NOTHING;

  /** What was given away, and went down with readers before. */
  readonly gone: Lost;

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
    this.#shared = shared;
    this.#losses = losses;
    this.#file = new RingFile(path);
    this.#connection = new Connection(shared, losses, { ...options, instance: ring.instance });
    try {
      const { progress, lost, owed } = this.#file.resume();
      const state = this.#file.state(progress?.position ?? 0);
      this.gone = isOwed(owed, progress) && losses.believes(owed, ring.instance) ? owed : NOTHING;
      this.isRetired = this.#file.isRetiredAtStart;
      // No more can have been counted than the process has lost.
      this.#lost = least(lost, state.lost);
      losses.remember(ring.instance, this.#lost);
      if (progress !== undefined) {
        this.#position = progress.position;
        this.#markedPosition = progress.position;
        this.#given = { progress, lost: this.#lost };
        this.#owed = this.gone;
        this.#connection.resume(progress, state.head);
        if (this.gone.bytes > 0) {
          this.#connection.gone(this.gone, progress.position);
          // Owed until the notice is delivered: this reader may be killed, too.
          this.#notice = this.gone;
          this.#isDirty = true;
        }
        this.#file.checkpoint(progress, this.#lost, this.#owed);
      }
      this.#isLocked = state.isLocked;
    } catch (error) {
      // A process that writes into it must not go on: it will not be read.
      if (error instanceof ProtocolError) this.#file.retire();
      this.#file.close();
      throw error;
    }
  }

  /** Whether so much of the ring waits to be handed on that the process may soon find no room. */
  get isPressing(): boolean {
    return this.#position - this.#markedPosition > this.#file.capacity / 4;
  }

  /** Whether nothing can come that is not read. */
  get isRead(): boolean {
    return this.isDrained && this.isRetired;
  }

  /** The last frames. */
  get recent(): RecentFrames {
    return this.#connection.recent;
  }

  /** These frames were in an earlier ring of the process. */
  skipFrames(known: RecentFrames): void {
    this.#connection.skipFrames(known);
  }

  /** Reads once, as much as the buffer holds. Answers how many bytes. Throws a ProtocolError for nonsense, and what the system says. */
  read(buffer: Buffer, nowMs: number): number {
    this.isDrained = false;
    const { head, isEnded, isLocked, lost } = this.#file.state(this.#position);
    this.isEnded = isEnded;
    this.#isLocked = isLocked;
    if (lost.bytes !== this.#lost.bytes) {
      this.#lost = lost;
      this.#losses.update(this.ring.instance, lost);
      this.#isDirty = true;
    }
    let got = 0;
    while (got < buffer.length && this.#position < head) {
      const length = this.#file.read(buffer.subarray(got), this.#position, head);
      // Assemblers copy what they keep.
      this.#connection.write(buffer.subarray(got, got + length), nowMs);
      this.#position += length;
      // At once: the next read may fail.
      this.#isDirty = true;
      got += length;
    }
    this.isDrained = this.#position === head;
    if (got > 0) {
      this.gotMs = nowMs;
      // The process must be able to write on: a line that keeps half of the ring is cut here.
      if (this.#position - this.#connection.firstUnsettled > this.#file.capacity / 2) this.#connection.flush();
    }
    return got;
  }

  /** Whether there is anything to read, or the process says that it ends. */
  hasNews(): boolean {
    const { head, isEnded, isLocked, lost } = this.#file.state(this.#position);
    this.#isLocked = isLocked;
    return head !== this.#position || isEnded !== this.isEnded || lost.bytes !== this.#lost.bytes;
  }

  /** Asks for the bell. False when something has come meanwhile. */
  sleep(): boolean {
    this.#file.sleep();
    return this.#file.state(this.#position).head === this.#position;
  }

  /** Nothing that is written from now on counts; what was written before has to be read. False when it cannot be now. */
  retire(): boolean {
    if (!this.#file.retire()) return false;
    this.isRetired = true;
    this.isDrained = false;
    return true;
  }

  /** Nothing more will come: its unfinished lines become records. Whether it is of no more use already. */
  finish(): boolean {
    if (this.isFinished) return false;
    this.isFinished = true;
    this.#connection.flush();
    this.#connection.forget();
    if (this.#connection.container !== undefined) this.#connection.lostAtLast(this.#lost);
    const last = this.#marks.at(-1);
    if (this.#shared.builder.count > 0) this.#isDirty = true;
    else if (last !== undefined) last.isLast = true;
    else return true;
    return false;
  }

  /** A batch ends here. `undefined` when it has nothing of this ring. */
  mark(records: Lost = NOTHING): Mark | undefined {
    if (!this.#isDirty) return undefined;
    this.#isDirty = false;
    this.#markedPosition = this.#position;
    const progress = this.#connection.progress();
    const common = { isEarly: false, isLast: this.isFinished, isReleased: false };
    const mark = { progress, lost: this.#lost, records, notice: this.#notice, ...common };
    this.#notice = NOTHING;
    this.#marks.push(mark);
    return mark;
  }

  /**
   * A batch that ended at the mark is released. What drops records may release a later batch first: the ring keeps what
   * lies before. Whether the ring is of no more use.
   */
  release(mark: Mark): boolean {
    mark.isReleased = true;
    if (mark.isEarly) this.#owed = minus(this.#owed, mark.records);
    if (mark.notice.bytes > 0) {
      this.#options.onNoticed?.(mark.notice);
      this.#owed = minus(this.#owed, mark.notice);
    }
    let last: Mark | undefined;
    while (this.#marks[0]?.isReleased) last = this.#marks.shift();
    if (this.#isClosed || (last === undefined && !mark.isEarly && mark.notice.bytes === 0)) return false;
    if (last?.isEarly === false) this.#given = last;
    this.#checkpoint();
    return last?.isLast ?? false;
  }

  /**
   * In an outage that is longer than the ring: gives half of it back before what was there is released, of batches that
   * a caller holds. The ring says how much is owed, so that a reader that comes after this one was killed can count it.
   */
  giveEarly(): void {
    const before = this.#given;
    for (const mark of this.#marks) {
      if (this.#position - (this.#given.progress?.position ?? 0) <= this.#file.capacity / 2) break;
      if (mark.isEarly || mark.progress === undefined) continue;
      mark.isEarly = true;
      if (!mark.isReleased) this.#owed = plus(this.#owed, mark.records);
      this.#given = mark;
    }
    if (this.#given !== before && !this.#isClosed) this.#checkpoint();
  }

  #checkpoint(): void {
    const { progress, lost } = this.#given;
    if (progress !== undefined) this.#file.checkpoint(progress, lost, this.#owed);
  }

  /** Whether it is among the files that are locked. */
  isHeld(locked: ReadonlySet<string>): boolean {
    return locked.has(this.#file.lockKey);
  }

  /** Whether its process is gone, by the files that were locked after the last look at the ring. */
  isGone(locked: ReadonlySet<string>, nowMs: number): boolean {
    // Between its claim and its lock a process has written nothing.
    const isClaimed = this.#isLocked || (this.#position === 0 && nowMs - this.gotMs > CLAIM_MS);
    return isClaimed && !this.isHeld(locked);
  }

  /** It cannot be read on: the process is sent to another ring, and what came so far becomes records. */
  abandon(): void {
    this.#isClosed = true;
    this.#connection.flush();
    this.#connection.forget();
    this.#file.retire();
    this.#file.remove();
  }

  remove(): void {
    this.#file.remove();
  }
}

/** Whether so much can lie before the place where the reader begins: a line takes at least a byte. */
const isOwed = ({ lines, bytes }: Lost, progress: Progress | undefined): boolean =>
  lines <= (progress?.position ?? 0) && bytes <= (progress?.position ?? 0);
const least = (one: Lost, other: Lost): Lost => ({
  lines: Math.min(one.lines, other.lines),
  bytes: Math.min(one.bytes, other.bytes),
});
const plus = (one: Lost, other: Lost): Lost => ({ lines: one.lines + other.lines, bytes: one.bytes + other.bytes });
const minus = (one: Lost, other: Lost): Lost => ({ lines: one.lines - other.lines, bytes: one.bytes - other.bytes });
