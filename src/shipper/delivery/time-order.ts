/**
 * Keeps the order of a place that is read by whole milliseconds, and by arrival within one: no two requests that are out have records of
 * one origin and millisecond. So a full request ends before the last millisecond of each origin, and what shares one with a request that
 * is out waits until that is settled. What waits leaves with the next request that may have it.
 */
import type { BatchLimits, Origin } from '../parts.js';
import { Piece } from '../records/piece.js';
import { type Runs, runsOf } from './runs.js';

/** First and last millisecond. */
interface Span {
  first: number;
  last: number;
}

/** Of each origin of a batch, by its place there. Of an origin that has none the first is behind the last. */
interface Spans {
  readonly first: Float64Array;
  readonly last: Float64Array;
}

/** Memory of records that wait, in full requests. */
const WAITING_MAX = 4;

export class TimeOrder {
  readonly #limits: BatchLimits;
  /** Requests that are out. */
  readonly #out: () => readonly Piece[];
  readonly #runs = new WeakMap<Piece, Runs>();
  /** Of each request, by the id of an origin. */
  readonly #spans = new WeakMap<Piece, ReadonlyMap<string, Span>>();
  /** Of one origin and millisecond in their order. */
  #waiting: readonly Piece[] = [];
  /** How many of these come before what was joined last. */
  #before = 0;

