/**
 * Reads the rings of all processes and yields their lines as batches. The acknowledgement of a batch acknowledges, in each
 * ring with lines in it, all bytes before their end. Until then the ring keeps them, also for the next reader after a kill.
 *
 * No ring is read while the consumer is busy. Rings with bytes are polled. An empty ring is put to sleep after a while and
 * costs nothing until its process sends a wake-up, except for a slow look once per second.
 */
import type { EndedProcess, ProcessEnd } from '../../accounting/ends.js';
import { isSystemError, messageOf, ProtocolError } from '../../errors.js';
import type { Source, SourceBatch } from '../../parts.js';
import { READ_BYTES } from '../../records/batch-memory.js';
import { sourceBatch } from '../../records/record-batch.js';
import { Alarm } from '../alarm.js';
import { countByInstance, instanceOf } from '../count-by-instance.js';
import { countUnread, type Unread } from '../count-unread.js';
import { type AssemblerShared, interruptIdle, lineAgeMs, shareAssembly } from '../frames/assembly.js';
import type { Hello } from '../frames/decoder.js';
import { LossTotals } from '../frames/losses/loss-totals.js';
import { NameRoom } from '../frames/name-room.js';
import type { RingName } from './directory.js';
import { LookInterval } from './look-interval.js';
import { OpenRings } from './open-rings.js';
import type { RingSourceOptions } from './options.js';
import { RingReader } from './reader.js';
import type { Mark } from './release/mark.js';
import { RingScan } from './scan.js';
import { AWAKE_MS, LOOK_MS, QUIET_MS, SCAN_MS } from './times.js';
import { SetAside } from './unread/set-aside.js';

export class RingSource implements Source {
  readonly #options: RingSourceOptions;
  readonly #now: () => number;
  readonly #scan: RingScan;
  readonly #shared: AssemblerShared;
  readonly #losses: LossTotals;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #rings: OpenRings;
  readonly #names = new NameRoom();
  /** When the builder got its first record; `undefined` while it is empty. */
  #firstMs: number | undefined;
  #idleLookMs = 0;
  #gotMs = 0;
  #isStopping = false;
  /** Whether a process that had not ended was sent to another ring, which the next shipper reads. */
  #hasLeftWriters = false;
  readonly #alarm = new Alarm();
  readonly #looks = new LookInterval();
  /** Processes that have ended, whose last lines may be in the builder. */
  readonly #ended: (readonly [writer: EndedProcess, end: ProcessEnd])[] = [];

