/**
 * Keeps the order of a place that is read by whole milliseconds, and by arrival within one: no two requests that are out have records of
 * one origin and millisecond. So a full request ends before the last millisecond of each origin, and what shares one with a request that
 * is out waits until that is settled. What waits leaves with the next request that may have it.
 */
import type { BatchLimits } from '../parts.js';
import { Piece } from '../records/piece.js';

/** First and last millisecond. */
interface Span {
  first: number;
  last: number;
}

/** Memory of records that wait, in full requests. */
const WAITING_MAX = 4;

export class TimeOrder {
  readonly #limits: BatchLimits;
  /** Requests that are out. */
  readonly #out: () => readonly Piece[];
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
    const ready = this.#waiting.flatMap((piece) => this.#split(piece, this.#blockedIn(piece))[0] ?? []);
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
    const split = this.#waiting.map((piece) => this.#split(piece, this.#blockedIn(piece)));
    const held = split.flatMap(([, each]) => each ?? []);
    const ready = [...split.flatMap(([each]) => each ?? []), ...(taken === undefined ? [] : [taken])];
    const [joined, rest] = ready.length <= 1 ? [ready[0], []] : Piece.join(ready, this.#limits);
    this.#waiting = [...held, ...rest];
    this.#before = held.length;
    return joined;
  }

  /** Of what was joined, the part that may leave now; of `share` of a full request or more, that before the last milliseconds. The rest waits. */
  divide(piece: Piece, share: number): Piece | undefined {
    const { batch } = piece;
    const blocked = this.#blockedIn(piece);
    const isCut = this.#sizeOf(piece) >= share;
    const own = isCut ? spansIn(piece, blocked) : undefined;
    const ends = own && batch.origins.map(({ id }) => own.get(id));
    const [leaves, waits] = this.#split(piece, blocked, ends);
    if (waits !== undefined) this.#waiting = this.#waiting.toSpliced(this.#before, 0, waits);
    return leaves;
  }

  /** The records that are neither blocked nor at the end of a span, and the others. */
  #split(
    piece: Piece,
    blocked: readonly (Span | undefined)[],
    ends?: readonly (Span | undefined)[],
  ): readonly [Piece | undefined, Piece | undefined] {
    const { batch } = piece;
    const waiting = new Uint8Array(batch.count);
    let count = 0;
    for (let i = 0; i < batch.count; i++) {
      const origin = batch.origin[i]!;
      const ms = Math.floor(batch.timeMs[i]!);
      const end = ends?.[origin];
      const isLast = end !== undefined && ms === end.last && end.first < end.last;
      if (!isLast && !isIn(blocked[origin], ms)) continue;
      waiting[i] = 1;
      count += 1;
    }
    if (count === 0) return [piece, undefined];
    if (count === batch.count) return [undefined, piece];
    return [piece.select(indexesOf(waiting, 0, batch.count - count)), piece.select(indexesOf(waiting, 1, count))];
  }

  /** The milliseconds of each origin that requests have which are out. */
  #blockedIn({ batch }: Piece): readonly (Span | undefined)[] {
    const spans = this.#out().map((each) => this.#spansOf(each));
    return batch.origins.map(({ id }) => union(spans.flatMap((each) => each.get(id) ?? [])));
  }

  /** As a part of a full request. */
  #sizeOf(piece: Piece): number {
    const { maxRecords, maxBytes } = this.#limits;
    return Math.max(piece.count / maxRecords, piece.bytesIn(this.#limits) / maxBytes);
  }

  #spansOf(piece: Piece): ReadonlyMap<string, Span> {
    const known = this.#spans.get(piece) ?? spansIn(piece);
    this.#spans.set(piece, known);
    return known;
  }
}

/** The first places of this value, so many of them. */
function indexesOf(values: Uint8Array, value: number, count: number): readonly number[] {
  const found = new Array<number>(count);
  for (let i = 0, at = 0; at < count; i++) if (values[i] === value) found[at++] = i;
  return found;
}

/** Of its records that are not in `blocked`, the span of each origin. */
function spansIn({ batch }: Piece, blocked?: readonly (Span | undefined)[]): Map<string, Span> {
  const { origins, origin, timeMs, count } = batch;
  // Columns, as a number in an object is an object of its own, and a loop without a callback: this runs for each record.
  const first = new Float64Array(origins.length).fill(Number.POSITIVE_INFINITY);
  const last = new Float64Array(origins.length).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < count; i++) {
    const ms = Math.floor(timeMs[i]!);
    const o = origin[i]!;
    if (blocked !== undefined && isIn(blocked[o], ms)) continue;
    // A record without a time gets that of its request: any.
    if (!(ms >= first[o]!)) first[o] = Number.isNaN(ms) ? Number.NEGATIVE_INFINITY : ms;
    if (!(ms <= last[o]!)) last[o] = Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
  }
  const spans = new Map<string, Span>();
  origins.forEach(({ id }, o) => {
    const known = spans.get(id);
    spans.set(id, {
      first: Math.min(first[o]!, known?.first ?? Number.POSITIVE_INFINITY),
      last: Math.max(last[o]!, known?.last ?? Number.NEGATIVE_INFINITY),
    });
  });
  return spans;
}

function union(spans: readonly Span[]): Span | undefined {
  if (spans.length === 0) return undefined;
  return { first: Math.min(...spans.map(({ first }) => first)), last: Math.max(...spans.map(({ last }) => last)) };
}

const isIn = (span: Span | undefined, ms: number): boolean =>
  span !== undefined && span.first <= span.last && !(ms < span.first) && !(ms > span.last);
