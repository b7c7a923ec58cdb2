/**
 * Events as columns in the memory of a kernel, which writes them as the body of a request. Its areas, one behind the other:
 *
 *     texts      pointer and length (u32 each) of the texts before time and message; the texts
 *     columns    f64 time, u32 start, u32 end: COLUMN_EVENTS of each
 *     bytes      messages, as they are in their batch
 *     body       where the body is written
 */
import { KERNEL_AREAS, type Kernels, openKernels } from '../../../kernels/kernels.js';
import type { Range } from '../ranges.js';

/** As much of events as is written. */
export interface PutEvents {
  readonly batch: { readonly bytes: Uint8Array };
  /** First byte and end of event i. */
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  /** Whole milliseconds since 1970. */
  readonly timeMs: Float64Array;
}

/** What a request may have. */
export interface PutLimits {
  readonly events: number;
  /** UTF-8 bytes of the messages, and `overheadBytes` for each. */
  readonly billedBytes: number;
  readonly overheadBytes: number;
  readonly spanMs: number;
  readonly bodyBytes: number;
}

/** What a body has around its events, and within each. */
export interface PutTexts {
  readonly beforeTime: Buffer;
  readonly beforeMessage: Buffer;
  readonly end: Buffer;
}

const COLUMN_EVENTS = 10_000;
/** What a loop may read behind the end of an area, or overwrite. */
const MARGIN_BYTES = 64;
const TEXTS_AT = KERNEL_AREAS;
const COLUMNS_AT = TEXTS_AT + 1024;
const BYTES_AT = COLUMNS_AT + COLUMN_EVENTS * (8 + 4 + 4) + MARGIN_BYTES;
/** Of a batch of one full request, with much that goes elsewhere. */
const BYTES_MAX = 2 * 1024 * 1024;
const BODY_AT = BYTES_AT + BYTES_MAX + MARGIN_BYTES;
/** Most bodies are little larger than what is billed of them. */
const BODY_MAX = 8 * 1024 * 1024;

export class PutColumns {
  readonly #kernels: Kernels;
  readonly #texts: PutTexts;
  readonly #timeMs: Float64Array;
  readonly #start: Uint32Array;
  readonly #end: Uint32Array;

  /** `undefined` where there are no kernels. */
  static open(texts: PutTexts): PutColumns | undefined {
    const kernels = openKernels(BODY_AT + BODY_MAX + MARGIN_BYTES - KERNEL_AREAS);
    return kernels && new PutColumns(kernels, texts);
  }

  private constructor(kernels: Kernels, texts: PutTexts) {
    const { memory } = kernels;
    this.#kernels = kernels;
    this.#texts = texts;
    this.#timeMs = new Float64Array(memory.buffer, COLUMNS_AT, COLUMN_EVENTS);
    this.#start = new Uint32Array(memory.buffer, COLUMNS_AT + COLUMN_EVENTS * 8, COLUMN_EVENTS);
    this.#end = new Uint32Array(memory.buffer, COLUMNS_AT + COLUMN_EVENTS * 12, COLUMN_EVENTS);
    let at = TEXTS_AT + 16;
    [texts.beforeTime, texts.beforeMessage].forEach((text, i) => {
      memory.writeUInt32LE(at, TEXTS_AT + i * 8);
      memory.writeUInt32LE(text.length, TEXTS_AT + i * 8 + 4);
      memory.set(text, at);
      at += text.length;
    });
  }

  /** `undefined` where events or body have no room here. The bytes are valid until the next call. */
  encode(head: Buffer, { batch, start, end, timeMs }: PutEvents, [from, limit]: Range, limits: PutLimits) {
    const to = Math.min(limit, from + Math.min(COLUMN_EVENTS, limits.events));
    if (to <= from || head.length > BODY_MAX / 2) return undefined;
    let [first, last] = [start[from]!, end[from]!];
    for (let i = from + 1; i < to; i++) {
      if (start[i]! < first) first = start[i]!;
      if (end[i]! > last) last = end[i]!;
    }
    if (last - first > BYTES_MAX) return undefined;
    const { memory, loops } = this.#kernels;
    memory.set(batch.bytes.subarray(first, last), BYTES_AT);
    this.#timeMs.set(timeMs.subarray(from, to));
    this.#start.set(start.subarray(from, to));
    this.#end.set(end.subarray(from, to));
    memory.set(head, BODY_AT);
    const written = loops.events(
      ...([COLUMNS_AT, COLUMN_EVENTS, to - from, BYTES_AT - first, TEXTS_AT] as const),
      ...([limits.overheadBytes, limits.billedBytes, limits.spanMs] as const),
      ...([BODY_AT, BODY_AT + head.length, BODY_AT + BODY_MAX, limits.bodyBytes] as const),
    );
    if (loops.isOutOfRoom.value) return undefined;
    memory.set(this.#texts.end, written);
    const bytes = memory.subarray(BODY_AT, written + this.#texts.end.length);
    return { bytes, from, to: from + loops.eventsWritten.value, billedBytes: loops.eventsBilled.value };
  }
}
