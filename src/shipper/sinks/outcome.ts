/** Collects the fates of the records of one `send` that takes several requests. */
import type { Blocked, Failure, Rejected, SendResult } from '../parts.js';

export class Outcome {
  readonly #retry = new Set<number>();
  readonly #rejected = new Map<number, Rejected>();
  readonly #blocked = new Map<string, Blocked>();
  #failure: Failure | undefined;
  #retryAfterMs: number | undefined;

  /** Whether a request failed: those after it should wait, so that order is kept. */
  get isFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** `failure` may be left out once there has been one. */
  retry(indexes: Iterable<number>, failure?: Failure, retryAfterMs?: number): void {
    for (const index of indexes) this.#retry.add(index);
    this.#failure ??= failure;
    if (retryAfterMs !== undefined) this.#retryAfterMs = Math.max(retryAfterMs, this.#retryAfterMs ?? 0);
  }

  /** Only these wait: the others have another destination, which may take them. */
  block(index: number, destination: string, failure: Failure, retryAfterMs?: number): void {
    this.#retry.add(index);
    if (this.#blocked.has(destination)) return;
    this.#blocked.set(destination, { destination, failure, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  }

  isBlocked(destination: string): boolean {
    return this.#blocked.has(destination);
  }

  /** `words` are the service's own: its error code, and its text for the dead letter. */
  reject(index: number, reason: string, words: Pick<Rejected, 'code' | 'detail'> = {}): void {
    this.#rejected.set(index, { index, reason, ...words });
  }

  /** A record that is retried is not rejected: another part of it may still be accepted. */
  get result(): SendResult {
    const retry = [...this.#retry].sort((a, b) => a - b);
    const blocked = [...this.#blocked.values()];
    const failure = this.#failure ?? blocked[0]?.failure;
    const waits = [this.#retryAfterMs, ...blocked.map(({ retryAfterMs }) => retryAfterMs)].filter(
      (ms) => ms !== undefined,
    );
    return {
      retry,
      rejected: [...this.#rejected.values()].filter(({ index }) => !this.#retry.has(index)),
      ...(retry.length > 0 && failure !== undefined ? { failure } : {}),
      ...(waits.length === 0 ? {} : { retryAfterMs: Math.max(...waits) }),
      ...(blocked.length > 0 && { blocked }),
    };
  }
}
