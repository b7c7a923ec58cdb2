/**
 * Records as columns in the memory of a kernel, which writes them as documents. Its areas, one behind the other:
 *
 *     texts      pointer and length (u32 each) of the texts between id and time, time and message, message and place; the texts
 *     columns    f64 time, f64 place, u32 start, u32 length, u32 slot, u32 pointer and length of the extra: COLUMN_RECORDS of each
 *     severities u8 severity where a line has nothing else, 255 where the kernel wrote the extra, or 0: COLUMN_RECORDS
 *     members    tables of names, then pointer and length of the texts of fields
 *     slots      pointer and length of the action, pointer and length of the tail: 16 bytes each
 *     constants  actions and tails
 *     extras     what documents have between message and place: of each severity, and of the records one by one
 *     bytes      messages, as they are in their batch
 *     body       where documents are written
 */
import { KERNEL_AREAS, type Kernels, openKernels } from '../../../kernels/kernels.js';
import { memberTables } from '../../fields/member-names.js';
import type { RecordBatch } from '../../parts.js';
import type { JsonWriter } from '../../records/json-writer.js';

const COLUMN_RECORDS = 1024;
const SLOTS = 128;
const SLOT_BYTES = 16;
/** What a loop may read behind the end of an area, or overwrite. */
const MARGIN_BYTES = 64;
/** More than the largest request, so that it is left only for a line that is nearly as long. */
const BODY_BYTES = 12 * 1024 * 1024;

interface Area {
  readonly at: number;
  readonly end: number;
}

const AREA_BYTES = {
  texts: 4 * 1024,
  columns: COLUMN_RECORDS * (8 + 8 + 5 * 4),
  severities: COLUMN_RECORDS,
  members: 16 * 1024,
  slots: SLOTS * SLOT_BYTES,
  constants: 128 * 1024,
  extras: 256 * 1024,
  bytes: 256 * 1024,
  body: BODY_BYTES,
};

function areasFrom(first: number): { readonly areas: Readonly<Record<keyof typeof AREA_BYTES, Area>>; end: number } {
  let at = first;
  const areas = Object.entries(AREA_BYTES).map(([name, bytes]) => {
    const area = { at, end: at + bytes };
    at += bytes + MARGIN_BYTES;
    return [name, area];
  });
  return { areas: Object.fromEntries(areas), end: at };
}

const { areas: AREAS, end: END } = areasFrom(KERNEL_AREAS);
const { texts: TEXTS, columns: COLUMNS, severities: SEVERITIES, members: MEMBERS, slots, constants: CONSTANTS } = AREAS;
const { extras: EXTRAS, bytes: BYTES, body: BODY } = AREAS;

/** What documents have between their parts. */
export interface DocumentTexts {
  readonly idToTime: Buffer;
  readonly timeToMessage: Buffer;
  readonly messageToSeq: Buffer;
}

/** What is written between message and place, apart from the record itself. */
export interface Extra {
  /** JSON members, each with a comma in front. */
  readonly members: string;
  /** More of them, as bytes. */
  readonly data: readonly Uint8Array[];
}

/** In the place of a severity: what the record has is in the columns. */
export const IS_READ = 255;
/** Of the texts of fields, those of the severities come last. */
const SEVERITIES_FROM = 6;

export class DocumentColumns {
  readonly #kernels: Kernels;
  readonly #timeMs: Float64Array;
  readonly #seq: Float64Array;
  readonly #start: Uint32Array;
  readonly #length: Uint32Array;
  readonly #slot: Uint32Array;
  readonly #extra: Uint32Array;
  readonly #extraLength: Uint32Array;
  readonly #severities: Uint8Array;
  /** Pointer and length of the extra of each severity. */
  readonly #ofSeverity: (readonly [at: number, length: number])[] = [];
  readonly #slots: Uint32Array;
  /** The body, for the twin. */
  readonly body: Buffer;
  #slotCount = 0;
  #constantsEnd = CONSTANTS.at;
  #count = 0;
  /** Where pointers to the texts of fields begin. */
  #textsAt = 0;
  /** Where extras of records begin. */
  #extrasAt = EXTRAS.at;
  #extrasEnd = EXTRAS.at;
  /** First and last byte of the messages in their batch. */
  #from = 0;
  #to = 0;

