/** How large a request body may be: as large as the service, and the way to it, accepted before. */

/** A service that is out of memory is not helped by yet smaller requests. */
const BODY_LEAST_BYTES = 64 * 1024;
/** Requests that are accepted in a row before a larger one is tried again. */
const RECOVERY_REQUESTS = 32;
/** A body that is too large can look like this: the connection broke while it was written. */
const BROKEN: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

export class BodyLimit {
  /** Above it the answer is always 413. */
  #hardBytes: number;
  /** Above it the service has no room at the moment, or the way to it no time. */
  #softBytes: number;
  #refusals = 0;
  #accepted = 0;

  constructor(maxBytes: number) {
    this.#hardBytes = maxBytes;
    this.#softBytes = maxBytes;
  }

  get bytes(): number {
    return Math.min(this.#hardBytes, this.#softBytes);
  }

  /** A body of so many bytes is more than the service ever takes. */
  tooLarge(bytes: number): void {
    this.#hardBytes = Math.floor(bytes / 2);
  }

  /**
   * A body of so many bytes was refused as a whole. A node refuses every request above its limit,
   * on an idle node too. A body that is too large for a proxy in between may break the connection.
   */
  refused(bytes: number): void {
    this.#refusals += 1;
    if (this.#refusals > 1) this.#halve(bytes);
  }

  /** A body of so many bytes had no answer, for this reason. One that takes too long would take as long the next time. */
  unanswered(bytes: number, code: string): void {
    if (code === 'timeout') this.#halve(bytes);
    else if (BROKEN.has(code)) this.refused(bytes);
  }

  accepted(): void {
    this.#refusals = 0;
    this.#accepted += 1;
    if (this.#accepted < RECOVERY_REQUESTS || this.#softBytes >= this.#hardBytes) return;
    this.#accepted = 0;
    this.#softBytes *= 2;
  }

  #halve(bytes: number): void {
    this.#accepted = 0;
    // A body that is so small failed for another reason.
    if (bytes <= BODY_LEAST_BYTES) return;
    // Several of one size that fail together, because they were out together, halve it once.
    this.#softBytes = Math.max(BODY_LEAST_BYTES, Math.min(Math.floor(bytes / 2), this.#softBytes));
  }
}
