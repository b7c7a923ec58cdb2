/**
 * A note beside the rings of the records that have left: of each origin the last one. After a kill it tells the next shipper which
 * records the one before cannot have sent, so that it looks for no others. A record is noted before it leaves. Those of requests of
 * which nothing is stored for certain are taken out again.
 *
 * Rings are in memory: after a crash of the node there are neither these records nor the note.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { realDisk } from '../../buffer/disk.js';
import { messageOf, NoAnswerError } from '../../errors.js';
import type { RecordBatch } from '../../parts.js';
import { replaceFile } from '../../process/replace-file.js';

/** Origins that are noted one by one; of those that sent nothing for longest only the latest time is. */
const ORIGINS_MAX = 1024;
const BYTES_MAX = 1024 * 1024;

/** The last record of an origin: its number, and the latest time of any, in milliseconds since 1970. */
type Last = readonly [seq: number, timeMs: number];
type LastByOrigin = ReadonlyMap<string, Last>;

/** Records of any origin up to this time may have left, and of these origins up to the last one. */
interface Noted {
  readonly untilMs: number;
  readonly last: LastByOrigin;
}

/** Nothing is known of earlier shippers: each record may have left. */
const UNKNOWN: Noted = { untilMs: Number.POSITIVE_INFINITY, last: new Map() };
const NOTHING: Noted = { untilMs: Number.NEGATIVE_INFINITY, last: new Map() };

/** Records that are on their way. */
export type Leaving = LastByOrigin;

export interface SentNoteOptions {
  readonly directory: string;
  readonly sink: string;
  /** Whether an earlier shipper used the directory. */
  readonly isContinued: boolean;
}

export class SentNote {
  readonly #path: string;
  readonly #earlier: Noted;
  #untilMs: number;
  /** Of records that are, or may be, stored. The origin that sent last is the last. */
  readonly #stored: Map<string, Last>;
  readonly #out = new Set<Leaving>();

  constructor({ directory, sink, isContinued }: SentNoteOptions) {
    const name = createHash('sha256').update(sink).digest('hex').slice(0, 8);
    this.#path = join(directory, `sent-${name}.json`);
    this.#earlier = isContinued ? read(this.#path) : NOTHING;
    this.#untilMs = this.#earlier.untilMs;
    this.#stored = new Map(this.#earlier.last);
    try {
      this.#write();
    } catch {
      // Nothing has left yet. It is written before anything does.
    }
  }

  /** Whether an earlier shipper may have sent a record. */
  mayHave({ origins, origin, seq, timeMs }: RecordBatch, i: number): boolean {
    const last = this.#earlier.last.get(origins[origin[i]!]!.id);
    return (last !== undefined && seq[i]! <= last[0]) || !(timeMs[i]! > this.#earlier.untilMs);
  }

  /** These records are about to leave. Throws a NoAnswerError where they must not: a kill would leave a note without them. */
  leave(batch: RecordBatch, records: Iterable<number>): Leaving {
    const leaving = lastOf(batch, records);
    this.#out.add(leaving);
    try {
      this.#write();
      return leaving;
    } catch (error) {
      this.#out.delete(leaving);
      throw new NoAnswerError({
        code: 'note',
        detail: `${this.#path} can be neither written nor removed: ${messageOf(error)}`,
      });
    }
  }

  /** None of them is stored. */
  absent(leaving: Leaving): void {
    if (!this.#out.delete(leaving)) return;
    try {
      this.#write();
    } catch {
      // More is noted than has to be.
    }
  }

  /** They are stored, or may be. */
  stays(leaving: Leaving): void {
    if (!this.#out.delete(leaving)) return;
    for (const [id, last] of leaving) {
      const known = this.#stored.get(id);
      this.#stored.delete(id);
      this.#stored.set(id, later(known, last));
    }
    for (const [id, [, timeMs]] of this.#stored) {
      if (this.#stored.size <= ORIGINS_MAX) break;
      this.#stored.delete(id);
      this.#untilMs = Math.max(this.#untilMs, timeMs);
    }
  }

  /** Without it the next shipper takes each record as one that may have left. Throws the system's errors where neither works. */
  #write(): void {
    const last = new Map(this.#stored);
    for (const leaving of this.#out) for (const [id, each] of leaving) last.set(id, later(last.get(id), each));
    try {
      replaceFile(this.#path, JSON.stringify({ untilMs: this.#untilMs, last: [...last] }, infinity));
    } catch {
      rmSync(this.#path, { force: true, recursive: true });
    }
  }
}

/** JSON has no infinity. */
const infinity = (_: string, value: unknown) =>
  typeof value === 'number' && !Number.isFinite(value) ? `${value}` : value;

function later(known: Last | undefined, [seq, timeMs]: Last): Last {
  return known === undefined ? [seq, timeMs] : [Math.max(known[0], seq), Math.max(known[1], timeMs)];
}

function lastOf({ origins, origin, seq, timeMs }: RecordBatch, records: Iterable<number>): LastByOrigin {
  const lastSeq = new Float64Array(origins.length).fill(Number.NEGATIVE_INFINITY);
  const lastMs = new Float64Array(origins.length).fill(Number.NEGATIVE_INFINITY);
  for (const i of records) {
    const o = origin[i]!;
    // A record without a time is of any.
    const ms = Number.isNaN(timeMs[i]!) ? Number.POSITIVE_INFINITY : timeMs[i]!;
    if (seq[i]! > lastSeq[o]!) lastSeq[o] = seq[i]!;
    if (ms > lastMs[o]!) lastMs[o] = ms;
  }
  const last = new Map<string, Last>();
  origins.forEach(({ id }, o) => {
    if (lastSeq[o]! > Number.NEGATIVE_INFINITY) last.set(id, later(last.get(id), [lastSeq[o]!, lastMs[o]!]));
  });
  return last;
}

/** What any process of the pod may have written there. */
function read(path: string): Noted {
  try {
    const { content } = realDisk.readFile(path);
    if (content.length > BYTES_MAX) return UNKNOWN;
    const { untilMs, last } = JSON.parse(content.toString()) as { readonly untilMs: unknown; readonly last: unknown };
    if (typeof untilMs !== 'number' && untilMs !== '-Infinity') return UNKNOWN;
    if (!Array.isArray(last) || !last.every(isLast)) return UNKNOWN;
    return { untilMs: Number(untilMs), last: new Map(last.map(([id, [seq, timeMs]]) => [id, [seq, Number(timeMs)]])) };
  } catch {
    return UNKNOWN;
  }
}

const isLast = (value: unknown): value is readonly [string, Last] =>
  Array.isArray(value) &&
  typeof value[0] === 'string' &&
  Array.isArray(value[1]) &&
  value[1].length === 2 &&
  Number.isFinite(value[1][0]) &&
  (Number.isFinite(value[1][1]) || value[1][1] === 'Infinity');
