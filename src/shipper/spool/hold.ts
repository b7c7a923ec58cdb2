/**
 * Holds batches until every sink has settled every record. Each sink reads through a lane of its own, so a stuck sink
 * delays no other until the bound is reached. Then, by choice, the reader waits, or records are dropped and counted.
 *
 * Batches are kept in memory, or in segments on disk where there is a store; what the disk does not take stays in
 * memory, under its bound.
 */

import type { OnFull } from '../../catalog/buffer.js';
import { Tally } from '../accounting/tally.js';
import type { BatchLimits, RecordBatch, SourceBatch } from '../parts.js';
import { concat, memoryBytes, nameBytes, slice } from '../records/record-batch.js';
import { sleep } from '../sleep.js';
import { type Body, cutAt, type StoredSpan } from './body.js';
import type { Progress } from './checkpoint.js';
import { HoldLane, type Lane, type LaneHold, type LaneRead, type Span } from './lane.js';
import { CORRUPT } from './segment-bodies.js';
import type { SegmentStore } from './segment-store.js';
import { Waiters } from './waiters.js';

const DROPPED_OLDEST = 'full_drop_oldest';
const DROPPED_NEWEST = 'full_drop_newest';
/** Reasons of what is dropped here, not by a sink. */
export const HOLD_REASONS: ReadonlySet<string> = new Set([DROPPED_OLDEST, DROPPED_NEWEST, CORRUPT]);

interface Held extends Span {
  readonly memoryBytes: number;
  readonly appendedMs: number;
  readonly body: Body;
}

export interface HoldOptions {
  /** Bound on memory. */
  readonly maxBytes: number;
  readonly sinks: readonly string[];
  readonly now: () => number;
  /** @default block */
  readonly onFull?: OnFull;
  /** Told of every record that a sink will not get. */
  readonly onDropped?: (sink: string, reason: string, dropped: Tally) => void;
  /** Told before anything is forgotten that has been settled, dropped or not. */
  readonly onSettled?: () => void;
  /**
   * Told, while the hold is made, what an earlier life left for a sink; and later, when a file can be read again, by how
   * much that differs from what was thought to be in it.
   */
  readonly onRecovered?: (sink: string, recovered: Tally) => void;
  /** Memory only when absent. */
  readonly store?: SegmentStore;
  /** Waits until what the disk does not give now is tried again. @default the real one */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Memory of a held batch whose records are on disk. */
const INDEX_BYTES = 384;
/** Waits for a disk: the first, doubled each time, and the longest. */
const PAUSE_MS = 100;
const PAUSE_MAX_MS = 5000;

export class Hold implements LaneHold {
  readonly #options: HoldOptions;
  readonly #lanes = new Map<string, HoldLane>();
  #held: Held[] = [];
  #heldMemory = 0;
  /** Number of the next record. */
  #end = 0;
  #isClosed = false;
  readonly #appended = new Waiters();
  readonly #released = new Waiters();

  constructor(options: HoldOptions) {
    this.#options = options;
    for (const name of options.sinks) this.#lanes.set(name, new HoldLane(this));
    if (options.store !== undefined) this.#recover(options.store);
  }

