/**
 * Records of several lines, by stream and by how they were formed: written as lines, read as records. Lines
 * read = records read + joined lines - joined records.
 */
import { FORMED } from '../events/formed.js';
import type { RecordBatch } from '../parts.js';
import { linesOf } from '../records/lines-of.js';

export interface Joined {
  readonly records: number;
  readonly lines: number;
}

export class JoinCounts {
  /** By stream and form. */
  readonly #counts = new Map<string, { stream: string; formed: string; records: number; lines: number }>();

  add(batch: RecordBatch): void {
    const { count, formed, origin, origins } = batch;
    for (let i = 0; i < count; i++) {
      if (formed[i] === 0) continue;
      const lines = linesOf(batch, i);
      if (lines === 1) continue;
      const { stream } = origins[origin[i]!]!;
      const form = formOf(formed[i]!);
      const key = `${stream} ${form}`;
      const counted = this.#counts.get(key) ?? { stream, formed: form, records: 0, lines: 0 };
      this.#counts.set(key, counted);
      counted.records += 1;
      counted.lines += lines;
    }
  }

  /** Nothing, where no lines were joined. */
  *entries(): Generator<readonly [stream: string, formed: string, counted: Joined]> {
    for (const { stream, formed, ...counted } of this.#counts.values()) yield [stream, formed, counted];
  }

  /** By stream and form, for the ledger; `undefined` where no lines were joined. */
  get statement(): Readonly<Record<string, Readonly<Record<string, Joined>>>> | undefined {
    if (this.#counts.size === 0) return undefined;
    const streams: Record<string, Record<string, Joined>> = {};
    for (const [stream, formed, counted] of this.entries()) {
      streams[stream] ??= {};
      streams[stream][formed] = counted;
    }
    return streams;
  }
}

function formOf(formed: number): string {
  if ((formed & (FORMED.CUT | FORMED.CONTINUED)) !== 0) return 'cut';
  if ((formed & FORMED.TIMEOUT) !== 0) return 'timeout';
  if ((formed & FORMED.WRITE) === 0) return 'grammar';
  return (formed & FORMED.GRAMMAR) === 0 ? 'write' : 'both';
}
