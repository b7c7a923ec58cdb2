/**
 * A note on disk of the records that are about to be written, so that a shipper that is started after a kill takes the same records, which
 * then have the same keys. Only the last one counts: a cursor moves on before the next is written.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { realDisk } from '../../buffer/disk.js';
import { codeOf, messageOf } from '../../errors.js';
import type { RecordBatch } from '../../parts.js';
import { replaceFile } from '../../process/replace-file.js';
import { DoubtfulRecords, type NumbersByOrigin } from './doubtful-records.js';

export interface Intent {
  readonly count: number;
  readonly numbers: NumbersByOrigin;
  /** Of the keys of their objects, which have the ids of all. */
  readonly digest: string;
}

/** What the file has. */
interface Note {
  /** Absent where nothing was under way. */
  readonly intent?: Intent | undefined;
  readonly doubtful: DoubtfulRecords;
}

/** Several sinks may have notes. It stays that of the sink when its bucket or prefix is set anew. */
const fileOf = (sink: string) => `s3-intent-${createHash('sha256').update(sink).digest('hex').slice(0, 8)}.json`;

const WITHOUT_IT = 'An object that an earlier shipper was writing when it was killed may be stored twice, uncounted.';

/** `taken`: with those of other sinks. */
export const intentOf = (batch: RecordBatch, digest: string, taken = batch.count): Intent => ({
  count: taken,
  numbers: numbersOf(batch),
  digest,
});

function numbersOf({ count, origin, origins, seq }: RecordBatch): NumbersByOrigin {
  const known = new Map<string, readonly [first: number, last: number]>();
  for (let i = 0; i < count; i++) {
    const { id } = origins[origin[i]!]!;
    const [first, last] = known.get(id) ?? [seq[i]!, seq[i]!];
    known.set(id, [Math.min(first, seq[i]!), Math.max(last, seq[i]!)]);
  }
  return Object.fromEntries(known);
}

export class IntentFile {
  readonly #path: string;
  readonly #onNotice: (message: string) => void;

  constructor(directory: string, sink: string, onNotice: (message: string) => void) {
    this.#path = join(directory, fileOf(sink));
    this.#onNotice = onNotice;
  }

  /** That of an earlier shipper. Throws the system's errors where there may be one that cannot be read now. */
  read(): Note {
    let text: string;
    try {
      text = realDisk.readFile(this.#path).content.toString();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return noteOf({});
      throw error;
    }
    try {
      return noteOf(JSON.parse(text));
    } catch (error) {
      this.#onNotice(`${this.#path} has no sense: ${messageOf(error)}. ${WITHOUT_IT}`);
      return noteOf({});
    }
  }

  /** It is not waited for any longer. */
  giveUp(error: unknown): void {
    this.#onNotice(`${this.#path} cannot be read: ${messageOf(error)}. ${WITHOUT_IT}`);
  }

  /** A disk that does not take it is no reason to keep records back. */
  write({ intent, doubtful }: Note): void {
    try {
      const text = JSON.stringify({ ...intent, ...(!doubtful.isEmpty && { doubtful: doubtful.numbers }) });
      replaceFile(this.#path, text);
    } catch (error) {
      this.#onNotice(
        `${this.#path} cannot be written: ${messageOf(error)}. If the shipper is killed now, an object may be stored twice.`,
      );
    }
  }

  /** Nothing is under way, or in doubt. */
  remove(): void {
    try {
      rmSync(this.#path, { force: true });
    } catch (error) {
      this.#onNotice(
        `${this.#path} cannot be removed: ${messageOf(error)}. Remove it, or leave it: nothing is lost by it.`,
      );
    }
  }
}

function noteOf({ count, numbers, digest, doubtful }: Record<string, unknown>): Note {
  const isWhole = Number.isSafeInteger(count) && typeof digest === 'string' && isNumbers(numbers);
  return {
    intent: isWhole && (count as number) > 0 ? ({ count, numbers, digest } as Intent) : undefined,
    doubtful: new DoubtfulRecords(isNumbers(doubtful) ? doubtful : {}),
  };
}

const isNumbers = (value: unknown): value is NumbersByOrigin =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(Number.isSafeInteger));
