/**
 * Copies of request bodies in memory that is used again. A copy of some megabytes for each request is what a collector of garbage has to
 * do most for: it runs when so much memory outside of its heap was taken, even if the heap holds little.
 */

/** Smaller ones are not worth it. */
const KEPT_LEAST_BYTES = 64 * 1024;
/** Bodies of one sink differ by less than that. */
const STEP_BYTES = 512 * 1024;

export class RequestBodies {
  readonly #kept: Buffer[] = [];
  readonly #keptMax: number;

  /** @param requestsMax how many requests the sink has out at a time: as many copies are kept */
  constructor(requestsMax: number) {
    this.#keptMax = requestsMax;
  }

  /** A copy, and a function that takes its memory back: to be called once nothing reads it any more, or never. */
  copyOf(body: Buffer): { readonly copy: Buffer; readonly release: () => void } {
    if (body.length < KEPT_LEAST_BYTES) return { copy: Buffer.from(body), release: () => {} };
    const memory = this.#take(body.length) ?? Buffer.allocUnsafeSlow(Math.ceil(body.length / STEP_BYTES) * STEP_BYTES);
    memory.set(body);
    const release = () => {
      if (this.#kept.length < this.#keptMax) this.#kept.push(memory);
    };
    return { copy: memory.subarray(0, body.length), release };
  }

  #take(bytes: number): Buffer | undefined {
    const fits = this.#kept.findIndex(({ length }) => length >= bytes);
    if (fits >= 0) return this.#kept.splice(fits, 1)[0];
    // One that is too small would be in the way of the next.
    this.#kept.shift();
    return undefined;
  }
}
