/**
 * The last DATA frames of a ring. A process whose ring is retired while it writes cannot know whether its last frame was
 * still read, and writes it again into its next ring: there it is known by its number, time, stream and length. Only
 * what was read is known: a number alone, however high, makes no reader skip anything.
 */

/** A process writes one frame again at most. */
const FRAMES = 64;

export class RecentFrames {
  readonly #seq = new Float64Array(FRAMES);
  readonly #timeMs = new Float64Array(FRAMES);
  readonly #stream = new Uint16Array(FRAMES);
  readonly #length = new Uint16Array(FRAMES);

  add(stream: number, timeMs: number, seq: number, length: number): void {
    const slot = seq % FRAMES;
    this.#seq[slot] = seq;
    this.#timeMs[slot] = timeMs;
    this.#stream[slot] = stream;
    this.#length[slot] = length;
  }

  has(stream: number, timeMs: number, seq: number, length: number): boolean {
    const slot = seq % FRAMES;
    return (
      this.#seq[slot] === seq &&
      this.#timeMs[slot] === timeMs &&
      this.#stream[slot] === stream &&
      this.#length[slot] === length &&
      seq > 0
    );
  }
}
