/**
 * A note on disk of the records that are about to be written, so that a shipper that is started after a kill takes the same records, which
 * then have the same keys. Only the last one counts: a cursor moves on before the next is written.
 */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../errors.js';
import type { RecordBatch } from '../../parts.js';
import { digestOf, idOf } from './objects.js';

export interface Intent {
  readonly count: number;
  /** Id of the first record. */
  readonly first: string;
  /** Of the ids of all. */
  readonly digest: string;
}

/** Two sinks may write to two places. */
const fileOf = (place: string) => `s3-intent-${createHash('sha256').update(place).digest('hex').slice(0, 8)}.json`;

/** `taken`: with those of other sinks. */
export const intentOf = (batch: RecordBatch, taken = batch.count): Intent => ({
  count: taken,
  first: idOf(batch, 0),
  digest: digestOf(batch),
});

export class IntentFile {
  readonly #path: string;
  readonly #onNotice: (message: string) => void;

  /** `place`: bucket and prefix. */
  constructor(directory: string, place: string, onNotice: (message: string) => void) {
    this.#path = join(directory, fileOf(place));
    this.#onNotice = onNotice;
  }

  /** That of an earlier shipper that was killed. */
  read(): Intent | undefined {
    try {
      const { count, first, digest }: Record<string, unknown> = JSON.parse(readFileSync(this.#path, 'utf8'));
      const isWhole = Number.isSafeInteger(count) && typeof first === 'string' && typeof digest === 'string';
      return isWhole && (count as number) > 0 ? ({ count, first, digest } as Intent) : undefined;
    } catch {
      return undefined;
    }
  }

  /** A disk that does not take it is no reason to keep records back. */
  write(intent: Intent): void {
    try {
      writeFileSync(`${this.#path}.new`, JSON.stringify(intent), { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      this.#onNotice(
        `${this.#path} cannot be written: ${messageOf(error)}. If the shipper is killed now, an object may be stored twice.`,
      );
    }
  }

  /** Nothing is under way. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
