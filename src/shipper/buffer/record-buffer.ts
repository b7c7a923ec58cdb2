/**
 * Holds batches until every sink has acknowledged every record. Each sink reads through a cursor of its own, so a stuck sink
 * delays no other until the bound is reached. Then, by choice, the reader waits, or records are dropped and counted.
 *
 * Batches are kept in memory, or in segments on disk if there is a store. Batches that the disk does not take stay in
 * memory, under its bound, until it takes them after all.
 */

import type { OnFull } from '../../catalog/buffer.js';
import { Tally } from '../accounting/tally.js';
import type { BatchLimits, RecordBatch, SourceBatch } from '../parts.js';
import { memoryBytes, slice } from '../records/record-batch.js';
import { sleep } from '../sleep.js';
import { type BufferedBatch, cutAt, indexBytes, indexOf, type StoredSpan, stillStored } from './body.js';
import type { Progress } from './checkpoint.js';
import { BufferCursor, type Cursor, type CursorBuffer, type CursorRead } from './cursor.js';
import { type DroppedOptions, tellDropped, type Unread } from './dropped.js';
import type { SegmentStore } from './segment-store.js';
import { CORRUPT } from './segments/segment-bodies.js';
import { Taking } from './taking.js';
import { Waiters } from './waiters.js';

const DROPPED_OLDEST = 'full_drop_oldest';
const DROPPED_NEWEST = 'full_drop_newest';
/** Reasons of drops by the buffer, not by a sink. */
export const BUFFER_REASONS: ReadonlySet<string> = new Set([DROPPED_OLDEST, DROPPED_NEWEST, CORRUPT]);

/** A batch that the disk refused, and the number after the last record on disk at that time. */
interface Refused {
  readonly batch: SourceBatch;
  readonly diskEnd: number;
}

export interface RecordBufferOptions extends DroppedOptions {
  /** Bound on memory. */
  readonly maxBytes: number;
  readonly sinks: readonly string[];
  readonly now: () => number;
  /** @default block */
  readonly onFull?: OnFull;
  /** Told after batches were acknowledged, dropped or not, and before the disk is told. */
  readonly onAcknowledged?: () => void;
  /** Told of every batch that sinks will get. */
  readonly onAppended?: (batch: RecordBatch) => void;
  /**
   * Called during construction with the records that a previous run left for a sink, and later, once a file can be read,
   * with the difference from the assumed number.
   */
  readonly onRecovered?: (sink: string, recovered: Tally) => void;
  /** Called during construction with a sink of a previous run that is none now, and how many records it may have lacked. */
  readonly onRemovedSink?: (sink: string, records: number) => void;
  /** Memory only when absent. */
  readonly store?: SegmentStore;
  /** Waits before a failed read is retried. @default the real one */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Waits for a disk: the first, doubled each time, and the longest. */
const PAUSE_MS = 100;
const PAUSE_MAX_MS = 5000;

export class RecordBuffer implements CursorBuffer {
  readonly #options: RecordBufferOptions;
  readonly #cursors = new Map<string, BufferCursor>();
  #batches: BufferedBatch[] = [];
  readonly #refused = new Map<BufferedBatch, Refused>();
  #memoryBytes = 0;
  /** Number of the next record. */
  #end = 0;
  #isClosed = false;
  readonly #appended = new Waiters();
  readonly #freed = new Waiters();

  constructor(options: RecordBufferOptions) {
    this.#options = options;
    for (const name of options.sinks) this.#cursors.set(name, new BufferCursor(this));
    if (options.store !== undefined) this.#recover(options.store);
  }

