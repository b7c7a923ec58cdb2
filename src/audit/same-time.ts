/** Finds a record that is stored twice: two documents of the same time, place and text. */
import { hashed, hashRecord } from '../shipper/audit/record-hash.js';
import type { StoredRecord } from './service/stored.js';

interface Seen {
  readonly record: Omit<StoredRecord, 'message'>;
  readonly isKnown: boolean;
}

/** Documents of one millisecond that are compared. A text that has whole seconds may have as many. */
const SEEN_MAX = 100_000;

export class SameTime {
  readonly #onDuplicate: (record: StoredRecord, ids: readonly string[]) => void;
  readonly #seen = new Map<string, Seen>();
  /** Documents of others: their record, if there is one, comes behind them. */
  readonly #strangers: { readonly key: string; readonly record: StoredRecord }[] = [];
  #timeMs = Number.NaN;

  constructor(onDuplicate: (record: StoredRecord, ids: readonly string[]) => void) {
    this.#onDuplicate = onDuplicate;
  }

  /** Whether it is the first document of its record. */
  isNew(stored: StoredRecord, isKnown: boolean): boolean {
    if (stored.timeMs !== this.#timeMs || this.#seen.size > SEEN_MAX) {
      this.end();
      this.#timeMs = stored.timeMs;
    }
    const key = keyOf(stored);
    if (!isKnown) {
      // Documents of other shippers have names of records; two origins may write the same line at the same time.
      if (stored.of === undefined) this.#strangers.push({ key, record: stored });
      return true;
    }
    const ofOrigin = `${key} ${stored.of}`;
    const same = this.#seen.get(ofOrigin);
    if (same === undefined) {
      const { message: _, ...record } = stored;
      this.#seen.set(ofOrigin, { record, isKnown });
      this.#seen.set(key, { record, isKnown });
      return true;
    }
    this.#onDuplicate(stored, [same.record.id, stored.id]);
    return false;
  }

  /** The documents of this time are complete. */
  end(): void {
    for (const { key, record } of this.#strangers) {
      const same = this.#seen.get(key);
      if (same !== undefined) this.#onDuplicate({ ...record, of: same.record.of }, [same.record.id, record.id]);
    }
    this.#strangers.length = 0;
    this.#seen.clear();
  }
}

function keyOf({ message, place }: StoredRecord): string {
  hashRecord(message, new DataView(message.buffer, message.byteOffset, message.length), 0, message.length, place);
  return `${place} ${hashed[0]} ${hashed[1]}`;
}
