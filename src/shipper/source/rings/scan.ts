/**
 * Finds the rings that processes have claimed, and sees to it that each finds one: keeps free ones ready, sends processes to larger
 * ones, and retires rings whose process is gone or has been quiet for long.
 */
import { join } from 'node:path';
import { RING_NAMES } from '../../../contract.js';
import { codeOf, isSystemError, messageOf, ProtocolError } from '../../errors.js';
import type { Lost } from '../frames/decoder.js';
import type { LossTotals } from '../frames/losses/loss-totals.js';
import { LossPage } from '../loss-page.js';
import { RingDirectory, type RingName } from './directory.js';
import { EndedProcesses } from './ended-processes.js';
import { LargerRings } from './larger-rings.js';
import type { OpenRings } from './open-rings.js';
import type { RingSourceOptions } from './options.js';
import type { RingReader } from './reader.js';
import { IDLE_MS, LAST_LOOK_MS, SCAN_MS, SCARCE_IDLE_MS, WAKE_UP_SCAN_MS } from './times.js';

/** What the source does with rings that are found. */
export interface RingScanCalls {
  /** Throws a ProtocolError when it is no ring; any other error may pass. */
  open(ring: RingName, nowMs: number): RingReader;
  retire(reader: RingReader): void;
  /** Nothing more comes into it. */
  finish(reader: RingReader): void;
  wakeForNews(reader: RingReader): void;
  /** The process has sent a wake-up. */
  woken(instance: string): void;
}

export class RingScan {
  readonly directory: RingDirectory;
  readonly #options: RingSourceOptions;
  readonly #larger: LargerRings;
  readonly #lossPage: LossPage;
  readonly #endedProcesses: EndedProcesses;
  readonly #rings: OpenRings;
  /** Takes the total of a process without a ring, from the bell or the page of losses. */
  readonly #onLoss: (instance: string, total: Lost) => void;
  readonly #calls: RingScanCalls;
  #scannedMs = Number.NEGATIVE_INFINITY;
  #closedMs = Number.POSITIVE_INFINITY;
  /** Soon: something may have changed. */
  isWanted = true;
  isLastDone = false;
  /** Whether the last look has opened every ring that it found. */
  isAllFound = false;
  /** Whether rings wait for others to be closed. */
  isCrowded = false;

  /** Makes the directory ready. Throws a ConfigError when that cannot be. */
  constructor(options: RingSourceOptions, rings: OpenRings, losses: LossTotals, calls: RingScanCalls) {
    this.#options = options;
    this.#rings = rings;
    this.#onLoss = (instance, total) => losses.update(instance, total);
    this.#calls = calls;
    this.directory = new RingDirectory(options);
    this.#larger = new LargerRings({ ...options, directory: this.directory });
    this.#endedProcesses = new EndedProcesses(options.path);
    this.#lossPage = new LossPage(join(options.path, RING_NAMES.LOSSES), options.onNoRoom);
    // Before rings take the room for it.
    this.#lossPage.look(this.#onLoss);
    this.directory.refill(this.directory.names());
  }

  get isClosing(): boolean {
    return this.#closedMs !== Number.POSITIVE_INFINITY;
  }

  /** The next look that lists the directory is the last one. */
  close(nowMs: number): void {
    if (!this.isClosing) this.#closedMs = nowMs;
    this.isWanted = true;
  }