  constructor(limits: BatchLimits, out: () => readonly Piece[]) {
    this.#limits = limits;
    this.#out = out;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether some of what waits may leave now, and what may be taken to leave with it: undefined where there is enough. */
  look(): { readonly isReady: boolean; readonly room: BatchLimits | undefined } {
    const { maxRecords, maxBytes } = this.#limits;
    const [ready, held] = this.#divided();
    // Each of these is ready or held as a whole: it is not cut once more when it leaves.
    this.#waiting = [...held, ...ready];
    const records = ready.reduce((sum, { count }) => sum + count, 0);
    const room = {
      ...this.#limits,
      maxRecords: maxRecords - records,
      maxBytes: maxBytes - ready.reduce((sum, piece) => sum + piece.bytesIn(this.#limits), 0),
    };
    const isEnough = room.maxRecords < maxRecords / 2 || room.maxBytes < maxBytes / 2;
    const isMuch = this.#waiting.reduce((sum, piece) => sum + this.#sizeOf(piece), 0) >= WAITING_MAX;
    return { isReady: records > 0, room: isEnough || isMuch ? undefined : room };
  }

  /** A request of what may leave of what waits, and behind it what was taken. */
  join(taken: Piece | undefined): Piece | undefined {
    const [ready, held] = this.#divided();
    if (taken !== undefined) ready.push(taken);
    const [joined, rest] = ready.length <= 1 ? [ready[0], []] : Piece.join(ready, this.#limits);
    this.#waiting = [...held, ...rest];
    this.#before = held.length;
    return joined;
  }

  /** Of what was joined, the part that may leave now; of `share` of a full request or more, that before the last milliseconds. The rest waits. */
  divide(piece: Piece, share: number): Piece | undefined {
    const { origins } = piece.batch;
    const blocked = spansOf(origins, this.#blocked());
    const isCut = this.#sizeOf(piece) >= share;
    const ends = isCut ? spansOf(origins, spansIn(origins, this.#runsOf(piece), blocked)) : spansOf(origins, NONE);
    const [leaves, waits] = this.#split(piece, blocked, ends);
    if (waits !== undefined) this.#waiting = this.#waiting.toSpliced(this.#before, 0, waits);
    return leaves;
  }

  /** What waits: what may leave now, and what may not. No order is lost, as none of one millisecond are apart. */
  #divided(): readonly [ready: Piece[], held: Piece[]] {
    const ready: Piece[] = [];
    const held: Piece[] = [];
    const blocked = this.#blocked();
    for (const piece of this.#waiting) {
      const { origins } = piece.batch;
      const [leaves, waits] = this.#split(piece, spansOf(origins, blocked), spansOf(origins, NONE));
      if (leaves !== undefined) ready.push(leaves);
      if (waits !== undefined) held.push(waits);
    }
    return [ready, held];
  }

  /** The records that are neither blocked nor at the end of a span, and the others. */
  #split(piece: Piece, blocked: Spans, ends: Spans): readonly [Piece | undefined, Piece | undefined] {
    const runs = this.#runsOf(piece);
    const waiting = new Uint8Array(runs.count);
    const count = markWaiting(waiting, runs, blocked, ends);
    if (count === 0) return [piece, undefined];
    if (count === piece.count) return [undefined, piece];
    return [piece.cut(runs.rangesOf(waiting, 0)), piece.cut(runs.rangesOf(waiting, 1))];
  }

  /** The milliseconds of each origin that requests have which are out. */
  #blocked(): ReadonlyMap<string, Span> {
    const blocked = new Map<string, Span>();
    for (const piece of this.#out()) {
      for (const [id, { first, last }] of this.#spansOf(piece)) widen(blocked, id, first, last);
    }
    return blocked;
  }

  /** As a part of a full request. */
  #sizeOf(piece: Piece): number {
    const { maxRecords, maxBytes } = this.#limits;
    return Math.max(piece.count / maxRecords, piece.bytesIn(this.#limits) / maxBytes);
  }

  #spansOf(piece: Piece): ReadonlyMap<string, Span> {
    const { origins } = piece.batch;
    const known = this.#spans.get(piece) ?? spansIn(origins, this.#runsOf(piece), spansOf(origins, NONE));
    this.#spans.set(piece, known);
    return known;
  }

  #runsOf(piece: Piece): Runs {
    const known = this.#runs.get(piece) ?? runsOf(piece.batch);
    this.#runs.set(piece, known);
    return known;
  }
}

const NONE: ReadonlyMap<string, Span> = new Map();

/** Marks the runs that are blocked, or at the end of a span of more than one millisecond. Returns how many records these have. */
function markWaiting(waiting: Uint8Array, { count, end, origin, ms }: Runs, blocked: Spans, ends: Spans): number {
  let records = 0;
  for (let run = 0, from = 0; run < count; run++) {
    const o = origin[run]!;
    const isLast = ms[run] === ends.last[o] && ends.first[o]! < ends.last[o]!;
    if (isLast || isIn(blocked, o, ms[run]!)) {
      waiting[run] = 1;
      records += end[run]! - from;
    }
    from = end[run]!;
  }
  return records;
}

/** Of the runs that are not `blocked`, the span of each origin that has any, by its id. */
function spansIn(origins: readonly Origin[], { count, origin, ms }: Runs, blocked: Spans): ReadonlyMap<string, Span> {
  const { first, last } = spansOf(origins, NONE);
  for (let run = 0; run < count; run++) {
    const o = origin[run]!;
    const at = ms[run]!;
    if (isIn(blocked, o, at)) continue;
    // A record without a time gets that of its request: any.
    if (!(at >= first[o]!)) first[o] = Number.isNaN(at) ? Number.NEGATIVE_INFINITY : at;
    if (!(at <= last[o]!)) last[o] = Number.isNaN(at) ? Number.POSITIVE_INFINITY : at;
  }
  const spans = new Map<string, Span>();
  for (let o = 0; o < origins.length; o++) {
    if (first[o]! <= last[o]!) widen(spans, origins[o]!.id, first[o]!, last[o]!);
  }
  return spans;
}

function widen(spans: Map<string, Span>, id: string, first: number, last: number): void {
  const known = spans.get(id);
  if (known === undefined) {
    spans.set(id, { first, last });
    return;
  }
  known.first = Math.min(known.first, first);
  known.last = Math.max(known.last, last);
}

function spansOf(origins: readonly Origin[], spans: ReadonlyMap<string, Span>): Spans {
  const first = new Float64Array(origins.length).fill(Number.POSITIVE_INFINITY);
  const last = new Float64Array(origins.length).fill(Number.NEGATIVE_INFINITY);
  for (let o = 0; o < origins.length; o++) {
    const span = spans.get(origins[o]!.id);
    if (span === undefined) continue;
    first[o] = span.first;
    last[o] = span.last;
  }
  return { first, last };
}

/** Without a time it is in any. */
const isIn = ({ first, last }: Spans, origin: number, ms: number): boolean =>
  first[origin]! <= last[origin]! && !(ms < first[origin]!) && !(ms > last[origin]!);
