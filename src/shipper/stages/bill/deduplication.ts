/** LOGTAP_DEDUPLICATE_SECONDS: a text that a stream repeats within that time is sent once, and then its number. */
import type { Origin } from '../../parts.js';
import type { Fates } from './fates.js';
import { extend, type Notices, type Span, spanOf, timeText } from './notices.js';

/** Longer texts are not compared. */
const TEXT_MAX_BYTES = 8192;
/** Texts that are remembered, and their bytes: those that came first are forgotten first. */
const TEXTS_MAX = 16_384;
const MAX_BYTES = 8 * 1024 * 1024;

interface Text {
  readonly text: string;
  readonly origin: Origin;
  readonly bytes: number;
  readonly firstMs: number;
  readonly seq: number;
  repeated: Span | undefined;
}

export class Deduplication {
  readonly #withinMs: number;
  readonly #notices: Notices;
  /** In the order of their first records. */
  readonly #texts = new Map<string, Text>();
  #bytes = 0;

  constructor(seconds: number, notices: Notices) {
    this.#withinMs = seconds * 1000;
    this.#notices = notices;
  }

  apply(fates: Fates): void {
    const { bytes, start, length, count, timeMs, seq, origin, origins } = fates.batch;
    for (let i = 0; i < count; i++) {
      const size = length[i]!;
      // Empty lines are layout.
      if (!fates.isOpen(i) || size === 0 || size > TEXT_MAX_BYTES) continue;
      const from = origins[origin[i]!]!;
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + start[i]!, size).toString('latin1');
      const key = `${from.id} ${text}`;
      const known = this.#texts.get(key);
      if (known !== undefined && timeMs[i]! - known.firstMs <= this.#withinMs) {
        fates.withhold(i, 'duplicate');
        if (known.repeated === undefined) known.repeated = spanOf(timeMs[i]!, size);
        else extend(known.repeated, timeMs[i]!, size);
        continue;
      }
      if (known !== undefined) this.#forget(key, known);
      this.#bytes += size;
      this.#texts.set(key, { text, origin: from, bytes: size, firstMs: timeMs[i]!, seq: seq[i]!, repeated: undefined });
    }
    this.#forgetOld(fates.lastMs - this.#withinMs);
  }

  /** Reports the counts that are not reported yet. */
  end(): void {
    for (const [key, text] of this.#texts) this.#forget(key, text);
  }

  #forgetOld(beforeMs: number): void {
    for (const [key, text] of this.#texts) {
      const isCrowded = this.#texts.size > TEXTS_MAX || this.#bytes > MAX_BYTES;
      if (text.firstMs >= beforeMs && !isCrowded) return;
      this.#forget(key, text);
    }
  }

  #forget(key: string, { text, origin, bytes, seq, repeated }: Text): void {
    this.#texts.delete(key);
    this.#bytes -= bytes;
    if (repeated === undefined) return;
    const message = Buffer.from(text, 'latin1').toString();
    const times = repeated.records === 1 ? 'once more' : `${repeated.records} more times`;
    const what = `repeated ${times} until ${timeText(repeated.lastMs)}: ${message}`;
    this.#notices.add(origin, 'repeated', seq, repeated.lastMs, what);
  }
}
