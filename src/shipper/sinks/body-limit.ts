/** How large a request body may be: as large as the service, and the way to it, accepted before. */

/** A service that is out of memory is not helped by yet smaller requests. */
const BODY_LEAST_BYTES = 64 * 1024;
/** Requests that are accepted in a row before a larger one is tried again. */
const RECOVERY_REQUESTS = 32;
/** The most requests in a row before a body is tried that was answered with 413, as a service with a lower limit will do again. */
const PATIENCE_MAX = 4096;
/** A body that is too large can look like this: the connection broke while it was written. */
const BROKEN: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

export class BodyLimit {
  readonly #maxBytes: number;
  /** Above it the answer was 413. */
  #hardBytes: number;
  /** Requests that are accepted in a row before one above it is tried: twice as many after each 413. */
  #patience = RECOVERY_REQUESTS;
  /** Above it the service has no room at the moment, or the way to it no time. */
  #softBytes: number;
  #refusals = 0;
  #accepted = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#hardBytes = maxBytes;
    this.#softBytes = maxBytes;
  }

  get bytes(): number {
    return Math.min(this.#hardBytes, this.#softBytes);
  }

  /** A body of so many bytes is more than the service takes, or a proxy that passes the request on to another one. */
  tooLarge(bytes: number): void {
    this.#hardBytes = Math.max(1, Math.floor(bytes / 2));
    this.#accepted = 0;
    this.#patience = Math.min(PATIENCE_MAX, this.#patience * 2);
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
    const isSoft = this.#softBytes < this.#hardBytes;
    if (this.#accepted < (isSoft ? RECOVERY_REQUESTS : this.#patience)) return;
    this.#accepted = 0;
    if (isSoft) this.#softBytes *= 2;
    else this.#hardBytes = Math.min(this.#maxBytes, this.#hardBytes * 2);
  }

  #halve(bytes: number): void {
    this.#accepted = 0;
    // A body that is so small failed for another reason.
    if (bytes <= BODY_LEAST_BYTES) return;
    // Several of one size that fail together, because they were out together, halve it once.
    this.#softBytes = Math.max(BODY_LEAST_BYTES, Math.min(Math.floor(bytes / 2), this.#softBytes));
  }
}
