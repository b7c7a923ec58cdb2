/**
 * The requests of one sink that are out, and how many may be: one more with each good answer, half as many after one that leaves records
 * to retry. After such an answer no further request leaves until all that are out have been settled.
 */
import type { SendResult } from '../parts.js';
import type { Piece } from '../records/piece.js';

/** Records that have left once. */
export interface SentRequest {
  readonly piece: Piece;
  /** The place for which they had waited, where they had. */
  readonly destination?: string | undefined;
  readonly answer: Promise<Answer>;
  /** Aborted when the answer is there, and when the time is up. */
  readonly over: AbortSignal;
  /** Notes for an audit what became of it. */
  readonly note: (result: SendResult) => void;
}

export interface Answer {
  readonly result: SendResult;
  /** When it came. */
  readonly atMs: number;
}

export class Requests {
  readonly #max: number;
  readonly #out: SentRequest[] = [];
  #allowed = 1;
  #isDraining = false;

  constructor(max = 1) {
    this.#max = max;
  }

  get oldest(): SentRequest | undefined {
    return this.#out[0];
  }

  /** Records of each. */
  get pieces(): readonly Piece[] {
    return this.#out.map(({ piece }) => piece);
  }

  /** Whether another one may leave. One to a place that had been blocked is out alone with those before it. */
  get hasRoom(): boolean {
    if (this.#isDraining || this.#out.at(-1)?.destination !== undefined) return false;
    return this.#out.length < this.#allowed;
  }

  add(request: SentRequest): void {
    this.#out.push(request);
  }

  /** Everything of the oldest is acknowledged, or waits elsewhere. */
  settled(): void {
    this.#out.shift();
    if (this.#out.length === 0) this.#isDraining = false;
  }

  /** The service took all that it was sent. */
  taken(): void {
    this.#allowed = Math.min(this.#max, this.#allowed + 1);
  }

  /** Records of one place wait. */
  blocked(): void {
    this.#isDraining = true;
  }

  /** Records are retried: the service, or the way to it, is in trouble. */
  failed(): void {
    this.#isDraining = true;
    this.#allowed = Math.max(1, Math.floor(this.#allowed / 2));
  }
}
