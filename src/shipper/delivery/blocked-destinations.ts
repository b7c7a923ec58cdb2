/**
 * Records that wait for a place of a sink that takes none at the moment, such as one log stream of several, while the sink goes
 * on with the others. The records of a place keep their order: those that come later wait behind those that wait.
 */
import type { BatchLimits, Blocked, RecordBatch } from '../parts.js';
import { Piece } from '../records/piece.js';

interface Place {
  pieces: Piece[];
  failures: number;
  /** When the first of its records are retried. */
  dueMs: number;
}

export class BlockedDestinations {
  readonly #destinations: (batch: RecordBatch) => readonly string[];
  readonly #places = new Map<string, Place>();
  #bytes = 0;

  /** `destinations` names where each record of a batch goes. */
  constructor(destinations: (batch: RecordBatch) => readonly string[]) {
    this.#destinations = destinations;
  }

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** Memory of the waiting records. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The most failures in a row of any place. */
  get failures(): number {
    return Math.max(0, ...[...this.#places.values()].map(({ failures }) => failures));
  }

  get dueMs(): number {
    return Math.min(...[...this.#places.values()].map(({ dueMs }) => dueMs));
  }

  /** Keeps the records for blocked places. Returns the rest. */
  divert(piece: Piece): Piece | undefined {
    if (this.isEmpty) return piece;
    const names = this.#destinations(piece.batch);
    const rest: number[] = [];
    const byPlace = new Map<string, number[]>();
    names.forEach((name, i) => {
      const own = byPlace.get(name);
      if (own !== undefined) own.push(i);
      else if (this.#places.has(name)) byPlace.set(name, [i]);
      else rest.push(i);
    });
    for (const [name, indexes] of byPlace) this.#add(this.#places.get(name)!, piece.select(indexes).compact(), 'end');
    return rest.length === 0 ? undefined : piece.select(rest);
  }

  /**
   * Puts the records at these indexes, each of which goes to one of these places, where they wait. `dueMs` says when a place
   * that has failed so often is asked again. `where`: before or behind those that wait. Returns the indexes that go to other
   * places.
   */
  block(
    piece: Piece,
    indexes: readonly number[],
    blocked: readonly Blocked[],
    where: (destination: string) => 'front' | 'end',
    dueMs: (blocked: Blocked, failures: number) => number,
  ): readonly number[] {
    const names = this.#destinations(piece.batch);
    const others = new Set(indexes);
    for (const each of blocked) {
      const own = indexes.filter((i) => names[i] === each.destination);
      if (own.length === 0) continue;
      for (const i of own) others.delete(i);
      const place = this.#places.get(each.destination) ?? { pieces: [], failures: 0, dueMs: 0 };
      this.#places.set(each.destination, place);
      place.failures += 1;
      place.dueMs = dueMs(each, place.failures);
      this.#add(place, piece.select(own).compact(), where(each.destination));
    }
    return [...others];
  }

  /** Due records, as many as the limits allow. Their place stays blocked while they are in flight. */
  take(nowMs: number, limits: BatchLimits): { readonly destination: string; readonly piece: Piece } | undefined {
    for (const [destination, place] of this.#places) {
      if (place.dueMs > nowMs) continue;
      const [piece, rest] = Piece.join(place.pieces, limits);
      for (const each of place.pieces) this.#bytes -= each.memoryBytes;
      for (const each of rest) this.#bytes += each.memoryBytes;
      place.pieces = [...rest];
      return { destination, piece };
    }
    return undefined;
  }

  /** The records in flight to the place are acknowledged: the rest is due now, and after the last of them the place is free. */
  free(destination: string): void {
    const place = this.#places.get(destination);
    if (place === undefined) return;
    if (place.pieces.length === 0) this.#places.delete(destination);
    place.failures = 0;
    place.dueMs = 0;
  }

  /** No place is waited for any longer than until then. */
  hasten(dueMs: number): void {
    for (const place of this.#places.values()) place.dueMs = Math.min(place.dueMs, dueMs);
  }

  #add(place: Place, piece: Piece, where: 'front' | 'end'): void {
    this.#bytes += piece.memoryBytes;
    if (where === 'end') place.pieces.push(piece);
    else place.pieces.unshift(piece);
  }
}
