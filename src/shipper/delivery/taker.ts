/** The records of the next request: due ones of a blocked place, or new ones for other places. */
import type { Cursor, Taken } from '../buffer/cursor.js';
import type { Sink } from '../parts.js';
import { Piece } from '../records/piece.js';
import type { BlockedDestinations } from './blocked-destinations.js';
import type { Requests } from './requests.js';
import { TimeOrder } from './time-order.js';

export interface TakerOptions {
  readonly sink: Sink;
  readonly cursor: Cursor;
  readonly now: () => number;
  /** Waits; ends early, without an error, when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Aborted when the shipper stops. */
  readonly hurry: AbortSignal;
  /** Aborted when the time is up. */
  readonly deadline: AbortSignal;
  /** Memory that may wait for blocked places before the others wait, too. @default 4 MiB */
  readonly blockedMaxBytes?: number;
}

/** `destination` is the place for which they had waited. */
export interface Next {
  readonly piece: Piece;
  readonly destination?: string;
}

/** Longest wait between attempts while the shipper stops: a service that comes back in time is not missed. */
export const HURRY_MS = 500;

const BLOCKED_MAX_BYTES = 4 * 1024 * 1024;

/** Part of a full request that has to wait before it leaves beside others: smaller ones cost more than they save. */
const SHARE = 1 / 4;

/** Longest wait of a part of a request for more to leave with, beside others. */
const LINGER_MS = 10;

/** Between looks at the age of records that wait for a request to fill. */
const LOOK_MS = 250;

/** Why there are no new records: no more will come, the signal says so, or they wait for requests that are out. */
type Nothing = 'end' | 'aborted' | 'held' | 'diverted';

export class Taker {
  readonly #options: TakerOptions;
  readonly #blocked: BlockedDestinations;
  readonly #requests: Requests;
  /** Absent where the order of arrival means nothing, or requests leave one by one. */
  readonly #order: TimeOrder | undefined;

  constructor(options: TakerOptions, blocked: BlockedDestinations, requests: Requests) {
    const { limits, isReadByTime = false, requestsMax = 1 } = options.sink;
    this.#options = options;
    this.#blocked = blocked;
    this.#requests = requests;
    this.#order = isReadByTime && requestsMax > 1 ? new TimeOrder(limits, () => requests.pieces) : undefined;
  }

  /** Undefined when no more will come, when the signal aborts, or when one that is out has to be settled before. */
  async next(signal: AbortSignal): Promise<Next | undefined> {
    const { sink, now, sleep, hurry, deadline, blockedMaxBytes = BLOCKED_MAX_BYTES } = this.#options;
    const blocked = this.#blocked;
    let isEnded = false;
    while (!signal.aborted) {
      if (blocked.isEmpty) {
        const taken = isEnded ? 'end' : await this.#take(signal);
        return typeof taken === 'string' ? undefined : { piece: taken };
      }
      const due = blocked.take(now(), sink.limits);
      if (due !== undefined) return due;
      const waited = new AbortController();
      const end = hurry.aborted ? deadline : hurry;
      const wait = sleep(blocked.dueMs - now(), AbortSignal.any([end, signal, waited.signal])).then(() =>
        waited.abort(),
      );
      if (isEnded || blocked.bytes > blockedMaxBytes) {
        await wait;
      } else {
        const taken = await this.#take(AbortSignal.any([signal, waited.signal]));
        waited.abort();
        if (typeof taken !== 'string') return { piece: taken };
        if (taken === 'held') return undefined;
        isEnded = taken === 'end';
      }
      if (hurry.aborted) blocked.hasten(now() + HURRY_MS);
    }
    return undefined;
  }

  /** New records, but for those of blocked places and those that wait. */
  async #take(signal: AbortSignal): Promise<Piece | Nothing> {
    const order = this.#order;
    for (;;) {
      const taken = await this.#taken(signal);
      if (signal.aborted && taken === undefined) return 'aborted';
      if (taken === undefined && (order === undefined || order.isEmpty)) return 'end';
      const fresh = taken && Piece.of(taken);
      const joined = order === undefined ? fresh : order.join(fresh);
      if (joined === undefined) return 'held';
      const piece = this.#blocked.divert(joined);
      if (piece === undefined) return 'diverted';
      const leaves = order === undefined ? piece : order.divide(piece, SHARE);
      if (leaves !== undefined) return leaves;
    }
  }

  /** Undefined when no more will come, when the signal aborts, and when those that wait should leave without more. */
  async #taken(signal: AbortSignal): Promise<Taken | undefined> {
    const { cursor, sink, sleep } = this.#options;
    const order = this.#order;
    const share = this.#requests.oldest === undefined ? undefined : SHARE;
    if (sink.fillMs !== undefined) return this.#filled(sink.fillMs, signal);
    if (order === undefined || order.isEmpty) return cursor.take(sink.limits, signal, share);
    const { isReady, room } = order.look();
    if (room === undefined) return undefined;
    if (!isReady) return cursor.take(room, signal, share);
    if (share === undefined) return cursor.takeNow(room);
    // A process may not be able to write more before these are delivered.
    const over = new AbortController();
    const both = AbortSignal.any([signal, over.signal]);
    const lingered = sleep(LINGER_MS, both).then(() => over.abort());
    const taken = await cursor.take(room, both, share);
    over.abort();
    await lingered;
    if (taken !== undefined || signal.aborted) return taken;
    return cursor.takeNow(room);
  }

  /** A full request, or one whose oldest record has waited for so long. */
  async #filled(fillMs: number, signal: AbortSignal): Promise<Taken | undefined> {
    const { cursor, sink, sleep, now, hurry } = this.#options;
    for (;;) {
      const { oldestMs } = cursor;
      const isDue = oldestMs !== undefined && now() - oldestMs >= fillMs;
      if (isDue || cursor.isPressed || hurry.aborted) return cursor.take(sink.limits, signal);
      const looked = new AbortController();
      const any = AbortSignal.any([signal, hurry, looked.signal]);
      const wait = sleep(LOOK_MS, any).then(() => looked.abort());
      const taken = await cursor.take(sink.limits, any, 1);
      const isOver = taken !== undefined || signal.aborted || !any.aborted;
      looked.abort();
      await wait;
      if (isOver) return taken;
    }
  }
}