  /** Makes the directory ready. Throws a ConfigError when that cannot be. */
  constructor(options: RingSourceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#losses = new LossTotals(options.onLost, options);
    this.#rings = new OpenRings(new SetAside(options, this.#losses));
    this.#shared = shareAssembly(options.lineMaxBytes, lineAgeMs(options), options.events, options.charsets);
    this.#scan = new RingScan(options, this.#rings, this.#losses, {
      open: (ring, nowMs) => this.#open(ring, nowMs),
      finish: (reader) => this.#finish(reader),
      retire: (reader) => this.#retire(reader),
      wakeForNews: (reader) => this.#wakeForNews(reader),
      woken: (instance) => this.#woken(instance),
    });
  }

  async *batches(signal: AbortSignal): AsyncGenerator<SourceBatch> {
    signal.addEventListener('abort', () => this.#stop(), { once: true });
    if (signal.aborted) this.#stop();
    this.#gotMs = this.#now();
    try {
      for (;;) {
        const nowMs = this.#now();
        if (this.#shared.builder.count === 0) this.#tellEnded();
        this.#scan.look(nowMs);
        // The consumer has buffered the last batch, and has room for more.
        if (this.#options.isOutage()) this.#release(nowMs);
        const isMore = this.#readAwake(nowMs);
        this.#flushIdle(nowMs);
        for (const reader of this.#rings.waiting) if (!reader.awaitsNext) this.#finish(reader);
        const isEnd = this.#isEnd(nowMs);
        // What goes on in a later ring is finished there.
        if (isEnd) for (const reader of this.#rings.all.toReversed()) if (reader.isRead) this.#finish(reader);
        if (this.#isBatchDue(nowMs) || (isEnd && this.#shared.builder.count > 0)) {
          yield this.#batch(nowMs);
        } else if (isEnd) {
          this.#tellEnded();
          break;
        } else if (isMore) await new Promise(setImmediate);
        else await this.#wait();
      }
    } finally {
      // Rings that are read but not acknowledged stay open: their batches are still on the way.
      this.#scan.directory.close({ hasWriters: this.#hasLeftWriters });
    }
  }

  /** Whether there is a ring that may still be written, or is not delivered to its end. */
  get hasWriters(): boolean {
    return this.#rings.size > 0;
  }

  /** Who writes now. */
  get writers(): readonly Hello[] {
    return this.#rings.unfinished.flatMap(({ writer }) => writer ?? []);
  }

  /** Of each ring that is not read to its end, the part that is in use. */
  get fills(): readonly number[] {
    return this.#rings.unfinished.map(({ fill }) => fill);
  }

  /** Rings whose process writes a later version of the frames. */
  get laterVersions(): number {
    return this.#rings.aside.laterRings;
  }

  /** Room for processes that get no larger ring, of lines that a kill would lose then. */
  #release(nowMs: number): void {
    let isReleased = false;
    for (const reader of this.#rings.all) {
      if (reader.isRetired || this.#scan.wantLarger(reader, nowMs) || !reader.releaseUnacknowledged()) continue;
      isReleased = true;
      this.#acknowledging(reader);
    }
    if (isReleased) this.#options.keepCounts?.();
  }

  /** Ends reading: all bytes so far are read, then every ring is retired and `batches` ends. */
  close(): void {
    this.#scan.close(this.#now());
    this.#alarm.wake();
  }

  /** Counts lines that are in no batch. No line can be read afterwards. */
  unread(): Unread {
    const { onNoRoom: onProblem } = this.#options;
    const { unfinished } = this.#rings;
    const readers = this.#rings.all.filter((reader) => reader.isBroken || unfinished.includes(reader));
    const { laterRings } = this.#rings.aside;
    const names = this.#scan.directory.names();
    const others = this.#scan.directory.claimed(names ?? []).filter(({ name }) => !this.#rings.has(name));
    const opens = [...readers.map((reader) => () => reader), ...others.map((ring) => () => this.#openOrSetAside(ring))];
    const left = countUnread(opens, { shared: this.#shared, now: this.#now, onProblem });
    return { ...left, rings: left.rings + laterRings + (names === undefined ? 1 : 0) };
  }

  #stop(): void {
    this.#isStopping = true;
    // Looks once more in any case: a ring may have been claimed since the last look.
    this.#gotMs = this.#now();
    this.#scan.isWanted = true;
    this.#alarm.wake();
  }

  /** Whether nothing more is to be read. */
  #isEnd(nowMs: number): boolean {
    if (this.#scan.isClosing ? !this.#scan.isLastDone : !this.#isStopping) return false;
    const readers = this.#rings.all;
    if (this.#scan.isClosing) {
      for (const reader of readers) this.#retire(reader);
      return readers.every((reader) => reader.isRead || this.#scan.isGivenUp(reader, nowMs));
    }
    // A ring that was claimed a moment ago has to be found first.
    this.#scan.isWanted = true;
    if (this.#scan.isCrowded || !this.#scan.isAllFound) return false;
    return nowMs - this.#gotMs > QUIET_MS && readers.every((reader) => reader.isRead);
  }

  #isBatchDue(nowMs: number): boolean {
    // Also without a record: an open event fills it, which the next line may close, and nothing is read before.
    if (this.#shared.builder.isFull) return true;
    if (this.#shared.builder.count === 0) {
      this.#firstMs = undefined;
      return false;
    }
    this.#firstMs ??= nowMs;
    if (nowMs - this.#firstMs >= this.#options.lingerMs) return true;
    // A ring is acknowledged by batches: a small one must not wait for others to travel with.
    for (const reader of this.#rings.awake) if (reader.isPressing) return true;
    return false;
  }

  #batch(nowMs: number): SourceBatch {
    const marked: [RingReader, Mark][] = [];
    this.#firstMs = undefined;
    const batch = this.#shared.builder.finish();
    const counts = countByInstance(batch);
    for (const reader of this.#rings.all) {
      // Rings of one process are read one after the other: a batch may have lines of two.
      const { from, to } = reader.records.take(batch.count);
      const all = from === 0 && to === batch.count ? counts : countByInstance(batch, from, to);
      const mark = reader.mark(nowMs, all.get(reader.ring.instance));
      if (mark !== undefined) marked.push([reader, mark]);
    }
    return sourceBatch(batch, (isDropped) => {
      for (const [reader, mark] of marked) {
        if (reader.acknowledge(mark, isDropped)) this.#acknowledging(reader);
      }
    });
  }

  #acknowledging(reader: RingReader): void {
    if (this.#options.onAcknowledging === undefined) reader.save();
    else this.#options.onAcknowledging(reader);
  }

  /** An invalid frame ends the reading of that ring, and of no other. A system error may pass: the ring is read later. */
  #guarded(reader: RingReader, look: () => void): void {
    try {
      look();
      this.#rings.failing.delete(reader);
    } catch (error) {
      if (isSystemError(error)) {
        this.#fails(reader, messageOf(error));
        return;
      }
      if (!(error instanceof ProtocolError)) throw error;
      this.#options.onProtocolError(error);
      if (error.reason !== 'version') {
        this.#abandon(reader);
        return;
      }
      this.#rings.delete(reader);
      reader.leave();
      this.#rings.aside.add(reader.ring, error.reason);
    }
  }

  /** What is behind the last valid frame is counted when all before it is acknowledged. Until then the ring stays. */
  #abandon(reader: RingReader): void {
    if (reader.abandon()) this.#finish(reader);
    else this.#fails(reader, 'its header cannot be written, or the rest cannot be counted');
  }

  #openOrSetAside(ring: RingName): RingReader {
    try {
      return this.#open(ring, this.#now());
    } catch (error) {
      if (error instanceof ProtocolError) this.#rings.aside.add(ring, error.reason);
      throw error;
    }
  }

  #fails(reader: RingReader, problem: string): void {
    this.#options.onNoRoom(`${reader.ring.name} cannot be read now: ${problem}`);
    this.#rings.failing.add(reader);
    this.#rings.awake.add(reader);
  }

  #open(ring: RingName, nowMs: number): RingReader {
    const { onSkipped, onGap, onNoticed, onInvalidFrames, onTimeReplaced, planned } = this.#options;
    const options = {
      ...{ names: this.#names, onSkipped, onGap, onNoticed, onInvalidFrames, onTimeReplaced },
      planned: planned?.get(ring.name),
      onUseless: () => this.#remove(reader),
    };
    const reader: RingReader = new RingReader(
      ring,
      this.#scan.directory.pathOf(ring.name),
      this.#shared,
      this.#losses,
      nowMs,
      options,
    );
    const known = this.#rings.recentOf(ring.instance);
    if (known !== undefined) reader.skipFrames(known);
    return reader;
  }

  #woken(instance: string): void {
    const reader = this.#rings.latestOf(instance);
    if (reader === undefined || reader.isFinished || this.#rings.waiting.has(reader)) this.#scan.isWanted = true;
    else this.#rings.awake.add(reader);
    this.#alarm.wake();
  }

  /** Reads ring by ring, from where the last batch was full. Whether there may be more bytes at once. */
  #readAwake(nowMs: number): boolean {
    let isMore = false;
    for (const reader of [...this.#rings.awake]) {
      if (this.#shared.builder.isFull) return true;
      this.#rings.last(reader);
      if (reader.isBroken) {
        this.#abandon(reader);
        continue;
      }
      this.#guarded(reader, () => {
        const got = reader.read(this.#buffer, nowMs);
        if (got > 0) this.#gotMs = nowMs;
        this.#scan.wantLarger(reader, nowMs);
        this.#looks.found(got, reader.capacity);
        isMore = isMore || (got > 0 && (!reader.isDrained || reader.isRetired));
        if (reader.isEnded && !reader.isRetired) this.#retire(reader);
        else if (got === 0) this.#rest(reader, nowMs);
      });
    }
    return isMore;
  }

  /** Nothing came: puts it to sleep after a while, or ends it when nothing more can come. */
  #rest(reader: RingReader, nowMs: number): void {
    if (reader.isRetired) {
      if (reader.awaitsNext) this.#await(reader);
      else this.#finish(reader);
    } else if (nowMs - reader.gotMs > AWAKE_MS && reader.sleep()) {
      this.#rings.awake.delete(reader);
    }
  }

  #retire(reader: RingReader): void {
    if (reader.isRetired) return;
    this.#hasLeftWriters ||= this.#scan.isClosing && !reader.isEnded && !reader.isOrphaned;
    // While it cannot be written, the process writes on: it must be read on.
    if (reader.retire()) this.#rings.awake.add(reader);
    else this.#fails(reader, 'its header cannot be written');
  }

  /** Its process may go on with an unfinished line in another ring. Where it does not, the line ends as any that is idle. */
  #await(reader: RingReader): void {
    if (this.#rings.waiting.has(reader)) this.#rings.awake.delete(reader);
    else this.#rings.waits(reader);
    this.#scan.isWanted = true;
  }

  /** All of a retired ring is read. It is removed when all of it is acknowledged. */
  #finish(reader: RingReader): void {
    this.#rings.awake.delete(reader);
    this.#rings.failing.delete(reader);
    this.#rings.waiting.delete(reader);
    if (reader.isFinished) return;
    if (reader.isWithinFrame) {
      this.#options.onProtocolError(new ProtocolError('truncated', `${reader.ring.name} ends within a frame`));
      this.#abandon(reader);
      return;
    }
    if (!reader.isContinued) {
      this.#rings.retired(reader);
      const { writer, end } = reader;
      if (writer !== undefined && end !== undefined) this.#ended.push([writer, end]);
      // Its successor waits for this.
      this.#scan.isWanted = true;
    }
    if (!reader.finish()) return;
    // Counts of its lines may have to be kept first.
    this.#acknowledging(reader);
    this.#options.keepCounts?.();
  }

  /** Not before their last lines are with the consumer. */
  #tellEnded(): void {
    for (const [writer, end] of this.#ended.splice(0)) this.#options.onWriterEnded?.(writer, end);
  }

  #remove(reader: RingReader): void {
    if (this.#rings.delete(reader)) reader.remove();
  }

  #flushIdle(nowMs: number): void {
    const { unfinished, openEvents, events } = this.#shared;
    if (unfinished.size === 0 && openEvents.size === 0) return;
    const { lineIdleMs } = this.#options;
    if (nowMs - this.#idleLookMs < Math.min(lineIdleMs, events?.idleMs ?? lineIdleMs) / 4) return;
    this.#idleLookMs = nowMs;
    interruptIdle(this.#shared, nowMs, lineIdleMs, ({ id }) => this.#isUnread(instanceOf(id)));
  }

  /** Whether more of a process waits in its ring: an earlier ring was full of lines, or its wake-up is still on the way. */
  #isUnread(instance: string): boolean {
    const reader = this.#rings.latestOf(instance);
    if (reader === undefined || reader.isFinished) return false;
    return this.#wakeForNews(reader);
  }

  /** Whether there is more to read of it. What cannot be read now may be there. */
  #wakeForNews(reader: RingReader): boolean {
    let hasNews = true;
    this.#guarded(reader, () => {
      hasNews = reader.hasNews();
      if (hasNews) this.#rings.awake.add(reader);
    });
    return hasNews;
  }

  /** Until a wake-up comes, or it is time for the next look. */
  async #wait(): Promise<void> {
    const { builder, openEvents, events } = this.#shared;
    const eventMs = events !== undefined && openEvents.size > 0 ? events.idleMs / 4 : SCAN_MS;
    const firstMs = this.#firstMs ?? this.#now();
    const lingerMs = builder.count > 0 ? firstMs + this.#options.lingerMs - this.#now() : SCAN_MS;
    const isSoon = this.#scan.isWanted || this.#isStopping || this.#scan.isClosing || this.#rings.failing.size > 0;
    const lookMs = this.#rings.awake.size > 0 ? this.#looks.next() : SCAN_MS;
    await this.#alarm.wait(isSoon ? LOOK_MS : Math.max(1, Math.min(lookMs, lingerMs, eventMs)));
  }
}