  /** Part of the bound that is in use, of disk or of memory, the larger one; may exceed 1 by one batch. */
  get fullness(): number {
    const { maxBytes, store } = this.#options;
    return Math.max(this.#memoryBytes / maxBytes, store?.fullness ?? 0);
  }

  get isPressed(): boolean {
    return this.fullness >= 1 / 2 || this.#refused.size > 0;
  }

  cursor(sink: string): Cursor {
    const cursor = this.#cursors.get(sink);
    if (cursor === undefined) throw new Error(`no cursor for '${sink}'`);
    return cursor;
  }

  /**
   * Takes a batch over, with policy `block` even without room; ask `room` before reading the next. Returns the tally of the
   * batch.
   */
  append(batch: SourceBatch): Tally {
    const { now, store, onFull, placesOf } = this.#options;
    const tally = Tally.of(batch);
    const isDropped = onFull === 'drop-newest' && this.fullness >= 1;
    if (batch.count === 0 || isDropped) {
      if (batch.count > 0) this.#dropNewest(tally, batch);
      batch.acknowledge();
      this.#options.onAcknowledged?.();
      return tally;
    }
    this.#options.onAppended?.(batch);
    const diskEnd = store?.end ?? 0;
    const stored = store?.put(this.#end, batch);
    const places = stored && placesOf?.(batch);
    const buffered: BufferedBatch = {
      first: this.#end,
      count: batch.count,
      tally,
      memoryBytes: stored === undefined ? memoryBytes(batch) : indexBytes(places),
      appendedMs: now(),
      places,
      body: stored ?? { read: () => batch, discard: () => this.#discard(buffered, batch) },
      isDropped: false,
    };
    this.#keep(buffered);
    if (store !== undefined && stored === undefined) this.#refused.set(buffered, { batch, diskEnd });
    this.#end += batch.count;
    for (const cursor of this.#cursors.values()) cursor.held.add(tally);
    // On disk the records outlive this process: the source may forget them.
    if (stored !== undefined) {
      batch.acknowledge();
      this.#putRefused();
      this.#options.onAcknowledged?.();
    }
    if (onFull === 'drop-oldest') this.#dropOldest();
    this.#appended.wake();
    return tally;
  }

  /** Waits until the buffer is below its bound, or the signal aborts. Policies that drop never wait. */
  async room(signal: AbortSignal): Promise<void> {
    if ((this.#options.onFull ?? 'block') !== 'block') return;
    while (this.fullness >= 1 && !signal.aborted) await this.#freed.wait(signal);
  }

  /** No more will be appended: cursors end once they are empty. */
  close(): void {
    this.#isClosed = true;
    this.#appended.wake();
  }

  /** Writes the state for the next run. No batch may be appended or acknowledged afterwards. */
  end(): void {
    if (this.#refused.size > 0) {
      this.#putRefused();
      this.#options.onAcknowledged?.();
    }
    this.#options.store?.close();
  }

  /** Records that the disk has refused so far, and a sink still has to take: the next run does not have them. */
  get refusedRecords(): number {
    const cursors = [...this.#cursors.values()];
    const left = (cursor: BufferCursor, batch: BufferedBatch) =>
      cursor.isAcknowledged(batch) ? 0 : Math.min(batch.count, batch.first + batch.count - cursor.position);
    const sums = cursors.map((cursor) => [...this.#refused.keys()].reduce((sum, each) => sum + left(cursor, each), 0));
    return Math.max(0, ...sums);
  }

  /** Batches that the disk refused, now that it takes some again. */
  #putRefused(): void {
    const { store, placesOf } = this.#options;
    for (const [buffered, { batch, diskEnd }] of this.#refused) {
      const body = store!.fullness < 1 ? store!.put(buffered.first, batch, diskEnd) : undefined;
      if (body === undefined) return;
      buffered.places = placesOf?.(batch);
      const bytes = indexBytes(buffered.places);
      this.#memoryBytes += bytes - buffered.memoryBytes;
      buffered.memoryBytes = bytes;
      buffered.body = body;
      this.#release(buffered, batch);
      this.#freed.wake();
    }
  }

  /** The source may forget it. */
  #release(buffered: BufferedBatch, batch: SourceBatch): void {
    this.#refused.delete(buffered);
    batch.acknowledge(buffered.isDropped);
  }

  /** Every sink has acknowledged all of it, or it was dropped. */
  #discard(buffered: BufferedBatch, batch: SourceBatch): void {
    this.#release(buffered, batch);
    batch.memory?.release();
  }

  appendedMs(position: number): number | undefined {
    return this.#batches[indexOf(this.#batches, position)]?.appendedMs;
  }

  async reach(position: number, signal: AbortSignal, isEnough: () => boolean): Promise<boolean> {
    const isThere = () => position < this.#end && isEnough();
    while (!isThere() && !this.#isClosed && !signal.aborted) await this.#appended.wait(signal);
    return position < this.#end && !signal.aborted;
  }

  pause(attempt: number, signal: AbortSignal): Promise<void> {
    return (this.#options.sleep ?? sleep)(Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** attempt), signal);
  }

  read(cursor: BufferCursor, limits: BatchLimits): CursorRead {
    const taking = new Taking(limits, cursor.next);
    let [isLost, isLater] = [false, false];
    for (let i = indexOf(this.#batches, taking.next.position); i < this.#batches.length && !taking.isFull; i++) {
      const buffered = this.#batches[i]!;
      if (!cursor.wants(buffered)) {
        taking.pass(buffered);
        continue;
      }
      const batch = buffered.body.read();
      if (batch === 'later' || batch === 'lost') {
        isLater = batch === 'later';
        if (taking.records > 0 || isLater) break;
        this.#drop(cursor, buffered, CORRUPT);
        isLost = true;
        taking.next = cursor.next;
      } else if (isSpans(batch)) {
        this.#replace(buffered, batch);
        i = indexOf(this.#batches, taking.next.position) - 1;
      } else if (!taking.take(batch, buffered.first)) break;
    }
    if (isLost) {
      this.#forget();
      this.#options.store?.commit();
    }
    if (taking.records > 0) return { batches: taking.parts, next: taking.next };
    if (isLater) return 'later';
    // No buffered batch can be read: the cursor is past all of them.
    cursor.start({ position: this.#end, before: new Tally() });
    this.moved();
    return 'nothing';
  }

  moved(): void {
    this.#forget();
    this.#options.store?.touched();
  }

  #forget(): void {
    // A segment that is removed takes the checkpoint of the disk along: counts come first.
    if (this.#options.store !== undefined) this.#options.onAcknowledged?.();
    this.#discardAcknowledged();
    this.#options.onAcknowledged?.();
  }

  #keep(buffered: BufferedBatch): void {
    this.#batches.push(buffered);
    this.#memoryBytes += buffered.memoryBytes;
  }

  /** Discards the batches that all cursors have acknowledged. */
  #discardAcknowledged(): void {
    const cursors = [...this.#cursors.values()];
    const kept: BufferedBatch[] = [];
    let seen = 0;
    for (; seen < this.#batches.length; seen++) {
      const buffered = this.#batches[seen]!;
      if (cursors.every((cursor) => cursor.isAcknowledged(buffered))) {
        this.#memoryBytes -= buffered.memoryBytes;
        buffered.body.discard();
      } else if (cursors.some((cursor) => cursor.wants(buffered))) break;
      // Only in flight: batches dropped behind it can be discarded already.
      else kept.push(buffered);
    }
    if (kept.length === seen) return;
    this.#batches = [...kept, ...this.#batches.slice(seen)];
    this.#freed.wake();
  }

  #drop(cursor: BufferCursor, buffered: BufferedBatch, reason: string): void {
    const [[name] = ['']] = [...this.#cursors].filter(([, each]) => each === cursor);
    const unread = this.#unread(cursor, buffered, reason, name);
    const dropped = cursor.skip(buffered);
    buffered.isDropped = true;
    tellDropped(this.#options, { sink: name, reason, dropped, ...unread });
  }

  /** The records that the cursor has still to read, or their places, as far as they are needed and known. */
  #unread({ next }: BufferCursor, buffered: BufferedBatch, reason: string, name: string): Unread {
    const { first, count, places, body } = buffered;
    const { placesOf, isForOf } = this.#options;
    const isRouted = isForOf?.(name) !== undefined;
    if (!isRouted && (placesOf === undefined || (places !== undefined && next.position <= first))) return { places };
    // Of a previous run, or begun by the cursor. The disk does not give what it has lost, or does not know yet.
    const batch = reason === CORRUPT || body.isAssumed ? undefined : body.read();
    if (typeof batch !== 'object' || isSpans(batch)) return {};
    return { records: slice(batch, Math.max(0, next.position - first), count) };
  }

  #dropNewest(dropped: Tally, records: RecordBatch): void {
    for (const sink of this.#cursors.keys()) {
      tellDropped(this.#options, { sink, reason: DROPPED_NEWEST, dropped, records });
    }
  }

  /** Drops until there is room. The newest batch and records in flight stay. */
  #dropOldest(): void {
    const cursors = [...this.#cursors.values()];
    while (this.fullness >= 1) {
      const oldest = this.#batches.find((buffered) => cursors.some((cursor) => cursor.wants(buffered)));
      if (oldest === undefined || oldest === this.#batches.at(-1)) return;
      for (const cursor of cursors) if (cursor.wants(oldest)) this.#drop(cursor, oldest, DROPPED_OLDEST);
      this.moved();
    }
  }

  #progress(): Progress {
    const cursors = [...this.#cursors];
    return {
      positions: Object.fromEntries(cursors.map(([name, { position }]) => [name, position])),
      skipped: Object.fromEntries(
        cursors.flatMap(([name, { skipped }]) => (skipped.length > 0 ? [[name, skipped]] : [])),
      ),
    };
  }

  /** Takes over the records of a previous run. A new sink gets all of them. */
  #recover(store: SegmentStore): void {
    const onRoom = () => this.#freed.wake();
    const { sinks } = this.#options;
    const { positions, skipped, spans, end } = store.recover({ sinks, progress: () => this.#progress(), onRoom });
    this.#end = end;
    const begin = spans[0]?.first ?? end;
    for (const [name, position] of Object.entries(positions)) {
      const left = spans.reduce((sum, { first, count }) => sum + clamp(first + count - position, count), 0);
      if (left > 0 && !this.#cursors.has(name)) this.#options.onRemovedSink?.(name, left);
    }
    for (const [name, cursor] of this.#cursors)
      cursor.start({ position: positions[name] ?? begin, before: new Tally() }, skipped[name]);
    const cuts = Object.values(skipped).flatMap((ranges) => ranges.map(([from]) => from));
    for (const span of spans.flatMap((each) => cutAt(each, cuts))) {
      this.#keep(stillStored(span, this.#options.now()));
      this.#enter(span);
    }
    store.begin();
    this.#discardAcknowledged();
  }

  /** A file can be read now: its batches replace the unknown ones. */
  #replace(buffered: BufferedBatch, spans: readonly StoredSpan[]): void {
    for (const [name, cursor] of this.#cursors) {
      if (!cursor.wants(buffered)) continue;
      const unknown = cursor.unread(buffered);
      cursor.held.subtract(unknown);
      this.#options.onRecovered?.(name, new Tally().minus(unknown));
      cursor.forgetBefore();
    }
    const found = spans.map((span) => stillStored(span, this.#options.now()));
    this.#batches.splice(this.#batches.indexOf(buffered), 1, ...found);
    this.#memoryBytes += found.reduce((sum, { memoryBytes }) => sum + memoryBytes, -buffered.memoryBytes);
    for (const span of spans) this.#enter(span);
    buffered.body.discard();
  }

  /** Into the books of every sink that has to read some of it. */
  #enter(span: StoredSpan): void {
    for (const [name, cursor] of this.#cursors) {
      if (!cursor.wants(span)) continue;
      cursor.enter(span);
      const recovered = cursor.unread(span);
      this.#options.onRecovered?.(name, recovered);
      cursor.held.add(recovered);
    }
  }
}

const clamp = (value: number, most: number): number => Math.max(0, Math.min(value, most));

const isSpans = (read: RecordBatch | readonly StoredSpan[]): read is readonly StoredSpan[] => Array.isArray(read);
