/** How large a request body may be: what the service was seen to take. */

/** Small domains of Amazon OpenSearch Service take 10 MiB; the rest is for whoever sits in between. */
export const BODY_MAX_BYTES = 9 * 1024 * 1024;
/** A service that is out of memory is not helped by yet smaller requests. */
const BODY_LEAST_BYTES = 64 * 1024;
/** Requests that are accepted in a row before a larger one is tried again. */
const RECOVERY_REQUESTS = 32;

export class BodyLimit {
  /** Above it the answer is 413, for good. */
  #hardBytes = BODY_MAX_BYTES;
  /** Above it the service has no room at the moment. */
  #softBytes = BODY_MAX_BYTES;
  #refusals = 0;
  #accepted = 0;

  get bytes(): number {
    return Math.min(this.#hardBytes, this.#softBytes);
  }

  /** A body of so many bytes is more than the service ever takes. */
  tooLarge(bytes: number): void {
    this.#hardBytes = Math.floor(bytes / 2);
  }

  /**
   * A body of so many bytes was refused as a whole. A node refuses what is above its limit for one request every time,
   * on an idle node too; what is too large for somebody in between may show as a connection that breaks, and for a slow
   * link as one that takes too long.
   */
  refused(bytes: number): void {
    this.#accepted = 0;
    this.#refusals += 1;
    if (this.#refusals > 1) this.#softBytes = Math.max(BODY_LEAST_BYTES, Math.floor(bytes / 2));
  }

  accepted(): void {
    this.#refusals = 0;
    this.#accepted += 1;
    if (this.#accepted < RECOVERY_REQUESTS || this.#softBytes >= this.#hardBytes) return;
    this.#accepted = 0;
    this.#softBytes *= 2;
  }
}
