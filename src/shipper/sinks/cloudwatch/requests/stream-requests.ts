/**
 * The requests to one log stream that may have stored events like those of another one: those that are out, those whose answer was
 * lost, and those that were stored beside one of these. Of all others only the latest time is kept.
 */
import type { Leaving } from '../../unsettled/sent-note.js';
import type { Events } from '../events.js';
import { eventKey, messageAt, type SentEvent } from '../sent-event.js';
import { LatestEvents } from './latest-events.js';

/** Requests that are kept with their events; of more only the latest time is known, as of those before. */
const KEPT_MAX = 32;

/** A request, by the events `from` up to, not including, `to` that it carries. */
export interface PutRequest {
  readonly logStream: string;
  readonly events: Events;
  readonly from: number;
  readonly to: number;
  /** Its records, as they are noted. Absent without a note. */
  readonly leaving?: Leaving | undefined;
}

interface Kept {
  readonly request: PutRequest;
  /** Its last event that is stored; undefined while that is not known. */
  latest: number | undefined;
  readonly leftAt: number;
  settledAt: number;
}

export class StreamRequests {
  readonly latest = new LatestEvents();
  /** In the order in which they left. */
  readonly #kept: Kept[] = [];
  /** When each send began that is not over. Times are those of this order. */
  readonly #sends: number[] = [];
  /** When a send began that left records to retry, by the first of these. */
  readonly #owed = new Map<string, number>();
  #clock = 0;

  /** Whether nothing is known but the latest time. */
  get isIdle(): boolean {
    return this.#kept.length + this.#sends.length + this.#owed.size === 0;
  }

  /** A send of records begins: of new ones, or of some that another has left. */
  begin(records: () => Iterable<string>): number {
    let at = this.#clock++;
    if (this.#owed.size > 0) {
      for (const record of records()) {
        at = Math.min(at, this.#owed.get(record) ?? at);
        this.#owed.delete(record);
      }
    }
    this.#sends.push(at);
    return at;
  }

  /** The send that began then is over, and leaves records to retry, from this one on. */
  end(at: number, owed: string | undefined): void {
    if (owed !== undefined) this.#owed.set(owed, at);
    this.#sends.splice(this.#sends.indexOf(at), 1);
    this.#forget();
  }

  left(request: PutRequest): void {
    request.events.batch.memory?.hold();
    this.#kept.push({ request, latest: undefined, leftAt: this.#clock++, settledAt: Number.POSITIVE_INFINITY });
    this.#forget();
  }

  /** Up to its event `latest`, with gaps, or perhaps; none of it where that is -1. */
  settled(request: PutRequest, latest: number): void {
    const at = this.#kept.findIndex((kept) => kept.request === request);
    if (at < 0) return;
    const kept = this.#kept[at]!;
    if (latest < 0) {
      this.#kept.splice(at, 1);
      request.events.batch.memory?.release();
    }
    kept.latest = latest;
    kept.settledAt = this.#clock++;
    this.#forget();
  }

  /** How often other requests may have stored an event like each of these, by `eventKey`. */
  like(events: readonly SentEvent[], own: PutRequest | undefined): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    const others = this.#kept.filter(({ request }) => request !== own);
    if (others.length === 0) return found;
    const wanted = new Set(events.map(({ timeMs, message }) => eventKey(timeMs, message)));
    const times = new Set(events.map(({ timeMs }) => timeMs));
    for (const { request } of others) {
      for (let i = request.from; i < request.to; i++) {
        const timeMs = request.events.timeMs[i]!;
        if (!times.has(timeMs)) continue;
        const key = eventKey(timeMs, messageAt(request.events, i));
        if (wanted.has(key)) found.set(key, (found.get(key) ?? 0) + 1);
      }
    }
    return found;
  }

  /** Forgets the requests that were settled before anything began that is not over. */
  #forget(): void {
    const lost = this.#kept.filter(({ latest }) => latest === undefined).map(({ leftAt }) => leftAt);
    const openAt = Math.min(...this.#sends, ...this.#owed.values(), ...lost);
    for (const kept of [...this.#kept]) {
      const isOver = kept.settledAt < openAt;
      if (!isOver && this.#kept.length <= KEPT_MAX) continue;
      this.#kept.splice(this.#kept.indexOf(kept), 1);
      this.#add(kept);
    }
  }

  /** One that is kept no longer. */
  #add({ request: { events, to }, latest = to - 1 }: Kept): void {
    const { timeMs, start, end, batch } = events;
    for (let i = latest; i >= 0 && timeMs[i] === timeMs[latest]; i--) this.latest.add(timeMs[i]!, end[i]! - start[i]!);
    batch.memory?.release();
  }
}