  /** `undefined` where there are no kernels. */
  static open(): DocumentColumns | undefined {
    const kernels = openKernels(END - KERNEL_AREAS);
    return kernels && new DocumentColumns(kernels);
  }

  private constructor(kernels: Kernels) {
    this.#kernels = kernels;
    const { buffer } = kernels.memory;
    let at = COLUMNS.at;
    const next = (bytes: number) => {
      at += bytes * COLUMN_RECORDS;
      return at - bytes * COLUMN_RECORDS;
    };
    this.#timeMs = new Float64Array(buffer, next(8), COLUMN_RECORDS);
    this.#seq = new Float64Array(buffer, next(8), COLUMN_RECORDS);
    this.#start = new Uint32Array(buffer, next(4), COLUMN_RECORDS);
    this.#length = new Uint32Array(buffer, next(4), COLUMN_RECORDS);
    this.#slot = new Uint32Array(buffer, next(4), COLUMN_RECORDS);
    this.#extra = new Uint32Array(buffer, next(4), COLUMN_RECORDS);
    this.#extraLength = new Uint32Array(buffer, next(4), COLUMN_RECORDS);
    this.#severities = new Uint8Array(buffer, SEVERITIES.at, COLUMN_RECORDS);
    this.#slots = new Uint32Array(buffer, slots.at, (SLOTS * SLOT_BYTES) / 4);
    this.body = kernels.memory.subarray(BODY.at, BODY.end);
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the messages: documents have more. */
  get bytes(): number {
    return this.#to - this.#from;
  }

  /** As `bytes`, up to this record: its message and those before it. */
  bytesTo(n: number): number {
    return this.#start[n]! + this.#length[n]!;
  }

  /** Bytes that are added to a record. */
  extraBytes(n: number): number {
    return this.#extraLength[n]!;
  }

  /** Of all documents until the next call. Slots are forgotten. */
  begin({ idToTime, timeToMessage, messageToSeq }: DocumentTexts): void {
    const { memory } = this.#kernels;
    const texts = [idToTime, timeToMessage, messageToSeq];
    let at = TEXTS.at + texts.length * 8;
    texts.forEach((text, i) => {
      memory.writeUInt32LE(at, TEXTS.at + i * 8);
      memory.writeUInt32LE(text.length, TEXTS.at + i * 8 + 4);
      memory.set(text, at);
      at += text.length;
    });
    this.forgetSlots();
  }

  forgetSlots(): void {
    this.#slotCount = 0;
    this.#constantsEnd = CONSTANTS.at;
  }

  /** Forgets the records. */
  clear(): void {
    this.#count = 0;
    this.#extrasEnd = this.#extrasAt;
    this.#from = 0;
    this.#to = 0;
  }

  /** The number of a new slot; `undefined` where there is no room for it. */
  slotOf(action: Uint8Array, tail: Uint8Array): number | undefined {
    const end = this.#constantsEnd + action.length + tail.length;
    if (this.#slotCount === SLOTS || end > CONSTANTS.end) return undefined;
    const at = this.#constantsEnd;
    const slot = this.#slotCount++;
    this.#slots.set([at, action.length, at + action.length, tail.length], (slot * SLOT_BYTES) / 4);
    this.#kernels.memory.set(action, at);
    this.#kernels.memory.set(tail, at + action.length);
    this.#constantsEnd = end;
    return slot;
  }

  /** The texts of fields, as `fieldTexts` has them. */
  keepTexts(texts: readonly string[]): void {
    const { memory } = this.#kernels;
    const tables = memberTables();
    this.#textsAt = MEMBERS.at + tables.length;
    if (this.#textsAt + texts.length * 8 > MEMBERS.end) throw new Error('names of members have no room');
    memory.set(tables, MEMBERS.at);
    texts.forEach((text, i) => {
      const length = memory.write(text, this.#extrasAt);
      memory.writeUInt32LE(this.#extrasAt, this.#textsAt + i * 8);
      memory.writeUInt32LE(length, this.#textsAt + i * 8 + 4);
      if (i >= SEVERITIES_FROM) this.#ofSeverity.push([this.#extrasAt, length]);
      this.#extrasAt += length;
    });
    this.clear();
  }

  /** Whether there is room for record i of the batch. Those of one round are of one batch, in the order of its bytes. */
  add({ start, length, seq, timeMs }: RecordBatch, i: number, slot: number): boolean {
    const n = this.#count;
    const from = start[i]!;
    const to = from + length[i]!;
    const first = n === 0 ? from : this.#from;
    if (n === COLUMN_RECORDS || from < this.#to || to - first > BYTES.end - BYTES.at) return false;
    this.#from = first;
    this.#to = to;
    this.#timeMs[n] = timeMs[i]!;
    this.#seq[n] = seq[i]!;
    this.#start[n] = from - first;
    this.#length[n] = to - from;
    this.#slot[n] = slot;
    this.#extraLength[n] = 0;
    this.#count = n + 1;
    return true;
  }

  /** Takes the messages of all records that were added. */
  load({ bytes }: RecordBatch): void {
    this.#kernels.memory.set(bytes.subarray(this.#from, this.#to), BYTES.at);
  }

  /**
   * Of each record: its severity where its line has no other field that a name or an id could be; IS_READ where the columns have
   * all its members; else 0. With data, an object has its members and itself.
   */
  readFields(withData: boolean): Uint8Array {
    const { loops } = this.#kernels;
    // Lines of access logs have attributes, which are data.
    if (withData) this.#severities.fill(0, 0, this.#count);
    else loops.accessSeverities(COLUMNS.at, COLUMN_RECORDS, this.#count, BYTES.at, SEVERITIES.at);
    const inputs = [COLUMNS.at, COLUMN_RECORDS, this.#count, BYTES.at, MEMBERS.at, this.#textsAt] as const;
    this.#extrasEnd = loops.objectFields(...inputs, withData, SEVERITIES.at, this.#extrasEnd, EXTRAS.end);
    return this.#severities;
  }

  setSeverity(n: number, severity: number): void {
    const [at, length] = this.#ofSeverity[severity]!;
    this.#extra[n] = at;
    this.#extraLength[n] = length;
  }

  /** Whether there is room for what was read of a record. */
  set(n: number, timeMs: number, extra: Extra | undefined): boolean {
    this.#timeMs[n] = timeMs;
    if (extra === undefined) {
      this.#extraLength[n] = 0;
      return true;
    }
    const { memory } = this.#kernels;
    const { members, data } = extra;
    // Three bytes of UTF-8 for one unit of UTF-16.
    let most = members.length * 3;
    for (const { length } of data) most += length;
    const at = this.#extrasEnd;
    if (at + most > EXTRAS.end) return false;
    let end = at + memory.write(members, at);
    for (const bytes of data) {
      memory.set(bytes, end);
      end += bytes.length;
    }
    this.#extra[n] = at;
    this.#extraLength[n] = end - at;
    this.#extrasEnd = end;
    return true;
  }

  /** Forgets the records from number n on. */
  truncate(n: number): void {
    this.#count = n;
  }

  /**
   * Writes the records as documents behind the end of a writer that is home in `body`: as many as fit there, and into a body of
   * `maxBytes`, which the first of all may exceed.
   */
  write(writer: JsonWriter, withIds: boolean, maxBytes: number): DocumentsWritten {
    const { loops } = this.#kernels;
    const inputs = [COLUMNS.at, COLUMN_RECORDS, this.#count, BYTES.at, slots.at, TEXTS.at] as const;
    const end = loops.documents(...inputs, withIds, BODY.at, BODY.at + writer.length, BODY.end, maxBytes);
    writer.truncate(end - BODY.at);
    return { count: loops.nextDocument.value, isBodyFull: loops.isBodyFull.value !== 0 };
  }
}

export interface DocumentsWritten {
  readonly count: number;
  /** Whether the others have no room in this body. */
  readonly isBodyFull: boolean;
}