  /** Whether there is no more time to wait for rings that cannot be read now. */
  #isLate(nowMs: number): boolean {
    return nowMs - this.#closedMs > LAST_LOOK_MS;
  }

  isGivenUp(reader: RingReader, nowMs: number): boolean {
    return this.#rings.failing.has(reader) && this.#isLate(nowMs);
  }

  /** A process that is held up by its ring wants a larger one soon. Whether it may get one. */
  wantLarger(reader: RingReader, nowMs: number): boolean {
    const isWanted = this.#larger.isWanted(reader, nowMs);
    this.isWanted ||= isWanted;
    return isWanted;
  }

  /** Looks for rings that were claimed, gone or quiet for long, and makes new ones. */
  look(nowMs: number): void {
    if (nowMs - this.#scannedMs < (this.isWanted ? WAKE_UP_SCAN_MS : SCAN_MS) || this.isLastDone) return;
    this.#scannedMs = nowMs;
    this.directory.listen((instance) => this.#calls.woken(instance), this.#onLoss);
    this.#lossPage.look(this.#onLoss);
    const names = this.directory.names();
    this.isAllFound = names !== undefined;
    if (names === undefined) {
      // Listed again: the rings are still there.
      this.isLastDone = this.#isLate(nowMs);
      return;
    }
    this.isWanted = false;
    const { maxRings = Number.POSITIVE_INFINITY } = this.#options;
    this.isCrowded = false;
    for (const ring of this.directory.claimed(names)) {
      if (this.#rings.has(ring.name)) continue;
      // At the end there is no more time to wait.
      this.isCrowded = this.#rings.size >= maxRings && !this.isClosing;
      if (this.isCrowded) break;
      this.#find(ring, nowMs);
    }
    this.#finishWaiting();
    // A process that writes on after this gets a ring that the next shipper reads.
    this.isLastDone = this.isClosing && this.isAllFound;
    if (this.isClosing) this.isWanted = true;
    if (this.isCrowded) this.#makeRoom(nowMs);
    this.#rings.aside.look(names);
    this.#retireLeft(nowMs);
    const small = this.#rings.small(this.#options.ringBytes);
    for (const reader of small.slice(0, this.directory.freeOf(names))) this.#calls.retire(reader);
    for (const reader of this.#rings.unfinished) this.#calls.wakeForNews(reader);
    this.#resize(names, nowMs);
  }

  #resize(listed: readonly string[], nowMs: number): void {
    const readers = this.#rings.unfinished;
    let names = listed;
    const wanting = readers.filter((reader) => this.#larger.isWanted(reader, nowMs));
    for (const reader of wanting) {
      if (!this.#larger.make(reader, names, nowMs, wanting.length)) continue;
      this.#calls.retire(reader);
      // The next one, and free rings, have that much less room.
      names = this.directory.names() ?? names;
    }
    if (this.directory.refill(names) || this.directory.freeOf(names) === 0) return;
    const large = this.#larger.toGiveBack(readers);
    if (large !== undefined) this.#calls.retire(large);
  }

  /** Whose process is gone, or has been quiet for long. */
  #retireLeft(nowMs: number): void {
    const readers = this.#rings.unfinished;
    for (const reader of this.#endedProcesses.among(readers, nowMs)) {
      reader.isOrphaned = true;
      this.#calls.retire(reader);
    }
    for (const reader of readers) if (nowMs - reader.gotMs > IDLE_MS) this.#calls.retire(reader);
  }

  #find(ring: RingName, nowMs: number): void {
    // One after the other: the frames of a process go on where its earlier ring ended.
    const earlier = this.#rings.latestOf(ring.instance);
    if (earlier !== undefined) {
      this.#calls.retire(earlier);
      if (!earlier.isFinished && !earlier.awaitsNext) {
        if (!this.isGivenUp(earlier, nowMs)) this.isAllFound = false;
        return;
      }
      if (earlier.awaitsNext) this.#rings.waits(earlier);
    }
    try {
      const reader = this.#calls.open(ring, nowMs);
      if (reader.lostWithPreviousRun.bytes > 0) this.#options.onPreviousRunLoss(reader.lostWithPreviousRun);
      if (earlier?.awaitsNext) earlier.continueIn(reader);
      this.#rings.add(reader);
    } catch (error) {
      if (error instanceof ProtocolError) {
        this.#setAside(ring, error, nowMs);
      } else this.#cannotOpen(ring, error, nowMs);
    }
  }

  #setAside(ring: RingName, error: ProtocolError, nowMs: number): void {
    try {
      this.#rings.aside.add(ring, error.reason);
      this.#options.onProtocolError(error);
    } catch (problem) {
      this.#cannotOpen(ring, problem, nowMs);
    }
  }

  /** May pass: no descriptor is left, another user's file. */
  #cannotOpen(ring: RingName, error: unknown, nowMs: number): void {
    if (codeOf(error) === 'ENOENT') return;
    if (!isSystemError(error)) throw error;
    this.#options.onNoRoom(`${ring.name} cannot be opened now: ${messageOf(error)}`);
    if (!this.#isLate(nowMs)) this.isAllFound = false;
  }

  /** Ends rings that wait in vain for the next one of their process: there is no room for it, or all rings of an ended process are listed. */
  #finishWaiting(): void {
    for (const reader of this.#rings.waiting)
      if (!reader.isContinued && (this.isCrowded || reader.end !== undefined)) this.#calls.finish(reader);
  }

  /** Retires the ring that was idle for longest: its process claims another with its next line. */
  #makeRoom(nowMs: number): void {
    this.#options.onNoRoom(`more than ${this.#options.maxRings} rings are in use: some wait to be read`);
    const idle = this.#rings.idleLongest;
    if (idle && nowMs - idle.gotMs > SCARCE_IDLE_MS) this.#calls.retire(idle);
  }
}