  /** Part of the bound that is in use, of disk or memory, whichever is nearer; may exceed 1 by one batch. */
  get fullness(): number {
    const { maxBytes, store } = this.#options;
    return Math.max(this.#heldMemory / maxBytes, store?.fullness ?? 0);
  }

  lane(sink: string): Lane {
    const lane = this.#lanes.get(sink);
    if (lane === undefined) throw new Error(`no lane '${sink}'`);
    return lane;
  }

  /**
   * Takes a batch over, with policy `block` whether or not there is room; ask `room` before reading the next. Returns what
   * was in it.
   */
  append(batch: SourceBatch): Tally {
    const { now, store, onFull } = this.#options;
    const tally = Tally.of(batch);
    const isDropped = onFull === 'drop-newest' && this.fullness >= 1;
    if (batch.count === 0 || isDropped) {
      if (batch.count > 0) this.#dropNewest(tally);
      this.#options.onSettled?.();
      batch.release();
      return tally;
    }
    const stored = store?.put(this.#end, batch);
    const held: Held = {
      first: this.#end,
      count: batch.count,
      tally,
      memoryBytes: stored === undefined ? memoryBytes(batch) : INDEX_BYTES,
      appendedMs: now(),
      body: stored ?? { read: () => batch, discard: () => batch.release() },
    };
    this.#keep(held);
    this.#end += batch.count;
    for (const lane of this.#lanes.values()) lane.held.add(tally);
    // On disk the records outlive this process: the source may forget them.
    if (stored !== undefined) batch.release();
    if (onFull === 'drop-oldest') this.#dropOldest();
    this.#appended.wake();
    return tally;
  }

  /** Waits until what is held is below the bound, or until the signal aborts. Policies that drop never wait. */
  async room(signal: AbortSignal): Promise<void> {
    if ((this.#options.onFull ?? 'block') !== 'block') return;
    while (this.fullness >= 1 && !signal.aborted) await this.#released.wait(signal);
  }

  /** No more will be appended: lanes end once they are empty. */
  close(): void {
    this.#isClosed = true;
    this.#appended.wake();
  }

  /** Leaves on disk what the next life needs. Nothing may be appended or settled after it. */
  end(): void {
    this.#options.store?.end();
  }

  appendedMs(position: number): number | undefined {
    return this.#held[this.#indexOf(position)]?.appendedMs;
  }

  async reach(position: number, signal: AbortSignal): Promise<boolean> {
    while (position >= this.#end && !this.#isClosed && !signal.aborted) await this.#appended.wait(signal);
    return position < this.#end && !signal.aborted;
  }

  pause(attempt: number, signal: AbortSignal): Promise<void> {
    return (this.#options.sleep ?? sleep)(Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** attempt), signal);
  }

  read(lane: HoldLane, limits: BatchLimits): LaneRead {
    const parts: RecordBatch[] = [];
    let next = lane.next;
    let records = 0;
    let bytes = 0;
    let origins = 0;
    let [isLost, isLater] = [false, false];
    for (let i = this.#indexOf(next.position); i < this.#held.length; i++) {
      const held = this.#held[i]!;
      if (records >= limits.maxRecords) break;
      if (!lane.wants(held)) {
        next = { position: held.first + held.count, before: new Tally() };
        continue;
      }
      const batch = held.body.read();
      if (batch === 'later' || batch === 'lost') {
        isLater = batch === 'later';
        if (records > 0 || isLater) break;
        this.#drop(lane, held, CORRUPT);
        isLost = true;
        next = lane.next;
        continue;
      }
      if (isSpans(batch)) {
        this.#replace(held, batch);
        i = this.#indexOf(next.position) - 1;
        continue;
      }
      origins += batch.origins.length;
      if (records > 0 && origins > 0xffff) break;
      const from = Math.max(0, next.position - held.first);
      let to = from;
      const overheadOf = overheadsOf(batch, limits);
      while (to < batch.count && (records === 0 || records < limits.maxRecords)) {
        const size = batch.length[to]! + overheadOf(batch.origin[to]!);
        if (records > 0 && bytes + size > limits.maxBytes) break;
        bytes += size;
        records += 1;
        to += 1;
      }
      if (to === from) break;
      parts.push(slice(batch, from, to));
      if (to === batch.count) {
        next = { position: held.first + to, before: new Tally() };
        continue;
      }
      const before = Tally.of(batch, from, to);
      next = { position: held.first + to, before: from === 0 ? before : next.before.plus(before) };
      break;
    }
    if (isLost) {
      // Counted once, whatever comes.
      this.#options.onSettled?.();
      this.#release();
      this.#options.store?.commit();
    }
    if (records > 0) return { batch: concat(parts), next };
    if (isLater) return 'later';
    // Nothing of what is held can be read: the lane is past it, up to what comes.
    lane.start({ position: this.#end, before: new Tally() });
    this.moved();
    return 'nothing';
  }

  moved(): void {
    this.#options.onSettled?.();
    this.#options.store?.touched();
    this.#release();
  }

  #keep(held: Held): void {
    this.#held.push(held);
    this.#heldMemory += held.memoryBytes;
  }

  /** Forgets what all lanes are done with. */
  #release(): void {
    const lanes = [...this.#lanes.values()];
    const kept: Held[] = [];
    let seen = 0;
    for (; seen < this.#held.length; seen++) {
      const held = this.#held[seen]!;
      if (lanes.every((lane) => lane.isDone(held))) {
        this.#heldMemory -= held.memoryBytes;
        held.body.discard();
      } else if (lanes.some((lane) => lane.wants(held))) break;
      // Only out somewhere: what was dropped behind it can go already.
      else kept.push(held);
    }
    if (kept.length === seen) return;
    this.#held = [...kept, ...this.#held.slice(seen)];
    this.#released.wake();
  }

  #drop(lane: HoldLane, held: Held, reason: string): void {
    const dropped = lane.skip(held);
    for (const [name, each] of this.#lanes) {
      if (each === lane) this.#options.onDropped?.(name, reason, dropped);
    }
  }

  #dropNewest(dropped: Tally): void {
    for (const name of this.#lanes.keys()) this.#options.onDropped?.(name, DROPPED_NEWEST, dropped);
  }

  /** Until there is room. The newest batch and what is out stay. */
  #dropOldest(): void {
    const lanes = [...this.#lanes.values()];
    while (this.fullness >= 1) {
      const oldest = this.#held.find((held) => lanes.some((lane) => lane.wants(held)));
      if (oldest === undefined || oldest === this.#held.at(-1)) return;
      for (const lane of lanes) if (lane.wants(oldest)) this.#drop(lane, oldest, DROPPED_OLDEST);
      this.moved();
    }
  }

  #progress(): Progress {
    const lanes = [...this.#lanes];
    return {
      positions: Object.fromEntries(lanes.map(([name, { position }]) => [name, position])),
      skipped: Object.fromEntries(
        lanes.flatMap(([name, { skipped }]) => (skipped.length > 0 ? [[name, skipped]] : [])),
      ),
    };
  }

  /** Takes over what an earlier life left. A sink that it did not know gets all that is there. */
  #recover(store: SegmentStore): void {
    const onRoom = () => this.#released.wake();
    const { sinks } = this.#options;
    const { positions, skipped, spans, end } = store.recover({ sinks, progress: () => this.#progress(), onRoom });
    this.#end = end;
    const begin = spans[0]?.first ?? end;
    for (const [name, lane] of this.#lanes)
      lane.start({ position: positions[name] ?? begin, before: new Tally() }, skipped[name]);
    const cuts = Object.values(skipped).flatMap((ranges) => ranges.map(([from]) => from));
    for (const span of spans.flatMap((each) => cutAt(each, cuts))) {
      this.#keep(this.#heldOf(span));
      this.#enter(span);
    }
    store.begin();
    this.#release();
  }

  /** Now that a file can be read, its batches are held in the place of what was not known. */
  #replace(held: Held, spans: readonly StoredSpan[]): void {
    for (const [name, lane] of this.#lanes) {
      if (!lane.wants(held)) continue;
      const unknown = lane.unread(held);
      lane.held.subtract(unknown);
      this.#options.onRecovered?.(name, new Tally().minus(unknown));
      lane.forgetBefore();
    }
    this.#held.splice(this.#held.indexOf(held), 1, ...spans.map((span) => this.#heldOf(span)));
    this.#heldMemory += (spans.length - 1) * INDEX_BYTES;
    for (const span of spans) this.#enter(span);
    held.body.discard();
  }

  #heldOf({ ageMs, ...span }: StoredSpan): Held {
    return { ...span, memoryBytes: INDEX_BYTES, appendedMs: this.#options.now() - ageMs };
  }

  /** Into the books of every sink that has to read some of it. */
  #enter(span: StoredSpan): void {
    for (const [name, lane] of this.#lanes) {
      if (!lane.wants(span)) continue;
      lane.enter(span);
      const recovered = lane.unread(span);
      this.#options.onRecovered?.(name, recovered);
      lane.held.add(recovered);
    }
  }

  #indexOf(position: number): number {
    // Lanes read near the front; only a lane that is ahead of a stuck one searches further.
    let low = 0;
    let high = this.#held.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { first, count } = this.#held[middle]!;
      if (first + count <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const isSpans = (read: RecordBatch | readonly StoredSpan[]): read is readonly StoredSpan[] => Array.isArray(read);

/** What a record takes beside its message, by the index of its origin. */
function overheadsOf({ origins }: RecordBatch, limits: BatchLimits): (origin: number) => number {
  const { recordOverheadBytes, nameCopies = 0 } = limits;
  if (nameCopies === 0) return () => recordOverheadBytes;
  const known: number[] = [];
  return (origin) => {
    known[origin] ??= recordOverheadBytes + nameCopies * nameBytes(origins[origin]!);
    return known[origin];
  };
}
