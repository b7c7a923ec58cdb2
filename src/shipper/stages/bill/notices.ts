/** Records of the shipper's own that say how much was withheld. */
import type { Origin, RecordBatch } from '../../parts.js';
import { BatchBuilder } from '../../records/batch-builder.js';

/** How much was withheld, and from when to when. */
export interface Span {
  records: number;
  bytes: number;
  firstMs: number;
  lastMs: number;
}

export const spanOf = (timeMs: number, bytes: number): Span => ({ records: 1, bytes, firstMs: timeMs, lastMs: timeMs });

export function extend(span: Span, timeMs: number, bytes: number): void {
  span.records += 1;
  span.bytes += bytes;
  span.firstMs = Math.min(span.firstMs, timeMs);
  span.lastMs = Math.max(span.lastMs, timeMs);
}

export const timeText = (ms: number): string => new Date(ms).toISOString();

export const spanText = ({ records, bytes, firstMs, lastMs }: Span): string =>
  `${records} records, ${bytes} bytes withheld between ${timeText(firstMs)} and ${timeText(lastMs)}`;

export class Notices {
  readonly #builder = new BatchBuilder();

  /**
   * `near` says of which process and stream it tells. `kind` and `seq` name it: the same notice made again has the same name.
   */
  add(near: Origin, kind: string, seq: number, timeMs: number, text: string): void {
    const bytes = Buffer.from(`logtap: ${text}`);
    // A stream of its own, as those of the source: its places are no other record's.
    const origin = { ...near, id: `${near.id}-${kind}` };
    const at = this.#builder.copy(bytes, 0, bytes.length);
    this.#builder.record(origin, at, bytes.length, timeMs, seq);
  }

  /** Those since the last call; `undefined` without any. */
  take(): RecordBatch | undefined {
    return this.#builder.count === 0 ? undefined : this.#builder.finish();
  }
}
